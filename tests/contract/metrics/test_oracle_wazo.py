"""The metric definitions against the expected queue and agent statistics of another product (facts only).

Its hourly counters become contacts and its log-in times attendance; each expected item is one segment. Local hours and
weekdays are cut here with the zone's own rules, as opening hours would be; what a figure means is the product's.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import ibis
import pytest

from meritdesk.metrics.definitions import Metric
from meritdesk.metrics.load import load_metrics
from meritdesk.metrics.measure import measure
from tests.contract.metrics.world import Rows, arrow, segments

OUTCOMES = {
    "answered": "answered", "abandoned": "abandoned", "closed": "closed", "joinempty": "no_agent",
    "leaveempty": "no_agent", "timeout": "missed", "full": "full", "divert_ca_ratio": "diverted",
    "divert_waittime": "diverted",
}  # fmt: skip
OWN = """
metrics:
  - {id: received, kind: count, table: contacts, <same>}
  - {id: answered, kind: count, table: contacts, where: {column: outcome, equals: answered}, <same>}
  - {id: abandoned, kind: count, table: contacts, where: {column: outcome, equals: abandoned}, <same>}
  - {id: closed, kind: count, table: contacts, where: {column: outcome, equals: closed}, <same>}
  - {id: not_answered, kind: count, table: contacts, where: {column: outcome, equals: missed}, <same>}
  - {id: saturated, kind: count, table: contacts, where: {column: outcome, in: [full, diverted]}, <same>}
  - {id: blocked, kind: count, table: contacts, where: {column: outcome, equals: no_agent}, <same>}
  - {id: conversation_time, kind: sum, value: talk_seconds, table: contacts, <same>}
  - {id: login_time, kind: sum, value: login_seconds, table: attendance, <same>}
""".replace(
    "<same>",
    "title: t, title_en: t, unit: count, better: higher, influence: system, rests_on: [x], scale: 0",
)
RATES = {"answered_rate": "answer_rate", "average_waiting_time": "queue_wait"}
BLANK = "the answer is that there is no queue or agent to list: a list of segments is the question here, not the answer"
NOT_OURS = {
    "test_list_queue_statistics_when_no_stats": BLANK,
    "test_list_agent_statistics_when_no_stats": BLANK,
    "test_that_get_agent_stats_by_day_when_no_stats": "asserts only which days are listed",
    "test_that_get_queue_stats_by_day_when_no_stats": "asserts only which days are listed",
    "test_get_agent_statistics_per_queue_pause": "breaks and their queues are not in the attendance contract",
    "test_list_agent_statistics_queues_multitenant": "tenants are separate data sets here",
}
"""Cases that say nothing about the definition of a metric that the product has, and why."""
BY_BUCKET = (
    "test_period_thresholds_by_hour_all_params",
    "test_period_thresholds_by_day_all_params",
    "test_period_thresholds_no_param",
)
"""Cases that count calls by waiting time."""


@dataclass
class Case:
    """One case of the oracle: events with their instant, and what each expected item says."""

    rows: list[dict[str, Any]]
    request: dict[str, Any]
    expected: list[dict[str, Any]] = field(default_factory=list)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.request.get("timezone", "UTC"))

    def counts(self, epoch: int, item: dict[str, Any]) -> bool:
        """True if an instant lies in the item's span and in the opening hours asked for."""
        start = instant(item["from"]) if item.get("from") else instant(self.request.get("from_", "1970-01-02"))
        end = (
            instant(item["until"])
            if item.get("until", "<")[0] != "<"
            else instant(self.request.get("until", "2100-01-01"))
        )
        local = datetime.fromtimestamp(epoch, self.zone)
        opening = time.fromisoformat(self.request.get("day_start_time", "00:00"))
        closing = self.request.get("day_end_time")
        days = self.request.get("week_days", "1,2,3,4,5,6,7").split(",")
        open_now = opening <= local.time() and (closing is None or local.time() < time.fromisoformat(closing))
        return start <= epoch < end and open_now and str(local.isoweekday()) in days


