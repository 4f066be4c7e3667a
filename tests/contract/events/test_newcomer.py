"""What somebody meets who uses the product for the first time: each wrong turn is told with the way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.events.ingest import find_mappings, ingest
from meritdesk.events.mapping import parse_mapping
from tests.contract.events import files

CALLS = """mapping: calls
files: "calls.*"
tables:
  - table: contacts
    columns:
      contact_id: 编号
      person: {from: 工号, blank: 无}
      created_at: {from: 来电时间, format: "%Y-%m-%d %H:%M:%S", blank: 未知}
"""
HEADING = ["编号", "工号", "来电时间"]
PEOPLE = [["person", "position", "valid_from", "valid_to"], ["001", "agent", "2025-09-01", "2025-09-15"]]


def _refused(folder: Path, mapping: str = "") -> tuple[Problem, ...]:
    with pytest.raises(MeritdeskError) as caught:
        ingest(folder, [parse_mapping(mapping, "m.mapping.yaml")] if mapping else find_mappings(folder))
    return tuple(caught.value.problems)


# ---- nothing read --------------------------------------------------------------------------------------------------


def test_a_folder_of_which_nothing_is_read_names_the_files_and_the_misnamed_mapping(tmp_path: Path) -> None:
    files.write_csv(tmp_path / "calls.csv", [HEADING])
    (tmp_path / "calls.yaml").write_text(CALLS, encoding="utf-8")
    (tmp_path / "scheme.yaml").write_text("scheme: x\nversion: 1\n", encoding="utf-8")
    nothing, misnamed = _refused(tmp_path)
    assert nothing.code == "nothing-read"
    assert "calls.csv" in nothing.message
    assert "*.mapping.yaml" in nothing.fix
    assert (misnamed.place, misnamed.fix) == ("calls.yaml", "请改名为 calls.mapping.yaml。")


def test_an_empty_folder_is_no_data(tmp_path: Path) -> None:
    (nothing,) = _refused(tmp_path)
    assert nothing.code == "nothing-read"


def test_a_mapping_given_by_hand_may_have_any_name(tmp_path: Path) -> None:
    files.write_csv(tmp_path / "calls.csv", [HEADING, ["1", "001", "2025-09-01 09:00:00"]])
    (tmp_path / "mine.yaml").write_text(CALLS, encoding="utf-8")
    assert not ingest(tmp_path, [parse_mapping(CALLS, "mine.yaml")]).report.problems


def test_a_misnamed_mapping_is_told_even_when_other_files_are_read(tmp_path: Path) -> None:
    files.write_csv(tmp_path / "people.csv", PEOPLE)
    (tmp_path / "calls.yml").write_text(CALLS, encoding="utf-8")
    assert "mapping-misnamed" in {problem.code for problem in ingest(tmp_path).report.problems}


def test_a_heading_alone_declares_an_empty_source(tmp_path: Path) -> None:
    files.write_csv(tmp_path / "complaints.csv", [["complaint_id", "person", "day"]])
    dataset = ingest(tmp_path)
    assert [(a.table, a.rows_in) for a in dataset.report.accounts] == [("complaints", 0)]


def test_a_missing_column_names_all_that_the_table_can_hold(tmp_path: Path) -> None:
    files.write_csv(tmp_path / "ratings.csv", [["person", "indicator", "role", "day"]])
    (problem,) = _refused(tmp_path)
    assert "缺少必填列 rater" in problem.message
    assert "必填列：person、indicator、role、rater、day" in problem.message
    assert "可选列：level、score、remark、excluded" in problem.message


# ---- files under a wrong name --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("suffix", "write"), [(".xlsx", files.write_xlsx), (".ods", files.write_ods)])
def test_a_workbook_called_csv_is_told(suffix: str, write: object, tmp_path: Path) -> None:
    assert callable(write)
    write(tmp_path / f"calls{suffix}", [HEADING])
    (tmp_path / f"calls{suffix}").rename(tmp_path / "calls.csv")
    (problem,) = _refused(tmp_path, CALLS)
    assert problem.code == "workbook-as-text"
    assert suffix in problem.fix


def test_an_old_workbook_called_csv_or_xlsx_is_told(tmp_path: Path) -> None:
    for name in ("calls.csv", "calls.xlsx"):
        folder = tmp_path / name
        folder.mkdir()
        files.write_xls(folder / name, [HEADING])
        assert ".xls" in _refused(folder, CALLS)[0].fix


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("calls.xlsx", "编号,工号\n1,2\n".encode(), "文本文件"),
        ("calls.xls", "编号\t工号\n".encode("utf-16"), "文本文件"),
        ("calls.xls", b"<html><table><tr><td>1</td></tr></table>", "HTML"),
        ("calls.ods", b"PK\x03\x04broken", "已损坏"),
        ("calls.xlsx", b"PK\x03\x04broken", "已损坏"),
        ("calls.xlsx", b"", "是空的"),
        ("calls.xlsx", b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"), "密码"),
    ],
)
def test_what_is_no_workbook_is_told_without_words_of_a_library(
    name: str, content: bytes, told: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    (problem,) = _refused(tmp_path, CALLS)
    assert told in problem.message
    assert "zip" not in problem.message.lower()


# ---- people who leave ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("last_call", "hinted"), [("2025-09-15", True), ("2025-09-16", False)])
def test_records_on_the_day_of_leaving_point_to_shift_days(last_call: str, hinted: bool, tmp_path: Path) -> None:
    files.write_csv(tmp_path / "people.csv", PEOPLE)
    rows = [[str(n), "001", f"{day} 09:00:00"] for n, day in enumerate(("2025-09-14", "2025-09-15", last_call))]
    files.write_csv(tmp_path / "calls.csv", [HEADING, *rows])
    problems = ingest(tmp_path, [parse_mapping(CALLS, "m")]).report.problems
    (absent,) = [problem for problem in problems if problem.code == "not-on-post"]
    assert ("001 离职当天有 2 条记录：若离职日是最后一个在岗日" in absent.fix) is hinted
    assert ("shift_days: 1" in absent.fix) is hinted


# ---- quarantined rows ----------------------------------------------------------------------------------------------


def test_causes_of_quarantine_are_counted_with_an_example(tmp_path: Path) -> None:
    times = ["2025/09/01 09:00", "2025-09-01 09:00:00", "昨天", "未知"]
    files.write_csv(tmp_path / "calls.csv", [HEADING, *([str(n), "001", at] for n, at in enumerate(times))])
    report = ingest(tmp_path, [parse_mapping(CALLS, "m")]).report
    first, second = report.grouped()
    assert (first.column, first.code, first.count, first.first_row) == ("来电时间", "not-a-time", 2, 2)
    assert first.example == "2025/09/01 09:00"
    assert "%Y-%m-%d %H:%M:%S" in first.reason
    assert (second.code, second.count, second.first_row, second.example) == ("required", 1, 5, "未知")
    assert "blank" in second.reason
    assert [cause["count"] for cause in report.to_dict()["causes"]] == [2, 1]
