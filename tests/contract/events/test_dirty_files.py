"""B1: dirty files of every kind. Accepted + quarantined = rows in the file, nothing is coerced without a word."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pytest

from meritdesk.events import plan as plan_module
from meritdesk.events.ingest import Dataset, ingest
from meritdesk.events.mapping import parse_mapping
from meritdesk.events.plan import Plan, Values
from tests.contract.events import files

MAPPING = """
mapping: dirty
files: "dirty.*"
time_zone: Asia/Shanghai
{extra}
tables:
  - table: contacts
    columns:
      contact_id: 编号
      person: 客服
      created_at: {{from: 来电时间, format: [iso, "%Y/%m/%d %H:%M:%S", "%Y年%m月%d日 %H:%M:%S"]}}
      talk_seconds: {{from: 通话时长, format: [number, "h:mm:ss"]}}
      resolved: {{from: 解决, map: {{是: 1, 否: 0}}}}
  - table: exams
    columns:
      exam_id: 编号
      person: 客服
      score: 得分
      day: {{from: 日期, format: [iso, "%Y/%m/%d"]}}
"""
HEADING = ("编号", "客服", "来电时间", "通话时长", "解决", "得分", "日期")
GOOD: tuple[tuple[Any, ...], ...] = (
    ("C-001", "王小明", "2024-01-05 09:00:00", "65", "是", "88.5", "2024-01-05"),
    ("C-002", "李 静", "2024-01-05 09:10:00", "0:02:05", "否", "90", "2024-01-05"),
    ("C-003", "陈喆", "2024/1/6 23:59:59", "0", "是", "100", "2024/1/6"),
)
EPOCH = int(datetime(2024, 1, 5, 1, 0, tzinfo=UTC).timestamp())
DIRTY_ROW = 4  # heading, two good rows, the dirty one, the last good one


@dataclass(frozen=True)
class Dirt:
    """One dirty cell and what must come of it: a value in `field` of `table`, or a refusal with `code`."""

    name: str
    column: str
    cell: Any
    value: Any = None
    code: str = ""

    @property
    def table(self) -> str:
        return "exams" if self.column in ("得分", "日期") else "contacts"

    @property
    def field(self) -> str:
        return dict(
            zip(
                HEADING, ("contact_id", "person", "created_at", "talk_seconds", "resolved", "score", "day"), strict=True
            )
        )[self.column]


TEXT_DIRT = (
    Dirt("full-width digits", "通话时长", "１２３", 123),
    Dirt("full-width clock", "通话时长", "０：０２：０５", 125),
    Dirt("thousands", "得分", "1,234.5", code="thousands-separator"),
    Dirt("percent", "得分", "95%", code="percent-sign"),
    Dirt("full-width percent", "得分", "９５％", code="percent-sign"),
    Dirt("dash", "得分", "—", code="not-a-number"),
    Dirt("not applicable", "通话时长", "N/A", code="not-a-number"),
    Dirt("scientific number", "得分", "1.23E+10", code="scientific-notation"),
    Dirt("scientific id", "编号", "1.23E+10", code="scientific-notation"),
    Dirt("leading zeros", "编号", "000123", "000123"),
    Dirt("blanks around", "客服", "　 王小明\u00a0", "王小明"),
    Dirt("three decimals", "得分", "88.555", code="not-whole"),
    Dirt("half a second", "通话时长", "12.5", code="not-whole"),
    Dirt("negative", "通话时长", "-5", code="negative"),
    Dirt("61 seconds", "通话时长", "0:01:61", code="not-a-number"),
    Dirt("unknown yes", "解决", "Y", code="not-in-map"),
    Dirt("missing id", "编号", "", code="required"),
    Dirt("missing time", "来电时间", "", code="required"),
    Dirt("30 February", "日期", "2024-02-30", code="not-a-day"),
    Dirt("day first", "日期", "05/01/2024", code="not-a-day"),
    Dirt("two-digit year", "日期", "24-01-05", code="not-a-day"),
    Dirt("time without day", "来电时间", "09:00:00", code="not-a-time"),
    Dirt("Chinese date", "来电时间", "2024年1月5日 09:00:00", EPOCH),
    Dirt("zone given", "来电时间", "2024-01-05T01:00:00Z", EPOCH),
    Dirt("number as time", "来电时间", "45296.375", code="not-a-time"),
    Dirt("superscript", "通话时长", "5²", code="not-a-number"),
    Dirt("line break in id", "客服", "王\n小明", "王\n小明"),
    Dirt("quote", "客服", '王"小"明', '王"小"明'),
    Dirt("comma", "客服", "王,小明", "王,小明"),
)
SHEET_DIRT = (
    Dirt("number", "通话时长", 65, 65),
    Dirt("float", "得分", 88.25, 8825),
    Dirt("0.1 + 0.2", "得分", 0.1 + 0.2, 30),
    Dirt("id as number", "编号", 1001, "1001"),
    Dirt("id of 19 digits", "编号", 1234567890123456789, code="value-lost"),
    Dirt("half a second", "通话时长", 12.5, code="not-whole"),
)
CELL_DIRT = (
    Dirt("date cell", "来电时间", datetime(2024, 1, 5, 9, 0), EPOCH),  # noqa: DTZ001 (a sheet knows no zone)
    Dirt("date as day", "日期", date(2024, 1, 5), 19727),
    Dirt("time cell", "通话时长", time(0, 2, 5), 125),
    Dirt("date as duration", "通话时长", date(2024, 1, 5), code="not-a-duration"),
    Dirt("date with time as day", "日期", datetime(2024, 1, 5, 9, 0), code="not-a-day"),  # noqa: DTZ001
    Dirt("truth as number", "得分", True, code="not-a-number"),
    Dirt("time as instant", "来电时间", time(9, 0), code="not-a-time"),
)

Writer = Callable[[Path, files.Rows], Path]
TEXT_WRITERS: dict[str, tuple[str, Writer]] = {
    "csv": ("dirty.csv", files.write_csv),
    "semicolon": ("dirty.csv", lambda path, rows: files.write_csv(path, rows, delimiter=";")),
    "tsv-gbk": ("dirty.tsv", lambda path, rows: files.write_csv(path, rows, "gb18030", "\t")),
    "utf-16": ("dirty.txt", lambda path, rows: files.write_csv(path, rows, "utf-16")),
    "jsonl": ("dirty.jsonl", files.write_json_lines),
}
SHEET_WRITERS: dict[str, tuple[str, Writer]] = {
    "xlsx": ("dirty.xlsx", files.write_xlsx),
    "xls": ("dirty.xls", files.write_xls),
    "ods": ("dirty.ods", files.write_ods),
}
CELL_WRITERS: dict[str, tuple[str, Writer]] = {
    "xlsx": SHEET_WRITERS["xlsx"],
    "xlsx-1904": ("dirty.xlsx", lambda path, rows: files.write_xlsx(path, rows, date_1904=True)),
    "ods": SHEET_WRITERS["ods"],
}
CASES = [
    pytest.param(dirt, *writer, id=f"{kind}: {dirt.name} in {dirt.column}")
    for writers, dirts in (
        (TEXT_WRITERS, TEXT_DIRT),
        ({"xlsx": SHEET_WRITERS["xlsx"]}, TEXT_DIRT),
        (SHEET_WRITERS, SHEET_DIRT),
        (CELL_WRITERS, CELL_DIRT),
    )
    for kind, writer in writers.items()
    for dirt in dirts
]


def test_at_least_120_dirty_files() -> None:
    assert len(CASES) >= 120
    print(f"dirty files: {len(CASES)}")  # noqa: T201 (each check prints its N)


@pytest.mark.parametrize(("dirt", "name", "write"), CASES)
def test_dirty_cell_is_read_exactly_or_refused(dirt: Dirt, name: str, write: Writer, tmp_path: Path) -> None:
    verify(dirt, name, write, tmp_path)


def verify(dirt: Dirt, name: str, write: Writer, folder: Path) -> None:
    """Assert that the dirty cell gives its value or its refusal, and that the other rows are untouched."""
    dirty = list(GOOD[0])
    dirty[0] = "C-009"
    dirty[HEADING.index(dirt.column)] = dirt.cell
    write(folder / name, (HEADING, *GOOD[:2], dirty, GOOD[2]))
    dataset = ingest(folder, [parse_mapping(MAPPING.format(extra=""), "dirty.mapping.yaml")])
    for account in dataset.report.accounts:
        assert account.rows_in == 4
        assert account.accepted + account.quarantined == 4
        assert not account.left_out
    refused = [row for row in dataset.report.quarantined if row.table == dirt.table]
    records = dataset.tables[dirt.table].to_pylist()
    if dirt.code:
        assert [(row.code, row.column) for row in refused] == [(dirt.code, dirt.column)]
        assert refused[0].row == (DIRTY_ROW - 1 if name.endswith("jsonl") else DIRTY_ROW)
        assert refused[0].file == name
        assert refused[0].reason
        assert len(records) == 3
    else:
        assert refused == []
        assert [record[dirt.field] for record in records][2] == dirt.value
        assert len(records) == 4
    clean = records[:2] + records[-1:]
    key = "exam_id" if dirt.table == "exams" else "contact_id"
    assert [record[key] for record in clean] == [row[0] for row in GOOD]


def test_a_reader_that_swallows_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: a plan that turns unreadable cells into blanks must fail the harness."""
    build = Plan.build

    def swallow(self: Plan, group: plan_module.Group) -> tuple[Values, list[plan_module.Fault]]:
        return build(self, group)[0], []

    monkeypatch.setattr(Plan, "build", swallow)
    caught = 0
    refused = [dirt for dirt in TEXT_DIRT if dirt.code not in ("", "required", "negative")]
    for number, dirt in enumerate(refused):
        folder = tmp_path / str(number)
        folder.mkdir()
        try:
            verify(dirt, *TEXT_WRITERS["csv"], folder)
        except AssertionError:
            caught += 1
    assert caught == len(refused)


