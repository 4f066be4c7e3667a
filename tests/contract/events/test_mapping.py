"""The mapping language: what it can say, and how it says that something is wrong."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from meritdesk.errors import MeritdeskError
from meritdesk.events.ingest import Dataset, ingest, shipped_mappings
from meritdesk.events.mapping import load_mapping, parse_mapping
from tests.contract.events import files

HEAD = "mapping: m\nfiles: calls.csv\n"
MINIMAL = """tables:
  - table: contacts
    columns:
      contact_id: id
      created_at: {from: at}
"""

CIRCLE = """      day: {day_of: x}
    let:
      x: {type: time, coalesce: [y]}
      y: {type: time, coalesce: [x]}
"""
OPEN_SECONDS = "      first_reply_business_seconds: {business_seconds: [created_at, created_at]}\n"
MISTAKES = [
    # name, text, line, part of the field or message
    ("a field that does not exist", HEAD + MINIMAL.replace("{from: at}", "{form: at}"), 7, "created_at"),
    ("no origin", HEAD + MINIMAL.replace("{from: at}", "{format: iso}"), 7, "来源"),
    ("two origins", HEAD + MINIMAL.replace("{from: at}", "{from: at, value: 1}"), 7, "来源"),
    ("unknown table", HEAD + MINIMAL.replace("contacts", "calls"), 4, "calls"),
    ("unknown column", HEAD + MINIMAL + "      agent: who\n", 8, "agent"),
    ("required column missing", HEAD + MINIMAL.replace("      contact_id: id\n", ""), 4, "contact_id"),
    ("unknown zone", HEAD + "time_zone: Asia/Peking\n" + MINIMAL, 3, "Asia/Peking"),
    ("unknown encoding", HEAD + "encoding: ansi\n" + MINIMAL, 3, "encoding"),
    ("unknown unit", HEAD + MINIMAL + "      wait_seconds: {from: w, unit: jiffies}\n", 8, "seconds"),
    ("unknown format", HEAD + MINIMAL + "      wait_seconds: {from: w, format: percent}\n", 8, "percent"),
    ("condition without a test", HEAD + "leave_out: [{name: x, when: {column: a}}]\n" + MINIMAL, 3, "when"),
    ("rule on a later value", HEAD + "leave_out: [{name: x, when: {field: a, is: 1}}]\n" + MINIMAL, 1, "leave_out"),
    ("values in a circle", HEAD + MINIMAL + CIRCLE, 4, "互相引用"),
    ("an undefined value", HEAD + MINIMAL + "      day: {day_of: started}\n", 8, "started"),
    ("newest without by", HEAD + MINIMAL + "    duplicates: {policy: newest}\n", 8, "by"),
    ("hours missing", HEAD + MINIMAL + OPEN_SECONDS, 1, "business_hours"),
    ("broken YAML", HEAD + "tables: [\n", 4, "YAML"),
    ("cut-off as number", HEAD + "day_cutoff: 4:00am\n" + MINIMAL, 3, "day_cutoff"),
    ("nothing at all", "", 1, ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "part"), [case[1:] for case in MISTAKES], ids=[case[0] for case in MISTAKES])
def test_a_mistake_is_told_with_file_line_and_remedy(text: str, line: int, part: str) -> None:
    with pytest.raises(MeritdeskError) as caught:
        parse_mapping(text, "m.mapping.yaml")
    problem = caught.value.problems[0]
    assert problem.place == f"m.mapping.yaml:{line}"
    assert part in problem.message
    assert problem.fix


@pytest.mark.parametrize(
    ("text", "line", "message", "fix"),
    [
        (MINIMAL.replace("{from: at}", "{form: at}"), 7, "没有“form”，是不是 from？", "可用的字段：type、from"),
        (MINIMAL.replace("{from: at}", "\n        form: at"), 8, "没有“form”，是不是 from？", "可用"),
        ("sheets: 1\n" + MINIMAL, 3, "没有“sheets”，是不是 sheet？", "可用的字段：mapping"),
        (MINIMAL.replace("{from: at}", "{from：at}"), 7, "from：at", "全角标点“：”"),
        (MINIMAL.replace("{from: at}", "{from: at，format: iso}"), 7, "YAML", "全角标点“，”"),
        (MINIMAL.replace("contact_id: id", "contact_id：id"), 7, "YAML", "第 6 行有全角标点“：”"),
        (MINIMAL.replace("at}", 'at, format: "yyyy年m月d日 HH:mm"}'), 7, "yyyy", "%Y年%m月%d日 %H:%M"),
        (MINIMAL.replace("at}", "at, pick: frist}"), 7, "“frist”不是可选的值", "first、last"),
        ("note: 说明：时间，地点\nheader_row: x\n" + MINIMAL, 4, "整数", "数据指南"),
        ("- a\n", 3, "YAML", "对齐"),
    ],
)
def test_a_mistake_is_told_with_what_was_meant(text: str, line: int, message: str, fix: str) -> None:
    with pytest.raises(MeritdeskError) as caught:
        parse_mapping(HEAD + text, "m.mapping.yaml")
    problem = caught.value.problems[0]
    assert problem.place == f"m.mapping.yaml:{line}"
    assert message in problem.message
    assert fix in problem.fix


def test_a_mapping_saved_in_gbk_is_told(tmp_path: Path) -> None:
    path = tmp_path / "calls.mapping.yaml"
    path.write_bytes((HEAD + "note: 通话\n" + MINIMAL).encode("gbk"))
    with pytest.raises(MeritdeskError) as caught:
        load_mapping(path)
    assert caught.value.problems[0].message == "文件不是 UTF-8 编码。"
    path.write_bytes((HEAD + "note: 通话\n" + MINIMAL).encode("utf-8-sig"))
    assert load_mapping(path).note == "通话"


def test_the_minimal_mapping_is_no_mistake() -> None:
    assert parse_mapping(HEAD + MINIMAL, "m").tables[0].table == "contacts"


def _ingest(folder: Path, rows: files.Rows, mapping: str) -> Dataset:
    files.write_csv(folder / "calls.csv", rows)
    return ingest(folder, [parse_mapping(mapping, "m")])


def _records(dataset: Dataset, table: str = "contacts") -> list[dict[str, Any]]:
    return [{k: v for k, v in record.items() if v is not None} for record in dataset.tables[table].to_pylist()]


def _utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def test_a_missing_heading_names_the_nearest_one(tmp_path: Path) -> None:
    with pytest.raises(MeritdeskError) as caught:
        _ingest(
            tmp_path,
            [["ID", "at"], ["1", "2024-01-01 00:00:00"]],
            HEAD + MINIMAL.replace("contact_id: id", "contact_id: IDs"),
        )
    assert caught.value.problems[0].code == "heading-missing"
    assert "ID" in caught.value.problems[0].fix


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_a_title_above_the_heading_is_told_with_the_row_that_looks_like_it(suffix: str, tmp_path: Path) -> None:
    rows: list[list[str | None]] = [["九月通话明细", None], [None, None], ["id", "at"], ["1", "2024-01-01 00:00:00"]]
    if suffix == "csv":
        files.write_csv(tmp_path / "calls.csv", rows)
    else:
        files.write_xlsx(tmp_path / "calls.xlsx", rows[1:], merge=[(0, 0, 0, 1, "九月通话明细")])
    with pytest.raises(MeritdeskError) as caught:
        ingest(tmp_path, [parse_mapping(HEAD.replace("csv", suffix) + MINIMAL, "m")])
    row = 3 if suffix == "csv" else 2
    assert f"header_row: {row}" in caught.value.problems[0].fix


def test_a_list_with_a_full_width_comma_is_told(tmp_path: Path) -> None:
    mapping = HEAD + MINIMAL.replace("contact_id: id", "contact_id: {from: [id，at]}")
    with pytest.raises(MeritdeskError) as caught:
        _ingest(tmp_path, [["id", "at"], ["1", "2024-01-01 00:00:00"]], mapping)
    assert "半角逗号" in caught.value.problems[0].fix


def test_a_heading_that_stands_there_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MeritdeskError) as caught:
        _ingest(tmp_path, [["id", "at", "at"], ["1", "2024-01-01 00:00:00", ""]], HEAD + MINIMAL)
    assert caught.value.problems[0].code == "heading-twice"


def test_rules_that_leave_rows_out_are_counted_by_name(tmp_path: Path) -> None:
    rules = "leave_out: [{name: 测试来电, when: {column: kind, is: test}}]\n"
    rows = [["id", "at", "kind"], ["1", "2024-01-01 00:00:00", "test"], ["2", "2024-01-01 00:00:00", "real"]]
    account = _ingest(tmp_path, rows, HEAD + rules + MINIMAL).report.accounts[0]
    assert (account.rows_in, account.accepted, account.left_out) == (2, 1, {"测试来电": 1})


def test_rules_that_quarantine_name_their_reason(tmp_path: Path) -> None:
    mapping = (
        HEAD
        + MINIMAL
        + "      wait_seconds: w\n    quarantine: [{name: 等待超过一小时, when: {field: wait_seconds, above: 3600}}]\n"
    )
    rows = [["id", "at", "w"], ["1", "2024-01-01 00:00:00", "3600"], ["2", "2024-01-01 00:00:00", "3601"]]
    dataset = _ingest(tmp_path, rows, mapping)
    assert [(row.row, row.reason) for row in dataset.report.quarantined] == [(3, "等待超过一小时")]


def test_excluded_facts_carry_the_first_reason_that_applies(tmp_path: Path) -> None:
    mapping = (
        HEAD
        + MINIMAL
        + """      talk_seconds: talk
      excluded:
        - {value: 系统故障, when: {column: note, starts_with: 故障}}
        - {value: 零秒通话, when: {field: talk_seconds, is: 0}}
