"""Response and resolution times against the expected ones of another product (facts only).

Its times inside business hours go into the contract's `…_business_seconds` columns, as ingest would write them. Case C6
names no figure: a reopened conversation is a new contact here, its first response measured from the reopening too.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import ibis
import pytest

from meritdesk.events.calendar import HoursDocument, business_seconds
from meritdesk.metrics.load import load_metrics
from meritdesk.metrics.measure import measure
from tests.contract.metrics.world import Rows, arrow, segments

METRICS = load_metrics()
START = 1_647_734_400  # 2022-03-20 00:00 UTC, a Sunday
NAMES = {
    "conversations": "contacts_handled", "avg_first_response": "first_response", "avg_resolution": "resolution_time",
    "avg_reply": "average_response",
}  # fmt: skip
IN_HOURS = {"avg_first_response": "first_response_business", "avg_resolution": "resolution_time_business"}


@pytest.fixture(scope="module")
def oracle(outside_data: Path) -> dict[str, dict[str, Any]]:
    text = (outside_data / "oracle_chatwoot" / "chatwoot_reporting_facts.json").read_text(encoding="utf-8")
    return {case["id"]: case for case in json.loads(text)["cases"]}


def means(contacts: Rows, turns: Rows, people: list[str]) -> dict[tuple[str, str], float | int | None]:
    """Return the value per metric and person."""
    connection = ibis.duckdb.connect()
    tables = {name: connection.create_table(name, arrow(name, rows)) for name, rows in
              (("contacts", contacts), ("turns", turns))}  # fmt: skip
    posts = connection.create_table("segments", segments([(i, person, 0, 2) for i, person in enumerate(people)]))
    wanted = [METRICS[name] for name in {*NAMES.values(), *IN_HOURS.values()}]
    found: dict[tuple[str, str], float | int | None] = {}
    for row in measure(wanted, tables, posts).to_pylist():
        value = row["numerator"]
        if row["denominator"]:
            value = row["numerator"] / row["denominator"]
        found[row["metric"], people[row["segment"]]] = value
    return found


def contact(number: int, person: str, **columns: Any) -> dict[str, Any]:
    return {"contact_id": f"c{number}", "person": person, "day": 1, "created_at": START} | columns


def waits(person: str, *seconds: int) -> Rows:
    """Return the turns of a conversation in which the customer waits so many seconds for each reply."""
    rows: Rows = []
    moment = START
    for wait in seconds:
        for author, at in (("customer", moment), ("agent", moment + wait)):
            turn = {"contact_id": f"t{person}", "sequence": len(rows) + 1, "author": author, "sent_at": at}
            rows.append(turn | {"person": person, "day": 1})
        moment += wait + 100
    return rows


@pytest.mark.outside
def test_a_week_of_office_hours(oracle: dict[str, dict[str, Any]]) -> None:
    hours = HoursDocument(week={"mon-fri": "09:00-17:00"}, zone="UTC").hours()
    end = START + 6 * 86_400 + 23 * 3_600 + 59 * 60
    assert business_seconds(START, end, hours) == oracle["C1"]["expected"]["value_in_business_hours"]


@pytest.mark.outside
def test_first_response_counts_from_the_hand_over_by_the_bot(oracle: dict[str, dict[str, Any]]) -> None:
    handed_over = contact(0, "ann", created_at=START + 20, first_reply_at=START + 62)
    assert means([handed_over], [], ["ann"])["first_response", "ann"] == oracle["C2"]["expected"]["first_response"]


@pytest.mark.outside
def test_reply_time_counts_from_when_the_customer_began_to_wait(oracle: dict[str, dict[str, Any]]) -> None:
    turns = waits("ann", 7_200)
    again = turns[0] | {"sequence": 5, "sent_at": START + 60}  # asks once more while waiting
    turns = [turns[0], again, turns[1] | {"sequence": 9}]
    assert means([], turns, ["ann"])["average_response", "ann"] == oracle["C3"]["expected"]["reply_time"]


@pytest.mark.outside
def test_summary_per_agent_and_nothing_is_null(oracle: dict[str, dict[str, Any]]) -> None:
    first = {"first_reply_at": START + 20, "first_reply_business_seconds": 10}
    solved = {"resolved_at": START + 50, "resolution_business_seconds": 40}
    people = ["user1", "user2", "nobody"]
    found = means([contact(0, "user1", **first), contact(1, "user2", **solved)], waits("user1", 30, 40), people)
    for expected in oracle["C4"]["expected_clock"]:
        for name, metric in NAMES.items():
            assert found[metric, expected["agent"]] == expected[name]
    for expected in oracle["C4"]["expected_business_hours"]:
        for name in IN_HOURS.keys() & expected.keys():
            assert found[IN_HOURS[name], expected["agent"]] == expected[name]
    for name, metric in NAMES.items():
        assert found[metric, "nobody"] == oracle["C5"]["expected"][name]
