"""What the documents say can be done: their commands exist, their links lead somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README_COMMANDS = ["python3 dev.py demo", "python3 dev.py test"]


def documents(root: Path) -> list[Path]:
    """Return the documents at the top of the project and under docs/."""
    return [*sorted(root.glob("*.md")), *sorted((root / "docs").rglob("*.md"))]


def dead_links(root: Path) -> list[str]:
    """Return links to files that do not exist."""
    found = []
    for path in documents(root):
        for target in re.findall(r"\]\(([^)#\s]+)", path.read_text(encoding="utf-8")):
            if not re.match(r"[a-z]+:", target) and not (path.parent / target).exists():
                found.append(f"{path.relative_to(root).as_posix()}: {target}")
    return found


def unknown_commands(root: Path, known: set[str]) -> list[str]:
    """Return commands of dev.py that the documents name and that do not exist."""
    found = []
    for path in documents(root):
        for name in re.findall(r"python3 dev\.py (\w+)", path.read_text(encoding="utf-8")):
            if name not in known:
                found.append(f"{path.relative_to(root).as_posix()}: dev.py {name}")
    return found


def dev_commands() -> set[str]:
    """Return the commands that dev.py lists when it is started without one; nothing is set up for that."""
    done = subprocess.run([sys.executable, "-I", ROOT / "dev.py"], capture_output=True, text=True)
    assert done.returncode == 2
    return set(re.findall(r"^  (\w+) +[A-Z]", done.stderr, flags=re.MULTILINE))


def test_readme_has_the_two_commands_and_they_exist() -> None:
    blocks = re.findall(r"```console\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    assert [line for block in blocks[:2] for line in block.splitlines()] == README_COMMANDS
    assert {"demo", "test"} <= dev_commands()


def test_documents_name_no_command_that_does_not_exist() -> None:
    assert unknown_commands(ROOT, dev_commands()) == []


def test_links_lead_somewhere() -> None:
    assert dead_links(ROOT) == []


def test_continuous_integration_runs_the_readme_command() -> None:
    assert README_COMMANDS[1] in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_changelog_names_the_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert version in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("text", ["see [there](nowhere.md)", "run `python3 dev.py fly`"])
def test_planted_fault_is_found(text: str, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(text, encoding="utf-8")
    assert len(dead_links(tmp_path) + unknown_commands(tmp_path, {"demo"})) == 1
