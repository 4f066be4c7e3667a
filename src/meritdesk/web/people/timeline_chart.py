"""Assignments as bars along time: places in parts of a thousand, for an SVG without any inline style."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from meritdesk.web.people.models import Assignment

WIDTH = 1000
NARROWEST = 6


@dataclass(frozen=True)
class Bar:
    """One assignment: where it begins, how wide it is, whether it is past, now or later."""

    assignment: Assignment
    left: int
    width: int
    row: int
    state: str

    @property
    def top(self) -> int:
        """Return the distance from the top."""
        return 26 + 30 * self.row

    @property
    def text_top(self) -> int:
        """Return where the line of its text stands."""
        return self.top + 16

    @property
    def anchor(self) -> str:
        """Return which end of the text is fixed: near the right edge it is written to the left."""
        return "end" if self.left > WIDTH * 6 // 10 else "start"

    @property
    def text_left(self) -> int:
        """Return the place of that end."""
        return self.left + self.width if self.anchor == "end" else self.left


@dataclass(frozen=True)
class Mark:
    """A day on the axis."""

    left: int
    text: str


@dataclass(frozen=True)
class Bars:
    """The picture: bars, years on the axis, today."""

    bars: Sequence[Bar]
    marks: Sequence[Mark]
    today: int
    height: int


def bars(assignments: Sequence[Assignment], today: date) -> Bars | None:
    """Return the picture of assignments (in any order), earliest on top; None for nobody's."""
    if not assignments:
        return None
    rows = sorted(assignments, key=lambda assignment: assignment.valid_from)
    first = rows[0].valid_from
    ends = [row.valid_to or row.valid_from for row in rows]
    last = max(today, *ends) + timedelta(days=30)
    span = max((last - first).days, 1)

    def at(day: date) -> int:
        return (day - first).days * WIDTH // span

    drawn = []
    for number, row in enumerate(rows):
        state = "later" if row.valid_from > today else "past" if row.valid_to and row.valid_to <= today else "now"
        left, right = at(row.valid_from), at(row.valid_to or last)
        drawn.append(Bar(row, left, max(right - left, NARROWEST), number, state))
    every = max(1, (last.year - first.year) // 8)
    years = range(first.year + 1, last.year + 1, every)
    marks = [Mark(at(date(year, 1, 1)), str(year)) for year in years]
    return Bars(drawn, marks, at(today), 34 + 30 * len(drawn))
