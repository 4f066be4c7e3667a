"""kill -9 at random instants of publishing, closing and archiving (D1): all or nothing, then done again.

    python -m tests.web.crash_closing [--rounds N] [--database postgresql://…/postgres] [--negative]

A cycle is taken to the step once; every round works on a copy (SQLite: of the folder; PostgreSQL: a database made from
the first as template). A process of its own does the step and is killed; then `verify_cycles` must find nothing, the
cycle must be before or after the step, and the step must succeed when it is done again. `--negative` commits half of
the step before the rest, and must be caught. Short form: 5 rounds a step (also a test); long form: `--rounds 50`.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

ROOT = Path(__file__).parents[2]
STEPS = {"publish": ("reviewing", "published"), "close": ("published", "closed"), "archive": ("closed", "archived")}


@dataclass
class Place:
    """Where a round works."""

    home: Path
    database: str

    @property
    def surroundings(self) -> dict[str, str]:
        """Return the environment of a process there."""
        given = {k: v for k, v in os.environ.items() if not k.startswith("MERITDESK_")}
        found = given | {
            "MERITDESK_HOME": str(self.home),
            "MERITDESK_SECRET_KEY": "k" * 60,
            "MERITDESK_MFA": "optional",
        }
        found |= {"DJANGO_SETTINGS_MODULE": "meritdesk.web.settings"}
        return found | {"MERITDESK_DATABASE": self.database} if self.database else found


def run(place: Place, *words: str) -> subprocess.CompletedProcess[str]:
    """Run this module inside a place and wait for it."""
    command = [sys.executable, "-m", "tests.web.crash_closing", "inside", *words]
    done = subprocess.run(command, env=place.surroundings, capture_output=True, text=True, check=False, cwd=ROOT)
    if done.returncode:
        raise AssertionError(f"{words}: {done.stdout}\n{done.stderr[-3000:]}")
    return done


# ---------------------------------------------------------------- inside a place


def inside(words: list[str]) -> None:
    """What the processes of a round do: build, act, look."""
    import django

    django.setup()
    from django.core.management import call_command

    from meritdesk.web.access.models import User
    from meritdesk.web.cycles.models import Cycle
    from tests.web import cycle_company_late as late
    from tests.web.cycle_company import Centre, advance, build_cycle

    def centre() -> Centre:
        cycle = Cycle.objects.select_related("department", "scheme_version").get()
        users = {user.username: user for user in User.objects.all()}
        return Centre(cycle.department, cycle.scheme_version, cycle, users=users)

    act = words[0]
    if act == "build":
        call_command("migrate", verbosity=0)
        build_cycle("reviewing")
        late.approve(centre())
    elif act == "advance":
        advance(centre(), words[1])
        if words[1] == "published":
            _witness_all(centre())
    elif act == "look":
        _look(words[1])
    else:
        before = {"publish": late.publish, "close": _close, "archive": late.archive}
        if words[1:] == ["half"]:
            _break_in_two()
        found = centre()
        _say("begin")
        before[act](found)
        _say("done")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _witness_all(centre: object) -> None:
    from meritdesk.web.cycles.actions import signing
    from meritdesk.web.cycles.models import Appraisal
    from tests.web import cycle_company_late as late

    late.end_of_deadlines(centre)  # type: ignore[arg-type]
    users = centre.users  # type: ignore[attr-defined]
    for found in Appraisal.objects.filter(state__in=("interview", "sign_off")):
        signing.do_witness(acting_user=users["H02"], appraisal=found, refused=False, remark="", once=late.once())


def _close(centre: object) -> None:
    from meritdesk.web.cycles.actions import closing
    from tests.web import cycle_company_late as late

    closing.do_close(acting_user=centre.hr, cycle=late.fresh(centre), once=late.once())  # type: ignore[attr-defined,arg-type]


def _break_in_two() -> None:
    """Plant the fault: publication commits after every statement, and takes its time."""
    from contextlib import nullcontext

    from django.db import transaction

    from meritdesk.web.cycles.actions import publishing

    transaction.atomic = lambda *args, **kwargs: nullcontext()  # type: ignore[assignment]
    deliver = publishing._deliver

    def slow(*args: object) -> object:
        time.sleep(3)
        return deliver(*args)  # type: ignore[arg-type]

    publishing._deliver = slow  # type: ignore[assignment]


def _look(step: str) -> None:
    """Print the state; exit with 1 when anything is wrong, doubled or half done."""
    from meritdesk.web.access.models import AuditEntry, AuditHead
    from meritdesk.web.cycles.integrity import verify_cycles
    from meritdesk.web.cycles.models import Appraisal, Archive, Cycle, Notice, Run

    cycle = Cycle.objects.get()
    found = [str(problem) for problem in verify_cycles()]
    entries, head = AuditEntry.objects.count(), AuditHead.objects.get()
    if head.sequence != entries:
        found.append(f"audit: {entries} entries, head {head.sequence}")
    runs = Run.objects.filter(purpose="published").count()
    people, before = Appraisal.objects.count(), Appraisal.objects.filter(state="running").count()
    published = cycle.published_at is not None
    if runs != int(published) or before != (0 if published else people):
        found.append(f"half published: state {cycle.state}, {runs} runs, {before} of {people} people running")
    if published and Run.objects.get(purpose="published").people != Appraisal.objects.exclude(result=None).count():
        found.append("results missing")
    told = Notice.objects.filter(text__contains="考核结果已发布：").count()
    if told != (Appraisal.objects.exclude(person__user=None).count() if published else 0):
        found.append(f"{told} notices")
    if Archive.objects.count() != int(cycle.state == "archived"):
        found.append("archive and state differ")
    acts = AuditEntry.objects.filter(action=f"cycle.{step}").count()
    if acts != int(cycle.state == STEPS[step][1]):
        found.append(f"{acts} audit entries of {step}, state {cycle.state}")
    _say(cycle.state)
    if found:
        _say("\n".join(found))
        sys.exit(1)


# ---------------------------------------------------------------- the rounds


def kill_at_random(place: Place, step: str, chance: random.Random, longest: float, *more: str) -> float:
    """Do the step in a process and kill it after a random time; return how long it was left alone."""
    command = [sys.executable, "-m", "tests.web.crash_closing", "inside", step, *more]
    with subprocess.Popen(
        command, env=place.surroundings, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == b"begin"
        wait = chance.random() * longest
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
    return wait


def rounds(
    number: int, database: str = "", *, negative: bool = False, seed: int = 1, steps: Sequence[str] = tuple(STEPS)
) -> dict[str, dict[str, int]]:
    """Run the rounds and return, by step, how often the step was not yet, or already done; AssertionError if broken."""
    chance = random.Random(seed)
    folder = Path(tempfile.mkdtemp(prefix="meritdesk-crash-"))
    counts: dict[str, dict[str, int]] = {}
    made: list[str] = []
    try:
        base = Place(folder / "base", _named(database, "meritdesk_crash_base", made))
        base.home.mkdir()
        run(base, "build")
        for step in ("publish",) if negative else steps:
            longest = _duration(base, folder, step, made)
            counts[step] = dict.fromkeys(STEPS[step], 0)
            for turn in range(number):
                place = _copy(base, folder / f"{step}{turn}", made)
                kill_at_random(place, step, chance, longest, *(["half"] if negative else []))
                state = run(place, "look", step).stdout.split()[0]
                counts[step][state] += 1
                if state == STEPS[step][0]:
                    run(place, step)
                    assert run(place, "look", step).stdout.split()[0] == STEPS[step][1]
                shutil.rmtree(place.home)
                _drop(place.database, made)
            run(base, "advance", STEPS[step][1])
    finally:
        for name in list(made):
            _drop(name, made)
        shutil.rmtree(folder, ignore_errors=True)
    return counts


def _duration(base: Place, folder: Path, step: str, made: list[str]) -> float:
    """Return how long the step takes when it is left alone, and a little more."""
    place = _copy(base, folder / f"{step}-timed", made)
    command = [sys.executable, "-m", "tests.web.crash_closing", "inside", step]
    with subprocess.Popen(
        command, env=place.surroundings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        first = process.stdout.readline()
        begun = time.monotonic()
        second = process.stdout.readline()
        taken = time.monotonic() - begun
        told = process.stderr.read().decode()[-3000:]
    assert (first.strip(), second.strip()) == (b"begin", b"done"), told
    _drop(place.database, made)
    return taken * 1.5


def _copy(base: Place, home: Path, made: list[str]) -> Place:
    shutil.copytree(base.home, home)
    if not base.database:
        return Place(home, "")
    return Place(home, _named(base.database, f"meritdesk_crash_{home.name}".replace("-", "_"), made, base.database))


def _named(database: str, name: str, made: list[str], template: str = "") -> str:
    """Make a database called so, empty or from a template, and return its address; nothing for SQLite."""
    if not database:
        return ""
    parts = urlsplit(database)
    copy = f' TEMPLATE "{urlsplit(template).path[1:]}"' if template else ""
    _sql(database, f'DROP DATABASE IF EXISTS "{name}"', f'CREATE DATABASE "{name}"{copy}')
    address = urlunsplit(parts._replace(path=f"/{name}"))
    made.append(address)
    return address


def _drop(database: str, made: list[str]) -> None:
    if database in made:
        made.remove(database)
        _sql(database, f'DROP DATABASE IF EXISTS "{urlsplit(database).path[1:]}" WITH (FORCE)')


def _sql(database: str, *statements: str) -> None:
    import psycopg

    address = urlunsplit(urlsplit(database)._replace(path="/postgres"))
    with psycopg.connect(address, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def main() -> int:
    """The command; exit code 1 when a round found anything broken (with --negative: when none did)."""
    if sys.argv[1:2] == ["inside"]:
        inside(sys.argv[2:])
        return 0
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--database", default="")
    parser.add_argument("--negative", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    try:
        counts = rounds(given.rounds, given.database, negative=given.negative, seed=given.seed)
    except AssertionError as error:
        sys.stdout.write(f"{error}\n")
        return 0 if given.negative else 1
    sys.stdout.write(f"{counts}\n")
    return 1 if given.negative else 0


if __name__ == "__main__":
    sys.exit(main())
