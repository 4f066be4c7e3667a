"""A file that was handed in → heading and rows, through the product's own readers (which refuse bombs)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from python_calamine import CalamineWorkbook

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.events.readers import SHEET_KINDS, RawRow, ReadOptions, clean_heading, read
from meritdesk.language import _
from meritdesk.web.people.imports.columns import SEARCHED_ROWS, find_heading
from meritdesk.web.people.imports.uploads import Options, Upload

MOST_ROWS = 20_000


@dataclass(frozen=True)
class Sheet:
    """One table of a file."""

    heading: tuple[str, ...]
    heading_rows: tuple[int, ...]
    rows: Sequence[RawRow]
    notes: Sequence[Problem] = ()
    sheets: Sequence[str] = ()
    """Names of all sheets of a workbook."""
    sheet: str = ""
    encoding: str = ""


def read_sheet(upload: Upload) -> Sheet:
    """Return the table of a file; MeritdeskError for a file that cannot or must not be read."""
    options = upload.options
    heading_rows = options.heading_rows
    if not heading_rows:
        first = read(upload.path, _how(options, (1,)), name=upload.name)
        top = [[clean_heading(cell) for cell in row.cells] for row in islice(first.rows, SEARCHED_ROWS)]
        heading_rows = find_heading([list(first.heading), *top])
    raw = read(upload.path, _how(options, heading_rows), name=upload.name)
    rows = list(islice(raw.rows, MOST_ROWS + 1))
    if len(rows) > MOST_ROWS:
        message = _("超过 {n} 行").format(n=MOST_ROWS)
        fix = _("按部门拆分成几个文件")
        raise MeritdeskError(Problem(code="too-many-rows", place=upload.name, message=message, fix=fix))
    names: Sequence[str] = ()
    if upload.path.suffix in SHEET_KINDS:
        names = CalamineWorkbook.from_path(upload.path).sheet_names
    notes = [note for note in raw.notes if note.code != "other-sheets"]
    return Sheet(raw.heading, heading_rows, rows, notes, names, raw.sheet, raw.encoding)


def _how(options: Options, heading_rows: tuple[int, ...]) -> ReadOptions:
    return ReadOptions(
        sheet=options.sheet or None,
        header_rows=heading_rows,
        encoding=options.encoding,
        short_rows=True,
        fill_merged=options.fill_merged,
    )
