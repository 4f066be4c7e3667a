"""What a scheme may say about pay: ordered items, each an amount times factors, rounded to the fen.

Pay is the sum of its lines; a deduction is written as a positive amount and enters with a minus. `pay` says
how items are compiled.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from meritdesk.scheme.methods import Group, TierRow
from meritdesk.scheme.values import Interval, Model, Name, Number, Text, Whole

PayKind = Literal["base", "performance", "piece", "commission", "bonus", "allowance", "pool", "deduction", "year_end"]


class PayInputTerm(Model):
    """An amount from the pay inputs (基本工资, 绩效基数), in yuan; also a factor that HR sets (技能系数, R0.6).

    A value above `at_most` is refused: products of several inputs stay exact only where factors are bounded.
    """

    pay: Name
    at_most: Number | None = None


class ScoreTerm(Model):
    """The total (``total``), or the points of a dimension or indicator."""

    score: Name


class MetricTerm(Model):
    """The value of a metric in its own unit (a rate: 0.95; money: yuan)."""

    metric: Name


class GradeTerm(Model):
    """An amount or factor per grade."""

    grade: dict[Name, Number]


class TiersTerm(Model):
    """A piece rate or commission: `of` a score or metric, at the rate of its tier."""

    of: ScoreTerm | MetricTerm
    mode: Literal["whole", "marginal"]
    tiers: Annotated[tuple[TierRow, ...], Field(min_length=1)]


Term = Number | Literal["coefficient"] | PayInputTerm | ScoreTerm | MetricTerm | GradeTerm | TiersTerm


class ViolationCondition(Model):
    """At least so many violations of these codes."""

    violations: Annotated[tuple[Text, ...], Field(min_length=1)]
    at_least: Annotated[Whole, Field(ge=1)] = 1


class MetricCondition(Model):
    """A metric whose value lies inside `within`."""

    metric: Name
    within: Interval


class ScoreCondition(Model):
    """The total, or the points of a dimension or indicator, inside `within`."""

    score: Name
    within: Interval


class GradeCondition(Model):
    """One of these grades; `in_a_row` cycles of this kind running, this one included."""

    grade: Annotated[tuple[Name, ...], Field(min_length=1)]
    in_a_row: Annotated[Whole, Field(ge=1)] = 1


Condition = ViolationCondition | MetricCondition | ScoreCondition
"""What vetoes, gates and pay items may depend on. A missing value never fulfils a condition."""


class Pool(Model):
    """A sum shared out inside each group in proportion to `by` (a product at 0.01), to the last fen."""

    amount: Number
    group: Group
    by: Annotated[tuple[Literal["coefficient"] | ScoreTerm, ...], Field(min_length=1)]
    order: tuple[Name, ...] = ()


class PayItem(Model):
    """One line of the slip: `amount` × `times` …, or a part of a `pool`; only `when` the condition holds.

    `prorate` multiplies by days on post ÷ days of the period. `at_least` and `at_most` are in yuan, after rounding.
    """

    id: Name
    title: Text
    title_en: Text = ""
    kind: PayKind
    amount: Term | None = None
    times: tuple[Term, ...] = ()
    pool: Pool | None = None
    when: Condition | GradeCondition | None = None
    prorate: bool = False
    at_least: Number | None = None
    at_most: Number | None = None


class Budget(Model):
    """What the items named may cost: the mean coefficient that the budget was made with."""

    items: Annotated[tuple[Name, ...], Field(min_length=1)]
    mean_coefficient: Number


class Pay(Model):
    """Pay items in the order of the slip, and the floors that protect wages (yuan a month)."""

    items: Annotated[tuple[PayItem, ...], Field(min_length=1)]
    minimum_wage: Number | None = None
    largest_deduction: Number | None = None
    budget: Budget | None = None
