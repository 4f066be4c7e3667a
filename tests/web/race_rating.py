"""Two raters save one form at the same moment, and one is handed in twice: one saved, one told, one effect (C2, C4).

    python -m tests.web.race_rating --races 1000                                   SQLite, a file of its own
    MERITDESK_DATABASE=postgresql://… python -m tests.web.race_rating --races 1000  PostgreSQL, an empty database

`--without-version` takes the version check out: then updates must be lost, or the harness is blind.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import threading
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from meritdesk.web.access.models import User
    from meritdesk.web.cycles.models import RatingForm

INDICATORS = ("standards", "problem_solving", "response")


def main(arguments: list[str]) -> int:
    """Run the races in a fresh place and print what happened as JSON; 1 when an update was lost or done twice."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--races", type=int, default=30)
    parser.add_argument("--without-version", action="store_true")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="meritdesk-race-") as home:
        os.environ["MERITDESK_HOME"] = home
        os.environ["DJANGO_SETTINGS_MODULE"] = "meritdesk.web.settings"
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        counts = _races(options.races, without_version=options.without_version)
    sys.stdout.write(json.dumps(counts) + "\n")
    return 0 if counts["lost"] == counts["twice"] == counts["failed"] == 0 else 1


def _races(number: int, *, without_version: bool) -> dict[str, object]:
    from django.db import connection

    from meritdesk.web.access.models import User
    from meritdesk.web.cycles.actions import rating
    from meritdesk.web.cycles.models import Cycle, RatingForm
    from tests.web.cycle_company import build_cycle

    build_cycle("rating", data=False)
    Cycle.objects.update(rating_due="2099-01-01")
    form = RatingForm.objects.filter(role="superior", appraisal__position="agent").order_by("pk")[0]
    user = User.objects.get(person=form.rater_id)
    if without_version:
        rating._take_turn = _no_turn
    saves: Counter[str] = Counter()
    lost = 0
    for race in range(number):
        outcomes = _save_twice(form, user, race)
        saves.update(outcomes)
        # Both were told that theirs is saved, and only one is there.
        lost += outcomes.count("saved") - 1
    submits, twice = _submits(form, user, max(1, number // 10))
    return {
        "database": connection.vendor,
        "races": number,
        "saved": saves["saved"],
        "told": saves["told"],
        "failed": saves["failed"] + submits["failed"],
        "lost": lost,
        "submits": sum(submits.values()),
        "effects": submits["done"],
        "twice": twice,
    }


def _no_turn(form: RatingForm, version: int, theirs: object) -> None:
    """Stand in for the version check: whoever comes, goes through."""


def _together(acts: list[Callable[[], str]]) -> list[str]:
    """Run the acts in threads that start at one moment; each has a database connection of its own."""
    from django.db import connections

    gate = threading.Barrier(len(acts))
    outcomes: list[str] = []

    def run(act: Callable[[], str]) -> None:
        try:
            gate.wait(30)
            outcomes.append(act())
        except Exception as error:
            sys.stderr.write(f"{type(error).__name__}: {error}\n")
            outcomes.append("failed")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return outcomes


def _save_twice(form: RatingForm, user: User, race: int) -> list[str]:
    from meritdesk.web.access.actions import Conflict
    from meritdesk.web.cycles.actions.rating import do_save_rating_item

    form.refresh_from_db()
    version, indicator = form.version, INDICATORS[race % 3]

    def save(level: int) -> str:
        try:
            do_save_rating_item(
                form, indicator, level=level, score=None, remark="", version=version, acting_user=user
            )
        except Conflict:
            return "told"
        return "saved"

    return _together([lambda: save(3), lambda: save(4)])


def _submits(form: RatingForm, user: User, number: int) -> tuple[Counter[str], int]:
    """Hand the form in from two windows with one key, `number` times; return outcomes, and how often it took twice."""
    from meritdesk.web.access.actions import AlreadyDone, Refused
    from meritdesk.web.access.models import AuditEntry
    from meritdesk.web.cycles.actions.rating import do_submit_rating_form, do_withdraw_submission

    outcomes: Counter[str] = Counter()
    twice = 0
    for race in range(number):
        form.refresh_from_db()
        version = form.version

        def submit(key: str = f"race-{race}", version: int = version) -> str:
            try:
                do_submit_rating_form(form, version=version, once=key, acting_user=user)
            except AlreadyDone:
                return "already"
            except Refused as refused:
                return str(refused.problems[0].code)
            return "done"

        before = AuditEntry.objects.filter(action="rating.submit").count()
        found = _together([submit, submit])
        outcomes.update(found)
        twice += AuditEntry.objects.filter(action="rating.submit").count() - before != 1 or found.count("done") != 1
        form.refresh_from_db()
        do_withdraw_submission(form, version=form.version, acting_user=user)
    return outcomes, twice


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
