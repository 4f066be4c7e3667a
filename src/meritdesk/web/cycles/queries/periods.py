"""Periods to choose from with one click, the kinds they fit, and the deadlines that follow a period."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.events.calendar import WorkCalendar, add_working_days
from meritdesk.language import _
from meritdesk.readiness import LENGTHS, unlike_cycle
from meritdesk.results import Period
from meritdesk.scheme.document import Scheme
from meritdesk.web.people.calendar import company_calendar

MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
STEPS = ("self_due", "rating_due", "review_due", "sign_due")
"""Fields of a cycle's deadlines, in their order."""


@dataclass(frozen=True)
class Choice:
    """A period offered by name."""

    key: str
    title: str
    kind: str
    first: date
    last: date


def offered(today: date) -> list[Choice]:
    """Return the month, quarter, half-year and year before today and the running ones, the usual first."""
    names = {
        "month": (_("上月"), _("本月")),
        "quarter": (_("上季度"), _("本季度")),
        "half_year": (_("上半年度"), _("本半年度")),
        "year": (_("上年"), _("今年")),
    }
    found = []
    for kind, (before, now) in names.items():
        first = _beginning(today, kind)
        earlier = _beginning(first - timedelta(days=1), kind)
        for key, title, start in ((f"last_{kind}", before, earlier), (f"this_{kind}", now, first)):
            last = _after(start, kind) - timedelta(days=1)
            found.append(Choice(key, f"{title} ({period_title(start, last)})", kind, start, last))
    return found


def _beginning(day: date, kind: str) -> date:
    months = MONTHS[kind]
    return date(day.year, (day.month - 1) // months * months + 1, 1)


def _after(first: date, kind: str) -> date:
    month = first.month - 1 + MONTHS[kind]
    return date(first.year + month // 12, month % 12 + 1, 1)


def period_title(first: date, last: date) -> str:
    """Return a period as people call it: 2025年9月, 2025年第3季度, 2025年上半年, 2025年, or its days."""
    kind = next((k for k in MONTHS if _beginning(first, k) == first and _after(first, k) - timedelta(1) == last), "")
    number = (first.month - 1) // MONTHS.get(kind, 1) + 1
    if kind == "month":
        return _("{year}年{month}月").format(year=first.year, month=first.month)
    if kind == "quarter":
        return _("{year}年第{n}季度").format(year=first.year, n=number)
    if kind == "half_year":
        text = _("{year}年上半年") if number == 1 else _("{year}年下半年")
        return text.format(year=first.year)
    if kind == "year":
        return _("{year}年").format(year=first.year)
    return _("{first} 至 {last}").format(first=first.isoformat(), last=last.isoformat())


def deadlines_of(
    scheme: Scheme, last: date, today: date, calendar: WorkCalendar | None = None
) -> tuple[Mapping[str, date], list[Problem]]:
    """Return the day of each step by the scheme's working days, from the end of the period or today if that is later.

    A year that the calendar does not cover gives a problem and no days from there on.
    """
    terms = scheme.deadlines
    counts = (terms.self_appraisal, terms.rating, terms.review, terms.sign_off)
    found: dict[str, date] = {}
    calendar = calendar or company_calendar()
    day = max(last, today)
    for name, count in zip(STEPS, counts, strict=True):
        try:
            day = add_working_days(day, count, calendar)
        except MeritdeskError as error:
            return found, list(error.problems)
        found[name] = day
    return found, []


def problems_of(scheme: Scheme, period: Period, today: date, calendar: WorkCalendar) -> list[Problem]:
    """Return what is odd about a scheme over a period: its length, days still to come, a year without calendar."""
    found = []
    try:
        found += [_renamed(problem) for problem in unlike_cycle(scheme, period)]
    except MeritdeskError as error:
        return list(error.problems)
    if period.last >= today:
        found.append(
            Problem(
                code="period-not-over",
                place="",
                message=_("考核期到 {last} 才结束").format(last=period.last.isoformat()),
                fix=_("可以先建立并定目标；数据和评分等期末再收"),
                severity="info",
            )
        )
    for year in sorted({period.first.year, period.last.year}):
        try:
            calendar.is_working(date(year, 1, 4))
        except MeritdeskError as error:
            found += error.problems
    return found


def _renamed(problem: Problem) -> Problem:
    return Problem(code=problem.code, place="", message=problem.message, fix=problem.fix, severity="warning")


def fits(kind: str, first: date, last: date) -> bool:
    """Return whether a period has the length of a kind of cycle."""
    low, high = LENGTHS.get(kind, (1, 10_000))
    return low <= (last - first).days + 1 <= high
