"""What the organisation looks like before an import: names and days only, no database in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from meritdesk.web.people.ranges import range_text


@dataclass(frozen=True)
class Stay:
    """One assignment by names: `superior` is a staff key, `position` a code (a title, where it is still to be made)."""

    department: str
    team: str
    position: str
    superior: str
    job_grade: str
    skill_grade: str
    valid_from: date
    valid_to: date | None = None
    pk: int = field(default=0, compare=False)
    """Id in the database; 0 for one still to be made."""
    row: int = field(default=0, compare=False)
    """The row of the file that made or changed it; 0 for none."""

    @property
    def post(self) -> tuple[str, str, str, str, str, str]:
        """Return everything but the days."""
        return (self.department, self.team, self.position, self.superior, self.job_grade, self.skill_grade)

    @property
    def days(self) -> str:
        """Return the days as people read them."""
        return range_text(self.valid_from, self.valid_to)


@dataclass(frozen=True)
class Known:
    """Somebody on the roster with their assignments, earliest first."""

    pk: int
    key: str
    name: str
    email: str
    stays: Sequence[Stay]


@dataclass(frozen=True)
class Present:
    """The organisation as it is: by names, with the ids that writing needs."""

    departments: Mapping[str, int] = field(default_factory=dict)
    teams: Mapping[tuple[str, str], int] = field(default_factory=dict)
    positions: Mapping[str, tuple[int, str, str]] = field(default_factory=dict)
    """Code → (id, title, English title)."""
    people: Mapping[str, Known] = field(default_factory=dict)
    """Staff key → person."""
