"""How numbers, states and rubrics are worded on paper and in the workbook, in the current language.

Display only: nothing here computes a score. What is shown is rounded half up to the decimals that looks asks for (two
for scores, one for percentages, fen for money); the exact values lie in the machine-readable files.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Protocol

from meritdesk.language import SOURCE, _, current
from meritdesk.results import Appraisal, IndicatorScore, State, Status
from meritdesk.rules.numbers import Bounds, format_number, rounded
from meritdesk.scheme.document import EventSource, Indicator, MetricSource, Scheme, ViolationSource
from meritdesk.scheme.methods import (
    AttainmentMethod,
    BandRow,
    BandsMethod,
    BonusMethod,
    ChangeTarget,
    CombineMethod,
    CurveMethod,
    DeductMethod,
    LevelRow,
    LevelsMethod,
    RangeMethod,
    RankMethod,
    RatingLevel,
    RatingMethod,
    TableMethod,
    TiersMethod,
)

NONE = "—"
RATE = "%"

Rubric = list[tuple[str, str]]
"""Lines of a rubric: what it is worth, and for what."""


class Titled(Protocol):
    """A record with a title in both languages."""

    @property
    def title(self) -> str:
        """The Chinese title."""

    @property
    def title_en(self) -> str:
        """The English title; may be empty."""


def title(record: Titled) -> str:
    """Return the title in the current language, the Chinese one where no other is given."""
    return record.title if current() == SOURCE else record.title_en or record.title


def text_width(text: str) -> int:
    """Return the width of the longest line in digits; a Chinese character counts two."""
    return max(
        sum(2 if unicodedata.east_asian_width(c) in "WFA" else 1 for c in line) for line in (text or " ").split("\n")
    )


def fixed(value: Decimal | None, decimals: int = 2) -> str:
    """Return ``1,234.50``; a dash for None."""
    return NONE if value is None else f"{rounded(value, decimals):,f}"


def short(value: Decimal | None, decimals: int = 2) -> str:
    """Return `value` with at most `decimals` decimals and no trailing zeros: ``5``, ``4.75``, ``1,312``."""
    if value is None:
        return NONE
    whole = rounded(value, decimals)
    return f"{int(whole):,}" if whole == int(whole) else f"{whole:,f}".rstrip("0")


def percent(value: Decimal | None, decimals: int = 1) -> str:
    """Return a share or rate as ``94.2%``; a dash for None."""
    return NONE if value is None else f"{rounded(value * 100, decimals):f}%"


def unit_word(unit: str) -> str:
    """Return the unit as people write it."""
    words = {"s": _("秒"), "min": _("分钟"), "h": _("小时"), "d": _("天")}
    return words.get(unit, unit)


def figure(value: Decimal | None, unit: str) -> str:
    """Return a measured value with its unit: ``94.2%``, ``26.31 秒``, ``1,312 件``."""
    if value is None:
        return NONE
    if unit == RATE:
        return percent(value)
    return " ".join(part for part in (short(value), unit_word(unit)) if part)


def limits(bounds: Bounds, unit: str = "") -> str:
    """Return an interval in words: ``≥ 90%``, ``> 30 且 ≤ 60 秒``, ``= 0``."""

    def end(value: Decimal) -> str:
        return f"{format_number(value * 100)}%" if unit == RATE else format_number(value)

    tail = f" {unit_word(unit)}" if unit and unit != RATE else ""
    if bounds.low is not None and bounds.low == bounds.high:
        return f"= {end(bounds.low)}{tail}"
    low = "" if bounds.low is None else f"{'≥' if bounds.low_closed else '>'} {end(bounds.low)}"
    high = "" if bounds.high is None else f"{'≤' if bounds.high_closed else '<'} {end(bounds.high)}"
    if low and high:
        return _("{low} 且 {high}").format(low=low, high=high) + tail
    return (low or high) + tail if low or high else _("任意值")


def state_word(state: State) -> str:
    """Return the state of an appraisal."""
    return {"graded": _("已评定"), "held": _("暂缓"), "not_appraised": _("不参加考核")}[state]


def status_word(status: Status) -> str:
    """Return the status of an indicator's score."""
    return {
        "scored": _("已计分"),
        "no_data": _("无数据"),
        "small_sample": _("样本不足"),
        "not_rated": _("未评分"),
        "neutral": _("按中性分"),
        "held": _("暂缓"),
    }[status]


def grade_word(scheme: Scheme, grade: str | None) -> str:
    """Return the title of a grade id in the current language; a dash for None."""
    found = [title(g) for g in scheme.grades if g.id == grade]
    return found[0] if found else grade or NONE


def outcome_word(scheme: Scheme, appraisal: Appraisal) -> str:
    """Return the grade of an appraisal, or its state where there is none."""
    if appraisal.state != "graded":
        return state_word(appraisal.state)
    return grade_word(scheme, appraisal.grade) if appraisal.grade else appraisal.grade_title or NONE


def measured(score: IndicatorScore) -> str:
    """Return what a measured value rests on: ``n = 1,272；95% 区间 92.4%–96.1%；剔除 3；待定 2``."""
    parts = []
    if score.n is not None:
        parts.append(f"n = {score.n:,}")
    if score.interval is not None:
        low, high = (percent(end) for end in score.interval)
        parts.append(_("95% 区间 {low}–{high}").format(low=low, high=high))
    if score.excluded:
        parts.append(_("剔除 {n}").format(n=f"{score.excluded:,}"))
    if score.pending:
        parts.append(_("待定 {n}").format(n=f"{score.pending:,}"))
    return _("；").join(parts)


