"""Deadlines in working days, on the company's calendar, in Asia/Shanghai."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from meritdesk.events.calendar import SHANGHAI, WorkCalendar, add_working_days, deadline
from meritdesk.web.people.calendar import company_calendar

ZONE = ZoneInfo(SHANGHAI)


def day_of(moment: datetime) -> date:
    """Return the business day of a moment."""
    return moment.astimezone(ZONE).date()


def end_of(day: date | None) -> datetime | None:
    """Return 24:00 of a day, the first moment that is too late; None for no day."""
    return None if day is None else datetime.combine(day + timedelta(days=1), time(0), ZONE)


def due_day(day: date, working_days: int, calendar: WorkCalendar | None = None) -> date:
    """Return the last day in time, counted from the day after `day`; MeritdeskError for a year without calendar.

    `calendar`: the company's, where it is at hand already.
    """
    return add_working_days(day, working_days, calendar or company_calendar())


def due_moment(filed: datetime, working_days: int, calendar: WorkCalendar | None = None) -> datetime:
    """Return the first moment that is too late: 24:00 of the last working day."""
    end = deadline(int(filed.timestamp()), working_days, calendar or company_calendar())
    return datetime.fromtimestamp(end, UTC)
