"""What stands beside a score for people who read it: intervals, the words of a level, strengths and gaps.

For display only: no score, grade or pay rests on anything here.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from meritdesk.metrics.definitions import Metric
from meritdesk.results import DimensionScore
from meritdesk.rows import Measured
from meritdesk.rules.numbers import format_number, rounded
from meritdesk.scheme import methods
from meritdesk.scheme.document import Indicator

STRONG, WEAK = Decimal("0.9"), Decimal("0.7")
"""Share of the points from which an indicator is named as a strength, and below which as a gap."""


def wilson(metric: Metric | None, measured: Measured | None) -> tuple[Decimal, Decimal] | None:
    """Return the 95 % Wilson interval of a share; None for anything that is not a count out of a count."""
    if metric is None or measured is None or metric.unit != "ratio" or not measured.denominator:
        return None
    if metric.numerator_scale or metric.denominator_scale or not 0 <= measured.numerator <= measured.denominator:
        return None
    z = Decimal("1.959964")
    n = Decimal(measured.denominator)
    p = measured.numerator / n
    centre = p + z * z / (2 * n)
    spread = z * (p * (1 - p) / n + z * z / (4 * n * n)).sqrt()
    whole = 1 + z * z / n
    return rounded(max(Decimal(0), (centre - spread) / whole), 4), rounded(
        min(Decimal(1), (centre + spread) / whole), 4
    )


def level_title(indicator: Indicator, value: Decimal | None, points: Decimal | None) -> str:
    """Return the words of the level or band reached, where the scheme has them."""
    method = indicator.scoring
    if isinstance(method, methods.BandsMethod) and value is not None:
        row = next((band for band in method.bands if value in band.when), None)
        return "" if row is None else row.title or str(row.when)
    if isinstance(method, methods.RatingMethod) and points is not None:
        best = [
            level
            for level in method.levels
            if (points >= level.points if isinstance(level.points, Decimal) else points in level.points)
        ]
        return max(best, key=lambda level: level.level).title if best else ""
    if isinstance(method, methods.LevelsMethod) and value is not None:
        return next((level.title for level in method.levels if level.level == value), "")
    return ""


def strengths_and_gaps(dimensions: Sequence[DimensionScore]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return at most three strengths and three gaps, the weightiest first, each as title and points reached."""
    strong: list[tuple[Decimal, str]] = []
    weak: list[tuple[Decimal, str]] = []
    for indicator in (i for d in dimensions for i in d.indicators):
        if indicator.points is None or not indicator.full:
            continue
        reached = indicator.points / indicator.full
        text = f"{indicator.title}（{format_number(rounded(indicator.points, 2))}/{format_number(indicator.full)}）"
        if reached >= STRONG:
            strong.append((indicator.most or Decimal(0), text))
        elif reached < WEAK:
            weak.append(((indicator.most or Decimal(0)) - (indicator.contribution or Decimal(0)), text))
    return tuple(t for _m, t in sorted(strong, reverse=True)[:3]), tuple(t for _m, t in sorted(weak, reverse=True)[:3])
