"""The guides are true: schemes in them load, pass their check and compute; their commands exist; the README's excerpt
is what the command prints.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from meritdesk.cases import load_cases, run_cases
from meritdesk.cli import main
from meritdesk.compiled import compile_scheme
from meritdesk.metrics.load import load_metrics
from meritdesk.scheme.check import check
from meritdesk.scheme.load import load_document
from tests.contract import company

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "guide" / "scheme.md"
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(path: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", path.read_text(encoding="utf-8"), flags=re.DOTALL)


def steps(path: Path) -> Iterator[str]:
    """Yield the scheme of the guide after each of its steps: a block adds or replaces the parts it names."""
    parts: dict[str, str] = {}
    for block in blocks(path, "yaml"):
        found = re.findall(r"^(\w+):(.*(?:\n(?!\w).*)*)", block, flags=re.MULTILINE)
        if found[0][0] != "cases":
            parts.update(found)
            yield "\n".join(f"{name}:{text}" for name, text in parts.items())


def faults(scheme: str, folder: Path) -> list[str]:
    """Return the errors of a scheme: those of its form raise, those of its sense are listed."""
    path = folder / "guide.yaml"
    path.write_text(scheme, encoding="utf-8")
    loaded = load_document(path)
    compile_scheme(loaded.scheme, load_metrics())
    return [str(p) for p in check(loaded, metrics=load_metrics()) if p.severity == "error"]


def test_scheme_of_the_guide_is_sound_after_every_step(tmp_path: Path) -> None:
    found = [faults(scheme, tmp_path) for scheme in steps(GUIDE)]
    assert len(found) >= 6
    assert found == [[] for _ in found]


def test_cases_of_the_guide_come_true(tmp_path: Path) -> None:
    *_before, scheme = steps(GUIDE)
    assert faults(scheme, tmp_path) == []
    cases = tmp_path / "guide.cases.yaml"
    cases.write_text(next(b for b in blocks(GUIDE, "yaml") if b.startswith("cases:")), encoding="utf-8")
    comparisons = run_cases(load_document(tmp_path / "guide.yaml").scheme, load_metrics(), load_cases(cases))
    assert len(comparisons) >= 6
    assert [c for c in comparisons if not c.agrees] == []


def test_a_gap_planted_in_the_guide_is_found(tmp_path: Path) -> None:
    text = GUIDE.read_text(encoding="utf-8").replace('"[80, 90)"', '"[80, 89)"')
    other = tmp_path / "scheme.md"
    other.write_text(text, encoding="utf-8")
    assert any("gap" in fault for scheme in steps(other) for fault in faults(scheme, tmp_path))


def commands(path: Path) -> list[list[str]]:
    lines = [line for block in blocks(path, "console") for line in block.splitlines()]
    return [shlex.split(line)[1:] for line in lines if line.startswith("meritdesk ")]


def parse(words: list[str]) -> None:
    """Parse a command line as the program does; click.ClickException where it would refuse it."""
    command: click.Command = main
    while isinstance(command, click.Group):
        command = command.commands[words[0]]
        words = words[1:]
    command.make_context("meritdesk", words)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_commands_in_the_documents_parse(path: Path) -> None:
    for words in commands(path):
        parse(words)
    named = set(re.findall(r"`meritdesk ((?:scheme )?[a-z]+)", path.read_text(encoding="utf-8")))
    known = {*main.commands, *(f"scheme {name}" for name in main.commands["scheme"].commands)}  # type: ignore[attr-defined]
    assert named <= known
    if path.name == "README.md":
        assert named == known - {"scheme"}, "the README lists every command"


def test_a_command_that_does_not_exist_is_found() -> None:
    with pytest.raises((click.ClickException, KeyError)):
        parse(["appraise", "x", "y", "--perod", "2025-09"])


def test_python_in_the_developers_guide_runs(tmp_path: Path) -> None:
    company.exports(tmp_path / "2025-09")
    [program] = blocks(ROOT / "docs" / "guide" / "developer.md", "python")
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    assert "A0001 " in done.stdout
    assert "└─ 依据：" in done.stdout


def test_excerpt_in_the_readme_is_what_explain_prints(tmp_path: Path) -> None:
    [excerpt] = blocks(ROOT / "README.md", "text")
    done = CliRunner().invoke(main, ["sample", "--out", str(tmp_path)])
    assert done.exit_code == 0, done.output
    printed = next((tmp_path / "结果").glob("说明_*.txt")).read_text(encoding="utf-8").splitlines()
    shown = [line for line in excerpt.splitlines() if line.strip() != "…"]
    assert len(shown) >= 12
    position = 0
    for line in shown:
        assert line in printed[position:], f"not printed, or not in this order: {line}"
        position = printed.index(line, position) + 1
    listed = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    places = re.findall(r"`((?:结果|导出数据)/[^`]*)`", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert len(places) >= 4
    for place in places:
        assert any(name.startswith(place) for name in listed), place