def instant(text: str) -> int:
    """Return epoch seconds; without an offset the text is UTC."""
    text = re.sub(r"[T ]0?(\d?\d):", lambda hour: f"T{int(hour[1]):02d}:", text, count=1)
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def cases(folder: Path) -> Iterator[tuple[str, Case]]:
    """Yield the cases by name; a test with several requests gives several."""
    for case in json.loads((folder / "oracle_wazo" / "facts.json").read_text(encoding="utf-8")):
        made = [Case(case["input_rows"], request) for request in case["requests"]] or [Case(case["input_rows"], {})]
        for said in case["expectations"]:
            target, expected = made[said["call_index"]], said["expected"]
            found = expected if "_match" in expected else expected.get("items", {} if "total" in expected else expected)
            target.expected += found.get("items", []) if "_match" in found else ([found] if found else [])
        yield from ((case["test"], one) for one in made)


def contacts(case: Case, item: dict[str, Any]) -> Rows:
    """Return the contacts that fall into an item: counters as calls without a wait, calls of the agent as they are."""
    rows: Rows = []
    names = {row["id"]: row["agent_id"] for row in case.rows if row["table"] == "stat_agent"}
    for row in case.rows:
        at = instant(row.get("time", "2020-10-01 14:00:00"))
        if row["table"] == "stat_queue_periodic" and row["queue_id"] == item.get(
            "queue_id", case.request.get("queue_id")
        ):
            drawn = [outcome for counter, outcome in OUTCOMES.items() for _ in range(row.get(counter, 0))]
            rows += [{"outcome": outcome, "wait_seconds": 0} for outcome in drawn if case.counts(at, item)]
        theirs = names.get(row.get("agent_id")) == item.get("agent_id", case.request.get("agent_id"))
        if row["table"] == "stat_call_on_queue" and "agent_id" in row and theirs and case.counts(at, item):
            rows.append({"outcome": row.get("status", "answered"), "talk_seconds": row.get("talktime")})
    return rows


def attendance(case: Case, item: dict[str, Any]) -> Rows:
    """Return the log-in times that fall into an item, those of the agent over all queues."""
    names = {row["id"]: row["agent_id"] for row in case.rows if row["table"] == "stat_agent"}
    rows: Rows = []
    for row in case.rows:
        if row["table"] != "stat_agent_periodic" or "stat_queue_id" in row or "login_time" not in row:
            continue
        wanted = item.get("agent_id", case.request.get("agent_id"))
        wanted = wanted if isinstance(wanted, int) else case.request["agent_id"]
        if names[row["agent_id"]] == wanted and case.counts(instant(row.get("time", "2020-10-01 14:00:00")), item):
            hours, minutes, seconds = (int(part) for part in row["login_time"].split(":"))
            rows.append({"login_seconds": hours * 3600 + minutes * 60 + seconds})
    return rows


Figures = list[dict[str, tuple[int | None, int | None]]]


def figures(metrics: list[Metric], facts: list[dict[str, Rows]]) -> Figures:
    """Return numerator and denominator per metric of each of the facts: one segment each, measured in one go."""
    connection = ibis.duckdb.connect()
    tables = {}
    for name in {name for one in facts for name in one}:
        numbered = [row | {"person": str(n), "day": 1} for n, one in enumerate(facts) for row in one.get(name, [])]
        listed = [row | {"contact_id": str(i)} for i, row in enumerate(numbered)]
        tables[name] = connection.create_table(name, arrow(name, listed))
    posts = connection.create_table("segments", segments([(n, str(n), 1, 2) for n in range(len(facts))]))
    found: Figures = [{} for _ in facts]
    for row in measure(metrics, tables, posts).to_pylist():
        found[row["segment"]][row["metric"]] = row["numerator"], row["denominator"]
    return found


def rounded(numerator: int | None, denominator: int | None, factor: int) -> Decimal | None:
    """Return a rate at two decimals, as the oracle prints it."""
    if numerator is None or not denominator:
        return None
    exact = Fraction(numerator * factor, denominator)
    return (Decimal(exact.numerator) / exact.denominator).quantize(Decimal("0.01"), ROUND_HALF_UP)


