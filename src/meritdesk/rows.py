"""Rows of a program from plain facts: what one person brings, in natural units, becomes scaled integers.

Used by worked cases (facts written by hand) and by the pipeline (facts measured), so that both fill a row by the same
rules: no violation or event means 0, everything else that is not there is missing. Ratings are checked against their
rubric here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from meritdesk.compiled import Compiled
from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _
from meritdesk.metrics.definitions import Metric
from meritdesk.results import Row
from meritdesk.rules.nodes import Input
from meritdesk.rules.numbers import Bounds, half_up, to_decimal, to_integer
from meritdesk.scheme.document import Indicator
from meritdesk.scheme.methods import RatingMethod


@dataclass(frozen=True)
class Measured:
    """A metric of one segment as scaled integers: the two parts, and how many facts stand behind them."""

    numerator: int
    denominator: int | None
    n: int
    excluded: int = 0
    pending: int = 0


LARGE = 10_000
"""Sample of a metric whose value is given by hand; also the denominator that a bare value is written with."""


def metric_of_value(metric: Metric, value: Decimal, n: int | None = None) -> Measured:
    """Return a metric of this value, given by hand, with a sample of `n` (default: large)."""
    if not metric.can_be_empty:
        return Measured(to_integer(value, metric.numerator_scale), None, int(value) if n is None else n)
    # value = numerator ÷ denominator, so any denominator does; this one keeps every decimal of the value
    whole = to_integer(Decimal(LARGE), metric.denominator_scale)
    return Measured(to_integer(value * LARGE, metric.numerator_scale), whole, LARGE if n is None else n)


@dataclass
class SegmentFacts:
    """What is known of one assignment in the cycle; amounts in natural units."""

    key: int
    appraisal: str
    position: int
    days: int
    last: bool
    groups: Mapping[str, str]
    metrics: dict[str, Measured] = field(default_factory=dict)
    ratings: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    violations: dict[str, int] = field(default_factory=dict)
    events: dict[str, int] = field(default_factory=dict)
    results: dict[str, tuple[Decimal, int]] = field(default_factory=dict)
    """Kind → Σ total × weight and Σ weight."""
    targets: dict[str, Decimal] = field(default_factory=dict)
    baselines: dict[str, Decimal] = field(default_factory=dict)
    adjusted: dict[str, Decimal] = field(default_factory=dict)
    decisions: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Adjusted indicator → reason, and who decided."""


@dataclass
class AppraisalFacts:
    """What is known of a person in the cycle; pay in yuan."""

    appraisal: str
    groups: Mapping[str, str]
    period_days: int
    pay: dict[str, Decimal] = field(default_factory=dict)
    streaks: dict[str, int] = field(default_factory=dict)


def segment_row(compiled: Compiled, facts: SegmentFacts) -> Row:
    """Return the row of a segment; MeritdeskError for a number that the program cannot hold."""
    row: dict[str, int | str | None] = {"segment": facts.key, "appraisal": facts.appraisal, "last": int(facts.last)}
    row.update({f"group.{name}": value for name, value in facts.groups.items()})
    for name, node in compiled.segment_inputs.items():
        kind, _dot, rest = name.partition(".")
        if kind == "days":
            value: int | None = facts.days
        elif kind == "position":
            value = facts.position
        elif kind == "metric":
            value = _metric_part(facts.metrics, rest)
        else:
            value = _scaled(node, _natural(facts, kind, rest))
        row[name] = _inside(node, value, facts.appraisal)
    return row


def appraisal_row(compiled: Compiled, facts: AppraisalFacts) -> Row:
    """Return the row of an appraisal; MeritdeskError for a number that the program cannot hold."""
    row: dict[str, int | str | None] = {"appraisal": facts.appraisal}
    row.update({f"group.{name}": value for name, value in facts.groups.items()})
    for name, node in compiled.appraisal_inputs.items():
        kind, _dot, rest = name.partition(".")
        if kind == "period_days":
            amount: Decimal | None = Decimal(facts.period_days)
        elif kind == "pay":
            amount = facts.pay.get(rest)
        else:
            amount = Decimal(facts.streaks.get(rest, 0))
        row[name] = _inside(node, _scaled(node, amount), facts.appraisal)
    return row


