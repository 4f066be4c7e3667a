"""What the column reader may say to an engine: int64 and a closed list of operations, in queries that stay small."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
import pyarrow as pa
import pytest
from ibis.backends.sql import SQLBackend

from meritdesk.rules.columns import evaluate, run
from meritdesk.rules.engines import connect_duckdb, load
from meritdesk.rules.nodes import Const, Input, MulDiv, Node, Sum
from meritdesk.rules.program import Program
from tests.contract.engine_matrix import MATRIX, Data, connected, evaluated, table_of, values_of
from tests.contract.test_engines import CASES

VALUES = {
    "Add", "Alias", "And", "ArrayCollect", "ArrayIndex", "ArraySort", "Between", "Cast", "Coalesce", "Equals", "Field",
    "FloorDivide", "Greater", "GreaterEqual", "Greatest", "IfElse", "Least", "Less", "LessEqual", "Literal", "Max",
    "MinRank", "Multiply", "Negate", "Not", "NotNull", "NullIf", "Or", "RowNumber", "SearchedCase", "SortKey",
    "Subtract", "Sum", "WindowBoundary", "WindowFunction",
}  # fmt: skip
"""Operations on values that gave identical results on every engine tried."""
RELATIONS = {
    "Aggregate", "DatabaseTable", "Filter", "JoinChain", "JoinLink", "JoinReference", "JoinTable", "Limit", "Project",
    "UnboundTable",
}  # fmt: skip
NATIVE = {"divide", "convert_to"}
"""Functions of one engine, listed in its row of `engines`."""


def offences(table: ir.Table) -> set[str]:
    """Return what `table` says that it must not: operations, types, and casts to anything but int64."""
    found: set[str] = set()
    for op in table.op().find(ops.Node):
        name = type(op).__name__
        if isinstance(op, ops.ScalarUDF):
            name = op.__func_name__
        if name not in VALUES | RELATIONS | NATIVE:
            found.add(name)
        dtype = getattr(op, "dtype", None)
        if dtype is not None and (dtype.is_floating() or dtype.is_decimal()):
            found.add(f"{name}: {dtype}")
        if isinstance(op, ops.Cast) and not op.to.is_int64():
            found.add(f"cast to {op.to}")
    return found


@pytest.fixture(params=MATRIX)
def backend(request: pytest.FixtureRequest) -> Iterator[SQLBackend]:
    with connected(request.param) as connection:
        yield connection


@pytest.mark.parametrize("name", CASES)
def test_every_node_kind_keeps_to_the_vocabulary(name: str) -> None:
    node, data, _expected = CASES[name]
    unbound = ibis.table(
        {column: "string" if any(isinstance(v, str) for v in values) else "int64" for column, values in data.items()},
        name="rows",
    )
    made = evaluate({"out": node}, unbound)
    assert offences(made) == set()
    assert {str(dtype) for dtype in made.schema().types} == {"int64"}


def test_offences_are_found() -> None:
    """Negative control: what stack after stack of engines disagreed on is caught."""
    table = ibis.table({"x": "int64", "y": "int64"}, name="rows")
    assert offences(table.mutate(z=table.x / table.y)) == {"Divide", "Divide: float64"}
    assert "cast to float64" in offences(table.mutate(z=table.x.cast("float64")))
    assert "cast to decimal(18, 2)" in offences(table.mutate(z=table.x.cast("decimal(18,2)")))
    assert "Quantile" in offences(table.aggregate(z=table.x.quantile(0.5)))
    assert "Modulus" in offences(table.mutate(z=table.x % 7))
    assert "Count" in offences(table.aggregate(z=table.x.count()))


def doubled(times: int) -> Node:
    """Return a chain in which every node is used twice: 2^times paths, `times` nodes."""
    node: Node = Input(name="x", scale=0, low=0, high=3)
    for _step in range(times):
        node = Sum(scale=0, terms=(node, node))
    return node


def test_a_shared_node_is_computed_once(backend: SQLBackend) -> None:
    """40 nodes, 2^40 paths: the query grows with the nodes, also after ibis has merged what it merges."""
    data: Data = {"x": [1, 3, None]}
    assert evaluated(backend, {"out": doubled(40)}, data) == {"out": [2**40, 3 * 2**40, None]}
    table = table_of(backend, data)
    queries = [str(ibis.to_sql(evaluate({"out": doubled(times)}, table))) for times in (20, 40)]
    sizes = ["".join(query.split()) for query in queries]  # without what indents the levels
    assert len(sizes[1]) < 2.5 * len(sizes[0])


def test_a_deep_tree_compiles(backend: SQLBackend) -> None:
    """300 nodes one below the other: deeper than any scheme, no stack runs out."""
    node: Node = Input(name="x", scale=0, low=0, high=3)
    for _step in range(300):
        node = Sum(scale=0, terms=(node, Const(scale=0, value=Decimal(1))))
    assert evaluated(backend, {"out": node}, {"x": [1, None]}) == {"out": [301, None]}


def two_stages() -> Program:
    """Points times two per segment; per appraisal the points of the last segment times the factor of the person."""
    points = MulDiv(scale=0, a=Input(name="x", scale=0, low=0, high=99), b=Const(scale=0, value=Decimal(2)))
    handed = Input(name="points", scale=0, low=0, high=198)
    factor = Input(name="factor", scale=0, low=0, high=9)
    return Program({"points": points}, {"points": handed, "pay": MulDiv(scale=0, a=handed, b=factor)})


def test_run_reads_the_last_segment(backend: SQLBackend) -> None:
    segments = table_of(
        backend,
        {"segment": [1, 2, 3, 4], "appraisal": ["a", "a", "b", "d"], "last": [0, 1, 1, 0], "x": [5, 7, None, 9]},
        "segments_of_a_test",
    )
    people = table_of(backend, {"appraisal": ["a", "b", "c"], "factor": [3, 3, 3]}, "people_of_a_test")
    first, second = run(two_stages(), segments, people)
    assert values_of(first, "segment") == {
        "appraisal": ["a", "a", "b", "d"],
        "last": [0, 1, 1, 0],
        "points": [10, 14, None, 18],
    }
    assert values_of(second, "appraisal") == {"points": [14, None, None], "pay": [42, None, None]}


def test_run_on_one_table_needs_no_join(backend: SQLBackend) -> None:
    rows: Data = {"segment": [1, 2], "appraisal": ["a", "b"], "last": [1, 1], "x": [5, 7], "factor": [2, 3]}
    table = table_of(backend, rows)
    first, second = run(two_stages(), table, table)
    apart = run(two_stages(), table, table.view())
    for together, joined, order in ((first, apart[0], "segment"), (second, apart[1], "appraisal")):
        assert values_of(together, order) == values_of(joined, order)


def test_a_second_run_sees_replaced_rows() -> None:
    """A result is never that of an older table of the same name."""
    backend = connect_duckdb(threads=1)
    found = []
    for x in (5, 6):
        rows: Data = {"segment": [1], "appraisal": ["a"], "last": [1], "x": [x], "factor": [1]}
        table = table_of(backend, rows)
        found.append(values_of(run(two_stages(), table, table)[1], "appraisal")["pay"])
    assert found == [[10], [12]]


def test_names_cannot_collide() -> None:
    backend = connect_duckdb(threads=1)
    x = Input(name="n0_0", scale=0, low=0, high=9)
    shared = Sum(scale=0, terms=(x, x))
    twice = Sum(scale=0, terms=(shared, shared))
    data: Data = {"n0_0": [1], "N_x": [2]}
    assert evaluated(backend, {"n1_0": twice, "n": shared}, data) == {"n1_0": [4], "n": [2]}
    with pytest.raises(ValueError, match="share names"):
        evaluate({"row": x}, table_of(backend, data), keep=("row",))


def test_the_connection_is_locked_down(tmp_path: Path) -> None:
    secret = pa.table({"x": [7]})
    assert secret.num_rows == 1
    assert duckdb.sql("SELECT x FROM secret").fetchall() == [(7,)], "control: DuckDB finds it by name unless locked"
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    for folder in (inside, outside):
        folder.mkdir()
        (folder / "rows.csv").write_text("x\n1\n")
    backend = connect_duckdb(reads=[inside], threads=1, memory="500MB")
    assert backend.read_csv(inside / "rows.csv").x.to_pyarrow().to_pylist() == [1]
    for query in (
        f"SELECT * FROM '{outside}/rows.csv'",
        "SELECT * FROM secret",
        "SET enable_external_access = true",
        "SET python_enable_replacements = true",
        f"COPY (SELECT 1) TO '{outside}/written.csv'",
    ):
        with pytest.raises(Exception, match=r"(?i)permission|does not exist|locked|cannot be enabled"):
            backend.raw_sql(query).fetchall()


def test_loading_replaces() -> None:
    backend = connect_duckdb(threads=1)
    load(backend, "people", pa.table({"x": [1]}))
    assert load(backend, "people", pa.table({"x": [2]})).x.to_pyarrow().to_pylist() == [2]
