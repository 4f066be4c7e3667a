"""The results for other programs: JSON with everything, CSV and Parquet with one table each.

Exact: nothing is rounded for display. In JSON and CSV a number is the text of its decimals; in Parquet points and
values are decimals and money whole fen. A text that a spreadsheet could take for a formula is guarded in CSV, and only
there (B4).
"""

from __future__ import annotations

import csv
import datetime
import json
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from meritdesk.language import SOURCE, use
from meritdesk.results import Appraisal, Rating, Results
from meritdesk.rules.numbers import MONEY, format_number, rounded, to_integer

DECIMALS = 12
"""Of numbers in Parquet, far more than any value of a run has; an endless one (the end of an interval) is rounded."""
FORMAT = 1
"""Version of the layout of results.json."""

Kind = Literal["text", "count", "yes_no", "day", "number", "money"]
Value = str | int | bool | datetime.date | Decimal | None

_TYPES: Mapping[Kind, pa.DataType] = {
    "text": pa.string(),
    "count": pa.int64(),
    "yes_no": pa.bool_(),
    "day": pa.date32(),
    "number": pa.decimal128(38, DECIMALS),
    "money": pa.int64(),
}
_FORMULA = "=+-@"
"""What begins a formula, after Unicode folding of the full-width forms; tab and line ends can bring one forward."""


@dataclass(frozen=True)
class Table:
    """A table to be written: kind of each column by name, and rows in that order."""

    columns: Mapping[str, Kind]
    rows: Sequence[Sequence[Value]]


def write_files(results: Results, out_dir: Path, *, include_pay: bool = True) -> list[Path]:
    """Write results.json, and appraisals, indicators and pay as .csv and .parquet, into `out_dir`; return the files.

    Money is in yuan with two decimals in JSON and CSV and in fen in Parquet (columns ending in ``_fen``). Without
    `include_pay` no amount is in any file. The same results give the same bytes, in every language.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    path = out_dir / "results.json"
    with use(SOURCE):
        path.write_text(as_json(results, include_pay=include_pay), encoding="utf-8", newline="\n")
        tables = {"appraisals": appraisals(results, include_pay=include_pay), "indicators": indicators(results)}
        if include_pay and any(appraisal.pay for appraisal in results.appraisals):
            tables["pay"] = pay(results)
        written = [path]
        for name, table in tables.items():
            _write_csv(table, out_dir / f"{name}.csv")
            _write_parquet(table, out_dir / f"{name}.parquet")
            written += [out_dir / f"{name}.csv", out_dir / f"{name}.parquet"]
    return written


def as_json(results: Results, *, include_pay: bool) -> str:
    """Return the whole of the results as canonical JSON: the records as they are, decimals as texts."""
    hidden = results.scheme.raters.anonymous if results.scheme.raters else ()
    document = {
        "format": FORMAT,
        "run": _plain(results.run, hidden),
        "appraisals": [appraisal_document(a, hidden, include_pay) for a in results.appraisals],
        "problems": _plain(results.problems, hidden),
        "data_report": _plain(results.data_report, hidden),
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def appraisal_document(appraisal: Appraisal, hidden: Sequence[str], include_pay: bool) -> dict[str, Any]:
    """Return one person's result in terms of JSON: decimals as texts, raters of the `hidden` roles left out."""
    document: dict[str, Any] = _plain(appraisal, hidden)
    if not include_pay:
        del document["pay"], document["pay_total"]
    return document


