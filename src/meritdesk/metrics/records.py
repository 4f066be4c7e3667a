"""From a figure back to its records: which facts made it, and what each of them added.

The rows are found by the same conditions as the figure, and `recomputed` adds them up again: the two are equal. Nothing
is stored here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from meritdesk.metrics.conditions import Compiler, integer
from meritdesk.metrics.definitions import COUNTS, MEASURABLE, Credit, Denominator, Metric, Numerator
from meritdesk.metrics.derived import PERSON, WEIGHT, credited, followed, in_segments
from meritdesk.metrics.measure import ZONE, Measurement
from meritdesk.metrics.tally import undecided

Status = Literal["numerator", "denominator", "excluded", "pending"]
RANKED = ("median", "percentile")
COLUMNS = ("table", "record", "person", "day", "source", "excluded", "status", "value", "numerator", "denominator")


def records(
    metric: Metric,
    tables: Mapping[str, ibis.Table],
    segments: ibis.Table,
    segment: int,
    *,
    until: int | None = None,
    zone: str = ZONE,
) -> pa.Table:
    """Return the facts behind a metric's figure for a segment: one row per fact (and person credited), by day.

    `record` is the key of the fact in `table`, `source` leads to the file and row. `status` is numerator (counts
    above), denominator (below only), excluded (`excluded` says why) or pending. `value` is the value of a fact where
    the metric has one; `numerator` and `denominator` what the fact adds (null where the figure is a rank, no total).
    """
    one = segments.filter(segments.segment == integer(segment))
    return statement(metric, Measurement([metric], tables, one, until, zone)).to_pyarrow()


def statement(metric: Metric, found: Measurement) -> ir.Table:
    """Return what `records` runs: the facts of all segments of a measurement."""
    parts = [_chained(metric, found)] if metric.kind == "fcr" else [_facts(metric, found)]
    divisor = metric.denominator
    if divisor is not None and divisor.table is not None:
        parts.append(_divisor_facts(metric, divisor, found))
    rows = ibis.union(*parts) if len(parts) > 1 else parts[0]
    return rows.order_by(["table", "day", "record", "person"])


def recomputed(metric: Metric, rows: pa.Table) -> dict[str, int | None]:
    """Return numerator, denominator, n, excluded and pending of the rows of `records`, as `measure` gives them."""
    listed = rows.to_pylist()
    counted = [row for row in listed if row["status"] in ("numerator", "denominator")]
    other = metric.denominator.table if metric.denominator else None
    sample = [row for row in counted if other is None or row["table"] == other]
    figures: dict[str, int | None] = {
        "n": len(sample),
        "excluded": sum(row["status"] == "excluded" for row in listed),
        "pending": sum(row["status"] == "pending" for row in listed),
    }
    if metric.kind in RANKED:
        values = sorted(row["value"] for row in counted)
        return {**figures, **_ranks(metric, values)}
    numerator = sum(row["numerator"] for row in counted)
    if metric.kind == "distinct":
        return {**figures, "numerator": numerator, "denominator": None, "n": numerator}
    if metric.kind in COUNTS:
        return {**figures, "numerator": numerator, "denominator": None}
    denominator = sum(row["denominator"] for row in counted)
    return {**figures, "numerator": numerator if denominator else None, "denominator": denominator}


def _ranks(metric: Metric, values: list[Any]) -> dict[str, int | None]:
    if not values:
        return {"numerator": None, "denominator": 0}
    if metric.kind == "median":
        return {"numerator": values[(len(values) - 1) // 2] + values[len(values) // 2], "denominator": 2}
    place = -(-len(values) * (metric.percent or 0) // 100)  # the smallest rank with at least `percent` % at or below
    return {"numerator": values[max(place, 1) - 1], "denominator": 1}


def _placed(found: Measurement, table: str, credit: Credit) -> ir.Table:
    return in_segments(credited(found.facts_of(table), credit), found.segments)


def _row(facts: ir.Table, table: str, status: ir.Value, **amounts: ir.Value | None) -> ir.Table:
    """Return the facts in the form of `COLUMNS`."""
    numbers = {
        name: ibis.null("int64") if (amount := amounts.get(name)) is None else amount.cast("int64")
        for name in ("value", "numerator", "denominator")
    }
    return facts.select(
        table=ibis.literal(table, "string"),
        record=facts[MEASURABLE[table].key[0]],
        person=facts[PERSON],
        day=facts["day"],
        source=facts["source"],
        excluded=facts["excluded"],
        status=status,
        **numbers,
    )


def _status(facts: ir.Table, pending: ir.BooleanValue | None, above: ir.BooleanValue) -> ir.StringValue:
    text = {name: ibis.literal(name, "string") for name in ("numerator", "denominator", "excluded", "pending")}
    counted = ibis.ifelse(above, text["numerator"], text["denominator"])
    decided = counted if pending is None else ibis.ifelse(pending, text["pending"], counted)
    return ibis.ifelse(facts.excluded.notnull(), text["excluded"], decided)


def _facts(metric: Metric, found: Measurement) -> ir.Table:
    """Return the facts of the metric's own table."""
    facts = _placed(found, metric.table, metric.credit)
    facts = facts.filter(Compiler(metric, facts, found.zone).holds(metric.where))
    compiler = Compiler(metric, facts, found.zone)
    part, divisor = metric.numerator or Numerator(), metric.denominator or Denominator()
    ratio, across = metric.kind == "ratio", divisor.table is not None
    above = part.value if ratio else metric.value
    below = divisor.value if ratio and not across else None
    for value in (above, below):  # a fact without the value is not counted, unless it is listed as left out
        if value is not None:
            facts = facts.filter(Compiler(metric, facts, found.zone).value(value).notnull() | facts.excluded.notnull())
    compiler = Compiler(metric, facts, found.zone)
    share = integer(1) if isinstance(metric.credit, str) else facts[WEIGHT]
    each = integer(1) if above is None else compiler.value(above)
    upwards, downwards = compiler.holds(part.where), compiler.holds(part.minus) if part.minus else ibis.literal(False)
    pending = undecided(metric, compiler, found.until)
    status = _status(facts, pending, upwards | downwards)
    if metric.kind in RANKED:
        return _row(facts, metric.table, status, value=each)
    if metric.kind == "distinct":  # the first fact with a value counts, the others are listed below it
        alike = ibis.window(group_by=[each, status], order_by=["day", MEASURABLE[metric.table].key[0]])
        first = ibis.ifelse(ibis.row_number().over(alike) == 0, integer(1), integer(0))
        return _row(facts, metric.table, status, numerator=first, denominator=integer(0))
    signed = ibis.ifelse(upwards, each, integer(0)) - ibis.ifelse(downwards, each, integer(0))
    divides = metric.kind not in COUNTS and not across
    beneath = (integer(1) if below is None else compiler.value(below)) * share if divides else None
    return _row(
        facts, metric.table, status, value=None if above is None else each, numerator=signed * share,
        denominator=beneath if divides else integer(0),
    )  # fmt: skip


