"""Median, percentile and number of different values, from how often each value occurs.

A histogram is exact, small and additive: of two disjoint sets of facts the frequencies are added. The value at nearest
rank p is the smallest value with at least p % of the facts at or below it. Nothing is executed here.
"""

from __future__ import annotations

from collections.abc import Iterable

import ibis
import ibis.expr.types as ir

from meritdesk.metrics.conditions import integer, whole


def histogram(facts: ir.Table, live: ir.BooleanValue, value: ir.Value) -> ir.Table:
    """Return `segment`, `value`, `facts`: how many live facts of a segment have a value."""
    kept = facts.filter(live & value.notnull()).select("segment", value=value)
    return kept.group_by(["segment", "value"]).aggregate(facts=kept.count())


def merged(*histograms: ir.Table) -> ir.Table:
    """Return the histogram of all facts together."""
    frequencies = ibis.union(*histograms) if len(histograms) > 1 else histograms[0]
    return frequencies.group_by(["segment", "value"]).aggregate(facts=whole(frequencies.facts.sum()))


def ranked(frequencies: ir.Table, percents: Iterable[int]) -> ir.Table:
    """Return per segment `total`, `lower` and `upper` middle value, and `p…`, the value at nearest rank."""
    group = ibis.window(group_by="segment")
    running = ibis.window(group_by="segment", order_by="value", preceding=None, following=0)
    steps = frequencies.mutate(
        reached=whole(frequencies.facts.sum().over(running)),
        total=whole(frequencies.facts.sum().over(group)),
    )

    def smallest(holds: ir.BooleanValue) -> ir.IntegerValue:
        return ibis.ifelse(holds, steps["value"], ibis.null("int64")).min()

    reached, total = steps.reached, steps.total
    return steps.group_by("segment").aggregate(
        total=whole(steps.facts.sum()),
        lower=smallest(reached * integer(2) >= total),
        upper=smallest(reached * integer(2) > total),
        **{f"p{percent}": smallest(reached * integer(100) >= total * integer(percent)) for percent in percents},
    )


def different(frequencies: ir.Table) -> ir.Table:
    """Return per segment `total`, the number of different values."""
    return frequencies.group_by("segment").aggregate(
        total=whole(ibis.ifelse(frequencies.facts > integer(0), integer(1), integer(0)).sum())
    )
