"""Figures that grow by a day: what is kept is additive, so that one more day of contacts costs one day's work.

Kept are totals and histograms per segment and, for first-contact resolution, totals per segment and day. A new day adds
its own; of the contacts of the days before only those of customers who came again that day are looked at. The figures
are the same to the last digit as those of `measure` on all the data. If facts of earlier days change, build anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from meritdesk.metrics.conditions import integer
from meritdesk.metrics.definitions import Metric, columns_named
from meritdesk.metrics.distribution import merged
from meritdesk.metrics.follow_up import Chain, added
from meritdesk.metrics.measure import ZONE, Measurement, Totals

Kept = Mapping[str, ir.Table]


@dataclass(frozen=True)
class Partials:
    """Additive parts of the figures of some metrics, up to and without the day `found.until`, held by the engine.

    Made by `build`, never changed: `grown` returns new ones. The engine drops them when the last reference is gone.
    """

    found: Measurement
    totals: Totals
    histograms: Kept
    chains: Kept

    @classmethod
    def build(
        cls,
        metrics: Iterable[Metric],
        tables: Mapping[str, ibis.Table],
        segments: ibis.Table,
        *,
        until: int,
        zone: str = ZONE,
    ) -> Partials:
        """Return the parts of all facts before the day `until`; ValueError for a metric that cannot grow."""
        wanted = tuple(metrics)
        for metric in wanted:
            if not can_grow(metric):
                raise ValueError(f"{metric.id}: its facts may change later; measure it in full")
        found = Measurement(wanted, _before(tables, until), segments, until, zone)
        return cls(
            found,
            found.totals(),
            {shape.name: found.histogram(shape).cache() for shape in found.shapes},
            {
                chain.name: added(*(found.followed_up(chain, *span).cache() for span in found.spans())).cache()
                for chain in found.chains
            },
        )

    def grown(self, tables: Mapping[str, ibis.Table]) -> Partials:
        """Return the parts with the next day added; `tables` hold it and as many days before as a window has."""
        old, day = self.found, self.found.until
        today = Measurement(old.metrics, tables, old.segments, day + 1, old.zone, days=(day, day + 1))
        return Partials(
            today,
            today.totals(self.totals),
            {shape.name: merged(self.histograms[shape.name], today.histogram(shape)).cache() for shape in today.shapes},
            {
                chain.name: added(self.chains[chain.name], self._changes(chain, tables["contacts"])).cache()
                for chain in today.chains
            },
        )

    def _changes(self, chain: Chain, contacts: ir.Table) -> ir.Table:
        """Return what the next day adds to a chain: of its contacts, and of those its customers made shortly before."""
        found, day = self.found, self.found.until
        contacts = contacts.select(*columns_named([chain.metric], "contacts"))
        recent = contacts.filter(contacts["day"] >= integer(day - chain.longest), contacts["day"] <= integer(day))
        back = recent.filter(recent["day"] == integer(day)).select("customer").distinct()
        return chain.changes(recent.semi_join(back, "customer"), found.segments, found.zone, day)

    def figures(self) -> pa.Table:
        """Return the figures as `measure` gives them."""
        found, totals = self.found, dict(self.totals)
        for shape in found.shapes:
            found.collect(totals, shape.read(self.histograms[shape.name]).to_pyarrow())
        for chain in found.chains:
            found.collect(totals, found.settled(chain, self.chains[chain.name]).to_pyarrow())
        return found.long(totals)


def can_grow(metric: Metric) -> bool:
    """True for metrics of contacts alone with nothing pending but first-contact resolution."""
    return metric.tables == ("contacts",) and metric.pending is None


def _before(tables: Mapping[str, ibis.Table], until: int) -> Mapping[str, ibis.Table]:
    contacts = tables["contacts"]
    return {"contacts": contacts.filter(contacts["day"] < integer(until))}
