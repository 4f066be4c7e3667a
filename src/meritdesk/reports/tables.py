"""Tables in a workbook: typed cells, widths measured for Chinese, headings that stay, pages that print.

Values only, never a formula: every text is written as text, so that nothing a person typed can become live (B4). This
module knows nothing of scores or pay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _
from meritdesk.reports.wording import text_width

Kind = Literal["text", "wrap", "centre", "place", "count", "score", "percent", "money", "factor"]

NUMBER_FORMATS: dict[Kind, str] = {
    "place": "0",
    "count": "#,##0",
    "score": "#,##0.00",
    "percent": "0.0%",
    "money": "#,##0.00",
    "factor": "0.00##",
}
WIDEST = 40
"""Units of a column: a digit is one, a Chinese character two."""
LONGEST_TEXT = 32_767
"""Characters in a cell, a limit of the file format."""
MOST_ROWS = 1_048_576
LINE_HEIGHT = 15.5
ROW_HEIGHT = 18

GREY = "#E8E8E8"
LINE = "#A6A6A6"
ACCENT = "#2F5F8F"
"""The one colour; dark enough to read as dark grey on paper."""
BAR = "#B9CBDD"


@dataclass(frozen=True)
class As:
    """A value that is shown otherwise than its column: a rate among seconds."""

    value: Value
    kind: Kind


Value = str | int | Decimal | None
Cell = Value | As


@dataclass(frozen=True)
class Column:
    """A heading and how the values below it are shown."""

    heading: str
    kind: Kind = "text"
    widest: int = 48
    """Units at which a text of kind ``wrap`` goes on in the next line."""
    least: int = 0
    """Units of the column at least."""


def shown(value: Value, kind: Kind) -> str:
    """Return about what a spreadsheet shows for `value`, to measure it."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    match kind:
        case "percent":
            return f"{value * 100:.1f}%"
        case "score" | "money":
            return f"{value:,.2f}"
        case "factor":
            return f"{value:.4f}"
        case _:
            return f"{value:,}"


class Book:
    """A workbook with the formats of the house."""

    def __init__(self, workbook: Workbook) -> None:
        self.workbook = workbook
        self._formats: dict[tuple[tuple[str, Any], ...], Format] = {}

    def style(self, **settings: Any) -> Format:
        """Return the format of these settings; the same settings give the same format."""
        key = tuple(sorted(settings.items()))
        if key not in self._formats:
            self._formats[key] = self.workbook.add_format({"valign": "vcenter", **settings})
        return self._formats[key]

    def cell_style(self, kind: Kind, **more: Any) -> Format:
        """Return the format of a table cell of this kind."""
        settings: dict[str, Any] = {"border": 1, "border_color": LINE}
        if kind in NUMBER_FORMATS:
            settings |= {"num_format": NUMBER_FORMATS[kind], "align": "center" if kind == "place" else "right"}
        elif kind == "centre":
            settings["align"] = "center"
        elif kind == "wrap":
            settings["text_wrap"] = True
        return self.style(**(settings | more))

    def sheet(self, name: str, *, title: str, pages_wide: int = 1) -> Worksheet:
        """Return a new sheet set up to print on A4 across, `title` above and page numbers below."""
        sheet = self.workbook.add_worksheet(name)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(pages_wide, 0)
        sheet.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.6)
        # An ampersand starts a code in headers and footers.
        sheet.set_header(f"&L&9{title.replace('&', '&&')}&R&9{name}")
        sheet.set_footer("&C&9&P / &N")
        sheet.hide_gridlines(2)
        sheet.set_default_row(ROW_HEIGHT)
        return sheet


def put(sheet: Worksheet, row: int, column: int, value: Value, style: Format) -> None:
    """Write one value: texts as texts whatever they begin with, numbers as numbers, None as an empty cell."""
    if value is None or value == "":
        sheet.write_blank(row, column, None, style)
    elif isinstance(value, str):
        cut = _("…（已截断，全文见 results.json）")
        text = value if len(value) <= LONGEST_TEXT else value[: LONGEST_TEXT - len(cut)] + cut
        sheet.write_string(row, column, text, style)
    else:
        sheet.write_number(row, column, value, style)