"""
    )
    at = "2024-01-01 00:00:00"
    rows = [["id", "at", "talk", "note"], ["1", at, "0", "故障 A"], ["2", at, "0", ""], ["3", at, "9", ""]]
    assert [record.get("excluded") for record in _records(_ingest(tmp_path, rows, mapping))] == [
        "系统故障",
        "零秒通话",
        None,
    ]


@pytest.mark.parametrize(
    ("rule", "cell", "expected"),
    [
        ("{from: x, unit: minutes}", "1.5", 90),
        ("{from: x, unit: milliseconds}", "1500", None),
        ("{from: x, unit: milliseconds, round: down}", "1999", 1),
        ("{from: x, unit: milliseconds, round: half_up}", "1500", 2),
        ("{from: x, format: 'mm:ss'}", "75:09", 4509),
        ("{from: x, format: 'h:mm:ss'}", "26:00:01", 93601),
        ("{from: x, format: 'm分s秒'}", "2分5秒", 125),
        ("{from: x, format: 'm分s秒'}", "45秒", 45),
        ("{from: x, format: 'm分s秒'}", "1分", 60),
        ("{from: x, format: 'm分s秒'}", "90秒", 90),
        ("{from: x, format: 'm分s秒'}", "1分90秒", None),
        ("{from: x, format: 'm分s秒'}", "分", None),
        ("{from: x, format: 'm分s秒'}", "1小时02分", None),
        ("{from: x, format: 'h小时m分s秒'}", "45秒", 45),
        ("{from: x, format: 'h小时m分s秒'}", "1分28秒", 88),
        ("{from: x, format: 'h小时m分s秒'}", "1小时02分", 3720),
        ("{from: x, format: 'h小时m分s秒'}", "1小时5秒", 3605),
        ("{from: x, format: 'h小时m分s秒'}", "1小时60分", None),
        ("{from: x, format: 'h:mm:ss'}", "02:05", None),
        ("{from: x, format: day_fraction}", "0.00165509259259259", 143),
        ("{from: x, format: [number, 'mm:ss']}", "61", 61),
        ('{from: x, thousands: ","}', "1,234", 1234),
        ('{from: x, thousands: ",", format: number}', "12,34", None),
        ('{from: x, decimal: ",", thousands: ".", unit: minutes}', "1.000,5", 60030),
        ("{from: x, map: {短: 10, 长: 100}}", "长", 100),
        ("{from: x, map: {短: 10}, otherwise: keep}", "7", 7),
        ("{from: x, blank: [无]}", "无", None),
        ("{coalesce: [created_at], when: {column: x, is: never}}", "1", None),
        ("[{from: x, when: {column: x, is: '5'}}, {value: 8}]", "6", 8),
    ],
)
def test_units_formats_and_alternatives(rule: str, cell: str, expected: int | None, tmp_path: Path) -> None:
    mapping = HEAD + MINIMAL + f"      wait_seconds: {rule}\n"
    dataset = _ingest(tmp_path, [["id", "at", "x"], ["1", "2024-01-01 00:00:00", cell]], mapping)
    assert [record.get("wait_seconds") for record in _records(dataset) or [{}]] == [expected]


@pytest.mark.parametrize(
    ("rule", "cell", "expected"),
    [
        ("{from: x, format: money}", "¥88.50", 8850),
        ('{from: x, format: money, thousands: ","}', "￥1,234.5 元", 123450),
        ("{from: x, unit: fen}", "8850", 8850),
        ("{from: x, unit: wan}", "1.2", 1200000),
        ("{from: x, format: percent}", "95.5%", 9550),
        ("{from: x}", "88.505", None),
        ("{from: x, round: half_up}", "88.505", 8851),
    ],
)
def test_money_and_percentages(rule: str, cell: str, expected: int | None, tmp_path: Path) -> None:
    mapping = HEAD + f"tables:\n  - table: orders\n    columns: {{order_id: id, day: d, amount: {rule}}}\n"
    dataset = _ingest(tmp_path, [["id", "d", "x"], ["1", "2024-01-01", cell]], mapping)
    assert [record.get("amount") for record in _records(dataset, "orders") or [{}]] == [expected]


@pytest.mark.parametrize(("style", "expected"), [("percent", None), ("percent_of_one", 9500)])
def test_a_percentage_stored_as_a_fraction_is_never_taken_for_a_number(
    style: str, expected: int | None, tmp_path: Path
) -> None:
    files.write_xlsx(tmp_path / "calls.xlsx", [["id", "d", "x"], ["1", "2024-01-01", 0.95]])
    column = f"{{from: x, format: {style}}}"
    tables = f"tables:\n  - table: orders\n    columns: {{order_id: id, day: d, amount: {column}}}\n"
    dataset = ingest(tmp_path, [parse_mapping(HEAD.replace(".csv", ".xlsx") + tables, "m")])
    assert [record.get("amount") for record in _records(dataset, "orders") or [{}]] == [expected]


def test_times_past_midnight_zone_and_cutoff(tmp_path: Path) -> None:
    mapping = (
        HEAD
        + 'time_zone: America/New_York\nbusiness_zone: Asia/Shanghai\nday_cutoff: "04:00"\n'
        + """tables:
  - table: contacts
    columns:
      contact_id: id
      created_at: {from: [day, began], format: "%Y-%m-%d %H:%M"}
      answered_at: {from: [day, taken], format: "%Y-%m-%d %H:%M", next_day_if_before: created_at}
      wait_seconds: {difference: [answered_at, created_at]}
