"""Scoring methods as nodes: the value of one indicator becomes points out of `full`.

One function per method of the closed list in `scheme.methods`. Nothing here knows of dimensions, weights or people; the
values come in as nodes. Points have 4 decimals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from math import gcd

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _
from meritdesk.rules.groups import GroupCount, Rank
from meritdesk.rules.nodes import (
    AllOf,
    AnyOf,
    Band,
    Bands,
    Coalesce,
    Const,
    Curve,
    Flag,
    Greatest,
    If,
    Input,
    Least,
    Missing,
    MulDiv,
    Negate,
    Node,
    Part,
    Present,
    Sum,
    Tiers,
    WeightedMean,
    Within,
)
from meritdesk.rules.numbers import LIMIT, POINTS, Bounds, to_decimal, to_integer
from meritdesk.scheme import methods
from meritdesk.scheme.document import Indicator


def constant(value: Decimal, scale: int = POINTS) -> Const:
    """Return a constant at `scale`; MeritdeskError when it has more decimals."""
    try:
        to_integer(value, scale)
    except ValueError:
        raise MeritdeskError(
            Problem(
                code="too-many-decimals",
                place="",
                message=_("{value} 的小数位数超过 {scale} 位").format(value=value, scale=scale),
                fix=_("减少小数位数"),
            )
        ) from None
    return Const(scale=scale, value=value)


def inexact(place: str, title: str, error: ValueError) -> MeritdeskError:
    """Return the error for a number that the program cannot hold exactly."""
    return MeritdeskError(
        Problem(
            code="number-not-exact",
            place=place,
            message=_("“{title}”中有不能精确计算的数（{detail}）").format(title=title, detail=error),
            fix=_("分值、权重、系数和单价最多 4 位小数；分段、折线和阶梯的端点不多于该数值本身的小数位数"),
        )
    )


def shortest(value: Decimal) -> Const:
    """Return a constant at the smallest scale that holds `value` exactly."""
    exponent = value.normalize().as_tuple().exponent
    return Const(scale=max(0, -int(exponent)), value=value)


def rescaled(node: Node, scale: int) -> Node:
    """Return `node` at another scale, rounded half away from zero when decimals are lost."""
    if node.scale == scale:
        return node
    return MulDiv(a=node, b=Const(scale=0, value=Decimal(1)), scale=scale, label=node.label, place=node.place)


def labelled(node: Node, label: str, place: str) -> Node:
    """Return the same node with a title and a place, unless it has its own."""
    return replace(node, label=node.label or label, place=node.place or place)


def weighted(items: Sequence[tuple[Decimal, Node]]) -> tuple[Part, ...]:
    """Return the parts of a weighted mean; weights as the smallest whole numbers of the same proportions."""
    weights = [to_integer(weight, POINTS) for weight, _node in items]
    common = gcd(*weights) or 1
    return tuple(Part(weight // common, node) for weight, (_w, node) in zip(weights, items, strict=True))


def is_exactly(node: Node, value: int) -> Within:
    """Return the flag that `node` has this whole value."""
    end = Decimal(value)
    return Within(x=node, bounds=Bounds(end, end))


def bands(value: Node, rows: Sequence[methods.BandRow]) -> Node:
    """Return the points of the band that holds `value`."""
    return Bands(x=value, bands=tuple(Band(row.when, row.points) for row in rows), scale=POINTS)


def best_range(value: Node, method: methods.RangeMethod, full: Decimal) -> Node:
    """Return full points inside the best range, falling straight to 0 on both sides (R0.3).

    A side without a slope (`zero_below` = `best_from`) is a step: the end itself still has full points.
    """
    best = {method.best_from: full, method.best_to: full}  # best_from = best_to is one corner
    corners = {method.zero_below: Decimal(0), method.zero_above: Decimal(0), **best}
    best_range = Bounds(method.best_from, method.best_to)
    if len(corners) == 1:
        inside: Node = Bands(x=value, bands=(Band(best_range, full),), scale=POINTS)
    else:
        inside = Curve(x=value, points=tuple(sorted(corners.items())), scale=POINTS)
    steps = []
    if method.zero_below == method.best_from:
        steps.append(Within(x=value, bounds=Bounds(high=method.best_from, high_closed=False)))
    if method.zero_above == method.best_to:
        steps.append(Within(x=value, bounds=Bounds(low=method.best_to, low_closed=False)))
    if not steps:
        return inside
    return If(flag=AnyOf(flags=tuple(steps)), then=constant(Decimal(0)), otherwise=inside, scale=POINTS)


def table(value: Node, method: methods.TableMethod) -> Node:
    """Return the points of the row with exactly this value, else `otherwise`."""
    found = Bands(x=value, bands=tuple(Band(Bounds(r.value, r.value), r.points) for r in method.rows), scale=POINTS)
    if method.otherwise is None:
        return found
    rest = constant(method.otherwise)
    known = Coalesce(args=(found, rest), scale=POINTS)
    return If(flag=Present(x=value), then=known, otherwise=found, scale=POINTS)


def deduct(counts: Sequence[tuple[Node, Decimal]], floor: Decimal, full: Decimal) -> Node:
    """Return full − Σ count × points each, not below `floor` (R2h)."""
    lost = [Negate(x=MulDiv(a=count, b=constant(each), scale=POINTS), scale=POINTS) for count, each in counts]
    rest = Sum(terms=(constant(full), *lost), scale=POINTS)
    return Greatest(args=(rest, constant(floor)), scale=POINTS)


def bonus(value: Node, method: methods.BonusMethod) -> Node:
    """Return points per unit up to the cap (R3.2)."""
    earned = MulDiv(a=value, b=constant(method.each), scale=POINTS)
    return Least(args=(earned, constant(method.cap)), scale=POINTS)


def attainment(actual: Node, target: Node, method: methods.AttainmentMethod, full: Decimal, better: str) -> Node:
    """Return full × attainment inside [floor, cap]; a lower-is-better value of 0 attains the cap.

    Attainment has 4 decimals. 450 s against 300 s is 0.6667, never 1.5.
    """
    one = Const(scale=0, value=Decimal(1))
    cap, floor = constant(method.cap), constant(method.floor)
    actual = _bounded(actual, target)
    if better == "lower":
        reached: Node = MulDiv(a=target, b=one, c=actual, scale=POINTS)
        reached = If(flag=is_exactly(actual, 0), then=cap, otherwise=reached, scale=POINTS)
    else:
        reached = MulDiv(a=actual, b=one, c=target, scale=POINTS)
    kept = Greatest(args=(Least(args=(reached, cap), scale=POINTS), floor), scale=POINTS)
    return MulDiv(a=kept, b=shortest(full), scale=POINTS)


def _bounded(actual: Node, target: Node) -> Node:
    """Return `actual` cut off far above every real figure, so that its product with 10^decimals stays exact."""
    most = LIMIT // (4 * 10 ** max(0, POINTS + target.scale - actual.scale))
    low, high = (Const(scale=actual.scale, value=to_decimal(end, actual.scale)) for end in (-most, most))
    if actual.span[1] > most:
        actual = Least(args=(actual, high), scale=actual.scale, label=actual.label)
    if actual.span[0] < -most:
        actual = Greatest(args=(actual, low), scale=actual.scale, label=actual.label)
    return actual


def ranked(value: Node, counted: Flag, method: methods.RankMethod, better: str) -> Node:
    """Return the points for the place in the group, or for the share of the group one is at least as good as (R3.6)."""
    group = f"group.{method.group}"
    place = Rank(x=value, counted=counted, group=group, best="low" if better == "lower" else "high", scale=0)
    if method.by == "position":
        return bands(place, method.bands)
    count = GroupCount(flag=AllOf(flags=(counted, Present(x=value))), group=group, scale=0)
    one = Const(scale=0, value=Decimal(1))
    not_better = Sum(terms=(count, Negate(x=place, scale=0), one), scale=0)
    return bands(MulDiv(a=not_better, b=one, c=count, scale=4), method.bands)


def tiers(value: Node, method: methods.TiersMethod) -> Node:
    """Return the piece-rate points (R2d)."""
    return Tiers(x=value, tiers=tuple(Band(row.when, row.rate) for row in method.tiers), mode=method.mode, scale=POINTS)


def levels(value: Node, method: methods.LevelsMethod) -> Node:
    """Return the points of the level reached (R3.7)."""
    rows = tuple(Band(Bounds(Decimal(r.level), Decimal(r.level)), r.points) for r in method.levels)
    return Bands(x=value, bands=rows, scale=POINTS)


def rating_span(indicator: Indicator) -> tuple[int, int]:
    """Return the lowest and highest score of a rubric, in hundredths; MeritdeskError without a rubric."""
    method = indicator.scoring
    if not isinstance(method, methods.RatingMethod):
        raise MeritdeskError(
            Problem(
                code="rating-without-rubric",
                place=f"indicators.{indicator.id}.scoring",
                message=_("指标“{title}”由人评分，但没有评分档次").format(title=indicator.title),
                fix=_("用 method: rating 写明各档"),
            )
        )
    ends: list[Decimal] = [Decimal(0)]
    for level in method.levels:
        if isinstance(level.points, Bounds):
            ends.extend(end for end in (level.points.low, level.points.high) if end is not None)
        else:
            ends.append(level.points)
    most = indicator.points if method.full is None else method.full
    return to_integer(min(ends), 2), to_integer(max(*ends, most or Decimal(100)), 2)


def only_if(flags: Sequence[Flag], node: Node) -> Node:
    """Return `node` where every flag is 1, else missing."""
    if not flags:
        return node
    return If(flag=AllOf(flags=tuple(flags)), then=node, otherwise=Missing(scale=node.scale), scale=node.scale)


def combine(method: methods.CombineMethod, others: Mapping[str, Node]) -> Node:
    """Return the sum, weighted mean, smallest or largest of other indicators' points; missing ones are left out."""
    args = tuple(others.values())
    if method.method == "sum":
        return Sum(terms=args, skip_missing=True, scale=POINTS)
    if method.method == "min":
        return Least(args=args, skip_missing=True, scale=POINTS)
    if method.method == "max":
        return Greatest(args=args, skip_missing=True, scale=POINTS)
    parts = [(method.weights.get(name, Decimal(1)), node) for name, node in others.items()]
    return WeightedMean(parts=weighted(parts), missing="redistribute", scale=POINTS)


