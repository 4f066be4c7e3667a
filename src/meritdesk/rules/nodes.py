"""The closed catalogue of node kinds a scheme is compiled to.

A tree says WHAT is computed, in integers of 10**-scale units where None means "missing"; the readers `exact`,
`columns` and the stand-alone verifier each say HOW, without sharing code. Meaning is defined here, once, in the
docstring of each kind. Division rounds half away from zero, once, at the scale written on the node.

Nodes compare by identity: a shared sub-tree is one object, computed once. Each node knows the span of integers it
can take, and a tree whose intermediate products could reach 2**53 is refused when it is built.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from typing import Literal

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _
from meritdesk.rules.numbers import LIMIT, Bounds, half_up, to_integer

GROUP_SIZE = 2_000_000
"""Largest number of rows in one group; group sums are bounded with it."""

Span = tuple[int, int]


@dataclass(frozen=True, eq=False, kw_only=True)
class Node:
    """One value per row. `label` is the title for people, `place` the path in the scheme it was compiled from."""

    scale: int
    label: str = ""
    place: str = ""
    span: Span = field(init=False, repr=False)

    def __post_init__(self) -> None:
        low, high = self._span()
        self._refuse_from(max(abs(low), abs(high)))
        object.__setattr__(self, "span", (low, high))

    def _span(self) -> Span:
        raise AssertionError(f"{type(self).__name__} defines no span")

    def _refuse_from(self, magnitude: int) -> None:
        if magnitude >= LIMIT:
            raise MeritdeskError(
                Problem(
                    code="number-too-large",
                    place=self.place,
                    message=_("“{label}”的计算可能超过 2^53，无法保证精确").format(
                        label=self.label or type(self).__name__
                    ),
                    fix=_("缩小该项的取值范围、权重或单价的小数位数"),
                )
            )

    def _same_scale(self, *nodes: Node) -> None:
        for node in nodes:
            if node.scale != self.scale:
                raise ValueError(f"{type(self).__name__} of scale {self.scale} over a node of scale {node.scale}")

    def children(self) -> Iterator[Node]:
        """Yield the nodes this one is computed from, in order."""
        yield from self._below

    @cached_property
    def _below(self) -> tuple[Node, ...]:
        """Kept, because a tree is walked for every row that is explained, and never changes."""
        values = [getattr(self, f.name) for f in fields(self)]
        items = [item for value in values for item in (value if isinstance(value, tuple) else (value,))]
        return tuple(item.node if isinstance(item, Part) else item for item in items if isinstance(item, Node | Part))


@dataclass(frozen=True, eq=False, kw_only=True)
class Flag(Node):
    """A node that is 0 or 1 and never missing."""

    scale: int = field(init=False, default=0)

    def _span(self) -> Span:
        return 0, 1


def _magnitude(node: Node) -> int:
    return max(abs(node.span[0]), abs(node.span[1]))


# ------------------------------------------------------------------ leaves


@dataclass(frozen=True, eq=False, kw_only=True)
class Input(Node):
    """The column `name` of the row, an integer in [low, high] or missing. Values outside are refused on loading."""

    name: str
    low: int = -(10**11)
    high: int = 10**11

    def _span(self) -> Span:
        return self.low, self.high


@dataclass(frozen=True, eq=False, kw_only=True)
class Const(Node):
    """The same value in every row; `value` in natural units, exact at `scale`."""

    value: Decimal

    def _span(self) -> Span:
        integer = to_integer(self.value, self.scale)
        return integer, integer


@dataclass(frozen=True, eq=False, kw_only=True)
class Missing(Node):
    """Missing in every row."""

    def _span(self) -> Span:
        return 0, 0


# ------------------------------------------------------------------ arithmetic


@dataclass(frozen=True, eq=False, kw_only=True)
class Sum(Node):
    """Sum of terms of one scale. A missing term makes it missing, or is left out with `skip_missing` (all: missing)."""

    terms: tuple[Node, ...]
    skip_missing: bool = False

    def _span(self) -> Span:
        self._same_scale(*self.terms)
        lows, highs = [t.span[0] for t in self.terms], [t.span[1] for t in self.terms]
        if self.skip_missing:
            return sum(min(0, low) for low in lows), sum(max(0, high) for high in highs)
        return sum(lows), sum(highs)


@dataclass(frozen=True, eq=False, kw_only=True)
class Negate(Node):
    """−x."""

    x: Node

    def _span(self) -> Span:
        self._same_scale(self.x)
        return -self.x.span[1], -self.x.span[0]


@dataclass(frozen=True, eq=False, kw_only=True)
class MulDiv(Node):
    """a × b ÷ c, rounded once at `scale` (c None: 1). Missing if a part is missing or c ≤ 0."""

    a: Node
    b: Node
    c: Node | None = None

    def factors(self) -> tuple[int, int]:
        """Return the powers of ten that numerator and denominator are multiplied with to reach `scale`."""
        shift = self.scale + (self.c.scale if self.c else 0) - self.a.scale - self.b.scale
        return (10**shift, 1) if shift >= 0 else (1, 10**-shift)

    def _span(self) -> Span:
        up, down = self.factors()
        corners = [a * b * up for a in self.a.span for b in self.b.span]
        divisors = [down]
        if self.c is not None:
            divisors = [max(1, self.c.span[0]) * down, max(1, self.c.span[1]) * down]
        self._refuse_from(2 * max(abs(corner) for corner in corners) + max(divisors))
        results = [half_up(corner, divisor) for corner in corners for divisor in divisors]
        return min(results), max(results)


@dataclass(frozen=True, slots=True)
class Part:
    """A weight (integer ≥ 0, any common unit) on a node."""

    weight: int
    node: Node


@dataclass(frozen=True, eq=False, kw_only=True)
class WeightedMean(Node):
    """Σ weight × x ÷ Σ weight, rounded once at `scale`; the parts share one scale.

    `redistribute`: only parts that are present count, in numerator and denominator; missing when their weights sum
    to 0. `hold`: missing when a part of weight > 0 is missing, or when all weights are 0.
    """

    parts: tuple[Part, ...]
    missing: Literal["redistribute", "hold"]

    def factors(self) -> tuple[int, int]:
        """Return the powers of ten that numerator and denominator are multiplied with to reach `scale`."""
        shift = self.scale - self.parts[0].node.scale
        return (10**shift, 1) if shift >= 0 else (1, 10**-shift)

    def _span(self) -> Span:
        inner = self.parts[0].node.scale
        if any(p.node.scale != inner or p.weight < 0 for p in self.parts):
            raise ValueError("parts of a weighted mean need one scale and weights of at least 0")
        up, down = self.factors()
        weights = sum(p.weight for p in self.parts)
        self._refuse_from(2 * up * sum(p.weight * _magnitude(p.node) for p in self.parts) + down * weights)
        lows = [half_up(p.node.span[0] * up, down) for p in self.parts]
        highs = [half_up(p.node.span[1] * up, down) for p in self.parts]
        return min(lows), max(highs)


@dataclass(frozen=True, eq=False, kw_only=True)
class Least(Node):
    """The smallest argument. A missing one makes it missing, or is left out with `skip_missing` (all: missing)."""

    args: tuple[Node, ...]
    skip_missing: bool = False

    def _span(self) -> Span:
        self._same_scale(*self.args)
        highs = [a.span[1] for a in self.args]
        return min(a.span[0] for a in self.args), max(highs) if self.skip_missing else min(highs)


@dataclass(frozen=True, eq=False, kw_only=True)
class Greatest(Node):
    """The largest argument. A missing one makes it missing, or is left out with `skip_missing` (all: missing)."""

    args: tuple[Node, ...]
    skip_missing: bool = False

    def _span(self) -> Span:
        self._same_scale(*self.args)
        lows = [a.span[0] for a in self.args]
        return min(lows) if self.skip_missing else max(lows), max(a.span[1] for a in self.args)


# ------------------------------------------------------------------ look-ups


@dataclass(frozen=True, slots=True)
class Band:
    """Values inside `bounds` get `value` (natural units)."""

    bounds: Bounds
    value: Decimal


@dataclass(frozen=True, eq=False, kw_only=True)
class Bands(Node):
    """The value of the first band that holds x; missing when x is missing or no band holds it."""

    x: Node
    bands: tuple[Band, ...]

    def _span(self) -> Span:
        values = [to_integer(band.value, self.scale) for band in self.bands]
        return min(values), max(values)


@dataclass(frozen=True, eq=False, kw_only=True)
class Curve(Node):
    """Piecewise linear through `points` (x strictly rising), level beyond both ends.

    Between (x0, y0) and (x1, y1) it is (y0·(x1 − x0) + (y1 − y0)·(x − x0)) ÷ (x1 − x0), rounded once at `scale`. The
    points' x are exact at the scale of `x`, their y exact at `scale`.
    """

    x: Node
    points: tuple[tuple[Decimal, Decimal], ...]

    def integers(self) -> tuple[tuple[int, int], ...]:
        """Return the points as integers: x in units of the argument's scale, y in units of this node's."""
        return tuple((to_integer(x, self.x.scale), to_integer(y, self.scale)) for x, y in self.points)

    def _span(self) -> Span:
        points = self.integers()
        if len(points) < 2 or any(a[0] >= b[0] for a, b in pairwise(points)):
            raise ValueError("a curve needs at least two points with rising x")
        for (x0, y0), (x1, y1) in pairwise(points):
            self._refuse_from(2 * (abs(y0) + abs(y1 - y0)) * (x1 - x0) + (x1 - x0))
        return min(y for _x, y in points), max(y for _x, y in points)


RATE = 4
"""Decimals of a piece rate."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Tiers(Node):
    """Piece rate: each band of `tiers` holds a rate (at most 4 decimals) per unit of x, rounded once at `scale`.

    `whole`: x × the rate of the first tier that holds x; missing when none does. `marginal`: Σ over the tiers of
    rate × (min(x, high) − low, at least 0), no low meaning 0; open and closed ends make no difference, and no low is
    below 0. Missing when x is.
    """

    x: Node
    tiers: tuple[Band, ...]
    mode: Literal["whole", "marginal"]

    def factors(self) -> tuple[int, int]:
        """Return the powers of ten that x × rate is multiplied and divided with to reach `scale`."""
        shift = self.scale - self.x.scale - RATE
        return (10**shift, 1) if shift >= 0 else (1, 10**-shift)

    def _span(self) -> Span:
        up, down = self.factors()
        rates = [to_integer(tier.value, RATE) for tier in self.tiers]
        if self.mode == "marginal":
            for tier in self.tiers:
                for end in (tier.bounds.low, tier.bounds.high):
                    to_integer(end or Decimal(0), self.x.scale)
                if (tier.bounds.low or 0) < 0:
                    raise ValueError("marginal tiers start at 0 or above")
        ends = [x * rate * up for x in (*self.x.span, 0) for rate in rates]
        if self.mode == "marginal":  # overlapping tiers could add up
            ends = [sum(abs(e) for e in ends), -sum(abs(e) for e in ends)]
        self._refuse_from(2 * max(abs(e) for e in ends) + down)
        return min(half_up(e, down) for e in ends), max(half_up(e, down) for e in ends)


