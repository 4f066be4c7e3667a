"""People on several posts: what belongs to another post neither counts nor hinders, and a breach counts everywhere."""

from __future__ import annotations

from decimal import Decimal

import pytest

from meritdesk.errors import MeritdeskError
from tests.contract.test_pay import ONE, person
from tests.contract.test_scoring import GRADES, check, number, scheme

AGENT_AND_LEAD = (
    "{id: y, title: 差错, positions: [agent], source: {metric: wrong_orders}, scoring: {method: deduct, each: 10}}\n"
    "{id: z, title: 投诉, positions: [lead], source: {metric: complaint_count}, scoring: {method: deduct, each: 20}}"
)


def test_a_gate_on_an_indicator_of_another_post_is_passed() -> None:
    gated = GRADES.replace('"[80, )",', '"[80, )", requires: [{score: z, within: "[90, )"}],')
    complained = {"wrong_orders": 0, "complaint_count": 1}
    check(
        scheme(AGENT_AND_LEAD, rest=gated),
        {"metrics": complained, "expect": {"grade": "good"}},
        {"position": "lead", "metrics": complained, "expect": {"total": 80, "grade": "fair"}},
    )


def test_who_is_not_judged_by_an_indicator_takes_no_place_in_its_ranking() -> None:
    ranked = (
        "{id: y, title: 销售, positions: [agent], source: {metric: sales}, scoring: {method: rank, by: position,"
        ' group: team, bands: [{when: "[1, 1]", points: 100}, {when: "[2, )", points: 50}]}}\n'
        + AGENT_AND_LEAD.split("\n")[1]
    )
    check(
        scheme(ranked),
        {"metrics": {"sales": 10}, "expect": {"indicators": {"y": 100}}},
        {"position": "lead", "metrics": {"sales": 900}, "expect": {"total": 100, "indicators": {"y": None}}},
    )


def test_a_combination_leaves_out_what_another_post_is_judged_by() -> None:
    parts = AGENT_AND_LEAD.replace("positions", "part_of_total: false, positions")
    text = scheme(parts + "\n{id: x, title: 最低, source: {of: [y, z]}, scoring: {method: min}}")
    check(text, {"metrics": {"wrong_orders": 1, "complaint_count": 4}, "expect": {"total": 90}})


@pytest.mark.parametrize("effect", ["zero_total: true", "zero_dimension: all_of_it"])
def test_a_veto_that_sets_to_zero_holds_for_the_whole_cycle(effect: str) -> None:
    veto = "vetoes: [{{id: v, title: 红线, when: {{violations: [Q2], at_least: {n}}}, {effect}}}]\n"
    once = person(0, days=15, violations={"Q2": 1})
    clean = person(0, days=15)
    check(
        scheme(ONE, rest=GRADES + veto.format(n=2, effect=effect)),
        {"segments": [once, once], "expect": {"total": 0, "grade": "poor"}},
        {"segments": [once, clean], "expect": {"total": 100, "grade": "good"}},
    )
    check(
        scheme(ONE, rest=GRADES + veto.format(n=1, effect=effect)), {"segments": [once, clean], "expect": {"total": 0}}
    )


def test_a_veto_cannot_rest_on_the_score_that_it_sets_to_zero() -> None:
    veto = 'vetoes: [{id: v, title: 红线, when: {score: total, within: "( , 50]"}, zero_total: true}]\n'
    with pytest.raises(MeritdeskError) as caught:
        check(scheme(ONE, rest=GRADES + veto), person(6, expect={"total": 0}))
    assert [p.code for p in caught.value.problems] == ["veto-on-its-own-result"]