def rubric(scheme: Scheme, indicator: Indicator, unit: str) -> Rubric:
    """Return the scoring rule of an indicator as lines (worth, words), as it reads on the form (R4.10)."""
    method = indicator.scoring
    match method:
        case RatingMethod():
            return [_rating_line(level.level, level.points, level.title) for level in reversed(method.levels)]
        case LevelsMethod():
            return [(_points(row.points), row.title) for row in reversed(method.levels)]
        case BandsMethod():
            return [_band_line(band, unit) for band in method.bands]
        case TableMethod():
            lines = [(_points(row.points), f"= {figure(row.value, unit)}") for row in method.rows]
            return lines if method.otherwise is None else [*lines, (_points(method.otherwise), _("其他值"))]
        case TiersMethod():
            return [(f"× {format_number(tier.rate)}", limits(tier.when, unit)) for tier in method.tiers]
        case RankMethod():
            percentile = method.by == "percentile"
            head = ("", _("按组内百分位计分") if percentile else _("按组内名次计分"))
            return [head, *(_band_line(band, RATE if percentile else "") for band in method.bands)]
        case CurveMethod():
            return [("", _("在下列各点间按直线计分")), *((_points(y), figure(x, unit)) for x, y in method.points)]
        case RangeMethod():
            best = f"{figure(method.best_from, unit)} – {figure(method.best_to, unit)}"
            below, above = figure(method.zero_below, unit), figure(method.zero_above, unit)
            return [
                (_points(scheme.full_points(indicator)), best),
                (_points(Decimal(0)), _("不高于 {below} 或不低于 {above}").format(below=below, above=above)),
            ]
        case DeductMethod():
            return _deduct_lines(scheme, indicator, method, unit)
        case BonusMethod():
            words = _("每{unit}，最多 {cap} 分").format(unit=unit_word(unit) or _("次"), cap=format_number(method.cap))
            return [(f"+{_points(method.each)}", words)]
        case AttainmentMethod():
            return [(_points(scheme.full_points(indicator)), _attainment_words(method, unit))]
        case CombineMethod():
            return [("", _combine_words(scheme, indicator, method))]


def _points(value: Decimal | None) -> str:
    return "" if value is None else _("{n} 分").format(n=format_number(value))


def _rating_line(level: int, points: Decimal | Bounds, words: str) -> tuple[str, str]:
    if isinstance(points, Bounds):
        if points.low is not None and points.high is not None and points.low_closed and points.high_closed:
            low, high = format_number(points.low), format_number(points.high)
            return (_("{n} 分").format(n=low if low == high else f"{low}–{high}"), words)
        return (_("{n} 分").format(n=limits(points)), words)
    return (str(level), words) if points == level else (_points(points), words)


def _band_line(band: BandRow, unit: str) -> tuple[str, str]:
    range_words = limits(band.when, unit)
    return (_points(band.points), f"{band.title}（{range_words}）" if band.title else range_words)


def _deduct_lines(scheme: Scheme, indicator: Indicator, method: DeductMethod, unit: str) -> Rubric:
    full = scheme.full_points(indicator)
    words = _("满分，按下列各项扣分，扣至 {floor} 分为止").format(floor=format_number(method.floor))
    lines: Rubric = [(_points(full), words)]
    if method.each is not None:
        lines.append((f"−{_points(method.each)}", _("每{unit}").format(unit=unit_word(unit) or _("次"))))
    if isinstance(indicator.source, ViolationSource):
        listed = scheme.violation_lists.get(indicator.source.violations, ())
        lines += [(f"−{_points(v.points)}", f"{v.code} {v.title}") for v in listed]
    return lines


def _attainment_words(method: AttainmentMethod, unit: str) -> str:
    target = method.target
    if isinstance(target, ChangeTarget):
        words = _("达到比本人基线变动 {change} 的目标").format(change=percent(target.change))
    elif isinstance(target, Decimal):
        words = _("达到目标 {target}").format(target=figure(target, unit))
    else:
        words = _("达到与本人约定的目标")
    low, high = percent(method.floor, 0), percent(method.cap, 0)
    return _("{words}；按达成率折算，限 {low}–{high}").format(words=words, low=low, high=high)


def _combine_words(scheme: Scheme, indicator: Indicator, method: CombineMethod) -> str:
    titles: Mapping[str, str] = {i.id: title(i) for _dimension, i in scheme.indicators()}
    source = indicator.source
    parts = () if isinstance(source, MetricSource | EventSource) else getattr(source, "of", ())
    names = _("、").join(titles.get(part, part) for part in parts)
    how = {
        "sum": _("{names} 之和"),
        "weighted": _("{names} 的加权平均"),
        "min": _("{names} 中最低者"),
        "max": _("{names} 中最高者"),
    }
    return how[method.method].format(names=names)


def reached(indicator: Indicator, score: IndicatorScore) -> int | None:
    """Return which line of `rubric` the score stands on (bands by value, levels by their words); None if on none."""
    method = indicator.scoring
    if isinstance(method, BandsMethod) and score.value is not None:
        found = [n for n, band in enumerate(method.bands) if score.value in band.when]
        return found[0] if found else None
    if isinstance(method, RatingMethod | LevelsMethod) and score.level_title:
        levels: Sequence[RatingLevel | LevelRow] = method.levels
        titles = [level.title for level in reversed(levels)]
        return titles.index(score.level_title) if score.level_title in titles else None
    return None
