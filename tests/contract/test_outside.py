"""Real data from outside, from raw export to results; skipped where the data is absent."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from meritdesk.events.ingest import Dataset, find_mappings, ingest
from meritdesk.facts import Measuring, MetricLine
from meritdesk.metrics.load import load_metrics
from meritdesk.pipeline import appraise
from meritdesk.results import Results
from meritdesk.roster import day_number, everybody, parse_period
from meritdesk.scheme.load import load_document

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "outside"
PERIODS = {
    "pwc_callcenter": "2021-Q1",
    "shopzilla_csat": "2023-08-01..2023-08-05",
    "bank_callcenter": "1999-08-01..1999-08-01",
    "restaurant_booking_calls": "2023-11",
}
ROWS = {"pwc_callcenter": 5000, "shopzilla_csat": 2343, "bank_callcenter": 2375, "restaurant_booking_calls": 25_100}


@pytest.fixture(scope="module")
def datasets() -> dict[str, Dataset]:
    return {}


def read(name: str, outside: Path, datasets: dict[str, Dataset]) -> Dataset:
    if name not in datasets:
        datasets[name] = ingest(outside / name, find_mappings(EXAMPLES / name))
    return datasets[name]


def run(name: str, dataset: Dataset) -> Results:
    return appraise(
        load_document(EXAMPLES / name / "scheme.yaml"), dataset, parse_period(PERIODS[name]), load_metrics()
    )


def together(name: str, dataset: Dataset, metrics: list[str]) -> dict[str, MetricLine]:
    period = parse_period(PERIODS[name])
    library = load_metrics()
    measuring = Measuring(dataset.tables, everybody(dataset.tables["people"], period), [library[m] for m in metrics])
    whole = measuring.together(day_number(period.first), day_number(period.last) + 1)
    return {line.metric: line for line in whole.values()}


@pytest.mark.outside
@pytest.mark.parametrize("name", PERIODS)
def test_every_row_is_accounted_for_and_everybody_gets_a_result(
    name: str, outside_data: Path, datasets: dict[str, Dataset]
) -> None:
    dataset = read(name, outside_data, datasets)
    for account in dataset.report.accounts:
        assert account.rows_in == ROWS[name]
        left_out = sum(account.left_out.values())
        assert account.accepted + account.quarantined + account.duplicates + left_out == account.rows_in
    results = run(name, dataset)
    people = {row["person"] for row in dataset.tables["people"].to_pylist() if row["position"] == "agent"}
    assert {a.person for a in results.appraisals} == people
    for appraisal in results.appraisals:
        assert (appraisal.total is None) == (appraisal.state != "graded")
        assert appraisal.total is not None or appraisal.reason
    assert sum(a.total is not None for a in results.appraisals) >= len(people) * 9 // 10


@pytest.mark.outside
def test_pwc_totals_are_the_published_ones(outside_data: Path, datasets: dict[str, Dataset]) -> None:
    dataset = read("pwc_callcenter", outside_data, datasets)
    wanted = ["speed_of_answer", "csat_mean", "answer_rate", "fcr_recorded_all", "fcr_recorded"]
    lines = together("pwc_callcenter", dataset, wanted)
    assert {name: line.value for name, line in lines.items()} == {
        "speed_of_answer": Decimal("67.52"),
        "csat_mean": Decimal("3.40"),
        "answer_rate": Decimal("0.8108"),
        "fcr_recorded_all": Decimal("0.7292"),
        "fcr_recorded": Decimal("0.8994"),
    }
    assert (lines["answer_rate"].numerator, lines["answer_rate"].denominator) == (Decimal(4054), Decimal(5000))


@pytest.mark.outside
def test_calls_without_a_server_and_of_no_length_are_reported(
    outside_data: Path, datasets: dict[str, Dataset]
) -> None:
    dataset = read("bank_callcenter", outside_data, datasets)
    accounts = {a.table: a for a in dataset.report.accounts}
    assert any("NO_SERVER" in rule for rule in accounts["people"].left_out)
    codes = {problem.code for problem in dataset.report.problems}
    assert {"zero-second-call", "nobody-named"} <= codes


@pytest.mark.outside
def test_people_without_ids_are_kept_apart_by_their_supervisor(
    outside_data: Path, datasets: dict[str, Dataset]
) -> None:
    dataset = read("shopzilla_csat", outside_data, datasets)
    agents = [row for row in dataset.tables["people"].to_pylist() if row["position"] == "agent"]
    assert len(agents) == len({(row["name"], row["superior"]) for row in agents}) == 887
    assert all(row["person"] == f"{row['name']} @ {row['superior']}" for row in agents)
    codes = {problem.code for problem in dataset.report.problems}
    assert "contradicting-values" in codes, "supervisors under several managers are named"
