"""Working days, business hours and business days, clock changes included."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from meritdesk.errors import MeritdeskError
from meritdesk.events.calendar import (
    HoursDocument,
    WorkCalendar,
    add_working_days,
    business_day,
    business_seconds,
    deadline,
)

CHINA = WorkCalendar("china")


def at(text: str, zone: str = "Asia/Shanghai", fold: int = 0) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp())


def days(day: int) -> str:
    return date.fromordinal(719_163 + day).isoformat()


@pytest.mark.parametrize(
    ("day", "working"),
    [("2025-09-28", True), ("2026-02-14", True), ("2025-10-08", False), ("2025-10-09", True), ("2025-10-11", True)],
)
def test_shifted_workdays(day: str, working: bool) -> None:
    assert CHINA.is_working(date.fromisoformat(day)) is working


def test_working_days_skip_the_national_holiday() -> None:
    # Filed on Tuesday 30 September 2025: the holiday runs to 8 October, Saturday 11 October is worked.
    assert add_working_days(date(2025, 9, 30), 3, CHINA) == date(2025, 10, 11)
    end = deadline(at("2025-09-30 15:00"), 3, CHINA)
    assert datetime.fromtimestamp(end, ZoneInfo("Asia/Shanghai")).isoformat() == "2025-10-12T00:00:00+08:00"


def test_a_year_that_is_not_covered_is_refused() -> None:
    with pytest.raises(MeritdeskError) as caught:
        add_working_days(date(2026, 12, 30), 5, CHINA)
    problem = caught.value.problems[0]
    assert (problem.code, problem.place) == ("calendar-uncovered", "2027-01-01")
    assert "2027" in problem.message


def test_a_company_can_cover_a_year_itself() -> None:
    own = WorkCalendar("china", {date(2027, 1, 1): False}, frozenset({2027}))
    assert add_working_days(date(2026, 12, 31), 1, own) == date(2027, 1, 4)


def test_business_seconds_leave_out_nights_lunch_and_holidays() -> None:
    hours = HoursDocument.model_validate(
        {"week": {"mon-fri": "09:00-12:00, 13:00-18:00"}, "holidays": "china", "zone": "Asia/Shanghai"}
    ).hours()
    assert business_seconds(at("2025-09-30 17:00"), at("2025-10-09 10:00"), hours) == 2 * 3600
    assert business_seconds(at("2025-09-26 11:30"), at("2025-09-26 13:30"), hours) == 3600
    # Sunday 28 September 2025 is worked in exchange for the holiday, with Monday's hours.
    assert business_seconds(at("2025-09-28 00:00"), at("2025-09-29 00:00"), hours) == 8 * 3600
    assert business_seconds(at("2025-09-26 13:30"), at("2025-09-26 11:30"), hours) == -3600


def test_clock_changes_count_real_seconds() -> None:
    zone = "America/New_York"
    hours = HoursDocument.model_validate({"week": {"mon-sun": "00:00-24:00"}, "zone": zone}).hours()
    assert business_seconds(at("2024-11-03 00:00", zone), at("2024-11-04 00:00", zone), hours) == 25 * 3600
    assert business_seconds(at("2024-03-10 00:00", zone), at("2024-03-11 00:00", zone), hours) == 23 * 3600
    night = HoursDocument.model_validate({"week": {"sun": "01:00-03:00"}, "zone": zone}).hours()
    assert business_seconds(at("2024-11-03 00:00", zone), at("2024-11-04 00:00", zone), night) == 3 * 3600
    assert business_seconds(at("2024-03-10 00:00", zone), at("2024-03-11 00:00", zone), night) == 3600


@pytest.mark.parametrize(
    ("moment", "zone", "cutoff", "expected"),
    [
        ("2024-01-05T16:00:00", "Asia/Shanghai", 0, "2024-01-06"),
        ("2024-01-05T15:59:59", "Asia/Shanghai", 0, "2024-01-05"),
        ("2024-01-05T19:59:59", "Asia/Shanghai", 4 * 3600, "2024-01-05"),
        ("2024-01-05T20:00:00", "Asia/Shanghai", 4 * 3600, "2024-01-06"),
        ("2024-01-05T18:29:59", "Asia/Kolkata", 0, "2024-01-05"),
        ("2024-01-05T18:30:00", "Asia/Kolkata", 0, "2024-01-06"),
        ("2024-01-05T03:00:00", "America/New_York", 0, "2024-01-04"),
        ("1969-12-31T23:00:00", "UTC", 0, "1969-12-31"),
    ],
)
def test_business_day(moment: str, zone: str, cutoff: int, expected: str) -> None:
    epoch = int(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp())
    assert days(business_day(epoch, zone, cutoff)) == expected


@pytest.mark.parametrize(
    "week", [{"monday": "09:00-18:00"}, {"mon": "9-18"}, {"mon": "18:00-09:00"}, {"mon": "9:00-12:00, 11:00-13:00"}]
)
def test_unreadable_hours_are_refused(week: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"营业|星期"):
        HoursDocument.model_validate({"week": week})
