"""Real exports, read by the mappings that ship and those in the documentation; skipped where the data is absent."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pyarrow.compute as pc
import pytest

from meritdesk.events.ingest import Dataset, ingest, shipped_mappings
from meritdesk.events.mapping import load_mapping

pytestmark = pytest.mark.outside
EXAMPLES = Path(__file__).parents[3] / "docs" / "examples" / "outside"

Reader = Callable[[str], Dataset]


@pytest.fixture(scope="module")
def example(outside_data: Path) -> Reader:
    def read(name: str) -> Dataset:
        return ingest(outside_data / name, [load_mapping(EXAMPLES / name / f"{name}.mapping.yaml")])

    return read


@pytest.fixture(scope="module")
def shipped(outside_data: Path) -> Callable[[str, str], Dataset]:
    def read(folder: str, name: str) -> Dataset:
        return ingest(outside_data / folder, [load_mapping(shipped_mappings()[name])])

    return read


def _accounts(dataset: Dataset) -> dict[str, list[tuple[int, int, int, int, int]]]:
    found: dict[str, list[tuple[int, int, int, int, int]]] = {}
    for a in dataset.report.accounts:
        row = (a.rows_in, a.accepted, a.quarantined, a.duplicates, sum(a.left_out.values()))
        found.setdefault(a.table, []).append(row)
    return found


def _codes(dataset: Dataset) -> set[str]:
    return {problem.code for problem in dataset.report.problems}


def test_pwc_totals_equal_the_published_ones(example: Reader) -> None:
    dataset = example("pwc_callcenter")
    assert _accounts(dataset) == {
        "contacts": [(5000, 5000, 0, 0, 0)],
        "surveys": [(5000, 4054, 0, 0, 946)],
        "people": [(5000, 8, 0, 4992, 0)],
    }
    contacts, surveys = dataset.tables["contacts"], dataset.tables["surveys"]
    answered = pc.sum(pc.equal(contacts["outcome"], "answered")).as_py()
    resolved = pc.sum(contacts["resolved"]).as_py()
    assert round(10000 * answered / 5000) == 8108
    assert round(10000 * resolved / 5000) == 7292
    assert round(10000 * resolved / answered) == 8994
    assert round(100 * pc.sum(contacts["wait_seconds"]).as_py() / answered) == 6752
    assert round(100 * pc.sum(surveys["score"]).as_py() / surveys.num_rows) == 340
    assert contacts["person"].null_count == 0
    assert contacts["talk_seconds"].null_count == 946
    assert dataset.report.problems == ()


def test_shopzilla_accounts_for_every_survey(example: Reader) -> None:
    dataset = example("shopzilla_csat")
    assert _accounts(dataset) == {
        "contacts": [(2343, 2343, 0, 0, 0)],
        "surveys": [(2343, 2343, 0, 0, 0)],
        "people": [(2343, 887, 0, 1456, 0), (2343, 39, 0, 2304, 0), (2343, 6, 0, 2337, 0)],
    }
    told = next(p for p in dataset.report.problems if p.code == "contradicting-values")
    assert "29" in told.message


def test_bank_reports_nobody_zero_seconds_and_impossible_times(example: Reader) -> None:
    dataset = example("bank_callcenter")
    contacts = next(a for a in dataset.report.accounts if a.table == "contacts")
    assert (contacts.rows_in, contacts.accepted, contacts.quarantined) == (2375, 2237, 2)
    assert contacts.left_out == {"虚拟通话 PHANTOM": 18, "在语音菜单中挂断，未排队": 118}
    assert {"nobody-named", "zero-second-call"} <= _codes(dataset)
    nobody = next(p for p in dataset.report.problems if p.code == "nobody-named")
    assert "6" in nobody.message
    assert [(row.row, row.code) for row in dataset.report.quarantined] == [
        (1736, "impossible-time"),
        (1930, "impossible-time"),
    ]


def test_booking_hotline_is_read_in_seconds(example: Reader) -> None:
    started = time.process_time()
    dataset = example("restaurant_booking_calls")
    assert time.process_time() - started < 6
    assert _accounts(dataset) == {
        "contacts": [(25100, 25100, 0, 0, 0)],
        "orders": [(25100, 23115, 0, 0, 1985)],
        "people": [(25100, 20, 0, 25080, 0)],
    }
    outcomes = dataset.tables["contacts"]["outcome"].value_counts().to_pylist()
    assert {each["values"]: each["counts"] for each in outcomes} == {"answered": 24731, "abandoned": 369}
    assert dataset.tables["contacts"]["wait_seconds"].null_count == 369


def test_contact_trace_records(shipped: Callable[[str, str], Dataset]) -> None:
    dataset = shipped("amazon_connect_ctr", "amazon_connect")
    first = dataset.tables["contacts"].to_pylist()[0]
    assert (first["wait_seconds"], first["talk_seconds"], first["wrap_seconds"], first["handle_seconds"]) == (
        7,
        33,
        32,
        65,
    )
    assert first["answered_at"] - first["created_at"] == 71


def test_a_record_delivered_again_counts_once(outside_data: Path, tmp_path: Path) -> None:
    text = (outside_data / "amazon_connect_ctr" / "ctr_sample.jsonl").read_text(encoding="utf-8")
    first = text.splitlines()[0]
    later = first.replace(
        '"LastUpdateTimestamp": "2022-04-08T15:03:02Z"', '"LastUpdateTimestamp": "2022-04-08T16:00:00Z"'
    )
    later = later.replace('"AfterContactWorkDuration": 32', '"AfterContactWorkDuration": 40')
    (tmp_path / "ctr.jsonl").write_text(later + "\n" + text, encoding="utf-8")
    dataset = ingest(tmp_path, [load_mapping(shipped_mappings()["amazon_connect"])])
    assert dataset.report.accounts[0].duplicates == 1
    assert sorted(dataset.tables["contacts"]["wrap_seconds"].to_pylist()) == [10, 40]


def test_queue_log_is_folded_to_calls(shipped: Callable[[str, str], Dataset]) -> None:
    dataset = shipped("asterisk_queue_log", "asterisk_queue_log")
    calls = dataset.tables["contacts"].to_pylist()
    assert [(c["person"], c["wait_seconds"], c["talk_seconds"]) for c in calls] == [
        ("Agent D", 10, 122), ("Agent D", 14, None), ("Agent D", 6, 228), ("Agent E", 10, 406),
    ]  # fmt: skip
    assert all(c["created_at"] + c["wait_seconds"] == c["answered_at"] for c in calls)
    account = dataset.report.accounts[0]
    assert (account.rows_in, account.accepted, account.records) == (23, 21, 4)


def test_help_desks(shipped: Callable[[str, str], Dataset]) -> None:
    tickets = shipped("dbt_zendesk", "zendesk_tickets")
    assert _accounts(tickets) == {"contacts": [(10, 8, 0, 0, 2)]}
    solved = {t["contact_id"]: t["resolved_at"] for t in tickets.tables["contacts"].to_pylist()}
    assert solved["zendesk-11071"] == 1605351687
    assert _accounts(shipped("dbt_zendesk", "zendesk_users")) == {"people": [(10, 1, 0, 0, 9)]}
    chats = shipped("dbt_intercom", "intercom_conversations")
    assert _accounts(chats) == {"contacts": [(9, 2, 0, 7, 0)], "surveys": [(9, 0, 0, 0, 9)]}
    assert chats.tables["contacts"]["resolved"].to_pylist() == [1, 1]


def test_hr_roster_reports_double_and_missing_managers(shipped: Callable[[str, str], Dataset]) -> None:
    dataset = shipped("hr_dataset_v14", "hr_roster")
    assert _accounts(dataset) == {"people": [(311, 311, 0, 0, 0), (311, 23, 0, 280, 8)]}
    namesakes = " ".join(p.message for p in dataset.report.problems if p.code == "namesakes")
    assert "Michael Albert" in namesakes
    assert "Brandon R. LeBlanc" in namesakes
    assert "superior-missing" in _codes(dataset)
    names = dataset.tables["people"]["name"].to_pylist()
    assert all(name == " ".join(name.split()) for name in names)
