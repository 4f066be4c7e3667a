"""Lets the demo's past happen in the past: inside `at`, now is another moment, for this process only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from unittest.mock import patch
from zoneinfo import ZoneInfo

from meritdesk.events.calendar import SHANGHAI
from meritdesk.web.cycles.deadlines import due_day

ZONE = ZoneInfo(SHANGHAI)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Make `django.utils.timezone.now` tell moments from `moment` on, a second later each time it is asked."""
    told = [moment]

    def now() -> datetime:
        told[0] += timedelta(seconds=1)
        return told[0]

    with patch("django.utils.timezone.now", now):
        yield


def moment(day: date, hour: int, minute: int = 0) -> datetime:
    """Return a time of day in Shanghai."""
    return datetime.combine(day, time(hour, minute), ZONE)


def working_day(day: date, count: int) -> date:
    """Return the `count`-th working day after `day`."""
    return due_day(day, count)


def month_before(day: date, count: int = 1) -> date:
    """Return the first day of the month `count` months before that of `day`."""
    number = day.year * 12 + day.month - 1 - count
    return date(number // 12, number % 12 + 1, 1)


def last_day(first: date) -> date:
    """Return the last day of the month that begins on `first`."""
    return month_before(first, -1) - timedelta(days=1)
