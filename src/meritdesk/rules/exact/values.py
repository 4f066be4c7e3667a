"""Node kinds whose value depends on their own row only, one function per kind, a column at a time.

Each function restates the docstring of its kind in `nodes`; the rules are there. `column` also dispatches the group
kinds, which `shares` registers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import singledispatch
from typing import Any, TypeVar

from meritdesk.rules import nodes
from meritdesk.rules.exact.sheet import Column, Sheet, unit
from meritdesk.rules.numbers import Bounds

ZERO, ONE = Decimal(0), Decimal(1)


@singledispatch
def column(node: nodes.Node, sheet: Sheet) -> Column:
    """Return the column of `node`, whose children are in `sheet`; runs inside the context `DIGITS`."""
    raise TypeError(f"reader 1 does not know the node kind {type(node).__name__}")


T = TypeVar("T", Decimal, int)


def _each(xs: Iterable[T | None], function: Callable[[T], Decimal | None]) -> Column:
    """Apply a function to every value that is present; values repeat a lot, and each is computed once."""
    known: dict[T, Decimal | None] = {}
    return [None if x is None else known[x] if x in known else known.setdefault(x, function(x)) for x in xs]


@column.register
def _input(node: nodes.Input, sheet: Sheet) -> Column:
    one, name = unit(node.scale), node.name
    integers: list[Any] = [row[name] for row in sheet.rows]  # `check_rows` has seen to it that each is an int or None
    return _each(integers, lambda integer: Decimal(integer) * one)


@column.register
def _const(node: nodes.Const, sheet: Sheet) -> Column:
    return [node.value] * len(sheet.rows)


@column.register
def _missing(node: nodes.Missing, sheet: Sheet) -> Column:
    return [None] * len(sheet.rows)


# ------------------------------------------------------------------ arithmetic


def _across(arguments: Sequence[nodes.Node], sheet: Sheet) -> Iterable[tuple[Decimal | None, ...]]:
    """Yield, row by row, the values of the arguments."""
    if not arguments:
        return (() for _row in sheet.rows)
    return zip(*(sheet[argument] for argument in arguments), strict=True)


def _present(values: Iterable[Decimal | None]) -> list[Decimal]:
    return [value for value in values if value is not None]


@column.register
def _sum(node: nodes.Sum, sheet: Sheet) -> Column:
    if node.skip_missing:
        return [sum(present, ZERO) if (present := _present(v)) else None for v in _across(node.terms, sheet)]
    return [None if None in v else sum(_present(v), ZERO) for v in _across(node.terms, sheet)]


@column.register
def _negate(node: nodes.Negate, sheet: Sheet) -> Column:
    return [None if x is None else -x for x in sheet[node.x]]


@column.register
def _mul_div(node: nodes.MulDiv, sheet: Sheet) -> Column:
    to = unit(node.scale)
    factors = zip(sheet[node.a], sheet[node.b], strict=True)
    if node.c is None:
        return [None if a is None or b is None else (a * b).quantize(to, ROUND_HALF_UP) for a, b in factors]
    return [
        None if a is None or b is None or c is None or c <= 0 else (a * b / c).quantize(to, ROUND_HALF_UP)
        for (a, b), c in zip(factors, sheet[node.c], strict=True)
    ]


@column.register
def _weighted_mean(node: nodes.WeightedMean, sheet: Sheet) -> Column:
    to = unit(node.scale)
    weights = [Decimal(part.weight) for part in node.parts]
    needed = [part.weight > 0 for part in node.parts]
    found: Column = []
    for values in _across([part.node for part in node.parts], sheet):
        held = node.missing == "hold" and any(x is None and need for x, need in zip(values, needed, strict=True))
        counted = [(w, x) for w, x in zip(weights, values, strict=True) if x is not None]
        total = sum([w for w, _x in counted], ZERO)
        if held or total == 0:
            found.append(None)
        else:
            found.append((sum([w * x for w, x in counted], ZERO) / total).quantize(to, ROUND_HALF_UP))
    return found


@column.register
def _least(node: nodes.Least, sheet: Sheet) -> Column:
    if node.skip_missing:
        return [min(_present(v), default=None) for v in _across(node.args, sheet)]
    return [None if None in v else min(_present(v)) for v in _across(node.args, sheet)]


@column.register
def _greatest(node: nodes.Greatest, sheet: Sheet) -> Column:
    if node.skip_missing:
        return [max(_present(v), default=None) for v in _across(node.args, sheet)]
    return [None if None in v else max(_present(v)) for v in _across(node.args, sheet)]


# ------------------------------------------------------------------ look-ups


def position(bounds: Sequence[Bounds], x: Decimal) -> int | None:
    """Return the index of the first interval that holds x."""
    for index, interval in enumerate(bounds):
        if x in interval:
            return index
    return None


@column.register
def _bands(node: nodes.Bands, sheet: Sheet) -> Column:
    bounds = [band.bounds for band in node.bands]

    def value(x: Decimal) -> Decimal | None:
        index = position(bounds, x)
        return None if index is None else node.bands[index].value

    return _each(sheet[node.x], value)


def segment(points: Sequence[tuple[Decimal, Decimal]], x: Decimal) -> int | None:
    """Return the index i of the stretch that holds x, from point i to point i + 1; None at and beyond the ends."""
    if x <= points[0][0] or x >= points[-1][0]:
        return None
    return next(i for i in range(len(points) - 1) if x <= points[i + 1][0])


@column.register
def _curve(node: nodes.Curve, sheet: Sheet) -> Column:
    to, points = unit(node.scale), node.points

    def value(x: Decimal) -> Decimal:
        i = segment(points, x)
        if i is None:
            return points[0][1] if x <= points[0][0] else points[-1][1]
        (x0, y0), (x1, y1) = points[i], points[i + 1]
        return ((y0 * (x1 - x0) + (y1 - y0) * (x - x0)) / (x1 - x0)).quantize(to, ROUND_HALF_UP)

    return _each(sheet[node.x], value)


def amount_in(tier: nodes.Band, x: Decimal) -> Decimal:
    """Return how much of x lies inside a marginal tier."""
    high = tier.bounds.high
    top = x if high is None else min(x, high)
    return max(ZERO, top - (tier.bounds.low or ZERO))


@column.register
def _tiers(node: nodes.Tiers, sheet: Sheet) -> Column:
    to = unit(node.scale)
    bounds = [tier.bounds for tier in node.tiers]

    def whole(x: Decimal) -> Decimal | None:
        index = position(bounds, x)
        return None if index is None else (x * node.tiers[index].value).quantize(to, ROUND_HALF_UP)

    def marginal(x: Decimal) -> Decimal:
        return sum((tier.value * amount_in(tier, x) for tier in node.tiers), ZERO).quantize(to, ROUND_HALF_UP)

    return _each(sheet[node.x], whole if node.mode == "whole" else marginal)


@column.register
def _if(node: nodes.If, sheet: Sheet) -> Column:
    branches = zip(sheet[node.flag], sheet[node.then], sheet[node.otherwise], strict=True)
    return [then if flag == 1 else otherwise for flag, then, otherwise in branches]


@column.register
def _coalesce(node: nodes.Coalesce, sheet: Sheet) -> Column:
    return [next((value for value in values if value is not None), None) for values in _across(node.args, sheet)]


# ------------------------------------------------------------------ flags


def _flags(truths: Iterable[bool]) -> Column:
    return [ONE if truth else ZERO for truth in truths]


@column.register
def _is_present(node: nodes.Present, sheet: Sheet) -> Column:
    return _flags(x is not None for x in sheet[node.x])


@column.register
def _within(node: nodes.Within, sheet: Sheet) -> Column:
    inside = _each(sheet[node.x], lambda x: ONE if x in node.bounds else ZERO)
    return _flags(truth == 1 for truth in inside)


@column.register
def _all_of(node: nodes.AllOf, sheet: Sheet) -> Column:
    return _flags(all(flag == 1 for flag in flags) for flags in _across(node.flags, sheet))


@column.register
def _any_of(node: nodes.AnyOf, sheet: Sheet) -> Column:
    return _flags(any(flag == 1 for flag in flags) for flags in _across(node.flags, sheet))


@column.register
def _not(node: nodes.Not, sheet: Sheet) -> Column:
    return _flags(flag == 0 for flag in sheet[node.flag])
