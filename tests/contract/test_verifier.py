"""The stand-alone verifier against figures worked out by hand, for every kind of node, and against the exact reader.

What is sealed is compared with what this reader gives, so it must be right by itself: each golden below was computed
with paper and pencil from the docstring of its kind, many of them figures of the source documents.
"""

from __future__ import annotations

import ast
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from meritdesk.archive import verifier
from meritdesk.rules import exact
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
from meritdesk.rules.program import KINDS, Program, walk
from tests.contract.random_programs import Case, random_case

Cells = Sequence[int | None]


class Golden(NamedTuple):
    """A node over columns of inputs, and the cells it must give; a group column where there is one is `team`."""

    node: Node
    columns: Mapping[str, Sequence[int | str | None]]
    expected: Cells


def n(name: str, scale: int = 0) -> Input:
    return Input(name=name, scale=scale, low=-(10**5), high=10**5)


def pool(name: str) -> Input:
    return Input(name=name, scale=2, low=0, high=10**7)


def grade(name: str = "g") -> Input:
    return Input(name=name, scale=0, low=0, high=3)


def is_one(name: str) -> Flag:
    return Within(x=n(name), bounds=parse_bounds("[1, 1]"))


def bands(*pairs: tuple[str, str]) -> tuple[Band, ...]:
    return tuple(Band(parse_bounds(bounds), Decimal(value)) for bounds, value in pairs)


def number(text: str, scale: int = 0) -> Const:
    return Const(value=Decimal(text), scale=scale)


# R2d: the whole volume at the rate of its tier.
CALLS = bands(
    *(("[0, 2000]", "0.4"), ("(2000, 2300]", "0.5"), ("(2300, 2500]", "0.55")),
    *(("(2500, 2800]", "0.6"), ("(2800, 3000]", "0.65"), ("(3000, )", "0.7")),
)
# R2a: bounds open below and closed above.
GRADES = bands(("(95, 100]", "1.1"), ("(90, 95]", "1.0"), ("(85, 90]", "0.9"), ("(80, 85]", "0.8"), ("[0, 80]", "0.6"))

