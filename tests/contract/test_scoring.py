"""Every scoring method, missing-data rule, veto, gate and add-on of the scheme language, on both readers."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import pytest

from meritdesk.cases import Case, CasePerson, run_cases
from meritdesk.metrics.load import load_metrics
from meritdesk.scheme.load import load_scheme

HEAD = """
scheme: test
version: 1
title: 测试
style: {style}
cycle: {{kind: month, minimum_days: 10}}
positions: [{{id: agent, title: 客服}}, {{id: lead, title: 组长}}]
raters: {{roles: [{{id: superior, title: 上级, weight: 60}}, {{id: qa, title: 质检, weight: 20}}]}}
violation_lists: {{quality: [{{code: Q1, title: 未报工号, points: 0.5}}, {{code: Q2, title: 闲聊, points: 2}}]}}
"""
GRADES = """
grades:
  - {id: good, title: 良好, when: "[80, )", coefficient: 1.2}
  - {id: fair, title: 合格, when: "[60, 80)", coefficient: 1}
  - {id: poor, title: 不合格, when: "( , 60)", coefficient: 0}
"""


def scheme(indicators: str, *, style: str = "weights", dimension: str = "weight: 100", rest: str = GRADES) -> str:
    lines = "".join(f"      - {line}\n" for line in indicators.strip().split("\n"))
    body = f"dimensions:\n  - id: all_of_it\n    title: 全部\n    {dimension}\n    indicators:\n{lines}"
    return HEAD.format(style=style) + body + rest


def check(text: str, *people: Mapping[str, object], **case: object) -> None:
    """Run people as one case; each brings facts and `expect`."""
    metrics = load_metrics()
    everybody = tuple(CasePerson.model_validate({"name": f"P{k}", **p}) for k, p in enumerate(people))
    comparisons = run_cases(load_scheme(text), metrics, [Case(title="t", people=everybody, **case)])  # type: ignore[arg-type]
    assert comparisons
    assert [c for c in comparisons if not c.agrees] == []


def number(value: str | int) -> Decimal:
    return Decimal(value)


def points(metric: str, value: str, expected: str | None) -> dict[str, object]:
    given = {} if value == "" else {metric: number(value)}
    return {
        "metrics": given,
        "expect": {"indicators": {"x": None if expected is None else number(expected)}},
    }


METHODS: dict[str, tuple[str, str, dict[str, str | None]]] = {
    "bands, ends open and closed, a gap between": (
        "wrong_orders",
        (
            '{method: bands, bands: [{when: "[0, 3]", points: 100}, {when: "(3, 10)", points: 60},'
            ' {when: "(12, )", points: 0}]}'
        ),
        {"0": "100", "3": "100", "4": "60", "9": "60", "10": None, "12": None, "13": "0"},
    ),
    "curve, level beyond its ends, half up": (
        "wrong_orders",
        "{method: curve, points: [[2, 100], [5, 90], [8, 0]]}",
        {"0": "100", "2": "100", "3": "96.6667", "4": "93.3333", "5": "90", "6": "60", "8": "0", "99": "0"},
    ),
    "range: too short is as bad as too long (R0.3)": (
        "handle_time",
        "{method: range, best_from: 120, best_to: 240, zero_below: 60, zero_above: 480}",
        {"60": "0", "90": "50", "120": "100", "240": "100", "360": "50", "480": "0", "30": "0", "700": "0"},
    ),
    "range with one best value": (
        "handle_time",
        "{method: range, best_from: 120, best_to: 120, zero_below: 0, zero_above: 240}",
        {"60": "50", "120": "100", "180": "50"},
    ),
    "tiers on the whole volume (R2d)": (
        "total_calls",
        '{method: tiers, mode: whole, tiers: [{when: "[0, 2000]", rate: 0.04}, {when: "(2000, )", rate: 0.05}]}',
        {"0": "0", "2000": "80", "2001": "100.05"},
    ),
    "tiers, each part at its own rate": (
        "total_calls",
        '{method: tiers, mode: marginal, tiers: [{when: "[0, 1000]", rate: 0.04}, {when: "(1000, )", rate: 0.06}]}',
        {"0": "0", "1000": "40", "1500": "70"},
    ),
    "table with otherwise": (
        "wrong_orders",
        "{method: table, rows: [{value: 0, points: 100}, {value: 2, points: 70}], otherwise: 10}",
        {"0": "100", "1": "10", "2": "70", "3": "10"},
    ),
    "table without otherwise": (
        "wrong_orders",
        "{method: table, rows: [{value: 0, points: 100}]}",
        {"0": "100", "1": None},
    ),
    "deduct per unit, with a floor": (
        "wrong_orders",
        "{method: deduct, each: 7.5, floor: 40}",
        {"0": "100", "1": "92.5", "8": "40", "9": "40"},
    ),
    "bonus per unit, capped": (
        "orders_paid",
        "{method: bonus, each: 0.5, cap: 20}",
        {"0": "0", "3": "1.5", "41": "20"},
    ),
    "attainment, more is better": (
        "orders_paid",
        "{method: attainment, target: 30, floor: 0.5, cap: 1.2}",
        {"0": "50", "10": "50", "20": "66.67", "30": "100", "36": "120", "99": "120"},
    ),
    "attainment, less is better: 450 s against 300 s is 66.67 %, never 150 %": (
        "first_response",
        "{method: attainment, target: 300, cap: 1.5}",
        {"450": "66.67", "300": "100", "200": "150", "0": "150", "100": "150"},
    ),
    "levels of an exam (R3.7)": (
        "exam_level",
        "{method: levels, levels: [{level: 1, title: 初级, points: 60}, {level: 2, title: 中级, points: 80}]}",
        {"1": "60", "2": "80", "3": None},
    ),
}


@pytest.mark.parametrize("name", METHODS)
def test_method(name: str) -> None:
    metric, method, table = METHODS[name]
    text = scheme(f"{{id: x, title: 指标, source: {{metric: {metric}}}, scoring: {method}}}")
    check(text, *(points(metric, value, expected) for value, expected in table.items()))


def test_violations_deduct_by_code_and_stop_at_the_floor() -> None:
    text = scheme("{id: x, title: 质检, source: {violations: quality}, scoring: {method: deduct, full: 10, floor: 0}}")
    check(
        text,
        {"expect": {"indicators": {"x": 10}, "total": 100}},
        {"violations": {"Q1": 3}, "expect": {"indicators": {"x": number("8.5")}, "total": 85}},
        {"violations": {"Q1": 1, "Q2": 9}, "expect": {"indicators": {"x": 0}, "total": 0}},
    )


def test_ratings_are_weighted_and_rescaled_over_the_roles_present() -> None:
    levels = '[{level: 1, title: 低, points: "[0, 60)"}, {level: 2, title: 高, points: "[60, 100]"}]'
    text = scheme(
        f"{{id: x, title: 态度, source: {{rating: [superior, qa]}}, scoring: {{method: rating, levels: {levels}}}}}"
    )
    check(
        text,
        {"ratings": {"x": {"superior": 80, "qa": 60}}, "expect": {"indicators": {"x": 75}}},
        {"ratings": {"x": {"qa": 61}}, "expect": {"indicators": {"x": 61}}},
        {"expect": {"indicators": {"x": None}, "held": True}},
    )


def test_rank_by_place_and_by_share_ties_sharing_the_better_place() -> None:
    by_place = (
        '{method: rank, by: position, group: team, bands: [{when: "[1, 1]", points: 100}, {when: "[2, )", points: 50}]}'
    )
    text = scheme(f"{{id: x, title: 时效, source: {{metric: order_handling_time}}, scoring: {by_place}}}")
    check(
        text,
        *(
            points("order_handling_time", seconds, score)
            for seconds, score in (("50", "100"), ("50", "100"), ("60", "50"))
        ),
        points("order_handling_time", "", None),
    )
    bands = '[{when: "[75%, )", points: 100}, {when: "( , 75%)", points: 60}]'
    by_share = f"{{method: rank, by: percentile, group: team, bands: {bands}}}"
    text = scheme(f"{{id: x, title: 销售, source: {{metric: sales}}, scoring: {by_share}}}")
    check(
        text,
        *(points("sales", value, score) for value, score in (("9", "100"), ("8", "100"), ("7", "60"), ("6", "60"))),
    )


def test_combinations_of_other_indicators() -> None:
    parts = (
        "{id: a, title: 甲, part_of_total: false, source: {event: a}, scoring: {method: bonus, each: 1, cap: 100}}\n"
        "{id: b, title: 乙, part_of_total: false, source: {event: b}, scoring: {method: bonus, each: 1, cap: 100}}\n"
    )
    for method, expected in (("sum", "70"), ("min", "20"), ("max", "50"), ("weighted, weights: {a: 2, b: 1}", "30")):
        text = scheme(parts + f"{{id: x, title: 合成, source: {{of: [a, b]}}, scoring: {{method: {method}}}}}")
        check(text, {"events": {"a": 20, "b": 50}, "expect": {"indicators": {"x": number(expected)}}})


TWO = (
    "{{id: x, title: 满意, source: {{metric: csat_top2}}, missing: {missing}, minimum_sample: {sample},"
    " scoring: {{method: curve, points: [[0, 0], [1, 100]]}}}}\n"
    "{{id: y, title: 差错, source: {{metric: wrong_orders}}, scoring: {{method: deduct, each: 10}}}}"
)


def test_missing_redistribute_neutral_hold_and_minimum_sample() -> None:
    both = {"csat_top2": {"value": number("0.9"), "n": 30}, "wrong_orders": 3}
    few = {"csat_top2": {"value": number("0.9"), "n": 29}, "wrong_orders": 3}
    text = scheme(TWO.format(missing="redistribute", sample=30))
    check(
        text,
        {"metrics": both, "expect": {"total": 80}},
        {"metrics": few, "expect": {"total": 70, "indicators": {"x": None}}},
        {"metrics": {"wrong_orders": 3}, "expect": {"total": 70}},
    )
    check(
        scheme(TWO.format(missing="{neutral: 60}", sample=0)), {"metrics": {"wrong_orders": 3}, "expect": {"total": 65}}
    )
    check(
        scheme(TWO.format(missing="hold", sample=0)),
        {"metrics": {"wrong_orders": 3}, "expect": {"total": None, "held": True, "grade": None}},
    )


def test_points_are_added_up_and_what_is_missing_is_scaled_up() -> None:
    text = scheme(
        "{id: x, title: 满意, points: 30, source: {metric: csat_top2},"
        " scoring: {method: curve, points: [[0, 0], [1, 30]]}}\n"
        "{id: y, title: 差错, points: 70, source: {metric: wrong_orders}, scoring: {method: deduct, each: 7}}",
        style="points",
        dimension="points: 100",
    )
    check(
        text,
        {"metrics": {"csat_top2": number("0.5"), "wrong_orders": 0}, "expect": {"total": 85, "grade": "good"}},
        {"metrics": {"wrong_orders": 5}, "expect": {"total": 50, "grade": "poor"}},
    )


def test_a_dimension_of_points_adds_to_a_weighted_total() -> None:
    text = scheme("{id: y, title: 差错, source: {metric: wrong_orders}, scoring: {method: deduct, each: 10}}", rest="")
    text += (
        "  - id: extra\n    title: 协作加分\n    points: 5\n    indicators:\n"
        "      - {id: help, title: 协作, points: 5, source: {event: help}, scoring: {method: bonus, each: 2, cap: 5}}\n"
        + GRADES
    )
    check(
        text,
        {"metrics": {"wrong_orders": 3}, "events": {"help": 2}, "expect": {"total": 74}},
        {"metrics": {"wrong_orders": 0}, "events": {"help": 9}, "expect": {"total": 105, "grade": "good"}},
        {"metrics": {"wrong_orders": 2}, "expect": {"total": 80}},
    )


def test_vetoes_cap_the_grade_zero_a_dimension_or_the_total() -> None:
    one = "{id: y, title: 差错, source: {metric: wrong_orders}, scoring: {method: deduct, each: 10}}"
    for effect, expected in (
        ("cap_grade: fair", {"total": 100, "grade": "fair"}),
        ("zero_dimension: all_of_it", {"total": 0, "grade": "poor"}),
        ("zero_total: true", {"total": 0, "grade": "poor"}),
    ):
        veto = f"vetoes: [{{id: v, title: 红线, when: {{violations: [Q2]}}, {effect}}}]\n"
        clean = {"metrics": {"wrong_orders": 0}, "expect": {"total": 100, "grade": "good"}}
        check(scheme(one, rest=GRADES + veto), clean, {**clean, "violations": {"Q2": 1}, "expect": expected})


def test_a_gate_lowers_by_one_grade_and_no_value_passes_it() -> None:
    two = TWO.format(missing="redistribute", sample=0)
    gated = GRADES.replace('"[80, )",', '"[80, )", requires: [{score: x, within: "[90, )"}],')
    check(
        scheme(two, rest=gated),
        {"metrics": {"csat_top2": number("0.9"), "wrong_orders": 0}, "expect": {"grade": "good"}},
        {
            "metrics": {"csat_top2": number("0.89"), "wrong_orders": 0},
            "expect": {"total": number("94.5"), "grade": "fair"},
        },
        {"metrics": {"wrong_orders": 0}, "expect": {"grade": "good"}},
    )


def test_positions_have_their_own_indicators_and_segments_are_averaged_by_days() -> None:
    text = scheme(
        "{id: y, title: 差错, positions: [agent], source: {metric: wrong_orders},"
        " scoring: {method: deduct, each: 10}}\n"
        "{id: z, title: 投诉, positions: [lead], source: {metric: complaint_count},"
        " scoring: {method: deduct, each: 20}}"
    )
    agent = {"position": "agent", "days": 10, "metrics": {"wrong_orders": 1, "complaint_count": 3}}
    lead = {"position": "lead", "days": 20, "metrics": {"wrong_orders": 9, "complaint_count": 2}}
    short = {**agent, "days": 9}
    check(
        text,
        {"segments": [agent, lead], "expect": {"total": 70, "not_appraised": False}},
        {"segments": [short, lead], "expect": {"total": 60}},
        {"segments": [short], "expect": {"total": None, "not_appraised": True, "held": False}},
    )


def test_personal_targets_and_changes_against_the_baseline() -> None:
    """R4.3: 客户满意度提升 10 %."""
    one = "{{id: x, title: 满意, source: {{metric: csat_top2}}, scoring: {{method: attainment, target: {target}}}}}"
    check(
        scheme(one.format(target="personal")),
        {"metrics": {"csat_top2": number("0.81")}, "targets": {"x": number("0.9")}, "expect": {"total": 90}},
        {"metrics": {"csat_top2": number("0.81")}, "expect": {"total": None}},
    )
    check(
        scheme(one.format(target="{change: 10%}")),
        {"metrics": {"csat_top2": number("0.88")}, "baselines": {"x": number("0.8")}, "expect": {"total": 100}},
        {
            "metrics": {"csat_top2": number("0.8")},
            "baselines": {"x": number("0.8")},
            "expect": {"total": number("90.91")},
        },
    )
