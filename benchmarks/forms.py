"""Print evaluation forms of two pages as PDF: the product on all cores beside one core, and one beside LibreOffice.

    python -m benchmarks.forms [--forms N] [--rounds N] [--cores N] [--office N]

Each run is a process of its own, so that its peak memory is its own; runs are interleaved, after one warm-up each.
Named peers: the same typesetter in a single thread, and LibreOffice printing a plain sheet of the same texts, one
sheet per person, without any of the layout (left out where LibreOffice is not installed). Every PDF is checked for its
two pages and its person. Prints median, spread, peak memory and ratios.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import pypdfium2
import xlsxwriter

from meritdesk.reports import form, form_text
from meritdesk.results import Results
from tests.contract.reports.pages import bare, page_texts
from tests.contract.reports.sample import crowd

TARGET_SECONDS = 12


def print_forms(results: Results, folder: Path, cores: int) -> None:
    """Write one PDF per person with the product."""
    form.write_forms(results, folder, one_file=False, threads=cores)


def print_sheets(results: Results, folder: Path, cores: int) -> None:
    """Write the same texts as plain sheets of a workbook and have LibreOffice make one PDF of it."""
    path = folder / "sheets.xlsx"
    with xlsxwriter.Workbook(str(path)) as workbook:
        for number, appraisal in enumerate(results.appraisals):
            sheet = workbook.add_worksheet(f"{number + 1}")
            sheet.set_paper(9)
            sheet.set_column(0, 0, 90, workbook.add_format({"text_wrap": True}))
            content = form_text.sheet(results, appraisal)
            for row, text in enumerate(form.texts(content)):
                sheet.write_string(row, 0, text)
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    command = ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", str(folder), str(path)]
    subprocess.run(command, check=True, capture_output=True)


WAYS = {"forms": print_forms, "office": print_sheets}


def run_once(way: str, forms: int, cores: int) -> None:
    """Print `forms` forms once and report seconds and peak memory (of this process or its largest child) as JSON."""
    results = crowd(forms)
    with tempfile.TemporaryDirectory() as name:
        start = time.perf_counter()
        WAYS[way](results, Path(name), cores)
        seconds = time.perf_counter() - start
        if way == "forms":
            check(results, sorted(Path(name).glob("*.pdf")))
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(json.dumps({"seconds": seconds, "mebibytes": peak / 1024}))


def check(results: Results, paths: Sequence[Path]) -> None:
    """AssertionError unless there is a form of two pages for everyone, and every tenth names its person."""
    assert len(paths) == len(results.appraisals)
    for number, (path, appraisal) in enumerate(zip(paths, results.appraisals, strict=True)):
        document = pypdfium2.PdfDocument(path)
        assert len(document) == 2, f"{path.name} has {len(document)} pages"
        document.close()
        assert number % 10 or all(bare(appraisal.name) in text for text in page_texts(path)), path.name


def measured(way: str, forms: int, cores: int) -> dict[str, float]:
    """Return what one run in a process of its own reported."""
    command = [sys.executable, "-m", "benchmarks.forms", "--run", way, "--forms", str(forms), "--cores", str(cores)]
    made = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(made.stdout)
    return found


def compare(forms: int, rounds: int, cores: int, office: int) -> None:
    """Run every way `rounds` times in turn and print the table."""
    ways: dict[str, tuple[str, int, int]] = {
        f"{forms} forms, {cores} threads": ("forms", forms, cores),
        f"{forms} forms, 1 thread": ("forms", forms, 1),
    }
    if office and shutil.which("soffice"):
        ways[f"{office} forms, 1 thread"] = ("forms", office, 1)
        ways[f"{office} plain sheets, LibreOffice"] = ("office", office, 1)
    found: dict[str, list[dict[str, float]]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, way in ways.items():
            run = measured(*way)
            if number:
                found[name].append(run)
    medians = {name: statistics.median(run["seconds"] for run in runs) for name, runs in found.items()}
    print(f"{'':34}{'median s':>9}{'from':>8}{'to':>8}{'peak MiB':>10}{'ms/form':>9}")
    for name, runs in found.items():
        seconds = [run["seconds"] for run in runs]
        peak = max(run["mebibytes"] for run in runs)
        each = medians[name] * 1000 / ways[name][1]
        print(f"{name:34}{medians[name]:9.2f}{min(seconds):8.2f}{max(seconds):8.2f}{peak:10.0f}{each:9.1f}")
    names = list(ways)
    print(f"threads over one: {medians[names[1]] / medians[names[0]]:.2f} ×")
    if len(names) > 2:
        print(f"over LibreOffice, both on one core: {medians[names[3]] / medians[names[2]]:.2f} ×")
    if forms == 1000:
        print(f"target {TARGET_SECONDS} s: {'met' if medians[names[0]] <= TARGET_SECONDS else 'missed'}")


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--forms", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cores", type=int, default=min(4, os.cpu_count() or 1))
    parser.add_argument("--office", type=int, default=50, help="forms for the comparison with LibreOffice; 0: none")
    parser.add_argument("--run", choices=tuple(WAYS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        run_once(options.run, options.forms, options.cores)
    else:
        compare(options.forms, options.rounds, options.cores, options.office)


if __name__ == "__main__":
    main()
