"""How each row node is said in ibis: an int64 expression where NULL is "missing", a flag as a condition never NULL.

Every division is ⌊n ÷ d⌋ of n ≥ 0, so engines that round towards zero and engines that round down agree. A value
that is mentioned more than once in the expression of a node must be a column by then (`repeats` says where).

Must not: use a float, a decimal or `/`, nor look at other rows (that is `columns_groups`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import singledispatch
from itertools import pairwise

import ibis
import ibis.expr.types as ir

from meritdesk.rules import groups, nodes
from meritdesk.rules.engines import Engine, int64
from meritdesk.rules.nodes import RATE, Band, Flag, Node
from meritdesk.rules.numbers import LIMIT, to_integer

Piece = tuple[int | None, ir.IntegerValue | int | None]
"""The last integer of a piece (None: no end) and the value there; an int is a constant, None missing."""


class Rows:
    """The rows as far as they are computed: a table, the column of each node computed so far, that of each text key."""

    def __init__(self, table: ir.Table, engine: Engine, sure: Mapping[Node, bool]) -> None:
        self.table = table
        self.engine = engine
        self.columns: dict[Node, str] = {}
        self.keys: dict[str, str] = {}
        self._sure = sure

    def sure(self, node: Node) -> bool:
        """Tell whether `node` is known to be present in every row."""
        return self._sure[node]

    def extend(self, **columns: ir.Value) -> None:
        """Add `columns` to the table, replacing those of the same name."""
        self.table = self.table.mutate(**columns)

    def join(self, groups: ir.Table, key: str) -> None:
        """Add the figures of each group to its rows; every row has its group in `groups`."""
        self.table = self.table.join(groups, key)

    def value(self, node: Node) -> ir.IntegerValue:
        """Return `node` as an int64 expression over the table."""
        if node in self.columns:
            column: ir.IntegerValue = self.table[self.columns[node]]
            return column
        if isinstance(node, Flag):
            return one_if(self.truth(node))
        if self.sure(node) and node.span[0] == node.span[1]:
            return constant(node.span[0])
        return value(node, self)

    def truth(self, flag: Flag) -> ir.BooleanValue:
        """Return `flag` as a condition over the table that is never NULL."""
        if flag in self.columns:
            return self.table[self.columns[flag]] == 1
        return truth(flag, self)


def constant(number: int | None) -> ir.IntegerValue:
    """Return `number` as an int64 literal, None as a typed NULL."""
    if number is None:
        missing: ir.IntegerValue = ibis.null("int64")
        return missing
    return int64(ibis.literal(number, type="int64"))


def number(value: int) -> ir.IntegerValue:
    """Return `value` as a literal beside an int64 operand, which decides the type for every engine."""
    literal: ir.IntegerValue = ibis.literal(value, type="int64")
    return literal


def one_if(condition: ir.BooleanValue) -> ir.IntegerValue:
    """Return 1 where `condition` holds, else 0."""
    return chosen(condition, number(1), constant(0))


def chosen(condition: ir.BooleanValue, then: ir.IntegerValue, otherwise: ir.IntegerValue) -> ir.IntegerValue:
    """Return `then` where `condition` holds, else `otherwise`; one of them, no bare literal, gives the type."""
    value: ir.IntegerValue = ibis.ifelse(condition, then, otherwise)
    return value


def half_up(engine: Engine, numerator: ir.IntegerValue, divisor: int | ir.IntegerValue, low: int) -> ir.IntegerValue:
    """Return numerator ÷ divisor rounded half away from zero; `low` is the least the numerator can be.

    The numerator is mentioned more than once when `low` is negative, a divisor expression always.
    """
    if isinstance(divisor, int) and divisor == 1:
        return numerator

    def positive(n: ir.IntegerValue) -> ir.IntegerValue:
        if not isinstance(divisor, int):
            return engine.divide(2 * n + divisor, 2 * divisor)
        if divisor % 2:
            return engine.divide(2 * n + divisor, number(2 * divisor))
        return engine.divide(n + divisor // 2, number(divisor))

    if low >= 0:
        return positive(numerator)
    return ibis.ifelse(numerator >= 0, positive(numerator), -positive(-numerator))


def scaled(expression: ir.IntegerValue, factor: int) -> ir.IntegerValue:
    """Return expression × factor, without a multiplication by 1."""
    return expression if factor == 1 else expression * factor


def is_sure(node: Node, sure: Mapping[Node, bool]) -> bool:
    """Tell whether `node` is never missing, given the same for its children."""
    match node:
        case nodes.Const() | Flag():
            return True
        case nodes.Sum(terms=args) | nodes.Least(args=args) | nodes.Greatest(args=args):
            return (any if node.skip_missing else all)(sure[arg] for arg in args)
        case nodes.Negate(x=x) | nodes.Curve(x=x) | nodes.Tiers(x=x, mode="marginal"):
            return sure[x]
        case nodes.MulDiv(a=a, b=b, c=c):
            return sure[a] and sure[b] and (c is None or (sure[c] and c.span[0] > 0))
        case nodes.WeightedMean(parts=parts):
            known = [sure[part.node] for part in parts if part.weight > 0]
            return bool(known) and (all(known) if node.missing == "hold" else any(known))
        case nodes.If(then=then, otherwise=otherwise):
            return sure[then] and sure[otherwise]
        case nodes.Coalesce(args=args):
            return any(sure[arg] for arg in args)
        case groups.GroupCount():
            return True
        case _:
            return False


def repeats(node: Node) -> bool:
    """Tell whether the expression of `node` may mention its children more than once."""
    match node:
        case nodes.Negate() | nodes.If() | nodes.Coalesce() | nodes.Least() | nodes.Greatest() | Flag():
            return False
        case nodes.Sum():
            return node.skip_missing
        case nodes.MulDiv():
            return node.c is not None or node.factors()[1] > 1
        case _:
            return True


# ------------------------------------------------------------------ values


@singledispatch
def value(node: Node, rows: Rows) -> ir.IntegerValue:
    """Return the int64 expression of a row node that is no column yet."""
    raise TypeError(f"no column form of {type(node).__name__}")


@value.register
def _input(node: nodes.Input, rows: Rows) -> ir.IntegerValue:
    column = rows.table[node.name]
    return column if column.type().is_int64() else int64(column)


@value.register
def _const(node: nodes.Const, rows: Rows) -> ir.IntegerValue:
    return constant(node.span[0])


@value.register
def _missing(node: nodes.Missing, rows: Rows) -> ir.IntegerValue:
    return constant(None)


@value.register
def _sum(node: nodes.Sum, rows: Rows) -> ir.IntegerValue:
    if not node.skip_missing:
        return added([rows.value(term) for term in node.terms])
    total = added([_or(rows, term, 0) for term in node.terms])
    return _where_any_present(rows, node.terms, total)


@value.register
def _negate(node: nodes.Negate, rows: Rows) -> ir.IntegerValue:
    return -rows.value(node.x)


@value.register
def _muldiv(node: nodes.MulDiv, rows: Rows) -> ir.IntegerValue:
    up, down = node.factors()
    low = min(a * b for a in node.a.span for b in node.b.span)
    product = scaled(rows.value(node.a) * rows.value(node.b), up)
    if node.c is None:
        return half_up(rows.engine, product, down, low)
    if node.c.span[1] <= 0:
        return constant(None)
    divisor = rows.value(node.c)
    if node.c.span[0] <= 0:
        divisor = (
            divisor.nullif(number(0)) if node.c.span[0] == 0 else ibis.ifelse(divisor > 0, divisor, constant(None))
        )
    return half_up(rows.engine, product, scaled(divisor, down), low)


@value.register
def _weighted_mean(node: nodes.WeightedMean, rows: Rows) -> ir.IntegerValue:
    up, down = node.factors()
    parts = [part for part in node.parts if part.weight > 0]
    low = sum(part.weight * part.node.span[0] for part in parts)
    if not parts:
        return constant(None)
    weights = sum(part.weight for part in parts)
    if node.missing == "hold" or all(rows.sure(part.node) for part in parts):
        products = [scaled(rows.value(part.node), part.weight) for part in parts]
        return half_up(rows.engine, scaled(added(products), up), weights * down, low)
    low = sum(part.weight * min(0, part.node.span[0]) for part in parts)
    unit = 1 if low < 0 else 2  # with 2, the half is added part by part: fewer operations
    present = [
        constant(unit * part.weight * down)
        if rows.sure(part.node)
        else chosen(rows.value(part.node).notnull(), number(unit * part.weight * down), constant(0))
        for part in parts
    ]
    weight = added(present) if any(rows.sure(part.node) for part in parts) else added(present).nullif(number(0))
    if unit == 1:
        numerator = added([scaled(_or(rows, part.node, 0), part.weight * up) for part in parts])
        return half_up(rows.engine, numerator, weight, low)
    products = [rows.value(part.node) * (2 * part.weight * up) + part.weight * down for part in parts]
    known = [p if rows.sure(part.node) else p.fill_null(number(0)) for p, part in zip(products, parts, strict=True)]
    return rows.engine.divide(added(known), weight)


@value.register
def _least(node: nodes.Least, rows: Rows) -> ir.IntegerValue:
    return _extreme(node, rows, ibis.least, LIMIT if node.skip_missing else -LIMIT)


@value.register
def _greatest(node: nodes.Greatest, rows: Rows) -> ir.IntegerValue:
    return _extreme(node, rows, ibis.greatest, -LIMIT if node.skip_missing else LIMIT)


def _extreme(
    node: nodes.Least | nodes.Greatest, rows: Rows, pick: Callable[..., ir.Value], sentinel: int
) -> ir.IntegerValue:
    """Engines treat NULL in LEAST each in its own way: a sentinel beyond every span stands for a missing argument."""
    args = [_or(rows, arg, sentinel) for arg in node.args]
    extreme: ir.IntegerValue = pick(*args) if len(args) > 1 else args[0]
    return extreme if all(map(rows.sure, node.args)) else extreme.nullif(number(sentinel))


@value.register
def _bands(node: nodes.Bands, rows: Rows) -> ir.IntegerValue:
    pieces: list[Piece] = [
        (end, None if band is None else to_integer(band.value, node.scale))
        for end, band in first_matches(node.bands, node.x.scale)
    ]
    return piecewise(rows, node.x, pieces)


@value.register
def _curve(node: nodes.Curve, rows: Rows) -> ir.IntegerValue:
    x = rows.value(node.x)
    points = node.integers()
    pieces: list[Piece] = [points[0]]
    for (x0, y0), (x1, y1) in pairwise(points):
        width, rise = x1 - x0, y1 - y0
        line = linear(x, rise, y0 * width - rise * x0, (x0, x1)) if rise else y0
        pieces.append((x1, line if isinstance(line, int) else half_up(rows.engine, line, width, min(y0, y1))))
    pieces.append((None, points[-1][1]))
    return piecewise(rows, node.x, pieces)


@value.register
def _tiers(node: nodes.Tiers, rows: Rows) -> ir.IntegerValue:
    up, down = node.factors()
    x = rows.value(node.x)
    pieces: list[Piece] = []
    first = node.x.span[0]
    for end, slope, offset in _rates(node):
        if slope is None:
            pieces.append((end, None))
        else:
            last = node.x.span[1] if end is None else min(end, node.x.span[1])
            line = linear(x, slope * up, offset * up, (first, last))
            low = min(slope * first + offset, slope * last + offset)
            pieces.append((end, half_up(rows.engine, line, down, low)))
        first = node.x.span[0] if end is None else max(end, node.x.span[0])
    return piecewise(rows, node.x, pieces)


def _rates(node: nodes.Tiers) -> list[tuple[int | None, int | None, int]]:
    """Return (end, slope, offset) by rising x: the amount is slope × x + offset in 10**-(scale of x + RATE)."""
    if node.mode == "whole":
        tiers = first_matches(node.tiers, node.x.scale)
        return [(end, None if tier is None else to_integer(tier.value, RATE), 0) for end, tier in tiers]
    scale = node.x.scale
    spans = [
        (
            0 if tier.bounds.low is None else to_integer(tier.bounds.low, scale),
            None if tier.bounds.high is None else to_integer(tier.bounds.high, scale),
            to_integer(tier.value, RATE),
        )
        for tier in node.tiers
    ]
    spans = [(low, high, rate) for low, high, rate in spans if high is None or low < high]
    ends: list[int | None] = [*sorted({end for low, high, _ in spans for end in (low, high) if end is not None}), None]
    lines: list[tuple[int | None, int | None, int]] = []
    for end in ends:
        slope = offset = 0
        for low, high, rate in spans:
            if end is None:
                reached, passed = True, high is not None
            else:
                reached, passed = end > low, high is not None and end > high
            if passed and high is not None:
                offset += rate * (high - low)
            elif reached:
                slope, offset = slope + rate, offset - rate * low
        lines.append((end, slope, offset))
    return lines


@value.register
def _if(node: nodes.If, rows: Rows) -> ir.IntegerValue:
    chosen: ir.IntegerValue = ibis.ifelse(rows.truth(node.flag), rows.value(node.then), rows.value(node.otherwise))
    return chosen


@value.register
def _coalesce(node: nodes.Coalesce, rows: Rows) -> ir.IntegerValue:
    first: ir.IntegerValue = ibis.coalesce(*(rows.value(arg) for arg in node.args))
    return first


# ------------------------------------------------------------------ flags


@singledispatch
def truth(flag: Flag, rows: Rows) -> ir.BooleanValue:
    """Return the condition of a flag that is no column yet; never NULL."""
    raise TypeError(f"no column form of {type(flag).__name__}")


@truth.register
def _present(flag: nodes.Present, rows: Rows) -> ir.BooleanValue:
    return ibis.literal(True) if rows.sure(flag.x) else rows.value(flag.x).notnull()


@truth.register
def _within(flag: nodes.Within, rows: Rows) -> ir.BooleanValue:
    low, high = flag.bounds.inclusive(flag.x.scale)
    x = rows.value(flag.x)
    if low is None and high is None:
        return ibis.literal(True) if rows.sure(flag.x) else x.notnull()
    if low is not None and high is not None:
        if low > high:
            return ibis.literal(False)
        inside = x.between(number(low), number(high))
    else:
        inside = x <= high if low is None else x >= low
    return inside if rows.sure(flag.x) else inside.fill_null(False)


@truth.register
def _all_of(flag: nodes.AllOf, rows: Rows) -> ir.BooleanValue:
    return _joined([rows.truth(part) for part in flag.flags], lambda a, b: a & b, empty=True)


@truth.register
def _any_of(flag: nodes.AnyOf, rows: Rows) -> ir.BooleanValue:
    return _joined([rows.truth(part) for part in flag.flags], lambda a, b: a | b, empty=False)


@truth.register
def _not(flag: nodes.Not, rows: Rows) -> ir.BooleanValue:
    return ~rows.truth(flag.flag)


# ------------------------------------------------------------------ building blocks


def first_matches(bands: Sequence[Band], scale: int) -> list[tuple[int | None, Band | None]]:
    """Return rising pieces that cover all integers, each with the first band that holds it: (last integer, band).

    With them one comparison a piece is enough, however the bands overlap.
    """
    spans = [(*band.bounds.inclusive(scale), band) for band in bands]
    ends = {low - 1 for low, _, _ in spans if low is not None} | {high for _, high, _ in spans if high is not None}
    pieces: list[tuple[int | None, Band | None]] = []
    for end in [*sorted(ends), None]:
        inside = end if end is not None else max(ends, default=0) + 1
        holder = next(
            (b for low, high, b in spans if (low is None or low <= inside) and (high is None or inside <= high)), None
        )
        if pieces and pieces[-1][1] is holder:
            pieces.pop()
        pieces.append((end, holder))
    return pieces


def piecewise(rows: Rows, x: Node, pieces: Sequence[Piece]) -> ir.IntegerValue:
    """Return the value of the first piece whose end is not below x; missing where x is missing."""
    column = rows.value(x)
    branches = [(column <= end, _piece(result)) for end, result in pieces[:-1]]
    last = pieces[-1][1]
    if last is not None and not rows.sure(x):
        start = pieces[-2][0] if len(pieces) > 1 else None
        branches.append((column.notnull() if start is None else column > start, _piece(last)))
        last = None
    rest = last if isinstance(last, ir.Value) else constant(last)  # a typed literal: it gives the type of the others
    return ibis.cases(*branches, else_=rest) if branches else rest


def _piece(result: ir.IntegerValue | int | None) -> ir.IntegerValue:
    if result is None:
        return constant(None)
    return number(result) if isinstance(result, int) else result


def linear(x: ir.IntegerValue, slope: int, offset: int, ends: tuple[int, int]) -> ir.IntegerValue:
    """Return slope × x + offset for x between `ends`; no intermediate leaves int64 when the result does not."""
    if slope == 0:
        return constant(offset)
    if abs(slope) * max(map(abs, ends)) + abs(offset) < LIMIT:
        line = scaled(x, slope)
        return line + offset if offset else line
    at_start = slope * ends[0] + offset
    return scaled(x - ends[0], slope) + at_start


def added(terms: Sequence[ir.IntegerValue]) -> ir.IntegerValue:
    """Return the sum of `terms`, 0 when there are none."""
    total = terms[0] if terms else constant(0)
    for term in terms[1:]:
        total = total + term
    return total


def _joined(
    parts: Sequence[ir.BooleanValue], join: Callable[[ir.BooleanValue, ir.BooleanValue], ir.BooleanValue], empty: bool
) -> ir.BooleanValue:
    joined = parts[0] if parts else ibis.literal(empty)
    for part in parts[1:]:
        joined = join(joined, part)
    return joined


def _or(rows: Rows, node: Node, fill: int) -> ir.IntegerValue:
    """Return `node`, or `fill` where it is missing."""
    return rows.value(node) if rows.sure(node) else rows.value(node).fill_null(number(fill))


def _where_any_present(rows: Rows, args: Sequence[Node], result: ir.IntegerValue) -> ir.IntegerValue:
    """Return `result` where at least one argument is present, else missing."""
    if any(map(rows.sure, args)):
        return result
    present = _joined([rows.value(arg).notnull() for arg in args], lambda a, b: a | b, empty=False)
    chosen: ir.IntegerValue = ibis.ifelse(present, result, constant(None))
    return chosen