# ---- encodings -------------------------------------------------------------------------------------------------------

ENCODED = [
    ("utf-8", b"", ","), ("utf-8", b"\xef\xbb\xbf", ","), ("gbk", b"", ","), ("gb18030", b"", "\t"), ("big5", b"", ","),
    ("utf-16-le", b"\xff\xfe", ","), ("utf-16-be", b"\xfe\xff", ","), ("utf-16-le", b"", "\t"), ("utf-16-be", b"", ","),
]  # fmt: skip


@pytest.mark.parametrize(("encoding", "bom", "delimiter"), ENCODED)
def test_chinese_names_survive_every_encoding(encoding: str, bom: bytes, delimiter: str, tmp_path: Path) -> None:
    names = ["王小明", "李靜", "陳建國", "張美玲"] if encoding == "big5" else ["王小明", "李静", "陈建国", "张美玲"]
    columns = ["key", "name", "position", "valid_from"]
    rows = [columns, *([f"{n:03}", name, "客服代表", "2024-01-01"] for n, name in enumerate(names))]
    files.write_csv(tmp_path / "people.csv", rows, encoding, delimiter, bom)
    mapping = """
mapping: people
files: people.csv
tables:
  - table: people
    columns: {person: key, name: name, position: position, valid_from: valid_from}
"""
    dataset = ingest(tmp_path, [parse_mapping(mapping, "people")])
    assert dataset.tables["people"]["name"].to_pylist() == names


