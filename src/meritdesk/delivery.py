"""The folder a run leaves behind: workbook, forms, data files, and the sealed package that vouches for all of them.

The package names every file beside it with its hash, and every source file it was made from; `altered` compares. What
an earlier run left in the same folder, and only that, is removed first: old and new figures never lie side by side.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from meritdesk.archive.seal import seal
from meritdesk.errors import Problem
from meritdesk.language import _, current
from meritdesk.metrics.definitions import Metric
from meritdesk.published import write_published
from meritdesk.reports.files import write_files
from meritdesk.reports.form import missing_glyphs, write_forms
from meritdesk.reports.workbook import write_workbook
from meritdesk.results import Results
from meritdesk.scheme.describe import describe


@dataclass(frozen=True)
class Delivery:
    """What was written, and the root hash of the package: noted elsewhere, it shows whether the package is replaced."""

    workbook: Path
    forms: tuple[Path, ...]
    data: tuple[Path, ...]
    package: Path
    root: str
    problems: tuple[Problem, ...]

    @property
    def files(self) -> list[Path]:
        """Return every file written."""
        return [self.workbook, *self.forms, *self.data, self.package]


def deliver(results: Results, out: Path, metrics: Mapping[str, Metric], *, forms: str, with_pay: bool) -> Delivery:
    """Write a run to `out`; `forms` is "one" (one PDF), "each" (one a person) or "none"."""
    out.mkdir(parents=True, exist_ok=True)
    package = out / _("存档包.zip")
    _remove_earlier(package)
    workbook = out / _("绩效结果.xlsx")
    write_workbook(results, workbook, include_pay=with_pay, scheme_text=describe(results.scheme, metrics))
    problems: Sequence[Problem] = ()
    sheets: list[Path] = []
    if forms != "none":
        problems = missing_glyphs(results, language=current())
        sheets = write_forms(results, out / _("评价表"), one_file=forms == "one", language=current())
    folder = out / _("数据")
    data = [*write_files(results, folder, include_pay=with_pay), write_published(results, folder)]
    root = seal(
        package,
        program=results.program,
        segments=results.segment_rows,
        appraisals=results.appraisal_rows,
        outcome_segments=results.segment_outputs,
        outcome_appraisals=results.appraisal_outputs,
        scheme_text=results.scheme_text,
        run=_document(results, out, [workbook, *sheets, *data]),
    )
    return Delivery(workbook, tuple(sheets), tuple(data), package, root, tuple(problems))


def _document(results: Results, out: Path, files: Sequence[Path]) -> dict[str, object]:
    """Return what a package says of its run."""
    run = results.run
    return {
        "scheme": run.scheme,
        "scheme_version": run.scheme_version,
        "scheme_hash": run.scheme_hash,
        "program_hash": run.program_hash,
        "input_hash": run.input_hash,
        "engine": run.engine,
        "code_version": run.code_version,
        "period": [run.period.first.isoformat(), run.period.last.isoformat()],
        "people": len(results.appraisals),
        "batches": [{"name": b.name, "sha256": b.sha256, "rows": b.rows} for b in run.batches],
        "files": [{"name": path.relative_to(out).as_posix(), "sha256": _sha256(path)} for path in files],
    }


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_run(package: Path) -> dict[str, Any]:
    """Return what a package says of its run; OSError or zipfile.BadZipFile if it cannot be read."""
    with zipfile.ZipFile(package) as archive:
        document: dict[str, Any] = json.loads(archive.read("run.json"))
    return document


def _remove_earlier(package: Path) -> None:
    """Remove the files that the package lying here vouches for, unless somebody has changed them since."""
    if not package.is_file():
        return
    try:
        earlier = read_run(package).get("files", [])
    except (zipfile.BadZipFile, KeyError, json.JSONDecodeError):
        return
    for entry in earlier:
        path = package.parent / entry["name"]
        if path.is_file() and package.parent.resolve() in path.resolve().parents and _sha256(path) == entry["sha256"]:
            path.unlink()


def altered(package: Path, *, results: Path | None = None, sources: Path | None = None) -> list[str]:
    """Return what differs from the package: files of the results folder, and files of the folder of exports."""
    run = read_run(package)
    found = []
    for folder, entries in ((results, run.get("files", [])), (sources, run.get("batches", []))):
        for entry in entries if folder is not None else ():
            path = folder / entry["name"]
            if not path.is_file():
                found.append(_("{name}：文件不见了").format(name=entry["name"]))
            elif _sha256(path) != entry["sha256"]:
                found.append(_("{name}：内容与出结果时不同").format(name=entry["name"]))
    return found
