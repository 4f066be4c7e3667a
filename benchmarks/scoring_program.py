"""The scheme that `scoring` measures, as a program, and its people: 14 indicators, forced shares in teams, pay.

The people are drawn from a fixed seed, so that every run and every reader sees the same rows.
"""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pyarrow as pa

from meritdesk.rules.groups import ForcedShares
from meritdesk.rules.nodes import (
    Band,
    Bands,
    Const,
    Curve,
    Flag,
    Input,
    MulDiv,
    Node,
    Part,
    Present,
    Sum,
    Tiers,
    WeightedMean,
    Within,
)
from meritdesk.rules.numbers import MONEY, POINTS, TOTAL, parse_bounds
from meritdesk.rules.program import Program

PEOPLE, TEAMS = 1_000_000, 33_271

RATE_BANDS = (("[9000,)", 100), ("[8500,9000)", 85), ("[8000,8500)", 70), ("[7000,8000)", 55), ("(,7000)", 30))
SECOND_BANDS = (("(,30]", 100), ("(30,60]", 60), ("(60,90]", 40), ("(90,)", 20))
COUNT_BANDS = (("(,3]", 100), ("[4,4]", 93), ("[5,5]", 91), ("[6,10]", 80), ("(10,)", 0))
RATE_CURVE = ((5000, 0), (8000, 60), (9500, 95), (10000, 100))
HANDLE_CURVE = ((120, 0), (240, 100), (420, 100), (900, 0))
SHARE_CURVE = ((0, 100), (100, 60), (500, 0))
BANDS = {"fcr": RATE_BANDS, "csat": RATE_BANDS, "answered": RATE_BANDS, "response": SECOND_BANDS, "errors": COUNT_BANDS}
CURVES = {
    "quality": RATE_CURVE,
    "handle": HANDLE_CURVE,
    "after_call": HANDLE_CURVE,
    "adherence": RATE_CURVE,
    "transfer": SHARE_CURVE,
    "reopen": SHARE_CURVE,
    "exam": RATE_CURVE,
    "plan": RATE_CURVE,
    "teamwork": RATE_CURVE,
}
DIMENSIONS = {
    40: {"csat": 4000, "quality": 2000, "fcr": 3000, "errors": 1000},
    30: {"response": 3000, "handle": 3000, "after_call": 1000, "answered": 3000},
    20: {"transfer": 2000, "reopen": 4000, "exam": 4000},
    10: {"adherence": 5000, "plan": 2500, "teamwork": 2500},
}
INDICATORS = [*BANDS, *CURVES]
GRADES = ("[88,)", "[78,88)", "[65,78)", "[50,65)", "(,50)")
SHARES = (1000, 2500, 4500, 1500, 500)
COEFFICIENTS = ("1.5", "1.2", "1", "0.8", "0")
TIERS = (
    ("[,2000]", "0.4"),
    ("(2000,2300]", "0.5"),
    ("(2300,2500]", "0.55"),
    ("(2500,2800]", "0.6"),
    ("(2800,3000]", "0.65"),
    ("(3000,)", "0.7"),
)
PERFORMANCE_SHARE = "0.3"


def build() -> Program:
    """Return the program: points and total per segment; grade, forced grade, coefficient and three pay lines."""
    points = {name: _points(name) for name in INDICATORS}
    dimensions = tuple(
        Part(
            weight,
            WeightedMean(
                scale=POINTS, parts=tuple(Part(w, points[name]) for name, w in parts.items()), missing="redistribute"
            ),
        )
        for weight, parts in DIMENSIONS.items()
    )
    total = WeightedMean(scale=TOTAL, parts=dimensions, missing="redistribute")
    return Program({**{f"points.{name}": node for name, node in points.items()}, "total": total}, _appraisal())


def _points(name: str) -> Node:
    x = Input(name=name, scale=0, low=0, high=10_000)
    if name in BANDS:
        bands = tuple(Band(parse_bounds(text), Decimal(value)) for text, value in BANDS[name])
        return Bands(scale=POINTS, x=x, bands=bands)
    return Curve(scale=POINTS, x=x, points=tuple((Decimal(a), Decimal(b)) for a, b in CURVES[name]))


def _appraisal() -> dict[str, Node]:
    total = Input(name="total", scale=TOTAL, low=0, high=10_000)
    vetoed: Flag = Within(x=Input(name="violations", scale=0, low=0, high=99), bounds=parse_bounds("[1,)"))
    grade = Bands(scale=0, x=total, bands=tuple(Band(parse_bounds(text), Decimal(k)) for k, text in enumerate(GRADES)))
    forced = ForcedShares(
        scale=0,
        grade=grade,
        total=total,
        vetoed=vetoed,
        counted=Present(x=total),
        order=(Input(name="csat", scale=0, low=0, high=10_000),),
        group="team",
        shares=SHARES,
        mode="cap",
        smallest=10,
    )
    by_grade = tuple(Band(parse_bounds(f"[{k},{k}]"), Decimal(c)) for k, c in enumerate(COEFFICIENTS))
    coefficient = Bands(scale=4, x=forced, bands=by_grade)
    base = Input(name="base", scale=MONEY, low=0, high=10_000_000)
    pool = MulDiv(scale=MONEY, a=base, b=Const(scale=4, value=Decimal(PERFORMANCE_SHARE)))
    performance = MulDiv(scale=MONEY, a=pool, b=coefficient)
    piece = Tiers(
        scale=MONEY,
        x=Input(name="calls", scale=0, low=0, high=100_000),
        tiers=tuple(Band(parse_bounds(text), Decimal(rate)) for text, rate in TIERS),
        mode="whole",
    )
    pay = Sum(scale=MONEY, terms=(base, performance, piece), skip_missing=True)
    return {
        "total": total,
        "threshold_grade": grade,
        "grade": forced,
        "coefficient": coefficient,
        "performance": performance,
        "piece": piece,
        "pay": pay,
    }


def people(count: int) -> pa.Table:
    """Return `count` people, one segment each: some inputs are missing, some totals tie, some people are vetoed."""
    random = np.random.default_rng(20240131)
    teams = max(1, count * TEAMS // PEOPLE)
    skill = random.normal(0, 1, count)

    def drawn(mean: float, spread: float, pull: float, low: int, high: int) -> pa.Array:
        values = np.rint(mean + spread * (pull * skill + random.normal(0, 1, count)))
        return pa.array(np.clip(values, low, high).astype(np.int64), mask=random.random(count) < 0.02)

    columns: dict[str, pa.Array] = {
        "segment": pa.array(np.arange(count)),
        "appraisal": pa.array([f"A{k:07d}" for k in range(count)]),
        "last": pa.array(np.ones(count, np.int64)),
        "team": pa.array([f"T{k:05d}" for k in random.integers(0, teams, count)]),
    }
    for name in ("fcr", "csat", "answered", "quality", "adherence", "exam", "plan", "teamwork"):
        columns[name] = drawn(8400, 500, 1, 0, 10_000)
    for name in ("handle", "after_call"):
        columns[name] = drawn(330, 90, 0.3, 0, 10_000)
    for name, mean in (("response", 45), ("transfer", 90), ("reopen", 80)):
        columns[name] = drawn(mean, 35, -1, 0, 10_000)
    columns["errors"] = drawn(4, 2, -1, 0, 10_000)
    columns["violations"] = pa.array((random.random(count) < 0.01).astype(np.int64))
    columns["calls"] = pa.array(random.integers(1500, 3500, count))
    columns["base"] = pa.array(random.integers(300_000, 900_000, count))
    return pa.table(columns)
