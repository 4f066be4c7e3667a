"""The race harness in its short form, and its negative control: without the version check updates are lost (C2, C4)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def race(*options: str, database: str = "") -> tuple[int, dict[str, int]]:
    """Run the harness in a process of its own; return its exit code and what it counted."""
    surroundings = {**os.environ, "MERITDESK_DATABASE": database, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.web.race_rating", *options]
    done = subprocess.run(command, capture_output=True, text=True, env=surroundings, cwd=ROOT, timeout=900, check=False)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout.splitlines()[-1])


def raced(races: int, database: str = "") -> bool:
    """Run so many races; return whether one was saved and one told each time, and no submit had two effects."""
    code, counts = race("--races", str(races), database=database)
    print(counts)  # noqa: T201 - the figure of the check
    one_each = (counts["saved"], counts["told"], counts["lost"]) == (races, races, 0)
    return code == 0 and one_each and counts["effects"] * 2 == counts["submits"]


def test_one_is_saved_and_one_is_told() -> None:
    """30 races on a SQLite file."""
    assert raced(30)


def test_without_the_version_check_updates_are_lost() -> None:
    """The harness sees what it is there to see."""
    code, counts = race("--races", "10", "--without-version")
    assert code == 1
    assert counts["lost"] == 10


@pytest.mark.long
def test_a_thousand_races() -> None:
    """The long form: 1,000 races."""
    assert raced(1000)
