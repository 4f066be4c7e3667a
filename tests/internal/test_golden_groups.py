"""Every group kind, worked by hand from its docstring, on every reader."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Literal

import pytest

from meritdesk.rules import groups, nodes
from meritdesk.rules.exact import Row
from meritdesk.rules.exact.shares import quotas
from meritdesk.rules.nodes import Flag, Input, Node
from meritdesk.rules.numbers import parse_bounds
from tests.internal.readers import READERS, Reader

X = Input(name="x", scale=2, low=-(10**6), high=10**6)
TOTAL = Input(name="total", scale=2, low=0, high=10_000)
ORDER = Input(name="order", scale=0, low=-100, high=100)
GRADE = Input(name="grade", scale=0, low=0, high=3)
POOL = Input(name="pool", scale=2, low=0, high=10**9)
POINTS = Input(name="points", scale=2, low=-(10**5), high=10**5)

every_reader = pytest.mark.parametrize("reader", READERS.values(), ids=READERS)


def flag(name: str) -> Flag:
    return nodes.Within(x=Input(name=name, scale=0, low=0, high=1), bounds=parse_bounds("[1, 1]"))


def values(reader: Reader, node: Node, rows: Sequence[Row]) -> list[int | None]:
    return reader({"value": node}, rows)["value"]


# ------------------------------------------------------------------ count, sum, mean, rank

TEAMS: list[Row] = [
    {"team": "a", "x": 100, "on": 1, "days": 20},
    {"team": "b", "x": None, "on": 0, "days": 5},
    {"team": "a", "x": 201, "on": 1, "days": 10},
    {"team": "a", "x": None, "on": 0, "days": 10},
    {"team": "a", "x": 201, "on": 0, "days": 0},
    {"team": "a", "x": 100, "on": 1, "days": None},
    {"team": "b", "x": None, "on": 0, "days": 5},
    {"team": "c", "x": -5, "on": 1, "days": -3},
]
DAYS = Input(name="days", scale=0, low=-3, high=31)


@every_reader
def test_group_count_is_the_same_in_every_row_of_the_group(reader: Reader) -> None:
    assert values(reader, groups.GroupCount(scale=0, flag=flag("on"), group="team"), TEAMS) == [3, 0, 3, 3, 3, 3, 0, 1]


@every_reader
def test_group_sum_leaves_out_the_missing_and_is_missing_without_any(reader: Reader) -> None:
    node = groups.GroupSum(scale=2, x=X, group="team")
    assert values(reader, node, TEAMS) == [602, None, 602, 602, 602, 602, None, -5]


@every_reader
def test_group_mean_counts_rows_with_x_and_a_weight_above_0(reader: Reader) -> None:
    # a: (20 × 1.00 + 10 × 2.01) ÷ 30 = 1.33666…; b and c: no row counts
    node = groups.GroupMean(scale=4, x=X, weight=DAYS, group="team")
    assert values(reader, node, TEAMS) == [13367, None, 13367, 13367, 13367, 13367, None, None]


@every_reader
@pytest.mark.parametrize(("a", "b", "mean"), [(1, 2, 2), (-1, -2, -2), (-1, 2, 1), (1, -2, -1)])
def test_group_mean_rounds_half_away_from_0(reader: Reader, a: int, b: int, mean: int) -> None:
    rows: list[Row] = [{"team": "a", "x": a, "days": 7}, {"team": "a", "x": b, "days": 7}]
    assert values(reader, groups.GroupMean(scale=2, x=X, weight=DAYS, group="team"), rows) == [mean, mean]


@every_reader
def test_equal_values_share_a_rank_and_the_next_is_skipped(reader: Reader) -> None:
    rows: list[Row] = [
        {"team": team, "x": x, "on": on}
        for team, x, on in [
            ("a", 5, 1),
            ("a", 7, 1),
            ("a", 7, 1),
            ("a", 9, 0),
            ("a", None, 1),
            ("a", 3, 1),
            ("b", 0, 1),
        ]
    ]
    high = groups.Rank(scale=0, x=X, counted=flag("on"), group="team", best="high")
    low = groups.Rank(scale=0, x=X, counted=flag("on"), group="team", best="low")
    assert values(reader, high, rows) == [3, 1, 1, None, None, 4, 1]
    assert values(reader, low, rows) == [2, 3, 3, None, None, 1, 1]


# ------------------------------------------------------------------ forced distribution

R2C = (1000, 3000, 5000, 1000)


def forced(mode: Literal["force", "cap"], shares: tuple[int, ...] = R2C, smallest: int = 10) -> groups.ForcedShares:
    return groups.ForcedShares(
        scale=0, grade=GRADE, total=TOTAL, vetoed=flag("vetoed"), counted=flag("counted"), order=(ORDER,), group="team",
        shares=shares, mode=mode, smallest=smallest,
    )  # fmt: skip


def person(
    total: int | None,
    grade: int | None = 0,
    *,
    vetoed: int = 0,
    counted: int = 1,
    order: int | None = 0,
    team: str = "a",
) -> Row:
    return {"total": total, "grade": grade, "vetoed": vetoed, "counted": counted, "order": order, "team": team}


def people(*totals: int | None, grade: int = 0) -> list[Row]:
    return [person(total, grade) for total in totals]


@pytest.mark.parametrize(
    ("n", "shares", "expected"),
    [
        (10, R2C, (1, 3, 5, 1)),
        (11, R2C, (1, 3, 6, 1)),  # 1.1 3.3 5.5 1.1: the one left over to the half
        (15, R2C, (1, 4, 8, 2)),  # 1.5 4.5 7.5 1.5: two left over, to the two lowest
        (5, (2500, 2500, 2500, 2500), (1, 1, 1, 2)),
        (310, R2C, (31, 93, 155, 31)),
        (0, R2C, (0, 0, 0, 0)),
        (1, (10000,), (1,)),
        (3, (5000, 0, 5000), (1, 0, 2)),
    ],
)
def test_quotas_by_largest_remainder_equal_remainders_to_the_lower_grade(
    n: int, shares: tuple[int, ...], expected: tuple[int, ...]
) -> None:
    assert quotas(n, shares) == expected


@every_reader
@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param(people(19, 18, 17, 16, 15, 14, 13, 12, 11, 10), [0, 1, 1, 1, 2, 2, 2, 2, 2, 3], id="no ties"),
        pytest.param(
            people(10, 11, 12, 13, 14, 15, 16, 17, 18, 19), [3, 2, 2, 2, 2, 2, 1, 1, 1, 0], id="other way round"
        ),
        pytest.param(
            people(19, 19, 17, 16, 15, 14, 13, 12, 11, 10),
            [0, 0, 1, 1, 2, 2, 2, 2, 2, 3],
            id="tie takes the next quota",
        ),
        pytest.param(
            people(19, 18, 17, 16, 16, 14, 13, 12, 11, 10), [0, 1, 1, 1, 1, 2, 2, 2, 2, 3], id="tie at the second cut"
        ),
        pytest.param(people(*[10] * 10), [0] * 10, id="all equal"),
        pytest.param(
            people(19, 18, 17, 16, 15, 14, 13, 12, 11, None), [0, 1, 1, 1, 2, 2, 2, 2, 2, 3], id="no total is worst"
        ),
        pytest.param(
            [person(19, order=1), person(19, order=2), *people(17, 16, 15, 14, 13, 12, 11, 10)],
            [1, 0, 1, 1, 2, 2, 2, 2, 2, 3],
            id="tie broken by the order",
        ),
        pytest.param(
            [person(19, order=None), person(19, order=-100), *people(17, 16, 15, 14, 13, 12, 11, 10)],
            [1, 0, 1, 1, 2, 2, 2, 2, 2, 3],
            id="a missing key is worst",
        ),
        pytest.param(
            [*people(19, 18, 17, 16, 15, 14, 13, 12, 11), person(99, 3, vetoed=1)],
            [0, 1, 1, 1, 2, 2, 2, 2, 2, 3],
            id="a veto fills the lowest grade",
        ),
        pytest.param(
            [*people(19, 18, 17, 16, 15, 14, 13, 12), person(99, 3, vetoed=1), person(98, 3, vetoed=1)],
            [0, 1, 1, 1, 2, 2, 2, 2, 3, 3],
            id="more vetoes than quota",
        ),
        pytest.param(
            [*people(19, 18, 17, 16, 15, 14, 13, 12, 11), person(99, 1, vetoed=1)],
            [0, 1, 1, 2, 2, 2, 2, 2, 3, 1],
            id="a veto in the middle takes a place there",
        ),
        pytest.param(
            [*people(19, 18, 17, 16, 15, 14, 13, 12, 11, 10), person(99, 2, counted=0), person(99, None)],
            [0, 1, 1, 1, 2, 2, 2, 2, 2, 3, 2, None],
            id="not counted, or without a grade",
        ),
        pytest.param(people(19, 18, 17, 16, 15, 14, 13, 12, 11), [0] * 9, id="below the smallest group"),
        pytest.param(
            [*people(19, 18, 17, 16, 15, 14, 13, 12, 11, 10), person(5, 2, team="b")],
            [0, 1, 1, 1, 2, 2, 2, 2, 2, 3, 2],
            id="groups apart",
        ),
    ],
)
def test_force_decides_by_total(reader: Reader, rows: list[Row], expected: list[int]) -> None:
    assert values(reader, forced("force"), rows) == expected


@every_reader
@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        # T = 10 10 10 10: A = 1 4 10 10, nobody is forced into the last
        pytest.param(people(19, 18, 17, 16, 15, 14, 13, 12, 11, 10), [0, 1, 1, 1, 2, 2, 2, 2, 2, 2], id="cascade"),
        # T = 2 3 7 10: A = 1 3 7 10: one of two steps down
        pytest.param(
            [*people(90, 91), *people(80, grade=1), *people(71, 72, 73, 74, grade=2), *people(60, 61, 62, grade=3)],
            [1, 0, 1, 2, 2, 2, 2, 3, 3, 3],
            id="the threshold must be met",
        ),
        # the better grade goes first, whatever the totals say
        pytest.param(
            [*people(90, 91), *people(99, grade=1), *people(71, 72, 73, 74, grade=2), *people(60, 61, 62, grade=3)],
            [1, 0, 1, 2, 2, 2, 2, 3, 3, 3],
            id="grade before total",
        ),
        # T = 3 …: A = 1: the tie at rank 1 stays whole; T = 6, A = min(6, 1 + 3) = 4: the tie has used up the quota
        pytest.param(
            [*people(95, 95, 95), *people(85, 84, 83, grade=1), *people(75, 74, 73, 72, grade=2)],
            [0, 0, 0, 1, 2, 2, 2, 2, 2, 2],
            id="tie reduces the next quota",
        ),
        # quota 1 of the best is filled by the veto: nobody else stays there
        pytest.param(
            [person(95, 0, vetoed=1), *people(94, 93, 92, 91), *people(70, 70, 70, 70, 70, grade=2)],
            [0, 1, 1, 1, 2, 2, 2, 2, 2, 2],
            id="a veto fills first",
        ),
        pytest.param(people(19, 18, 17, 16, 15, 14, 13, 12, 11), [0] * 9, id="below the smallest group"),
    ],
)
def test_cap_moves_only_the_surplus_down(reader: Reader, rows: list[Row], expected: list[int]) -> None:
    assert values(reader, forced("cap"), rows) == expected


@every_reader
@pytest.mark.parametrize("mode", ["force", "cap"])
def test_one_grade_and_one_person(reader: Reader, mode: Literal["force", "cap"]) -> None:
    grade = Input(name="grade", scale=0, low=0, high=0)
    alone = groups.ForcedShares(
        scale=0, grade=grade, total=TOTAL, vetoed=flag("vetoed"), counted=flag("counted"), order=(), group="team",
        shares=(10_000,), mode=mode, smallest=1,
    )  # fmt: skip
    assert values(reader, alone, [person(5)]) == [0]
    assert values(reader, forced(mode, smallest=1), [person(5, 1)]) == [{"force": 2, "cap": 2}[mode]]


# ------------------------------------------------------------------ pools


def share(
    points: int | None, pool: int | None, *, order: int | None = 0, identity: str = "", team: str = "a"
) -> dict[str, int | str | None]:
    return {"points": points, "pool": pool, "order": order, "identity": identity, "team": team}


SPLIT = groups.PoolShares(scale=2, points=POINTS, pool=POOL, order=(ORDER,), group="team", identity="identity")


@every_reader
@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([share(1, 10000), share(1, 10000), share(1, 10000)], [3334, 3333, 3333], id="by identity"),
        pytest.param(
            [share(1, 10001, order=1), share(1, 10001, order=None), share(1, 10001, order=2)],
            [3334, 3333, 3334],
            id="by order",
        ),
        # 100 × 1, 2, 4 ÷ 7 = 14.28…, 28.57…, 57.14…
        pytest.param([share(1, 100), share(2, 100), share(4, 100)], [14, 29, 57], id="largest remainder"),
        pytest.param([share(1, 5), share(1, 100), share(1, None)], [34, 33, 33], id="the largest pool of the group"),
        pytest.param(
            [share(1, 101), share(None, 101), share(-7, 101), share(0, 101), share(1, 101)],
            [51, None, 0, 0, 50],
            id="missing and below 0",
        ),
        pytest.param([share(0, 100), share(-1, 100), share(None, 100)], [None, None, None], id="no points"),
        pytest.param([share(1, None), share(2, None)], [None, None], id="no pool"),
        pytest.param([share(3, 0), share(2, 0)], [0, 0], id="an empty pool"),
        pytest.param([share(9, 7), share(5, 10, team="b"), share(9, 7)], [4, 10, 3], id="groups apart"),
    ],
)
def test_a_pool_is_shared_out_to_the_last_fen(
    reader: Reader, rows: list[dict[str, int | str | None]], expected: list[int | None]
) -> None:
    named: list[Row] = [{**row, "identity": f"p{i}"} for i, row in enumerate(rows)]
    assert values(reader, SPLIT, named) == expected


@every_reader
def test_identities_are_ordered_by_code_point(reader: Reader) -> None:
    names = ["b", "a", "B", "中", "é", "Z", "10", "9"]
    rows = [share(1, 8 * 100 + 4, identity=name) for name in names]
    first_four = sorted(names)[:4]
    assert first_four == ["10", "9", "B", "Z"]
    assert values(reader, SPLIT, rows) == [101 if name in first_four else 100 for name in names]


def pools(seed: int, count: int) -> list[Row]:
    """Random pools of 1 to 9 people, points of every size, ties and gaps included."""
    source = random.Random(seed)
    rows: list[Row] = []
    for number in range(count):
        pool = source.choice([source.randrange(100), source.randrange(10**5), source.randrange(10**9)])
        most = source.choice([1, 3, 100, 10**5])
        for member in range(source.randrange(1, 10)):
            points = None if source.random() < 0.1 else source.randint(-1, most)
            rows.append(
                share(points, pool, order=source.choice([None, 0, 1]), identity=f"p{member}", team=f"t{number}")
            )
    return rows


def drift(rows: Sequence[Row], parts: Sequence[int | None]) -> int:
    """Return Σ |pool − Σ parts| over the pools that have points."""
    left: dict[str, int] = {}
    shared: set[str] = set()
    for row, part in zip(rows, parts, strict=True):
        left.setdefault(str(row["team"]), int(row["pool"] or 0))
        if part is not None:
            left[str(row["team"])] -= part
            shared.add(str(row["team"]))
    return sum(abs(units) for team, units in left.items() if team in shared)


@every_reader
@pytest.mark.parametrize("count", [3_000, pytest.param(100_000, marks=pytest.mark.long)])
def test_pools_are_shared_out_without_drift(reader: Reader, count: int) -> None:  # E3
    rows = pools(1, count)
    parts = values(reader, SPLIT, rows)
    assert drift(rows, parts) == 0
    assert sum(part is not None for part in parts) > 3 * count


def test_the_drift_check_finds_a_lost_fen() -> None:
    rows = pools(1, 100)
    parts = READERS["exact"]({"value": SPLIT}, rows)["value"]
    lost = next(i for i, part in enumerate(parts) if part)
    parts[lost] = (parts[lost] or 0) - 1
    assert drift(rows, parts) == 1
