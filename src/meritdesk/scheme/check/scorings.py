"""Every place of a scheme where a value becomes points, in one form: pieces of the value's grid with their points.

A piece runs over neighbouring values; its points are given at both ends, so that steps between pieces and the
direction inside them can be judged for all methods alike.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from meritdesk.rules.numbers import Bounds, to_decimal
from meritdesk.scheme.check.coverage import Segment, segments
from meritdesk.scheme.check.subject import Subject, Values, metric_values
from meritdesk.scheme.methods import (
    BandsMethod,
    BonusMethod,
    CurveMethod,
    DeductMethod,
    LevelsMethod,
    Method,
    RangeMethod,
    RankMethod,
    TableMethod,
    TierRow,
    TiersMethod,
)

POSITION = Values(0, "lower", 1, None, endless=True)
PERCENTILE = Values(4, "higher", 1, 10_000)


@dataclass(frozen=True, slots=True)
class Piece:
    """Points at the first and the last of neighbouring values; a value of None: without end."""

    low: int | None
    high: int | None
    at_low: Decimal
    at_high: Decimal


@dataclass(frozen=True)
class Scoring:
    """One use of a method: where, for what, what the value can be, and what its points weigh in the total."""

    place: str
    title: str
    method: Method
    values: Values
    full: Decimal | None
    share: Decimal

    @property
    def rows_place(self) -> str:
        """Return the place of the rows of the method."""
        names = {
            "bands": "bands",
            "rank": "bands",
            "tiers": "tiers",
            "table": "rows",
            "curve": "points",
            "levels": "levels",
        }
        return f"{self.place}.{names[self.method.method]}" if self.method.method in names else self.place

    @property
    def intervals(self) -> list[Bounds]:
        """Return the intervals of a method that has some, in the order written."""
        method = self.method
        if isinstance(method, BandsMethod | RankMethod):
            return [row.when for row in method.bands]
        if isinstance(method, TiersMethod):
            return [row.when for row in method.tiers]
        if isinstance(method, TableMethod):
            return [Bounds(row.value, row.value) for row in method.rows]
        if isinstance(method, LevelsMethod):
            return [Bounds(Decimal(row.level), Decimal(row.level)) for row in method.levels]
        return []


def scorings(subject: Subject) -> Iterator[Scoring]:
    """Yield every indicator and every rater's feed whose value is known."""
    for dimension, indicator in subject.scheme.indicators():
        values = subject.values(indicator)
        if values is not None:
            full = subject.scheme.full_points(indicator)
            place = f"dimensions.{dimension.id}.{indicator.id}.scoring"
            share = subject.share(dimension, indicator)
            yield _placed(Scoring(place, indicator.title, indicator.scoring, values, full, share))
    for role in subject.scheme.raters.roles if subject.scheme.raters else ():
        if role.feed is not None and role.feed.metric in subject.metrics:
            values = metric_values(subject.metrics[role.feed.metric])
            scoring = role.feed.scoring
            place = f"raters.roles.{role.id}.feed.scoring"
            yield _placed(Scoring(place, role.title, scoring, values, scoring.full, Decimal(0)))


def _placed(scoring: Scoring) -> Scoring:
    """A ranking scores the place in the group, not the value itself."""
    if isinstance(scoring.method, RankMethod):
        return replace(scoring, values=POSITION if scoring.method.by == "position" else PERCENTILE)
    return scoring


def pieces(scoring: Scoring) -> list[Piece]:
    """Return the points of a method over the grid of its value, in rising order; [] for methods without a fixed
    shape."""
    scale, method = scoring.values.scale, scoring.method
    match method:
        case CurveMethod():
            return _between(list(method.points), scale)
        case RangeMethod():
            full = scoring.full or Decimal(0)
            best = [(method.best_from, full), (method.best_to, full)]
            return _between([(method.zero_below, Decimal(0)), *best, (method.zero_above, Decimal(0))], scale)
        case BonusMethod() if method.each:
            most = method.cap / method.each
            return _between([(Decimal(0), Decimal(0)), (most, method.cap)], scale)
        case DeductMethod() if method.each:
            full = scoring.full or Decimal(0)
            return _between([(Decimal(0), full), ((full - method.floor) / method.each, method.floor)], scale)
        case TiersMethod():
            return _of_tiers(method, scale)
        case BandsMethod() | RankMethod():
            points = [row.points for row in method.bands]
            return [p for s in segments(scoring.intervals, scale) if (p := _constant(s, points))]
        case TableMethod():
            points = [row.points for row in method.rows]
            found = segments(scoring.intervals, scale, scoring.values.low, scoring.values.high)
            return [p for s in found if (p := _constant(s, points, method.otherwise))]
        case LevelsMethod():
            rows = sorted(method.levels, key=lambda row: row.level)
            return [Piece(row.level * 10**scale, row.level * 10**scale, row.points, row.points) for row in rows]
    return []


def _constant(segment: Segment, points: Sequence[Decimal], otherwise: Decimal | None = None) -> Piece | None:
    value = points[segment.covers[0]] if segment.covers else otherwise
    return None if value is None else Piece(segment.low, segment.high, value, value)


def _between(corners: list[tuple[Decimal, Decimal]], scale: int) -> list[Piece]:
    """Return the straight lines between corners, those without length left out."""
    found = []
    for (x0, y0), (x1, y1) in itertools.pairwise(corners):
        low, high = int(x0.scaleb(scale)), int(x1.scaleb(scale))
        if low < high:
            found.append(Piece(low, high, y0, y1))
        elif y0 != y1:
            found.append(Piece(low, low + 1, y0, y1))
    return found


def _of_tiers(method: TiersMethod, scale: int) -> list[Piece]:
    return tier_pieces(method.tiers, method.mode, scale)


def tier_pieces(tiers: Sequence[TierRow], mode: str, scale: int) -> list[Piece]:
    """Return what tiers bring over the grid of the volume, from 0 up (R2d); without end: one unit on."""
    found, earned = [], Decimal(0)
    for segment in segments([row.when for row in tiers], scale, low=0):
        if not segment.covers:
            continue
        rate, first = tiers[segment.covers[0]].rate, segment.low or 0
        last = segment.high if segment.high is not None else first + 10**scale
        low, high = to_decimal(first, scale), to_decimal(last, scale)
        if mode == "whole":
            found.append(Piece(first, segment.high, rate * low, rate * high))
        else:
            start = to_decimal(max(0, first - 1), scale)
            found.append(Piece(first, segment.high, earned + rate * (low - start), earned + rate * (high - start)))
            earned += rate * (high - start)
    return found
