"""Contract tables as Arrow columns: their schema, and Parquet files that already are in contract form.

Whole columns only, so that twenty million rows pass without a loop over rows. A column of the wrong type is refused
with the file: a float is never turned into a whole number here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.events import bounds, calendar
from meritdesk.events.contracts import Column, Contract
from meritdesk.events.mapping import HANDLE_PARTS, MAIN_TIME
from meritdesk.language import _

ARROW = {"text": pa.string(), **dict.fromkeys(("integer", "flag", "time", "day", "hundredths"), pa.int64())}


def schema(contract: Contract) -> pa.Schema:
    """Return the Arrow schema of a contract: text is string, everything else int64."""
    return pa.schema([(column.name, ARROW[column.type]) for column in contract.columns])


def empty(contract: Contract) -> pa.Table:
    """Return the contract's table without rows."""
    return schema(contract).empty_table()


def contract_form(path: Path, name: str, contract: Contract) -> tuple[pa.Table, list[Problem]]:
    """Return a Parquet file as the contract's table, and notes about columns it does not know.

    Missing optional columns become null, a missing `day` is derived from the main time of the table. Raises
    MeritdeskError for a file that is no Parquet, lacks a required column, or holds a column of another type.
    """
    bounds.check_size(path, name)
    try:
        file = pq.ParquetFile(path)
        present = file.schema_arrow.names
        known = [column.name for column in contract.columns if column.name in present]
        table = file.read(columns=known)
    except (pa.ArrowException, OSError) as error:
        message = _("不是有效的 Parquet 文件（{error}）。").format(error=error)
        raise bounds.refuse("not-parquet", name, message, _("请重新导出该文件。")) from error
    notes = []
    strange = [column for column in present if column not in contract.names]
    if strange:
        message = _("数据表 {table} 没有这些列，未读取：{names}。").format(
            table=contract.name, names="、".join(strange)
        )
        notes.append(Problem(code="unknown-column", place=name, message=message, severity="warning"))
    # All absent columns of a type share one array: twenty million blanks are stored once.
    blanks = {kind: pa.nulls(table.num_rows, kind) for kind in (pa.string(), pa.int64())}
    columns: list[Any] = []
    for column in contract.columns:
        if column.name in present:
            columns.append(_cast(table[column.name], column, name))
        elif column.name == "day" and MAIN_TIME.get(contract.name) in present:
            columns.append(days_of(_cast(table[MAIN_TIME[contract.name]], _TIME, name)))
        elif column.name == "handle_seconds" and "talk_seconds" in present:
            columns.append(_handle_seconds(table, contract, name))
        elif column.name == "source":
            columns.append(_sources(name, table.num_rows))
        elif column.required:
            fix = _("请补上该列，或写一份映射。")
            problem = Problem(code="column-missing", place=name, message=contract.missing(column.name), fix=fix)
            raise MeritdeskError(problem)
        else:
            columns.append(blanks[ARROW[column.type]])
    return pa.table(columns, schema=schema(contract)), notes


def _handle_seconds(table: pa.Table, contract: Contract, place: str) -> Any:
    """Return talk + hold + wrap, as far as the file has these columns; null where one of them is."""
    parts = [part for part in HANDLE_PARTS if part in table.column_names]
    total = _cast(table[parts[0]], contract.column(parts[0]), place)
    for part in parts[1:]:
        total = pc.add(total, _cast(table[part], contract.column(part), place))
    return total


_TIME = Column("", "time", "")


def _cast(values: Any, column: Column, place: str) -> Any:
    """Return a column in the contract's type, or raise MeritdeskError: only castings that lose nothing are done."""
    kind = values.type
    try:
        if column.type == "text":
            if pa.types.is_dictionary(kind) or pa.types.is_large_string(kind) or pa.types.is_string(kind):
                return _trimmed(values.cast(pa.string()))
        elif (
            pa.types.is_integer(kind) or pa.types.is_null(kind) or (column.type == "flag" and pa.types.is_boolean(kind))
        ):
            return values.cast(pa.int64())
        elif column.type == "day" and pa.types.is_date(kind):
            return values.cast(pa.date32()).cast(pa.int32()).cast(pa.int64())
        elif column.type == "time" and pa.types.is_timestamp(kind) and kind.tz is not None:
            return pc.cast(values, pa.timestamp("s", kind.tz), safe=False).cast(pa.int64())
        elif column.type == "hundredths" and pa.types.is_decimal(kind) and kind.scale <= 2:
            return pc.multiply(values, pa.scalar(100)).cast(pa.int64())
    except pa.ArrowException as error:
        raise _wrong_type(column, str(kind), place) from error
    raise _wrong_type(column, str(kind), place)


def _trimmed(values: Any) -> Any:
    """Return texts trimmed, empty ones null: what the contract means by a text."""
    trimmed = pc.utf8_trim_whitespace(values)
    if pc.all(pc.fill_null(pc.and_(pc.equal(trimmed, values), pc.not_equal(values, "")), True)).as_py():
        return values
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)


def _wrong_type(column: Column, kind: str, place: str) -> MeritdeskError:
    message = _("列 {name} 的类型是 {kind}，不能无损地读作 {type}。").format(
        name=column.name, kind=kind, type=column.type
    )
    fix = _("时间应为带时区的时间戳或整数秒，金额与分数应为 0.01 的整数，其余为整数或文本。")
    return MeritdeskError(Problem(code="column-type", place=f"{place} / {column.name}", message=message, fix=fix))


def days_of(epochs: Any, zone: str = calendar.SHANGHAI, cutoff_seconds: int = 0) -> Any:
    """Return the business days of a column of instants: each quarter hour is looked up once."""
    quarters = pc.floor(pc.divide(epochs.cast(pa.float64()), 900.0)).cast(pa.int64())
    coded = pc.dictionary_encode(quarters)
    coded = coded.unify_dictionaries() if isinstance(coded, pa.ChunkedArray) else coded
    chunks = coded.chunks if isinstance(coded, pa.ChunkedArray) else [coded]
    days = []
    for chunk in chunks:
        known = [calendar.business_day(q * 900, zone, cutoff_seconds) for q in chunk.dictionary.to_pylist()]
        days.append(pa.array(known, pa.int64()).take(chunk.indices))
    return pa.chunked_array(days, pa.int64())


def _sources(name: str, rows: int) -> Any:
    numbers = pc.cumulative_sum(pa.repeat(pa.scalar(1, pa.int64()), rows)).cast(pa.string())
    return pc.binary_join_element_wise(pa.scalar(name), numbers, "#")
