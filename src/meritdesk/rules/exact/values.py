"""Node kinds whose value depends on their own row only, one function per kind, a column at a time.

Each function restates the docstring of its kind in `nodes`; the rules are there. `column` also dispatches the group
kinds, which `shares` registers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import singledispatch

from meritdesk.rules import nodes
from meritdesk.rules.exact.sheet import Column, Sheet, unit
from meritdesk.rules.numbers import Bounds

ZERO, ONE = Decimal(0), Decimal(1)


@singledispatch
def column(node: nodes.Node, sheet: Sheet) -> Column:
    """Return the column of `node`, whose children are in `sheet`; runs inside the context `DIGITS`."""
    raise TypeError(f"reader 1 does not know the node kind {type(node).__name__}")


@column.register
def _input(node: nodes.Input, sheet: Sheet) -> Column:
    one, name = unit(node.scale), node.name
    # `check_rows` has seen to it that a value is an int or None.
    return [None if (value := row[name]) is None else Decimal(value) * one for row in sheet.rows]


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
    needed = [node.missing == "hold" and part.weight > 0 for part in node.parts]
    found: Column = []
    for values in _across([part.node for part in node.parts], sheet):
        held = any(x is None and need for x, need in zip(values, needed, strict=True))
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
    # Written out instead of `position`, which is three times slower: this is the innermost loop of most schemes.
    table = [(b.bounds.low, b.bounds.low_closed, b.bounds.high, b.bounds.high_closed, b.value) for b in node.bands]
    found: Column = []
    for x in sheet[node.x]:
        value = None
        if x is not None:
            for low, low_closed, high, high_closed, inside in table:
                if low is not None and (x < low or (x == low and not low_closed)):
                    continue
                if high is not None and (x > high or (x == high and not high_closed)):
                    continue
                value = inside
                break
        found.append(value)
    return found


def segment(points: Sequence[tuple[Decimal, Decimal]], x: Decimal) -> int | None:
    """Return the index of the curve's stretch that holds x: from point i to point i + 1; None beyond the ends."""
    if x <= points[0][0] or x >= points[-1][0]:
        return None
    return next(i for i in range(len(points) - 1) if x <= points[i + 1][0])


@column.register
def _curve(node: nodes.Curve, sheet: Sheet) -> Column:
    to, points = unit(node.scale), node.points
    found: Column = []
    for x in sheet[node.x]:
        if x is None:
            found.append(None)
        elif (i := segment(points, x)) is None:
            found.append(points[0][1] if x <= points[0][0] else points[-1][1])
        else:
            (x0, y0), (x1, y1) = points[i], points[i + 1]
            found.append(((y0 * (x1 - x0) + (y1 - y0) * (x - x0)) / (x1 - x0)).quantize(to, ROUND_HALF_UP))
    return found


def amount_in(tier: nodes.Band, x: Decimal) -> Decimal:
    """Return how much of x lies inside a marginal tier."""
    high = tier.bounds.high
    top = x if high is None else min(x, high)
    return max(ZERO, top - (tier.bounds.low or ZERO))


@column.register
def _tiers(node: nodes.Tiers, sheet: Sheet) -> Column:
    to = unit(node.scale)
    if node.mode == "marginal":
        return [
            None
            if x is None
            else sum((t.value * amount_in(t, x) for t in node.tiers), ZERO).quantize(to, ROUND_HALF_UP)
            for x in sheet[node.x]
        ]
    bounds = [tier.bounds for tier in node.tiers]
    return [
        None
        if x is None or (index := position(bounds, x)) is None
        else (x * node.tiers[index].value).quantize(to, ROUND_HALF_UP)
        for x in sheet[node.x]
    ]


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
    return _flags(x is not None and x in node.bounds for x in sheet[node.x])


@column.register
def _all_of(node: nodes.AllOf, sheet: Sheet) -> Column:
    return _flags(all(flag == 1 for flag in flags) for flags in _across(node.flags, sheet))


@column.register
def _any_of(node: nodes.AnyOf, sheet: Sheet) -> Column:
    return _flags(any(flag == 1 for flag in flags) for flags in _across(node.flags, sheet))


@column.register
def _not(node: nodes.Not, sheet: Sheet) -> Column:
    return _flags(flag == 0 for flag in sheet[node.flag])
