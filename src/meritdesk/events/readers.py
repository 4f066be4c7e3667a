"""Files → rows of cells, each with its exact place. Nothing is interpreted here: that is the mapping's work.

A cell is text, an exact `Decimal`, a truth value, a date or time as the spreadsheet stores it, None for an empty
one, or `Unreadable` where the file itself has lost the value. No float leaves this module: a spreadsheet keeps 15
significant digits, so a number is given back with those digits, and one that needs more is unreadable.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetVisibleEnum

from meritdesk.errors import Problem
from meritdesk.events import bounds
from meritdesk.events.encodings import decode
from meritdesk.language import _

TEXT_KINDS = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".log": "csv"}
SHEET_KINDS = {".xlsx": "xlsx", ".xlsm": "xlsx", ".xls": "xls", ".ods": "ods"}
KINDS = {**TEXT_KINDS, **SHEET_KINDS, ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}
SPACE = " \t\r\n\v\f\u00a0\u3000\u200b\ufeff"
MAX_DIGITS = 15


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A cell whose value the file has lost: what is left of it, and why it cannot be used."""

    text: str
    reason: str


Cell = str | Decimal | bool | date | time | datetime | timedelta | Unreadable | None


class RawRow(NamedTuple):
    """One row: its number in the file (as a person counts, from 1), its cells, and what is wrong with it as a whole."""

    number: int
    cells: Sequence[Cell]
    fault: str = ""


@dataclass(frozen=True)
class ReadOptions:
    """How to read one file; the defaults find out what can be found out safely."""

    kind: str = ""
    sheet: str | int | None = None
    header_rows: tuple[int, ...] = (1,)
    header: tuple[str, ...] = ()
    encoding: str = "auto"
    delimiter: str = "auto"
    short_rows: bool = False
    fill_merged: bool = False


@dataclass
class RawSheet:
    """One table of a file. `rows` can be walked once. `notes` are things worth knowing about the file."""

    file: str
    sheet: str
    heading: tuple[str, ...]
    rows: Iterator[RawRow]
    encoding: str = ""
    notes: list[Problem] = field(default_factory=list)

    @property
    def place(self) -> str:
        return f"{self.file} / {self.sheet}" if self.sheet else self.file


def read(path: Path, options: ReadOptions | None = None, *, name: str = "") -> RawSheet:
    """Return the rows of one file (`name` is what reports call it).

    Raises MeritdeskError for a file that cannot or must not be read: unknown kind, encoding in doubt, bomb, broken.
    """
    options = options or ReadOptions()
    name = name or path.name
    kind = options.kind or KINDS.get(path.suffix.lower(), "")
    readers: dict[str, Callable[[Path, str, ReadOptions], RawSheet]] = {
        "csv": _read_text,
        "xlsx": _read_workbook,
        "xls": _read_workbook,
        "ods": _read_workbook,
        "jsonl": _read_json_lines,
        "parquet": _read_parquet,
    }
    if kind not in readers:
        message = _("不认识的文件类型 {suffix}。").format(suffix=path.suffix or path.name)
        raise bounds.refuse("unknown-kind", name, message, _("支持 CSV、TSV、XLSX、XLS、ODS、JSONL、Parquet。"))
    if not path.is_file():
        raise bounds.refuse("no-file", name, _("文件不存在。"), _("请检查路径。"))
    return readers[kind](path, name, options)


def clean_heading(cell: Cell) -> str:
    """Return a heading as it is matched: trimmed, line breaks and runs of blanks made one blank."""
    return " ".join(text_of(cell).split())


