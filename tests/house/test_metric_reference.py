"""The generated page of the metrics is what the definitions say now."""

from __future__ import annotations

from meritdesk.metrics.load import load_metrics
from tests.house.metric_reference import PAGE, metric_reference


def test_the_page_of_the_metrics_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == metric_reference(), "run python -m tests.house.metric_reference"


def test_every_metric_has_its_entry() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert [name for name in load_metrics() if f"### {name} · " not in page] == []


def test_a_changed_definition_makes_the_page_out_of_date() -> None:
    metrics = load_metrics()
    changed = metrics["service_level_offered"].configured({"threshold_seconds": 30})
    assert metric_reference({**metrics, changed.id: changed}) != PAGE.read_text(encoding="utf-8")
