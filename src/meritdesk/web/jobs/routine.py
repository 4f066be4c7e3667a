"""What has to be done once a day without anybody asking: an app's reminders, cleaning up what has expired.

An app registers with `@daily("name")` in its module `background`; a day on which it ran is noted in the database, so
that several workers do it once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from meritdesk.web.jobs.models import RoutineRun

Routine = Callable[[datetime], None]
_DAILY: dict[str, Routine] = {}
FIRST_HOUR = 8
"""Nobody is reminded in the middle of the night."""


def daily(name: str) -> Callable[[Routine], Routine]:
    """Register work that is done once a day, from eight in the morning on; it is given the moment."""

    def register(routine: Routine) -> Routine:
        assert name not in _DAILY, f"two routines are called {name}"
        _DAILY[name] = routine
        return routine

    return register


def run_due(now: datetime | None = None) -> list[str]:
    """Do what was not done yet today; return the names of what was."""
    moment = now or timezone.now()
    local = timezone.localtime(moment)
    if local.hour < FIRST_HOUR:
        return []
    done = []
    for name, routine in _DAILY.items():
        if RoutineRun.objects.filter(name=name, day=local.date()).exists():
            continue
        try:
            with transaction.atomic():
                RoutineRun.objects.create(name=name, day=local.date())
        except IntegrityError:
            continue  # another worker was quicker
        routine(moment)
        done.append(name)
    return done