def text_of(cell: Cell) -> str:
    """Return the text of a cell as a person would read it; numbers and dates in plain and ISO form."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell.strip(SPACE)
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, Decimal):
        return format(cell, "f")
    if isinstance(cell, datetime):
        plain_day = cell.time() == time(0) and cell.tzinfo is None
        return cell.date().isoformat() if plain_day else cell.isoformat(sep=" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    return cell.text if isinstance(cell, Unreadable) else str(cell)


def number_cell(value: float) -> Cell:
    """Return the exact decimal a spreadsheet shows for `value`, or Unreadable where it has lost digits."""
    if value != value or value in (float("inf"), float("-inf")):
        return Unreadable(str(value), _("不是数字"))
    if abs(value) >= 10**MAX_DIGITS:
        return Unreadable(format(value, ".15g"), _("超过 15 位的数字已被表格软件截断，请以文本格式导出该列"))
    shown = Decimal(format(value, f".{MAX_DIGITS}g"))
    return Decimal(int(shown)) if shown == shown.to_integral_value() else shown


# ---- delimited text ------------------------------------------------------------------------------------------------


def _read_text(path: Path, name: str, options: ReadOptions) -> RawSheet:
    bounds.check_size(path, name, bounds.MAX_TEXT_BYTES)
    bounds.check_text(path, name)
    text, encoding = decode(path.read_bytes(), options.encoding, name)
    delimiter = options.delimiter if options.delimiter != "auto" else _find_delimiter(text[:65536])
    rows = _delimited_rows(text, delimiter, name)
    heading, body = _split_heading(rows, options, name)
    return RawSheet(name, "", heading, _squared(body, len(heading), options.short_rows), encoding)


def _delimited_rows(text: str, delimiter: str, name: str) -> Iterator[RawRow]:
    """Yield each record with the number of its first line; a broken quote ends the file with an error."""
    csv.field_size_limit(bounds.MAX_FIELD_CHARACTERS)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    first_line = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            place = _("{file} 第 {line} 行").format(file=name, line=first_line)
            if "field larger" in str(error):
                message = _("有一个字段超过 {n} 个字符，多半是引号没有配对。").format(n=bounds.MAX_FIELD_CHARACTERS)
                raise bounds.refuse("huge-field", place, message, _("请检查该行的引号后重新导出。")) from error
            message = _("引号不成对或格式损坏（{error}）。").format(error=error)
            raise bounds.refuse("broken-csv", place, message, _("请检查该行的引号后重新导出。")) from error
        yield RawRow(first_line, cells)
        first_line = reader.line_num + 1


def _find_delimiter(sample: str) -> str:
    """Return the separator that gives the same number of cells on most lines of the sample; comma if none does."""
    best, best_rank = ",", (0, 0)
    lines = sample.splitlines(keepends=True)[:40]
    if len(lines) > 1 and len(sample) == 65536:
        lines.pop()
    for candidate in (",", "\t", ";", "|"):
        try:
            widths = [len(cells) for cells in csv.reader(lines, delimiter=candidate) if cells]
        except csv.Error:
            continue
        if widths and widths[0] > 1:
            rank = (sum(width == widths[0] for width in widths), widths[0])
            if rank > best_rank:
                best, best_rank = candidate, rank
    return best


# ---- workbooks -----------------------------------------------------------------------------------------------------


def _read_workbook(path: Path, name: str, options: ReadOptions) -> RawSheet:
    kind = options.kind or KINDS[path.suffix.lower()]
    scans: dict[str, bounds.SheetScan] = {}
    if kind == "xlsx":
        scans = bounds.check_workbook(path, name)
    elif kind == "ods":
        bounds.check_ods(path, name)
    else:
        bounds.check_xls(path, name)
    try:
        book = CalamineWorkbook.from_path(path)
        title, notes = _choose_sheet(book, name, options.sheet)
        sheet = book.get_sheet_by_name(title)
        grid = sheet.to_python(skip_empty_area=False)
    except PasswordError as error:
        raise bounds.refuse("locked", name, _("文件有密码。"), _("请去除密码后重试。")) from error
    except (CalamineError, OSError) as error:
        raise bounds.not_a_workbook(path, name) from error
    scan = scans.get(title, bounds.SheetScan())
    place = f"{name} / {title}"
    if scan.hidden_rows:
        message = _("有 {n} 行被隐藏（例如第 {row} 行），仍按普通行读取。").format(
            n=len(scan.hidden_rows), row=min(scan.hidden_rows)
        )
        fix = _("若隐藏行不应计入，请先删除，或在映射中用规则排除。")
        notes.append(Problem(code="hidden-rows", place=place, message=message, fix=fix, severity="warning"))
    rows = _grid_rows(grid, scan, _merged(sheet), options)
    heading, body = _split_heading(rows, options, place)
    return RawSheet(name, title, heading, _squared(body, len(heading), True), "", notes)


def _choose_sheet(book: CalamineWorkbook, name: str, wanted: str | int | None) -> tuple[str, list[Problem]]:
    sheets = [meta.name for meta in book.sheets_metadata if meta.visible == SheetVisibleEnum.Visible]
    if wanted is None:
        if not sheets:
            raise bounds.refuse("no-sheet", name, _("没有可见的工作表。"), _("请在映射中写明 sheet。"))
        notes = []
        if len(book.sheet_names) > 1:
            others = "、".join(title for title in book.sheet_names if title != sheets[0])
            message = _("读取了工作表“{sheet}”，没有读取：{others}。").format(sheet=sheets[0], others=others)
            fix = _("若需要其他工作表，请在映射中写明 sheet。")
            notes = [Problem(code="other-sheets", place=name, message=message, fix=fix, severity="warning")]
        return sheets[0], notes
    if isinstance(wanted, int) and 1 <= wanted <= len(book.sheet_names):
        return book.sheet_names[wanted - 1], []
    if isinstance(wanted, str) and wanted in book.sheet_names:
        return wanted, []
    message = _("没有工作表“{sheet}”；现有：{names}。").format(sheet=wanted, names="、".join(book.sheet_names))
    raise bounds.refuse("no-sheet", name, message, _("请改正映射中的 sheet。"))


def _merged(sheet: CalamineSheet) -> dict[tuple[int, int], tuple[int, int]]:
    """Return, for each cell covered by a merged range, the cell that holds the value (rows and columns from 0)."""
    covered: dict[tuple[int, int], tuple[int, int]] = {}
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or []:
        if (bottom - top + 1) * (right - left + 1) > bounds.MAX_CELLS:
            continue
        for row in range(top, min(bottom, sheet.total_height) + 1):
            for column in range(left, min(right, sheet.total_width) + 1):
                if (row, column) != (top, left):
                    covered[row, column] = (top, left)
    return covered


def _grid_rows(
    grid: list[list[Any]], scan: bounds.SheetScan, merged: dict[tuple[int, int], tuple[int, int]], options: ReadOptions
) -> Iterator[RawRow]:
    special: dict[int, list[tuple[int, Cell]]] = {}
    last_heading = max(options.header_rows, default=0)
    for (row, column), (top, left) in merged.items():
        heading = row < last_heading and not options.header
        value: Cell = _cell(grid[top][left]) if top < len(grid) and left < len(grid[top]) else None
        if not heading and not options.fill_merged and value is not None:
            value = Unreadable(text_of(value), _("合并单元格只在左上角有值"))
        special.setdefault(row, []).append((column, value))
    for row, column in scan.errors:
        special.setdefault(row - 1, []).append((column - 1, Unreadable("#ERROR", _("单元格是公式错误值"))))
    for row, column in scan.uncomputed:
        special.setdefault(row - 1, []).append((column - 1, Unreadable("=", _("公式没有计算结果，请打开保存后再导出"))))
    for index, values in enumerate(grid):
        cells = [_cell(value) for value in values]
        for column, cell in special.get(index, ()):
            if column < len(cells):
                cells[column] = cell
        yield RawRow(index + 1, cells)


def _cell(value: Any) -> Cell:
    if value == "" and isinstance(value, str):
        return None
    if isinstance(value, float):
        return number_cell(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return number_cell(float(value)) if abs(value) >= 10**MAX_DIGITS else Decimal(value)
    cell: Cell = value
    return cell


# ---- JSON lines and Parquet ----------------------------------------------------------------------------------------


def _read_json_lines(path: Path, name: str, options: ReadOptions) -> RawSheet:
    """Nested objects become columns with dotted names (``Agent.Username``); lists stay as JSON text."""
    bounds.check_size(path, name, bounds.MAX_UNPACKED_BYTES)
    text, encoding = decode(path.read_bytes(), options.encoding, name)
    heading: dict[str, None] = {}
    records: list[tuple[int, dict[str, Cell], str]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            if len(line) > 8 * bounds.MAX_FIELD_CHARACTERS:
                raise ValueError(_("该行过长"))
            value = json.loads(line, parse_float=Decimal, parse_int=Decimal, parse_constant=_no_constant)
            if not isinstance(value, dict):
                raise ValueError(_("不是对象"))
            record: dict[str, Cell] = {}
            _flatten(value, "", record)
        except (ValueError, RecursionError) as error:
            records.append((number, {"": line[:200]}, _("不是有效的 JSON 行（{error}）").format(error=error)))
            continue
        heading.update(dict.fromkeys(record))
        records.append((number, record, ""))
    names = tuple(heading)
    rows = (
        RawRow(number, [record.get(n) for n in names] if not fault else list(record.values()), fault)
        for number, record, fault in records
    )
    return RawSheet(name, "", names, rows, encoding)


def _no_constant(text: str) -> Cell:
    raise ValueError(text)


def _flatten(value: dict[str, Any], prefix: str, into: dict[str, Cell]) -> None:
    for key, item in value.items():
        if isinstance(item, dict):
            _flatten(item, f"{prefix}{key}.", into)
        elif isinstance(item, list):
            into[prefix + key] = json.dumps(item, ensure_ascii=False, default=str)
        else:
            into[prefix + key] = item


def _read_parquet(path: Path, name: str, options: ReadOptions) -> RawSheet:
    bounds.check_size(path, name)
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        message = _("不是有效的 Parquet 文件（{error}）。").format(error=error)
        raise bounds.refuse("not-parquet", name, message, _("请重新导出该文件。")) from error
    heading = tuple(file.schema_arrow.names)
    return RawSheet(name, "", heading, _parquet_rows(file))


def _parquet_rows(file: pq.ParquetFile) -> Iterator[RawRow]:
    number = 0
    for batch in file.iter_batches(batch_size=16384):
        for values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            number += 1
            yield RawRow(number, [_cell(value) if not isinstance(value, int) else _whole(value) for value in values])


def _whole(value: int) -> Cell:
    return value if isinstance(value, bool) else Decimal(value)


# ---- headings ------------------------------------------------------------------------------------------------------


def _split_heading(
    rows: Iterator[RawRow], options: ReadOptions, place: str
) -> tuple[tuple[str, ...], Iterator[RawRow]]:
    """Take the heading rows off; several are joined top to bottom with `` / ``, equal parts once."""
    if options.header:
        return options.header, rows
    parts: list[Sequence[Cell]] = []
    position, wanted = 0, set(options.header_rows)
    while position < max(wanted):
        row = next(rows, None)
        if row is None:
            message = _("没有第 {n} 行表头：文件是空的或太短。").format(n=max(wanted))
            raise bounds.refuse("no-heading", place, message, _("请检查文件，或在映射中改正 header_row。"))
        position += 1
        if position in wanted:
            parts.append(row.cells)
    width = max(len(part) for part in parts)
    heading = []
    for column in range(width):
        pieces: list[str] = []
        for part in parts:
            piece = clean_heading(part[column]) if column < len(part) else ""
            if piece and piece not in pieces:
                pieces.append(piece)
        heading.append(" / ".join(pieces))
    return tuple(heading), rows


def _squared(rows: Iterator[RawRow], width: int, short_rows: bool) -> Iterator[RawRow]:
    """Give every row `width` cells; one that has more (not blank), or fewer where that is not allowed, is faulty."""
    for row in rows:
        count = len(row.cells)
        if count == width:
            yield row
        elif count > width:
            extra = [cell for cell in row.cells[width:] if cell is not None and cell != ""]
            fault = _("有 {n} 个单元格，多于表头的 {width} 列").format(n=count, width=width) if extra else ""
            yield RawRow(row.number, row.cells[:width] if not fault else row.cells, fault)
        elif short_rows or not any(text_of(cell) for cell in row.cells):
            yield RawRow(row.number, [*row.cells, *[None] * (width - count)])
        else:
            fault = _("只有 {n} 个单元格，少于表头的 {width} 列").format(n=count, width=width)
            yield RawRow(row.number, row.cells, fault)
