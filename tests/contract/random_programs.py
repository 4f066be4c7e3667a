"""Random programs with the rows they run on: every kind of node, values that crowd on the bounds, ties, missing cells.

The same seed gives the same case. Trees that could leave 2**53 are refused by the nodes themselves and drawn again.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import Any, Literal, NamedTuple, TypeVar

from meritdesk.errors import MeritdeskError
from meritdesk.rules import groups, nodes
from meritdesk.rules.nodes import Band, Flag, Input, Node, Part
from meritdesk.rules.numbers import Bounds
from meritdesk.rules.program import Program

SCALES = (0, 2, 4)
HALVES = [Decimal(half) / 2 for half in range(-6, 25)]
"""Values in natural units that bounds and inputs are drawn from: few, so that they meet."""
T = TypeVar("T")


class Case(NamedTuple):
    """A program with rows for its two stages."""

    program: Program
    segments: list[dict[str, Any]]
    appraisals: list[dict[str, Any]]


class Maker:
    """Draws nodes; `readable` are the outputs of the first stage that the second may read."""

    def __init__(self, random: Random, prefix: str, readable: dict[str, Node]) -> None:
        self.random, self.prefix, self.readable = random, prefix, readable

    def value(self, depth: int, scale: int) -> Node:
        """Draw a node of `scale` at most `depth` deep."""
        draws: list[Callable[[int, int], Node]] = [self.input, self.input, self.constant]
        if depth > 0:
            draws = [self.own, self.own, self.mean, self.product, self.look_up, self.look_up, self.grouped, self.part]
        try:
            return self.random.choice(draws)(depth - 1, scale)
        except (MeritdeskError, ValueError):  # out of bounds: something smaller instead
            return self.value(depth - 1 if depth > 0 else 0, scale)

    def flag(self, depth: int) -> Flag:
        """Draw a flag."""
        kind = self.random.choice(["Within", "Present", "AllOf", "AnyOf", "Not"] if depth > 0 else ["Within"])
        if kind in ("AllOf", "AnyOf"):
            flags = self.several(lambda: self.flag(depth - 1), 0)
            return nodes.AllOf(flags=flags) if kind == "AllOf" else nodes.AnyOf(flags=flags)
        if kind == "Not":
            return nodes.Not(flag=self.flag(depth - 1))
        x = self.value(depth - 1, self.random.choice(SCALES))
        return nodes.Present(x=x) if kind == "Present" else nodes.Within(x=x, bounds=self.bounds())

    def several(self, draw: Callable[[], T], least: int = 1) -> tuple[T, ...]:
        return tuple(draw() for _ in range(self.random.randint(least, 3)))

    def bounds(self) -> Bounds:
        """Draw an interval with at least one number in it."""
        low, high = sorted(self.random.sample(HALVES, 2))
        open_low, open_high = self.random.random() < 0.15, self.random.random() < 0.15
        closed = [self.random.random() < 0.5 for _ in range(2)]
        return Bounds(None if open_low else low, None if open_high else high, *closed)

    def bands(self, scale: int, count: int = 4) -> tuple[Band, ...]:
        return tuple(Band(self.bounds(), self.decimal(scale)) for _ in range(self.random.randint(1, count)))

    def decimal(self, scale: int) -> Decimal:
        whole = [half for half in HALVES if scale > 0 or half == half.to_integral_value()]
        return self.random.choice(whole)

    def input(self, _depth: int, scale: int) -> Node:
        fitting = [name for name, node in self.readable.items() if node.scale == scale]
        if fitting and self.random.random() < 0.4:
            name = self.random.choice(fitting)
            low, high = self.readable[name].span
            return Input(name=name, scale=scale, low=low, high=high)
        name = f"{self.prefix}{scale}{self.random.choice('abc')}"
        return Input(name=name, scale=scale, low=-4 * 10**scale, high=13 * 10**scale)

    def constant(self, _depth: int, scale: int) -> Node:
        if self.random.random() < 0.3:
            return nodes.Missing(scale=scale)
        return nodes.Const(value=self.decimal(scale), scale=scale)

    def own(self, depth: int, scale: int) -> Node:
        kind = self.random.choice(["Sum", "Least", "Greatest", "Negate", "If", "Coalesce"])
        if kind == "Negate":
            return nodes.Negate(scale=scale, x=self.value(depth, scale))
        if kind == "If":
            then, otherwise = self.value(depth, scale), self.value(depth, scale)
            return nodes.If(scale=scale, flag=self.flag(depth), then=then, otherwise=otherwise)
        args, skip = self.several(lambda: self.value(depth, scale)), self.random.random() < 0.5
        if kind == "Coalesce":
            return nodes.Coalesce(scale=scale, args=args)
        if kind == "Sum":
            return nodes.Sum(scale=scale, terms=args, skip_missing=skip)
        fold = nodes.Least if kind == "Least" else nodes.Greatest
        return fold(scale=scale, args=args, skip_missing=skip)

    def mean(self, depth: int, scale: int) -> Node:
        inner = self.random.choice(SCALES)
        parts = self.several(lambda: Part(self.random.choice([0, 1, 1, 2, 3]), self.value(depth, inner)))
        missing: Literal["redistribute", "hold"] = "hold" if self.random.random() < 0.5 else "redistribute"
        return nodes.WeightedMean(scale=scale, parts=parts, missing=missing)

    def product(self, depth: int, scale: int) -> Node:
        a, b, c = (self.value(depth, self.random.choice(SCALES)) for _ in range(3))
        return nodes.MulDiv(scale=scale, a=a, b=b, c=c if self.random.random() < 0.7 else None)

    def look_up(self, depth: int, scale: int) -> Node:
        inner = self.random.choice((2, 4))  # the ends are halves
        x = self.value(depth, inner)
        kind = self.random.choice(["Bands", "Curve", "Tiers"])
        if kind == "Bands":
            return nodes.Bands(scale=scale, x=x, bands=self.bands(scale))
        if kind == "Curve":
            xs = sorted(self.random.sample(HALVES, self.random.randint(2, 4)))
            return nodes.Curve(scale=scale, x=x, points=tuple((px, self.decimal(scale)) for px in xs))
        mode: Literal["whole", "marginal"] = "whole" if self.random.random() < 0.5 else "marginal"
        return nodes.Tiers(scale=scale, x=x, tiers=self.bands(4), mode=mode)

    def grouped(self, depth: int, scale: int) -> Node:
        group = self.random.choice(["team", "appraisal"])
        kind = self.random.choice(["GroupSum", "GroupMean"] + ["GroupCount", "Rank"] * (2 * (scale == 0)))
        if kind == "GroupCount":
            return groups.GroupCount(scale=0, flag=self.flag(depth), group=group)
        x = self.value(depth, scale)
        if kind == "GroupSum":
            return groups.GroupSum(scale=scale, x=x, group=group)
        if kind == "GroupMean":
            x = self.value(depth, self.random.choice(SCALES))
            return groups.GroupMean(scale=scale, x=x, weight=self.value(depth, 0), group=group)
        best: Literal["high", "low"] = "high" if self.random.random() < 0.5 else "low"
        x = self.value(depth, self.random.choice(SCALES))
        return groups.Rank(scale=0, x=x, counted=self.flag(0), group="team", best=best)

    def part(self, depth: int, scale: int) -> Node:
        order = self.several(lambda: self.value(0, 2), 0)
        if scale > 0:
            pool, points = self.value(depth, scale), self.value(depth, self.random.choice(SCALES))
            above = nodes.Greatest(scale=scale, args=(pool, nodes.Const(value=Decimal(0), scale=scale)))
            return groups.PoolShares(
                scale=scale, points=points, pool=above, order=order, group="team", identity="person"
            )
        cuts = sorted(self.random.choices(range(0, 10_001, 500), k=self.random.randint(0, 3)))
        shares = tuple(high - low for low, high in zip([0, *cuts], [*cuts, 10_000], strict=True))
        ladder = [Band(self.bounds(), Decimal(index)) for index in range(len(shares))]
        mode: Literal["force", "cap"] = "force" if self.random.random() < 0.5 else "cap"
        return groups.ForcedShares(
            scale=0,
            grade=nodes.Bands(scale=0, x=self.value(0, 2), bands=tuple(ladder)),
            total=self.value(depth, 2),
            vetoed=self.flag(0) if self.random.random() < 0.5 else nodes.AnyOf(flags=()),
            counted=self.flag(0) if self.random.random() < 0.5 else nodes.AllOf(flags=()),
            order=order,
            group="team",
            shares=shares,
            mode=mode,
            smallest=self.random.choice([1, 1, 3, 5]),
        )


def random_case(seed: int) -> Case:
    """Return a program of 1 to 4 outputs a stage with 1 to 25 people and their segments."""
    random = Random(seed)
    first = Maker(random, "s", {})
    segments = {
        f"out{k}": first.value(random.randint(1, 5), random.choice(SCALES)) for k in range(random.randint(1, 4))
    }
    second = Maker(random, "p", segments)
    appraisals = {
        f"end{k}": second.value(random.randint(1, 5), random.choice(SCALES)) for k in range(random.randint(1, 4))
    }
    program = Program(segments=segments, appraisals=appraisals)
    people = [f"E{number:03}" for number in range(random.randint(1, 25))]
    random.shuffle(people)
    parts = [(person, part) for person in people for part in range(random.choice([1, 1, 1, 2, 3]))]
    last = dict(parts)  # the highest part of each person
    rows = [_row(random, program, "segments", person) | {"last": int(part == last[person])} for person, part in parts]
    random.shuffle(rows)
    for number, row in enumerate(rows):
        row["person"] = f"{row['appraisal']}-{number}"  # an identity is unique
    return Case(
        program, rows, [_row(random, program, "appraisals", person) for person in random.sample(people, len(people))]
    )


def _row(random: Random, program: Program, stage: str, person: str) -> dict[str, Any]:
    cells = {name: _cell(random, node) for name, node in sorted(program.inputs(stage).items())}
    return {"appraisal": person, "person": person, "team": random.choice("AAAAB"), **cells}


def _cell(random: Random, node: Input) -> int | None:
    """Return a value on a half or one unit beside it; seldom none."""
    if random.random() < 0.12:
        return None
    value = int(random.choice(HALVES) * 10**node.scale) + random.choice([-1, 0, 0, 0, 1])
    return max(node.low, min(node.high, value))