def consistent(case: Case) -> bool:
    """True if every total is the sum of its counters: one case of the oracle has a total that is not."""
    rows = [row for row in case.rows if row["table"] == "stat_queue_periodic" and "total" in row]
    return all(row["total"] == sum(row.get(counter, 0) for counter in OUTCOMES) for row in rows)


def compared(metrics: list[Metric], folder: Path) -> Iterator[tuple[str, str, Any, Any]]:
    """Yield (case, key, expected, measured) of everything that is said about a figure we have."""
    asked = [(name, case, item) for name, case in cases(folder) for item in case.expected]
    facts = [{"contacts": contacts(case, item), "attendance": attendance(case, item)} for _, case, item in asked]
    for (name, case, item), found in zip(asked, figures(metrics, facts), strict=True):
        for metric in metrics:
            key = next((key for key, ours in RATES.items() if ours == metric.id), metric.id)
            if key not in item or (key == "received" and not consistent(case)):
                continue
            if metric.id == key:
                yield name, key, item[key], found[key][0]
            else:
                expected = None if item[key] is None else Decimal(str(item[key])).quantize(Decimal("0.01"))
                yield name, key, expected, rounded(*found[metric.id], 100 if key == "answered_rate" else 1)


def by_bucket(folder: Path) -> Iterator[tuple[int, int | None]]:
    """Yield (expected, measured) calls answered before each upper bound: buckets are [min, max), so 5 s is in 5–10."""
    asked = [(case, item) for name, case in cases(folder) if name in BY_BUCKET for item in case.expected]
    facts: list[dict[str, Rows]] = []
    for case, item in asked:
        rows = [
            row for row in case.rows if row["table"] == "stat_call_on_queue" and case.counts(instant(row["time"]), item)
        ]
        facts.append({"contacts": [{"outcome": row["status"], "wait_seconds": row["waittime"]} for row in rows]})
    bounds = {bucket["max"] or 10**6 for _, item in asked for bucket in item["quality_of_service"]["items"]}
    level = load_metrics()["service_level_answered"]
    found = figures([level.configured({"threshold_seconds": bound - 1}, str(bound)) for bound in sorted(bounds)], facts)
    for (_, item), measured in zip(asked, found, strict=True):
        before = 0
        for bucket in item["quality_of_service"]["items"]:
            before += bucket["answered"]
            yield before, measured[str(bucket["max"] or 10**6)][0]


@pytest.fixture(scope="module")
def metrics(tmp_path_factory: pytest.TempPathFactory) -> list[Metric]:
    own = tmp_path_factory.mktemp("metrics") / "own.yaml"
    own.write_text(OWN, encoding="utf-8")
    known = load_metrics([own])
    return [metric for name, metric in known.items() if metric.rests_on == ("x",) or name in RATES.values()]


@pytest.mark.outside
def test_figures_are_those_of_the_oracle(outside_data: Path, metrics: list[Metric]) -> None:
    found = list(compared(metrics, outside_data))
    assert [pair for pair in found if pair[2] != pair[3]] == []
    said = Counter(key for _name, key, _expected, _found in found)
    assert said.total() >= 200, said
    assert said.keys() >= {"answered_rate", "average_waiting_time", "received", "blocked", "saturated", "login_time"}
    silent = {name for name, _case in cases(outside_data)} - {name for name, *_rest in found}
    assert silent == set(NOT_OURS) | set(BY_BUCKET)


@pytest.mark.outside
def test_service_level_is_that_of_the_oracle(outside_data: Path) -> None:
    pairs = list(by_bucket(outside_data))
    assert len(pairs) >= 30
    assert [pair for pair in pairs if pair[0] != pair[1]] == []


@pytest.mark.outside
def test_a_wrong_definition_would_be_noticed(outside_data: Path, metrics: list[Metric]) -> None:
    everything = [m.model_copy(update={"where": None}) if m.id == "answer_rate" else m for m in metrics]
    assert [pair for pair in compared(everything, outside_data) if pair[2] != pair[3]]
