"""From event tables, segments and metrics to figures: the one place where a metric gets its numbers.

`segments` says for whom and when: `segment` (id), `person`, `from_day`, `to_day` (half open). A fact is credited to the
segment of its person that holds the fact's `day`; several persons may share a segment id (a team). The work is done
by the engine that holds the tables; only totals per segment come back. No figure is divided or rounded here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial, reduce

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _
from meritdesk.metrics.conditions import Compiler, integer, whole
from meritdesk.metrics.definitions import Metric, columns_named
from meritdesk.metrics.derived import credited, in_segments, table_named
from meritdesk.metrics.distribution import different, histogram, ranked
from meritdesk.metrics.follow_up import Chain, chain_key
from meritdesk.metrics.tally import Columns, Tallies, live

ZONE = "Asia/Shanghai"
SPAN_ROWS = 11_000_000
"""Contacts followed up at once: bounds the memory of the widest step. The result does not depend on it."""

FIGURES = pa.schema(
    [
        ("segment", pa.int64()),
        ("metric", pa.string()),
        ("numerator", pa.int64()),
        ("denominator", pa.int64()),
        ("n", pa.int64()),
        ("excluded", pa.int64()),
        ("pending", pa.int64()),
    ]
)
"""What `measure` returns. A missing numerator is "no data"; counts have no denominator; `n` is the sample size."""

Progress = Callable[[int, int], None]
Totals = dict[str, pa.Array]
"""Totals by name, each in the order of the segment ids."""


def measure(
    metrics: Iterable[Metric],
    tables: Mapping[str, ibis.Table],
    segments: ibis.Table,
    *,
    until: int | None = None,
    zone: str = ZONE,
    progress: Progress | None = None,
) -> pa.Table:
    """Return one row per metric and segment, as `FIGURES`, in the order of the metrics and of the segment ids.

    `tables` are event tables by name with the columns of their contract, `segments` on the same engine. `until` is the
    first day after the data (default: the day after the last contact or, without contacts, after the last segment):
    windows that reach it are pending. `zone` is the business time zone. `progress` is called with (steps done, steps).
    MeritdeskError if a table is missing.
    """
    wanted = list(metrics)
    _check(wanted, tables)
    return Measurement(wanted, tables, segments, until, zone).figures(progress)


def _check(metrics: Iterable[Metric], tables: Mapping[str, ibis.Table]) -> None:
    missing = {name: metric for metric in metrics for name in metric.tables if name not in tables}
    if missing:
        raise MeritdeskError(
            *(
                Problem(
                    code="metric-table-missing",
                    place=metric.id,
                    message=_("指标“{title}”需要数据表 {table}，但没有提供").format(title=metric.title, table=name),
                    fix=_("导入 {table}，或不使用这个指标").format(table=name),
                )
                for name, metric in missing.items()
            )
        )


@dataclass(frozen=True)
class Shape:
    """A histogram that one or more metrics read: medians, percentiles, or the number of different values."""

    name: str
    metric: Metric
    percents: tuple[int, ...]

    def histogram(self, facts: ir.Table, segments: ir.Table, until: int, zone: str) -> ir.Table:
        """Return how often each value occurs in each segment."""
        placed = in_segments(credited(facts.filter(facts.excluded.isnull()), self.metric.credit), segments)
        compiler = Compiler(self.metric, placed, zone)
        return histogram(placed, live(self.metric, compiler, until), compiler.value(self.metric.value or ""))

    def read(self, frequencies: ir.Table) -> ir.Table:
        """Return what the metrics need of the histogram, one row per segment."""
        if self.metric.kind == "distinct":
            return _prefixed(different(frequencies), self.name)
        return _prefixed(ranked(frequencies, self.percents), self.name)


def _prefixed(table: ir.Table, prefix: str) -> ir.Table:
    return table.select("segment", **{f"{prefix}_{name}": table[name] for name in table.columns if name != "segment"})


def _shapes(metrics: Iterable[Metric]) -> dict[str, list[Metric]]:
    """Return the metrics that share a histogram, by what they share."""
    shared: dict[str, list[Metric]] = {}
    for metric in metrics:
        if metric.kind in ("median", "percentile", "distinct"):
            what = metric.model_dump_json(include={"table", "where", "value", "credit", "pending", "parameters"})
            shared.setdefault(("distinct" if metric.kind == "distinct" else "") + what, []).append(metric)
    return shared


class Measurement:
    """What is measured on what, taken apart into passes over the facts, histograms and chains of contacts."""

    def __init__(
        self,
        metrics: Iterable[Metric],
        tables: Mapping[str, ibis.Table],
        segments: ibis.Table,
        until: int | None = None,
        zone: str = ZONE,
        days: tuple[int, int] | None = None,
    ) -> None:
        self.metrics, self.tables, self.segments, self.zone = tuple(metrics), tables, segments, zone
        self.ids = segments.select("segment").distinct().order_by("segment").to_pyarrow()["segment"].combine_chunks()
        self.days = self._days() if days is None else days
        self.until = self._until() if until is None else until
        self.tallies = Tallies(lambda table: self.facts_of(table, self.metrics), segments, self.until, zone)
        self.columns: dict[str, Columns] = {metric.id: self.tallies.add(metric) for metric in self.metrics}
        self.shapes: list[Shape] = []
        self.chains: list[Chain] = []
        self._read_shapes()
        self._read_chains()

    def _days(self) -> tuple[int, int]:
        """Return the first day of any segment and the day after the last."""
        bounds = self.segments.aggregate(first=self.segments.from_day.min(), last=self.segments.to_day.max())
        row = bounds.to_pyarrow().to_pylist()[0]
        return (row["first"] or 0, row["last"] or 0)

    def _until(self) -> int:
        if "contacts" in self.tables:
            last = self.tables["contacts"]["day"].max().to_pyarrow().as_py()
            if last is not None:
                return int(last) + 1
        return self.days[1]

    def _read_shapes(self) -> None:
        for i, sharing in enumerate(_shapes(self.metrics).values()):
            percents = sorted({metric.percent for metric in sharing if metric.percent is not None})
            self.shapes.append(shape := Shape(f"h{i}", sharing[0], tuple(percents)))
            for metric in sharing:
                known, total = self.columns[metric.id], f"{shape.name}_total"
                if metric.kind == "distinct":
                    figures = replace(known, numerator=total, n=total)
                elif metric.kind == "median":
                    figures = replace(
                        known, numerator=f"{shape.name}_lower+{shape.name}_upper", denominator="2", n=total
                    )
                else:
                    figures = replace(known, numerator=f"{shape.name}_p{metric.percent}", denominator="1", n=total)
                self.columns[metric.id] = figures

    def _read_chains(self) -> None:
        shared: dict[str, list[Metric]] = {}
        for metric in self.metrics:
            if metric.kind == "fcr":
                shared.setdefault(chain_key(metric), []).append(metric)
        for i, sharing in enumerate(shared.values()):
            windows = {metric.id: metric.number(metric.window_days or 0) for metric in sharing}
            self.chains.append(chain := Chain(f"f{i}", sharing[0], tuple(sorted(set(windows.values())))))
            for metric in sharing:
                decided, resolved, pending = (
                    f"{chain.name}_{what}_{windows[metric.id]}" for what in ("decided", "resolved", "pending")
                )
                self.columns[metric.id] = replace(
                    self.columns[metric.id], numerator=resolved, denominator=decided, n=decided, pending=pending
                )

    def facts_of(self, table: str, metrics: Iterable[Metric] | None = None, ahead: int = 0) -> ir.Table:
        """Return the facts of the days that the segments cover, and so many days more.

        Only the columns that `metrics` may need (null: all): a statement over wide tables takes long to write.
        """
        facts = table_named(table, self.tables)
        if metrics is not None:
            facts = facts.select(*columns_named(metrics, table))
        return facts.filter(facts["day"] >= integer(self.days[0]), facts["day"] < integer(self.days[1] + ahead))

    def steps(self) -> Iterator[Callable[[], ir.Table]]:
        """Yield what must be run: each step returns a table of totals per segment."""
        for one in self.tallies.passes.values():
            yield partial(one.by, "segment")
        for shape in self.shapes:
            yield partial(self._read, shape)
        for chain in self.chains:
            for start, end in self.spans():
                yield partial(self._follow, chain, start, end)

    def totals(self, known: Mapping[str, pa.Array] | None = None) -> Totals:
        """Return the plain totals per segment, added to those known."""
        totals: Totals = dict(known or {})
        for one in self.tallies.passes.values():
            self.collect(totals, one.by("segment").to_pyarrow())
        return totals

    def histogram(self, shape: Shape) -> ir.Table:
        """Return how often each value of a shape occurs in each segment."""
        return shape.histogram(self.facts_of(shape.metric.table, [shape.metric]), self.segments, self.until, self.zone)

    def followed_up(self, chain: Chain, start: int, end: int) -> ir.Table:
        """Return the totals per segment and day of the contacts of the days [start, end)."""
        contacts = self.tables["contacts"].select(*columns_named([chain.metric], "contacts"))
        contacts = contacts.filter(contacts["day"] >= integer(start), contacts["day"] < integer(end + chain.longest))
        return chain.per_day(contacts, self.segments, self.zone, end)

    def settled(self, chain: Chain, per_day: ir.Table) -> ir.Table:
        """Return what the metrics need of a chain, one row per segment."""
        return _prefixed(chain.settled(per_day, self.until), chain.name)

    def _read(self, shape: Shape) -> ir.Table:
        return shape.read(self.histogram(shape))

    def _follow(self, chain: Chain, start: int, end: int) -> ir.Table:
        return self.settled(chain, self.followed_up(chain, start, end))

    def spans(self) -> list[tuple[int, int]]:
        """Return ranges of days with at most `SPAN_ROWS` contacts each (a day is never cut)."""
        days = self.facts_of("contacts", ()).select("day", one=integer(1))
        rows = days.group_by("day").aggregate(rows=whole(days.one.sum())).order_by("day").to_pyarrow().to_pylist()
        spans: list[tuple[int, int]] = []
        start, held = self.days[0], 0
        for row in rows:
            if held and held + row["rows"] > SPAN_ROWS:
                spans.append((start, row["day"]))
                start, held = row["day"], 0
            held += row["rows"]
        return [*spans, (start, self.days[1])]

    def figures(self, progress: Progress | None = None) -> pa.Table:
        """Run every step and return the figures."""
        steps = list(self.steps())
        totals: Totals = {}
        for done, step in enumerate(steps):
            if progress:
                progress(done, len(steps))
            self.collect(totals, step().to_pyarrow())
        if progress:
            progress(len(steps), len(steps))
        return self.long(totals)

    def collect(self, totals: Totals, found: pa.Table) -> None:
        """Add the totals of a step to those known; a segment without a row has 0."""
        places = pc.index_in(self.ids, value_set=found["segment"].combine_chunks())
        for name in found.column_names:
            if name != "segment":
                column = pc.fill_null(found[name].combine_chunks().take(places), 0).cast(pa.int64())
                totals[name] = pc.add(totals[name], column) if name in totals else column

    def long(self, totals: Totals) -> pa.Table:
        """Return the totals as figures per metric and segment."""
        parts = [self._figures_of(metric, totals) for metric in self.metrics]
        return pa.concat_tables([FIGURES.empty_table(), *parts]).combine_chunks()

    def _figures_of(self, metric: Metric, totals: Totals) -> pa.Table:
        columns, size = self.columns[metric.id], len(self.ids)
        zero, nothing = pa.array([0] * size, pa.int64()), pa.nulls(size, pa.int64())
        n = totals[columns.n]
        numerator = reduce(pc.add, (totals[name] for name in columns.numerator.split("+")))
        denominator = nothing
        if columns.denominator is not None:
            if columns.denominator.isdigit():  # a median is half the sum of two values, a percentile a value itself
                denominator = pc.if_else(pc.greater(n, 0), int(columns.denominator), 0).cast(pa.int64())
            else:
                denominator = totals[columns.denominator]
            numerator = pc.if_else(pc.equal(denominator, 0), None, numerator)
        if columns.recorded is not None:
            facts, known = (totals[name] for name in columns.recorded)
            numerator = pc.if_else(pc.and_(pc.greater(facts, 0), pc.equal(known, 0)), None, numerator)
        excluded = reduce(pc.add, (totals[name] for name in columns.excluded))
        pending = zero if columns.pending is None else totals[columns.pending]
        name = pa.array([metric.id] * size, pa.string())
        return pa.Table.from_arrays(
            [self.ids, name, numerator.cast(pa.int64()), denominator, n, excluded, pending], schema=FIGURES
        )
