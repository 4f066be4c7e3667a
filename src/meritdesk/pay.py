"""Appraisal stage: pay items as nodes. Each line is rounded to the fen, pay is the sum of its lines.

A line is amount × factors, with all products kept exact until the one rounding at the end. Nothing is computed here.
"""

from __future__ import annotations

from decimal import Decimal

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.grades import AppraisalStage
from meritdesk.language import _
from meritdesk.points import constant, is_exactly, labelled, only_if, rescaled, shortest
from meritdesk.rules.groups import GroupSum, PoolShares
from meritdesk.rules.nodes import (
    Band,
    Flag,
    Greatest,
    If,
    Input,
    Least,
    MulDiv,
    Negate,
    Node,
    Not,
    Sum,
    Tiers,
    Within,
)
from meritdesk.rules.numbers import MONEY, POINTS, TOTAL, Bounds, to_integer
from meritdesk.scheme.pay_items import (
    Condition,
    GradeCondition,
    GradeTerm,
    MetricTerm,
    PayInputTerm,
    PayItem,
    Pool,
    ScoreCondition,
    ScoreTerm,
    Term,
    TiersTerm,
)
from meritdesk.scores import MOST_DAYS

MOST_PAY = 10**9
"""Largest pay input of a month: ten million yuan, in fen."""


def add_pay(stage: AppraisalStage) -> None:
    """Add the outputs ``pay.<item>``, ``pay_total`` and the two flags of the wage floors to the stage."""
    pay = stage.scheme.pay
    if pay is None:
        return
    lines: list[Node] = []
    for item in pay.items:
        line = _line(stage, item)
        if item.kind == "deduction":
            line = Negate(x=line, scale=MONEY)
        line = labelled(line, item.title, f"pay.items.{item.id}")
        stage.outputs[f"pay.{item.id}"] = line
        lines.append(line)
    total = Sum(terms=tuple(lines), scale=MONEY, label=_("应发合计"), place="pay")
    stage.outputs["pay_total"] = total
    if pay.minimum_wage is not None:
        worked, period = _days(stage)  # a month in part has its part of the minimum wage
        floor = MulDiv(a=constant(pay.minimum_wage, MONEY), b=worked, c=period, scale=MONEY)
        above = Sum(terms=(total, Negate(x=floor, scale=MONEY)), scale=MONEY)
        stage.outputs["pay_below_minimum"] = Within(x=above, bounds=Bounds(high=Decimal(0), high_closed=False))
    deducted = [line for item, line in zip(pay.items, lines, strict=True) if item.kind == "deduction"]
    earned = [line for item, line in zip(pay.items, lines, strict=True) if item.kind != "deduction"]
    if pay.largest_deduction is not None and deducted and earned:
        allowed = MulDiv(a=Sum(terms=tuple(earned), scale=MONEY), b=shortest(pay.largest_deduction), scale=MONEY)
        left = Sum(terms=(allowed, *deducted), scale=MONEY)
        stage.outputs["pay_over_deducted"] = Within(x=left, bounds=Bounds(high=Decimal(0), high_closed=False))


def _line(stage: AppraisalStage, item: PayItem) -> Node:
    if item.pool is not None:
        node = _pool(stage, item.pool)
    elif item.amount is not None:
        node = _product(stage, item)
    else:
        raise MeritdeskError(
            Problem(
                code="pay-item-without-amount",
                place=f"pay.items.{item.id}",
                message=_("工资项目“{title}”既没有金额也没有奖金池").format(title=item.title),
                fix=_("补充 amount 或 pool"),
            )
        )
    if item.at_least is not None:
        node = Greatest(args=(node, constant(item.at_least, MONEY)), scale=MONEY)
    if item.at_most is not None:
        node = Least(args=(node, constant(item.at_most, MONEY)), scale=MONEY)
    if item.when is not None:
        nothing = constant(Decimal(0), MONEY)
        node = If(flag=_condition(stage, item.id, item.when), then=node, otherwise=nothing, scale=MONEY)
        if isinstance(item.when, GradeCondition | ScoreCondition):  # not known yet is not the same as not reached
            node = only_if((Not(flag=stage.held),), node)
    return node


