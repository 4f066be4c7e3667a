"""A server of its own with a company of any size behind it, for browsers and for the clock.

    python -m tests.web.page_server HOME [PEOPLE PAGES [SAMPLE]]

Builds the company of `page_world` in HOME, writes HOME/pages.json (addresses of the pages asked for, a session for each
role), serves on a free port, and prints it. PAGES: `main` or `all`; SAMPLE: a folder of exports to attach. With HOME
alone it serves what was built there. `serve` below starts it from Python.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MONTHS = {
    "archived": 1, "closed": 2, "published": 3, "reviewing": 4, "calibrating": 5, "rating": 6, "collecting": 7,
    "open": 8, "draft": 9,
}  # fmt: skip
"""State of a cycle → its month in 2025."""
MAIN = (
    # page, role, state of what it shows
    ("account_login", "", ""),
    ("home", "agent", ""),
    ("targets-mine", "agent", ""),
    ("self-appraisal", "agent", "rating/own"),
    ("my-results", "agent", ""),
    ("result", "agent", "published/own"),
    ("result-form", "agent", "published/own"),
    ("home", "lead", ""),
    ("ratings", "lead", ""),
    ("rating-form", "lead", "rating/superior/open"),
    ("rating-team", "lead", "rating"),
    ("team-results", "lead", ""),
    ("notes", "lead", ""),
    ("home", "hr", ""),
    ("cycles", "hr", ""),
    ("cycle-new", "hr", ""),
    ("cycle-setup", "hr", "draft"),
    ("cycle-raters", "hr", "open"),
    ("cycle-board", "hr", "rating"),
    ("cycle-data", "hr", "collecting"),
    ("cycle-roster", "hr", "rating"),
    ("publish", "hr", "reviewing"),
    ("people", "hr", ""),
    ("person", "hr", ""),
    ("calibration", "panel", "calibrating"),
    ("calibration-case", "panel", "open"),
    ("review", "panel", "reviewing"),
    ("appeals", "panel", ""),
    ("appeal", "panel", "open"),
    ("schemes", "panel", ""),
    ("scheme-design", "panel", "draft/contents"),
    ("cycle-board", "supervisor", "published"),
    ("team-results", "supervisor", ""),
    ("ratings", "qa", ""),
    ("accounts", "admin", ""),
    ("audit", "auditor", ""),
)
"""The pages that each role mainly works with."""


@dataclass(frozen=True)
class Page:
    """A page to open: as whom, and where."""

    name: str
    actor: str
    label: str
    url: str

    def __str__(self) -> str:
        return " · ".join(part for part in (self.name, self.actor, self.label) if part)


@dataclass(frozen=True)
class Served:
    """A running server: where, which pages, and the session of each role."""

    address: str
    pages: list[Page]
    sessions: dict[str, str]
    missing: list[str]
    """Pages asked for that nobody was shown, and errors on the way."""


def environment(home: Path) -> dict[str, str]:
    """Return the environment of a server whose data lies in `home`, on SQLite."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MERITDESK_")}
    more = {
        "HOME": str(home),
        "SECRET_KEY": "a key for measures, of no worth anywhere else, long enough",
        "MFA": "optional",
    }
    more["LOG_LEVEL"] = "WARNING"
    return kept | {f"MERITDESK_{name}": value for name, value in more.items()} | {"PYTHONUTF8": "1"}


@contextmanager
def serve(home: Path, people: int, pages: str = "main", sample: Path | None = None) -> Iterator[Served]:
    """Build a company and serve it while the block runs."""
    with running(home, str(people), pages, *([str(sample)] if sample else [])) as address:
        yield _served(home, address)


@contextmanager
def serve_again(home: Path) -> Iterator[Served]:
    """Serve the company that was built in a folder while the block runs."""
    with running(home) as address:
        yield _served(home, address)


def _served(home: Path, address: str) -> Served:
    found = json.loads((home / "pages.json").read_text(encoding="utf-8"))
    return Served(address, [Page(*entry) for entry in found["pages"]], found["sessions"], found["missing"])


@contextmanager
def running(home: Path, *arguments: str) -> Iterator[str]:
    """Run this module while the block runs, and give its address; without arguments it serves what is there."""
    command = [sys.executable, "-m", "tests.web.page_server", str(home), *arguments]
    with subprocess.Popen(command, cwd=ROOT, env=environment(home), stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port = process.stdout.readline().strip()
            assert port, "the server did not start"
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def build(home: Path, people: int, pages: str, sample: Path | None) -> None:
    """Make database and company, find the pages, open the sessions."""
    from meritdesk.web import server

    server.prepare(home)
    server.migrate()
    from django.conf import settings
    from django.db import transaction

    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "testserver"]
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    from tests.web import page_harness, page_world

    with transaction.atomic():
        visitors = page_harness.Visitors(page_world.build_world(people, sample=sample))
    cases = []
    for actor in ("", *page_world.ACTORS):
        wanted = {(name, label) for name, role, label in MAIN if role == actor}
        names = {name for name, _label in wanted}
        rules = page_harness.pages(lambda rule, names=names: pages == "all" or rule.name in names)  # type: ignore[misc]
        found = page_harness.find_cases(visitors, actor, rules, labels=2 if pages == "all" else 0)
        cases += [c for c in found if pages == "all" or (c.rule.name, c.label) in wanted]
    shown = {(case.rule.name, case.actor, case.label) for case in cases}
    missing = [" · ".join(entry) for entry in MAIN if pages == "main" and entry not in shown]
    document = {
        "pages": [[case.rule.name, case.actor, case.label, case.url] for case in cases],
        "sessions": {actor: visitors[actor].cookies["sessionid"].value for actor in page_world.ACTORS},
        "missing": missing + [f"{case}: {error}" for case, error in visitors.broken.items()],
    }
    (home / "pages.json").write_text(json.dumps(document), encoding="utf-8")


def listen() -> None:
    """Serve on a free port until ended, and print the port."""
    from waitress.server import create_server

    from meritdesk.web.wsgi import application

    server = create_server(application, host="127.0.0.1", port=0, threads=8, ident=None)
    print(server.effective_port, flush=True)  # noqa: T201
    server.run()


if __name__ == "__main__":
    folder, *rest = sys.argv[1:]
    if rest:
        number, kind, *exports = rest
        build(Path(folder), int(number), kind, Path(exports[0]) if exports else None)
    listen()
