"""What is being checked, seen from where each check stands: the scheme, the metrics, and what an indicator's value
can be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

from meritdesk.rules.numbers import TOTAL, to_integer
from meritdesk.scheme.document import (
    Dimension,
    EventSource,
    Indicator,
    MetricSource,
    ResultSource,
    Scheme,
    ViolationSource,
)
from meritdesk.scheme.facts import CaseOutcome, MetricFacts
from meritdesk.scheme.methods import BonusMethod

HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Limits:
    """From where on a step is a cliff.

    `points`: of the total (of 100), for one unit of the value. `coefficient`: between two grades. `pay`: yuan, for
    one unit.
    """

    points: Decimal = Decimal(10)
    coefficient: Decimal = Decimal(1)
    pay: Decimal = Decimal(1000)


@dataclass(frozen=True)
class Values:
    """What a value can be: its decimals, which way is better, and the least and most that must be provided for.

    `low` or `high` None: not known, nothing is demanded; `endless`: there is no highest value, all must be provided
    for.
    """

    scale: int
    better: str
    low: int | None
    high: int | None
    endless: bool = False
    unit: str = ""

    @property
    def is_rate(self) -> bool:
        """True for shares of a whole."""
        return self.unit == "ratio"


@dataclass(frozen=True)
class Subject:
    """A scheme under check."""

    scheme: Scheme
    metrics: Mapping[str, MetricFacts]
    limits: Limits = field(default_factory=Limits)
    previous: Scheme | None = None
    cases: Sequence[CaseOutcome] | None = None
    totals: Mapping[str, Decimal] | None = None

    @cached_property
    def position_ids(self) -> tuple[str, ...]:
        return tuple(position.id for position in self.scheme.positions)

    def values(self, indicator: Indicator) -> Values | None:
        """Return what the value of an indicator can be; None for ratings, combinations and unknown metrics."""
        match indicator.source:
            case MetricSource(metric=name):
                return metric_values(self.metrics[name]) if name in self.metrics else None
            case EventSource():
                return Values(0, "higher", 0, None, endless=True)
            case ViolationSource():
                return Values(0, "lower", 0, None, endless=True)
            case ResultSource():
                return Values(TOTAL, "higher", 0, to_integer(HUNDRED, TOTAL))
        return None

    def share(self, dimension: Dimension, indicator: Indicator) -> Decimal:
        """Return how many points of the total one point of the method's `full` can move, at most over the positions."""
        scheme, full = self.scheme, self.scheme.full_points(indicator)
        if scheme.style == "points" or dimension.points is not None or not full:
            return (indicator.points or full or Decimal(1)) / (full or Decimal(1))
        found = Decimal(0)
        for position in self.position_ids:
            for held, chosen in scheme.dimensions_for(position):
                counted = [i for i in chosen if i.part_of_total]
                if held is dimension and indicator in counted:
                    whole = sum((i.weight or Decimal(0) for i in counted), Decimal(0))
                    inside = (indicator.weight or Decimal(0)) / whole if whole else 1 / Decimal(len(counted))
                    found = max(found, (dimension.weight or Decimal(0)) / HUNDRED * inside)
        return found * HUNDRED / full

    def most_total(self) -> Decimal | None:
        """Return the highest total anyone can reach; None if a part is open."""
        most = Decimal(0)
        for position in self.position_ids:
            bounded = [self._most(d, chosen) for d, chosen in self.scheme.dimensions_for(position)]
            extra = [points for points in bounded if points is not None]
            if len(extra) < len(bounded):
                return None
            most = max(most, sum(extra, Decimal(0)))
        return most if self.scheme.style == "points" else HUNDRED + most

    def _most(self, dimension: Dimension, chosen: Sequence[Indicator]) -> Decimal | None:
        if self.scheme.style == "weights" and dimension.points is None:
            return Decimal(0)
        counted = [i for i in chosen if i.part_of_total]
        if any(i.points is None for i in counted):
            return None
        return sum((i.points for i in counted if i.points is not None), Decimal(0))

    def most_score(self, name: str) -> Decimal | None:
        """Return the highest value of a score (total, dimension or indicator); None if open."""
        if name == "total":
            return self.most_total()
        for dimension, indicator in self.scheme.indicators():
            if indicator.id == name:
                added = self.scheme.style == "points" or dimension.points is not None
                return indicator.points if added else HUNDRED
            if dimension.id == name:
                added = self.scheme.style == "points" or dimension.points is not None
                return self._most(dimension, dimension.indicators) if added else HUNDRED
        return None


def metric_values(metric: MetricFacts) -> Values:
    """Return what a metric's value can be: a rate 0–1, times, counts and money from 0 up, points and levels open."""
    if metric.unit == "ratio":
        return Values(metric.scale, metric.better, 0, to_integer(Decimal(1), metric.scale), unit=metric.unit)
    if metric.unit in ("seconds", "count", "yuan"):
        return Values(metric.scale, metric.better, 0, None, endless=True, unit=metric.unit)
    return Values(metric.scale, metric.better, None, None, unit=metric.unit)


def is_bonus(indicator: Indicator) -> bool:
    """True for what is added on top of the full total (加分项, R3.2)."""
    return isinstance(indicator.scoring, BonusMethod)
