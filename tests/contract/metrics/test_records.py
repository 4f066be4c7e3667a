"""The records behind a figure add up to the figure, and lead to their source."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pytest

from meritdesk.metrics.load import load_metrics
from meritdesk.metrics.measure import FIGURES, measure
from meritdesk.metrics.records import COLUMNS, recomputed, records
from tests.contract.metrics.conftest import Loaded
from tests.contract.metrics.world import DAYS, FIRST_DAY

UNTIL = FIRST_DAY + DAYS - 4  # the last days are still open
METRICS = load_metrics()
FEW = ("fcr_7_days", "complaint_rate", "handle_time_p90", "customers_served", "nps", "sales")
STATUSES = {"numerator", "denominator", "excluded", "pending"}


@pytest.fixture(scope="session")
def figures(centre: Loaded) -> Mapping[tuple[int, str], dict[str, int | None]]:
    tables, segments = centre
    rows = measure(METRICS.values(), tables, segments, until=UNTIL).to_pylist()
    return {(row["segment"], row["metric"]): {name: row[name] for name in FIGURES.names[2:]} for row in rows}


@pytest.mark.parametrize(
    ("name", "segment"),
    [(name, 81) for name in sorted(METRICS)] + [(name, other) for name in FEW for other in (12, 99)],
)
def test_records_add_up_to_the_figure(
    name: str, segment: int, centre: Loaded, figures: Mapping[tuple[int, str], dict[str, int | None]]
) -> None:
    tables, segments = centre
    rows = records(METRICS[name], tables, segments, segment, until=UNTIL)
    assert tuple(rows.column_names) == COLUMNS
    assert recomputed(METRICS[name], rows) == figures[segment, name]


def test_records_lead_to_their_source(centre: Loaded, made_up: Mapping[str, pa.Table]) -> None:
    tables, segments = centre
    rows = records(METRICS["complaint_rate"], tables, segments, 81, until=UNTIL).to_pylist()
    assert {row["status"] for row in rows} == STATUSES
    assert {row["table"] for row in rows} == {"complaints", "contacts"}
    sources = {name: set(made_up[name]["source"].to_pylist()) for name in ("complaints", "contacts")}
    assert all(row["source"] in sources[row["table"]] for row in rows)
    assert {row["excluded"] for row in rows if row["status"] == "excluded"} == {"outage"}


def test_a_wrong_total_would_be_noticed(centre: Loaded) -> None:
    tables, segments = centre
    rows = records(METRICS["csat_top2"], tables, segments, 81, until=UNTIL)
    right, without_one = recomputed(METRICS["csat_top2"], rows), recomputed(METRICS["csat_top2"], rows.slice(1))
    assert right != without_one
