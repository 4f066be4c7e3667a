"""Which values of a grid are covered by which intervals: gaps, overlaps and what can never be reached.

A value is an integer of 10**-scale units, so 2000 and 2001 are neighbours for a count and 79.99 % and 80 % for a rate
of four decimals. Knows intervals only, not what they are for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from meritdesk.rules.numbers import Bounds, format_number, to_decimal


@dataclass(frozen=True, slots=True)
class Segment:
    """Neighbouring values covered by the same intervals (their indices); None: no end on that side."""

    low: int | None
    high: int | None
    covers: tuple[int, ...]

    def bounds(self, scale: int) -> Bounds:
        """Return the values as an interval of the grid, ends included."""
        low = None if self.low is None else to_decimal(self.low, scale)
        high = None if self.high is None else to_decimal(self.high, scale)
        return Bounds(low, high)

    def shown(self, scale: int) -> str:
        """Return the values as a place names them: ``30``, ``[51, 60]``."""
        single = self.low is not None and self.low == self.high
        return format_number(to_decimal(self.low or 0, scale)) if single else str(self.bounds(scale))


def segments(intervals: Sequence[Bounds], scale: int, low: int | None = None, high: int | None = None) -> list[Segment]:
    """Return the whole grid from `low` to `high` cut where the set of covering intervals changes, in rising order."""
    ends = [bounds.inclusive(scale) for bounds in intervals]
    starts = {value for first, _last in ends if (value := first) is not None}
    starts |= {last + 1 for _first, last in ends if last is not None}
    inside = sorted(s for s in starts if (low is None or s > low) and (high is None or s <= high))
    cuts: list[int | None] = [low, *inside]
    found: list[Segment] = []
    for number, first in enumerate(cuts):
        following = cuts[number + 1] if number + 1 < len(cuts) else None
        last = high if following is None else following - 1
        covers = tuple(i for i, (least, most) in enumerate(ends) if _covers(least, most, first, last))
        if found and found[-1].covers == covers:
            found[-1] = Segment(found[-1].low, last, covers)
        else:
            found.append(Segment(first, last, covers))
    return found


def _covers(least: int | None, most: int | None, first: int | None, last: int | None) -> bool:
    """True if [least, most] holds [first, last], which lies wholly inside or wholly outside of it."""
    if least is not None and (first is None or first < least):
        return False
    return most is None or (last is not None and last <= most)


def unreachable(found: Sequence[Segment], count: int) -> list[int]:
    """Return the indices of intervals that are nowhere the first to hold a value."""
    first = {segment.covers[0] for segment in found if segment.covers}
    return [index for index in range(count) if index not in first]