def of_value(
    indicator: Indicator, method: methods.Method, value: Node, full: Decimal, better: str, counted: Flag
) -> Node:
    """Return the points of a method that needs nothing but one value; `counted` says who takes part in a ranking."""
    match method:
        case methods.BandsMethod():
            return bands(value, method.bands)
        case methods.CurveMethod():
            return Curve(x=value, points=method.points, scale=POINTS)
        case methods.RangeMethod():
            return best_range(value, method, full)
        case methods.TableMethod():
            return table(value, method)
        case methods.TiersMethod():
            return tiers(value, method)
        case methods.BonusMethod():
            return bonus(value, method)
        case methods.LevelsMethod():
            return levels(value, method)
        case methods.RankMethod():
            return ranked(value, counted, method, better)
        case methods.DeductMethod() if method.each is not None:
            return deduct([(value, method.each)], method.floor, full)
        case methods.AttainmentMethod():
            return attainment(value, _target(indicator, method), method, full, better)
    raise MeritdeskError(
        Problem(
            code="method-does-not-fit",
            place=f"indicators.{indicator.id}.scoring",
            message=_("指标“{title}”的数据来源不能用 {method} 计分").format(
                title=indicator.title, method=method.method
            ),
            fix=_("换一种计分方法，或换一个数据来源"),
        )
    )


TARGET_LIMIT = 10**9
"""Largest target, in natural units; targets have 4 decimals."""


def _target(indicator: Indicator, method: methods.AttainmentMethod) -> Node:
    if isinstance(method.target, Decimal):
        return shortest(method.target)
    most = TARGET_LIMIT * 10**4
    if isinstance(method.target, methods.ChangeTarget):
        baseline = Input(name=f"baseline.{indicator.id}", scale=4, low=0, high=most // 10)
        return MulDiv(a=baseline, b=shortest(1 + method.target.change), scale=4)
    return Input(name=f"target.{indicator.id}", scale=4, low=0, high=most)
