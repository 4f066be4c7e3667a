"""Gaps, overlaps, boundaries in two or in none, and what can never be reached: bands, tiers, grades and rubrics."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from decimal import Decimal

from meritdesk.errors import Problem
from meritdesk.language import _
from meritdesk.rules.numbers import TOTAL, Bounds, format_number, to_integer
from meritdesk.scheme.check.catalogue import finding
from meritdesk.scheme.check.coverage import Segment, segments, unreachable
from meritdesk.scheme.check.scorings import Scoring, scorings
from meritdesk.scheme.check.subject import Subject
from meritdesk.scheme.methods import (
    AttainmentMethod,
    CurveMethod,
    LevelsMethod,
    RangeMethod,
    RatingLevel,
    RatingMethod,
    TableMethod,
)
from meritdesk.scheme.phrases import interval


def check_intervals(subject: Subject) -> Iterator[Problem]:
    """Yield what the intervals of a scheme leave open or give twice."""
    for scoring in scorings(subject):
        if written_as_number(scoring):
            message = _("“{title}”的值是比率，区间却写到了 2 以上").format(title=scoring.title)
            yield finding("percent-written-as-number", scoring.rows_place, message)
        else:
            yield from _method(scoring)
    yield from _grades(subject)
    for dimension, indicator in subject.scheme.indicators():
        place = f"dimensions.{dimension.id}.{indicator.id}.scoring.levels"
        if isinstance(indicator.scoring, RatingMethod):
            yield from _rubric(indicator.scoring, indicator.title, place)
            tops = [_range(level).high for level in indicator.scoring.levels]
            if None not in tops:
                most = max(top for top in tops if top is not None)
                yield from fits_full(place, indicator.title, most, subject.scheme.full_points(indicator))
        elif isinstance(indicator.scoring, LevelsMethod):
            yield from _untitled([(level.level, level.title) for level in indicator.scoring.levels], place)


def written_as_number(scoring: Scoring) -> bool:
    """True if a rate is compared with numbers such as 90, which stand for 9000 %."""
    method, ends = scoring.method, [end for b in scoring.intervals for end in (b.low, b.high)]
    if isinstance(method, CurveMethod):
        ends = [value for value, _points in method.points]
    elif isinstance(method, RangeMethod):
        ends = [method.zero_below, method.best_from, method.best_to, method.zero_above]
    elif isinstance(method, AttainmentMethod) and isinstance(method.target, Decimal):
        ends = [method.target]
    return scoring.values.is_rate and any(end is not None and end >= 2 for end in ends)


def fits_full(place: str, title: str, most: Decimal, full: Decimal | None) -> Iterator[Problem]:
    """Yield a finding if the most that can be had is not what the method calls full."""
    if full is None or most == full:
        return
    shown = {"title": title, "most": format_number(most), "full": format_number(full)}
    if most < full:
        yield finding("full-not-reachable", place, _("“{title}”最多得 {most} 分，满分是 {full}").format(**shown))
    else:
        yield finding("points-above-full", place, _("“{title}”最多得 {most} 分，满分只有 {full}").format(**shown))


def _method(scoring: Scoring) -> Iterator[Problem]:
    method, values = scoring.method, scoring.values
    if isinstance(method, RangeMethod):
        ordered = method.zero_below <= method.best_from <= method.best_to <= method.zero_above
        if not ordered:
            message = _("“{title}”的合理区间次序不对").format(title=scoring.title)
            yield finding("points-out-of-order", scoring.place, message)
    elif isinstance(method, CurveMethod):
        xs = [value for value, _points in method.points]
        if any(a >= b for a, b in itertools.pairwise(xs)):
            message = _("“{title}”的折线点没有从小到大写").format(title=scoring.title)
            yield finding("points-out-of-order", scoring.rows_place, message)
    elif isinstance(method, TableMethod | LevelsMethod):
        found = segments(scoring.intervals, values.scale)
        gaps = isinstance(method, TableMethod) and method.otherwise is None
        yield from covering(found, scoring.rows_place, scoring.title, values.scale, unit=values.unit, gaps=gaps)
    elif scoring.intervals:
        found = segments(scoring.intervals, values.scale)
        found = _within(found, values.low, values.high, endless=values.endless)
        yield from covering(found, scoring.rows_place, scoring.title, values.scale, unit=values.unit)
        yield from _never(scoring.intervals, scoring.rows_place, values.scale)


def _grades(subject: Subject) -> Iterator[Problem]:
    graded = [grade for grade in subject.scheme.grades if grade.when is not None]
    intervals = [grade.when for grade in graded if grade.when is not None]
    if not intervals:
        return
    most = subject.most_total()
    high = None if most is None else to_integer(most, TOTAL)
    found = _within(segments(intervals, TOTAL), 0, high, endless=most is None)
    yield from covering(found, "grades", _("等级"), TOTAL)
    for index in unreachable(segments(intervals, TOTAL), len(intervals)):
        yield _unreachable(f"grades.{graded[index].id}.when", intervals[index])


def _within(found: list[Segment], low: int | None, high: int | None, *, endless: bool) -> list[Segment]:
    """Return the segments cut to the values that must be provided for: unknown ends demand nothing beyond the rows."""
    kept = []
    for segment in found:
        first, last = segment.low, segment.high
        if low is not None:
            first = low if first is None else max(first, low)
        if high is not None:
            last = high if last is None else min(last, high)
        open_end = (first is None and low is None) or (last is None and not endless)
        if first is not None and last is not None and first > last:
            continue
        if not segment.covers and open_end:
            continue
        kept.append(Segment(first, last, segment.covers))
    return kept


def covering(
    found: Sequence[Segment], place: str, title: str, scale: int, *, unit: str = "", gaps: bool = True
) -> Iterator[Problem]:
    """Yield the gaps and overlaps of segments, each at the place with its values."""
    for segment in found:
        single = segment.low is not None and segment.low == segment.high
        where = f"{place}@{segment.shown(scale)}"
        values = interval(segment.bounds(scale), unit)
        beyond_rows = segment.low is None or (segment.high is None and place.endswith("rows"))
        if not segment.covers and gaps and not beyond_rows:
            message = _("“{title}”{values}时没有规定").format(title=title, values=values)
            yield finding("boundary-in-none" if single else "gap", where, message)
        elif len(segment.covers) > 1:
            rows = _("、").join(str(index + 1) for index in segment.covers)
            message = _("“{title}”{values}时同时落在第 {rows} 段").format(title=title, values=values, rows=rows)
            yield finding("boundary-in-two" if single else "overlap", where, message)


def _never(intervals: Sequence[Bounds], place: str, scale: int) -> Iterator[Problem]:
    for index in unreachable(segments(intervals, scale), len(intervals)):
        yield _unreachable(f"{place}.{index + 1}", intervals[index])


def _unreachable(place: str, bounds: Bounds) -> Problem:
    return finding("unreachable", place, _("区间 {bounds} 永远用不上").format(bounds=bounds))


def _rubric(method: RatingMethod, title: str, place: str) -> Iterator[Problem]:
    """Levels left out of the numbering, scores in two levels or in none (R2e: 25, below 5), levels that do not rise."""
    levels = sorted(method.levels, key=lambda level: level.level)
    known = {level.level for level in levels}
    for number in range(levels[0].level, levels[-1].level):
        if number not in known:
            message = _("“{title}”没有第 {n} 档").format(title=title, n=number)
            yield finding("undefined-level", f"{place}@{number}", message)
    yield from _untitled([(level.level, level.title) for level in levels], place)
    intervals = [_range(level) for level in levels]
    if any(isinstance(level.points, Bounds) for level in levels):
        found = [s for s in segments(intervals, method.decimals) if s.covers or None not in (s.low, s.high)]
        yield from covering(found, place, title, method.decimals)
        least = min((bounds.low for bounds in intervals if bounds.low is not None), default=Decimal(0))
        if least > 0 and all(bounds.low is not None for bounds in intervals):
            message = _("“{title}”最低一档从 {least} 分起").format(title=title, least=format_number(least))
            yield finding("lowest-level-above-zero", place, message)
    tops = [(bounds.low if bounds.low is not None else Decimal(0)) for bounds in intervals]
    rising = all(a < b for a, b in itertools.pairwise(tops))
    falling = all(a > b for a, b in itertools.pairwise(tops))
    if len(tops) > 1 and not rising and not falling:
        yield finding("levels-out-of-order", place, _("“{title}”各档的分数没有依次变化").format(title=title))


def _range(level: RatingLevel) -> Bounds:
    return level.points if isinstance(level.points, Bounds) else Bounds(level.points, level.points)


def _untitled(levels: Sequence[tuple[int, str]], place: str) -> Iterator[Problem]:
    for number, title in levels:
        if not title:
            yield finding("level-without-title", f"{place}.{number}", _("第 {n} 档没有描述").format(n=number))
