"""Notices to accounts: something to do, or something that happened. Written inside the act that causes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from meritdesk.web.access.actions import inside_action
from meritdesk.web.access.models import User
from meritdesk.web.cycles.models import Cycle, Notice


def tell_people(
    people: Iterable[int | None], cycle: Cycle, text: str, url: str = "", due: datetime | None = None
) -> int:
    """Tell the accounts of these people (ids); return how many were told."""
    wanted = {person for person in people if person is not None}
    return tell(User.objects.filter(person__in=wanted, is_active=True), cycle, text, url, due)


def tell(users: Iterable[User], cycle: Cycle, text: str, url: str = "", due: datetime | None = None) -> int:
    """Tell these accounts; return how many were told."""
    assert inside_action(), "a notice was written outside an action"
    rows = [Notice(user=user, cycle=cycle, text=text[:300], url=url, due=due) for user in users]
    Notice.objects.bulk_create(rows, batch_size=500)
    return len(rows)


def tell_each(urls: Mapping[int, str], cycle: Cycle, text: str) -> int:
    """Tell the accounts of many people (ids) the same, each with an address of their own; two queries for all."""
    assert inside_action(), "a notice was written outside an action"
    users = User.objects.filter(person__in=list(urls), is_active=True)
    rows = [Notice(user=user, cycle=cycle, text=text[:300], url=urls[user.person_id or 0]) for user in users]
    Notice.objects.bulk_create(rows, batch_size=500)
    return len(rows)
