"""Imports only go down, and the check of that would notice if one did not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONFIGURATION = ROOT / "pyproject.toml"
LINTER = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True, no_logo=True))"


def lint(folder: Path) -> tuple[int, str]:
    """Run the contracts of `folder`/pyproject.toml on `folder`/src; return the exit code and what was said."""
    done = subprocess.run(
        [sys.executable, "-c", LINTER],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder / "src"), "PYTHONUTF8": "1", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of the project in which faults can be planted."""
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__", "fonts"))
    shutil.copy(CONFIGURATION, tmp_path)
    return tmp_path


def test_contracts_are_kept() -> None:
    code, said = lint(ROOT)
    assert code == 0, said


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("errors.py", "import meritdesk.language", "Imports only go down"),
        ("rules/numbers.py", "from meritdesk.scheme import document", "Imports only go down"),
        ("metrics/__init__.py", "import meritdesk.pay", "Imports only go down"),
        ("scheme/values.py", "from meritdesk.rules import nodes", "only their numbers"),
        ("archive/verifier.py", "from meritdesk.rules import numbers", "The verifier shares no code"),
    ],
)
def test_planted_import_is_found(copy: Path, module: str, line: str, contract: str) -> None:
    path = copy / "src" / "meritdesk" / module
    path.write_text(f"{path.read_text(encoding='utf-8')}\n{line}\n", encoding="utf-8")
    code, said = lint(copy)
    assert code != 0
    assert any(contract in row and "BROKEN" in row for row in said.splitlines()), said


def test_module_without_a_layer_is_found(copy: Path) -> None:
    (copy / "src" / "meritdesk" / "elsewhere.py").write_text('"""A."""\n', encoding="utf-8")
    code, said = lint(copy)
    assert code != 0
    assert "elsewhere" in said


def test_verifier_needs_the_standard_library_only() -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(ROOT / "src" / "meritdesk" / "archive" / "verifier.py"), "--help"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
