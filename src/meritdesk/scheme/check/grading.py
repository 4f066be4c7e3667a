"""Grades, coefficients, shares, gates and vetoes: can they be reached, met and paid, and do they agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import pairwise

from meritdesk.errors import Problem
from meritdesk.language import _
from meritdesk.rules.numbers import Bounds, format_number
from meritdesk.scheme.check.catalogue import finding
from meritdesk.scheme.check.subject import Subject, metric_values
from meritdesk.scheme.document import Distribution, Grade, Scheme, Veto
from meritdesk.scheme.pay_items import MetricCondition, PayItem, ScoreCondition


def check_grading(subject: Subject) -> Iterator[Problem]:
    """Yield what is wrong between a total and the grade, its coefficient and its share."""
    yield from _rules(subject.scheme)
    yield from _coefficients(subject)
    if subject.scheme.distribution is not None:
        yield from _shares(subject, subject.scheme.distribution)
    for grade in subject.scheme.grades:
        yield from _gates(subject, grade)
    for veto in subject.scheme.vetoes:
        yield from _veto(subject, veto)


def percent(share: Decimal) -> str:
    """Return a share as a percentage: 0.1 → 10%."""
    return format_number(share * 100) + "%"


def _rules(scheme: Scheme) -> Iterator[Problem]:
    shares = scheme.distribution.shares if scheme.distribution else {}
    for grade in scheme.grades:
        if not grade.title:
            where = _("区间 {bounds} 的等级没有名称").format(bounds=grade.when) if grade.when else _("等级没有名称")
            yield finding("grade-without-title", f"grades.{grade.id}.title", where)
        if grade.when is None and grade.id not in shares:
            message = _("等级“{title}”没有分数线").format(title=grade.title)
            yield finding("grade-without-rule", f"grades.{grade.id}.when", message)
    lines = [(g, g.when) for g in scheme.grades if g.when is not None]
    for (better, high), (worse, low) in pairwise(lines):
        if _lowest(high) < _lowest(low):
            message = _("“{worse}”的分数线比写在前面的“{better}”高").format(worse=worse.title, better=better.title)
            yield finding("grades-out-of-order", f"grades.{worse.id}", message)


def _lowest(bounds: Bounds) -> Decimal:
    return bounds.low if bounds.low is not None else Decimal("-Infinity")


def uses_coefficient(item: PayItem) -> bool:
    """True if the item is multiplied by the coefficient or shares a pool by it."""
    return "coefficient" in (item.amount, *item.times) or (item.pool is not None and "coefficient" in item.pool.by)


def _coefficients(subject: Subject) -> Iterator[Problem]:
    scheme = subject.scheme
    used = [item for item in (scheme.pay.items if scheme.pay else ()) if uses_coefficient(item)]
    if used and not scheme.grades:
        message = _("“{title}”乘系数，方案却没有等级").format(title=used[0].title)
        yield finding("coefficient-without-grades", f"pay.items.{used[0].id}", message)
    if used or any(grade.coefficient is not None for grade in scheme.grades):
        for grade in scheme.grades:
            if grade.coefficient is None:
                message = _("等级“{title}”没有系数").format(title=grade.title)
                yield finding("coefficient-missing", f"grades.{grade.id}.coefficient", message)
    known = [(grade, grade.coefficient) for grade in scheme.grades if grade.coefficient is not None]
    for grade, value in known:
        if value < 0:
            message = _("等级“{title}”的系数是 {value}").format(title=grade.title, value=format_number(value))
            yield finding("coefficient-negative", f"grades.{grade.id}.coefficient", message)
    for (better, high), (worse, low) in pairwise(known):
        figures = {"better": better.title, "high": format_number(high), "worse": worse.title, "low": format_number(low)}
        if low > high:
            message = _("“{better}”的系数 {high} 低于“{worse}”的 {low}").format(**figures)
            yield finding("coefficient-falls", f"grades.{worse.id}.coefficient", message)
        elif high - low > subject.limits.coefficient:
            message = _("“{better}”的系数 {high}，低一级的“{worse}”只有 {low}").format(**figures)
            yield finding("coefficient-cliff", f"grades.{worse.id}.coefficient", message)


def _shares(subject: Subject, distribution: Distribution) -> Iterator[Problem]:
    scheme = subject.scheme
    whole = sum(distribution.shares.values(), Decimal(0))
    if whole != 1:
        message = _("强制分布的比例合计 {sum}").format(sum=percent(whole))
        yield finding("shares-not-100", "distribution.shares", message)
    titles = {grade.id: grade.title for grade in scheme.grades}
    for name, title in titles.items():
        share = distribution.shares.get(name)
        if share is None:
            yield finding("shares-incomplete", "distribution.shares", _("等级“{title}”没有比例").format(title=title))
        elif 0 < share * distribution.smallest < 1:
            message = _("{n} 人的组里“{title}”的 {share} 不到 1 人").format(
                n=distribution.smallest, title=title, share=percent(share)
            )
            yield finding("shares-too-fine", f"distribution.shares.{name}", message)
    if distribution.mode is None and any(grade.when is not None for grade in scheme.grades):
        yield finding("distribution-without-mode", "distribution.mode", _("既有分数线又有比例，没写以哪个为准"))
        for person, by_line, by_share in graded_differently(scheme, distribution, subject.totals or {}):
            message = _("{person}：按分数线是“{line}”，按比例是“{share}”").format(
                person=person, line=titles.get(by_line, _("无")), share=titles[by_share]
            )
            yield finding("graded-differently", f"distribution.mode@{person}", message)
    yield from _mean_coefficient(scheme, distribution)


def _mean_coefficient(scheme: Scheme, distribution: Distribution) -> Iterator[Problem]:
    """Under the shares the mean coefficient is Σ share × coefficient; a budget is made with 1 unless it says so
    (R2c)."""
    known = {grade.id: grade.coefficient for grade in scheme.grades}
    terms = [(share, known.get(name)) for name, share in distribution.shares.items() if share]
    if any(value is None for _share, value in terms):
        return
    mean = sum((share * value for share, value in terms if value is not None), Decimal(0))
    budget = scheme.pay.budget.mean_coefficient if scheme.pay and scheme.pay.budget else Decimal(1)
    if mean > budget > 0:
        over = format_number(((mean / budget - 1) * 100).quantize(Decimal("0.01")))
        message = _("按比例发满，平均系数是 {mean}，预算是 {budget}，超出 {over}%").format(
            mean=format_number(mean), budget=format_number(budget), over=over
        )
        yield finding("mean-coefficient-over-budget", "distribution.shares", message)


def graded_differently(
    scheme: Scheme, distribution: Distribution, totals: Mapping[str, Decimal]
) -> Iterator[tuple[str, str, str]]:
    """Yield (person, grade id by threshold, grade id by share) for everyone the two rules would grade differently.

    `totals`: person → total, all as one group. Quotas by largest remainder, equal remainders to the lower grade; a
    tie at the cut goes whole to the better grade.
    """
    ranked = sorted(totals, key=lambda person: totals[person], reverse=True)
    order = [grade.id for grade in scheme.grades if grade.id in distribution.shares]
    exact = [distribution.shares[name] * len(ranked) for name in order]
    quotas = [int(value) for value in exact]
    by_remainder = sorted(range(len(order)), key=lambda i: (exact[i] - quotas[i], i), reverse=True)
    for index in by_remainder[: max(0, len(ranked) - sum(quotas))]:
        quotas[index] += 1
    shared: dict[str, str] = {}
    for name, quota in zip(order, quotas, strict=True):
        room = max(0, sum(quotas[: order.index(name) + 1]) - len(shared)) if quota else 0
        waiting = ranked[len(shared) :]
        taken = waiting[:room]
        while taken and len(taken) < len(waiting) and totals[waiting[len(taken)]] == totals[taken[-1]]:
            taken.append(waiting[len(taken)])
        shared.update(dict.fromkeys(taken, name))
    for person in ranked:
        line = next((g.id for g in scheme.grades if g.when is not None and totals[person] in g.when), "")
        if person in shared and line != shared[person]:
            yield person, line, shared[person]


def _gates(subject: Subject, grade: Grade) -> Iterator[Problem]:
    for number, gate in enumerate(grade.requires):
        most, low = subject.most_score(gate.score), gate.within.low
        if most is not None and low is not None and (low > most or (low == most and most not in gate.within)):
            message = _("等级“{title}”要求 {score} 在 {within}，最高只有 {most}").format(
                title=grade.title, score=gate.score, within=gate.within, most=format_number(most)
            )
            yield finding("gate-unreachable", f"grades.{grade.id}.requires.{number + 1}", message)
        elif (low is None or (low == 0 and gate.within.low_closed)) and gate.within.high is None:
            message = _("等级“{title}”对 {score} 的要求 {within} 人人满足").format(
                title=grade.title, score=gate.score, within=gate.within
            )
            yield finding("gate-without-effect", f"grades.{grade.id}.requires.{number + 1}", message)


def _veto(subject: Subject, veto: Veto) -> Iterator[Problem]:
    place = f"vetoes.{veto.id}"
    if subject.scheme.grades and veto.cap_grade == subject.scheme.grades[0].id:
        message = _("“{title}”触发后仍可得最好的等级").format(title=veto.title)
        yield finding("veto-without-effect", f"{place}.cap_grade", message)
    most: Decimal | None = None
    least: Decimal | None = None
    if isinstance(veto.when, ScoreCondition):
        most, least = subject.most_score(veto.when.score), Decimal(0)
    elif isinstance(veto.when, MetricCondition) and veto.when.metric in subject.metrics:
        values = metric_values(subject.metrics[veto.when.metric])
        most = Decimal(1) if values.is_rate else None
        least = Decimal(0) if values.low is not None else None
    if isinstance(veto.when, ScoreCondition | MetricCondition):
        low, high = veto.when.within.low, veto.when.within.high
        above = most is not None and low is not None and (low > most or (low == most and most not in veto.when.within))
        below = (
            least is not None
            and high is not None
            and (high < least or (high == least and least not in veto.when.within))
        )
        if above or below:
            message = _("“{title}”的条件 {within} 达不到").format(title=veto.title, within=veto.when.within)
            yield finding("veto-unreachable", f"{place}.when", message)
