"""Tables made of event tables: credited facts, replies out of turns, contacts followed by another one.

Each is a plain projection, union or window in the portable vocabulary. Windows run over as few columns as the
question needs: a wide window costs several times as much. Nothing is executed here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

import ibis
import ibis.expr.types as ir

from meritdesk.metrics.conditions import integer
from meritdesk.metrics.definitions import Credit

PERSON, WEIGHT = "credited_person", "credited_weight"
"""Columns that `credited` adds: who is credited, and how much in 1/10000 (only for a split credit)."""


def table_named(name: str, tables: Mapping[str, ir.Table]) -> ir.Table:
    """Return an event table, or the table derived from it; KeyError if it is not there."""
    return replies(tables["turns"]) if name == "replies" else tables[name]


def replies(turns: ir.Table) -> ir.Table:
    """Return one row per agent's reply to a waiting customer, with `reply_seconds` since the customer began to wait.

    A wait begins with the customer's first message that nobody has answered. Messages of bots and systems neither
    begin nor end a wait.
    """
    spoken = turns.filter(turns.author.isin(["customer", "agent"]))
    order = ibis.window(group_by="contact_id", order_by="sequence")
    spoken = spoken.mutate(previous=spoken.author.lag().over(order))
    turning = spoken.filter(spoken.previous.isnull() | (spoken.previous != spoken.author))
    turning = turning.mutate(since=turning.sent_at.lag().over(order))
    answered = turning.filter((turning.author == "agent") & turning.since.notnull())
    return answered.mutate(reply_seconds=answered.sent_at - answered.since).drop("previous", "since")


def credited(table: ir.Table, credit: Credit) -> ir.Table:
    """Return the facts once per person credited, with `PERSON` and, if the credit is split, `WEIGHT` in 1/10000.

    A column that names nobody leaves its share to the first that names somebody, and one person named twice gets one
    row with both shares: the weights of a fact add up to 10000 whenever anybody is named.
    """
    if isinstance(credit, str):
        return table.mutate(**{PERSON: table[credit]})
    shares = list(credit.items())
    first = ibis.coalesce(*(table[column] for column in credit))
    named = [ibis.coalesce(table[column], first) for column in credit]
    parts = []
    for i, (person, _) in enumerate(zip(named, shares, strict=True)):
        weight = sum(
            (
                ibis.ifelse(other == person, integer(share), integer(0))
                for other, (_, share) in zip(named, shares, strict=True)
            ),
            start=integer(0),
        )
        earlier = [other == person for other in named[:i]]
        again = reduce(lambda a, b: a | b, earlier) if earlier else ibis.literal(False)
        parts.append(table.mutate(**{PERSON: person, WEIGHT: weight.cast("int64")}).filter(person.notnull() & ~again))
    return ibis.union(*parts) if len(parts) > 1 else parts[0]


def in_segments(facts: ir.Table, segments: ir.Table) -> ir.Table:
    """Return the credited facts with the `segment` of their person that holds their day (none: dropped; two: twice)."""
    bounds = segments.select("segment", segment_person="person", from_day="from_day", to_day="to_day")
    return facts.join(
        bounds,
        [
            facts[PERSON] == bounds.segment_person,
            facts["day"] >= bounds.from_day,
            facts["day"] < bounds.to_day,
        ],
    )


def followed(
    contacts: ir.Table, population: ir.BooleanValue, same: Sequence[str], credit: str, *named: str
) -> ir.Table:
    """Return, for each contact of the population, credited person, `day`, `next_day` and the columns named.

    `next_day` is the day on which the same customer (with the same `same` columns) comes again within the population,
    null if never. Contacts are ordered by day, time and id, so that ties are decided alike everywhere.
    """
    customer = ["customer", *same]
    kept = population & contacts.customer.notnull() & contacts.excluded.isnull()
    narrow = contacts.filter(kept).select(*dict.fromkeys([credit, *customer, "day", "created_at", "contact_id"]))
    order = ibis.window(group_by=customer, order_by=["day", "created_at", "contact_id"])
    return narrow.select(
        *named, **{PERSON: narrow[credit]}, day=narrow["day"], next_day=narrow["day"].lead().over(order)
    )
