"""First-contact resolution by window: did the customer come again within so many days?

A contact is resolved if the customer's next contact of the population is more than `window_days` calendar days later,
or there is none; it is pending until all those days are in the data, so that early and late days are judged alike. The
totals are kept per segment and day: they are additive, and what is pending can be decided when the data have grown.
Nothing is executed here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from meritdesk.metrics.conditions import Compiler, integer, whole
from meritdesk.metrics.definitions import Metric
from meritdesk.metrics.derived import PERSON, followed, in_segments


@dataclass(frozen=True)
class Chain:
    """The contacts that follow one another: population, what must be the same besides the customer, who is credited."""

    name: str
    metric: Metric
    windows: tuple[int, ...]

    @property
    def longest(self) -> int:
        """Days that must be looked ahead."""
        return max(self.windows)

    def per_day(self, contacts: ir.Table, segments: ir.Table, zone: str, before: int) -> ir.Table:
        """Return `segment`, `day`, `facts` and `again_…` per window, of the contacts before the day `before`."""
        chain = self._followed(contacts, zone)
        chain = chain.filter(chain["day"] < integer(before))
        return self._placed(chain, integer(1), chain.next_day.notnull(), segments)

    def changes(self, contacts: ir.Table, segments: ir.Table, zone: str, newest: int) -> ir.Table:
        """Return what the contacts of the newest day add to `per_day`: themselves, and that others were followed up."""
        chain = self._followed(contacts, zone)
        new = ibis.ifelse(chain["day"] == integer(newest), integer(1), integer(0))
        return self._placed(chain, new, chain.next_day == integer(newest), segments)

    def _followed(self, contacts: ir.Table, zone: str) -> ir.Table:
        assert isinstance(self.metric.credit, str)
        population = Compiler(self.metric, contacts, zone).keeps(self.metric.where)
        return followed(contacts, population, self.metric.same, self.metric.credit)

    def _placed(self, chain: ir.Table, facts: ir.Value, counted: ir.BooleanValue, segments: ir.Table) -> ir.Table:
        """Return totals per segment and day; a contact is followed up if the next is counted and near enough."""
        again = {}
        for window in self.windows:
            near = counted & (chain.next_day - chain["day"] <= integer(window))
            again[f"again_{window}"] = ibis.ifelse(near.fill_null(False), integer(1), integer(0))
        marked = chain.select(PERSON, "day", facts=facts, **again)
        days = marked.group_by([PERSON, "day"]).aggregate(**_totals(marked, ["facts", *again]))
        placed = in_segments(days, segments)
        return placed.group_by(["segment", "day"]).aggregate(**_totals(placed, ["facts", *again]))

    def settled(self, per_day: ir.Table, until: int) -> ir.Table:
        """Return per segment and window `decided_…`, `resolved_…` and `pending_…`; `until` is the end of the data."""
        columns: dict[str, ir.IntegerValue] = {}
        for window in self.windows:
            over = per_day["day"] + integer(window) < integer(until)
            resolved = per_day.facts - per_day[f"again_{window}"]
            columns[f"decided_{window}"] = whole(ibis.ifelse(over, per_day.facts, integer(0)).sum())
            columns[f"resolved_{window}"] = whole(ibis.ifelse(over, resolved, integer(0)).sum())
            columns[f"pending_{window}"] = whole(ibis.ifelse(over, integer(0), per_day.facts).sum())
        return per_day.group_by("segment").aggregate(**columns)


def added(*per_day: ir.Table) -> ir.Table:
    """Return the totals per segment and day of several tables of `Chain.per_day` together."""
    together = ibis.union(*per_day) if len(per_day) > 1 else per_day[0]
    names = [name for name in together.columns if name not in ("segment", "day")]
    return together.group_by(["segment", "day"]).aggregate(**_totals(together, names))


def _totals(table: ir.Table, names: Iterable[str]) -> dict[str, ir.IntegerValue]:
    return {name: whole(table[name].sum()) for name in names}


def chain_key(metric: Metric) -> str:
    """Return what metrics must share to be answered by one chain: all that matters but the length of the window."""
    return metric.model_dump_json(include={"table", "where", "same", "credit", "parameters"})
