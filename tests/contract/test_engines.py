"""What every engine must give for every node kind, worked out by hand from the docstrings of the kinds."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from ibis.backends.sql import SQLBackend

from meritdesk.rules.groups import ForcedShares, GroupCount, GroupMean, GroupSum, PoolShares, Rank
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
    Not,
    Part,
    Present,
    Sum,
    Tiers,
    WeightedMean,
    Within,
)
from meritdesk.rules.numbers import parse_bounds
from meritdesk.rules.program import KINDS, walk
from tests.contract.engine_matrix import MATRIX, Data, connected, evaluated


@pytest.fixture(scope="module", params=MATRIX)
def engine(request: pytest.FixtureRequest) -> Iterator[SQLBackend]:
    """Give a connection to each engine in turn."""
    with connected(request.param) as backend:
        yield backend


x, y = (Input(name=name, scale=0, low=-1000, high=1000) for name in "xy")
cents = Input(name="x", scale=2, low=-1000, high=1000)
ALWAYS: Flag = AllOf(flags=())
NEVER: Flag = AnyOf(flags=())


def const(text: str, scale: int = 0) -> Const:
    return Const(scale=scale, value=Decimal(text))


def bands(*pairs: tuple[str, str]) -> tuple[Band, ...]:
    return tuple(Band(parse_bounds(text), Decimal(value)) for text, value in pairs)


def points(*pairs: tuple[int, int]) -> tuple[tuple[Decimal, Decimal], ...]:
    return tuple((Decimal(a), Decimal(b)) for a, b in pairs)


def parts(a: int, b: int) -> tuple[Part, ...]:
    return (Part(a, x), Part(b, y))


NONE: list[int | None] = [None]
XY: Data = {"x": [7, -7, None, 4, None], "y": [2, 2, 3, None, None]}
X: Data = {"x": [-5, 0, 10, 15, 30, None]}

ROWS: dict[str, tuple[Node, Data, list[int | None]]] = {
    "input": (x, XY, [7, -7, None, 4, None]),
    "const": (const("-1.25", 2), XY, [-125] * 5),
    "missing": (Missing(scale=0), XY, NONE * 5),
    "sum": (Sum(scale=0, terms=(x, y)), XY, [9, -5, None, None, None]),
    "sum, skipping": (Sum(scale=0, terms=(x, y), skip_missing=True), XY, [9, -5, 3, 4, None]),
    "sum of nothing": (Sum(scale=0, terms=()), XY, [0] * 5),
    "negate": (Negate(scale=0, x=x), XY, [-7, 7, None, -4, None]),
    "half away from zero": (MulDiv(scale=0, a=x, b=const("0.5", 1)), XY, [4, -4, None, 2, None]),
    "muldiv": (MulDiv(scale=1, a=x, b=x, c=y), XY, [245, 245, None, None, None]),
    "muldiv, signs": (MulDiv(scale=0, a=x, b=const("1"), c=y), XY, [4, -4, None, None, None]),
    "divisor not above 0": (
        MulDiv(scale=0, a=const("6"), b=const("1"), c=x),
        {"x": [4, 0, -4, None]},
        [2, None, None, None],
    ),
    "divisor never above 0": (MulDiv(scale=0, a=x, b=x, c=const("0")), XY, NONE * 5),
    "mean, redistributed": (
        WeightedMean(scale=1, parts=parts(3, 1), missing="redistribute"),
        XY,
        [58, -48, 30, 40, None],
    ),
    "mean, held": (WeightedMean(scale=1, parts=parts(3, 1), missing="hold"), XY, [58, -48, None, None, None]),
    "weight 0 holds nothing": (WeightedMean(scale=0, parts=parts(0, 2), missing="hold"), XY, [2, 2, 3, None, None]),
    "weight 0 adds nothing": (
        WeightedMean(scale=0, parts=parts(0, 2), missing="redistribute"),
        XY,
        [2, 2, 3, None, None],
    ),
    "mean of cents in whole units": (
        WeightedMean(scale=0, parts=(Part(1, cents),), missing="redistribute"),
        {"x": [150, 149, -150, None]},
        [2, 1, -2, None],
    ),
    "least": (Least(scale=0, args=(x, y)), XY, [2, -7, None, None, None]),
    "least, skipping": (Least(scale=0, args=(x, y), skip_missing=True), XY, [2, -7, 3, 4, None]),
    "greatest": (Greatest(scale=0, args=(x, y)), XY, [7, 2, None, None, None]),
    "greatest, skipping": (Greatest(scale=0, args=(x, y), skip_missing=True), XY, [7, 2, 3, 4, None]),
    "first band": (
        Bands(scale=1, x=x, bands=bands(("[0,15]", "1.5"), ("(10,30)", "2.5"))),
        {"x": [-1, 0, 15, 16, 29, 30, None]},
        [None, 15, 15, 25, 25, None, None],
    ),
    "open ends at a finer scale": (
        Bands(scale=0, x=cents, bands=bands(("(0.5,1)", "1"), ("[1,]", "2"))),
        {"x": [50, 51, 99, 100]},
        [None, 1, 1, 2],
    ),
    "one band for all": (Bands(scale=0, x=x, bands=bands(("(,)", "3"))), XY, [3, 3, None, 3, None]),
    "curve": (
        Curve(scale=1, x=x, points=points((0, 0), (15, 10), (25, 5), (30, 5))),
        {"x": [-3, 0, 1, 15, 16, 25, 28, 99, None]},
        [0, 0, 7, 100, 95, 50, 50, 50, None],
    ),
    "curve below zero": (
        Curve(scale=0, x=x, points=points((-2, -1), (0, 0), (2, -3))),
        {"x": [-5, -1, 0, 1, 2]},
        [-1, -1, 0, -2, -3],
    ),
    "whole tier": (
        Tiers(scale=2, x=x, mode="whole", tiers=bands(("[0,10]", "0.4"), ("(10,20]", "0.555"))),
        X,
        [None, 0, 400, 833, None, None],
    ),
    "marginal tiers": (
        Tiers(scale=2, x=x, mode="marginal", tiers=bands(("[,10]", "0.4"), ("(10,20]", "0.555"), ("(20,]", "1"))),
        X,
        [-0, 0, 400, 678, 1955, None],
    ),
    "marginal tiers overlap": (
        Tiers(scale=0, x=x, mode="marginal", tiers=bands(("[0,10]", "1"), ("[5,]", "2"))),
        {"x": [4, 5, 6, 10, 11]},
        [4, 5, 8, 20, 22],
    ),
    "if": (If(scale=0, flag=Within(x=x, bounds=parse_bounds("[5,]")), then=y, otherwise=x), XY, [2, -7, None, 4, None]),
    "coalesce": (Coalesce(scale=0, args=(x, y)), XY, [7, -7, 3, 4, None]),
    "present": (Present(x=x), XY, [1, 1, 0, 1, 0]),
    "within": (Within(x=x, bounds=parse_bounds("(4,7]")), XY, [1, 0, 0, 0, 0]),
    "within nothing": (Within(x=x, bounds=parse_bounds("(4,5)")), XY, [0] * 5),
    "within anything": (Within(x=x, bounds=parse_bounds("(,)")), XY, [1, 1, 0, 1, 0]),
    "all of": (AllOf(flags=(Present(x=x), Present(x=y))), XY, [1, 1, 0, 0, 0]),
    "all of none": (ALWAYS, XY, [1] * 5),
    "any of": (AnyOf(flags=(Present(x=x), Present(x=y))), XY, [1, 1, 1, 1, 0]),
    "any of none": (NEVER, XY, [0] * 5),
    "not": (Not(flag=Within(x=x, bounds=parse_bounds("[5,]"))), XY, [0, 1, 1, 1, 1]),
}

TEAM: Data = {
    "x": [90, 80, 80, None, 70, 50],
    "y": [1, 1, 2, 1, -1, None],
    "team": ["甲", "甲", "甲", "甲", "乙", None],
    "id": ["p", "b", "B", "r", "s", "t"],
}
GROUPS: dict[str, tuple[Node, Data, list[int | None]]] = {
    "group count": (GroupCount(scale=0, flag=Present(x=x), group="team"), TEAM, [3, 3, 3, 3, 1, 1]),
    "group sum": (GroupSum(scale=0, x=x, group="team"), TEAM, [250, 250, 250, 250, 70, 50]),
    "group sum of none": (GroupSum(scale=0, x=y, group="team"), TEAM, [5, 5, 5, 5, -1, None]),
    "group mean": (GroupMean(scale=1, x=x, weight=y, group="team"), TEAM, [825, 825, 825, 825, None, None]),
    "rank": (Rank(scale=0, x=x, counted=ALWAYS, group="team", best="high"), TEAM, [1, 2, 2, None, 1, 1]),
    "rank, low best": (Rank(scale=0, x=x, counted=ALWAYS, group="team", best="low"), TEAM, [3, 1, 1, None, 1, 1]),
    "rank, counted": (
        Rank(scale=0, x=x, counted=Within(x=y, bounds=parse_bounds("[,1]")), group="team", best="high"),
        TEAM,
        [1, 2, None, None, 1, None],
    ),
    "pool, order by identity": (
        # 36.72, 32.64, 32.64: one unit each for p and, by code point, B before b.
        PoolShares(scale=0, points=x, pool=const("102"), order=(), group="team", identity="id"),
        TEAM,
        [37, 32, 33, None, 102, 102],
    ),
    "pool, order": (
        PoolShares(scale=0, points=x, pool=const("102"), order=(Negate(scale=0, x=y),), group="team", identity="id"),
        TEAM,
        [37, 33, 32, None, 102, 102],
    ),
    "pool, points below 0": (
        PoolShares(scale=0, points=y, pool=const("7"), order=(), group="team", identity="id"),
        TEAM,
        [1, 2, 3, 1, None, None],
    ),
}


def forced(
    mode: str, shares: tuple[int, ...], smallest: int = 1, vetoed: Flag = NEVER, order: tuple[Node, ...] = ()
) -> Node:
    grade = Bands(scale=0, x=x, bands=bands(("[90,]", "0"), ("[80,90)", "1"), ("[,80)", "2")))
    return ForcedShares(
        scale=0,
        grade=grade,
        total=x,
        vetoed=vetoed,
        counted=Present(x=x),
        order=order,
        group="team",
        shares=shares,
        mode="cap" if mode == "cap" else "force",
        smallest=smallest,
    )


# Ten people: grades by threshold 0 0 0 1 1 1 2 2 2 2; y marks the second.
TEN: Data = {
    "x": [99, 95, 91, 88, 85, 82, 70, 70, 60, 50, None],
    "y": [0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0],
    "team": ["甲"] * 11,
}
MARKED = Within(x=y, bounds=parse_bounds("[1,1]"))
FORCED: dict[str, tuple[Node, Data, list[int | None]]] = {
    "force": (forced("force", (2000, 5000, 3000)), TEN, [0, 0, 1, 1, 1, 1, 1, 1, 2, 2, None]),
    # Seven at the cut of places 7 and 8: the tie goes whole to the better grade (above), or is split by a further key.
    "force, further key": (forced("force", (2000, 5000, 3000), order=(y,)), TEN, [0, 0, 1, 1, 1, 1, 2, 1, 2, 2, None]),
    # The vetoed second keeps grade 0 and the vetoed eighth grade 2: one more place in 0, five in 1.
    "force, vetoed": (forced("force", (2000, 5000, 3000), vetoed=MARKED), TEN, [0, 0, 1, 1, 1, 1, 1, 2, 2, 2, None]),
    # 2.5, 2.5, 5 people: the equal remainders go to the lower grade.
    "remainders": (forced("force", (2500, 2500, 5000)), TEN, [0, 0, 1, 1, 1, 2, 2, 2, 2, 2, None]),
    "cap": (forced("cap", (1000, 3000, 6000)), TEN, [0, 1, 1, 1, 1, 1, 2, 2, 2, 2, None]),
    "cap, three grades down": (forced("cap", (1000, 0, 9000)), TEN, [0, 1, 1, 1, 1, 1, 2, 2, 2, 2, None]),
    "cap, vetoed": (forced("cap", (2000, 3000, 5000), vetoed=MARKED), TEN, [0, 0, 1, 1, 1, 1, 2, 2, 2, 2, None]),
    "too small": (forced("force", (2000, 5000, 3000), smallest=11), TEN, [0, 0, 0, 1, 1, 1, 2, 2, 2, 2, None]),
}

CASES = {**ROWS, **GROUPS, **FORCED}


@pytest.mark.parametrize("name", CASES)
def test_golden(engine: SQLBackend, name: str) -> None:
    node, data, expected = CASES[name]
    assert evaluated(engine, {"out": node}, data) == {"out": expected}


def test_the_cases_cover_the_language() -> None:
    covered = {type(node).__name__ for case, _data, _expected in CASES.values() for node in walk(case)}
    assert covered == set(KINDS)


def test_all_cases_of_one_table_in_one_query(engine: SQLBackend) -> None:
    """Several nodes of a kind share a level, a key and a join."""
    for data in (XY, TEAM, TEN):
        chosen = {name: node for name, (node, of, _expected) in CASES.items() if of is data}
        assert evaluated(engine, chosen, data) == {name: CASES[name][2] for name in chosen}


def test_group_nodes_stand_anywhere(engine: SQLBackend) -> None:
    """The distance of a place from the mean place of the team, and how many stand there."""
    place = Rank(scale=0, x=x, counted=ALWAYS, group="team", best="high")
    mean = GroupMean(scale=1, x=place, weight=const("1"), group="team")
    gap = Sum(scale=1, terms=(MulDiv(scale=1, a=place, b=const("1")), Negate(scale=1, x=mean)))
    same = GroupCount(scale=0, flag=Within(x=gap, bounds=parse_bounds("[0.3,]")), group="team")
    assert evaluated(engine, {"gap": gap, "same": same}, TEAM) == {
        "gap": [-7, 3, 3, None, 0, 0],
        "same": [2, 2, 2, 2, 0, 0],
    }


def test_the_largest_numbers_stay_exact(engine: SQLBackend) -> None:
    """Just below 2^53 a quotient through DOUBLE must still round as the integers do."""
    big = Input(name="x", scale=0, low=0, high=2**51 - 1)
    third = MulDiv(scale=0, a=big, b=const("1"), c=const("3"))
    numbers: Data = {"x": [2**51 - 1, 2**51 - 2, 2**51 - 3, 2**51 - 4]}
    expected = [(2 * n + 3) // 6 for n in (2**51 - 1, 2**51 - 2, 2**51 - 3, 2**51 - 4)]
    assert evaluated(engine, {"out": third}, numbers) == {"out": expected}


def test_narrow_integer_columns_are_widened(engine: SQLBackend) -> None:
    """Literals and columns typed too narrow by an engine would overflow: 1000 × 1000 × 10^4 is beyond 32 bits."""
    square = MulDiv(scale=4, a=x, b=x)
    constant = MulDiv(scale=0, a=const("100000"), b=const("100000"))
    assert evaluated(engine, {"a": square, "b": constant}, {"x": [1000]}) == {"a": [10**10], "b": [10**10]}
