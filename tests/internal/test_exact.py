"""Reader 1 around the node kinds: what it refuses, how the two stages meet, and the trace of a value."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from meritdesk.errors import MeritdeskError
from meritdesk.rules import exact, groups, nodes
from meritdesk.rules.exact.values import column
from meritdesk.rules.nodes import Band, Const, Input, Node, Part
from meritdesk.rules.numbers import parse_bounds, rounded, to_decimal
from meritdesk.rules.program import KINDS, Program
from tests.internal.trees import program

CALLS = Input(name="calls", scale=0, low=0, high=10_000)
SCORE = Input(name="score", scale=2, low=0, high=10_000)
DAYS = Input(name="days", scale=0, low=0, high=31)


def test_every_kind_is_known() -> None:
    assert set(KINDS.values()) <= set(column.registry)


# ------------------------------------------------------------------ rows


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({}, "input-absent"),
        ({"calls": -1}, "input-outside-span"),
        ({"calls": 10_001}, "input-outside-span"),
        ({"calls": True}, "input-not-integer"),
        ({"calls": 1.0}, "input-not-integer"),
        ({"calls": "1"}, "input-not-integer"),
        ({"calls": Decimal(1)}, "input-not-integer"),
    ],
)
def test_a_row_that_breaks_the_contract_is_refused_by_row_and_input(row: Any, code: str) -> None:
    with pytest.raises(MeritdeskError) as caught:
        exact.evaluate({"calls": CALLS}, [{"calls": 1}, row, row])
    (problem,) = caught.value.problems
    assert (problem.code, problem.place) == (code, "rows[1].calls")
    assert "2" in problem.message


@pytest.mark.parametrize(
    ("team", "code"), [({}, "key-absent"), ({"team": 7}, "key-not-text"), ({"team": None}, "key-not-text")]
)
def test_a_group_key_is_text(team: Any, code: str) -> None:
    node = groups.GroupSum(scale=0, x=CALLS, group="team")
    with pytest.raises(MeritdeskError) as caught:
        exact.evaluate({"n": node}, [{"calls": 1, **team}])
    assert [problem.code for problem in caught.value.problems] == [code]


def test_all_faults_are_reported_at_once() -> None:
    outputs: dict[str, Node] = {"calls": CALLS, "score": SCORE}
    with pytest.raises(MeritdeskError) as caught:
        exact.evaluate(outputs, [{"calls": -1, "score": None}, {"calls": None, "score": 10_001}])
    assert [problem.place for problem in caught.value.problems] == ["rows[0].calls", "rows[1].score"]


def test_a_group_mean_of_too_many_rows_is_refused() -> None:
    node = groups.GroupMean(scale=2, x=SCORE, weight=DAYS, group="team", most=2)
    with pytest.raises(MeritdeskError, match="group-too-large"):
        exact.evaluate({"mean": node}, [{"score": 1, "days": 1, "team": "a"}] * 3)


def test_no_rows_give_no_values() -> None:
    assert exact.evaluate({"calls": CALLS, "n": groups.GroupSum(scale=0, x=CALLS, group="team")}, []) == {
        "calls": [],
        "n": [],
    }


# ------------------------------------------------------------------ two stages

POINTS = nodes.Bands(
    scale=2,
    x=CALLS,
    bands=(Band(parse_bounds("[0, 100]"), Decimal(60)), Band(parse_bounds("(100, )"), Decimal(90))),
)
SEGMENT_SCORE = nodes.WeightedMean(scale=2, parts=(Part(40, POINTS), Part(60, SCORE)), missing="redistribute")
TOTAL = groups.GroupMean(scale=2, x=SEGMENT_SCORE, weight=DAYS, group="appraisal")
CARRIED = Input(name="total", scale=2, low=0, high=10_000)
BONUS = Input(name="bonus", scale=2, low=0, high=1_000)
PROGRAM = Program(
    segments={"score": SEGMENT_SCORE, "total": TOTAL},
    appraisals={
        "final": nodes.Sum(scale=2, terms=(CARRIED, BONUS), skip_missing=True),
        "rank": groups.Rank(scale=0, x=CARRIED, counted=nodes.Present(x=CARRIED), group="team", best="high"),
    },
)
SEGMENTS: list[exact.Row] = [
    {"appraisal": "wang", "last": 0, "calls": 50, "score": 8000, "days": 10},  # 0.4 × 60 + 0.6 × 80 = 72
    {"appraisal": "li", "last": 1, "calls": 101, "score": None, "days": 31},  # 90
    {"appraisal": "wang", "last": 1, "calls": 200, "score": 9000, "days": 20},  # 90
]
APPRAISALS: list[exact.Row] = [
    {"appraisal": "li", "team": "a", "bonus": None},
    {"appraisal": "wang", "team": "a", "bonus": 150},
]


def test_stage_2_reads_the_last_segment() -> None:
    outcome = exact.run(PROGRAM, SEGMENTS, APPRAISALS)
    assert outcome.segments == {"score": [7200, 9000, 9000], "total": [8400, 9000, 8400]}
    assert outcome.appraisals == {"final": [9000, 8550], "rank": [1, 2]}
    assert outcome.last == [1, 2]


def test_a_run_that_keeps_nothing_gives_the_same_and_no_trace() -> None:
    outcome = exact.run(PROGRAM, SEGMENTS, APPRAISALS, keep=False)
    assert outcome.appraisals == exact.run(PROGRAM, SEGMENTS, APPRAISALS).appraisals
    with pytest.raises(ValueError, match="keep=True"):
        exact.trace(outcome, "appraisals", "final", 0)


@pytest.mark.parametrize(
    ("segments", "appraisals", "place"),
    [
        (SEGMENTS[:2], APPRAISALS, "segments(wang)"),
        ([*SEGMENTS, SEGMENTS[1]], APPRAISALS, "segments(li)"),
        (SEGMENTS, [*APPRAISALS, APPRAISALS[0]], "appraisals(li)"),
        (SEGMENTS, APPRAISALS[:1], "appraisals(wang)"),
        (SEGMENTS[1:2], APPRAISALS, "segments(wang)"),
    ],
    ids=["no last", "two last", "twice", "no appraisal", "no segment"],
)
def test_one_appraisal_row_and_one_last_segment_each(
    segments: list[exact.Row], appraisals: list[exact.Row], place: str
) -> None:
    with pytest.raises(MeritdeskError) as caught:
        exact.run(PROGRAM, segments, appraisals)
    assert [(problem.code, problem.place) for problem in caught.value.problems] == [("not-one-row", place)]


def test_what_stage_1_hands_over_keeps_its_scale_and_span() -> None:
    coarse = Program(segments={"total": TOTAL}, appraisals={"final": Input(name="total", scale=0)})
    with pytest.raises(ValueError, match="different scales"):
        exact.run(coarse, SEGMENTS, APPRAISALS)
    narrow = Program(segments={"total": TOTAL}, appraisals={"final": Input(name="total", scale=2, low=0, high=8_500)})
    with pytest.raises(MeritdeskError, match=r"appraisals\[0\]\(li\)\.total"):
        exact.run(narrow, SEGMENTS, APPRAISALS)


# ------------------------------------------------------------------ traces


def every(trace: exact.Trace) -> Iterator[exact.Trace]:
    yield trace
    for child in trace.children:
        yield from every(child)


def test_a_trace_goes_on_into_stage_1() -> None:
    trace = exact.trace(exact.run(PROGRAM, SEGMENTS, APPRAISALS), "appraisals", "final", 1)
    assert (trace.value, trace.stage, trace.row) == (Decimal("85.50"), "appraisals", 1)
    carried, bonus = trace.children
    assert bonus.detail == {"name": "bonus", "integer": 150}
    (total,) = carried.children
    assert (total.node, total.stage, total.row, total.value) == (TOTAL, "segments", 2, Decimal("84.00"))
    assert total.detail["n"] == 2
    assert [part["weight"] for part in as_maps(total.detail["parts"])] == [10, 20]
    assert [(child.node, child.row) for child in total.children] == [
        (SEGMENT_SCORE, 0), (DAYS, 0), (SEGMENT_SCORE, 2), (DAYS, 2),
    ]  # fmt: skip
    assert [t.detail["index"] for t in every(trace) if t.node is POINTS] == [0, 1]


def as_maps(parts: object) -> list[dict[str, Any]]:
    assert isinstance(parts, tuple)
    return [dict(part) for part in parts]


def test_a_weighted_mean_shows_the_weights_after_redistribution() -> None:
    outcome = exact.run(PROGRAM, SEGMENTS, APPRAISALS)
    whole = exact.trace(outcome, "segments", "score", 0).detail
    assert whole["weights"] == 100
    assert as_maps(whole["parts"]) == [
        {"weight": 40, "effective": 40, "contribution": 24},
        {"weight": 60, "effective": 60, "contribution": 48},
    ]
    assert as_maps(exact.trace(outcome, "segments", "score", 1).detail["parts"]) == [
        {"weight": 40, "effective": 100, "contribution": 90},
        {"weight": 60, "effective": 0, "contribution": None},
    ]


def test_a_shared_sub_tree_is_one_trace() -> None:
    twice = nodes.Sum(scale=2, terms=(SEGMENT_SCORE, SEGMENT_SCORE))
    first, second = exact.trace_alone(twice, [{"calls": 1, "score": 2}], 0).children
    assert first is second


def one(node: Node, **row: int | str | None) -> exact.Trace:
    return exact.trace_alone(node, [row], 0)


def test_look_ups_show_what_matched() -> None:
    tiers = (Band(parse_bounds("[0, 10]"), Decimal("0.4")), Band(parse_bounds("(10, )"), Decimal("0.5")))
    assert one(POINTS, calls=101).detail == {"band": POINTS.bands[1], "index": 1}
    assert one(POINTS, calls=None).detail == {"band": None, "index": None}
    whole = nodes.Tiers(scale=2, x=CALLS, tiers=tiers, mode="whole")
    assert one(whole, calls=10).detail == {"tier": tiers[0], "index": 0}
    marginal = nodes.Tiers(scale=2, x=CALLS, tiers=tiers, mode="marginal")
    assert one(marginal, calls=13).detail["tiers"] == (
        {"tier": tiers[0], "amount": 10, "product": 4},
        {"tier": tiers[1], "amount": 3, "product": Decimal("1.5")},
    )
    points = ((Decimal(0), Decimal(0)), (Decimal(10), Decimal(5)), (Decimal(20), Decimal(6)))
    curve = nodes.Curve(scale=2, x=CALLS, points=points)
    assert one(curve, calls=10).detail == {"stretch": points[:2]}
    assert one(curve, calls=11).detail == {"stretch": points[1:]}
    assert one(curve, calls=20).detail == {"end": points[2]}


def test_only_what_was_used_is_traced() -> None:
    zero = Const(scale=2, value=Decimal(0))
    choice = nodes.If(scale=2, flag=nodes.Present(x=SCORE), then=SCORE, otherwise=zero)
    assert [child.node for child in one(choice, score=1).children] == [choice.flag, SCORE]
    assert one(choice, score=None).detail == {"branch": "otherwise"}
    first = nodes.Coalesce(scale=2, args=(SCORE, zero, CARRIED))
    assert [child.node for child in one(first, score=None, total=1).children] == [SCORE, zero]
    assert one(first, score=5, total=1).detail == {"chosen": 0}
    least = nodes.Least(scale=2, args=(SCORE, zero), skip_missing=True)
    assert one(least, score=None).detail == {"chosen": 1}


def test_group_kinds_show_the_group() -> None:
    rows: list[exact.Row] = [
        {"team": "a", "name": f"p{i}", "score": score, "grade": 0, "pool": 1000}
        for i, score in enumerate([9000, 9000, 8000, 7000, None])
    ]
    everyone = nodes.AllOf(flags=())
    nobody = nodes.Not(flag=everyone)
    rank = groups.Rank(scale=0, x=SCORE, counted=everyone, group="team", best="high")
    assert exact.trace_alone(rank, rows, 1).detail == {
        "group": "a", "by": "team", "size": 5, "n": 4, "rank": 1, "tied": 2
    }  # fmt: skip
    count = groups.GroupCount(scale=0, flag=nodes.Present(x=SCORE), group="team")
    assert exact.trace_alone(count, rows, 4).detail["n"] == 4
    forced = groups.ForcedShares(
        scale=0,
        grade=Input(name="grade", scale=0, low=0, high=2),
        total=SCORE,
        vetoed=nobody,
        counted=everyone,
        order=(),
        group="team",
        shares=(2000, 4000, 4000),
        mode="force",
        smallest=5,
    )
    assert exact.trace_alone(forced, rows, 2).detail == {
        "group": "a", "by": "team", "size": 5, "n": 5, "applied": True, "quotas": (1, 2, 2), "vetoed": (0, 0, 0),
        "cuts": (1, 3, 5), "rank": 3, "before": 0, "after": 1,
    }  # fmt: skip
    pool = groups.PoolShares(
        scale=2,
        points=SCORE,
        pool=Input(name="pool", scale=2, low=0, high=1000),
        order=(),
        group="team",
        identity="name",
    )
    detail = exact.trace_alone(pool, rows, 0).detail
    # 10.00 × 90 ÷ 330 = 2.7272…, 2.7272…, 2.4242…, 2.1212…: two fen left over go to the two 0.72
    assert (detail["floor"], detail["extra"], detail["left_over"], detail["points"]) == (272, 1, 2, 330)
    assert exact.trace_alone(pool, rows, 4).detail["floor"] is None


@pytest.mark.parametrize("seed", range(5))
def test_any_tree_can_be_traced_and_adds_up(seed: int) -> None:
    made, segments, appraisals = program(seed, appraisals=40, trees=8)
    outcome = exact.run(made, segments, appraisals)
    met: set[str] = set()
    for name, node in made.appraisals.items():
        for row in (0, 17, 39):
            top = exact.trace(outcome, "appraisals", name, row)
            units = outcome.appraisals[name][row]
            assert top.value == (None if units is None else to_decimal(units, node.scale))
            for trace in {id(trace): trace for trace in every(top)}.values():
                met.add(type(trace.node).__name__)
                if isinstance(trace.node, nodes.WeightedMean) and trace.value is not None:
                    given = [part["contribution"] for part in as_maps(trace.detail["parts"]) if part["contribution"]]
                    assert rounded(sum(given, Decimal(0)), trace.node.scale) == trace.value
    assert len(met) > 15
