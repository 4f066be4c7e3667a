"""What another scheme would have meant: the same people and periods under two schemes, side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from meritdesk.results import Appraisal, Period, Results


@dataclass(frozen=True)
class Change:
    """One person in one period under both schemes; None where a scheme gives no result."""

    period: Period
    person: str
    name: str
    total_before: Decimal | None
    total_after: Decimal | None
    grade_before: str
    grade_after: str
    pay_before: Decimal | None
    pay_after: Decimal | None
    direction: int
    """1 winner, −1 loser, 0 neither: by pay where both pay, else by grade, else by total."""

    @property
    def comparable(self) -> bool:
        """Return whether both schemes give pay, or both a total."""
        totals = self.total_before is not None and self.total_after is not None
        return totals or self.pay_difference is not None

    @property
    def pay_difference(self) -> Decimal | None:
        """Return pay after − pay before, in yuan; None unless both schemes pay."""
        if self.pay_before is None or self.pay_after is None:
            return None
        return self.pay_after - self.pay_before


@dataclass(frozen=True)
class Simulation:
    """All changes, and what they add up to."""

    changes: tuple[Change, ...]
    winners: int
    losers: int
    unchanged: int
    """People in a period who neither win nor lose; who is in one scheme only is none of the three."""
    cost: Decimal | None
    """Σ pay after − Σ pay before over everybody whom both schemes pay, in yuan; None when a scheme pays nobody."""
    not_compared: int
    """People in a period for whom only one of the schemes gives pay (or a total, when none pays)."""
    grades_before: dict[str, int]
    grades_after: dict[str, int]


def compare(before: Sequence[Results], after: Sequence[Results]) -> Simulation:
    """Return how the results change; the two sequences hold the same periods in the same order."""
    changes: list[Change] = []
    for old, new in zip(before, after, strict=True):
        if old.run.period != new.run.period:
            raise ValueError(f"periods differ: {old.run.period} and {new.run.period}")
        new_by_person = {a.person: a for a in new.appraisals}
        old_by_person = {a.person: a for a in old.appraisals}
        for person in sorted(old_by_person.keys() | new_by_person.keys()):
            changes.append(_change(old, new, old_by_person.get(person), new_by_person.get(person)))
    differences = [c.pay_difference for c in changes if c.pay_difference is not None]
    directions = Counter(c.direction for c in changes)
    compared = bool(differences)
    return Simulation(
        changes=tuple(changes),
        winners=directions[1],
        losers=directions[-1],
        unchanged=sum(c.direction == 0 and c.comparable for c in changes),
        cost=sum(differences, Decimal(0)) if compared else None,
        not_compared=sum(
            1
            for c in changes
            if (c.pay_difference is None if compared else c.total_before is None or c.total_after is None)
        ),
        grades_before=dict(Counter(c.grade_before for c in changes if c.grade_before)),
        grades_after=dict(Counter(c.grade_after for c in changes if c.grade_after)),
    )


def _change(old: Results, new: Results, before: Appraisal | None, after: Appraisal | None) -> Change:
    person = before or after
    assert person is not None
    old_pay, new_pay = before.pay_total if before else None, after.pay_total if after else None
    old_total, new_total = before.total if before else None, after.total if after else None
    direction = 0
    if old_pay is not None and new_pay is not None:
        direction = _sign(new_pay - old_pay)
    elif before and after and before.grade and after.grade and _same_grades(old, new):
        ids = [g.id for g in old.scheme.grades]
        direction = _sign(Decimal(ids.index(before.grade) - ids.index(after.grade)))
    elif old_total is not None and new_total is not None:
        direction = _sign(new_total - old_total)
    return Change(
        period=old.run.period,
        person=person.person,
        name=person.name,
        total_before=old_total,
        total_after=new_total,
        grade_before=before.grade_title if before else "",
        grade_after=after.grade_title if after else "",
        pay_before=old_pay,
        pay_after=new_pay,
        direction=direction,
    )


def _same_grades(old: Results, new: Results) -> bool:
    return [g.id for g in old.scheme.grades] == [g.id for g in new.scheme.grades]


def _sign(value: Decimal) -> int:
    return (value > 0) - (value < 0)
