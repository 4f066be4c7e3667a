"""Business days, working days and business hours: the only place where clocks and calendars meet event data.

Durations are real elapsed seconds: the hour that a clock repeats counts twice, the hour it skips not at all. The
Chinese calendar knows the shifted workdays (调休) of published years only; an uncovered year is refused, because a
guessed holiday would move a deadline.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

import chinese_calendar
from pydantic import BaseModel, ConfigDict, model_validator

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _

EPOCH = date(1970, 1, 1)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SHANGHAI = "Asia/Shanghai"

Span = tuple[int, int]


@dataclass(frozen=True, eq=False)
class WorkCalendar:
    """Which days are working days. `china`: the published calendar with shifted workdays; `week`: Monday to Friday;
    `every_day`: all. `overrides` (day → working?) prevail, so that a company can add its own; a year in
    `covered_years` needs no published calendar, because the overrides are said to hold all its exceptions."""

    kind: Literal["china", "week", "every_day"] = "china"
    overrides: Mapping[date, bool] = field(default_factory=dict)
    covered_years: frozenset[int] = frozenset()

    def is_working(self, day: date) -> bool:
        """Return whether `day` is a working day; raises MeritdeskError (`calendar-uncovered`) for an unknown year."""
        if day in self.overrides:
            return self.overrides[day]
        if self.kind == "every_day":
            return True
        if self.kind == "week" or day.year in self.covered_years:
            return day.weekday() < 5
        try:
            return bool(chinese_calendar.is_workday(day))
        except NotImplementedError as error:
            message = _("工作日历尚不包含 {year} 年。").format(year=day.year)
            fix = _("请在国务院公布后升级日历，或在日历表中补充该年的节假日和调休。")
            raise MeritdeskError(
                Problem(code="calendar-uncovered", place=day.isoformat(), message=message, fix=fix,
                        why=_("猜测的节假日会使期限算错。"))
            ) from error  # fmt: skip


@dataclass(frozen=True)
class BusinessHours:
    """Opening hours per weekday (Monday first) as spans of seconds after local midnight, in `zone`.

    A working day that falls on a weekday without hours (a shifted workday) takes those of `shifted`, a weekday number.
    """

    zone: str
    week: tuple[tuple[Span, ...], ...]
    calendar: WorkCalendar = WorkCalendar("every_day")
    shifted: int = 0

    def spans(self, day: date) -> tuple[Span, ...]:
        """Return the opening spans of `day` in local seconds after midnight; none on a day off."""
        if self.calendar.kind == "every_day" and day not in self.calendar.overrides:
            return self.week[day.weekday()]
        if not self.calendar.is_working(day):
            return ()
        return self.week[day.weekday()] or self.week[self.shifted]


class HoursDocument(BaseModel):
    """Business hours as written in YAML: ``week: {mon-fri: "09:00-12:00, 13:00-18:00"}``, holidays, overrides."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    week: dict[str, str]
    zone: str = SHANGHAI
    holidays: Literal["china", "week", "every_day"] = "every_day"
    days: dict[date, bool] = {}
    shifted: Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"] = "mon"

    @model_validator(mode="after")
    def _readable(self) -> HoursDocument:
        self.hours()
        return self

    def hours(self) -> BusinessHours:
        """Return the hours; raises ValueError for a weekday or span that cannot be read."""
        week: list[tuple[Span, ...]] = [()] * 7
        for names, text in self.week.items():
            first, dash, last = names.partition("-")
            if first not in WEEKDAYS or (dash and last not in WEEKDAYS):
                raise ValueError(_("星期应写成 mon … sun 或 mon-fri"))
            start = WEEKDAYS.index(first)
            for number in range(start, (WEEKDAYS.index(last) if dash else start) + 1):
                week[number] = _spans(text)
        calendar = WorkCalendar(self.holidays, self.days)
        return BusinessHours(self.zone, tuple(week), calendar, WEEKDAYS.index(self.shifted))


def _spans(text: str) -> tuple[Span, ...]:
    spans: list[Span] = []
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        found = re.fullmatch(r"([0-2]?[0-9]):([0-5][0-9])-([0-2]?[0-9]):([0-5][0-9])", part)
        if not found:
            raise ValueError(_("营业时间应写成 09:00-18:00"))
        numbers = [int(digits) for digits in found.groups()]
        start, end = numbers[0] * 3600 + numbers[1] * 60, numbers[2] * 3600 + numbers[3] * 60
        if not start < end <= 86400 or (spans and start < spans[-1][1]):
            raise ValueError(_("营业时间须先后有序且不超过 24:00"))
        spans.append((start, end))
    return tuple(spans)


def business_day(epoch: int, zone: str, cutoff_seconds: int = 0) -> int:
    """Return the business day (days since 1970-01-01) of an instant: before the cut-off it is still the day before."""
    local = datetime.fromtimestamp(epoch, ZoneInfo(zone)).replace(tzinfo=None) - timedelta(seconds=cutoff_seconds)
    return (local.date() - EPOCH).days


def local_midnight(day: date, zone: str) -> int:
    """Return the instant (UTC seconds) at which `day` begins in `zone`."""
    return int(datetime.combine(day, time(0), ZoneInfo(zone)).astimezone(UTC).timestamp())


@lru_cache(maxsize=20_000)
def _open_spans(hours: BusinessHours, ordinal: int) -> tuple[Span, ...]:
    """Opening spans of a day as instants, cached: a month of tickets asks for the same days again and again."""
    day, zone = date.fromordinal(ordinal), ZoneInfo(hours.zone)
    spans = []
    for start, end in hours.spans(day):
        instants = []
        for seconds in (start, end):
            moment = datetime.combine(day, time(0)) + timedelta(seconds=seconds)
            instants.append(int(moment.replace(tzinfo=zone).astimezone(UTC).timestamp()))
        if instants[1] > instants[0]:
            spans.append((instants[0], instants[1]))
    return tuple(spans)


def business_seconds(start: int, end: int, hours: BusinessHours) -> int:
    """Return the seconds between two instants that lie inside opening hours (negative when `end` is before `start`).

    Raises MeritdeskError for days whose calendar is not known.
    """
    if end < start:
        return -business_seconds(end, start, hours)
    zone = ZoneInfo(hours.zone)
    first = datetime.fromtimestamp(start, zone).toordinal()
    last = datetime.fromtimestamp(end, zone).toordinal()
    total = 0
    for ordinal in range(first, last + 1):
        for opening, closing in _open_spans(hours, ordinal):
            total += max(0, min(end, closing) - max(start, opening))
    return total


def add_working_days(day: date, count: int, calendar: WorkCalendar) -> date:
    """Return the `count`-th working day after `day` (R4.7: days count from the day after).

    Raises MeritdeskError (`calendar-uncovered`) when the way there leads through an unknown year; ValueError for a
    negative count.
    """
    if count < 0:
        raise ValueError(count)
    while count:
        day += timedelta(days=1)
        if calendar.is_working(day):
            count -= 1
    return day


def deadline(filed: int, count: int, calendar: WorkCalendar, zone: str = SHANGHAI) -> int:
    """Return the instant at which a term of `count` working days ends: 24:00 of the last one, in `zone` (R4.7)."""
    filed_on = datetime.fromtimestamp(filed, ZoneInfo(zone)).date()
    return local_midnight(add_working_days(filed_on, count, calendar) + timedelta(days=1), zone)