def table(
    book: Book,
    sheet: Worksheet,
    columns: Sequence[Column],
    rows: Sequence[Sequence[Cell]],
    *,
    top: int = 0,
    total: Sequence[Cell] | None = None,
) -> int:
    """Write a table from row `top` on and return the row below it; `total` is a last line in bold.

    Column widths are left to `fit`, so that several tables can share a sheet. MeritdeskError if it does not fit.
    """
    if top + len(rows) + 2 > MOST_ROWS:
        raise MeritdeskError(
            Problem(
                code="too-many-rows",
                place=sheet.get_name(),
                message=_("{n} 行超出一张工作表的上限 {most}").format(n=f"{len(rows):,}", most=f"{MOST_ROWS:,}"),
                fix=_("按部门分别出表，或使用 Parquet/CSV 文件"),
            )
        )
    heading = book.style(bold=True, bg_color=GREY, border=1, border_color=LINE, align="center", text_wrap=True)
    for at, column in enumerate(columns):
        put(sheet, top, at, column.heading, heading)
    sheet.set_row(top, LINE_HEIGHT * max(_heading_lines(c.heading) for c in columns) + 6)
    body = list(rows) + ([total] if total is not None else [])
    for number, row in enumerate(body):
        bold = {"bold": True, "top": 2} if total is not None and number == len(rows) else {}
        lines = 1
        for at, (column, cell) in enumerate(zip(columns, row, strict=True)):
            kind, value = (cell.kind, cell.value) if isinstance(cell, As) else (column.kind, cell)
            put(sheet, top + 1 + number, at, value, book.cell_style(kind, **bold))
            if kind == "wrap" and isinstance(value, str):
                lines = max(lines, lines_of(value, column.widest))
        if lines > 1:
            sheet.set_row(top + 1 + number, min(409, LINE_HEIGHT * lines + 4))
    return top + 1 + len(body)


def _heading_lines(heading: str) -> int:
    return max(heading.count("\n") + 1, -(-text_width(heading) // WIDEST))


def lines_of(text: str, width: int) -> int:
    """Return how many lines `text` takes in a column of `width`, with room for a word that moves on."""
    return sum(max(1, -(-text_width(line) // (width - 2))) for line in text.split("\n"))


def fit(sheet: Worksheet, *tables: tuple[Sequence[Column], Sequence[Sequence[Cell]]], filtered: bool = False) -> None:
    """Set the width of every column to its longest value; `filtered`: with room for the filter's button."""
    widths: dict[int, int] = {}
    for columns, rows in tables:
        for at, column in enumerate(columns):
            needed = max((text_width(part) for part in column.heading.split("\n")), default=1) + 2 + 2 * filtered
            needed = max(min(needed, WIDEST), column.least)
            for row in rows:
                cell = row[at]
                kind, value = (cell.kind, cell.value) if isinstance(cell, As) else (column.kind, cell)
                limit = column.widest if kind == "wrap" else LONGEST_TEXT
                needed = max(needed, min(text_width(shown(value, kind)) + 2, limit))
            widths[at] = max(widths.get(at, 0), needed)
    for at, width in widths.items():
        sheet.set_column(at, at, min(width, 120))


def stay(sheet: Worksheet, columns: Sequence[Column], rows: int, *, left: int, top: int = 0) -> None:
    """Keep the heading and the first `left` columns in view, repeat them on paper, and offer a filter."""
    sheet.freeze_panes(top + 1, left)
    sheet.repeat_rows(top)
    sheet.repeat_columns(0, left - 1)
    if rows:
        sheet.autofilter(top, 0, top + rows, len(columns) - 1)
