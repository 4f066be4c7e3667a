"""The working calendar of a year as a page shows it."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from meritdesk.errors import MeritdeskError
from meritdesk.events.calendar import WorkCalendar
from meritdesk.web.people.calendar import company_calendar
from meritdesk.web.people.models import CalendarDay


@dataclass(frozen=True)
class Day:
    """A day of the calendar; `state` is work, rest, holiday (a weekday off), shifted (a weekend at work) or unknown."""

    day: date
    state: str
    own: CalendarDay | None


@dataclass(frozen=True)
class Month:
    """A month as weeks of seven, Monday first; None outside the month."""

    first: date
    weeks: Sequence[Sequence[Day | None]]
    working: int


@dataclass(frozen=True)
class Year:
    """A year of the calendar."""

    year: int
    months: Sequence[Month]
    own: Sequence[CalendarDay]
    covered: bool
    """Whether the company said that its own days are all exceptions of the year."""
    published: bool
    """Whether a published calendar covers the year."""

    @property
    def working(self) -> int:
        """Return the number of working days."""
        return sum(month.working for month in self.months)


def year_page(year: int) -> Year:
    """Return a year of the company's calendar; three queries."""
    own = {day.day: day for day in CalendarDay.objects.filter(day__year=year).order_by("day")}
    company = company_calendar()
    published = _is_published(year)

    def shown(day: date | None) -> Day | None:
        if day is None:
            return None
        try:
            working = company.is_working(day)
        except MeritdeskError:
            return Day(day, "unknown" if day.weekday() < 5 else "rest", own.get(day))
        weekday = day.weekday() < 5
        state = ("work" if weekday else "shifted") if working else ("holiday" if weekday else "rest")
        return Day(day, state, own.get(day))

    months = []
    for number in range(1, 13):
        weeks = [
            [shown(day if day.month == number else None) for day in week]
            for week in calendar.Calendar().monthdatescalendar(year, number)
        ]
        working = sum(day.state in ("work", "shifted") for week in weeks for day in week if day)
        months.append(Month(date(year, number, 1), weeks, working))
    return Year(year, months, list(own.values()), year in company.covered_years, published)


def _is_published(year: int) -> bool:
    try:
        WorkCalendar("china").is_working(date(year, 10, 8))
    except MeritdeskError:
        return False
    return True
