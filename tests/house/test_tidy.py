"""The house is tidy: the checks of `tidy` find nothing in the project, and find each fault when it is planted."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.house import tidy

ROOT = Path(__file__).resolve().parents[2]
# Not imported by the rest: the command line and the program that verifies an archive on its own.
ENTRANCES = {"meritdesk.__main__", "meritdesk.cli", "meritdesk.archive.verifier"}
# Doors of the metrics for who builds on them: figures day by day, counts by code, formulas in words.
ENTRANCES |= {f"meritdesk.metrics.{name}" for name in ("partials", "counts", "describe")}

Check = Callable[[Path], list[str]]


def unused_modules(root: Path) -> list[str]:
    """Return modules that nothing uses."""
    return tidy.unused_modules(root, ENTRANCES)


def tracked_files() -> list[str]:
    """Return the names of the files under version control, or all files where the project is no clone."""
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode == 0:
        return done.stdout.splitlines()
    files = (path for path in ROOT.rglob("*") if path.is_file() and ".venv" not in path.parts)
    return [path.relative_to(ROOT).as_posix() for path in files]


CHECKS: list[Check] = [
    tidy.long_files,
    tidy.long_functions,
    tidy.long_templates,
    tidy.missing_docstrings,
    tidy.drawers,
    tidy.unfinished,
    tidy.assertionless_tests,
    tidy.evaluated_text,
    unused_modules,
]
# Faults that a check must find: the check, a file and its content.
FAULTS: list[tuple[Check, str, str]] = [
    (tidy.long_files, "src/meritdesk/a.py", '"""A."""\n' * 501),
    (tidy.long_functions, "src/meritdesk/a.py", "def f():\n" + "    a = 1\n" * 70),
    (tidy.long_templates, "src/meritdesk/web/ui/a.html", "<p>\n" * 151),
    (tidy.missing_docstrings, "tests/a.py", "A = 1\n"),
    (tidy.missing_docstrings, "src/meritdesk/a.py", '"""A."""\ndef f():\n    return 1\n'),
    (tidy.missing_docstrings, "src/meritdesk/part/__init__.py", ""),
    (tidy.drawers, "src/meritdesk/utils.py", '"""A."""\n'),
    (tidy.drawers, "tests/common/a.py", '"""A."""\n'),
    (tidy.unfinished, "src/meritdesk/a.py", "# TO" + "DO later\n"),
    (tidy.unfinished, "src/meritdesk/a.py", "def f():\n    ...\n"),
    (tidy.unfinished, "src/meritdesk/a.py", "def f():\n    raise NotImplemented" + "Error\n"),
    (tidy.unfinished, "tests/test_a.py", "@pytest.mark.sk" + "ip\ndef test_a():\n    assert f()\n"),
    (tidy.unfinished, "tests/test_a.py", "def test_a():\n    assert Tr" + "ue\n"),
    (tidy.assertionless_tests, "tests/test_a.py", "def test_a():\n    f()\n"),
    (tidy.evaluated_text, "src/meritdesk/a.py", "def f(text):\n    return ev" + "al(text)\n"),
    (unused_modules, "src/meritdesk/a.py", '"""A."""\n'),
    (unused_modules, "src/meritdesk/web/a.py", '"""A."""\n'),
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_project_is_tidy(check: Check) -> None:
    assert check(ROOT) == []


def test_what_only_looks_unfinished_passes(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        "class A(Protocol):\n    def f(self) -> int: ...\n\n"
        "@ibis.udf.scalar.builtin\ndef g():\n    raise NotImplemented" + "Error\n\n"
        "def h():\n    try:\n        g()\n    except NotImplemented" + "Error:\n        return 1\n",
        encoding="utf-8",
    )
    assert tidy.unfinished(tmp_path) == []


@pytest.mark.parametrize(("check", "file", "fault"), FAULTS)
def test_planted_fault_is_found(check: Check, file: str, fault: str, tmp_path: Path) -> None:
    path = tmp_path / file
    path.parent.mkdir(parents=True)
    path.write_text(fault, encoding="utf-8")
    assert len(check(tmp_path)) == 1


def test_every_check_has_a_planted_fault() -> None:
    assert {check for check, _file, _fault in FAULTS} == set(CHECKS)


def test_no_path_of_one_machine() -> None:
    assert tidy.machine_paths(ROOT, tracked_files()) == []


def test_planted_machine_path_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("look in /ro" + "ot/data\nand in https://example.org/home/page\n", encoding="utf-8")
    assert len(tidy.machine_paths(tmp_path, ["a.md"])) == 1


def test_locks_hold_hashes_and_no_address() -> None:
    files = tracked_files()
    assert {"requirements.lock", "assets/package-lock.json"} <= set(files)
    assert "uv.lock" not in files
    assert tidy.addresses_in_locks(ROOT, files) == []


@pytest.mark.parametrize(
    "text",
    [
        "--index-url https://example.org/simple\na==1 --hash=sha256:00\n",
        "a==1\n",
        "a>=1 --hash=sha256:00\n",
        "a @ file:a.whl --hash=sha256:00\n",
    ],
)
def test_planted_fault_in_a_lock_is_found(text: str, tmp_path: Path) -> None:
    (tmp_path / "requirements.lock").write_text(text, encoding="utf-8")
    assert tidy.addresses_in_locks(tmp_path, ["requirements.lock"])