def _natural(facts: SegmentFacts, kind: str, rest: str) -> Decimal | None:
    match kind:
        case "rating":
            indicator, role = rest.split(".")
            return facts.ratings.get((indicator, role))
        case "violation":
            return Decimal(facts.violations.get(rest, 0))
        case "event":
            return Decimal(facts.events.get(rest, 0))
        case "results":
            of, part = rest.split(".")
            found = facts.results.get(of)
            return None if found is None else (found[0] if part == "numerator" else Decimal(found[1]))
        case "target":
            return facts.targets.get(rest)
        case "baseline":
            return facts.baselines.get(rest)
        case "adjusted":
            return facts.adjusted.get(rest)
    raise AssertionError(kind)


def _metric_part(metrics: Mapping[str, Measured], rest: str) -> int | None:
    name, part = rest.rsplit(".", 1)
    measured = metrics.get(name)
    return None if measured is None else getattr(measured, part)


def _scaled(node: Input, value: Decimal | None) -> int | None:
    if value is None:
        return None
    try:
        return to_integer(value, node.scale)
    except ValueError:
        raise MeritdeskError(
            Problem(
                code="too-many-decimals",
                place=node.name,
                message=_("{value} 的小数位数超过 {scale} 位").format(value=value, scale=node.scale),
                fix=_("减少小数位数"),
            )
        ) from None


def _inside(node: Input, value: int | None, appraisal: str) -> int | None:
    if value is not None and not node.low <= value <= node.high:
        raise MeritdeskError(
            Problem(
                code="value-out-of-range",
                place=f"{appraisal}: {node.name}",
                message=_("{value} 超出允许的范围 {low} 至 {high}").format(
                    value=to_decimal(value, node.scale),
                    low=to_decimal(node.low, node.scale),
                    high=to_decimal(node.high, node.scale),
                ),
                fix=_("核对数据的单位和数值"),
            )
        )
    return value


def rating_score(indicator: Indicator, level: int | None, score: Decimal | None) -> Decimal:
    """Return the points of a rating; MeritdeskError unless level and score fit each other and the rubric (R2e)."""
    method = indicator.scoring
    assert isinstance(method, RatingMethod)
    title = indicator.title
    chosen = [row for row in method.levels if level is None or row.level == level]
    if level is not None and not chosen:
        raise _refused(title, _("没有第 {level} 档").format(level=level), _("可选：") + "、".join(_levels(method)))
    if score is None:
        if level is None:
            raise _refused(title, _("既没有分档也没有得分"), _("填写分档或得分"))
        points = chosen[0].points
        if isinstance(points, Bounds):
            raise _refused(
                title,
                _("只选了第 {level} 档，没有给分").format(level=level),
                _("在 {range} 内给分").format(range=points),
            )
        return points
    if score != to_decimal(half_up(to_integer(score, 2), 10 ** (2 - method.decimals)), method.decimals):
        raise _refused(
            title, _("得分 {score} 的小数位数过多").format(score=score), _("最多 {n} 位小数").format(n=method.decimals)
        )
    if not any(score in row.points if isinstance(row.points, Bounds) else score == row.points for row in chosen):
        raise _refused(title, _("得分 {score} 不在所选分档的范围内").format(score=score), "；".join(_levels(method)))
    return score


def _levels(method: RatingMethod) -> list[str]:
    return [f"{row.level} {row.title} {row.points}" for row in method.levels]


def _refused(title: str, message: str, fix: str) -> MeritdeskError:
    return MeritdeskError(Problem(code="rating-refused", place=title, message=message, fix=fix))
