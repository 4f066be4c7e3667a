#!/usr/bin/env python3
"""Runs the project from a fresh clone: `python3 dev.py demo` and `python3 dev.py test` do all the set-up themselves.

Every command first makes `.venv` from requirements.lock (each file checked against its hash) when it is absent or out
of date, then does its work in it. Needs Python 3.11 or newer and nothing else; it uses the standard library only and
must not import anything of the project.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
STAMP = VENV / "made-from.sha256"
OLDEST = (3, 11)
# What the environment is made from, beside the project's own entry in pyproject.toml: a change makes it anew.
INPUTS = ("requirements.lock", "hatch_build.py", "assets/package-lock.json")
# Tests of the web part in which the database is not what is tried: looks, files, processes with a SQLite of their own.
SAME_ON_POSTGRES = ("test_ui_*", "test_assets*", "test_browser_*", "test_pages*", "test_demo*", "test_operations*",
                    "test_schemes_forms*", "test_people_dirty*")  # fmt: skip
LOCK_OPTIONS = (
    *("pyproject.toml", "--extra", "dev", "--extra", "postgres", "--python-version", "3.11", "--universal"),
    *("--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url", "--quiet", "-o", "requirements.lock"),
)


def say(text: str) -> None:
    """Print one line of progress at once, in order with what the commands themselves print."""
    print(f"— {text}", flush=True)


def stop(text: str) -> None:
    """End with exit code 2 and say what is missing and what to do."""
    print(text, file=sys.stderr, flush=True)
    raise SystemExit(2)


def run(command: Sequence[str | Path], more: Mapping[str, str] | None = None) -> int:
    """Run `command` in the project folder, with `more` in its environment, and return its exit code."""
    # Tests and checks must not depend on the language or the encoding of the terminal.
    environment = {**os.environ, "PYTHONUTF8": "1", **(more or {})}
    return subprocess.run([str(part) for part in command], cwd=ROOT, env=environment).returncode


def tool(name: str) -> Path:
    """Return the path of a program of the environment."""
    return BIN / (f"{name}.exe" if os.name == "nt" else name)


def fingerprint() -> str:
    """Return the hash of everything the environment is made from, the interpreter included."""
    import tomllib  # not yet there in a Python that is too old and is to be told so

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    parts = [sys.version, str(ROOT), project["build-system"], project["project"], project["tool"]["hatch"]]
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode())
    for name in INPUTS:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def prepare() -> None:
    """Make or renew `.venv`; ends with a clear message if Python cannot do that."""
    wanted = fingerprint()
    if STAMP.is_file() and STAMP.read_text() == wanted:
        return
    try:
        import ensurepip  # noqa: F401  some distributions leave it out
        import venv
    except ImportError:
        stop(
            f"This Python ({sys.executable}) comes without venv or ensurepip.\n"
            "Install them (on Debian and Ubuntu: apt install python3-venv) or use a Python from python.org."
        )
    start = time.monotonic()
    say(f"1/3 making .venv with Python {sys.version.split()[0]}")
    venv.create(VENV, clear=True, with_pip=True)
    # Not compiled now: Python does that by itself for the part that is used.
    quiet = ("-qq", "--no-compile", "--disable-pip-version-check")
    pip: list[str | Path] = [tool("python"), "-m", "pip", "install", *quiet]
    say("2/3 installing the locked packages, checked against their hashes (a minute or two)")
    code = run([*pip, "--require-hashes", "--only-binary", ":all:", "-r", "requirements.lock"])
    if not code:
        say("3/3 installing Meritdesk, its style sheet, charts and the font of the printed forms")
        code = run([*pip, "--no-deps", "--no-build-isolation", "-e", "."])
    if code:
        stop("The set-up failed; what pip printed above says why. Run the command again when it is mended.")
    STAMP.write_text(wanted)
    say(f"set-up done in {time.monotonic() - start:.0f} s; next time this step is skipped")


def demo(more: Sequence[str]) -> int:
    """Open the demo company in the browser; options go on to `meritdesk demo`."""
    return run([tool("meritdesk"), "demo", *more])


def test(more: Sequence[str]) -> int:
    """Run the tests on all cores, the web part's on PostgreSQL too where one is reachable; options go on to pytest."""
    # Tests of one group share what takes long to make: they run in one process.
    pytest: list[str | Path] = [tool("python"), "-m", "pytest", "-n", "auto", "--dist", "loadgroup"]
    code = run([*pytest, *more])
    if more:
        return code
    address = os.environ.get("MERITDESK_POSTGRES", "postgresql://root@127.0.0.1:5432/test")
    probe = f"import psycopg; psycopg.connect({address!r}, connect_timeout=3).close()"
    if subprocess.run([str(tool("python")), "-c", probe], capture_output=True).returncode:
        say("no PostgreSQL is reachable (MERITDESK_POSTGRES): the web part was tested on SQLite only")
        return code
    say("the web part again, on PostgreSQL")
    on_postgres = {"MERITDESK_DATABASE": address}
    ignored = [f"--ignore-glob=tests/web/{name}" for name in SAME_ON_POSTGRES]
    return run([*pytest, "tests/web", *ignored], on_postgres) or code


def check(more: Sequence[str]) -> int:
    """Run lint, types, import contracts and the house rules; all of them, so that one run reports everything."""
    steps: dict[str, list[str | Path]] = {
        "ruff": [tool("ruff"), "check", "."],
        "mypy --strict": [tool("mypy")],
        "import contracts": [tool("lint-imports")],
        "house rules": [tool("python"), "-m", "pytest", "-q", "tests/house"],
    }
    failed = []
    for name, command in steps.items():
        say(name)
        if run(command):
            failed.append(name)
    say(f"failed: {', '.join(failed)}" if failed else f"all {len(steps)} checks passed")
    return 1 if failed else 0


def texts(more: Sequence[str]) -> int:
    """Collect the texts for users again, merge them into the English catalogue and compile it."""
    return run([tool("python"), "-m", "tests.house.texts", *more])


def lock(more: Sequence[str]) -> int:
    """Renew requirements.lock from pyproject.toml; options such as --upgrade go on to uv."""
    return run([tool("uv"), "pip", "compile", *LOCK_OPTIONS, *more])


COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "demo": demo,
    "test": test,
    "check": check,
    "texts": texts,
    "lock": lock,
}


def main(arguments: Sequence[str]) -> int:
    """Prepare the environment and run the command that `arguments` name; returns its exit code."""
    if sys.version_info < OLDEST:
        stop(f"Meritdesk needs Python {OLDEST[0]}.{OLDEST[1]} or newer; this is {sys.version.split()[0]}.")
    if not arguments or arguments[0] not in COMMANDS:
        lines = [f"  {name:6} {action.__doc__}" for name, action in COMMANDS.items()]
        stop("\n".join(["usage: python3 dev.py COMMAND [options]", "", *lines]))
    prepare()
    return COMMANDS[arguments[0]](arguments[1:])


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