def _product(stage: AppraisalStage, item: PayItem) -> Node:
    """Return amount × times …, × days on post ÷ days of the period when prorated, rounded once to the fen."""
    assert item.amount is not None
    factors = [_term(stage, term) for term in (item.amount, *item.times)]
    days: tuple[Node, Node] | None = None
    if item.prorate:
        days = _days(stage)
    node = factors[0]
    for position, factor in enumerate(factors[1:], start=1):
        last = position == len(factors) - 1 and days is None
        node = MulDiv(a=node, b=factor, scale=MONEY if last else node.scale + factor.scale)
    if days is not None:
        return MulDiv(a=node, b=days[0], c=days[1], scale=MONEY)
    return rescaled(node, MONEY)


def _days(stage: AppraisalStage) -> tuple[Node, Node]:
    """Return the days on post and the days of the period."""
    on_post = stage.carry("days_on_post", GroupSum(x=stage.segments.days, group="appraisal", scale=0))
    period = stage.input("period_days", 0, 1, MOST_DAYS)
    return Least(args=(on_post, period), scale=0), period


def _term(stage: AppraisalStage, term: Term) -> Node:
    match term:
        case Decimal():
            return shortest(term)
        case "coefficient":
            if stage.coefficient is None:
                raise MeritdeskError(
                    Problem(
                        code="no-coefficient",
                        place="pay",
                        message=_("工资项目用到绩效系数，但方案的等级没有系数"),
                        fix=_("在 grades 里为每个等级写上 coefficient"),
                    )
                )
            return stage.coefficient
        case PayInputTerm(pay=name, at_most=limit):
            most = MOST_PAY if limit is None else to_integer(constant(limit, MONEY).value, MONEY)
            return stage.input(f"pay.{name}", MONEY, 0, most)
        case ScoreTerm(score=name):
            return stage.score(name)
        case MetricTerm(metric=name):
            return stage.carry(f"metric.{name}", stage.segments.metric(name))
        case GradeTerm(grade=values):
            node = stage.by_grade(values)
            if node is None:
                raise MeritdeskError(
                    Problem(
                        code="no-grades",
                        place="pay",
                        message=_("工资项目按等级计，但方案没有等级"),
                        fix=_("补充 grades"),
                    )
                )
            return node
        case TiersTerm():
            rows = tuple(Band(row.when, row.rate) for row in term.tiers)
            return Tiers(x=_term(stage, term.of), tiers=rows, mode=term.mode, scale=POINTS)
    raise AssertionError(term)


def _pool(stage: AppraisalStage, pool: Pool) -> Node:
    """Return the part of the pool, by the product of `by` at 0.01; who is not graded takes no part.

    Who brings nothing gets nothing, also in a group where nobody brings anything.
    """
    by = [_term(stage, term) for term in pool.by]
    node = rescaled(by[0], TOTAL)
    for factor in by[1:]:
        node = MulDiv(a=node, b=factor, scale=TOTAL)
    node = Greatest(args=(node, constant(Decimal(0), TOTAL)), scale=TOTAL)
    node = Least(args=(node, constant(Decimal(10_000), TOTAL)), scale=TOTAL)
    nothing: Node = constant(Decimal(0), TOTAL)
    points: Node = If(flag=stage.counted, then=node, otherwise=nothing, scale=TOTAL)
    part = PoolShares(
        points=points,
        pool=constant(pool.amount, MONEY),
        order=tuple(stage.score(name) for name in pool.order),
        group=f"group.{pool.group}",
        identity="appraisal",
        scale=MONEY,
    )
    return If(flag=is_exactly(points, 0), then=constant(Decimal(0), MONEY), otherwise=part, scale=MONEY)


def _condition(stage: AppraisalStage, item: str, condition: Condition | GradeCondition) -> Flag:
    if isinstance(condition, GradeCondition):
        return stage.grade_condition(f"pay.{item}", condition)
    return stage.flag(f"condition.pay.{item}", condition)


def inputs_of(stage: AppraisalStage) -> dict[str, Input]:
    """Return the pay inputs the scheme needs, by their name in the pay file."""
    return {name.removeprefix("pay."): node for name, node in stage.inputs.items() if name.startswith("pay.")}
