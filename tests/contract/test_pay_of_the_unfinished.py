"""Pay where something is not known yet, where a figure is very large, and where a month is worked in part."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from tests.contract import test_cycles as cycles
from tests.contract.test_pay import amounts, pay
from tests.contract.test_scoring import GRADES, check, scheme

HOLDS = (
    "{id: x, title: 满意, missing: hold, source: {metric: csat_top2},"
    " scoring: {method: curve, points: [[0, 0], [1, 100]]}}"
)
HELD: dict[str, object] = {"expect": {"held": True, "pay_total": None}}


def held_pay(item: str) -> str:
    return scheme(HOLDS, rest=GRADES + f"pay:\n  items:\n    - {item}\n")


def test_a_bonus_on_the_grade_of_who_is_held_is_not_known_rather_than_nothing() -> None:
    text = held_pay("{id: b, title: 等级奖, kind: bonus, amount: 100, when: {grade: [good]}}")
    check(text, {"metrics": {"csat_top2": Decimal("0.9")}, "expect": {"pay": amounts(b=100)}}, HELD)


def test_a_bonus_on_a_metric_needs_its_smallest_sample() -> None:
    """One satisfied customer is no rate; the facts of all posts count together."""
    text = pay('{id: b, title: 达标奖, kind: bonus, amount: 100, when: {metric: csat_top2, within: "[95%, )"}}')

    def happy(n: int) -> dict[str, object]:
        return {"wrong_orders": 0, "csat_top2": {"numerator": n, "denominator": n, "n": n}}

    half = {"days": 15, "metrics": happy(3)}
    check(
        text,
        {"metrics": happy(4), "expect": {"pay": amounts(b=0)}},
        {"metrics": happy(5), "expect": {"pay": amounts(b=100)}},
        {"segments": [half, half], "expect": {"pay": amounts(b=100)}},
    )


def test_large_figures_of_a_year_are_no_error() -> None:
    text = pay(
        "{id: c, title: 提成, kind: commission, amount: {of: {metric: sales}, mode: marginal,"
        ' tiers: [{when: "[0, 10000]", rate: 1%}, {when: "(10000, )", rate: 2%}]}}'
    )
    half = {"days": 15, "metrics": {"wrong_orders": 0, "sales": 450_000_000}}
    check(
        text,
        {"metrics": {"wrong_orders": 0, "sales": 50_000_000}, "expect": {"pay": amounts(c="999900")}},
        {"segments": [half, half], "expect": {"pay": amounts(c="17999900")}},
    )


def test_the_minimum_wage_of_a_month_in_part_is_its_part(tmp_path: Path) -> None:
    """Who joined on the 20th has 11 of 30 days: 986.33 of a minimum wage of 2690."""
    text = cycles.MONTH + (
        "pay:\n  items:\n    - {id: base, title: 基本, kind: base, amount: {pay: base}, prorate: true}\n"
        "  minimum_wage: 2690\n"
    )
    wages = {"足月": ("2690", "2024-01-01"), "少一分": ("2689.99", "2024-01-01")}
    wages |= {"半月": ("5000", "2025-09-20"), "半月少": ("2600", "2025-09-20")}
    cycles.people(tmp_path, *((name, start, "") for name, (_base, start) in wages.items()))
    cycles.ratings(tmp_path, *((name, "result", "superior", 80, "2025-09-25") for name in wages))
    rows = [(name, "base", base, "2024-01-01") for name, (base, _start) in wages.items()]
    cycles.write(tmp_path, "pay_inputs.csv", [("person", "item", "amount", "valid_from"), *rows])
    problems = cycles.run(text, tmp_path, "2025-09").problems
    assert {p.place for p in problems if p.code == "pay-below-minimum-wage"} == {"少一分", "半月少"}
