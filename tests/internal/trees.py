"""Random trees over random rows, grown from a seed: what the readers are compared on.

Every kind takes its turn as the root. Bounds are set on values that really occur, and one unit beside them; rows
repeat one another with small changes, so that ties, missing values and values on a bound are frequent, inside a tree
as well.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from itertools import pairwise

from meritdesk.errors import MeritdeskError
from meritdesk.rules import groups, nodes
from meritdesk.rules.exact import Row, evaluate
from meritdesk.rules.exact.sheet import DIGITS, Sheet
from meritdesk.rules.exact.values import column
from meritdesk.rules.nodes import Band, Flag, Input, Node, Part
from meritdesk.rules.numbers import Bounds, to_decimal
from meritdesk.rules.program import KINDS, Program, walk

INPUTS = (
    Input(name="calls", scale=0, low=0, high=3_000),
    Input(name="days", scale=0, low=0, high=31),
    Input(name="signed", scale=0, low=-50, high=50),
    Input(name="score", scale=2, low=0, high=10_000),
    Input(name="change", scale=2, low=-1_000_000, high=1_000_000),
    Input(name="huge", scale=2, low=-(10**13), high=10**13),
    Input(name="rate", scale=4, low=0, high=10_000),
    Input(name="fine", scale=4, low=-1_000_000, high=1_000_000),
    Input(name="limit", scale=4, low=-(2**51), high=2**51),
)
GROUPS = ("team", "centre", "everyone")
IDENTITY = "person"
SCALES = (0, 2, 4)
FEW = Bounds(Decimal(0), Decimal(3))


@dataclass(frozen=True)
class Batch:
    """Outputs over rows; `sheet` holds what reader 1 made of every node while the trees grew."""

    seed: int
    outputs: dict[str, Node]
    rows: list[Row]
    sheet: Sheet

    @property
    def pairs(self) -> int:
        return len(self.outputs) * len(self.rows)


def batch(seed: int, trees: int, rows: int, kinds: Sequence[str] = tuple(KINDS), roots: Sequence[str] = ()) -> Batch:
    """Return `trees` trees of `kinds` over `rows` rows, the roots taking turns through `roots` (all kinds)."""
    source = random.Random(seed)
    made = make_rows(source, INPUTS, rows)
    grower = Grower(source, INPUTS, made, kinds)
    return Batch(seed, grower.outputs(seed * trees, trees, roots), made, grower.sheet)


def program(seed: int, appraisals: int, trees: int) -> tuple[Program, list[Row], list[Row]]:
    """Return a program of two stages, the segment rows of `appraisals` appraisals (1 to 3 each), and their rows."""
    source = random.Random(seed)
    numbers = [number for number in range(appraisals) for _ in range(source.choice((1, 1, 2, 3)))]
    source.shuffle(numbers)
    last = {number: row for row, number in enumerate(numbers)}
    segments: list[Row] = [
        {**row, "appraisal": f"a{number}", "last": int(last[number] == at)}
        for at, (number, row) in enumerate(zip(numbers, make_rows(source, INPUTS, len(numbers)), strict=True))
    ]
    first = Grower(source, INPUTS, segments, keys=("appraisal", *GROUPS)).outputs(seed * trees, trees)
    given = evaluate(first, segments)
    own: list[Row] = [
        {**row, "appraisal": f"a{number}"} for number, row in enumerate(make_rows(source, INPUTS, appraisals))
    ]
    joined = [{**row, **{name: column[last[at]] for name, column in given.items()}} for at, row in enumerate(own)]
    read = [Input(name=name, scale=node.scale, low=node.span[0], high=node.span[1]) for name, node in first.items()]
    second = Grower(source, (*INPUTS, *read), joined).outputs(seed * trees + 7, trees)
    return Program(first, {f"second_{name}": node for name, node in second.items()}), segments, own


# ------------------------------------------------------------------ rows


def make_rows(source: random.Random, inputs: Sequence[Input], count: int) -> list[Row]:
    """Return rows of which most repeat one of a few patterns, some values moved by one unit or missing."""
    patterns = [{node.name: _any_value(source, node) for node in inputs} for _ in range(10)]
    names = [f"{source.choice('王李张éÉzZ09')}{number}" for number in range(count)]
    rows: list[Row] = []
    for number in range(count):
        row: dict[str, int | str | None] = dict(source.choice(patterns))
        for node in inputs:
            chance, value = source.random(), row[node.name]
            if chance < 0.1:
                row[node.name] = _any_value(source, node)
            elif chance < 0.17:
                row[node.name] = None
            elif chance < 0.3 and isinstance(value, int):
                row[node.name] = min(node.high, max(node.low, value + source.choice((-1, 1))))
        row |= {
            "team": f"t{number // source.choice((1, 2, 3))}",
            "centre": f"中心{source.randrange(8)}",
            "everyone": "all",
        }
        rows.append(row | {IDENTITY: names[number]})
    return rows


def _any_value(source: random.Random, node: Input) -> int | None:
    ends = (node.low, node.low + 1, node.high - 1, node.high)
    few = source.randint(max(node.low, -3), min(node.high, 3))
    return source.choice((None, few, source.choice(ends), *(source.randint(node.low, node.high) for _ in range(5))))


# ------------------------------------------------------------------ trees


class Grower:
    """Grows trees of a wanted depth and scale, and knows the value of every node grown so far in every row."""

    def __init__(
        self,
        source: random.Random,
        inputs: Sequence[Input],
        rows: Sequence[Row],
        kinds: Sequence[str] = tuple(KINDS),
        keys: Sequence[str] = GROUPS,
    ) -> None:
        self.source, self.inputs, self.kinds, self.keys = source, inputs, kinds, keys
        self.sheet = Sheet(rows)
        self.depths: dict[Node, int] = {}
        self.growers: dict[str, Callable[[int, int], Node]] = {
            "Input": lambda _d, s: source.choice([node for node in inputs if node.scale == s]),
            "Const": lambda _d, s: nodes.Const(scale=s, value=self.number(s)),
            "Missing": lambda _d, s: nodes.Missing(scale=s),
            "Sum": lambda d, s: nodes.Sum(scale=s, terms=self.several(d, s), skip_missing=self.coin()),
            "Negate": lambda d, s: nodes.Negate(scale=s, x=self.value(d - 1, s)),
            "MulDiv": self.mul_div,
            "WeightedMean": self.weighted_mean,
            "Least": lambda d, s: nodes.Least(scale=s, args=self.several(d, s), skip_missing=self.coin()),
            "Greatest": lambda d, s: nodes.Greatest(scale=s, args=self.several(d, s), skip_missing=self.coin()),
            "Bands": self.bands,
            "Curve": self.curve,
            "Tiers": self.tiers,
            "If": self.choice,
            "Coalesce": lambda d, s: nodes.Coalesce(scale=s, args=self.several(d, s)),
            "Present": lambda d, _s: nodes.Present(x=self.any_value(d - 1)),
            "Within": self.within,
            "AllOf": lambda d, _s: nodes.AllOf(flags=self.flags(d)),
            "AnyOf": lambda d, _s: nodes.AnyOf(flags=self.flags(d)),
            "Not": lambda d, _s: nodes.Not(flag=self.flag(d - 1)),
            "GroupCount": lambda d, _s: groups.GroupCount(scale=0, flag=self.flag(d - 1), group=self.group()),
            "GroupSum": lambda d, s: groups.GroupSum(scale=s, x=self.value(d - 1, s), group=self.group()),
            "GroupMean": self.group_mean,
            "Rank": self.rank,
            "ForcedShares": self.forced_shares,
            "PoolShares": self.pool_shares,
        }  # fmt: skip

    def outputs(self, first: int, count: int, roots: Sequence[str] = ()) -> dict[str, Node]:
        """Return trees number `first` and on; well over half of those that are no leaves are at least 4 deep."""
        found = {}
        for number in range(first, first + count):
            kind = (roots or self.kinds)[number % len(roots or self.kinds)]
            depth = self.source.choice((4, 4, 5, 6)) if self.source.random() < 0.75 else self.source.choice((2, 3))
            found[f"t{number}"] = self.tree(kind, depth)
        return found

    def tree(self, kind: str, depth: int) -> Node:
        """Return a tree of the kind and about the depth, in any scale the kind allows."""
        for attempt in range(50):
            scale = 0 if kind in ("GroupCount", "Rank", "ForcedShares") else self.source.choice(SCALES)
            try:
                return self.keep(self.growers[kind](max(2, depth - attempt // 10), scale))
            except MeritdeskError:  # the tree could pass 2**53: another one
                continue
        raise AssertionError(f"no {kind} of depth {depth} could be grown")

    def keep(self, node: Node) -> Node:
        for below in walk(node):
            if below not in self.sheet.columns:
                with localcontext(DIGITS):
                    self.sheet.columns[below] = column(below, self.sheet)
                self.depths[below] = 1 + max((self.depths[child] for child in below.children()), default=0)
        return node

    def coin(self) -> bool:
        return self.source.random() < 0.5

    def group(self) -> str:
        return self.source.choice(self.keys)

    def number(self, scale: int) -> Decimal:
        return to_decimal(self.source.choice((0, 1, -1, 5, 10**scale, self.source.randint(-10_000, 10_000))), scale)

    # -------------------------------------------------------------- children

    def value(self, depth: int, scale: int) -> Node:
        """Return a node of the scale, about `depth` deep: a leaf, a node grown before, or a new one."""
        if depth <= 1:
            return self.keep(self.growers[self.source.choices(("Input", "Const", "Missing"), (88, 8, 4))[0]](1, scale))
        known = [node for node, own in self.depths.items() if own == depth and node.scale == scale]
        if known and self.source.random() < 0.2:
            return self.source.choice(known)
        kinds = [
            kind
            for kind in self.kinds
            if kind not in ("Input", "Const", "Missing") and not issubclass(KINDS[kind], Flag)
        ]
        if scale != 0:
            kinds = [kind for kind in kinds if kind not in ("GroupCount", "Rank", "ForcedShares")]
        for _attempt in range(6):
            try:
                return self.keep(self.growers[self.source.choice(kinds)](depth, scale))
            except MeritdeskError:
                continue
        return self.value(depth - 1, scale)

    def any_value(self, depth: int) -> Node:
        return self.value(depth, self.source.choice(SCALES))

    def several(self, depth: int, scale: int) -> tuple[Node, ...]:
        found = [self.value(depth - 1, scale)]
        found += [
            self.value(self.source.randint(1, min(2, depth - 1)), scale)
            for _ in range(self.source.choice((0, 1, 1, 2, 3)))
        ]
        self.source.shuffle(found)
        return tuple(found)

    def flag(self, depth: int) -> Flag:
        kinds = ["Within", "Present"] if depth <= 2 else ["Within", "Within", "Present", "AllOf", "AnyOf", "Not"]
        node = self.keep(
            self.growers[self.source.choice([kind for kind in kinds if kind in self.kinds])](max(2, depth), 0)
        )
        assert isinstance(node, Flag)
        return node

    def flags(self, depth: int) -> tuple[Flag, ...]:
        return tuple(self.flag(d) for d in [depth - 1, 2, 2][: self.source.choice((0, 1, 2, 2, 3))])

    # -------------------------------------------------------------- bounds

    def cuts(self, x: Node, most: int, *, low: int | None = None) -> list[int]:
        """Return rising numbers in units of x: values it often takes, and their neighbours."""
        units = Counter(int(v.scaleb(x.scale)) for v in self.sheet[x] if v is not None)
        if low is not None:
            units = Counter({value: n for value, n in units.items() if value >= low})
        if not units:
            return sorted(self.source.sample(range(50), most))
        values, frequencies = list(units), list(units.values())
        chosen = self.source.choices(values, frequencies, k=most)
        moved = {value + self.source.choice((-1, 0, 0, 1)) for value in chosen}
        return sorted(value for value in moved if low is None or value >= low)

    def intervals(self, x: Node, *, exact: bool = False, low: int | None = None) -> list[Bounds]:
        """Return intervals over x that touch, overlap or leave gaps, some with ends finer than a unit of x."""
        ends: list[Decimal | None] = [
            to_decimal(cut, x.scale) for cut in self.cuts(x, self.source.randint(1, 4), low=low)
        ]
        if not exact and self.source.random() < 0.15:
            ends = [None if end is None else end + to_decimal(5, x.scale + 1) for end in ends]
        ends = [None, *ends, None] if self.coin() or len(ends) < 2 else ends
        return [Bounds(low, high, self.coin(), self.coin()) for low, high in pairwise(ends)]

    def look_up(
        self, intervals: Sequence[Bounds], scale: int, value: Callable[[], Decimal] | None = None
    ) -> tuple[Band, ...]:
        found = [Band(bounds, value() if value else self.number(scale)) for bounds in intervals]
        if self.source.random() < 0.2:
            self.source.shuffle(found)
        return tuple(found)

    # -------------------------------------------------------------- kinds

    def choice(self, depth: int, scale: int) -> Node:
        then, otherwise = self.value(depth - 1, scale), self.value(depth - 2, scale)
        return nodes.If(scale=scale, flag=self.flag(depth - 1), then=then, otherwise=otherwise)

    def mul_div(self, depth: int, scale: int) -> Node:
        if self.source.random() < 0.3:  # many results lie half-way between two units
            half = nodes.Const(scale=2, value=Decimal(self.source.choice(("0.5", "-0.5", "0.25", "1.5"))))
            return nodes.MulDiv(scale=scale, a=self.value(depth - 1, scale), b=self.keep(half))
        a = self.any_value(depth - 1)
        b = self.any_value(self.source.randint(1, 2))
        c = self.any_value(self.source.randint(1, 2)) if self.coin() else None
        return nodes.MulDiv(scale=scale, a=a, b=b, c=c)

    def weighted_mean(self, depth: int, scale: int) -> Node:
        if self.source.random() < 0.3:  # the mean of two
            pair = (self.value(depth - 1, scale), self.keep(nodes.Const(scale=scale, value=self.number(scale))))
            return nodes.WeightedMean(scale=scale, parts=tuple(Part(25, node) for node in pair), missing="hold")
        children = self.several(depth, self.source.choice(SCALES))
        weights = [self.source.choice((0, 1, 1, 25, 40, 3333)) for _ in children]
        parts = tuple(Part(weight, child) for weight, child in zip(weights, children, strict=True))
        return nodes.WeightedMean(scale=scale, parts=parts, missing="hold" if self.coin() else "redistribute")

    def bands(self, depth: int, scale: int) -> Node:
        x = self.any_value(depth - 1)
        return nodes.Bands(scale=scale, x=x, bands=self.look_up(self.intervals(x), scale))

    def curve(self, depth: int, scale: int) -> Node:
        x = self.any_value(depth - 1)
        cuts = self.cuts(x, self.source.randint(2, 5))
        if self.coin():  # half-way between two points, at a value x takes
            often = Counter(value for value in self.sheet[x] if value is not None).most_common(1)
            middle = int(often[0][0].scaleb(x.scale)) if often else cuts[0]
            y, step = 2 * self.number(scale), self.source.choice((1, -1, 5, -3))
            ends = ((middle - 1, y), (middle + 1, y + to_decimal(step, scale)))
            return nodes.Curve(scale=scale, x=x, points=tuple((to_decimal(cut, x.scale), y) for cut, y in ends))
        cuts = cuts if len(cuts) > 1 else [*cuts, cuts[0] + self.source.choice((1, 2, 3, 100))]
        return nodes.Curve(
            scale=scale, x=x, points=tuple((to_decimal(cut, x.scale), self.number(scale)) for cut in cuts)
        )

    def tiers(self, depth: int, scale: int) -> Node:
        halves = self.coin()
        x = self.value(depth - 1, scale) if halves else self.any_value(depth - 1)
        rates = (5_000, 15_000, 2_500) if halves else (0, 4_000, 5_500, 1, -25, self.source.randint(0, 20_000))

        def rate() -> Decimal:
            return to_decimal(self.source.choice(rates), nodes.RATE)

        if self.coin():
            return nodes.Tiers(scale=scale, x=x, tiers=self.look_up(self.intervals(x), scale, rate), mode="whole")
        intervals = self.intervals(x, exact=True, low=0)
        return nodes.Tiers(scale=scale, x=x, tiers=self.look_up(intervals, scale, rate), mode="marginal")

    def within(self, depth: int, _scale: int) -> Node:
        x = self.any_value(depth - 1)
        return nodes.Within(x=x, bounds=self.source.choice(self.intervals(x)))

    def group_mean(self, depth: int, scale: int) -> Node:
        x, weight = self.any_value(depth - 1), self.value(self.source.choice((1, 1, 2)), 0)
        if self.coin():  # plain means, often of two
            x, weight = self.value(depth - 1, scale), self.keep(nodes.Const(scale=0, value=Decimal(1)))
        return groups.GroupMean(scale=scale, x=x, weight=weight, group=self.group(), most=len(self.sheet.rows))

    def rank(self, depth: int, _scale: int) -> Node:
        best = self.source.choice(("high", "low"))
        return groups.Rank(
            scale=0, x=self.any_value(depth - 1), counted=self.flag(2), group=self.group(),
            best="high" if best == "high" else "low",
        )  # fmt: skip

    def order(self) -> tuple[Node, ...]:
        return tuple(self.any_value(self.source.randint(1, 2)) for _ in range(self.source.randint(0, 2)))

    def forced_shares(self, depth: int, _scale: int) -> Node:
        shares = self.source.choice(
            (
                (1000, 3000, 5000, 1000),
                (2500, 2500, 2500, 2500),
                (10_000,),
                (5000, 0, 5000),
                (3333, 3333, 3334),
                (1500, 8500),
            )
        )
        x = self.any_value(max(1, depth - 2))
        ends: list[Decimal | None] = [to_decimal(cut, x.scale) for cut in self.cuts(x, len(shares))]
        limits = [
            Bounds(low, high, self.coin(), self.coin())
            for low, high in pairwise([None, *ends[: len(shares) - 1], None])
        ]
        bands = tuple(Band(bounds, Decimal(grade)) for grade, bounds in enumerate(reversed(limits)))
        grade: Node = self.keep(nodes.Bands(scale=0, x=x, bands=bands))
        if self.coin():
            grade = nodes.Coalesce(scale=0, args=(grade, nodes.Const(scale=0, value=Decimal(len(shares) - 1))))
        group = self.group()
        size = self.source.choice([len(members) for members in self.sheet.members(group).values()])
        return groups.ForcedShares(
            scale=0, grade=self.keep(grade), total=x if self.coin() else self.any_value(depth - 1),
            vetoed=nodes.Within(x=self.value(1, 0), bounds=FEW) if self.coin() else self.flag(2),
            counted=nodes.Not(flag=self.flag(2)) if self.coin() else nodes.AllOf(flags=()),
            order=self.order(), group=group, shares=shares, mode="force" if self.coin() else "cap",
            smallest=self.source.choice((1, 3, 10, 60, size, size)),
        )  # fmt: skip

    def pool_shares(self, depth: int, scale: int) -> Node:
        pool = self.keep(
            nodes.Greatest(scale=scale, args=(nodes.Const(scale=scale, value=Decimal(0)), self.value(1, scale)))
        )
        return groups.PoolShares(
            scale=scale,
            points=self.any_value(depth - 1),
            pool=pool,
            order=self.order(),
            group=self.group(),
            identity=IDENTITY,
        )
