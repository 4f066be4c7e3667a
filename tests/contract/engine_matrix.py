"""The engines that one test body runs on, and how a test gets rows into each."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pytest
from ibis.backends.sql import SQLBackend

from meritdesk.rules import columns
from meritdesk.rules.engines import connect_duckdb, load
from meritdesk.rules.nodes import Node

POSTGRES = os.environ.get("MERITDESK_POSTGRES", "postgresql://root@127.0.0.1:5432/test")

MATRIX = [pytest.param("duckdb", id="duckdb"), pytest.param("postgres", id="postgres", marks=pytest.mark.postgres)]
"""A gap of an engine is a strict xfail mark with its reason on the one test; there is none."""

Data = Mapping[str, Sequence[int | str | None]]


@contextmanager
def connected(engine: str) -> Iterator[SQLBackend]:
    """Yield a connection; the test is skipped only where the server cannot be reached."""
    if engine == "duckdb":
        backend = connect_duckdb(threads=2)
    else:
        try:
            backend = ibis.connect(POSTGRES)
        except Exception as error:  # whatever the driver calls it
            if "connect" not in str(error).lower():
                raise
            pytest.skip(f"no PostgreSQL server to reach: {error}")
    try:
        yield backend
    finally:
        backend.disconnect()


def table_of(backend: SQLBackend, data: Data, name: str = "rows_of_a_test") -> ir.Table:
    """Return `data` as a table with a column `row` that numbers the rows; columns are text where a value is."""
    arrays: dict[str, pa.Array] = {}
    for column, values in data.items():
        text = any(isinstance(value, str) for value in values)
        arrays[column] = pa.array(values, pa.string() if text else pa.int64())
    count = len(next(iter(data.values())))
    return load(backend, name, pa.table({"row": pa.array(range(count), pa.int64()), **arrays}))


def values_of(table: ir.Table, order: str = "row") -> dict[str, list[int | None]]:
    """Return the columns of `table` in the order of `order`, without it."""
    found = table.to_pyarrow().sort_by(order)
    return {name: found[name].to_pylist() for name in found.column_names if name != order}


def evaluated(backend: SQLBackend, outputs: Mapping[str, Node], data: Data) -> dict[str, list[int | None]]:
    """Return the outputs over `data`, row by row."""
    return values_of(columns.evaluate(outputs, table_of(backend, data), keep=("row",)))