"""
    )
    rows = [
        ["id", "day", "began", "taken"],
        ["1", "2024-01-01", "14:59", "15:00"],
        ["2", "2024-01-01", "23:59", "00:01"],
        ["3", "2024-01-01", "09:00", ""],
    ]
    records = _records(_ingest(tmp_path, rows, mapping))
    assert records[0]["created_at"] == _utc("2024-01-01T19:59")
    assert [record["day"] for record in records[:2]] == [19723, 19724]
    assert [record.get("wait_seconds") for record in records] == [60, 120, None]


DOUBLED = "2024-11-03 01:30:00"
SKIPPED = "2024-03-10 02:30:00"


@pytest.mark.parametrize(
    ("options", "text", "expected"),
    [
        ("", DOUBLED, "ambiguous-time"),
        ("", SKIPPED, "nonexistent-time"),
        ("ambiguous_time: earlier\n", DOUBLED, "2024-11-03T05:30"),
        ("ambiguous_time: later\n", DOUBLED, "2024-11-03T06:30"),
        ("missing_time: forward\n", SKIPPED, "2024-03-10T07:30"),
        ("", "2024-11-03 00:30:00", "2024-11-03T04:30"),
        ("", "2024-11-03 02:30:00", "2024-11-03T07:30"),
    ],
)
def test_hours_that_clocks_repeat_or_skip(options: str, text: str, expected: str, tmp_path: Path) -> None:
    dataset = _ingest(tmp_path, [["id", "at"], ["1", text]], HEAD + "time_zone: America/New_York\n" + options + MINIMAL)
    if expected.endswith("-time"):
        assert [row.code for row in dataset.report.quarantined] == [expected]
    else:
        assert _records(dataset)[0]["created_at"] == _utc(expected)


def test_events_are_folded_into_one_record(tmp_path: Path) -> None:
    mapping = (
        HEAD
        + """tables:
  - table: contacts
    fold: call
    columns:
      contact_id: call
      person: {from: who, when: {column: event, is: taken}}
      created_at: {from: at, format: epoch, when: {column: event, is: began}, pick: min}
      answered_at: {from: at, format: epoch, when: {column: event, is: taken}}
      hold_seconds: {from: s, when: {column: event, is: hold}, pick: sum}