def test_windows_1252_names_survive(tmp_path: Path) -> None:
    rows = [["person", "name", "position", "valid_from"], ["1", "José Müller", "agent", "2024-01-01"]]
    files.write_csv(tmp_path / "people.csv", rows, "cp1252", ";")
    assert ingest(tmp_path).tables["people"]["name"].to_pylist() == ["José Müller"]


# ---- what only a workbook can hide -----------------------------------------------------------------------------------

SIMPLE = """
mapping: dirty
files: "dirty.*"
{extra}
tables:
  - table: people
    columns: {{person: 工号, name: 姓名, team: 班组, position: 岗位, valid_from: 入职日期}}
"""
ROSTER = [
    ["工号", "姓名", "班组", "岗位", "入职日期"],
    ["01", "王小明", "一组", "agent", "2024-01-01"],
    ["02", "李静", "一组", "agent", "2024-01-01"],
    ["03", "陈喆", "二组", "agent", "2024-01-01"],
]


def _roster(folder: Path, extra: str = "") -> Dataset:
    return ingest(folder, [parse_mapping(SIMPLE.format(extra=extra), "dirty.mapping.yaml")])


def test_hidden_rows_are_read_and_reported(tmp_path: Path) -> None:
    files.write_xlsx(tmp_path / "dirty.xlsx", ROSTER, hidden=[2])
    dataset = _roster(tmp_path)
    assert dataset.tables["people"].num_rows == 3
    assert [problem.code for problem in dataset.report.problems if problem.code == "hidden-rows"] == ["hidden-rows"]


