"""Every kind of pay item, the floors that protect wages, pools to the last fen, and uses, on both readers."""

from __future__ import annotations

from decimal import Decimal

from tests.contract.test_scoring import GRADES, check, scheme

ONE = "{id: y, title: 差错, source: {metric: wrong_orders}, scoring: {method: deduct, each: 10}}"


def pay(items: str, more: str = "") -> str:
    lines = "".join(f"    - {line}\n" for line in items.strip().split("\n"))
    return scheme(ONE, rest=GRADES + f"pay:\n  items:\n{lines}{more}")


def person(errors: int = 0, days: int = 30, **facts: object) -> dict[str, object]:
    return {"metrics": {"wrong_orders": errors}, "days": days, **facts}


def amounts(**named: str | int) -> dict[str, Decimal]:
    return {name: Decimal(value) for name, value in named.items()}


def test_base_performance_and_proration_round_each_line_to_the_fen() -> None:
    """A joiner in mid-month is paid by days and changes nobody else's base."""
    text = pay(
        "{id: base, title: 基本, kind: base, amount: {pay: base}, prorate: true}\n"
        "{id: bonus, title: 绩效, kind: performance, amount: {pay: base}, times: [30%, coefficient], prorate: true}"
    )
    check(
        text,
        person(pay={"base": "5000"}, expect={"pay": amounts(base=5000, bonus=1800), "pay_total": Decimal(6800)}),
        person(
            days=11,
            pay={"base": "5000"},
            expect={"pay": amounts(base="1833.33", bonus="660"), "pay_total": Decimal("2493.33")},
        ),
        person(pay={"base": "9175"}, expect={"pay": amounts(base=9175, bonus=3303)}),
        person(expect={"pay_total": None}),
    )


def test_an_amount_per_grade_and_a_bonus_on_a_condition() -> None:
    text = pay(
        "{id: grade, title: 等级奖, kind: bonus, amount: {grade: {good: 500, fair: 200, poor: 0}}}\n"
        '{id: level, title: 达标奖, kind: bonus, amount: 300, when: {metric: csat_top2, within: "[95%, )"}}\n'
        '{id: score, title: 高分奖, kind: bonus, amount: 100, when: {score: total, within: "[90, )"}}\n'
        "{id: honour, title: 连续奖, kind: bonus, amount: 50, when: {grade: [good], in_a_row: 3}}"
    )
    happy = {"wrong_orders": 0, "csat_top2": Decimal("0.95")}
    check(
        text,
        {
            "metrics": happy,
            "streaks": {"pay.honour": 2},
            "expect": {"pay": amounts(grade=500, level=300, score=100, honour=50), "pay_total": 950},
        },
        {"metrics": {**happy, "csat_top2": Decimal("0.9499")}, "expect": {"pay": amounts(level=0, honour=0)}},
        person(3, expect={"pay": amounts(grade=200, level=0, score=0), "pay_total": 200}),
        person(5, expect={"grade": "poor", "pay": amounts(grade=0)}),
    )


def test_piece_rates_and_commission_tiers() -> None:
    text = pay(
        "{id: piece, title: 计件, kind: piece, amount: {score: total}, times: [1.5]}\n"
        "{id: commission, title: 提成, kind: commission, amount: {of: {metric: sales}, mode: marginal,"
        ' tiers: [{when: "[0, 10000]", rate: 1%}, {when: "(10000, )", rate: 2%}]}}'
    )
    sold = {"wrong_orders": 0, "sales": Decimal("25000.55")}
    check(text, {"metrics": sold, "expect": {"pay": amounts(piece=150, commission="400.01")}})


def test_deductions_caps_and_floors() -> None:
    text = pay(
        "{id: base, title: 基本, kind: base, amount: {pay: base}}\n"
        "{id: allowance, title: 补贴, kind: allowance, amount: {pay: meals}, at_most: 400}\n"
        "{id: fine, title: 扣款, kind: deduction, amount: 100, times: [{metric: wrong_orders}], at_most: 900}",
        "  minimum_wage: 2690\n  largest_deduction: 20%\n",
    )
    check(
        text,
        person(
            2,
            pay={"base": "4000", "meals": "500"},
            expect={"pay": amounts(base=4000, allowance=400, fine=-200), "pay_total": 4200},
        ),
        person(99, pay={"base": "4000", "meals": "0"}, expect={"pay": amounts(fine=-900), "pay_total": 3100}),
    )


def test_a_pool_is_shared_to_the_last_fen() -> None:
    text = pay(
        "{id: pool, title: 奖金池, kind: pool, pool: {amount: 1000.01, group: team, by: [{score: total}, coefficient]}}"
    )
    # by: 100 × 1.2 = 120, 70 × 1 = 70, 0 × 0 = 0; 1000.01 × 120 ÷ 190 = 631.58…, × 70 ÷ 190 = 368.42…
    check(
        text,
        person(0, expect={"pay": amounts(pool="631.59")}),
        person(3, expect={"pay": amounts(pool="368.42")}),
        person(10, expect={"pay": amounts(pool="0")}),
        person(0, days=5, expect={"not_appraised": True, "pay": amounts(pool="0")}),
    )


def test_uses_follow_grades_in_a_row_and_scores() -> None:
    text = scheme(
        ONE,
        rest=GRADES
        + "uses:\n"
        + "  - {id: promote, title: 晋升, when: {grade: [good], in_a_row: 3}, then: promotion}\n"
        + '  - {id: train, title: 培训, when: {score: y, within: "( , 80)"}, then: training}\n',
    )
    check(
        text,
        person(0, streaks={"use.promote": 2}, expect={"uses": ("promote",)}),
        person(0, streaks={"use.promote": 1}, expect={"uses": ()}),
        person(3, streaks={"use.promote": 5}, expect={"uses": ("train",)}),
    )
