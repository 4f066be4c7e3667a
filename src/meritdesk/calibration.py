"""Which raters of one person are so far apart that they must meet (R4.5). Compares ratings; changes no score.

A rater's total is the weighted mean, of 100, of the scores given on the indicators that both raters judged: 90 against
70 is a difference of 20.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from itertools import combinations

from meritdesk.errors import Problem
from meritdesk.facts import RatingRecord
from meritdesk.language import _
from meritdesk.roster import Assignment
from meritdesk.scheme.document import Scheme

CENT = Decimal("0.01")


@dataclass(frozen=True)
class Apart:
    """Two raters of one segment whose totals differ by the threshold or more; totals of 100, at 0.01."""

    person: str
    segment: int
    first_role: str
    first_rater: str
    first_total: Decimal
    second_role: str
    second_rater: str
    second_total: Decimal
    indicators: tuple[str, ...]

    @property
    def difference(self) -> Decimal:
        """Return the size of the difference."""
        return abs(self.first_total - self.second_total)


def raters_apart(scheme: Scheme, ratings: Sequence[RatingRecord], assignments: Sequence[Assignment]) -> list[Apart]:
    """Return every pair of raters that the scheme sends to calibration, in the order of the assignments."""
    if scheme.raters is None or scheme.raters.calibration is None:
        return []
    rule = scheme.raters.calibration
    people = {a.key: a.person for a in assignments}
    given: dict[int, dict[tuple[str, str], dict[str, Decimal]]] = defaultdict(lambda: defaultdict(dict))
    for record in ratings:
        given[record.segment][record.role, record.rater][record.indicator] = record.score
    weights = _weights(scheme)
    found = []
    for segment in sorted(given):
        for (first, first_scores), (second, second_scores) in combinations(sorted(given[segment].items()), 2):
            shared = tuple(name for name in weights if name in first_scores and name in second_scores)
            if len(shared) < rule.at_least:
                continue
            totals = [_total(weights, shared, scores) for scores in (first_scores, second_scores)]
            if abs(totals[0] - totals[1]) >= rule.threshold:
                found.append(Apart(people[segment], segment, *first, totals[0], *second, totals[1], shared))
    return found


def _weights(scheme: Scheme) -> dict[str, tuple[Decimal, Decimal]]:
    """Return (weight in the total, full points) of each indicator."""
    found = {}
    for dimension, indicator in scheme.indicators():
        inside = [i for i in dimension.indicators if i.part_of_total]
        equal = all(i.weight is None for i in inside)
        share = Decimal(100) / len(inside) if equal and inside else indicator.weight or Decimal(0)
        weight = (
            (dimension.weight or Decimal(0)) * share if scheme.style == "weights" else indicator.points or Decimal(0)
        )
        found[indicator.id] = (weight, scheme.full_points(indicator) or Decimal(100))
    return found


def _total(weights: dict[str, tuple[Decimal, Decimal]], shared: Sequence[str], scores: dict[str, Decimal]) -> Decimal:
    whole = sum((weights[name][0] for name in shared), Decimal(0)) or Decimal(1)
    total = sum((weights[name][0] * scores[name] / weights[name][1] for name in shared), Decimal(0))
    return (100 * total / whole).quantize(CENT, ROUND_HALF_UP)


def as_problems(scheme: Scheme, found: Sequence[Apart], names: Mapping[str, str]) -> list[Problem]:
    """Return one warning per pair, for the report of a run; raters of anonymous roles are not named."""
    roles = {role.id: role for role in (scheme.raters.roles if scheme.raters else ())}
    hidden = scheme.raters.anonymous if scheme.raters else ()

    def who(role: str, rater: str) -> str:
        return roles[role].title + ("" if role in hidden else f"（{names.get(rater, rater)}）")

    return [
        Problem(
            code="raters-apart",
            place=apart.person,
            message=_(
                "{first}给 {first_total} 分，{second}给 {second_total} 分，相差 {difference} 分，需要校准"
            ).format(
                first=who(apart.first_role, apart.first_rater),
                first_total=apart.first_total,
                second=who(apart.second_role, apart.second_rater),
                second_total=apart.second_total,
                difference=apart.difference,
            ),
            fix=_("召开校准会，依据事实统一评分后重新计算"),
            severity="warning",
        )
        for apart in found
    ]