ROW_KINDS: dict[str, Golden] = {
    "Input": Golden(n("x", 2), {"x": [0, -5, None, 10**5]}, [0, -5, None, 10**5]),
    "Const": Golden(number("0.85", 4), {"x": [1, 2]}, [8500, 8500]),
    "Missing": Golden(Missing(scale=2), {"x": [1, 2]}, [None, None]),
    "Sum": Golden(Sum(scale=0, terms=(n("a"), n("b"))), {"a": [1, None, -3], "b": [2, 5, 3]}, [3, None, 0]),
    "Sum, missing left out": Golden(
        Sum(scale=0, terms=(n("a"), n("b")), skip_missing=True),
        {"a": [1, None, None], "b": [2, 5, None]},
        [3, 5, None],
    ),
    "Negate": Golden(Negate(scale=0, x=n("a")), {"a": [4, -4, 0, None]}, [-4, 4, 0, None]),
    # 350.00 × 1.1000 = 385.00; 0.05 × 0.5 = 0.025, a half: away from zero; −0.05 × 0.5 likewise.
    "MulDiv": Golden(
        MulDiv(scale=2, a=n("a", 2), b=n("b", 4)),
        {"a": [35000, 5, -5, None], "b": [11000, 5000, 5000, 1]},
        [38500, 3, -3, None],
    ),
    # 1 × 2 ÷ 3 = 0.6667; 1 × 1 ÷ 8 = 0.125 → 0.1250; nothing is divided by 0, by a negative, or by what is missing.
    "MulDiv, divided": Golden(
        MulDiv(scale=4, a=n("a"), b=n("b"), c=n("c")),
        {"a": [1, 1, 1, 1, 1, -2], "b": [2, 1, 1, 1, 1, 1], "c": [3, 8, 0, -1, None, 3]},
        [6667, 1250, None, None, None, -6667],
    ),
    # (40 × 80 + 60 × 91) ÷ 100 = 86.6; the first alone is 80; nothing at all is missing.
    "WeightedMean": Golden(
        WeightedMean(scale=1, parts=(Part(40, n("a")), Part(60, n("b"))), missing="redistribute"),
        {"a": [80, 80, None], "b": [91, None, None]},
        [866, 800, None],
    ),
    # Weight 0 does not hold the result up. (1 × 1 + 1 × 2) ÷ 2 = 1.5 → 2, and −1.5 → −2.
    "WeightedMean, held": Golden(
        WeightedMean(scale=0, parts=(Part(1, n("a")), Part(1, n("b")), Part(0, n("c"))), missing="hold"),
        {"a": [1, -1, None, 7], "b": [2, -2, 5, 7], "c": [None, 9, 5, 1]},
        [2, -2, None, 7],
    ),
    "WeightedMean, no weight": Golden(
        WeightedMean(scale=0, parts=(Part(0, n("a")),), missing="redistribute"), {"a": [5]}, [None]
    ),
    "Least": Golden(Least(scale=0, args=(n("a"), n("b"))), {"a": [1, 9, None], "b": [2, 3, 3]}, [1, 3, None]),
    "Least, missing left out": Golden(
        Least(scale=0, args=(n("a"), n("b")), skip_missing=True),
        {"a": [1, None, None], "b": [2, 3, None]},
        [1, 3, None],
    ),
    "Greatest": Golden(Greatest(scale=0, args=(n("a"), n("b"))), {"a": [1, 9, None], "b": [2, 3, 3]}, [2, 9, None]),
    "Bands": Golden(
        Bands(scale=1, x=n("a", 2), bands=GRADES),
        {"a": [10000, 9501, 9500, 9001, 9000, 8000, 0, 10001, -1, None]},
        [11, 11, 10, 10, 9, 6, 6, None, None, None],
    ),
    # The first band that holds it (R4.10 as printed: 60 in two levels), and 0.5 that no integer of scale 0 can be.
    "Bands, first wins": Golden(
        Bands(scale=0, x=n("a"), bands=bands(("[0, 0.5]", "9"), ("[1, 60]", "3"), ("[60, )", "1"))),
        {"a": [0, 1, 60, 61]},
        [9, 3, 3, 1],
    ),
    # (0, 0) – (3, 1) – (5, 0): one third; one half rounds away from zero at scale 0 of the next one.
    "Curve": Golden(
        Curve(scale=4, x=n("a"), points=((Decimal(0), Decimal(0)), (Decimal(3), Decimal(1)), (Decimal(5), Decimal(0)))),
        {"a": [-1, 0, 1, 2, 3, 4, 5, 6, None]},
        [0, 0, 3333, 6667, 10000, 5000, 0, 0, None],
    ),
    "Curve, halves": Golden(
        Curve(
            scale=0, x=n("a"), points=((Decimal(-2), Decimal(-1)), (Decimal(0), Decimal(0)), (Decimal(2), Decimal(1)))
        ),
        {"a": [-1, 1]},
        [-1, 1],
    ),
    "Tiers": Golden(
        Tiers(scale=2, x=n("a"), tiers=CALLS, mode="whole"),
        {"a": [2000, 2001, 2300, 2301, 2500, 2501, 2800, 2801, 3000, 3001, -1, None]},
        [80000, 100050, 115000, 126555, 137500, 150060, 168000, 182065, 195000, 210070, None, None],
    ),
    # 2001: 2000 × 0.4 + 1 × 0.5; 3001: 800 + 300 × 0.5 + 200 × 0.55 + 300 × 0.6 + 200 × 0.65 + 1 × 0.7 = 1370.70.
    "Tiers, marginal": Golden(
        Tiers(scale=2, x=n("a"), tiers=CALLS, mode="marginal"),
        {"a": [2000, 2001, 3001, 0, -7, None]},
        [80000, 80050, 137070, 0, 0, None],
    ),
    "If": Golden(
        If(scale=0, flag=is_one("f"), then=n("a"), otherwise=n("b")),
        {"f": [1, 0, 1, None], "a": [5, 5, None, 5], "b": [7, 7, 7, 7]},
        [5, 7, None, 7],
    ),
    "Coalesce": Golden(
        Coalesce(scale=0, args=(n("a"), n("b"))), {"a": [1, None, None], "b": [2, 3, None]}, [1, 3, None]
    ),
    "Present": Golden(Present(x=n("a")), {"a": [0, None]}, [1, 0]),
    "Within": Golden(
        Within(x=n("a", 1), bounds=parse_bounds("(30, 60]")), {"a": [300, 301, 600, 601, None]}, [0, 1, 1, 0, 0]
    ),
    "AllOf": Golden(AllOf(flags=(is_one("a"), is_one("b"))), {"a": [1, 1, 0], "b": [1, 0, 0]}, [1, 0, 0]),
    "AllOf, none": Golden(AllOf(flags=()), {"a": [1]}, [1]),
    "AnyOf": Golden(AnyOf(flags=(is_one("a"), is_one("b"))), {"a": [1, 1, 0], "b": [1, 0, 0]}, [1, 1, 0]),
    "AnyOf, none": Golden(AnyOf(flags=()), {"a": [1]}, [0]),
    "Not": Golden(Not(flag=is_one("a")), {"a": [1, 0, None]}, [0, 1, 1]),
}


