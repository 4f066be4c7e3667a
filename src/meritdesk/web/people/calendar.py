"""The company's working calendar: the published Chinese one with the company's own days. Every deadline uses it."""

from __future__ import annotations

from meritdesk.events.calendar import WorkCalendar
from meritdesk.web.people.models import CalendarDay, CoveredYear


def company_calendar() -> WorkCalendar:
    """Return the calendar by which the company counts working days; two queries."""
    return WorkCalendar(
        "china",
        overrides=dict(CalendarDay.objects.values_list("day", "working")),
        covered_years=frozenset(CoveredYear.objects.values_list("year", flat=True)),
    )
