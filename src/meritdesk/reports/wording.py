"""How numbers, states and rubrics are worded on paper and in the workbook, in the current language.

Display only: nothing here computes a score. What is shown is rounded half up to the decimals that looks asks for (two
for scores, one for percentages, fen for money); the exact values lie in the machine-readable files.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from decimal import Decimal

from meritdesk.language import _
from meritdesk.results import Appraisal, IndicatorScore, State, Status
from meritdesk.rules.numbers import Bounds, format_number, rounded
from meritdesk.scheme import phrases
from meritdesk.scheme.document import Indicator, Scheme, ViolationSource
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
UNITS = {RATE: "ratio", "s": "seconds", "元": "yuan"}
"""Units of an indicator's value by the names that metrics give them."""

title = phrases.title_of
"""The title of a record in the current language, the Chinese one where no other is given."""

Rubric = list[tuple[str, str]]
"""Lines of a rubric: what it is worth, and for what."""


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
    words = {"s": _("秒"), "次": _("次"), "分": _("分"), "元": _("元"), "级": _("级")}
    return words.get(unit, unit)


def figure(value: Decimal | None, unit: str) -> str:
    """Return a measured value with its unit: ``94.2%``, ``26.31 秒``, ``1,312 件``."""
    if value is None:
        return NONE
    if unit == RATE:
        return percent(value)
    return " ".join(part for part in (short(value), unit_word(unit)) if part)


def limits(bounds: Bounds, unit: str = "") -> str:
    """Return an interval in signs, short enough for a column: ``≥ 90%``, ``> 30 秒 且 ≤ 60 秒``, ``= 0``."""

    def end(value: Decimal) -> str:
        return phrases.amount(value, UNITS[unit]) if unit in UNITS else f"{format_number(value)} {unit}".rstrip()

    if bounds.low is not None and bounds.low == bounds.high:
        return f"= {end(bounds.low)}"
    # Counts and times are never negative: ≤ 30 秒 says all that [0, 30] does.
    needless = bounds.low == 0 and bounds.low_closed and bounds.high is not None and unit != RATE
    low = "" if bounds.low is None or needless else f"{'≥' if bounds.low_closed else '>'} {end(bounds.low)}"
    high = "" if bounds.high is None else f"{'≤' if bounds.high_closed else '<'} {end(bounds.high)}"
    if low and high:
        return _("{low} 且 {high}").format(low=low, high=high)
    return low or high or _("任意值")


def target(indicator: Indicator | None, score: IndicatorScore) -> str:
    """Return the target of an indicator; empty if it has none."""
    if indicator is not None and indicator.target is not None:
        return limits(indicator.target, score.unit)
    return score.target


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


def left_out(appraisal: Appraisal) -> str:
    """Return which indicators of a graded result had no points, so that others carry their weight; empty if none."""
    if not appraisal.left_out:
        return ""
    return _("缺：{titles}（权重由其他指标分担）").format(titles=_("、").join(appraisal.left_out))


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
            where = phrases.group(method.group)
            head = _("在{group}内按百分位计分") if percentile else _("在{group}内按名次计分")
            return [("", head.format(group=where)), *(_band_line(b, RATE if percentile else "") for b in method.bands)]
        case DeductMethod():
            return _deduct_lines(scheme, indicator, method, unit)
        case AttainmentMethod():
            return [(_points(scheme.full_points(indicator)), _attainment_words(method, unit))]
        case CurveMethod() | RangeMethod() | BonusMethod() | CombineMethod():
            titles = {i.id: title(i) for _dimension, i in scheme.indicators()}
            full = scheme.full_points(indicator)
            return [("", phrases.scoring_in_words(method, UNITS.get(unit, ""), "", full, titles))]


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
