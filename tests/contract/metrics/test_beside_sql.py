"""Each shipped metric equals the hand-written SQL that it stands beside, on every engine."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import ibis
import pyarrow as pa
import pytest

from meritdesk.metrics.load import load_metrics
from meritdesk.metrics.measure import FIGURES, measure
from tests.contract.metrics.by_hand import statements
from tests.contract.metrics.conftest import Loaded
from tests.contract.metrics.world import DAYS, FIRST_DAY, some_segments

UNTIL = FIRST_DAY + DAYS
METRICS = load_metrics()
Row = tuple[int | None, ...]


@pytest.fixture(scope="session")
def expected(made_up: Mapping[str, pa.Table]) -> Mapping[str, Mapping[int, Row]]:
    """Return the rows of the hand-written SQL per metric and segment."""
    connection = duckdb.connect(config={"python_enable_replacements": "false"})
    connection.execute("set timezone = 'UTC'")
    for name, table in {**made_up, "segments": some_segments()}.items():
        connection.register(name, table)
    ids = sorted(set(some_segments()["segment"].to_pylist()))
    found: dict[str, dict[int, Row]] = {}
    for name, sql in statements(UNTIL).items():
        rows = {row[0]: row[1:] for row in connection.execute(sql).fetchall()}
        nothing: Row = (None, 0, 0, 0, 0) if METRICS[name].can_be_empty else (0, None, 0, 0, 0)
        found[name] = {segment: rows.get(segment, nothing) for segment in ids}
    return found


@pytest.fixture(scope="session")
def measured(centre: Loaded) -> pa.Table:
    """Return all metrics of the made-up centre."""
    tables, segments = centre
    return measure(METRICS.values(), tables, segments, until=UNTIL)


def rows_of(figures: pa.Table, metric: str) -> dict[int, Row]:
    """Return the rows of one metric as (numerator, denominator, n, excluded, pending) per segment."""
    rows = (row for row in figures.to_pylist() if row["metric"] == metric)
    return {row["segment"]: tuple(row[name] for name in FIGURES.names[2:]) for row in rows}


def test_every_shipped_metric_has_its_sql() -> None:
    assert set(statements(UNTIL)) == set(METRICS)


@pytest.mark.parametrize("metric", sorted(METRICS))
def test_metric_equals_sql(metric: str, measured: pa.Table, expected: Mapping[str, Mapping[int, Row]]) -> None:
    assert rows_of(measured, metric) == expected[metric]


@pytest.mark.parametrize("metric", sorted(METRICS))
def test_made_up_data_say_something(metric: str, expected: Mapping[str, Mapping[int, Row]]) -> None:
    numerators = {row[0] for row in expected[metric].values()}
    assert len(numerators) > 2, "the data would not tell a right figure from a wrong one"


def test_shape_of_the_answer(measured: pa.Table, centre: Loaded) -> None:
    ids = sorted(set(some_segments()["segment"].to_pylist()))
    assert measured.schema == FIGURES
    assert measured["metric"].to_pylist() == [name for name in METRICS for _ in ids]
    assert measured["segment"].to_pylist() == ids * len(METRICS)


def test_one_metric_alone_gives_the_same(centre: Loaded, measured: pa.Table) -> None:
    tables, segments = centre
    for name in ("fcr_7_days", "handle_time_p90", "complaint_rate", "wrong_orders"):
        alone = measure([METRICS[name]], tables, segments, until=UNTIL)
        assert rows_of(alone, name) == rows_of(measured, name)


def test_order_of_rows_does_not_matter(made_up: Mapping[str, pa.Table], measured: pa.Table) -> None:
    connection = ibis.duckdb.connect()
    backwards = {
        name: connection.create_table(name, table.take(list(range(len(table) - 1, -1, -1))))
        for name, table in {**made_up, "segments": some_segments()}.items()
    }
    segments = backwards.pop("segments")
    assert measure(METRICS.values(), backwards, segments, until=UNTIL).equals(measured)
