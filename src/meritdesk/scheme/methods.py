"""The closed list of scoring methods: how the value of an indicator becomes points.

This module says what can be written; `scores` says how each is compiled to nodes. Every method gives points
out of `full`
(by default 100, or the indicator's own points in a scheme that adds points up).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from meritdesk.scheme.values import Interval, Model, Name, Number, Text, Whole

Group = Literal["team", "department", "position", "all"]
"""Who is compared with whom."""


class BandRow(Model):
    """Values inside `when` get `points`; `title` describes the level in words."""

    when: Interval
    points: Number
    title: Text = ""


class BandsMethod(Model):
    """分段计分: each interval of the value has its points (R4.10 响应时长 ≤ 30 s → 5)."""

    method: Literal["bands"]
    bands: Annotated[tuple[BandRow, ...], Field(min_length=1)]
    full: Number | None = None


class CurveMethod(Model):
    """折线计分: piecewise linear through [value, points] pairs, level beyond the ends."""

    method: Literal["curve"]
    points: Annotated[tuple[tuple[Number, Number], ...], Field(min_length=2)]
    full: Number | None = None


class RangeMethod(Model):
    """合理区间: full points inside [best_from, best_to], falling straight to 0 at `zero_below` and
    `zero_above` (R0.3 AHT)."""

    method: Literal["range"]
    best_from: Number
    best_to: Number
    zero_below: Number
    zero_above: Number
    full: Number | None = None


class TierRow(Model):
    """The rate per unit that holds inside `when`."""

    when: Interval
    rate: Number


class TiersMethod(Model):
    """阶梯计件: points per unit; `whole` pays the whole volume at the rate of its tier, `marginal` each part
    at its own (R2d)."""

    method: Literal["tiers"]
    mode: Literal["whole", "marginal"]
    tiers: Annotated[tuple[TierRow, ...], Field(min_length=1)]
    full: Number | None = None


class TableRow(Model):
    """Exactly this value gets these points."""

    value: Number
    points: Number


class TableMethod(Model):
    """对照表: value → points, `otherwise` for every other value (none: no result)."""

    method: Literal["table"]
    rows: Annotated[tuple[TableRow, ...], Field(min_length=1)]
    otherwise: Number | None = None
    full: Number | None = None


class DeductMethod(Model):
    """扣分: full points minus points per violation of the source's list, or minus `each` per unit of a metric;
    not below `floor` (R2h)."""

    method: Literal["deduct"]
    each: Number | None = None
    floor: Number = Decimal(0)
    full: Number | None = None


class BonusMethod(Model):
    """加分: `each` points per unit, at most `cap` (R3.2 协作加分项)."""

    method: Literal["bonus"]
    each: Number
    cap: Number
    full: Number | None = None


class ChangeTarget(Model):
    """A goal as a change against the person's baseline: 提升 10 % (R4.3)."""

    change: Number


class AttainmentMethod(Model):
    """目标达成: attainment × full, attainment kept inside [floor, cap].

    Attainment is actual ÷ target where more is better, target ÷ actual where less is. `target` is a number,
    the target agreed
    with the person (``personal``), or a change against the person's baseline.
    """

    method: Literal["attainment"]
    target: Number | Literal["personal"] | ChangeTarget
    floor: Number = Decimal(0)
    cap: Number = Decimal(1)
    full: Number | None = None


class RankMethod(Model):
    """排名计分: the place in the group (1 best), or the share of the group one is at least as good as, looked
    up in bands (R3.6)."""

    method: Literal["rank"]
    by: Literal["position", "percentile"]
    group: Group
    bands: Annotated[tuple[BandRow, ...], Field(min_length=1)]
    full: Number | None = None


class RatingLevel(Model):
    """A level of the rubric: its words, and either fixed points or the interval a score must lie in (R2e)."""

    level: Whole
    title: Text
    points: Number | Interval


class RatingMethod(Model):
    """评分: people choose a level, and a score inside its range; `decimals` of a score (0: whole points)."""

    method: Literal["rating"]
    levels: Annotated[tuple[RatingLevel, ...], Field(min_length=1)]
    decimals: Annotated[Whole, Field(ge=0, le=2)] = 0
    full: Number | None = None


class LevelRow(Model):
    """A level reached and its points."""

    level: Whole
    title: Text
    points: Number


class LevelsMethod(Model):
    """等级对应: exam level → points (R3.7)."""

    method: Literal["levels"]
    levels: Annotated[tuple[LevelRow, ...], Field(min_length=1)]
    full: Number | None = None


class CombineMethod(Model):
    """合成: the sum, weighted mean, smallest or largest of the points of other indicators of the same scheme."""

    method: Literal["sum", "weighted", "min", "max"]
    weights: dict[Name, Number] = Field(default_factory=dict)
    full: Number | None = None


Method = Annotated[
    BandsMethod
    | CurveMethod
    | RangeMethod
    | TiersMethod
    | TableMethod
    | DeductMethod
    | BonusMethod
    | AttainmentMethod
    | RankMethod
    | RatingMethod
    | LevelsMethod
    | CombineMethod,
    Field(discriminator="method"),
]
