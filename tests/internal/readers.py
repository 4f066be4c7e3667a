"""The readers of the rule language behind one signature: outputs and rows in, integers out, row by row."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from meritdesk.archive import verifier
from meritdesk.rules import columns, exact
from meritdesk.rules.nodes import Node
from meritdesk.rules.program import Program

Values = dict[str, list[int | None]]
Reader = Callable[[Mapping[str, Node], Sequence[exact.Row]], Values]

POSTGRES = os.environ.get("MERITDESK_POSTGRES", "postgresql://root@127.0.0.1:5432/test")
ROW = "row_number_"


def to_arrow(rows: Sequence[exact.Row]) -> pa.Table:
    """Return the rows as 64-bit integers and text, numbered."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    data: dict[str, pa.Array] = {}
    for name in names:
        values = [row[name] for row in rows]
        data[name] = pa.array(values, pa.string() if any(isinstance(value, str) for value in values) else pa.int64())
    return pa.table({**data, ROW: pa.array(range(len(rows)), pa.int64())})


def as_table(connection: ibis.BaseBackend, rows: Sequence[exact.Row], name: str = "readers_equal") -> ir.Table:
    """Return the rows as a table of the engine."""
    made = to_arrow(rows)
    return connection.create_table(name, made, temp=True, overwrite=True)


def from_table(table: ir.Table, names: Sequence[str]) -> Values:
    """Return the columns of a table in the order of the row number."""
    found = table.select(ROW, *names).to_pyarrow().sort_by(ROW)
    return {name: found[name].to_pylist() for name in names}


def on(connection: ibis.BaseBackend) -> Reader:
    """Return reader 2 on an engine."""

    def read(outputs: Mapping[str, Node], rows: Sequence[exact.Row]) -> Values:
        return from_table(columns.evaluate(outputs, as_table(connection, rows), [ROW]), list(outputs))

    return read


@cache
def duckdb_connection() -> ibis.BaseBackend:
    """Return one connection to DuckDB for the process."""
    connection: ibis.BaseBackend = ibis.duckdb.connect(threads=2)
    return connection


def on_duckdb(outputs: Mapping[str, Node], rows: Sequence[exact.Row]) -> Values:
    """Reader 2 on DuckDB."""
    return on(duckdb_connection())(outputs, rows)


@contextmanager
def postgres_connection() -> Iterator[ibis.BaseBackend | None]:
    """Yield a connection to the PostgreSQL server of the tests, or None when there is none to reach."""
    try:
        connection = ibis.connect(POSTGRES)
    except Exception as error:  # whatever the driver calls it: unreachable, or not installed
        if "connect" not in str(error).lower():
            raise
        yield None
        return
    try:
        yield connection
    finally:
        connection.disconnect()


def by_verifier(outputs: Mapping[str, Node], rows: Sequence[exact.Row]) -> Values:
    """The stand-alone verifier, on the canonical JSON of the tree."""
    document = json.loads(Program(segments=outputs, appraisals={}).to_json())
    numbered = [{**row, "appraisal": str(number), "last": 1} for number, row in enumerate(rows)]
    found = verifier.evaluate_document(document, numbered, [])["segments"]
    return {name: [row[name] for row in found] for name in outputs}


READERS: dict[str, Reader] = {"exact": exact.evaluate, "duckdb": on_duckdb, "verifier": by_verifier}
