"""Metrics are data: an organisation writes its own, and every wrong way of writing one is told with file and line."""

from __future__ import annotations

from pathlib import Path

import ibis
import pytest

from meritdesk.errors import MeritdeskError
from meritdesk.metrics.definitions import MEASURABLE, Metric, columns_named
from meritdesk.metrics.load import LIBRARY, load_metrics
from meritdesk.metrics.measure import measure
from tests.contract.metrics.world import FIRST_DAY, arrow, segments

OWN = """\
metrics:
  - id: long_calls
    title: 超长通话占比
    title_en: Share of long calls
    unit: ratio
    better: lower
    influence: person
    rests_on: [contacts.handle]
    table: contacts
    kind: ratio
    where: {not: {column: handle_seconds, is_missing: true}}
    numerator: {where: {column: handle_seconds, at_least: {parameter: long}}}
    parameters: {long: 600}
    scale: 4
"""


def read(tmp_path: Path, text: str) -> list[tuple[str, int]]:
    """Return code and line of each problem of a file."""
    file = tmp_path / "own.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(MeritdeskError) as caught:
        load_metrics([file])
    found = []
    for problem in caught.value.problems:
        name, line = problem.place.rsplit(":", 1)
        assert name == str(file)
        assert problem.message
        assert problem.fix
        found.append((problem.code, int(line)))
    return found


def test_own_metric_is_measured_like_any_other(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(OWN, encoding="utf-8")
    metrics = load_metrics([tmp_path])
    rows = [{"contact_id": str(i), "person": "ann", "day": FIRST_DAY, "handle_seconds": 599 + i} for i in range(3)]
    connection = ibis.duckdb.connect()
    tables = {"contacts": connection.create_table("contacts", arrow("contacts", rows))}
    posts = connection.create_table("segments", segments([(1, "ann", FIRST_DAY, FIRST_DAY + 1)]))
    figures = measure([metrics["long_calls"]], tables, posts).to_pylist()
    assert [(row["numerator"], row["denominator"]) for row in figures] == [(2, 3)]


TEST, LAST = "{column: handle_seconds, at_least: {parameter: long}}", "    scale: 4"
CREDIT = "    credit: {person: 5000, closer: %d}\n%s"
WHERE = "{not: {column: handle_seconds, is_missing: true}}"

# what is changed in OWN, and the code and line of the problem
WRONG = {
    "unknown field": (("    scale: 4", "    scale: 4\n    colour: red"), "metric-field", 15),
    "missing field": (("    title_en: Share of long calls\n", ""), "metric-field", 2),
    "unknown unit": (("unit: ratio", "unit: percent"), "metric-field", 5),
    "unknown kind": (("kind: ratio", "kind: share"), "metric-field", 10),
    "bad id": (("id: long_calls", "id: Long Calls"), "metric-field", 2),
    "fraction": (("long: 600", "long: 600.5"), "metric-field", 13),
    "two tests": (("is_missing: true", "is_missing: true, at_most: 3"), "metric-field", 11),
    "no test": (("at_least: {parameter: long}", ""), "metric-field", 12),
    "code": ((WHERE, '"handle_seconds > 3"'), "metric-field", 11),
    "empty all": ((WHERE, "{all: []}"), "metric-field", 11),
    "unknown table": (("table: contacts", "table: calls"), "metric-meaning", 9),
    "unknown column": (("{column: handle_seconds, at_least", "{column: handling, at_least"), "metric-meaning", 12),
    "unknown parameter": (("parameter: long", "parameter: longest"), "metric-meaning", 12),
    "text compared": ((TEST, "{column: queue, at_least: 3}"), "metric-meaning", 12),
    "number as text": (("at_least: {parameter: long}", "equals: ten"), "metric-meaning", 12),
    "unknown choice": ((TEST, "{column: outcome, equals: lost}"), "metric-meaning", 12),
    "part of another kind": (("kind: ratio", "kind: count"), "metric-meaning", 12),
    "value missing": (("kind: ratio", "kind: mean"), "metric-meaning", 2),
    "split not whole": ((LAST, CREDIT % (4000, "    numerator_scale: 4\n    scale: 4")), "metric-meaning", 14),
    "split without scale": ((LAST, CREDIT % (5000, LAST)), "metric-meaning", 14),
    "no such time": ((WHERE, "{column: {seconds: [created_at, person]}, at_most: 3}"), "metric-meaning", 11),
    "pending twice": (("    scale: 4", "    pending: {}\n    scale: 4"), "metric-field", 14),
    "id taken": (("id: long_calls", "id: answer_rate"), "metric-id-taken", 2),
    "not a list": (("metrics:", "measures:"), "metric-file", 1),
    "broken yaml": (("unit: ratio", "unit: [ratio"), "yaml-syntax", 6),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_each_wrong_way_is_told_with_its_line(name: str, tmp_path: Path) -> None:
    (old, new), code, line = WRONG[name]
    assert old in OWN
    assert (code, line) in read(tmp_path, OWN.replace(old, new))


def test_all_problems_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    twice = OWN + OWN.removeprefix("metrics:\n").replace("unit: ratio", "unit: percent").replace("long_calls", "other")
    problems = read(tmp_path, twice.replace("table: contacts", "table: calls", 1))
    assert {line for _code, line in problems} == {9, 18}


def test_the_library_is_documented_and_in_order() -> None:
    metrics = load_metrics()
    assert len(metrics) >= 60
    assert len(metrics) == sum(file.read_text(encoding="utf-8").count("  - id: ") for file in LIBRARY.glob("*.yaml"))
    for metric in metrics.values():
        assert metric.title
        assert metric.title_en
        assert set(metric.tables) <= set(MEASURABLE)
        assert metric.can_be_empty == (metric.kind not in ("count", "sum", "distinct"))


def test_columns_named_leave_none_out() -> None:
    metric: Metric = load_metrics()["inquiry_conversion_next_day"]
    assert columns_named([metric], "orders") == ("person", "inquiry_at", "paid_at", "day", "excluded")
    assert "contact_id" in columns_named([load_metrics()["fcr_7_days"]], "contacts")
