"""The workbook: values equal to the results, formats, headings that stay, charts, print set-up, nothing live (B4)."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter

from meritdesk.reports.overview import bins
from meritdesk.reports.tables import LONGEST_TEXT
from meritdesk.reports.wording import text_width
from meritdesk.reports.workbook import ranked, write_workbook
from meritdesk.results import Results
from tests.contract.reports.hostile import PREFIXES, poisoned
from tests.contract.reports.sample import sample


def read(path: Path) -> Any:
    """Return the workbook as openpyxl reads it."""
    with warnings.catch_warnings():
        # openpyxl knows nothing of the newer form of bars in cells; the older one beside it is what it reads.
        warnings.filterwarnings("ignore", ".*extension is not supported")
        return openpyxl.load_workbook(path)


def written(results: Results, folder: Path, **options: Any) -> Any:
    """Return the workbook of `results`, written and read back."""
    path = folder / "book.xlsx"
    write_workbook(results, path, **({"include_pay": True} | options))
    return read(path)


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return the workbook of the sample."""
    return written(
        sample(), tmp_path_factory.mktemp("book"), scheme_text="# 方案\n\n满分 100 分。\n\n- **四个维度**加权。\n"
    )


def records(sheet: Any, top: int = 1) -> Iterator[dict[str, Any]]:
    """Yield the rows below the heading as dicts by heading, up to the first empty row."""
    names = [str(cell.value).split("\n")[0] for cell in sheet[top] if cell.value is not None]
    for row in sheet.iter_rows(min_row=top + 1, max_col=len(names)):
        if all(cell.value is None for cell in row):
            return
        yield dict(zip(names, row, strict=True))


def exact(cell: Any) -> Decimal | None:
    """Return the number of a cell; what was written as a decimal reads back as the same digits."""
    return None if cell.value is None else Decimal(str(cell.value))


def test_the_sheets_are_those_a_manager_expects(book: Any) -> None:
    assert book.sheetnames == ["概览", "排名", "明细", "薪酬", "数据报告", "问题", "说明"]


def test_pay_is_in_the_file_only_when_it_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    write_workbook(sample(), path, include_pay=False)
    assert "薪酬" not in read(path).sheetnames
    with zipfile.ZipFile(path) as parts:
        content = b"".join(parts.read(name) for name in parts.namelist())
    for secret in (b"5750.83", b"5300.66", b"1800.66"):
        assert secret not in content
    write_workbook(sample(), path, include_pay=True)
    with zipfile.ZipFile(path) as parts:
        assert any(b"5750.83" in parts.read(name) for name in parts.namelist())


def test_the_ranking_holds_the_totals_and_grades_of_the_results(book: Any) -> None:
    rows = list(records(book["排名"]))
    people = ranked(sample())
    assert [row["工号"].value for row in rows] == [a.person for a in people]
    for row, a in zip(rows, people, strict=True):
        assert row["姓名"].value == a.name
        assert exact(row["总分"]) == a.total
        assert exact(row["系数"]) == a.coefficient
        assert exact(row["名次"]) == a.rank
        assert row["等级"].value == (a.grade_title or "—")
        if a.state == "graded":
            for dimension in a.main.dimensions:
                assert exact(row[dimension.title]) == dimension.contribution
    assert [row["状态"].value for row in rows[-2:]] == ["暂缓", "不参加考核"]


def test_the_detail_holds_every_indicator_exactly(book: Any) -> None:
    rows = list(records(book["明细"]))
    scores = [(a, s, d, i) for a in sample().appraisals for s in a.segments for d in s.dimensions for i in d.indicators]
    assert len(rows) == len(scores) > 100
    for row, (a, _segment, dimension, score) in zip(rows, scores, strict=True):
        assert (row["工号"].value, row["维度"].value, row["指标"].value) == (a.person, dimension.title, score.title)
        assert exact(row["实绩"]) == score.value
        assert exact(row["分子"]) == score.numerator
        assert exact(row["得分"]) == score.points
        assert exact(row["计入总分"]) == score.contribution
        assert row["样本量 n"].value == score.n
        assert row["实绩"].number_format == ("0.0%" if score.unit == "%" else row["实绩"].number_format)


def test_pay_adds_up_to_the_fen(book: Any) -> None:
    rows = list(records(book["薪酬"]))
    people, total = rows[:-1], rows[-1]
    for row, a in zip(people, sample().appraisals, strict=True):
        assert exact(row["合计（元）"]) == a.pay_total
        assert [exact(row[line.title]) for line in a.pay] == [line.amount for line in a.pay]
        assert row["合计（元）"].number_format == "#,##0.00"
    settled = [a for a in sample().appraisals if a.pay_total is not None]
    assert exact(total["合计（元）"]) == sum(a.pay_total or 0 for a in settled)
    items = [exact(total[title]) or Decimal(0) for title in ("基本工资", "绩效工资", "损失赔偿")]
    assert sum(items) == exact(total["合计（元）"])
    assert total["说明"].value == "不含未定的 1 人"


def test_number_formats(book: Any) -> None:
    row = next(records(book["排名"]))
    assert row["总分"].number_format == "#,##0.00"
    assert row["系数"].number_format == "0.00##"
    rates = [r["实绩"] for r in records(book["明细"]) if r["单位"].value == "%"]
    assert rates
    assert {cell.number_format for cell in rates} == {"0.0%"}


def test_headings_stay_and_can_be_filtered(book: Any) -> None:
    assert (book["排名"].freeze_panes, book["明细"].freeze_panes) == ("D2", "C2")
    for name in ("排名", "明细", "薪酬"):
        assert book[name].auto_filter.ref is not None
        assert book[name].print_title_rows == "$1:$1"
    # The line of sums stays out of the filter, or sorting would carry it away.
    assert book["薪酬"].auto_filter.ref.endswith("13")