def test_an_error_value_is_refused_not_blanked(tmp_path: Path) -> None:
    files.write_xlsx(tmp_path / "dirty.xlsx", ROSTER, errors=[(2, 2)])
    dataset = _roster(tmp_path)
    assert dataset.tables["people"]["person"].to_pylist() == ["01", "03"]
    refused = dataset.report.quarantined[0]
    assert (refused.sheet, refused.row, refused.column, refused.code) == ("数据", 3, "班组", "value-lost")


def test_merged_cells_are_refused_or_filled_as_declared(tmp_path: Path) -> None:
    files.write_xlsx(tmp_path / "dirty.xlsx", ROSTER, merge=[(1, 2, 2, 2, "一组")])
    refused = _roster(tmp_path)
    assert refused.tables["people"]["person"].to_pylist() == ["01", "03"]
    filled = _roster(tmp_path, "fill_merged: true")
    assert filled.tables["people"]["team"].to_pylist() == ["一组", "一组", "二组"]


def test_headings_over_two_rows_are_joined(tmp_path: Path) -> None:
    rows = [["人员", "", "任职", "", ""], *ROSTER]
    files.write_xlsx(tmp_path / "dirty.xlsx", rows, merge=[(0, 0, 0, 1, "人员"), (0, 2, 0, 4, "任职")])
    mapping = SIMPLE.format(extra="header_row: [1, 2]")
    for name, over in (("工号", "人员"), ("姓名", "人员"), ("班组", "任职"), ("岗位", "任职"), ("入职日期", "任职")):
        mapping = mapping.replace(f": {name}", f": {over} / {name}")
    dataset = ingest(tmp_path, [parse_mapping(mapping, "dirty.mapping.yaml")])
    assert dataset.tables["people"]["name"].to_pylist() == ["王小明", "李静", "陈喆"]


def test_ragged_blank_and_broken_rows(tmp_path: Path) -> None:
    lines = [
        "工号,姓名,班组,岗位,入职日期,",
        "01,王小明,一组,agent,2024-01-01,",
        ",,,,,",
        "02,李静,一组",
        "03,陈喆,二组,agent,2024-01-01,,多出来的",
        '04,"张\n三",二组,agent,2024-01-01,',
    ]
    (tmp_path / "dirty.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    dataset = _roster(tmp_path)
    account = dataset.report.accounts[0]
    assert (account.rows_in, account.accepted, account.quarantined) == (5, 2, 2)
    assert account.left_out == {"空行": 1}
    assert [(row.row, row.code) for row in dataset.report.quarantined] == [(4, "row-shape"), (5, "row-shape")]
    assert dataset.tables["people"]["name"].to_pylist() == ["王小明", "张\n三"]


def test_broken_json_lines_are_quarantined(tmp_path: Path) -> None:
    good = '{"工号": "01", "姓名": "王", "班组": "一", "岗位": "agent", "入职日期": "2024-01-01"}'
    (tmp_path / "dirty.jsonl").write_text(good + "\n{broken\n[1, 2]\n" + "[" * 5000 + "\n", encoding="utf-8")
    dataset = _roster(tmp_path)
    account = dataset.report.accounts[0]
    assert (account.rows_in, account.accepted, account.quarantined) == (4, 1, 3)
    assert [row.row for row in dataset.report.quarantined] == [2, 3, 4]
