"""What a scheme document may say: the whole grammar, without any computation.

A document of the right form can still be unwise or impossible (weights of 99, a gap between bands): finding that is the
work of `check`. Field names are the YAML keys; requirement numbers point to the source they were made for.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from meritdesk.scheme.methods import Group, Method
from meritdesk.scheme.pay_items import Condition, GradeCondition, Pay, ScoreCondition
from meritdesk.scheme.values import Interval, Model, Name, Number, Text, Whole

CycleKind = Literal["month", "quarter", "half_year", "year", "probation", "project"]

Date = Annotated[datetime.date, BeforeValidator(lambda v: datetime.date.fromisoformat(v) if isinstance(v, str) else v)]


class Note(Model):
    """An assumption, a mend or a remark, shown wherever the scheme is shown. `place`: path of what it is about."""

    kind: Literal["assumption", "mend", "remark"]
    place: Text = ""
    text: Text


class Position(Model):
    """A post the scheme appraises."""

    id: Name
    title: Text
    title_en: Text = ""


class Cycle(Model):
    """Which periods are appraised, and who in them.

    Segments shorter than `minimum_days` are left out unless none remains; then the person is not appraised and
    `below_minimum`
    gives the coefficient that pay uses.
    """

    kind: CycleKind
    minimum_days: Annotated[Whole, Field(ge=0)] = 0
    below_minimum: Number | None = None


class MetricSource(Model):
    """The value of a metric of the library."""

    metric: Name


class RatingSource(Model):
    """Judgement of people: the roles that rate this indicator, weighted as under `raters`, rescaled over those
    listed (R4.2)."""

    rating: Annotated[tuple[Name, ...], Field(min_length=1)]


class ViolationSource(Model):
    """Violations by the codes of one of `violation_lists`."""

    violations: Name


class EventSource(Model):
    """The number of events of one kind."""

    event: Name


class ResultSource(Model):
    """Totals of the cycles of another kind that lie in this one: their mean, or weighted by days on post (R0.2)."""

    results: CycleKind
    combine: Literal["mean", "days"] = "mean"


class OthersSource(Model):
    """Points of other indicators, for the methods sum, weighted, min and max."""

    of: Annotated[tuple[Name, ...], Field(min_length=1)]


Source = MetricSource | RatingSource | ViolationSource | EventSource | ResultSource | OthersSource


class Neutral(Model):
    """Points (of `full`) that stand in for a missing value."""

    neutral: Number


class Indicator(Model):
    """One thing that is judged.

    `weight` is its share of the dimension in percent (left out everywhere in a dimension: equal shares); in a
    scheme that adds points up
    `points` is what it can bring at most (left out: open, as piece rates are). `part_of_total: false` keeps it
    out of the dimension (it
    only feeds others, gates or pay). A value resting on fewer than `minimum_sample` facts is no value (left out: the
    metric's own minimum).
    """

    id: Name
    title: Text
    title_en: Text = ""
    weight: Number | None = None
    points: Number | None = None
    positions: tuple[Name, ...] = ()
    source: Source
    scoring: Method
    missing: Literal["redistribute", "hold"] | Neutral = "redistribute"
    minimum_sample: Annotated[Whole, Field(ge=0)] | None = None
    target: Interval | None = None
    part_of_total: bool = True
    description: Text = ""


class Dimension(Model):
    """A group of indicators. `weight` in percent of the total; `points` in a scheme that adds points up."""

    id: Name
    title: Text
    title_en: Text = ""
    weight: Number | None = None
    points: Number | None = None
    positions: tuple[Name, ...] = ()
    indicators: Annotated[tuple[Indicator, ...], Field(min_length=1)]


class Feed(Model):
    """A role whose rating is computed from a metric (customer → CSAT), in points of the indicator's `full` = 100 %."""

    metric: Name
    scoring: Method


class RaterRole(Model):
    """Who rates, with which weight, and what happens when the rating is missing (R4.2)."""

    id: Name
    title: Text
    title_en: Text = ""
    weight: Number
    if_missing: Literal["rescale", "hold"] = "rescale"
    feed: Feed | None = None


class Calibration(Model):
    """Raters whose totals (of 100) over the indicators both rated, at least `at_least`, differ by `threshold`
    or more meet (R4.5)."""

    threshold: Number
    at_least: Annotated[Whole, Field(ge=1)] = 2


class Raters(Model):
    """All roles that rate, and how their ratings are handled."""

    roles: Annotated[tuple[RaterRole, ...], Field(min_length=1)]
    anonymous: tuple[Name, ...] = ()
    smallest_group: Annotated[Whole, Field(ge=1)] = 3
    calibration: Calibration | None = None


class Violation(Model):
    """A violation code and the points it costs each time (R2h)."""

    code: Text
    title: Text
    points: Number


class Veto(Model):
    """一票否决: when the condition holds, the grade is `cap_grade` at best, or a dimension (or the total) is zero."""

    id: Name
    title: Text
    when: Condition
    cap_grade: Name | None = None
    zero_dimension: Name | None = None
    zero_total: bool = False


class Grade(Model):
    """A grade: the totals it holds, its coefficient on pay, and what it demands besides (gates)."""

    id: Name
    title: Text
    title_en: Text = ""
    when: Interval | None = None
    coefficient: Number | None = None
    requires: tuple[ScoreCondition, ...] = ()


class Distribution(Model):
    """强制分布: shares per grade in each group. `order` breaks ties of the total: scores, higher first."""

    mode: Literal["force", "cap", "advise"] | None = None
    group: Group = "all"
    shares: dict[Name, Number]
    smallest: Annotated[Whole, Field(ge=1)] = 10
    order: tuple[Name, ...] = ()


class Deadlines(Model):
    """Working days for each step; appeals count from the day after the notice (R4.7)."""

    self_appraisal: Whole = 3
    rating: Whole = 3
    review: Whole = 2
    sign_off: Whole = 5
    appeal: Whole = 5
    appeal_answer: Whole = 3


class Use(Model):
    """What a result leads to (R0.5, R1.6, R4.9)."""

    id: Name
    title: Text
    title_en: Text = ""
    when: Condition | GradeCondition
    then: Literal["honour", "promotion", "training", "improvement_plan", "transfer", "review"]


class Change(Model):
    """An entry of the scheme's history (R0.7, R2f): a change of method within 12 months needs reason, approval
    and notice."""

    day: Date
    what: Text
    method_changed: bool = False
    reason: Text = ""
    approved_by: Text = ""
    notice: Date | None = None


class Scheme(Model):
    """考核方案: one versioned document. `style` weights: scores of 100 weighted; points: points of the
    indicators added up."""

    scheme: Name
    version: Whole
    title: Text
    title_en: Text = ""
    source: Text = ""
    parent: Text = ""
    status: Literal["ready", "as_printed"] = "ready"
    style: Literal["weights", "points"]
    description: Text = ""
    notes: tuple[Note, ...] = ()
    history: tuple[Change, ...] = ()
    cycle: Cycle
    positions: Annotated[tuple[Position, ...], Field(min_length=1)]
    dimensions: Annotated[tuple[Dimension, ...], Field(min_length=1)]
    raters: Raters | None = None
    violation_lists: dict[Name, tuple[Violation, ...]] = Field(default_factory=dict)
    vetoes: tuple[Veto, ...] = ()
    grades: tuple[Grade, ...] = ()
    distribution: Distribution | None = None
    deadlines: Deadlines = Deadlines()
    pay: Pay | None = None
    uses: tuple[Use, ...] = ()

    def indicators(self) -> Iterator[tuple[Dimension, Indicator]]:
        """Yield every indicator with its dimension, in the order of the document."""
        for dimension in self.dimensions:
            for indicator in dimension.indicators:
                yield dimension, indicator

    def dimensions_for(self, position: str) -> list[tuple[Dimension, list[Indicator]]]:
        """Return the dimensions that hold for a position id, each with its indicators for it (never empty ones)."""
        found = []
        for dimension in self.dimensions:
            if dimension.positions and position not in dimension.positions:
                continue
            chosen = [i for i in dimension.indicators if not i.positions or position in i.positions]
            if chosen:
                found.append((dimension, chosen))
        return found

    def full_points(self, indicator: Indicator) -> Decimal | None:
        """Return what the method of `indicator` gives at best: its own `full`, else its points, else 100;
        None: open."""
        if indicator.scoring.full is not None:
            return indicator.scoring.full
        return Decimal(100) if indicator.points is None and self.style == "weights" else indicator.points
