"""The one place where engines differ: how each divides, orders text, keeps sub-queries apart, is opened and loaded.

Everything else in the column reader is written once, in ibis, for all engines. A new engine joins by a row in
`ENGINES`. This module must not know what is computed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.types as ir
import pyarrow as pa
from ibis.backends.sql import SQLBackend

Divide = Callable[[ir.IntegerValue, ir.IntegerValue], ir.IntegerValue]


def int64(value: ir.Value) -> ir.IntegerValue:
    """Return `value` with an explicit cast to int64, also where ibis believes that it is one already.

    Engines type literals and sums on their own (DuckDB: 5 is an INTEGER, a sum of BIGINT a HUGEINT), and
    `Value.cast` drops a cast that looks needless.
    """
    cast: ir.IntegerValue = ops.Cast(value, to=dt.int64).to_expr()
    return cast


@ibis.udf.scalar.builtin(name="divide")  # type: ignore[untyped-decorator]
def _duckdb_divide(a: int, b: int) -> int:
    """DuckDB's integer division of BIGINT: exact, and NULL for b = 0."""
    raise NotImplementedError


@ibis.udf.scalar.builtin(name="convert_to")  # type: ignore[untyped-decorator]
def _postgres_bytes(text: str, encoding: str) -> bytes:
    """PostgreSQL's text as bytes, which compare as bytes whatever the collation."""
    raise NotImplementedError


def _floor_divide(a: ir.IntegerValue, b: ir.IntegerValue) -> ir.IntegerValue:
    """Return a // b through ibis: exact for 0 ≤ a < 2^53, as the tree guarantees, on every engine tried."""
    quotient: ir.IntegerValue = a // b
    return quotient


@dataclass(frozen=True, slots=True)
class Engine:
    """How one engine says what engines say differently.

    `divide(a, b)`: ⌊a ÷ b⌋ for 0 ≤ a < 2^53 and b > 0. `text_key`: sorts text by code point. `fence`: keeps the
    planner from inlining a sub-query, which would compute a shared column once per mention.
    """

    name: str
    divide: Divide = _floor_divide
    text_key: Callable[[ir.StringValue], ir.Value] = lambda text: text
    fence: Callable[[ir.Table], ir.Table] = lambda table: table


ENGINES: dict[str, Engine] = {
    engine.name: engine
    for engine in (
        # Native division takes a quarter of the time of FLOOR over DOUBLE. Sub-queries are not inlined.
        Engine("duckdb", divide=_duckdb_divide),
        # The collation of the database orders text as a dictionary does, not by code point. The planner pulls a
        # plain sub-query up and repeats its columns; a LIMIT stops that, and ibis leaves out OFFSET 0.
        Engine(
            "postgres",
            text_key=lambda text: _postgres_bytes(text, "UTF8"),
            fence=lambda table: table.limit(2**62),
        ),
    )
}
"""What each engine needs, by its name in ibis."""

PORTABLE = Engine("portable")
"""For tables of no known engine (unbound ones): ibis alone."""


def engine_of(table: ir.Table) -> Engine:
    """Return the row of `ENGINES` for the engine that holds `table`; KeyError for an engine nobody has tried."""
    backends, _has_unbound = table._find_backends()
    if not backends:
        return PORTABLE
    (backend,) = backends
    return ENGINES[backend.name]


def connect_duckdb(
    path: Path | None = None, *, reads: Sequence[Path] = (), threads: int | None = None, memory: str | None = None
) -> SQLBackend:
    """Open DuckDB in memory (or the file `path`), locked down: no Python variables as tables, no further settings.

    Files can be read below the folders `reads` only; without any, no file and no address can be reached.
    `memory` as DuckDB writes it ("2GB").
    """
    backend = ibis.duckdb.connect(str(path) if path else ":memory:")
    settings = {
        "python_enable_replacements": "false",
        "allowed_directories": "[" + ", ".join(_quoted(str(folder.resolve())) for folder in reads) + "]",
        "threads": None if threads is None else str(threads),
        "memory_limit": None if memory is None else _quoted(memory),
        "preserve_insertion_order": "false",
        "enable_external_access": "false",
        "lock_configuration": "true",
    }
    for name, value in settings.items():
        if value is not None:
            backend.raw_sql(f"SET {name} = {value}")
    return backend


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def load(backend: SQLBackend, name: str, rows: pa.Table) -> ir.Table:
    """Store `rows` as the temporary table `name` of `backend` and return it; an older one of that name is replaced."""
    return backend.create_table(name, rows, temp=True, overwrite=True)
