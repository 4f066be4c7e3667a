"""Half-open ranges of days [first, end), as assignments have them; an empty end means: still running."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from datetime import date, timedelta
from typing import TypeVar

from meritdesk.language import _

K = TypeVar("K", bound=Hashable)
Edges = Mapping[K, Sequence[tuple[K, date, date | None]]]
"""Person → their superiors: (superior, first, end)."""


def overlap(first: date, end: date | None, other_first: date, other_end: date | None) -> bool:
    """Return whether two ranges have a day in common."""
    return (other_end is None or first < other_end) and (end is None or other_first < end)


def common(first: date, end: date | None, other_first: date, other_end: date | None) -> tuple[date, date | None] | None:
    """Return the days two ranges share, or None."""
    if not overlap(first, end, other_first, other_end):
        return None
    ends = [day for day in (end, other_end) if day is not None]
    return max(first, other_first), min(ends) if ends else None


def last_day(end: date | None) -> date | None:
    """Return the last day inside a range that ends before `end`."""
    return end - timedelta(days=1) if end else None


def day_after(last: date | None) -> date | None:
    """Return the end of a range whose last day is `last`."""
    return last + timedelta(days=1) if last else None


def range_text(first: date, end: date | None) -> str:
    """Return a range as people read it, both days included."""
    if end is None:
        return _("{first} 起").format(first=first.isoformat())
    return _("{first} 至 {last}").format(first=first.isoformat(), last=(end - timedelta(days=1)).isoformat())


def circle(edges: Edges[K], person: K, superior: K, first: date, end: date | None) -> list[K]:
    """Return the people through whom `person` would become their own superior on some day of the range; else nothing.

    The path begins with `superior` and ends with `person`. Only days on which every link of it holds count.
    """
    waiting: list[tuple[list[K], date, date | None]] = [([superior], first, end)]
    seen: set[tuple[K, date, date | None]] = set()
    while waiting:
        path, since, until = waiting.pop()
        if path[-1] == person:
            return path
        if (path[-1], since, until) in seen:
            continue
        seen.add((path[-1], since, until))
        for above, from_day, to_day in edges.get(path[-1], ()):
            days = common(since, until, from_day, to_day)
            if days and above not in path:
                waiting.append(([*path, above], *days))
    return []
