"""Figures that grow by a day equal the figures measured in one go, to the last digit."""

from __future__ import annotations

import pytest

from meritdesk.metrics.load import load_metrics
from meritdesk.metrics.measure import measure
from meritdesk.metrics.partials import Partials
from tests.contract.metrics.conftest import Loaded
from tests.contract.metrics.world import DAYS, FIRST_DAY

ONE_OF_EACH = (
    "contacts_handled", "answer_rate", "handle_time", "handle_time_median", "handle_time_p90", "customers_served",
    "fcr_7_days", "fcr_7_days_topic", "fcr_recorded_all",
)  # fmt: skip
METRICS = [load_metrics()[name] for name in ONE_OF_EACH]
ALL_KINDS = {"count", "ratio", "mean", "median", "percentile", "fcr", "distinct"}


def test_the_metrics_that_grow_cover_every_kind_of_part() -> None:
    assert {metric.kind for metric in METRICS} >= ALL_KINDS


def test_day_by_day_equals_all_at_once(centre: Loaded) -> None:
    tables, segments = centre
    parts = Partials.build(METRICS, tables, segments, until=FIRST_DAY + 57)
    for day in range(FIRST_DAY + 57, FIRST_DAY + DAYS + 3):  # past the end of the segments
        before = tables["contacts"].filter(tables["contacts"]["day"] <= day)
        parts = parts.grown({"contacts": before})
        if day % 3 == 0:
            assert parts.figures().equals(measure(METRICS, {"contacts": before}, segments, until=day + 1))


def test_later_facts_are_left_alone(centre: Loaded) -> None:
    tables, segments = centre
    grown = Partials.build(METRICS, tables, segments, until=FIRST_DAY + 20).grown(tables)
    before = tables["contacts"].filter(tables["contacts"]["day"] <= FIRST_DAY + 20)
    assert grown.figures().equals(measure(METRICS, {"contacts": before}, segments, until=FIRST_DAY + 21))


def test_metric_whose_facts_may_change_is_refused(centre: Loaded) -> None:
    tables, segments = centre
    with pytest.raises(ValueError, match="complaint_rate"):
        Partials.build([load_metrics()["complaint_rate"]], tables, segments, until=FIRST_DAY)
