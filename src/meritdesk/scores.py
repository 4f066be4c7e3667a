"""Segment stage of a scheme: indicators, dimensions and totals as nodes.

One row is one assignment of a person inside the cycle. The inputs a row must carry are declared here, by name:
``metric.<id>.numerator/.denominator/.n``, ``rating.<indicator>.<role>``, ``violation.<code>``, ``event.<kind>``,
``results.<kind>.numerator/.denominator``, ``target.<indicator>``, ``baseline.<indicator>``,
``adjusted.<indicator>``, ``days``, ``position``.
Grades and pay come later; nothing is computed here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from meritdesk import points
from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _
from meritdesk.metrics.definitions import COUNTS, Metric
from meritdesk.points import (
    constant,
    inexact,
    is_exactly,
    labelled,
    only_if,
    rating_span,
    rescaled,
    shortest,
    weighted,
)
from meritdesk.rules.groups import GroupCount, GroupMean, GroupSum
from meritdesk.rules.nodes import (
    AllOf,
    AnyOf,
    Coalesce,
    Const,
    Flag,
    Greatest,
    If,
    Input,
    Least,
    Missing,
    MulDiv,
    Node,
    Not,
    Present,
    Sum,
    WeightedMean,
    Within,
)
from meritdesk.rules.numbers import POINTS, TOTAL, Bounds, half_up
from meritdesk.scheme import methods
from meritdesk.scheme.document import (
    Dimension,
    EventSource,
    Indicator,
    MetricSource,
    Neutral,
    OthersSource,
    RatingSource,
    ResultSource,
    Scheme,
    Veto,
    ViolationSource,
)
from meritdesk.scheme.pay_items import Condition, MetricCondition, ScoreCondition, ViolationCondition

APPRAISAL = "appraisal"
"""Key column that gathers the segments of one person."""
MOST_COUNT, MOST_AMOUNT, MOST_MONEY = 10**7, 4 * 10**9, 10**11
"""Largest numerator per person and cycle: of a count, of an amount (seconds, hundredths of points), of money in fen."""
MOST_SEGMENTS = 100
"""Most assignments of a person in one cycle."""
MOST_DAYS = 400
"""Longest cycle: a year."""
HUNDRED = Decimal(100)


@dataclass
class SegmentStage:
    """Builds the nodes of the segment stage; each node is made once and shared."""

    scheme: Scheme
    metrics: Mapping[str, Metric]
    adjusted: frozenset[str] = frozenset()
    """Indicators whose points a decision may set for some people (R4.6)."""
    inputs: dict[str, Input] = field(default_factory=dict)
    values: dict[str, Node] = field(default_factory=dict)
    """Value of each indicator, where it has one (metric, count)."""
    raw: dict[str, Node] = field(default_factory=dict)
    fed: dict[str, Node] = field(default_factory=dict)
    """``indicator.role`` → points of a role whose judgement is taken from a metric."""
    """Points of each indicator, out of the method's `full`."""
    scored: dict[str, Node] = field(default_factory=dict)
    """Points of each indicator as the total counts them: of 100 (weights) or of its own points; neutral filled in."""
    dimension_nodes: dict[str, Node] = field(default_factory=dict)
    _made: dict[str, Node] = field(default_factory=dict)
    _vetoes: dict[str, Flag] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.days = self.input("days", 0, 0, MOST_DAYS)
        self.counted = Within(x=self.days, bounds=Bounds(low=Decimal(max(1, self.scheme.cycle.minimum_days))))
        self.positions = {p.id: code for code, p in enumerate(self.scheme.positions)}
        for dimension, indicator in _in_order(self.scheme):
            self._score(dimension, indicator)
        self.segment_total = self._segment_total()
        self.total = self._mean_over_segments(self.segment_total, TOTAL, hold=True)

    # ---------------------------------------------------------------- inputs

    def input(self, name: str, scale: int, low: int, high: int) -> Input:
        """Return the input of this name, the same object each time."""
        return self.inputs.setdefault(name, Input(name=name, scale=scale, low=low, high=high))

    def metric_value(self, name: str, numerator: Node, denominator: Node | None) -> Node:
        """Return the value of a metric at its scale, from the nodes of its two parts."""
        metric = self._metric(name)
        if denominator is None:
            return rescaled(numerator, metric.scale)
        one = Const(scale=0, value=Decimal(1))
        return MulDiv(
            a=numerator, b=one, c=denominator, scale=metric.scale, label=metric.title, place=f"metrics.{name}"
        )

    def metric_parts(self, name: str) -> tuple[Input, Input | None]:
        """Return the inputs that carry numerator and denominator of a metric in the segment."""
        metric = self._metric(name)
        counts = metric.kind in COUNTS
        most = MOST_MONEY if metric.unit == "yuan" else MOST_AMOUNT
        if metric.kind in ("count", "distinct"):
            most = MOST_COUNT
        least = -most if metric.numerator is not None and metric.numerator.minus is not None else 0
        numerator = self.input(f"metric.{name}.numerator", metric.numerator_scale, least, most)
        if counts:
            return numerator, None
        return numerator, self.input(f"metric.{name}.denominator", metric.denominator_scale, 0, MOST_AMOUNT)

    def _metric(self, name: str) -> Metric:
        if name not in self.metrics:
            raise MeritdeskError(
                Problem(
                    code="unknown-metric",
                    place=name,
                    message=_("没有名为“{name}”的运营指标").format(name=name),
                    fix=_("用 meritdesk measure --list 查看可用的指标，或在指标文件中定义它"),
                )
            )
        return self.metrics[name]

    def violation(self, code: str) -> Input:
        """Return the input that counts violations of `code`."""
        return self.input(f"violation.{code}", 0, 0, 10**5)

    # ---------------------------------------------------------------- indicators

    def _score(self, dimension: Dimension, indicator: Indicator) -> None:
        """Add the points of an indicator; in a position that it is not for they are missing."""
        full = self.scheme.full_points(indicator)
        here = self._applies(dimension, indicator)
        try:
            raw = self._raw_points(indicator, full if full is not None else Decimal(0), (self.counted, *here))
        except ValueError as error:
            raise inexact(f"indicators.{indicator.id}", indicator.title, error) from error
        if indicator.id in self.adjusted:
            low, high = (half_up(end, 10 ** (POINTS - 2)) for end in raw.span)
            decided = self.input(f"adjusted.{indicator.id}", 2, low, high)
            raw = Coalesce(args=(rescaled(decided, POINTS), raw), scale=POINTS)
        raw = labelled(only_if(here, raw), indicator.title, f"indicators.{indicator.id}")
        self.raw[indicator.id] = raw
        target = indicator.points if indicator.points is not None or self.scheme.style == "points" else HUNDRED
        node = raw
        if full is not None and target is not None and full not in (target, Decimal(0)):
            node = MulDiv(a=raw, b=shortest(target), c=shortest(full), scale=POINTS)
        if isinstance(indicator.missing, Neutral):
            neutral = indicator.missing.neutral
            if full and target is not None:
                neutral = (neutral * target / full).quantize(Decimal("0.0001"), ROUND_HALF_UP)
            node = only_if(here, Coalesce(args=(node, constant(neutral)), scale=POINTS))
        self.scored[indicator.id] = node

    def _applies(self, dimension: Dimension, indicator: Indicator) -> tuple[Flag, ...]:
        """Return the flag that the segment's position has this indicator; none where every position has it."""
        codes = [
            code
            for position, code in self.positions.items()
            if not (dimension.positions and position not in dimension.positions)
            and not (indicator.positions and position not in indicator.positions)
        ]
        if len(codes) == len(self.positions):
            return ()
        position = self.input("position", 0, 0, len(self.positions) - 1)
        return (AnyOf(flags=tuple(is_exactly(position, code) for code in codes)),)

    def _raw_points(self, indicator: Indicator, full: Decimal, ranked: tuple[Flag, ...]) -> Node:
        source, method = indicator.source, indicator.scoring
        match source, method:
            case RatingSource(), _:
                return self._rating(indicator, source, full)
            case ViolationSource(), methods.DeductMethod():
                codes = self.scheme.violation_lists[source.violations]
                return points.deduct([(self.violation(v.code), v.points) for v in codes], method.floor, full)
            case OthersSource(), methods.CombineMethod():
                return points.combine(method, {name: self.scored[name] for name in source.of})
        value, better = self._value(indicator)
        if isinstance(indicator.source, MetricSource):
            value = self._sampled(indicator.source.metric, indicator.minimum_sample, value)
        self.values[indicator.id] = value
        return points.of_value(indicator, method, value, full, better, AllOf(flags=ranked))

    def _value(self, indicator: Indicator) -> tuple[Node, str]:
        match indicator.source:
            case MetricSource(metric=name):
                return self.metric_value(name, *self.metric_parts(name)), self._metric(name).better
            case EventSource(event=kind):
                return self.input(f"event.{kind}", 0, 0, 10**5), "higher"
            case ViolationSource(violations=listed):
                counts = tuple(self.violation(v.code) for v in self.scheme.violation_lists[listed])
                return Sum(terms=counts, scale=0), "lower"
            case ResultSource(results=kind):
                numerator = self.input(f"results.{kind}.numerator", 2, -MOST_AMOUNT, MOST_AMOUNT)
                denominator = self.input(f"results.{kind}.denominator", 0, 0, MOST_COUNT)
                one = Const(scale=0, value=Decimal(1))
                return MulDiv(a=numerator, b=one, c=denominator, scale=TOTAL), "higher"
        raise MeritdeskError(
            Problem(
                code="source-without-value",
                place=f"indicators.{indicator.id}.source",
                message=_("指标“{title}”的来源不能与 {method} 搭配").format(
                    title=indicator.title, method=indicator.scoring.method
                ),
                fix=_("评分来源用 rating，合成来源用 sum、weighted、min 或 max"),
            )
        )

    def _sampled(self, name: str, least: int | None, value: Node, *, together: bool = False) -> Node:
        """Return the value of a metric where `least` facts stand behind it (None: as many as the metric asks for).

        `together` counts the facts of all segments of the person.
        """
        if least is None:
            least = self._metric(name).minimum_sample
        if least <= 0:
            return value
        n: Node = self.input(f"metric.{name}.n", 0, 0, MOST_COUNT)
        if together:
            n = GroupSum(x=n, group=APPRAISAL, scale=0)
        return only_if((Within(x=n, bounds=Bounds(low=Decimal(least))),), value)

    def _rating(self, indicator: Indicator, source: RatingSource, full: Decimal) -> Node:
        roles = {role.id: role for role in (self.scheme.raters.roles if self.scheme.raters else ())}
        scores = []
        for name in source.rating:
            role = roles[name]
            if role.feed is None:
                score: Node = rescaled(self.input(f"rating.{indicator.id}.{name}", 2, *rating_span(indicator)), POINTS)
            else:
                metric = role.feed.metric
                value = self._sampled(metric, None, self.metric_value(metric, *self.metric_parts(metric)))
                fed_full = role.feed.scoring.full or full
                better = self._metric(role.feed.metric).better
                fed = points.of_value(indicator, role.feed.scoring, value, fed_full, better, self.counted)
                score = fed if fed_full == full else MulDiv(a=fed, b=shortest(full), c=shortest(fed_full), scale=POINTS)
                self.fed[f"{indicator.id}.{name}"] = score
            scores.append((role.weight, score, role.if_missing == "hold"))
        parts = weighted([(weight, score) for weight, score, _holds in scores])
        mean = WeightedMean(parts=parts, missing="redistribute", scale=POINTS)
        return only_if(tuple(Present(x=score) for _weight, score, holds in scores if holds), mean)

    # ---------------------------------------------------------------- totals

    def _segment_total(self) -> Node:
        """Return the total of the segment under the indicators of its position, at 0.01."""
        totals: dict[str, Node] = {}
        by_dimension: dict[str, dict[str, Node]] = {}
        for position in self.positions:
            chosen = self.scheme.dimensions_for(position)
            nodes = {d.id: self._dimension(d, [i for i in chosen_i if i.part_of_total]) for d, chosen_i in chosen}
            totals[position] = self._position_total(position, chosen, nodes)
            for name, node in nodes.items():
                by_dimension.setdefault(name, {})[position] = node
        for name, per_position in by_dimension.items():
            self.dimension_nodes[name] = self._by_position(per_position, POINTS)
        zeroed = [self._veto(v) for v in self.scheme.vetoes if v.zero_total]
        total = self._by_position(totals, TOTAL)
        if zeroed:
            total = If(flag=AnyOf(flags=tuple(zeroed)), then=constant(Decimal(0), TOTAL), otherwise=total, scale=TOTAL)
        return total

    def _by_position(self, nodes: Mapping[str, Node], scale: int) -> Node:
        if len({id(node) for node in nodes.values()}) == 1 and len(nodes) == len(self.positions):
            return next(iter(nodes.values()))
        code = self.input("position", 0, 0, len(self.positions) - 1)
        node: Node = Missing(scale=scale)
        for position, of_position in reversed(list(nodes.items())):
            node = If(flag=is_exactly(code, self.positions[position]), then=of_position, otherwise=node, scale=scale)
        return node

    def _dimension(self, dimension: Dimension, chosen: list[Indicator]) -> Node:
        """Return the score of a dimension: of 100, or the sum of points with what is missing scaled up."""
        if not chosen:  # it only feeds others
            return Missing(scale=POINTS)
        key = f"{dimension.id}|" + ",".join(i.id for i in chosen)
        if key in self._made:
            return self._made[key]
        if self.scheme.style == "points" or dimension.points is not None:
            node = self._summed([(self.scored[i.id], i.points) for i in chosen], POINTS)
        else:
            equal = all(i.weight is None for i in chosen)
            parts = weighted([(Decimal(1) if equal else i.weight or Decimal(0), self.scored[i.id]) for i in chosen])
            node = WeightedMean(parts=parts, missing="redistribute", scale=POINTS)
        zeroed = [self._veto(v) for v in self.scheme.vetoes if v.zero_dimension == dimension.id]
        if zeroed:
            node = If(flag=AnyOf(flags=tuple(zeroed)), then=constant(Decimal(0)), otherwise=node, scale=POINTS)
        return self._made.setdefault(key, labelled(node, dimension.title, f"dimensions.{dimension.id}"))

    def _summed(self, items: list[tuple[Node, Decimal | None]], scale: int) -> Node:
        """Return Σ points; what is missing among bounded ones is scaled up, an open one must be present."""
        bounded = [(node, full) for node, full in items if full is not None]
        opened = [node for node, full in items if full is None]
        terms: list[Node] = [rescaled(node, scale) for node in opened]
        if len(bounded) == 1:
            terms.append(rescaled(bounded[0][0], scale))
        elif bounded:
            got = Sum(terms=tuple(node for node, _full in bounded), skip_missing=True, scale=POINTS)
            fulls = [full for _node, full in bounded]
            there = tuple(
                If(flag=Present(x=node), then=constant(full), otherwise=constant(Decimal(0)), scale=POINTS)
                for node, full in bounded
            )
            least = constant(min(fulls))  # nothing present: `got` is missing and so is the quotient
            present = Greatest(args=(Sum(terms=there, scale=POINTS), least), scale=POINTS)
            terms.append(MulDiv(a=got, b=shortest(sum(fulls, Decimal(0))), c=present, scale=scale))
        return terms[0] if len(terms) == 1 else Sum(terms=tuple(terms), scale=scale)

    def _position_total(
        self, position: str, chosen: list[tuple[Dimension, list[Indicator]]], nodes: Mapping[str, Node]
    ) -> Node:
        chosen = [(d, found) for d, found in chosen if any(i.part_of_total for i in found)]
        main = [d for d, _found in chosen if d.points is None]
        if not chosen or (self.scheme.style == "weights" and not main):
            raise MeritdeskError(
                Problem(
                    code="position-without-indicators",
                    place=f"positions.{position}",
                    message=_("岗位“{position}”没有计入总分的指标，无法计分").format(position=position),
                    fix=_("给这个岗位安排指标，或从 positions 中去掉它"),
                )
            )
        if self.scheme.style == "points":
            total = self._summed([(nodes[d.id], _dimension_points(d, found)) for d, found in chosen], TOTAL)
        else:
            parts = weighted([(d.weight or Decimal(0), nodes[d.id]) for d in main])
            total = WeightedMean(parts=parts, missing="redistribute", scale=TOTAL)
            extra = [
                Coalesce(args=(rescaled(nodes[d.id], TOTAL), constant(Decimal(0), TOTAL)), scale=TOTAL)
                for d, _found in chosen
                if d.points is not None
            ]
            if extra:
                total = Sum(terms=(total, *extra), scale=TOTAL)
        holds = tuple(
            Present(x=self.scored[i.id])
            for _d, found in chosen
            for i in found
            if i.missing == "hold" and i.part_of_total
        )
        return only_if((*holds, *self._needed_roles(chosen)), labelled(total, _("总分"), "total"))

    def _needed_roles(self, chosen: list[tuple[Dimension, list[Indicator]]]) -> tuple[Flag, ...]:
        """A role whose absence holds the result (R4.2) must have rated every indicator listed for it."""
        roles = {r.id for r in (self.scheme.raters.roles if self.scheme.raters else ()) if r.if_missing == "hold"}
        return tuple(
            AnyOf(flags=tuple(Present(x=node) for node in self._judged(i.id, role)))
            for _d, found in chosen
            for i in found
            if isinstance(i.source, RatingSource) and i.part_of_total
            for role in i.source.rating
            if role in roles
        )

    def _judged(self, indicator: str, role: str) -> list[Node]:
        """Return what stands for the judgement of a role: its rating, its metric, or a decision on the indicator."""
        names = f"rating.{indicator}.{role}", f"adjusted.{indicator}"
        fed = self.fed.get(f"{indicator}.{role}")
        return [*(self.inputs[name] for name in names if name in self.inputs), *([] if fed is None else [fed])]

    def _veto(self, veto: Veto) -> Flag:
        """Return the flag of a veto that sets to zero, on the whole person: one breach counts in every segment."""
        dimensions = {d.id for d in self.scheme.dimensions} if veto.zero_dimension else set()
        if isinstance(veto.when, ScoreCondition) and veto.when.score in {"total", *dimensions}:
            raise MeritdeskError(
                Problem(
                    code="veto-on-its-own-result",
                    place=f"vetoes.{veto.id}.when",
                    message=_("一票否决“{title}”用它要清零的得分作条件").format(title=veto.title),
                    fix=_("改用指标得分、运营指标或违规作条件，或改为 cap_grade"),
                )
            )
        key = f"veto.{veto.id}"
        return self._vetoes.setdefault(key, self.condition_over_segments(veto.when))

    # ---------------------------------------------------------------- over the segments of a person

    def _mean_over_segments(self, node: Node, scale: int, *, hold: bool) -> Node:
        weight = If(flag=self.counted, then=self.days, otherwise=Const(scale=0, value=Decimal(0)), scale=0)
        mean = GroupMean(x=node, weight=weight, group=APPRAISAL, scale=scale, label=node.label, most=MOST_SEGMENTS)
        if not hold:
            return mean
        absent = GroupCount(flag=AllOf(flags=(self.counted, Not(flag=Present(x=node)))), group=APPRAISAL, scale=0)
        return only_if((is_exactly(absent, 0),), mean)

    def score(self, name: str) -> Node:
        """Return the total, a dimension's or an indicator's points, averaged over the counted segments by days."""
        if name == "total":
            return self.total
        node = self.dimension_nodes.get(name) or self.scored[name]
        return self._mean_over_segments(node, POINTS, hold=False)

    def metric(self, name: str) -> Node:
        """Return a metric over all segments: parts summed; for figures that do not add up (p90) the mean by days.

        Missing where fewer facts stand behind it than the metric asks for.
        """
        numerator, denominator = self.metric_parts(name)
        if self._metric(name).kind in ("percentile", "median", "distinct"):
            mean = self.metric_value(name, numerator, denominator)
            value = self._mean_over_segments(mean, self._metric(name).scale, hold=False)
        else:
            below = None if denominator is None else self._summed_over_segments(denominator)
            value = self.metric_value(name, self._summed_over_segments(numerator), below)
        return self._sampled(name, None, value, together=True)

    def _summed_over_segments(self, node: Input) -> Node:
        # A person has few segments and their figures together obey the same limit, so the sum keeps its span.
        summed = GroupSum(x=node, group=APPRAISAL, scale=node.scale, most=MOST_SEGMENTS)
        limit = Const(scale=node.scale, value=Decimal(node.high).scaleb(-node.scale))
        return Least(args=(summed, limit), scale=node.scale)

    def condition_over_segments(self, condition: Condition) -> Flag:
        """Return the flag of a condition on the whole person: violations and metrics summed, scores averaged.

        A missing value never fulfils it.
        """
        match condition:
            case ViolationCondition(violations=codes, at_least=least):
                counts = tuple(self.violation(code) for code in codes)
                summed = GroupSum(x=Sum(terms=counts, scale=0), group=APPRAISAL, scale=0)
                return Within(x=summed, bounds=Bounds(low=Decimal(least)))
            case MetricCondition(metric=name, within=bounds):
                return Within(x=self.metric(name), bounds=bounds)
            case ScoreCondition(score=name, within=bounds):
                return Within(x=self.score(name), bounds=bounds)


def _in_order(scheme: Scheme) -> Iterator[tuple[Dimension, Indicator]]:
    """Yield every indicator after those it is made of."""
    waiting, done = list(scheme.indicators()), set[str]()
    while waiting:
        ready = [(d, i) for d, i in waiting if not isinstance(i.source, OthersSource) or done.issuperset(i.source.of)]
        assert ready, "a document in which indicators are made of each other is not loaded"
        yield from ready
        done.update(i.id for _d, i in ready)
        waiting = [pair for pair in waiting if pair[1].id not in done]


def _dimension_points(dimension: Dimension, chosen: list[Indicator]) -> Decimal | None:
    """Return the most a dimension can bring; None when one of its indicators is open."""
    if any(i.points is None for i in chosen if i.part_of_total):
        return None
    return sum((i.points for i in chosen if i.part_of_total and i.points is not None), Decimal(0))