def _divisor_facts(metric: Metric, divisor: Denominator, found: Measurement) -> ir.Table:
    """Return the facts of the other table that a ratio divides by."""
    assert divisor.table is not None
    facts = _placed(found, divisor.table, divisor.credit)
    facts = facts.filter(Compiler(metric, facts, found.zone).holds(divisor.where))
    compiler = Compiler(metric, facts, found.zone)
    each = integer(1) if divisor.value is None else compiler.value(divisor.value)
    share = integer(1) if isinstance(divisor.credit, str) else facts[WEIGHT]
    status = _status(facts, None, ibis.literal(False))
    value = None if divisor.value is None else each
    rows = _row(facts, divisor.table, status, value=value, numerator=integer(0), denominator=each * share)
    return rows.filter(rows.denominator.notnull() | rows.excluded.notnull())


def _chained(metric: Metric, found: Measurement) -> ir.Table:
    """Return the contacts of a first-contact resolution, with what came after."""
    assert isinstance(metric.credit, str)
    window = metric.number(metric.window_days or 0)
    contacts = found.facts_of("contacts", ahead=window)
    population = Compiler(metric, contacts, found.zone).keeps(metric.where)
    ahead = followed(contacts, population, metric.same, metric.credit, "contact_id").select("contact_id", "next_day")
    facts = _placed(found, "contacts", metric.credit)
    compiler = Compiler(metric, facts, found.zone)
    facts = facts.filter(compiler.holds(metric.where) & facts.customer.notnull()).left_join(ahead, "contact_id")
    again = (facts.next_day - facts["day"] <= integer(window)).fill_null(False)
    pending = facts["day"] + integer(window) >= integer(found.until)
    resolved = ibis.ifelse(again, integer(0), integer(1))
    return _row(facts, "contacts", _status(facts, pending, ~again), numerator=resolved, denominator=integer(1))
