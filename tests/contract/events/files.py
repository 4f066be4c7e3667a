"""Writes small files of every kind a customer may send, dirt included; the real formats, byte by byte where needed."""

from __future__ import annotations

import csv
import io
import json
import struct
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import xlsxwriter

Rows = Sequence[Sequence[Any]]


def write_csv(path: Path, rows: Rows, encoding: str = "utf-8", delimiter: str = ",", bom: bytes = b"") -> Path:
    """Write delimited text; None is an empty cell."""
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=delimiter).writerows([["" if c is None else c for c in row] for row in rows])
    path.write_bytes(bom + stream.getvalue().encode(encoding))
    return path


def write_json_lines(path: Path, rows: Rows) -> Path:
    """Write one object per row under the names of the first row."""
    names, *body = rows
    lines = [json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) for row in body]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def write_xlsx(
    path: Path,
    rows: Rows,
    *,
    date_1904: bool = False,
    hidden: Sequence[int] = (),
    merge: Sequence[tuple[int, int, int, int, str]] = (),
    errors: Sequence[tuple[int, int]] = (),
) -> Path:
    """Write a workbook; `hidden` rows, `merge`d ranges and `errors` (row, column) count from 0."""
    with xlsxwriter.Workbook(path, {"date_1904": date_1904}) as book:
        formats = {
            datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
            date: book.add_format({"num_format": "yyyy-mm-dd"}),
            time: book.add_format({"num_format": "hh:mm:ss"}),
        }
        sheet = book.add_worksheet("数据")
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                if type(cell) in formats:
                    sheet.write_datetime(number, column, cell, formats[type(cell)])
                elif isinstance(cell, str):
                    sheet.write_string(number, column, cell)
                elif cell is not None:
                    sheet.write(number, column, cell)
        for top, left, bottom, right, text in merge:
            sheet.merge_range(top, left, bottom, right, text)
        for number, column in errors:
            sheet.write_formula(number, column, "=1/0", None, "#DIV/0!")
        for number in hidden:
            sheet.set_row(number, None, None, {"hidden": True})
    return path


_ODS_MIME = "application/vnd.oasis.opendocument.spreadsheet"
_ODS = """<?xml version="1.0" encoding="UTF-8"?><office:document-content
 xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2">
<office:body><office:spreadsheet><table:table table:name="数据">{rows}</table:table>
</office:spreadsheet></office:body></office:document-content>"""


def write_ods(path: Path, rows: Rows) -> Path:
    """Write an OpenDocument sheet."""
    body = "".join(f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in rows)
    write_ods_content(path, _ODS.format(rows=body))
    return path


def write_ods_content(path: Path, content: str) -> Path:
    """Write an OpenDocument package around the given content.xml."""
    manifest = (
        '<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{_ODS_MIME}"/></manifest:manifest>'
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("mimetype", _ODS_MIME)
        package.writestr("META-INF/manifest.xml", manifest)
        package.writestr("content.xml", content)
    return path


def ods_with_rows(rows: str) -> str:
    """Return content.xml around raw table rows."""
    return _ODS.format(rows=rows)


def _ods_cell(cell: Any) -> str:
    if cell is None or cell == "":
        return "<table:table-cell/>"
    if isinstance(cell, bool):
        value = str(cell).lower()
        return f'<table:table-cell office:value-type="boolean" office:boolean-value="{value}"/>'
    if isinstance(cell, int | float):
        return f'<table:table-cell office:value-type="float" office:value="{cell!r}"/>'
    if isinstance(cell, datetime | date):
        value = cell.isoformat()
        return f'<table:table-cell office:value-type="date" office:date-value="{value}"/>'
    if isinstance(cell, time):
        value = f"PT{cell.hour:02}H{cell.minute:02}M{cell.second:02}S"
        return f'<table:table-cell office:value-type="time" office:time-value="{value}"/>'
    return f'<table:table-cell office:value-type="string"><text:p>{escape(str(cell))}</text:p></table:table-cell>'


def write_xls(path: Path, rows: Rows, *, date_1904: bool = False, far: tuple[int, int] | None = None) -> Path:
    """Write the old binary workbook (BIFF8 in a compound file): texts and numbers only, and one cell `far` away."""
    cells = b""
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            if isinstance(cell, str):
                text = cell.encode("utf-16-le")
                head = struct.pack("<HHHHB", number, column, 0, len(cell), 1)
                cells += _record(0x0204, head + text)
            elif cell is not None:
                cells += _record(0x0203, struct.pack("<HHHd", number, column, 0, float(cell)))
    if far:
        cells += _record(0x0203, struct.pack("<HHHd", *far, 0, 1.0))
    width = max(len(row) for row in rows)
    sheet = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0))
    sheet += _record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, width, 0)) + cells + _record(0x000A, b"")
    title = "数据".encode("utf-16-le")
    start = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0))
    start += _record(0x0022, struct.pack("<H", int(date_1904)))
    bound = struct.pack("<IBBBB", 0, 0, 0, len(title) // 2, 1) + title
    offset = len(start) + len(_record(0x0085, bound)) + len(_record(0x000A, b""))
    bound = struct.pack("<IBBBB", offset, 0, 0, len(title) // 2, 1) + title
    stream = start + _record(0x0085, bound) + _record(0x000A, b"") + sheet
    path.write_bytes(_compound_file("Workbook", stream))
    return path


def _record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _compound_file(name: str, stream: bytes) -> bytes:
    """Return a compound file with one stream: the table of sectors, the directory, then the stream."""
    stream = stream.ljust(max(4096, -(-len(stream) // 512) * 512), b"\0")
    count = len(stream) // 512
    tables = next(n for n in range(1, 109) if n + 1 + count <= 128 * n)
    first = tables + 1
    fat = [0xFFFFFFFD] * tables + [0xFFFFFFFE, *range(first + 1, first + count), 0xFFFFFFFE]
    fat += [0xFFFFFFFF] * (128 * tables - len(fat))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16
    sizes = (0, tables, tables, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header += struct.pack("<HHHHH6x9I", 0x3E, 3, 0xFFFE, 9, 6, *sizes) + struct.pack(f"<{tables}I", *range(tables))
    header += b"\xff" * (512 - len(header))

    def entry(title: str, kind: int, child: int, start_at: int, size: int) -> bytes:
        text = (title + "\0").encode("utf-16-le") if title else b""
        start = text.ljust(64, b"\0") + struct.pack("<HBBIII", len(text), kind, 1, 0xFFFFFFFF, 0xFFFFFFFF, child)
        return start + b"\0" * 36 + struct.pack("<IQ", start_at, size)

    directory = entry("Root Entry", 5, 1, 0xFFFFFFFE, 0) + entry(name, 2, 0xFFFFFFFF, first, len(stream))
    directory += entry("", 0, 0xFFFFFFFF, 0, 0) * 2
    return header + struct.pack(f"<{len(fat)}I", *fat) + directory + stream
