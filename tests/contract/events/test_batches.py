"""Repeats, batches and the report: every row is accounted for, the same file twice changes nothing."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from meritdesk.errors import MeritdeskError
from meritdesk.events import batches as store
from meritdesk.events.checks import Account, DataReport
from meritdesk.events.columnar import schema
from meritdesk.events.contracts import CONTRACTS
from meritdesk.events.ingest import Dataset, ingest
from meritdesk.events.mapping import Mapping, parse_mapping
from tests.contract.events import files

HEADING = ["contact_id", "person", "created_at", "wait_seconds"]
NINE, TEN = "2024-01-05T09:00:00+08:00", "2024-01-05T10:00:00+08:00"


def _mapping(policy: str) -> Mapping:
    return parse_mapping(
        f"""
mapping: calls
files: "*.csv"
tables:
  - table: contacts
    duplicates: {policy}
    let:
      version: {{type: integer, from: version}}
    columns: {{contact_id: contact_id, person: person, created_at: created_at, wait_seconds: wait_seconds}}
""",
        "calls",
    )


ROWS = [
    [*HEADING, "version"],
    ["a", "w", NINE, "5", "1"],
    ["a", "w", NINE, "5", "1"],
    ["b", "w", NINE, "5", "2"],
    ["b", "w", NINE, "6", "1"],
    ["c", "w", NINE, "7", "1"],
]


@pytest.mark.parametrize(
    ("policy", "kept", "duplicates", "quarantined"),
    [
        ("{policy: identical}", [("a", 5), ("c", 7)], 1, 2),
        ("{policy: first}", [("a", 5), ("b", 5), ("c", 7)], 2, 0),
        ("{policy: newest, by: version}", [("a", 5), ("b", 5), ("c", 7)], 2, 0),
        ("{policy: merge}", [("c", 7), ("a", 5), ("b", None)], 2, 0),
        ("{policy: quarantine}", [("a", 5), ("b", 5), ("c", 7)], 0, 2),
    ],
)
def test_repeats(policy: str, kept: list[object], duplicates: int, quarantined: int, tmp_path: Path) -> None:
    files.write_csv(tmp_path / "calls.csv", ROWS)
    dataset = ingest(tmp_path, [_mapping(policy)])
    table = dataset.tables["contacts"]
    found = list(zip(table["contact_id"].to_pylist(), table["wait_seconds"].to_pylist(), strict=True))
    assert sorted(found, key=str) == sorted(kept, key=str)
    account = dataset.report.accounts[0]
    assert (account.rows_in, account.duplicates, account.quarantined) == (5, duplicates, quarantined)
    assert account.accepted == len(kept)
    told = {problem.code for problem in dataset.report.problems}
    assert ("contradicting-values" in told) is ("merge" in policy)


def test_repeats_across_files_are_charged_to_the_later_file(tmp_path: Path) -> None:
    files.write_csv(tmp_path / "1.csv", ROWS[:2])
    files.write_csv(tmp_path / "2.csv", [ROWS[0], ROWS[1], ROWS[5]])
    accounts = ingest(tmp_path, [_mapping("{policy: identical}")]).report.accounts
    assert [(a.file, a.rows_in, a.accepted, a.duplicates) for a in accounts] == [("1.csv", 1, 1, 0), ("2.csv", 2, 1, 1)]


def _contact_ids(dataset: Dataset) -> list[str]:
    ids: list[str] = dataset.tables["contacts"]["contact_id"].to_pylist()
    return ids


def test_the_same_file_twice_changes_nothing(tmp_path: Path) -> None:
    data, into = tmp_path / "data", tmp_path / "store"
    data.mkdir()
    files.write_csv(data / "contacts.csv", [HEADING, ["a", "w", NINE, "5"]])
    first = ingest(data, into=into)
    manifest = (into / store.MANIFEST).read_bytes()
    second = ingest(data, into=into)
    assert (into / store.MANIFEST).read_bytes() == manifest
    assert second.input_hash == first.input_hash
    assert second.tables["contacts"] == first.tables["contacts"]
    assert second.report == first.report


def test_batches_add_up_and_can_be_withdrawn_and_put_back(tmp_path: Path) -> None:
    data, into = tmp_path / "data", tmp_path / "store"
    data.mkdir()
    path = data / "contacts.csv"
    files.write_csv(path, [HEADING, ["a", "w", NINE, "5"], ["b", "w", "soon", "5"]])
    ingest(data, into=into)
    files.write_csv(path, [HEADING, ["b", "w", TEN, "6"], ["a", "w", NINE, "5"]])
    both = ingest(data, into=into)
    assert _contact_ids(both) == ["a", "b"]
    assert len(both.batches) == 2
    assert [account.duplicates for account in both.report.accounts] == [0, 1]
    store.withdraw(into, both.batches[0].id)
    path.unlink()
    rest = ingest(data, into=into)
    assert _contact_ids(rest) == ["b", "a"]
    assert rest.input_hash != both.input_hash
    store.withdraw(into, both.batches[0].id, back=True)
    assert ingest(data, into=into).input_hash == both.input_hash
    with pytest.raises(MeritdeskError):
        store.withdraw(into, "nope")


def test_a_cut_off_import_leaves_no_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, into = tmp_path / "data", tmp_path / "store"
    data.mkdir()
    files.write_csv(data / "contacts.csv", [HEADING, ["a", "w", NINE, "5"]])

    def cut_off(_into: Path, _listed: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(store, "_write_manifest", cut_off)
        with pytest.raises(KeyboardInterrupt):
            ingest(data, into=into)
    assert store.load(into) == []
    assert _contact_ids(ingest(data, into=into)) == ["a"]


def test_split_permuted_and_renamed_files_give_the_same_records(tmp_path: Path) -> None:
    """E4: the order of rows and how they are cut into files does not matter."""
    rows = [[f"c{n:04}", f"p{n % 7}", NINE, str(n % 300)] for n in range(500)]
    one, many = tmp_path / "one", tmp_path / "many"
    one.mkdir()
    many.mkdir()
    files.write_csv(one / "contacts.csv", [HEADING, *rows])
    random.Random(7).shuffle(rows)
    mapping = _mapping("{policy: identical}").model_dump(by_alias=True, exclude_unset=True)
    mapping["tables"][0]["let"] = {}
    for number in range(3):
        files.write_csv(many / f"part-{number}.csv", [HEADING, *rows[number::3]])
    split = ingest(many, [Mapping.model_validate(mapping)])
    whole = ingest(one)

    def key(dataset: Dataset) -> list[str]:
        return sorted(map(repr, dataset.tables["contacts"].drop_columns("source").to_pylist()))

    assert key(split) == key(whole)


def test_every_table_has_exactly_the_contract_columns(tmp_path: Path) -> None:
    files.write_csv(tmp_path / "contacts.csv", [HEADING, ["a", "w", NINE, "5"]])
    tables = ingest(tmp_path).tables
    assert set(tables) == set(CONTRACTS)
    for name, table in tables.items():
        assert table.schema == schema(CONTRACTS[name])
        assert {str(kind) for kind in table.schema.types} <= {"string", "int64"}


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "ods", "jsonl"])
def test_contract_form_is_read_without_a_mapping(suffix: str, tmp_path: Path) -> None:
    rows = [["exam_id", "person", "day", "score", "level"], ["e1", "w", "2024-01-05", "4.50", "2"]]
    write: dict[str, Callable[[Path, files.Rows], Path]] = {
        "csv": files.write_csv,
        "xlsx": files.write_xlsx,
        "ods": files.write_ods,
        "jsonl": files.write_json_lines,
    }
    write[suffix](tmp_path / f"exams.{suffix}", rows)
    record = ingest(tmp_path).tables["exams"].to_pylist()[0]
    assert (record["score"], record["level"], record["day"]) == (450, 2, 19727)
    assert record["source"].startswith(f"exams.{suffix}#")


def test_contract_form_wants_a_zone_and_tells_strange_columns(tmp_path: Path) -> None:
    rows = [[*HEADING, "mood"], ["a", "w", "2024-01-05 09:00:00", "5", "good"]]
    files.write_csv(tmp_path / "contacts.csv", rows)
    report = ingest(tmp_path).report
    assert [row.code for row in report.quarantined] == ["no-time-zone"]
    assert "unknown-column" in {problem.code for problem in report.problems}
    files.write_csv(tmp_path / "contacts.csv", [["contact_id"], ["a"]])
    with pytest.raises(MeritdeskError) as caught:
        ingest(tmp_path)
    assert caught.value.problems[0].code == "column-missing"


def test_parquet_in_contract_form_is_checked_by_columns(tmp_path: Path) -> None:
    table = pa.table({
        "contact_id": ["a", "b", "c", "d", "d"],
        "person": pa.array(["w", "w", " x ", "", ""]).dictionary_encode(),
        "created_at": pa.array([1704416400, 1704416400, None, 1704416400, 1704416400]),
        "answered_at": pa.array([1704416401, 1704416399, None, None, None]),
        "outcome": ["answered", "answered", "answered", "lost", "abandoned"],
        "wait_seconds": pa.array([1, 2, 3, 4, 5], pa.int32()),
    })  # fmt: skip
    pq.write_table(table, tmp_path / "contacts.parquet")
    dataset = ingest(tmp_path)
    account = dataset.report.accounts[0]
    assert (account.rows_in, account.accepted, account.quarantined) == (5, 2, 3)
    codes = {(row.row, row.column, row.code) for row in dataset.report.quarantined}
    assert codes == {
        (2, "answered_at", "impossible-time"), (3, "created_at", "required"), (3, "day", "required"),
        (4, "outcome", "not-a-choice"),
    }  # fmt: skip
    records = dataset.tables["contacts"].to_pylist()
    assert [(r["contact_id"], r["person"], r["day"], r["source"]) for r in records] == [
        ("a", "w", 19727, "contacts.parquet#1"),
        ("d", None, 19727, "contacts.parquet#5"),
    ]


@pytest.mark.parametrize("column", ["wait_seconds", "created_at", "contact_id"])
def test_parquet_with_a_lossy_type_is_refused(column: str, tmp_path: Path) -> None:
    table = pa.table({"contact_id": ["a"], "created_at": [1704416400], "wait_seconds": [5]})
    wrong = pa.array([1.5]) if column != "contact_id" else pa.array([7])
    pq.write_table(table.set_column(table.column_names.index(column), column, wrong), tmp_path / "contacts.parquet")
    with pytest.raises(MeritdeskError) as caught:
        ingest(tmp_path)
    assert caught.value.problems[0].code == "column-type"
    assert caught.value.problems[0].place == f"contacts.parquet / {column}"


def test_the_report_tells_people_and_times_that_look_odd(tmp_path: Path) -> None:
    files.write_csv(tmp_path / "people.csv", [
        ["person", "name", "position", "superior", "valid_from", "valid_to"],
        ["w", "王小明", "agent", "s", "2024-01-01", "2024-02-01"],
        ["w", "王小明", "agent", "s", "2024-01-15", ""],
        ["l", "李静", "agent", "s", "2024-01-06", ""],
        ["l2", "李静", "agent", "", "2024-01-01", ""],
    ])  # fmt: skip
    files.write_csv(tmp_path / "contacts.csv", [
        [*HEADING[:3], "answered_at", "first_reply_at", "resolved_at", "talk_seconds", "outcome"],
        ["1", "w", NINE, NINE, "", "", "0", "answered"],
        ["2", "l", NINE, NINE, "", "", "9", "answered"],
        ["3", "x", NINE, NINE, "", "", "9", "answered"],
        ["4", "", NINE, NINE, "", "", "9", "answered"],
        ["5", "w", NINE, "", TEN, "2024-01-05T09:30:00+08:00", "", ""],
        ["6", "w", TEN, NINE, "", "", "", ""],
    ])  # fmt: skip
    report = ingest(tmp_path).report
    assert {problem.code for problem in report.problems} == {
        "overlapping-assignments", "namesakes", "superior-missing", "unknown-people", "not-on-post", "nobody-named",
        "zero-second-call", "odd-time-order",
    }  # fmt: skip
    assert [(row.row, row.code) for row in report.quarantined] == [(7, "impossible-time")]
    strangers = next(
        problem for problem in report.problems if problem.code == "unknown-people" and "x" in problem.message
    )
    assert strangers.place == "contacts"
    rows = report.to_rows()
    assert len({tuple(row) for row in rows}) == 1
    assert json.loads(json.dumps(report.to_dict()))["accounts"][0]["rows_in"] == 6


def test_a_report_that_does_not_add_up_cannot_be_made() -> None:
    """Negative control: one row lost on the way, and there is no report."""
    with pytest.raises(AssertionError):
        DataReport((Account("f", "", "contacts", rows_in=2, accepted=1),))


def test_files_that_nobody_reads_are_told(tmp_path: Path) -> None:
    files.write_csv(tmp_path / "contacts.csv", [HEADING, ["a", "w", NINE, "5"]])
    shutil.copy(tmp_path / "contacts.csv", tmp_path / "copy.csv")
    told = [problem for problem in ingest(tmp_path).report.problems if problem.code == "file-not-used"]
    assert [problem.place for problem in told] == ["copy.csv"]
    with pytest.raises(MeritdeskError):
        ingest(tmp_path / "nowhere")
    with pytest.raises(MeritdeskError) as caught:
        ingest(
            tmp_path,
            [
                parse_mapping(
                    "mapping: x\nfiles: nope.csv\ntables: [{table: exams, columns: {exam_id: a, person: b, day: c}}]",
                    "x",
                )
            ],
        )
    assert caught.value.problems[0].code == "no-file"


def test_namesakes_get_keys_of_their_own_or_are_reported(tmp_path: Path) -> None:
    rows = [["姓名", "主管"], ["李静", "赵"], ["李静", "钱"], ["李静", "赵"], ["陈喆", "钱"]]
    files.write_csv(tmp_path / "calls.csv", rows)
    mapping = """
mapping: calls
files: calls.csv
tables:
  - table: people
    columns:
      person: {key}
      name: 姓名
      superior: 主管
      position: {{value: agent}}
      valid_from: {{value: 2024-01-01}}
"""
    apart = ingest(tmp_path, [parse_mapping(mapping.format(key='{from: [姓名, 主管], separator: " @ "}'), "m")])
    assert apart.tables["people"]["person"].to_pylist() == ["李静 @ 赵", "李静 @ 钱", "陈喆 @ 钱"]
    assert "namesakes" in {problem.code for problem in apart.report.problems}
    together = ingest(tmp_path, [parse_mapping(mapping.format(key="姓名"), "m")])
    assert together.tables["people"]["person"].to_pylist() == ["陈喆"]
    assert [(row.row, row.column, row.code) for row in together.report.quarantined] == [
        (2, "superior", "contradicting-duplicate"),
        (3, "superior", "contradicting-duplicate"),
    ]
    account = together.report.accounts[0]
    assert (account.rows_in, account.accepted, account.quarantined, account.duplicates) == (4, 1, 2, 1)