@dataclass(frozen=True, eq=False, kw_only=True)
class If(Node):
    """`then` where the flag is 1, else `otherwise`."""

    flag: Flag
    then: Node
    otherwise: Node

    def _span(self) -> Span:
        self._same_scale(self.then, self.otherwise)
        return (
            min(self.then.span[0], self.otherwise.span[0]),
            max(self.then.span[1], self.otherwise.span[1]),
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class Coalesce(Node):
    """The first argument that is not missing."""

    args: tuple[Node, ...]

    def _span(self) -> Span:
        self._same_scale(*self.args)
        return min(a.span[0] for a in self.args), max(a.span[1] for a in self.args)


# ------------------------------------------------------------------ flags


@dataclass(frozen=True, eq=False, kw_only=True)
class Present(Flag):
    """1 where x is not missing."""

    x: Node


@dataclass(frozen=True, eq=False, kw_only=True)
class Within(Flag):
    """1 where x is present and inside `bounds`."""

    x: Node
    bounds: Bounds


@dataclass(frozen=True, eq=False, kw_only=True)
class AllOf(Flag):
    """1 where every flag is 1 (none: 1)."""

    flags: tuple[Flag, ...]


@dataclass(frozen=True, eq=False, kw_only=True)
class AnyOf(Flag):
    """1 where a flag is 1 (none: 0)."""

    flags: tuple[Flag, ...]


@dataclass(frozen=True, eq=False, kw_only=True)
class Not(Flag):
    """1 where the flag is 0."""

    flag: Flag
