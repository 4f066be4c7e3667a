"""Who is appraised, and when: the period, and the assignments inside it as segments."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _
from meritdesk.results import Period
from meritdesk.scheme.document import Scheme

EPOCH = datetime.date(1970, 1, 1)


def day_number(day: datetime.date) -> int:
    """Return the days since 1970-01-01."""
    return (day - EPOCH).days


def to_date(number: int) -> datetime.date:
    """Return the date of a day number."""
    return EPOCH + datetime.timedelta(days=number)


def parse_period(text: str) -> Period:
    """Read ``2024-01``, ``2024-Q1``, ``2024-H1``, ``2024`` or ``2024-01-05..2024-02-04``; MeritdeskError otherwise."""
    try:
        if ".." in text:
            first, last = (datetime.date.fromisoformat(part.strip()) for part in text.split("..", 1))
            if last < first:
                raise ValueError(text)
            return Period(first, last)
        match = re.fullmatch(r"(\d{4})(?:-(?:Q([1-4])|H([12])|(\d{2})))?", text.strip().upper())
        if match is None:
            raise ValueError(text)
        year, quarter, half, month = (int(part) if part else None for part in match.groups())
        assert year is not None
        if quarter:
            start, months = 3 * quarter - 2, 3
        elif half:
            start, months = 6 * half - 5, 6
        elif month is not None:
            start, months = month, 1
        else:
            start, months = 1, 12
        first = datetime.date(year, start, 1)
        after = start + months
        return Period(first, datetime.date(year + (after > 12), (after - 1) % 12 + 1, 1) - datetime.timedelta(days=1))
    except ValueError:
        raise MeritdeskError(
            Problem(
                code="bad-period",
                place="--period",
                message=_("“{text}”不是期间").format(text=text),
                fix=_("写成 2024-01、2024-Q1、2024-H1、2024 或 2024-01-05..2024-02-04"),
            )
        ) from None


@dataclass(frozen=True)
class Assignment:
    """One assignment clipped to the period: days [from_day, to_day) since 1970."""

    key: int
    person: str
    name: str
    department: str
    team: str
    position: str
    superior: str
    from_day: int
    to_day: int
    last: bool

    @property
    def days(self) -> int:
        """Return the number of days."""
        return self.to_day - self.from_day


def roster(people: pa.Table, scheme: Scheme, period: Period) -> tuple[list[Assignment], list[Problem]]:
    """Return the assignments of the scheme's positions inside the period, by person and day, and what is odd.

    A position may be written as its id or its title. Overlapping assignments of one person are refused: the later one
    ends the earlier one only if the roster says so.
    """
    positions = {key: p.id for p in scheme.positions for key in (p.id, p.title, p.title_en) if key}
    first, after = day_number(period.first), day_number(period.last) + 1
    found: list[dict[str, object]] = []
    others: dict[str, int] = {}
    for row in people.to_pylist():
        start, end = (
            max(row["valid_from"], first),
            min(row["valid_to"] if row["valid_to"] is not None else after, after),
        )
        if start >= end:
            continue
        position = positions.get(row["position"])
        if position is None:
            others[row["position"]] = others.get(row["position"], 0) + 1
            continue
        found.append({**row, "position": position, "from_day": start, "to_day": end})
    found.sort(key=lambda row: (str(row["person"]), row["from_day"]))
    problems = [
        Problem(
            code="position-not-in-scheme",
            place=position,
            message=_("{n} 条任职的岗位“{position}”不在方案中，未考核").format(n=n, position=position),
            fix=_("若应考核，请在方案的 positions 中加入该岗位，或改正名册"),
            severity="warning",
        )
        for position, n in sorted(others.items())
    ]
    return _numbered(found, problems), problems


def everybody(people: pa.Table, period: Period) -> list[Assignment]:
    """Return every assignment inside the period, whatever the position: for figures without a scheme."""
    first, after = day_number(period.first), day_number(period.last) + 1
    found = []
    for row in people.to_pylist():
        end = after if row["valid_to"] is None else min(row["valid_to"], after)
        if max(row["valid_from"], first) < end:
            found.append({**row, "from_day": max(row["valid_from"], first), "to_day": end})
    found.sort(key=lambda row: (str(row["person"]), row["from_day"]))
    return _numbered(found, [])


def _numbered(found: Sequence[dict[str, object]], problems: list[Problem]) -> list[Assignment]:
    assignments: list[Assignment] = []
    for number, row in enumerate(found):
        following = found[number + 1] if number + 1 < len(found) else None
        same = following is not None and following["person"] == row["person"]
        if same and following is not None and int(str(following["from_day"])) < int(str(row["to_day"])):
            problems.append(
                Problem(
                    code="assignments-overlap",
                    place=str(row["person"]),
                    message=_("{person} 的两段任职日期重叠").format(person=row["person"]),
                    fix=_("改正名册中的起止日期，使各段首尾相接"),
                )
            )
        assignments.append(
            Assignment(
                key=number,
                person=str(row["person"]),
                name=str(row["name"] or row["person"]),
                department=str(row["department"] or ""),
                team=str(row["team"] or ""),
                position=str(row["position"]),
                superior=str(row["superior"] or ""),
                from_day=int(str(row["from_day"])),
                to_day=int(str(row["to_day"])),
                last=not same,
            )
        )
    return assignments