"""
    )
    rows = [line.split(",") for line in (
        "call,event,at,who,s", "a,taken,110,王,", "a,began,100,,", "b,began,200,,", "a,hold,120,,5", "a,hold,130,,7",
    )]  # fmt: skip
    dataset = _ingest(tmp_path, rows, mapping)
    first, second = _records(dataset)
    assert (first["person"], first["created_at"], first["answered_at"], first["hold_seconds"]) == ("王", 100, 110, 12)
    assert "person" not in second
    account = dataset.report.accounts[0]
    assert (account.rows_in, account.accepted, account.records) == (5, 5, 2)


def test_values_are_looked_up_in_another_file(tmp_path: Path) -> None:
    files.write_csv(tmp_path / "users.csv", [["uid", "login"], ["7", "wang"], ["8", "li"]])
    mapping = HEAD + MINIMAL + "      person: {lookup: {files: users.csv, key: uid, match: who, take: login}}\n"
    dataset = _ingest(
        tmp_path, [["id", "at", "who"], ["1", "2024-01-01 00:00:00", "7"], ["2", "2024-01-01 00:00:00", "9"]], mapping
    )
    assert [record.get("person") for record in _records(dataset)] == ["wang", None]
    assert "file-not-used" not in {problem.code for problem in dataset.report.problems}


@pytest.mark.parametrize("name", sorted(shipped_mappings()))
def test_shipped_mappings_are_valid_and_say_what_they_leave_out(name: str) -> None:
    mapping = load_mapping(shipped_mappings()[name])
    assert mapping.mapping == name
    assert mapping.note


def test_every_mapping_in_the_docs_is_valid() -> None:
    found = sorted((Path(__file__).parents[3] / "docs" / "examples").rglob("*.mapping.yaml"))
    assert len(found) >= 4
    for path in found:
        assert load_mapping(path).mapping == path.name.removesuffix(".mapping.yaml")


def test_the_guide_shows_mappings_that_work(tmp_path: Path) -> None:
    guide = (Path(__file__).parents[3] / "docs" / "guide" / "data.md").read_text(encoding="utf-8")
    example, hours, *_sources = re.findall(r"```yaml\n(.*?)```", guide, flags=re.DOTALL)
    mapping = parse_mapping(example, "data.md")
    assert parse_mapping(example + hours, "data.md").business_hours is not None
    heading = [
        "日期",
        "流水号",
        "工号",
        "姓名",
        "班组",
        "技能组",
        "来电时刻",
        "接通时刻",
        "通话时长",
        "结果",
        "备注",
        "评分",
    ]
    call = ["2024/1/5", "7", "001", "王小明", "一组", "售后", "23:59:50", "00:00:10", "0:02:05", "接通", "—", "5"]
    with xlsxwriter.Workbook(tmp_path / "通话记录.xlsx") as book:
        sheet = book.add_worksheet("明细")
        sheet.write_row(0, 0, ["一月通话明细"])
        sheet.write_row(1, 0, heading)
        sheet.write_row(2, 0, call)
        sheet.write_row(3, 0, [*call[:5], "测试", *call[6:]])
    dataset = ingest(tmp_path, [mapping])
    assert [account.left_out.get("测试来电") for account in dataset.report.accounts] == [1, 1, 1]
    assert _records(dataset)[0]["wait_seconds"] == 20
    assert [len(_records(dataset, table)) for table in ("contacts", "surveys", "people")] == [1, 1, 1]
    shown = set(re.findall(r"`([a-z_]+)`", guide.split("自带的映射：")[1].split("\n")[0]))
    assert shown == set(shipped_mappings())


GUIDE_SOURCES: dict[str, tuple[str, files.Rows, str, list[tuple[Any, ...]]]] = {
    # mapping: file, rows, table, expected (of the columns that differ)
    "roster": (
        "名册.csv",
        [
            ["工号", "姓名", "班组", "岗位", "直接上级工号", "入职日期", "离职日期"],
            ["001", "张三", "一组", "客服代表", "009", "2024-03-01", "2025年9月15日"],
        ],
        "people",
        [("001", "agent", 20347)],
    ),
    "rating_sheet": (
        "评分表.csv",
        [
            ["被评人工号", "评分人身份", "评分人工号", "服务规范度", "问题解决能力", "事例", "评分日期"],
            ["001", "直接上级", "009", "4", "5", "", "2025-09-30"],
            ["001", "质检", "007", "3", "", "漏报工号", "2025-09-30"],
        ],
        "ratings",
        [
            ("001", "standards", "superior", 4),
            ("001", "standards", "qa", 3),
            ("001", "problem_solving", "superior", 5),
        ],
    ),
    "complaints": (
        "投诉.csv",
        [
            ["投诉编号", "责任人工号", "投诉内容", "是否属实", "受理时间"],
            ["1", "001", "态度", "属实", "2025-09-03 10:20"],
            ["2", "001", "等待", "处理中", "2025-09-04 10:20"],
        ],
        "complaints",
        [("complaint-1", "001", 1), ("complaint-2", "001", None)],
    ),
    "pay": (
        "工资基数.csv",
        [["工号", "基本工资", "餐补", "生效日期"], ["001", "6,000", "300", "2025-01-01"]],
        "pay_inputs",
        [("001", "base_pay", 600000), ("001", "meal_allowance", 30000)],
    ),
}
SHOWN = {
    "people": ("person", "position", "valid_to"),
    "ratings": ("person", "indicator", "role", "level"),
    "complaints": ("complaint_id", "person", "upheld"),
    "pay_inputs": ("person", "item", "amount"),
}


def test_the_guide_shows_every_kind_of_source_at_work(tmp_path: Path) -> None:
    guide = (Path(__file__).parents[3] / "docs" / "guide" / "data.md").read_text(encoding="utf-8")
    mappings = [parse_mapping(text, "data.md") for text in re.findall(r"```yaml\n(.*?)```", guide, re.DOTALL)[2:]]
    assert [mapping.mapping for mapping in mappings] == list(GUIDE_SOURCES)
    for mapping in mappings:
        name, rows, table, expected = GUIDE_SOURCES[mapping.mapping]
        folder = tmp_path / mapping.mapping
        folder.mkdir()
        files.write_csv(folder / name, rows)
        dataset = ingest(folder, [mapping])
        assert dataset.report.quarantined == ()
        records = dataset.tables[table].to_pylist()
        assert [tuple(record[column] for column in SHOWN[table]) for record in records] == expected


def test_business_seconds_in_a_mapping(tmp_path: Path) -> None:
    hours = 'business_hours: {week: {mon-fri: "09:00-18:00"}, holidays: china}\n'
    columns = "      first_reply_at: reply\n" + OPEN_SECONDS.replace("created_at]", "first_reply_at]")
    rows = [
        ["id", "at", "reply"],
        ["1", "2025-09-30 17:30:00", "2025-10-09 09:10:00"],
        ["2", "2025-09-30 17:30:00", ""],
    ]
    records = _records(_ingest(tmp_path, rows, HEAD + hours + MINIMAL + columns))
    assert [record.get("first_reply_business_seconds") for record in records] == [2400, None]
