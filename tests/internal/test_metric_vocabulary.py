"""Only what every engine computes alike may be asked of one: the operations of all statements are on a short list.

The statements of every shipped metric, of drill-down and of growing by a day are built and their trees walked. A float,
a division, a count with a filter or an engine's own quantile fails here before it can differ anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
import pytest

from meritdesk.events.contracts import CONTRACTS
from meritdesk.metrics.definitions import MEASURABLE, Metric
from meritdesk.metrics.distribution import merged
from meritdesk.metrics.follow_up import added
from meritdesk.metrics.load import load_metrics
from meritdesk.metrics.measure import Measurement
from meritdesk.metrics.records import statement
from tests.contract.metrics.world import FIRST_DAY, arrow, segments

ALLOWED = {
    # relations
    "DatabaseTable", "InMemoryTable", "Project", "Filter", "Aggregate", "Sort", "Union", "Distinct", "JoinChain",
    "JoinLink", "JoinReference", "JoinTable", "SelfReference", "Field", "SortKey", "DropColumns",
    # logic and comparison
    "Equals", "NotEquals", "Less", "LessEqual", "Greater", "GreaterEqual", "And", "Or", "Not", "IsNull", "NotNull",
    "InValues", "IfElse", "SearchedCase", "Coalesce", "Literal", "Cast", "Alias",
    # whole numbers; the floor only of epoch seconds by the length of a day
    "Add", "Subtract", "Multiply", "FloorDivide", "Sum", "Min", "Max", "CountStar",
    # windows over a narrow projection
    "WindowFunction", "WindowBoundary", "Lag", "Lead", "RowNumber",
}  # fmt: skip
TYPES = {"int64", "string", "boolean", "null"}
METRICS = load_metrics()


def faults(expression: ir.Expr) -> Iterator[str]:
    """Yield what an expression asks for that is not on the list."""
    for node in expression.op().find(ops.Node):
        name = type(node).__name__
        if name not in ALLOWED:
            yield f"operation {name}"
        if isinstance(node, ops.Value) and str(node.dtype).removeprefix("!") not in TYPES and not _is_small(node):
            yield f"{name} of type {node.dtype}"
        if isinstance(node, ops.FloorDivide) and not (
            isinstance(node.right, ops.Literal) and node.right.value == 86_400
        ):
            yield "a floor division by something else than the length of a day"
        if isinstance(node, ops.CountStar) and node.where is not None:
            yield "a count with a filter"
        if isinstance(node, ops.Sum) and not node.arg.dtype.is_integer():
            yield "a sum of truth values"


def _is_small(node: ops.Value) -> bool:
    """True for the offset of a lag or lead and the position of a row: whole numbers that ibis types itself."""
    return isinstance(node, ops.Literal | ops.Cast | ops.WindowBoundary | ops.RowNumber) and node.dtype.is_integer()


@pytest.fixture(scope="module")
def tables() -> dict[str, ibis.Table]:
    connection = ibis.duckdb.connect()
    names = {contract.name for contract in MEASURABLE.values()} & set(CONTRACTS)
    made = {name: connection.create_table(name, arrow(name, [])) for name in names}
    made["segments"] = connection.create_table("segments", segments([(1, "a", FIRST_DAY, FIRST_DAY + 5)]))
    return made


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.id)
def test_statements_of_a_metric(metric: Metric, tables: dict[str, ibis.Table]) -> None:
    found = Measurement([metric], tables, tables["segments"])
    built = [step() for step in found.steps()]
    assert built
    assert {fault for expression in built for fault in faults(expression)} == set()


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.id)
def test_statements_of_drill_down(metric: Metric, tables: dict[str, ibis.Table]) -> None:
    assert set(faults(statement(metric, Measurement([metric], tables, tables["segments"])))) == set()


def test_statements_of_one_more_day(tables: dict[str, ibis.Table]) -> None:
    found = Measurement(METRICS.values(), tables, tables["segments"], until=FIRST_DAY + 3)
    contacts = tables["contacts"]
    built = [chain.changes(contacts, found.segments, found.zone, FIRST_DAY) for chain in found.chains]
    built += [added(change, change) for change in built]
    built += [merged(found.histogram(shape), found.histogram(shape)) for shape in found.shapes]
    assert {fault for expression in built for fault in faults(expression)} == set()


WRONG: dict[str, Callable[[ir.Table], ir.Expr]] = {
    "division": lambda t: t.mutate(x=t.wait_seconds / 2),
    "mean": lambda t: t.aggregate(x=t.wait_seconds.mean()),
    "count": lambda t: t.aggregate(x=t.count(where=t.wait_seconds > 3)),
    "quantile": lambda t: t.aggregate(x=t.wait_seconds.quantile(0.9)),
    "modulus": lambda t: t.mutate(x=t.wait_seconds % 7),
    "float": lambda t: t.mutate(x=t.wait_seconds.cast("float64")),
    "decimal": lambda t: t.mutate(x=t.wait_seconds.cast("decimal(18, 2)")),
    "floor": lambda t: t.mutate(x=t.wait_seconds // 7),
    "boolean sum": lambda t: t.aggregate(x=(t.wait_seconds > 3).sum()),
    "time": lambda t: t.mutate(x=t.created_at.as_timestamp("s").epoch_seconds()),
}


@pytest.mark.parametrize("name", WRONG)
def test_each_forbidden_operation_is_found(name: str, tables: dict[str, ibis.Table]) -> None:
    assert set(faults(WRONG[name](tables["contacts"]))) != set()