def shares(mode: str, *, of: tuple[int, ...] = (1000, 3000, 5000, 1000), smallest: int = 1) -> ForcedShares:
    return ForcedShares(
        scale=0,
        grade=grade(),
        total=n("t", 2),
        vetoed=is_one("v"),
        counted=is_one("c"),
        order=(n("o"),),
        group="team",
        shares=of,
        mode="force" if mode == "force" else "cap",
        smallest=smallest,
    )


def people(count: int, **columns: Sequence[int | str | None]) -> dict[str, Sequence[int | str | None]]:
    """Columns of `count` people of one team, 1st best, all counted, none vetoed, unless said otherwise."""
    usual: dict[str, Sequence[int | str | None]] = {
        "g": [0] * count,
        "t": [100 - place for place in range(count)],
        "v": [0] * count,
        "c": [1] * count,
        "o": [0] * count,
        "team": ["A"] * count,
    }
    return {**usual, **columns}


GROUP_KINDS: dict[str, Golden] = {
    "GroupCount": Golden(
        GroupCount(scale=0, flag=is_one("a"), group="team"),
        {"a": [1, 0, 1, 1], "team": ["A", "A", "A", "B"]},
        [2, 2, 2, 1],
    ),
    "GroupSum": Golden(
        GroupSum(scale=0, x=n("a"), group="team"),
        {"a": [1, None, -4, None], "team": ["A", "A", "A", "B"]},
        [-3, -3, -3, None],
    ),
    # 10 days at 80.00 and 20 at 90.00: 2600 ÷ 30 = 86.67. C: −1 and −2 of equal weight are −1.5 → −2 at scale 0.
    "GroupMean": Golden(
        GroupMean(scale=2, x=n("a", 2), weight=n("w"), group="team"),
        {
            "a": [8000, 9000, 100, None, 100, 7],
            "w": [10, 20, 0, 5, None, -1],
            "team": ["A", "A", "A", "A", "A", "B"],
        },
        [8667, 8667, 8667, 8667, 8667, None],
    ),
    "GroupMean, halves": Golden(
        GroupMean(scale=0, x=n("a"), weight=n("w"), group="team"),
        {"a": [-1, -2, 1, 2], "w": [3, 3, 1, 1], "team": ["A", "A", "B", "B"]},
        [-2, -2, 2, 2],
    ),
    "Rank": Golden(
        Rank(scale=0, x=n("a"), counted=is_one("c"), group="team", best="high"),
        {"a": [90, 95, 95, None, 99, 1], "c": [1, 1, 1, 1, 0, 1], "team": ["A", "A", "A", "A", "A", "B"]},
        [3, 1, 1, None, None, 1],
    ),
    "Rank, low best": Golden(
        Rank(scale=0, x=n("a"), counted=is_one("c"), group="team", best="low"),
        {"a": [30, 20, 20, 40], "c": [1, 1, 1, 1], "team": ["A", "A", "A", "A"]},
        [3, 1, 1, 4],
    ),
    # R2c: 10 / 30 / 50 / 10 % of ten people are 1, 3, 5 and 1.
    "ForcedShares": Golden(shares("force"), people(10), [0, 1, 1, 1, 2, 2, 2, 2, 2, 3]),
    "ForcedShares, tie at the cut": Golden(
        shares("force"), people(10, t=[9, 9, 8, 7, 6, 5, 4, 3, 2, 1]), [0, 0, 1, 1, 2, 2, 2, 2, 2, 3]
    ),
    "ForcedShares, tie broken, missing worst": Golden(
        shares("force"),
        people(10, t=[9, 9, 8, 7, 6, 5, 4, 3, 2, None], o=[1, 2, 0, 0, 0, 0, 0, 0, 0, 9]),
        [1, 0, 1, 1, 2, 2, 2, 2, 2, 3],
    ),
    # The vetoed person keeps the last grade and takes its only place; nine others stand at 1, 3 and 5.
    "ForcedShares, veto": Golden(
        shares("force"),
        people(10, g=[3] + [0] * 9, v=[1] + [0] * 9),
        [3, 0, 1, 1, 1, 2, 2, 2, 2, 2],
    ),
    # Two vetoed into 不合格, quota 1: cuts at 1, 4, 9 of eight people; nobody else is failed.
    "ForcedShares, more vetoes than places": Golden(
        shares("force"),
        people(10, g=[3, 3] + [0] * 8, v=[1, 1] + [0] * 8),
        [3, 3, 0, 1, 1, 1, 2, 2, 2, 2],
    ),
    # A veto into 优秀 is odd but defined: it takes the one place, so that the cut of the first grade is 0.
    "ForcedShares, veto on top": Golden(shares("force"), people(10, v=[0] * 9 + [1]), [1, 1, 1, 2, 2, 2, 2, 2, 3, 0]),
    # 5 people: 0.5, 1.5, 2.5, 0.5: remainders all equal, the two left over go to the worse grades: 0, 1, 3, 1.
    "ForcedShares, equal remainders": Golden(shares("force"), people(5), [1, 2, 2, 2, 3]),
    "ForcedShares, small group": Golden(
        shares("force", smallest=6), people(5, g=[0, 1, 2, 3, None]), [0, 1, 2, 3, None]
    ),
    # Four are counted: 0.4, 1.2, 2.0, 0.4 → 0, 1, 2, 0 and one left over: to the last grade, 0.4 equal to the first's.
    "ForcedShares, not counted": Golden(
        shares("force"),
        people(6, g=[2, 0, 0, 0, None, 0], c=[0, 1, 1, 1, 1, 1]),
        [2, 1, 2, 2, None, 3],
    ),
    "ForcedShares, two groups": Golden(
        shares("force", of=(5000, 5000, 0, 0)),
        people(4, team=["A", "B", "A", "B"]),
        [0, 0, 1, 1],
    ),
    # Thresholds put three into 优秀, one may stay: two move down; nobody is pushed into the last grade.
    "ForcedShares, cap": Golden(
        shares("cap"),
        people(10, g=[0, 0, 0, 1, 1, 2, 2, 2, 2, 2]),
        [0, 1, 1, 1, 2, 2, 2, 2, 2, 2],
    ),
    # Grade before total: the last by threshold stays last although the total is the highest.
    "ForcedShares, cap by grade first": Golden(
        shares("cap"),
        people(10, g=[3, 0, 0, 1, 1, 2, 2, 2, 2, 2]),
        [3, 0, 1, 1, 1, 2, 2, 2, 2, 2],
    ),
    # Nobody reached 优秀: its place stays empty and 良好 may hold 3 (A = 0, 3, 10).
    "ForcedShares, cap met": Golden(
        shares("cap"),
        people(10, g=[1, 1, 1, 1, 2, 2, 2, 2, 2, 2]),
        [1, 1, 1, 2, 2, 2, 2, 2, 2, 2],
    ),
    # 10 units over 3, 3 and 1 of 7: 4 r 2, 4 r 2, 1 r 3; the one left over goes to the largest remainder.
    "PoolShares": Golden(
        PoolShares(scale=2, points=n("a"), pool=pool("p"), order=(), group="team", identity="who"),
        {"a": [3, 3, 1, None], "p": [10, 9, None, 4], "team": ["A"] * 4, "who": ["x", "y", "z", "u"]},
        [4, 4, 2, None],
    ),
    # 100.00 in three: 33.33 each, the last fen by `order`, missing last; then by identity.
    "PoolShares, declared order": Golden(
        PoolShares(scale=2, points=n("a"), pool=pool("p"), order=(n("o"),), group="team", identity="who"),
        {"a": [1, 1, 1], "p": [10000] * 3, "o": [None, 2, 5], "team": ["A"] * 3, "who": ["x", "y", "z"]},
        [3333, 3333, 3334],
    ),
    "PoolShares, identity": Golden(
        PoolShares(scale=2, points=n("a"), pool=pool("p"), order=(n("o"),), group="team", identity="who"),
        {"a": [1, 1, 1], "p": [10001] * 3, "o": [0, 0, 0], "team": ["A"] * 3, "who": ["z", "x", "y"]},
        [3333, 3334, 3334],
    ),
    # B: nobody has points; C: no pool; D: below 0 counts as 0.
    "PoolShares, nothing to share": Golden(
        PoolShares(scale=2, points=n("a"), pool=pool("p"), order=(), group="team", identity="who"),
        {
            "a": [0, -1, 5, -3, 1],
            "p": [10, 10, None, 10, 10],
            "team": ["B", "B", "C", "D", "D"],
            "who": ["v", "w", "x", "y", "z"],
        },
        [None, None, None, 0, 10],
    ),
}
GOLDENS = {**ROW_KINDS, **GROUP_KINDS}

