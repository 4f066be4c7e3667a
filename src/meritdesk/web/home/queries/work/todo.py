"""One thing to do: what, why, until when, and the page where it is done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.urls import NoReverseMatch, reverse
from django.utils import timezone

SOON_DAYS = 2


@dataclass(frozen=True, kw_only=True)
class Todo:
    """A line of the work list; `act` names the button by its effect."""

    title: str
    why: str
    act: str
    url: str
    due: date | None = None

    @property
    def late(self) -> bool:
        """Return whether its day is over."""
        return self.due is not None and self.due < timezone.localdate()

    @property
    def soon(self) -> bool:
        """Return whether it is due today or in the next days."""
        return self.due is not None and not self.late and self.due <= timezone.localdate() + timedelta(days=SOON_DAYS)


def in_order(todos: Iterable[Todo]) -> list[Todo]:
    """Return the work by deadline; what has none comes last, in the order given."""
    return sorted(todos, key=lambda todo: todo.due or date.max)


def link(name: str, *arguments: object) -> str:
    """Return an address by its name; the home page for a page that this installation does not have."""
    try:
        return reverse(name, args=arguments)
    except NoReverseMatch:
        return "/"
