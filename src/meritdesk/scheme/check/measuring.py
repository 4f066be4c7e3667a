"""Where the figures come from: metrics that do not exist, that nobody can influence, that are empty or counted
twice."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from meritdesk.errors import Problem
from meritdesk.language import _
from meritdesk.scheme.check.catalogue import finding
from meritdesk.scheme.check.subject import Subject
from meritdesk.scheme.document import MetricSource, OthersSource, RatingSource, ViolationSource
from meritdesk.scheme.pay_items import MetricCondition, MetricTerm, TiersTerm


@dataclass(frozen=True)
class Use:
    """One use of a metric: where, under which title, and for which positions."""

    place: str
    key: str
    title: str
    metric: str
    positions: frozenset[str]
    scores: bool
    """True if it brings points (conditions and pay only look at it)."""


def check_measuring(subject: Subject) -> Iterator[Problem]:
    """Yield what is wrong with the figures that a scheme stands on."""
    used = list(_uses(subject))
    for use in used:
        metric = subject.metrics.get(use.metric)
        if metric is None:
            close = difflib.get_close_matches(use.metric, list(subject.metrics), n=1)
            fix = _("是不是想写 {close}？").format(close=close[0]) if close else ""
            yield finding("unknown-metric", use.place, _("没有“{name}”这个运营指标").format(name=use.metric), fix)
        elif metric.influence != "person" and use.scores:
            whose = _("班组") if metric.influence == "team" else _("系统")
            message = _("“{title}”取自“{metric}”，由{whose}决定，不由个人决定").format(
                title=use.title, metric=metric.title, whose=whose
            )
            yield finding("influence", use.place, message)
    yield from _twice(subject, [use for use in used if use.scores])
    yield from _parts_twice(subject)
    yield from _empty(subject)


def _uses(subject: Subject) -> Iterator[Use]:
    scheme, everyone = subject.scheme, frozenset(subject.position_ids)
    fed: dict[str, set[str]] = {}
    for dimension, indicator in scheme.indicators():
        positions = frozenset(dimension.positions or everyone) & frozenset(indicator.positions or everyone)
        if isinstance(indicator.source, MetricSource):
            place = f"dimensions.{dimension.id}.{indicator.id}.source"
            name = indicator.source.metric
            yield Use(place, indicator.id, indicator.title, name, positions, indicator.part_of_total)
        elif isinstance(indicator.source, RatingSource):
            for name in indicator.source.rating:
                fed.setdefault(name, set()).update(positions)
    for role in scheme.raters.roles if scheme.raters else ():
        if role.feed is not None:
            place = f"raters.roles.{role.id}.feed"
            yield Use(place, role.id, role.title, role.feed.metric, frozenset(fed.get(role.id, ())), True)
    conditions = [(f"vetoes.{v.id}.when", v.title, v.when) for v in scheme.vetoes]
    conditions += [(f"uses.{u.id}.when", u.title, u.when) for u in scheme.uses if isinstance(u.when, MetricCondition)]
    for item in scheme.pay.items if scheme.pay else ():
        if isinstance(item.when, MetricCondition):
            conditions.append((f"pay.items.{item.id}.when", item.title, item.when))
        for term in (item.amount, *item.times):
            of = term.of if isinstance(term, TiersTerm) else term
            if isinstance(of, MetricTerm):
                yield Use(f"pay.items.{item.id}", item.id, item.title, of.metric, everyone, False)
    for place, title, condition in conditions:
        if isinstance(condition, MetricCondition):
            yield Use(place, place, title, condition.metric, everyone, False)


def _twice(subject: Subject, used: list[Use]) -> Iterator[Problem]:
    for first, second in combinations(used, 2):
        one, other = subject.metrics.get(first.metric), subject.metrics.get(second.metric)
        if one is None or other is None or not first.positions & second.positions:
            continue
        if first.metric == second.metric:
            message = _("“{first}”和“{second}”取自同一个运营指标“{metric}”").format(
                first=first.title, second=second.title, metric=one.title
            )
        elif shared := sorted(set(one.rests_on) & set(other.rests_on)):
            message = _("“{first}”和“{second}”数的是同一件事（{shared}）").format(
                first=first.title, second=second.title, shared="、".join(shared)
            )
        else:
            continue
        yield finding("double-counting", f"{second.place}@{first.key}", message)


def _parts_twice(subject: Subject) -> Iterator[Problem]:
    """An indicator that is in the total by itself and again as part of another; a violation list used twice."""
    counted = {i.id: i for _d, i in subject.scheme.indicators() if i.part_of_total}
    lists: dict[str, str] = {}
    for dimension, indicator in subject.scheme.indicators():
        if not indicator.part_of_total:
            continue
        place = f"dimensions.{dimension.id}.{indicator.id}.source"
        if isinstance(indicator.source, OthersSource):
            for name in indicator.source.of:
                if name in counted:
                    message = _("“{part}”自己计入总分，又经“{whole}”再计一次").format(
                        part=counted[name].title, whole=indicator.title
                    )
                    yield finding("double-counting", f"{place}@{name}", message)
        elif isinstance(indicator.source, ViolationSource):
            name = indicator.source.violations
            if name in lists:
                message = _("“{title}”和“{first}”扣的是同一份违规清单").format(
                    title=indicator.title, first=counted[lists[name]].title
                )
                yield finding("double-counting", f"{place}@{lists[name]}", message)
            lists.setdefault(name, indicator.id)


def _empty(subject: Subject) -> Iterator[Problem]:
    """A figure that can be without data needs `missing` written out: the default is nobody's decision."""
    for dimension, indicator in subject.scheme.indicators():
        if not isinstance(indicator.source, MetricSource) or "missing" in indicator.model_fields_set:
            continue
        metric = subject.metrics.get(indicator.source.metric)
        if metric is not None and metric.can_be_empty:
            message = _("“{title}”可能没有数据（“{metric}”的分母为 0），没写怎么办").format(
                title=indicator.title, metric=metric.title
            )
            yield finding(
                "empty-denominator-without-rule", f"dimensions.{dimension.id}.{indicator.id}.missing", message
            )