PROGRAMS = 400
"""Random programs that are compared with the exact reader."""


def evaluate(golden: Golden) -> list[int | None]:
    """Evaluate through the JSON form, in both stages: they must not differ."""
    program = Program(segments={"first": golden.node}, appraisals={"second": golden.node})
    count = len(golden.expected)
    rows: list[dict[str, Any]] = [
        {"appraisal": f"P{number}", "last": 1, **{name: column[number] for name, column in golden.columns.items()}}
        for number in range(count)
    ]
    outcome = verifier.evaluate_document(json.loads(program.to_json()), rows, rows)
    first = [row["first"] for row in outcome["segments"]]
    assert first == [row["second"] for row in outcome["appraisals"]]
    return first


@pytest.mark.parametrize("name", GOLDENS)
def test_a_kind_gives_what_was_worked_out_by_hand(name: str) -> None:
    assert evaluate(GOLDENS[name]) == GOLDENS[name].expected


def test_every_kind_has_a_golden() -> None:
    assert {name.partition(",")[0] for name in GOLDENS} == set(KINDS)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_fault_planted_in_a_kind_is_caught(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fields, right = verifier.KINDS[kind]

    def wrong(*arguments: Any) -> Any:
        value = right(*arguments)
        if isinstance(value, dict):
            return {row: (cell or 0) + 1 for row, cell in value.items()}
        return (value or 0) + 1

    monkeypatch.setitem(verifier.KINDS, kind, (fields, wrong))
    goldens = [golden for name, golden in GOLDENS.items() if name.partition(",")[0] == kind]
    assert all(evaluate(golden) != golden.expected for golden in goldens)


def test_the_second_stage_reads_the_last_segment_of_its_appraisal() -> None:
    points = Input(name="points", scale=2, low=0, high=10**5)
    program = Program(
        segments={"total": MulDiv(scale=2, a=points, b=number("2"))},
        appraisals={"pay": Negate(scale=2, x=Input(name="total", scale=2))},
    )
    segments = [
        {"appraisal": "P1", "last": 1, "points": 300},
        {"appraisal": "P2", "last": 0, "points": 100},
        {"appraisal": "P2", "last": 1, "points": None},
    ]
    outcome = verifier.evaluate_document(
        json.loads(program.to_json()), segments, [{"appraisal": "P2"}, {"appraisal": "P1"}]
    )
    assert outcome["segments"] == [{"total": 600}, {"total": 200}, {"total": None}]
    assert outcome["appraisals"] == [{"pay": None}, {"pay": -600}]


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ({"appraisal": "P", "last": 1}, KeyError),
        ({"appraisal": "P", "last": 1, "a": True}, ValueError),
        ({"appraisal": "P", "last": 1, "a": 1.0}, ValueError),
        ({"appraisal": "P", "last": 1, "a": 10**6}, ValueError),
    ],
)
def test_an_input_that_breaks_its_contract_is_refused(row: dict[str, Any], error: type[Exception]) -> None:
    program = Program(segments={"x": n("a")}, appraisals={})
    with pytest.raises(error):
        verifier.evaluate_document(json.loads(program.to_json()), [row], [])


