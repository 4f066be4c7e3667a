"""A small made-up contact centre, seeded: every column with gaps, ties, boundary days and people with two posts.

Tables have exactly the columns of their contracts. Nothing here computes a metric.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from meritdesk.events.contracts import CONTRACTS, OUTCOMES

FIRST_DAY = 19_783  # 2024-03-01
DAYS = 61
PEOPLE = [f"a{i:02d}" for i in range(9)]
SHANGHAI = 8 * 3600

Rows = list[dict[str, Any]]


def arrow(name: str, rows: Rows) -> pa.Table:
    """Return rows as a table with the columns of the contract, missing ones null."""
    contract = CONTRACTS[name]
    schema = pa.schema([(c.name, pa.string() if c.type == "text" else pa.int64()) for c in contract.columns])
    return pa.Table.from_pylist([{column: row.get(column) for column in contract.names} for row in rows], schema)


def segments(rows: list[tuple[int, str, int, int]]) -> pa.Table:
    """Return segments given as (segment, person, from_day, to_day)."""
    schema = pa.schema(
        [("segment", pa.int64()), ("person", pa.string()), ("from_day", pa.int64()), ("to_day", pa.int64())]
    )
    return pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema)


def some_segments() -> pa.Table:
    """Return months, a move in mid-month, a gap, overlapping periods, a team, and a person without any fact."""
    middle, end = FIRST_DAY + 31, FIRST_DAY + DAYS
    rows = []
    for i, person in enumerate(PEOPLE[:6]):
        rows += [(10 * i + 1, person, FIRST_DAY, middle), (10 * i + 2, person, middle, end)]
    rows += [(71, "a06", FIRST_DAY, FIRST_DAY + 12), (72, "a06", FIRST_DAY + 12, middle)]
    rows += [(73, "a07", FIRST_DAY + 3, FIRST_DAY + 4), (74, "a07", FIRST_DAY + 40, end)]
    rows += [(80, "a01", FIRST_DAY, end), (81, "a02", FIRST_DAY, end), (81, "a03", FIRST_DAY, end)]
    rows += [(99, "nobody", FIRST_DAY, end)]
    return segments(rows)


class Maker:
    """Draws facts with a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.counter = 0

    def maybe(self, value: Any, missing: float = 0.1) -> Any:
        return None if self.random.random() < missing else value

    def fact(self, table: str) -> dict[str, Any]:
        self.counter += 1
        day = FIRST_DAY + self.random.randrange(DAYS)
        return {
            "day": day,
            "person": self.maybe(self.random.choice(PEOPLE), 0.03),
            "excluded": self.maybe("outage", 0.94),
            "source": f"{table}.csv:{self.counter}",
            "contact_id": self.maybe(f"c{self.random.randrange(400):04d}"),
        }

    def moment(self, day: int) -> int:
        """Return a time of the business day, often on its first or last second."""
        second = self.random.choice([0, 86_399, self.random.randrange(86_400)])
        return day * 86_400 - SHANGHAI + second

    def later(self, moment: int) -> int:
        return moment + self.random.choice([0, 1, 59, 3_600, 86_400, 2 * 86_400, self.random.randrange(6 * 86_400)])

    def contacts(self, number: int) -> Rows:
        rows = []
        for i in range(number):
            fact = self.fact("contacts")
            created = self.moment(fact["day"])
            answered = self.later(created)
            rows.append(
                fact
                | {
                    "contact_id": f"c{i:04d}",
                    "assignee": self.maybe(self.random.choice(PEOPLE), 0.2),
                    "closer": self.maybe(self.random.choice(PEOPLE), 0.2),
                    "customer": self.maybe(f"u{self.random.randrange(number // 8):03d}"),
                    "channel": self.maybe(self.random.choice(["phone", "chat"]), 0.2),
                    "topic": self.maybe(self.random.choice(["bill", "fault"]), 0.2),
                    "direction": self.maybe(self.random.choice(["inbound", "inbound", "outbound"]), 0.2),
                    "outcome": self.maybe(self.random.choice(["answered"] * 6 + list(OUTCOMES)), 0.2),
                    "created_at": created,
                    "first_reply_at": self.maybe(answered),
                    "resolved_at": self.maybe(self.later(answered)),
                    "wait_seconds": self.maybe(self.random.choice([0, 4, 5, 6, 19, 20, 21, self.random.randrange(90)])),
                    "talk_seconds": self.maybe(self.random.randrange(600)),
                    "wrap_seconds": self.maybe(self.random.randrange(60)),
                    "handle_seconds": self.maybe(self.random.choice([60, 61, 120, self.random.randrange(700)])),
                    "first_reply_business_seconds": self.maybe(self.random.randrange(4_000)),
                    "resolution_business_seconds": self.maybe(self.random.randrange(40_000)),
                    "resolved": self.maybe(int(self.random.random() < 0.8), 0.2),
                    "transferred": self.maybe(int(self.random.random() < 0.1), 0.2),
                    "reopened": self.maybe(int(self.random.random() < 0.1), 0.2),
                }
            )
        return rows

    def turns(self, contacts: int) -> Rows:
        rows = []
        for i in range(contacts):
            fact = self.fact("turns")
            moment = self.moment(fact["day"])
            for sequence in range(1, self.random.randrange(2, 12)):
                moment += self.random.choice([0, 1, 30, self.random.randrange(200)])
                rows.append(
                    fact
                    | {
                        "contact_id": f"c{i:04d}",
                        "sequence": sequence,
                        "author": self.random.choice(["customer", "customer", "agent", "agent", "bot", "system"]),
                        "person": self.maybe(self.random.choice(PEOPLE), 0.03),
                        "sent_at": moment,
                    }
                )
        return rows

    def surveys(self, number: int) -> Rows:
        rows = []
        for i in range(number):
            kind = self.random.choice(["csat", "csat", "nps", "ces"])
            full = {"csat": self.random.choice([5, 5, 3]), "nps": 10, "ces": 7}[kind]
            score = self.random.randrange(0 if kind == "nps" else 1, full + 1)
            rows.append(self.fact("surveys") | {"survey_id": f"v{i:04d}", "kind": kind, "full": full, "score": score})
        return rows

    def reviews(self, number: int) -> Rows:
        return [
            self.fact("reviews")
            | {
                "review_id": f"r{i:04d}",
                "score": self.random.randrange(5_000, 5_001),
                "full": self.random.choice([10_000, 10_000, 5_000]),
                "critical_errors": self.maybe(self.random.choice([0, 0, 1, 2]), 0.3),
            }
            for i in range(number)
        ]

    def complaints(self, number: int) -> Rows:
        rows = []
        for i in range(number):
            fact = self.fact("complaints")
            received = self.moment(fact["day"])
            rows.append(
                fact
                | {
                    "complaint_id": f"k{i:04d}",
                    "upheld": self.maybe(self.random.randrange(2), 0.3),
                    "received_at": self.maybe(received),
                    "resolved_at": self.maybe(self.later(received), 0.3),
                }
            )
        return rows

    def orders(self, number: int) -> Rows:
        rows = []
        for i in range(number):
            fact = self.fact("orders")
            inquiry = self.moment(fact["day"])
            ordered = self.later(inquiry)
            rows.append(
                fact
                | {
                    "order_id": f"o{i:04d}",
                    "inquiry_at": self.maybe(inquiry),
                    "ordered_at": self.maybe(ordered),
                    "paid_at": self.maybe(self.later(inquiry), 0.4),
                    "shipped_at": self.maybe(self.later(ordered), 0.3),
                    "amount": self.maybe(self.random.randrange(1, 100_000)),
                    "refunded": self.maybe(self.random.choice([0, 0, 500]), 0.3),
                    "wrong": self.maybe(self.random.choice([0, 0, 1]), 0.2),
                }
            )
        return rows

    def attendance(self) -> Rows:
        rows = []
        for person in PEOPLE:
            for day in range(FIRST_DAY, FIRST_DAY + DAYS, 3):
                fact = self.fact("attendance") | {"person": person, "day": day}
                for column in ("scheduled", "worked", "login", "busy", "adherent"):
                    fact[f"{column}_seconds"] = self.maybe(self.random.randrange(20_000, 30_000))
                # a05 has no record of lateness at all: no data, not zero
                late = None if person == "a05" else self.maybe(self.random.choice([0, 0, 1]))
                rows.append(fact | {"late": late, "absent": self.maybe(self.random.choice([0, 0, 0, 1]))})
        return rows

    def requests(self, number: int) -> Rows:
        rows = []
        for i in range(number):
            fact = self.fact("requests")
            received = self.moment(fact["day"])
            answered = self.maybe(self.later(received), 0.2)
            rows.append(fact | {"request_id": f"q{i:04d}", "received_at": received, "answered_at": answered})
        return rows

    def others(self) -> Mapping[str, Rows]:
        def many(name: str, number: int, **draw: Any) -> Rows:
            key = CONTRACTS[name].key[0]
            rows = []
            for i in range(number):
                drawn = {column: choice() for column, choice in draw.items()}
                fact = self.fact(name)
                rows.append(fact | {"person": fact["person"] or PEOPLE[0], key: f"{name}{i:04d}"} | drawn)
            return rows

        pick = self.random.choice
        return {
            "exams": many(
                "exams", 60, score=lambda: self.maybe(pick([6_000, 8_550])), full=lambda: self.maybe(10_000),
                level=lambda: self.maybe(pick([1, 2, 3])),
            ),
            "plans": many(
                "plans", 160, kind=lambda: self.maybe(pick(["week", "month", "year", "report", "improvement"])),
                planned=lambda: pick([0, 10, 20]), completed=lambda: pick([0, 5, 20]),
                on_time=lambda: self.maybe(pick([0, 1])),
            ),
            "violations": many(
                "violations", 80, code=lambda: pick(["chat", "no_number"]), count=lambda: pick([1, 1, 2])
            ),
            "wages": many("wages", 60, amount=lambda: pick([400_000, 512_345])),
            "events": many("events", 80, kind=lambda: pick(["problem_feedback", "help"]), count=lambda: pick([1, 3])),
        }  # fmt: skip


def world(seed: int = 7) -> dict[str, pa.Table]:
    """Return all fact tables of the made-up centre."""
    make = Maker(seed)
    rows: dict[str, Rows] = {
        "contacts": make.contacts(1_600),
        "turns": make.turns(120),
        "surveys": make.surveys(500),
        "reviews": make.reviews(300),
        "complaints": make.complaints(200),
        "orders": make.orders(500),
        "attendance": make.attendance(),
        "requests": make.requests(150),
        **make.others(),
    }
    return {name: arrow(name, listed) for name, listed in rows.items()}