def _plain(value: Any, hidden: Sequence[str]) -> Any:
    """Return `value` in terms of JSON; the raters of anonymous roles are left out."""
    if isinstance(value, Decimal):
        return format_number(value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    if is_dataclass(value):
        document = {field.name: _plain(getattr(value, field.name), hidden) for field in fields(value)}
        if isinstance(value, Rating) and value.role in hidden:
            document["rater"] = ""
        return document
    if isinstance(value, Mapping):
        return {str(key): _plain(part, hidden) for key, part in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(part, hidden) for part in value]
    return value if value is None or isinstance(value, str | int | bool) else str(value)


def appraisals(results: Results, *, include_pay: bool) -> Table:
    """Return one row per person."""
    columns: dict[str, Kind] = {
        "person": "text",
        "name": "text",
        "department": "text",
        "team": "text",
        "position": "text",
        "superior": "text",
        "state": "text",
        "reason": "text",
        "total": "number",
        "threshold_grade": "text",
        "grade": "text",
        "grade_title": "text",
        "coefficient": "number",
        "rank": "count",
        "rank_of": "count",
        "vetoes": "text",
    }
    names = list(columns)
    rows: list[list[Value]] = []
    for a in results.appraisals:
        row: list[Value] = [getattr(a, name) for name in names[:-1]]
        rows.append([*row, "; ".join(a.vetoes), *([a.pay_total] if include_pay else [])])
    return Table(columns | ({"pay_total": "money"} if include_pay else {}), rows)


def indicators(results: Results) -> Table:
    """Return one row per person, segment and indicator."""
    kinds: dict[str, Kind] = {
        "source": "text",
        "unit": "text",
        "value": "number",
        "numerator": "number",
        "denominator": "number",
        "n": "count",
        "excluded": "count",
        "pending": "count",
        "target": "text",
        "target_met": "yes_no",
        "points": "number",
        "full": "number",
        "share": "number",
        "contribution": "number",
        "most": "number",
        "status": "text",
        "level_title": "text",
    }
    head: dict[str, Kind] = {"person": "text", "segment": "count", "from_day": "day", "to_day": "day"}
    head |= {"position": "text", "team": "text", "counted": "yes_no", "dimension": "text"}
    head |= {"indicator": "text", "title": "text"}
    rows: list[list[Value]] = [
        [
            *(a.person, s.key, s.from_day, s.to_day, s.position, s.team, s.counted, d.id, i.id, i.title),
            *(getattr(i, name) for name in kinds),
            *(i.interval or (None, None)),
        ]
        for a in results.appraisals
        for s in a.segments
        for d in s.dimensions
        for i in d.indicators
    ]
    return Table(head | kinds | {"interval_low": "number", "interval_high": "number"}, rows)


def pay(results: Results) -> Table:
    """Return one row per person and line of the slip, in the order of the slip."""
    columns: dict[str, Kind] = {"person": "text", "line": "count", "item": "text", "title": "text", "kind": "text"}
    rows: list[list[Value]] = [
        [a.person, number, line.id, line.title, line.kind, line.amount]
        for a in results.appraisals
        for number, line in enumerate(a.pay, 1)
    ]
    return Table(columns | {"amount": "money"}, rows)


def guarded(text: str) -> str:
    """Return `text` with an apostrophe before it if a spreadsheet could read it as a formula (B4).

    White space, controls and full-width forms in front do not hide the sign.
    """
    folded = unicodedata.normalize("NFKC", text)
    visible = next((c for c in folded if not c.isspace() and unicodedata.category(c) not in {"Cc", "Cf"}), "")
    return f"'{text}" if text[:1] in ("\t", "\r", "\n") or (visible and visible in _FORMULA) else text


def _csv_cell(value: Value, kind: Kind) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{to_integer(value, MONEY) / Decimal(100):.2f}" if kind == "money" else format_number(value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    return guarded(value) if isinstance(value, str) else str(value)


def _write_csv(table: Table, path: Path) -> None:
    # The mark at the beginning tells spreadsheets that the file is UTF-8.
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(table.columns)
        kinds = list(table.columns.values())
        writer.writerows([_csv_cell(v, k) for v, k in zip(row, kinds, strict=True)] for row in table.rows)


def _write_parquet(table: Table, path: Path) -> None:
    columns, names = [], []
    for at, (name, kind) in enumerate(table.columns.items()):
        names.append(f"{name}_fen" if kind == "money" else name)
        columns.append(pa.array(_column(table.rows, at, kind), type=_TYPES[kind]))
    pq.write_table(pa.Table.from_arrays(columns, names=names), path)


def _column(rows: Sequence[Sequence[Value]], at: int, kind: Kind) -> Iterator[Value]:
    for row in rows:
        value = row[at]
        if not isinstance(value, Decimal):
            yield value
        else:
            yield to_integer(value, MONEY) if kind == "money" else rounded(value, DECIMALS)
