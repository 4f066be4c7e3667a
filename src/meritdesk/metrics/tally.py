"""Sums per segment: the part of a measurement that is nothing but conditions and totals.

Metrics that look at the same table with the same credit share one pass over it, and a total that several of them
need is computed once. Totals are additive: of two disjoint sets of facts they are added. Nothing is executed here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import and_

import ibis
import ibis.expr.types as ir

from meritdesk.metrics.conditions import Compiler, integer, whole
from meritdesk.metrics.definitions import AllOf, Condition, Credit, Denominator, Metric, Numerator, Value
from meritdesk.metrics.derived import WEIGHT, credited, in_segments

ONE = "counted_once"
"""A column of ones, so that a count is a sum."""
SourceKey = tuple[str, str, bool]
"""Table, credit (as text), and whether the facts left out are meant: one pass over the facts."""


@dataclass(frozen=True)
class Columns:
    """Under which names the figures of a metric stand among the totals; a metric may have no denominator."""

    numerator: str
    denominator: str | None
    n: str
    excluded: tuple[str, ...]
    pending: str | None
    recorded: tuple[str, str] | None = None
    """Facts at all and facts with the column that must be recorded: no data if only the first is above 0."""


@dataclass
class Pass:
    """One pass over the facts of a table: expressions by name, each needed once."""

    name: str
    facts: ir.Table
    split: bool
    totals: dict[str, ir.IntegerValue] = field(default_factory=dict)
    _names: dict[object, str] = field(default_factory=dict)

    def total(self, amount: ir.IntegerValue) -> str:
        """Ask for the total of an amount; return the name it will have."""
        key = amount.op()
        if key not in self._names:
            self._names[key] = f"{self.name}_{len(self._names)}"
            self.totals[self._names[key]] = whole(amount.sum())
        return self._names[key]

    def count(self, holds: ir.BooleanValue) -> str:
        """Ask for the number of facts that hold; return its name."""
        return self.total(self._where(holds, self.facts[ONE]))

    def amount(self, holds: ir.BooleanValue, value: ir.Value | None) -> ir.IntegerValue:
        """Return what a fact adds: its value (or 1) times its share of the credit, 0 if it does not hold."""
        each = self.facts[ONE] if value is None else value
        return self._where(holds, each * self.facts[WEIGHT] if self.split else each)

    def _where(self, holds: ir.BooleanValue, each: ir.IntegerValue) -> ir.IntegerValue:
        always = isinstance(holds, ir.BooleanScalar)  # no condition: the literal "true"
        return each if always else ibis.ifelse(holds, each, integer(0))

    def by(self, *keys: str) -> ir.Table:
        """Return the totals per key."""
        return self.facts.group_by(list(keys)).aggregate(**self.totals)


def undecided(metric: Metric, compiler: Compiler, until: int) -> ir.BooleanValue | None:
    """Return whether a fact is pending (null: the metric knows no such thing); `until` is the end of the data."""
    if metric.pending is None:
        return None
    if metric.pending.window_days is not None:
        return compiler.table["day"] >= integer(until - metric.number(metric.pending.window_days))
    return compiler.holds(metric.pending.where)


def live(metric: Metric, compiler: Compiler, until: int, also: Condition | None = None) -> ir.BooleanValue:
    """Return whether a fact that is not left out counts: in the population, meeting `also`, and not pending."""
    conditions = tuple(condition for condition in (metric.where, also) if condition is not None)
    holds = compiler.holds(AllOf(all=conditions) if len(conditions) > 1 else next(iter(conditions), None))
    pending = undecided(metric, compiler, until)
    return holds if pending is None else holds & ~pending


@dataclass
class Tallies:
    """Collects what the metrics of a measurement need, per table and credit.

    Facts that are left out (`excluded`) are few: they have a pass of their own, so that the others need not ask.
    """

    facts_of: Callable[[str], ir.Table]
    segments: ir.Table
    until: int
    zone: str
    passes: dict[SourceKey, Pass] = field(default_factory=dict)

    def source(self, table: str, credit: Credit, left_out: bool = False) -> Pass:
        """Return the pass over the facts of a table that count, or over those left out."""
        key = (table, str(credit), left_out)
        if key not in self.passes:
            facts = self.facts_of(table)
            facts = facts.filter(facts.excluded.notnull() if left_out else facts.excluded.isnull())
            placed = in_segments(credited(facts, credit), self.segments)
            self.passes[key] = Pass(
                f"s{len(self.passes)}", placed.mutate(**{ONE: integer(1)}), not isinstance(credit, str)
            )
        return self.passes[key]

    def add(self, metric: Metric) -> Columns:
        """Ask for all totals of a metric; for the kinds that are more than totals, only for excluded and pending."""
        source = self.source(metric.table, metric.credit)
        compiler = Compiler(metric, source.facts, self.zone)
        excluded = self._excluded(metric, metric.table, metric.credit, metric.where)
        waiting, pending = undecided(metric, compiler, self.until), None
        if waiting is not None:
            pending = source.count(compiler.holds(metric.where) & waiting)
        recorded = None
        if metric.recorded is not None:
            recorded = (source.count(ibis.literal(True)), source.count(source.facts[metric.recorded].notnull()))
        known = Columns("", None, "", (excluded,), pending, recorded)
        counted = live(metric, compiler, self.until)
        if metric.kind in ("count", "sum"):
            numerator, n = self._total(source, compiler, counted, metric.value)
            return replace(known, numerator=numerator, n=n)
        if metric.kind == "mean":
            numerator, n = self._total(source, compiler, counted, metric.value)
            weight = source.amount(counted & compiler.value(metric.value or "").notnull(), None)
            return replace(known, numerator=numerator, denominator=source.total(weight), n=n)
        return self._ratio(metric, source, compiler, known) if metric.kind == "ratio" else known

    def _excluded(self, metric: Metric, table: str, credit: Credit, where: Condition | None) -> str:
        """Ask for the number of facts of a population that are left out."""
        source = self.source(table, credit, left_out=True)
        holds = Compiler(metric, source.facts, self.zone).holds(where)
        return source.count(holds & source.facts.customer.notnull() if metric.kind == "fcr" else holds)

    def _total(self, source: Pass, compiler: Compiler, holds: ir.BooleanValue, value: Value | None) -> tuple[str, str]:
        """Return the names of a total and of the number of facts in it."""
        each = None if value is None else compiler.value(value)
        if each is not None:
            holds = holds & each.notnull()
        return source.total(source.amount(holds, each)), source.count(holds)

    def _ratio(self, metric: Metric, source: Pass, compiler: Compiler, known: Columns) -> Columns:
        part, divisor = metric.numerator or Numerator(), metric.denominator or Denominator()
        above = None if part.value is None else compiler.value(part.value)
        below = None if divisor.value is None or divisor.table is not None else compiler.value(divisor.value)

        def counted(also: Condition | None) -> ir.BooleanValue:
            values = [each.notnull() for each in (above, below) if each is not None]
            return reduce(and_, values, live(metric, compiler, self.until, also))

        amount = source.amount(counted(part.where), above)
        if part.minus is not None:
            amount = amount - source.amount(counted(part.minus), above)
        numerator = source.total(amount)
        if divisor.table is None:
            denominator, n = source.total(source.amount(counted(None), below)), source.count(counted(None))
            return replace(known, numerator=numerator, denominator=denominator, n=n)
        other = self.source(divisor.table, divisor.credit)
        beside = Compiler(metric, other.facts, self.zone)
        denominator, n = self._total(other, beside, beside.holds(divisor.where), divisor.value)
        excluded = self._excluded(metric, divisor.table, divisor.credit, divisor.where)
        return replace(known, numerator=numerator, denominator=denominator, n=n, excluded=(*known.excluded, excluded))
