"""Intervals, methods and conditions in plain words, for people who have never seen YAML.

Words only: what a method computes is said here and done elsewhere. Units come from the metric; a rate is shown in
percent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from meritdesk.language import _, current
from meritdesk.rules.numbers import Bounds, format_number
from meritdesk.scheme.facts import MetricFacts
from meritdesk.scheme.methods import (
    AttainmentMethod,
    BandRow,
    BandsMethod,
    BonusMethod,
    ChangeTarget,
    CombineMethod,
    CurveMethod,
    DeductMethod,
    LevelsMethod,
    Method,
    RangeMethod,
    RankMethod,
    RatingMethod,
    TableMethod,
    TierRow,
    TiersMethod,
)


def title_of(item: object) -> str:
    """Return the title of a part in the current language: the English one if there is one, else the Chinese."""
    english = getattr(item, "title_en", "") if current() == "en" else ""
    return english or str(getattr(item, "title", ""))


def amount(value: Decimal, unit: str = "") -> str:
    """Return a value with its unit: 95%, 30 秒, 24 小时, 200 元; without a unit the bare number."""
    if unit == "ratio":
        return format_number(value * 100) + "%"
    if unit == "seconds" and value >= 3600 and value % 3600 == 0:
        return _("{n} 小时").format(n=format_number(value // 3600))
    if unit == "seconds":
        return _("{n} 秒").format(n=format_number(value))
    if unit == "yuan":
        return _("{n} 元").format(n=format_number(value))
    return format_number(value)


def interval(bounds: Bounds, unit: str = "") -> str:
    """Return an interval in words that say whether the ends are inside: 大于 30 秒、不超过 60 秒."""
    low, high = bounds.low, bounds.high
    if low is not None and low == high:
        return _("等于 {value}").format(value=amount(low, unit))
    parts = []
    # Counts, times and totals are never negative: 不超过 30 秒 says all that [0, 30] does.
    if low is not None and not (low == 0 and bounds.low_closed and high is not None and unit != "ratio"):
        parts.append((_("至少 {value}") if bounds.low_closed else _("高于 {value}")).format(value=amount(low, unit)))
    if high is not None:
        parts.append(
            (_("不超过 {value}") if bounds.high_closed else _("低于 {value}")).format(value=amount(high, unit))
        )
    return _("、").join(parts) or _("任意值")


def group(name: str) -> str:
    """Return who is compared with whom, in words."""
    known = {"team": _("班组"), "department": _("部门"), "position": _("岗位"), "all": _("全体")}
    return known[name]


def unit_of(metric: MetricFacts | None) -> str:
    """Return the unit of a metric; nothing if it is not known."""
    return metric.unit if metric is not None else ""


def scoring_in_words(method: Method, unit: str, better: str, full: Decimal | None, titles: Mapping[str, str]) -> str:
    """Return how a value becomes points; `titles`: id → title of the other indicators."""
    most = format_number(full) if full is not None else ""
    match method:
        case BandsMethod():
            return _bands(method.bands, unit)
        case CurveMethod():
            corners = _("，").join(
                _("{value} 得 {points} 分").format(value=amount(x, unit), points=format_number(y))
                for x, y in method.points
            )
            return _("{corners}；之间按比例，两端以外不变").format(corners=corners)
        case RangeMethod():
            return _("{low} 到 {high} 得满分 {full}；低于 {zero_below} 或高于 {zero_above} 得 0 分，之间按比例").format(
                low=amount(method.best_from, unit),
                high=amount(method.best_to, unit),
                full=most,
                zero_below=amount(method.zero_below, unit),
                zero_above=amount(method.zero_above, unit),
            )
        case TiersMethod():
            return tiers_in_words(method.tiers, method.mode, unit)
        case TableMethod():
            rows = _("；").join(
                _("{value} 得 {points} 分").format(value=amount(r.value, unit), points=format_number(r.points))
                for r in method.rows
            )
            rest = (
                _("；其余 {points} 分").format(points=format_number(method.otherwise))
                if method.otherwise is not None
                else ""
            )
            return rows + rest
        case DeductMethod():
            each = (
                _("每次按违规清单扣分")
                if method.each is None
                else _("每单位扣 {points} 分").format(points=format_number(method.each))
            )
            return _("满分 {full}，{each}，扣到 {floor} 分为止").format(
                full=most, each=each, floor=format_number(method.floor)
            )
        case BonusMethod():
            return _("每单位加 {points} 分，最多 {cap} 分").format(
                points=format_number(method.each), cap=format_number(method.cap)
            )
        case AttainmentMethod():
            return _attainment(method, unit, better, most)
        case RankMethod():
            return _("在{group}内排名：").format(group=group(method.group)) + _bands(
                method.bands, "ratio" if method.by == "percentile" else ""
            )
        case RatingMethod():
            return _("；").join(_level(level.level, level.title, level.points) for level in method.levels)
        case LevelsMethod():
            return _("；").join(_level(row.level, row.title, row.points) for row in method.levels)
        case CombineMethod():
            return _combined(method, titles)


def _bands(rows: Sequence[BandRow], unit: str) -> str:
    return _("；").join(
        _("{values}得 {points} 分").format(
            values=interval(row.when, unit) + (_("（{title}）").format(title=row.title) if row.title else " "),
            points=format_number(row.points),
        )
        for row in rows
    )


def tiers_in_words(rows: Sequence[TierRow], mode: str, unit: str) -> str:
    """Return piece-rate tiers in words."""
    tiers = _("；").join(
        _("{values}每单位 {rate}").format(values=interval(row.when, unit) + " ", rate=format_number(row.rate))
        for row in rows
    )
    how = _("全部数量按所在档计") if mode == "whole" else _("各档分别计再相加")
    return f"{how}：{tiers}"


def _level(number: int, title: str, points: Decimal | Bounds) -> str:
    worth = interval(points) if isinstance(points, Bounds) else format_number(points)
    return _("{level} 档“{title}” {points} 分").format(level=number, title=title, points=worth)


def _attainment(method: AttainmentMethod, unit: str, better: str, full: str) -> str:
    if isinstance(method.target, ChangeTarget):
        target = _("比本人基线提升 {change}").format(change=amount(method.target.change, "ratio"))
    else:
        target = _("本人目标") if method.target == "personal" else amount(Decimal(method.target), unit)
    how = _("目标 ÷ 实际") if better == "lower" else _("实际 ÷ 目标")
    return _("目标：{target}；完成率（{how}）乘以 {full} 分，完成率取 {floor} 到 {cap}").format(
        target=target, how=how, full=full, floor=amount(method.floor, "ratio"), cap=amount(method.cap, "ratio")
    )


def _combined(method: CombineMethod, titles: Mapping[str, str]) -> str:
    if method.method == "weighted":
        parts = _("、").join(
            f"{titles.get(name, name)} {format_number(weight)}" for name, weight in method.weights.items()
        )
        return _("按权重平均：{parts}").format(parts=parts)
    known = {"sum": _("各项之和"), "min": _("取最低的一项"), "max": _("取最高的一项")}
    return known[method.method]


def best_in_words(method: Method, unit: str, better: str) -> str:
    """Return what counts as excellent: what brings the most points (R3.5)."""
    match method:
        case BandsMethod() | RankMethod():
            top = max(row.points for row in method.bands)
            shown = (
                ""
                if isinstance(method, RankMethod) and method.by == "position"
                else "ratio"
                if isinstance(method, RankMethod)
                else unit
            )
            return _("或").join(interval(row.when, shown) for row in method.bands if row.points == top)
        case CurveMethod():
            value, points = max(method.points, key=lambda corner: corner[1])
            return _("达到 {value}，得 {points} 分").format(value=amount(value, unit), points=format_number(points))
        case RangeMethod():
            return _("在 {low} 到 {high} 之间").format(
                low=amount(method.best_from, unit), high=amount(method.best_to, unit)
            )
        case TableMethod():
            top = max(row.points for row in method.rows)
            return _("或").join(amount(row.value, unit) for row in method.rows if row.points == top)
        case TiersMethod():
            return _("越多越好")
        case DeductMethod():
            return _("没有发生")
        case BonusMethod():
            return _("加满 {cap} 分").format(cap=format_number(method.cap))
        case AttainmentMethod():
            return _("完成率达到 {cap}").format(cap=amount(method.cap, "ratio"))
        case RatingMethod():
            return max(
                method.levels,
                key=lambda row: row.points.low or Decimal(0) if isinstance(row.points, Bounds) else row.points,
            ).title
        case LevelsMethod():
            return max(method.levels, key=lambda row: row.points).title
        case CombineMethod():
            return ""
