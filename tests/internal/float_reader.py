"""The negative control of E1: the row kinds as one would write them with Python floats. It must be found wrong.

Readable, plausible, and off by a unit now and then: that is why there is no float in the number path.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from meritdesk.rules.exact import Row
from meritdesk.rules.nodes import Band, Curve, Node, Tiers, WeightedMean
from meritdesk.rules.numbers import Bounds
from meritdesk.rules.program import walk
from tests.internal.readers import Values

Value = float | None


def _inside(bounds: Bounds, x: float) -> bool:
    low = bounds.low is None or (x >= float(bounds.low) if bounds.low_closed else x > float(bounds.low))
    high = bounds.high is None or (x <= float(bounds.high) if bounds.high_closed else x < float(bounds.high))
    return low and high


def _first(bands: Sequence[Band], x: float) -> Value:
    return next((float(band.value) for band in bands if _inside(band.bounds, x)), None)


def _weighted_mean(node: WeightedMean, *xs: Value) -> Value:
    pairs = [(part.weight, x) for part, x in zip(node.parts, xs, strict=True)]
    if node.missing == "hold" and any(weight and x is None for weight, x in pairs):
        return None
    counted = [(weight, x) for weight, x in pairs if x is not None]
    total = sum(weight for weight, _x in counted)
    return round(sum(weight * x for weight, x in counted) / total, node.scale) if total else None


def _curve(node: Curve, x: float) -> Value:
    points = [(float(a), float(b)) for a, b in node.points]
    if x <= points[0][0]:
        return points[0][1]
    for (x0, y0), (x1, y1) in pairwise(points):
        if x <= x1:
            return round(y0 + (y1 - y0) * (x - x0) / (x1 - x0), node.scale)
    return points[-1][1]


def _tiers(node: Tiers, x: float) -> Value:
    if node.mode == "whole":
        rate = _first(node.tiers, x)
        return None if rate is None else round(x * rate, node.scale)
    amount = 0.0
    for tier in node.tiers:
        top = x if tier.bounds.high is None else min(x, float(tier.bounds.high))
        amount += float(tier.value) * max(0.0, top - float(tier.bounds.low or 0))
    return round(amount, node.scale)


def _strict(function: Callable[..., Value]) -> Callable[..., Value]:
    return lambda node, *xs: None if None in xs else function(node, *xs)


def _fold(function: Callable[[Sequence[float]], float]) -> Callable[..., Value]:
    def fold(node: Any, *xs: Value) -> Value:
        present = [x for x in xs if x is not None]
        return function(present) if present and (node.skip_missing or len(present) == len(xs)) else None

    return fold


def _mul_div(node: Any, a: float, b: float, c: float = 1.0) -> Value:
    return round(a * b / c, node.scale) if c > 0 else None


KINDS: dict[str, Callable[..., Value]] = {
    "Const": lambda node: float(node.value),
    "Missing": lambda _node: None,
    "Sum": _fold(sum),
    "Negate": _strict(lambda _node, x: -x),
    "MulDiv": _strict(_mul_div),
    "WeightedMean": _weighted_mean,
    "Least": _fold(min),
    "Greatest": _fold(max),
    "Bands": _strict(lambda node, x: _first(node.bands, x)),
    "Curve": _strict(_curve),
    "Tiers": _strict(_tiers),
    "If": lambda _node, flag, then, otherwise: then if flag else otherwise,
    "Coalesce": lambda _node, *xs: next((x for x in xs if x is not None), None),
    "Present": lambda _node, x: float(x is not None),
    "Within": lambda node, x: float(x is not None and _inside(node.bounds, x)),
    "AllOf": lambda _node, *flags: float(all(flags)),
    "AnyOf": lambda _node, *flags: float(any(flags)),
    "Not": lambda _node, flag: 1 - flag,
}


def evaluate(outputs: Mapping[str, Node], rows: Sequence[Row]) -> Values:
    """Return each output as integers, computed in floats; row kinds only."""
    columns: dict[Node, list[Value]] = {}
    for node in walk(*outputs.values()):
        kind, scale = type(node).__name__, node.scale
        if kind == "Input":
            read: list[Any] = [row[getattr(node, "name")] for row in rows]  # noqa: B009 - Node has no name
            columns[node] = [None if x is None else x / 10**scale for x in read]
        else:
            arguments = [columns[child] for child in node.children()]
            columns[node] = [KINDS[kind](node, *(column[i] for column in arguments)) for i in range(len(rows))]
    return {
        name: [None if x is None else round(x * 10**node.scale) for x in columns[node]]
        for name, node in outputs.items()
    }
