"""How often each violation code or kind of event was recorded, for deductions and bonus points by code (R2h, R3.2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import ibis
import pyarrow as pa

from meritdesk.metrics.conditions import whole
from meritdesk.metrics.derived import credited, in_segments

COUNTS = pa.schema([("segment", pa.int64()), ("code", pa.string()), ("count", pa.int64())])


def violation_counts(
    tables: Mapping[str, ibis.Table], segments: ibis.Table, codes: Iterable[str] | None = None
) -> pa.Table:
    """Return `segment`, `code`, `count` of the violations recorded, left-out facts aside, by segment and code.

    A code that did not occur has no row. `codes` limits the codes (null: all).
    """
    return _counts(tables["violations"], "code", segments, codes)


def event_counts(
    tables: Mapping[str, ibis.Table], segments: ibis.Table, kinds: Iterable[str] | None = None
) -> pa.Table:
    """Return `segment`, `code` (the kind of event), `count`, as `violation_counts` does."""
    return _counts(tables["events"], "kind", segments, kinds)


def _counts(table: ibis.Table, column: str, segments: ibis.Table, codes: Iterable[str] | None) -> pa.Table:
    facts = table.filter(table.excluded.isnull())
    if codes is not None:
        wanted = list(codes)
        if not wanted:
            return COUNTS.empty_table()
        facts = facts.filter(facts[column].isin(wanted))
    placed = in_segments(credited(facts, "person"), segments).select("segment", code=column, amount="count")
    sums = placed.group_by(["segment", "code"]).aggregate(count=whole(placed.amount.sum()))
    return sums.order_by(["segment", "code"]).to_pyarrow().cast(COUNTS)