def test_an_appraisal_with_two_last_segments_or_two_rows_is_refused() -> None:
    document = json.loads(Program(segments={"x": n("a")}, appraisals={}).to_json())
    row: dict[str, Any] = {"appraisal": "P", "last": 1, "a": 1}
    for segments, appraisals in ([row, row], [row]), ([row], [row, row]):
        with pytest.raises(ValueError, match="several rows"):
            verifier.evaluate_document(document, segments, appraisals)


def differing(case: Case) -> list[str]:
    """Return what the verifier and the exact reader see differently in a random program."""
    fresh = verifier.evaluate_document(json.loads(case.program.to_json()), case.segments, case.appraisals)
    right = exact.run(case.program, case.segments, case.appraisals)
    return [
        f"{stage}.{name}"
        for stage, columns in (("segments", right.segments), ("appraisals", right.appraisals))
        for name, column in columns.items()
        if list(column) != [row[name] for row in fresh[stage]]
    ]


def test_the_verifier_equals_the_exact_reader_on_random_programs() -> None:
    met: Counter[str] = Counter()
    for seed in range(PROGRAMS):
        case = random_case(seed)
        assert differing(case) == [], f"seed {seed}"
        roots = [*case.program.segments.values(), *case.program.appraisals.values()]
        met.update(type(node).__name__ for node in walk(*roots))
    sys.stdout.write(f"{PROGRAMS} programs: {dict(sorted(met.items()))}\n")
    assert {kind for kind in KINDS if met[kind] < 50} == set()


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"Missing"}))
def test_random_programs_catch_a_fault_in_each_kind(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fields, right = verifier.KINDS[kind]

    def wrong(*arguments: Any) -> Any:
        value = right(*arguments)
        if isinstance(value, dict):
            return {row: None if cell is None else cell - 1 for row, cell in value.items()}
        return None if value is None else 1 - value

    monkeypatch.setitem(verifier.KINDS, kind, (fields, wrong))
    assert any(differing(random_case(seed)) for seed in range(60))


def test_the_verifier_stands_alone() -> None:
    source = Path(verifier.__file__).read_text(encoding="utf-8")
    names = {
        alias.name if isinstance(node, ast.Import) else str(node.module)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names | {"__future__"}
    assert len(source.splitlines()) <= 300
    assert max(map(len, source.splitlines())) <= 120
    assert "float" not in {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}
