"""A scene of the demo: acts at a time of day, all of them or none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from django.db import transaction

from meritdesk.web.demo import clock


@contextmanager
def scene(day: date, hour: int) -> Iterator[None]:
    """Play what is done inside the block on a day from an hour on, in one transaction."""
    with transaction.atomic(), clock.at(clock.moment(day, hour)):
        yield