def test_the_print_set_up_is_a4_across(book: Any) -> None:
    for sheet in book:
        assert (sheet.page_setup.paperSize, sheet.page_setup.orientation) == (9, "landscape")
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.oddFooter.center.text


def test_charts_are_native_and_point_at_the_figures(book: Any) -> None:
    sheet = book["概览"]
    assert len(sheet._charts) == 2
    seen = []
    for chart in sheet._charts:
        (series,) = chart.series
        cells = sheet[series.val.numRef.f.split("!")[1].replace("$", "")]
        seen.append([cell.value for (cell,) in cells])
    assert seen == [[3, 2, 4, 0, 1], [1, 0, 0, 0, 4, 1, 4]]


def test_bars_show_the_totals(book: Any) -> None:
    (rules,) = book["排名"].conditional_formatting
    assert rules.rules[0].type == "dataBar"
    assert str(rules.sqref) == "J2:J13"


def test_no_text_is_wider_than_its_column(book: Any) -> None:
    for sheet in book:
        if sheet.title == "概览":
            continue  # its headings and hashes run on over empty cells
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell.value, str) and not cell.alignment.wrap_text and cell.border.left.style:
                    width = sheet.column_dimensions[cell.column_letter].width
                    assert text_width(cell.value) < width, f"{sheet.title}!{cell.coordinate}: {cell.value}"


def test_numbers_are_narrower_than_their_columns(book: Any) -> None:
    for name in ("排名", "明细", "薪酬"):
        for row in book[name].iter_rows(min_row=2):
            for cell in row:
                if isinstance(cell.value, int | float):
                    assert len(f"{cell.value:,.2f}") <= book[name].column_dimensions[cell.column_letter].width


def test_nothing_in_the_workbook_is_a_formula(book: Any) -> None:
    assert [c.coordinate for sheet in book for row in sheet.iter_rows() for c in row if c.data_type == "f"] == []


@pytest.mark.parametrize("prefix", PREFIXES)
def test_no_text_becomes_live(prefix: str, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    write_workbook(poisoned(sample(), prefix), path, include_pay=True, scheme_text=f"{prefix}1+1")
    assert _live(path) == 0
    names = [row["姓名"].value for row in records(read(path)["排名"])]
    assert all(name.endswith("HYPERLINK(1)") for name in names)


def test_a_live_cell_would_be_seen(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "live.xlsx")) as workbook:
        workbook.add_worksheet().write("A1", "=1+1")
    assert _live(tmp_path / "live.xlsx") == 1


def _live(path: Path) -> int:
    with zipfile.ZipFile(path) as parts:
        sheets = [parts.read(name) for name in parts.namelist() if name.startswith("xl/worksheets/sheet")]
    return sum(content.count(b"<f>") + content.count(b"<f ") + content.count(b"<hyperlink ") for content in sheets)


def test_the_same_results_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_workbook(sample(), tmp_path / f"{name}.xlsx", include_pay=True)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    write_workbook(sample(), tmp_path / "c.xlsx", include_pay=False)
    assert (tmp_path / "c.xlsx").read_bytes() != (tmp_path / "a.xlsx").read_bytes()


def test_the_notes_tell_the_scheme_the_assumptions_and_the_hashes(book: Any) -> None:
    text = "\n".join(str(cell.value) for row in book["说明"].iter_rows() for cell in row)
    run = sample().run
    for words in (
        "· 四个维度加权。",
        "其余为假设",
        run.scheme_hash,
        run.program_hash,
        run.input_hash,
        "工单_2025-09.csv",
    ):
        assert words in text


def test_the_data_report_lists_files_and_problems(book: Any) -> None:
    rows = list(records(book["数据报告"]))
    assert [(r["文件"].value, r["行数"].value, r["隔离"].value) for r in rows] == [
        ("工单_2025-09.csv", 13_570, 9),
        ("满意度_2025-09.xlsx", 4_602, 0),
    ]
    text = "\n".join(str(cell.value) for row in book["问题"].iter_rows() for cell in row)
    assert "工号 199999 不在人员表中" in text


def test_a_text_too_long_for_a_cell_says_that_it_was_cut(tmp_path: Path) -> None:
    results = sample()
    long = replace(results.appraisals[8], reason="长" * (LONGEST_TEXT + 1))
    book = written(replace(results, appraisals=(long,)), tmp_path)
    (row,) = records(book["排名"])
    assert len(row["说明"].value) == LONGEST_TEXT
    assert "已截断" in row["说明"].value


def test_results_without_anyone_still_make_a_workbook(tmp_path: Path) -> None:
    book = written(replace(sample(), appraisals=(), problems=(), data_report=()), tmp_path)
    assert book["排名"].max_row == 1
    assert "薪酬" not in book.sheetnames


def test_the_histogram_counts_everyone_once() -> None:
    for totals in (["100"], ["0", "100"], ["59.99", "60", "60.01", "99.5", "100"], ["1000.5", "2100.7"], ["-3", "7"]):
        values = [Decimal(total) for total in totals]
        found = bins(values)
        assert sum(count for _low, _high, count in found) == len(values)
        assert found[0][0] <= min(values)
        assert max(values) <= found[-1][1]
        assert len(found) <= 14
    assert bins([]) == []


def test_a_run_in_which_everyone_is_held_shows_no_empty_chart(tmp_path: Path) -> None:
    results = sample()
    held = replace(results, appraisals=tuple(a for a in results.appraisals if a.state == "held"))
    book = written(held, tmp_path)
    assert book["概览"]._charts == []
    assert [row["状态"].value for row in records(book["排名"])] == ["暂缓"]
