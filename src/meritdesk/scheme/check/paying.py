"""Pay: what can fall below a floor, what has no amount, and what jumps."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from math import prod

from meritdesk.errors import Problem
from meritdesk.language import _
from meritdesk.rules.numbers import format_number, to_decimal
from meritdesk.scheme.check.catalogue import finding
from meritdesk.scheme.check.coverage import segments
from meritdesk.scheme.check.intervals import covering
from meritdesk.scheme.check.scorings import tier_pieces
from meritdesk.scheme.check.steps import cliffs
from meritdesk.scheme.check.subject import Subject, Values, metric_values
from meritdesk.scheme.document import Scheme
from meritdesk.scheme.methods import DeductMethod
from meritdesk.scheme.pay_items import (
    GradeTerm,
    MetricCondition,
    MetricTerm,
    Pay,
    PayItem,
    ScoreCondition,
    ScoreTerm,
    TiersTerm,
)

LARGEST_SHARE = Decimal("0.2")
"""A deduction may take at most a fifth of the month's wage."""
SCORE = Values(2, "higher", 0, None, endless=True)


def check_paying(subject: Subject) -> Iterator[Problem]:
    """Yield what is wrong with the pay items."""
    pay = subject.scheme.pay
    if pay is None:
        return
    yield from _floors(pay)
    for item in pay.items:
        place = f"pay.items.{item.id}"
        if item.at_least is not None and item.at_most is not None and item.at_least > item.at_most:
            message = _("“{title}”的下限 {low} 高于上限 {high}").format(
                title=item.title, low=format_number(item.at_least), high=format_number(item.at_most)
            )
            yield finding("limits-crossed", place, message)
        if item.at_least is None or item.at_least < 0:
            yield from _negative(subject.scheme, item, place)
        yield from _jumps(subject, item, place)
        for name, term in [("amount", item.amount), *((f"times.{n + 1}", t) for n, t in enumerate(item.times))]:
            if isinstance(term, GradeTerm):
                yield from _per_grade(subject.scheme, item, term, f"{place}.{name}")
            elif isinstance(term, TiersTerm):
                yield from _tiers(subject, item, term, f"{place}.{name}.tiers")


def _floors(pay: Pay) -> Iterator[Problem]:
    deductions = [item for item in pay.items if item.kind == "deduction"]
    for item in deductions:
        if item.at_most is None and pay.largest_deduction is None:
            message = _("“{title}”没有扣款上限").format(title=item.title)
            yield finding("deduction-without-limit", f"pay.items.{item.id}", message)
    if pay.largest_deduction is not None and pay.largest_deduction > LARGEST_SHARE:
        message = _("扣款上限是 {share}%").format(share=format_number(pay.largest_deduction * 100))
        yield finding("deduction-limit-too-high", "pay.largest_deduction", message)
    if pay.minimum_wage is None and deductions:
        yield finding("no-minimum-wage", "pay.minimum_wage", _("有扣款项目，没有写最低工资"))


def _negative(scheme: Scheme, item: PayItem, place: str) -> Iterator[Problem]:
    signs = [_can_be_negative(scheme, term) for term in (item.amount, *item.times)]
    if any(signs):
        yield finding("pay-below-zero", place, _("“{title}”可能是负数").format(title=item.title))


def _can_be_negative(scheme: Scheme, term: object) -> bool:
    if isinstance(term, Decimal):
        return term < 0
    if isinstance(term, GradeTerm):
        return any(value < 0 for value in term.grade.values())
    if isinstance(term, TiersTerm):
        return any(row.rate < 0 for row in term.tiers) or _can_be_negative(scheme, term.of)
    if isinstance(term, ScoreTerm):
        return any(
            isinstance(i.scoring, DeductMethod) and i.scoring.floor < 0 and term.score in (i.id, d.id, "total")
            for d, i in scheme.indicators()
        )
    return False


def _jumps(subject: Subject, item: PayItem, place: str) -> Iterator[Problem]:
    """A sum paid from a threshold on, and steps between neighbouring grades."""
    limit = subject.limits.pay
    sums = [term for term in (item.amount, *item.times) if isinstance(term, Decimal)]
    sure = len(sums) == len(item.times) + (item.amount is not None)
    if sure and sums and isinstance(item.when, ScoreCondition | MetricCondition):
        whole = prod(sums, start=Decimal(1))
        if whole > limit:
            message = _("“{title}”达到条件就有 {whole} 元，差一点就没有").format(
                title=item.title, whole=format_number(whole)
            )
            yield finding("pay-cliff", f"{place}.when", message)
    # Base pay may well differ between the grades of a job: it is no reward for a result.
    if isinstance(item.amount, GradeTerm) and len(sums) == len(item.times) and item.kind != "base":
        price, amounts = prod(sums, start=Decimal(1)), item.amount.grade
        known = [grade for grade in subject.scheme.grades if grade.id in amounts]
        for better, worse in pairwise(known):
            step = abs(amounts[better.id] - amounts[worse.id]) * price
            if step > limit:
                message = _("“{title}”在“{better}”和“{worse}”之间差 {step} 元").format(
                    title=item.title, better=better.title, worse=worse.title, step=format_number(step)
                )
                yield finding("pay-cliff", f"{place}.amount@{worse.id}", message)


def _per_grade(scheme: Scheme, item: PayItem, term: GradeTerm, place: str) -> Iterator[Problem]:
    for grade in scheme.grades:
        if grade.id not in term.grade:
            message = _("“{title}”没有写等级“{grade}”的数额").format(title=item.title, grade=grade.title)
            yield finding("grade-without-amount", f"{place}@{grade.id}", message)


def _tiers(subject: Subject, item: PayItem, term: TiersTerm, place: str) -> Iterator[Problem]:
    values = SCORE
    if isinstance(term.of, MetricTerm):
        if term.of.metric not in subject.metrics:
            return
        values = metric_values(subject.metrics[term.of.metric])
    found = segments([row.when for row in term.tiers], values.scale, 0, values.high)
    yield from covering(found, place, item.title, values.scale, unit=values.unit)
    price = Decimal(1)
    for other in (item.amount, *item.times):
        price *= other if isinstance(other, Decimal) else 1
    for value, before, after in cliffs(
        tier_pieces(term.tiers, term.mode, values.scale), subject.limits.pay / price if price else None
    ):
        at = format_number(to_decimal(value, values.scale))
        message = _("“{title}”到 {at} 时从 {before} 元变为 {after} 元，相差 {step} 元").format(
            title=item.title,
            at=at,
            before=format_number(before * price),
            after=format_number(after * price),
            step=format_number(abs(after - before) * price),
        )
        yield finding("pay-cliff", f"{place}@{at}", message)