def test_a_dimension_that_only_feeds_others_and_combinations_in_any_order() -> None:
    feeds = (
        "  - id: feeds\n    title: 门槛\n    weight: 0\n    indicators:\n"
        "      - {id: q, title: 投诉, part_of_total: false, source: {metric: complaint_count},"
        " scoring: {method: deduct, each: 20}}\n"
    )
    check(scheme(ONE, rest=feeds + GRADES), person(1, expect={"total": 90, "dimensions": {"feeds": None}}))
    chain = (
        "{id: x, title: 合成, source: {of: [w]}, scoring: {method: sum}}\n"
        "{id: w, title: 再合成, part_of_total: false, source: {of: [a]}, scoring: {method: sum}}\n"
        "{id: a, title: 甲, part_of_total: false, source: {event: a}, scoring: {method: bonus, each: 1, cap: 100}}"
    )
    check(scheme(chain), {"events": {"a": 20}, "expect": {"total": 20}})
    with pytest.raises(MeritdeskError) as caught:
        check(scheme(chain.replace("of: [a]", "of: [x]")), {"expect": {"total": 20}})
    assert [p.code for p in caught.value.problems] == ["circle"]


def test_a_range_that_ends_in_a_step() -> None:
    method = "{method: range, best_from: 120, best_to: 240, zero_below: 120, zero_above: 240}"
    text = scheme(f"{{id: x, title: 时长, source: {{metric: handle_time}}, scoring: {method}}}")
    for seconds, points in ((119, 0), (120, 100), (180, 100), (240, 100), (241, 0)):
        check(text, {"metrics": {"handle_time": seconds}, "expect": {"indicators": {"x": points}}})


@pytest.mark.parametrize(
    ("scoring", "code"),
    [
        ('{method: bands, bands: [{when: "[0, )", points: 33.33333}]}', "number-not-exact"),
        ('{method: tiers, mode: whole, tiers: [{when: "[0, )", rate: 0.00001}]}', "number-not-exact"),
        ("{method: curve, points: [[0.5, 0], [1, 100]]}", "number-not-exact"),
    ],
)
def test_a_number_that_cannot_be_computed_exactly_is_refused_with_its_place(scoring: str, code: str) -> None:
    text = scheme(f"{{id: x, title: 差错, source: {{metric: wrong_orders}}, scoring: {scoring}}}")
    with pytest.raises(MeritdeskError) as caught:
        check(text, person(1, expect={"total": 0}))
    assert [(p.code, p.place) for p in caught.value.problems] == [(code, "indicators.x")]


def test_shares_that_are_not_the_whole_are_refused() -> None:
    text = scheme(ONE, rest=GRADES + "distribution: {mode: force, shares: {good: 50%, fair: 40%}}\n")
    with pytest.raises(MeritdeskError) as caught:
        check(text, person(1, expect={"total": 90}))
    assert [p.code for p in caught.value.problems] == ["shares-not-100"]


RATED = (
    "{id: x, title: 态度, source: {rating: [superior, qa]}, scoring: {method: rating,"
    ' levels: [{level: 1, title: 得分, points: "[0, 100]"}]}}'
)


def test_a_role_that_holds_holds_also_when_a_metric_speaks_for_it() -> None:
    feed = "{metric: csat_top2, scoring: {method: curve, points: [[0, 0], [1, 100]]}}"
    text = scheme(RATED).replace("weight: 60}", f"weight: 60, if_missing: hold, feed: {feed}}}")
    judged = {"ratings": {"x": {"qa": 70}}}
    check(
        text,
        {**judged, "expect": {"held": True}},
        {**judged, "metrics": {"csat_top2": number("0.9")}, "expect": {"total": 85}},
    )


def test_a_decision_stands_for_the_rating_that_is_missing() -> None:
    text = scheme(RATED).replace("weight: 60}", "weight: 60, if_missing: hold}")
    check(text, {"adjusted": {"x": 70}, "expect": {"total": 70, "held": False}})


def test_a_decision_outside_the_points_of_the_indicator_is_refused() -> None:
    with pytest.raises(MeritdeskError) as caught:
        check(scheme(RATED), {"name": "甲", "adjusted": {"x": 950}, "expect": {"total": 95}})
    assert [p.code for p in caught.value.problems] == ["value-out-of-range"]
    assert "甲" in caught.value.problems[0].place
    assert Decimal(950) == Decimal(caught.value.problems[0].message.split()[0])
