"""What usually goes wrong when service figures are computed, one test per trap, with hand-counted data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import pytest

from meritdesk.errors import MeritdeskError
from meritdesk.metrics.counts import event_counts, violation_counts
from meritdesk.metrics.definitions import Metric
from meritdesk.metrics.load import load_metrics
from meritdesk.metrics.measure import measure
from meritdesk.metrics.records import recomputed, records
from tests.contract.metrics.conftest import Engine
from tests.contract.metrics.world import SHANGHAI, Rows, arrow, segments

METRICS = load_metrics()
DAY = 19_800
MONTH = [(1, "ann", DAY, DAY + 10), (2, "bob", DAY, DAY + 10)]


def figures(
    engine: Engine,
    metrics: list[Metric],
    rows: Mapping[str, Rows],
    posts: list[tuple[int, str, int, int]] = MONTH,
    **options: Any,
) -> dict[tuple[str, int], tuple[int | None, ...]]:
    """Return (numerator, denominator, n, excluded, pending) per metric and segment."""
    loaded = engine.load({name: arrow(name, listed) for name, listed in rows.items()})
    posted = engine.load({"segments": segments(posts)})["segments"]
    found = measure(metrics, loaded, posted, **options).to_pylist()
    names = ("numerator", "denominator", "n", "excluded", "pending")
    return {(row["metric"], row["segment"]): tuple(row[name] for name in names) for row in found}


def contact(number: int, day: int, **columns: Any) -> dict[str, Any]:
    at = (day - DAY) * 86_400 + DAY * 86_400 - SHANGHAI + 36_000
    return {"contact_id": f"c{number}", "person": "ann", "day": day, "created_at": at, "customer": "u"} | columns


def test_nothing_is_no_data_for_a_rate_and_zero_for_a_count(engine: Engine) -> None:
    found = figures(engine, [METRICS["fcr_recorded"], METRICS["contacts_handled"]], {"contacts": []})
    assert found["fcr_recorded", 1] == (None, 0, 0, 0, 0)
    assert found["contacts_handled", 1] == (0, None, 0, 0, 0)


def test_what_a_source_never_records_is_no_data_even_for_a_count(engine: Engine) -> None:
    day = {"day": DAY, "person": "ann"}
    found = figures(engine, [METRICS["late_count"]], {"attendance": [day, day | {"person": "bob", "late": 0}]})
    assert found["late_count", 1][0] is None
    assert found["late_count", 2][0] == 0


def test_a_fact_belongs_to_the_post_of_its_day(engine: Engine) -> None:
    posts = [(1, "ann", DAY, DAY + 5), (2, "ann", DAY + 5, DAY + 10)]
    rows = [contact(i, day) for i, day in enumerate((DAY - 1, DAY, DAY + 4, DAY + 5, DAY + 9, DAY + 10))]
    found = figures(engine, [METRICS["contacts_handled"]], {"contacts": rows}, posts)
    assert [found["contacts_handled", segment][0] for segment in (1, 2)] == [2, 2]


def test_rates_roll_up_as_sum_over_sum(engine: Engine) -> None:
    rows = [contact(0, DAY, resolved=1)] + [contact(i, DAY, person="bob", resolved=i % 2) for i in range(1, 5)]
    team = [(7, "ann", DAY, DAY + 1), (7, "bob", DAY, DAY + 1)]
    assert figures(engine, [METRICS["fcr_recorded"]], {"contacts": rows}, team)["fcr_recorded", 7][:2] == (3, 5)


def test_two_complaints_on_one_contact_do_not_double_the_contacts(engine: Engine) -> None:
    complaint = {"person": "ann", "day": DAY, "contact_id": "c0", "upheld": 1}
    rows: dict[str, Rows] = {
        "contacts": [contact(i, DAY) for i in range(4)],
        "complaints": [complaint | {"complaint_id": f"k{i}"} for i in range(2)],
    }
    assert figures(engine, [METRICS["complaint_rate"]], rows)["complaint_rate", 1][:3] == (2, 4, 4)


def test_window_counts_whole_days_and_waits_for_them(engine: Engine) -> None:
    rows = [contact(0, DAY), contact(1, DAY + 7), contact(2, DAY + 9, customer="v"), contact(3, DAY + 1, customer="w")]
    rows.append(contact(4, DAY + 9, customer="w"))
    found = figures(engine, [METRICS["fcr_7_days"]], {"contacts": rows}, until=DAY + 9)
    # u came again on the 7th day; w on the 8th; everything from DAY + 2 on still has days to wait for
    assert found["fcr_7_days", 1] == (1, 2, 2, 0, 3)


def test_the_last_contact_before_the_next_is_judged_and_ties_are_decided_by_id(engine: Engine) -> None:
    both = [contact(1, DAY), contact(0, DAY, person="bob")]
    found = figures(engine, [METRICS["fcr_7_days"]], {"contacts": both}, until=DAY + 20)
    assert found["fcr_7_days", 2][:2] == (0, 1), "c0 comes before c1: bob was followed up"
    assert found["fcr_7_days", 1][:2] == (1, 1)


def test_a_contact_after_the_period_still_counts_as_coming_again(engine: Engine) -> None:
    rows = [contact(0, DAY + 9), contact(1, DAY + 12, person="bob")]
    assert figures(engine, [METRICS["fcr_7_days"]], {"contacts": rows}, until=DAY + 40)["fcr_7_days", 1][:2] == (0, 1)


def test_left_out_contacts_neither_count_nor_follow_up(engine: Engine) -> None:
    rows = [contact(0, DAY), contact(1, DAY + 1, excluded="outage")]
    found = figures(engine, [METRICS["fcr_7_days"]], {"contacts": rows}, until=DAY + 40)
    assert found["fcr_7_days", 1] == (1, 1, 1, 1, 0)


@pytest.mark.parametrize(("number", "rank"), [(1, 10), (9, 90), (10, 90), (11, 100), (19, 180), (20, 180)])
def test_percentile_is_a_value_that_occurred(engine: Engine, number: int, rank: int) -> None:
    rows = [contact(i, DAY, handle_seconds=10 * (i + 1)) for i in range(number)]
    assert figures(engine, [METRICS["handle_time_p90"]], {"contacts": rows})["handle_time_p90", 1][:2] == (rank, 1)


def test_median_of_an_even_number_lies_between(engine: Engine) -> None:
    rows = [contact(i, DAY, handle_seconds=seconds) for i, seconds in enumerate((10, 20, 25, 90))]
    assert figures(engine, [METRICS["handle_time_median"]], {"contacts": rows})["handle_time_median", 1][:2] == (45, 2)


def shared(**changes: Any) -> Metric:
    """Return a metric whose credit is split evenly between who handled and who closed."""
    split = {"person": 5_000, "closer": 5_000}
    scales = {"numerator_scale": 4, "denominator_scale": 4}
    return METRICS["fcr_recorded"].model_copy(update={"credit": split, **scales, **changes})


def test_split_credit_adds_up_to_the_whole(engine: Engine) -> None:
    rows = [
        contact(0, DAY, closer="bob", resolved=1),  # half each
        contact(1, DAY, closer="ann", resolved=1),  # both parts to ann
        contact(2, DAY, closer=None, resolved=0),  # nobody closed: all to ann
        contact(3, DAY, person=None, closer="bob", resolved=1),  # nobody handled: all to bob
    ]
    found = figures(engine, [shared()], {"contacts": rows})
    assert found["fcr_recorded", 1] == (15_000, 25_000, 3, 0, 0)
    assert found["fcr_recorded", 2] == (15_000, 15_000, 2, 0, 0)


def test_records_of_a_split_credit_add_up(engine: Engine) -> None:
    rows = arrow("contacts", [contact(0, DAY, closer="bob", resolved=1), contact(1, DAY, resolved=0)])
    loaded, posted = engine.load({"contacts": rows}), engine.load({"segments": segments(MONTH)})["segments"]
    listed = records(shared(), loaded, posted, 1)
    assert recomputed(shared(), listed) == {
        "numerator": 5_000,
        "denominator": 15_000,
        "n": 2,
        "excluded": 0,
        "pending": 0,
    }


def test_same_day_follows_the_calendar_of_the_zone(engine: Engine) -> None:
    night = DAY * 86_400 - SHANGHAI + 86_399  # the last second of the day in Shanghai
    order = {"order_id": "o", "person": "ann", "day": DAY, "inquiry_at": night, "paid_at": night + 1}
    same = [METRICS["inquiry_conversion_same_day"], METRICS["inquiry_conversion"]]
    found = figures(engine, same, {"orders": [order]})
    assert found["inquiry_conversion_same_day", 1][:2] == (0, 1)
    assert found["inquiry_conversion", 1][:2] == (1, 1)
    assert figures(engine, same, {"orders": [order]}, zone="UTC")["inquiry_conversion_same_day", 1][:2] == (1, 1)


@pytest.mark.parametrize(("later", "same_day"), [(3_600, 1), (23 * 3_600, 1), (25 * 3_600 - 1, 1), (25 * 3_600, 0)])
def test_the_day_on_which_the_clock_is_put_back_has_25_hours(engine: Engine, later: int, same_day: int) -> None:
    midnight = 1_604_203_200  # 2020-11-01 00:00 in Montreal; at 02:00 the clock goes back to 01:00
    order = {"order_id": "o", "person": "ann", "day": 18_567, "inquiry_at": midnight, "paid_at": midnight + later}
    posts = [(1, "ann", 18_567, 18_568)]
    metric = METRICS["inquiry_conversion_same_day"]
    found = figures(engine, [metric], {"orders": [order]}, posts, zone="America/Montreal")
    assert found["inquiry_conversion_same_day", 1][:2] == (same_day, 1)


def test_not_of_a_missing_value_holds(engine: Engine) -> None:
    rows = [contact(0, DAY), contact(1, DAY, direction="outbound"), contact(2, DAY, direction="inbound")]
    assert figures(engine, [METRICS["inquiries"]], {"contacts": rows})["inquiries", 1][0] == 2


def test_a_parameter_changes_the_metric(engine: Engine) -> None:
    rows = [contact(i, DAY, outcome="answered", wait_seconds=seconds) for i, seconds in enumerate((20, 21, 30, 31))]
    metric = METRICS["service_level_answered"]
    slower = metric.configured({"threshold_seconds": 30}, "within_30")
    found = figures(engine, [metric, slower], {"contacts": rows})
    assert (found["service_level_answered", 1][0], found["within_30", 1][0]) == (1, 3)
    with pytest.raises(KeyError, match="seconds"):
        metric.configured({"seconds": 30})


def test_violations_and_events_are_counted_by_code(engine: Engine) -> None:
    fact = {"person": "ann", "day": DAY}
    recorded = [("late", None), ("rude", None), ("late", None), ("late", "appeal")]
    violations = [
        fact | {"violation_id": str(i), "code": code, "count": i + 1, "excluded": left_out}
        for i, (code, left_out) in enumerate(recorded)
    ]
    rows = {"violations": violations, "events": [fact | {"event_id": "1", "kind": "help", "count": 4}]}
    loaded = engine.load({name: arrow(name, listed) for name, listed in rows.items()})
    posted = engine.load({"segments": segments(MONTH)})["segments"]
    assert violation_counts(loaded, posted).to_pylist() == [
        {"segment": 1, "code": "late", "count": 4},
        {"segment": 1, "code": "rude", "count": 2},
    ]
    assert violation_counts(loaded, posted, ["rude"])["count"].to_pylist() == [2]
    assert violation_counts(loaded, posted, []).num_rows == 0
    assert event_counts(loaded, posted).to_pylist() == [{"segment": 1, "code": "help", "count": 4}]


def test_a_missing_table_is_named() -> None:
    posted = ibis.memtable(segments(MONTH))
    with pytest.raises(MeritdeskError) as caught:
        measure([METRICS["complaint_rate"]], {}, posted)
    assert {problem.code for problem in caught.value.problems} == {"metric-table-missing"}
    assert "complaints" in str(caught.value)
    assert "contacts" in str(caught.value)
