"""Weights and points: do they add up, for every position and every rater."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from meritdesk.errors import Problem
from meritdesk.language import _
from meritdesk.rules.numbers import format_number
from meritdesk.scheme.check.catalogue import finding
from meritdesk.scheme.check.subject import HUNDRED, Subject, is_bonus
from meritdesk.scheme.document import Dimension, Indicator, RatingSource

Held = Sequence[tuple[Dimension, list[Indicator]]]
"""Dimensions that hold for a position, each with the indicators that count in the total."""


def check_sums(subject: Subject) -> Iterator[Problem]:
    """Yield what does not add up, once for all positions that share the same parts (named after the first of them)."""
    for dimension in subject.scheme.dimensions:
        yield from _unused(subject, dimension)
    sets: set[tuple[str, ...]] = set()
    parts: set[tuple[str, ...]] = set()
    for position in subject.scheme.positions:
        held = [(d, [i for i in chosen if i.part_of_total]) for d, chosen in subject.scheme.dimensions_for(position.id)]
        held = [(dimension, chosen) for dimension, chosen in held if chosen]
        if not held:
            message = _("岗位“{title}”没有计入总分的指标").format(title=position.title)
            yield finding("position-without-indicators", f"positions.{position.id}", message)
            continue
        whole = tuple(i.id for _d, chosen in held for i in chosen)
        if subject.scheme.style == "points" and whole not in sets:
            yield from _points(held, position.id, position.title)
        elif whole not in sets and (names := tuple(d.id for d, _chosen in held)) not in sets:
            yield from _dimension_weights([d for d, _chosen in held if d.points is None], position.id, position.title)
            sets.add(names)
        sets.add(whole)
        for dimension, chosen in held:
            part = (dimension.id, *(i.id for i in chosen))
            if part not in parts:
                parts.add(part)
                yield from _inside(subject.scheme.style, dimension, chosen, position.id)
    yield from _not_positive(subject)
    yield from _raters(subject)


def _unused(subject: Subject, dimension: Dimension) -> Iterator[Problem]:
    held = set(dimension.positions or subject.position_ids)
    for indicator in dimension.indicators:
        if not held & set(indicator.positions or subject.position_ids):
            message = _("指标“{title}”的岗位都不在维度“{dimension}”里").format(
                title=indicator.title, dimension=dimension.title
            )
            yield finding("indicator-never-used", f"dimensions.{dimension.id}.{indicator.id}.positions", message)


def _dimension_weights(weighted: Sequence[Dimension], position: str, title: str) -> Iterator[Problem]:
    missing = [dimension for dimension in weighted if dimension.weight is None]
    for dimension in missing:
        message = _("维度“{title}”没有权重").format(title=dimension.title)
        yield finding("weight-missing", f"dimensions.{dimension.id}.weight", message)
    whole = sum((d.weight or Decimal(0) for d in weighted), Decimal(0))
    if weighted and not missing and whole != HUNDRED:
        message = _("岗位“{title}”各维度的权重合计 {sum}，不是 100").format(title=title, sum=format_number(whole))
        yield finding("weights-not-100", f"dimensions@{position}", message)


def _inside(style: str, dimension: Dimension, chosen: Sequence[Indicator], position: str) -> Iterator[Problem]:
    """The parts of one dimension: points that add up to its own, or weights of 100 (or none at all)."""
    if style == "points" or dimension.points is not None:
        if dimension.points is not None:
            yield from _added(dimension, chosen, position)
        return
    given = [i.weight for i in chosen if i.weight is not None]
    place = f"dimensions.{dimension.id}@{position}"
    if given and len(given) < len(chosen):
        names = "、".join(i.title for i in chosen if i.weight is None)
        yield finding("weights-mixed", place, _("只有部分指标写了权重，没写的有：{names}").format(names=names))
    elif given and sum(given) != HUNDRED:
        message = _("维度“{title}”各指标的权重合计 {sum}，不是 100").format(
            title=dimension.title, sum=format_number(sum(given, Decimal(0)))
        )
        yield finding("weights-not-100", place, message)


def _points(held: Held, position: str, title: str) -> Iterator[Problem]:
    every = [i for _dimension, chosen in held for i in chosen if not is_bonus(i)]
    points = [i.points for i in every if i.points is not None]
    if len(points) == len(every) and sum(points) != HUNDRED:
        message = _("岗位“{title}”各指标的分值合计 {sum}，不是 100").format(
            title=title, sum=format_number(sum(points, Decimal(0)))
        )
        yield finding("points-not-adding-up", f"dimensions@{position}", message)


def _added(dimension: Dimension, chosen: Sequence[Indicator], position: str) -> Iterator[Problem]:
    points = [i.points for i in chosen if i.points is not None]
    if len(points) == len(chosen) and sum(points) != dimension.points:
        message = _("维度“{title}”写 {points} 分，各指标的分值合计 {sum}").format(
            title=dimension.title,
            points=format_number(dimension.points or Decimal(0)),
            sum=format_number(sum(points, Decimal(0))),
        )
        yield finding("points-not-adding-up", f"dimensions.{dimension.id}@{position}", message)


def _not_positive(subject: Subject) -> Iterator[Problem]:
    for dimension in subject.scheme.dimensions:
        for name, value in (("weight", dimension.weight), ("points", dimension.points)):
            if value is not None and value <= 0:
                message = _("维度“{title}”的 {name} 是 {value}").format(title=dimension.title, name=name, value=value)
                yield finding("weight-not-positive", f"dimensions.{dimension.id}.{name}", message)
        for indicator in dimension.indicators:
            for name, value in (("weight", indicator.weight), ("points", indicator.points)):
                if value is not None and value <= 0:
                    message = _("指标“{title}”的 {name} 是 {value}").format(
                        title=indicator.title, name=name, value=value
                    )
                    yield finding("weight-not-positive", f"dimensions.{dimension.id}.{indicator.id}.{name}", message)


def _raters(subject: Subject) -> Iterator[Problem]:
    raters = subject.scheme.raters
    if raters is None:
        return
    whole = sum((role.weight for role in raters.roles), Decimal(0))
    if whole != HUNDRED:
        message = _("评分角色的权重合计 {sum}，不是 100").format(sum=format_number(whole))
        yield finding("rater-weights-not-100", "raters.roles", message)
    rated = [i.source.rating for _d, i in subject.scheme.indicators() if isinstance(i.source, RatingSource)]
    for role in raters.roles:
        if role.weight <= 0:
            message = _("评分角色“{title}”的权重是 {weight}").format(
                title=role.title, weight=format_number(role.weight)
            )
            yield finding("role-without-weight", f"raters.roles.{role.id}.weight", message)
        if not any(role.id in names for names in rated):
            message = _("评分角色“{title}”没有指标可评").format(title=role.title)
            yield finding("role-not-used", f"raters.roles.{role.id}", message)
    if raters.anonymous and raters.smallest_group < 3:
        message = _("匿名评分的最小人数是 {n}").format(n=raters.smallest_group)
        yield finding("anonymity-too-small", "raters.smallest_group", message)
    if raters.calibration is not None:
        shared = sum(1 for names in rated if len(names) > 1)
        if shared < raters.calibration.at_least:
            message = _("要求至少 {n} 个共同评分的指标，只有 {shared} 个").format(
                n=raters.calibration.at_least, shared=shared
            )
            yield finding("calibration-unreachable", "raters.calibration.at_least", message)
        if not 0 < raters.calibration.threshold <= HUNDRED:
            message = _("校准阈值是 {value}").format(value=format_number(raters.calibration.threshold))
            yield finding("calibration-threshold", "raters.calibration.threshold", message)
