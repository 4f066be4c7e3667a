"""Sums per segment: the part of a measurement that is nothing but conditions and totals.

Metrics that look at the same table with the same credit share one pass over it, and a total that several of them
need is computed once. Totals are additive: of two disjoint sets of facts they are added. Nothing is executed here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import ibis
import ibis.expr.types as ir

from meritdesk.metrics.conditions import Compiler, integer
from meritdesk.metrics.definitions import Credit, Metric, Value
from meritdesk.metrics.derived import WEIGHT, credited, in_segments

SourceKey = tuple[str, str]
"""Table and credit (as text): what one pass over the facts is made for."""


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
            self.totals[self._names[key]] = amount.sum().cast("int64")
        return self._names[key]

    def count(self, holds: ir.BooleanValue) -> str:
        """Ask for the number of facts that hold; return its name."""
        return self.total(ibis.ifelse(holds, integer(1), integer(0)))

    def amount(self, holds: ir.BooleanValue, value: ir.Value | None) -> ir.IntegerValue:
        """Return what a fact adds: its value (or 1) times its share of the credit, 0 if it does not hold."""
        each = integer(1) if value is None else value
        if self.split:
            each = each * self.facts[WEIGHT]
        return ibis.ifelse(holds, each, integer(0))

    def by(self, *keys: str) -> ir.Table:
        """Return the totals per key."""
        return self.facts.group_by(list(keys)).aggregate(**self.totals)


@dataclass(frozen=True)
class States:
    """What a fact is to a metric: in its population at all, and then left out, undecided, or live."""

    population: ir.BooleanValue
    excluded: ir.BooleanValue
    pending: ir.BooleanValue | None
    live: ir.BooleanValue


def states(metric: Metric, compiler: Compiler, until: int) -> States:
    """Return the states of the facts of the compiler's table; `until` is the first day without data."""
    table = compiler.table
    population = compiler.holds(metric.where)
    undecided: ir.BooleanValue | None = None
    if metric.pending is not None:
        if metric.pending.window_days is not None:
            undecided = table["day"] >= integer(until - metric.number(metric.pending.window_days))
        else:
            undecided = compiler.holds(metric.pending.where)
    live = _both(population, table.excluded.isnull())
    return States(
        population=population,
        excluded=_both(population, table.excluded.notnull()),
        pending=None if undecided is None else live & undecided,
        live=live if undecided is None else live & ~undecided,
    )


def _both(first: ir.BooleanValue, second: ir.BooleanValue) -> ir.BooleanValue:
    # "true and x" is x: engines would simplify it, but the statement is read by people too.
    return second if first.equals(ibis.literal(True)) else first & second


@dataclass
class Tallies:
    """Collects what the metrics of a measurement need, per table and credit."""

    facts_of: Callable[[str], ir.Table]
    segments: ir.Table
    until: int
    zone: str
    passes: dict[SourceKey, Pass] = field(default_factory=dict)

    def source(self, table: str, credit: Credit) -> Pass:
        """Return the pass over a table for a credit."""
        key = (table, str(credit))
        if key not in self.passes:
            facts = in_segments(credited(self.facts_of(table), credit), self.segments)
            self.passes[key] = Pass(f"s{len(self.passes)}", facts, not isinstance(credit, str))
        return self.passes[key]

    def add(self, metric: Metric) -> Columns:
        """Ask for all totals of a metric; for the kinds that are more than totals, only for excluded and pending."""
        source = self.source(metric.table, metric.credit)
        compiler = Compiler(metric, source.facts, self.zone)
        state = states(metric, compiler, self.until)
        out = state.excluded if metric.kind != "fcr" else state.excluded & source.facts.customer.notnull()
        excluded = source.count(out)
        pending = None if state.pending is None else source.count(state.pending)
        recorded = None
        if metric.recorded is not None:
            kept = source.facts.excluded.isnull()
            recorded = (source.count(kept), source.count(kept & source.facts[metric.recorded].notnull()))
        if metric.kind in ("count", "sum"):
            numerator, n = self._total(source, compiler, state.live, metric.value)
            return Columns(numerator, None, n, (excluded,), pending, recorded)
        if metric.kind == "mean":
            live = state.live & compiler.value(metric.value or "").notnull()
            numerator = source.total(source.amount(live, compiler.value(metric.value or "")))
            denominator = source.total(source.amount(live, None))
            return Columns(numerator, denominator, source.count(live), (excluded,), pending, recorded)
        if metric.kind == "ratio":
            return self._ratio(metric, source, compiler, state, Columns("", None, "", (excluded,), pending, recorded))
        return Columns("", None, "", (excluded,), pending, recorded)

    def _total(self, source: Pass, compiler: Compiler, live: ir.BooleanValue, value: Value | None) -> tuple[str, str]:
        """Return the names of a total and of the number of facts in it."""
        each = None if value is None else compiler.value(value)
        if each is not None:
            live = live & each.notnull()
        return source.total(source.amount(live, each)), source.count(live)

    def _ratio(self, metric: Metric, source: Pass, compiler: Compiler, state: States, known: Columns) -> Columns:
        part, divisor = metric.numerator, metric.denominator
        live = state.live
        across = divisor is not None and divisor.table is not None
        values = [part.value if part else None, divisor.value if divisor and not across else None]
        for value in values:
            if value is not None:
                live = live & compiler.value(value).notnull()
        above, below = (None if v is None else compiler.value(v) for v in values)
        counted = live & compiler.holds(part.where) if part and part.where is not None else live
        amount = source.amount(counted, above)
        if part and part.minus is not None:
            amount = amount - source.amount(live & compiler.holds(part.minus), above)
        numerator = source.total(amount)
        if divisor is None or not across:
            denominator, n = source.total(source.amount(live, below)), source.count(live)
            return Columns(numerator, denominator, n, known.excluded, known.pending, known.recorded)
        assert divisor.table is not None
        other = self.source(divisor.table, divisor.credit)
        beside = Compiler(metric, other.facts, self.zone)
        kept = states(metric.model_copy(update={"where": divisor.where, "pending": None}), beside, self.until)
        denominator, n = self._total(other, beside, kept.live, divisor.value)
        return Columns(
            numerator, denominator, n, (*known.excluded, other.count(kept.excluded)), known.pending, known.recorded
        )
