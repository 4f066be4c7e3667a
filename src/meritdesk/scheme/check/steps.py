"""What one unit more does: cliffs, and points that reward doing worse."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise

from meritdesk.errors import Problem
from meritdesk.language import _
from meritdesk.rules.numbers import format_number, to_decimal
from meritdesk.scheme.check.catalogue import finding
from meritdesk.scheme.check.intervals import fits_full, written_as_number
from meritdesk.scheme.check.scorings import Piece, Scoring, pieces, scorings
from meritdesk.scheme.check.subject import Subject
from meritdesk.scheme.methods import BonusMethod, DeductMethod, TiersMethod
from meritdesk.scheme.phrases import amount


def check_steps(subject: Subject) -> Iterator[Problem]:
    """Yield cliffs, perverse incentives and points that have no effect or do not fit `full`."""
    for scoring in scorings(subject):
        if written_as_number(scoring):
            continue
        found = pieces(scoring)
        for value, before, after in cliffs(found, subject.limits.points / scoring.share if scoring.share else None):
            yield _cliff(scoring, value, before, after)
        yield from _perverse(scoring, found)
        if found:
            yield from _extent(scoring, found)


def cliffs(found: Sequence[Piece], limit: Decimal | None) -> Iterator[tuple[int, Decimal, Decimal]]:
    """Yield (value, points one unit below, points there) where one unit moves the points by more than `limit`."""
    if limit is None:
        return
    for piece in found:
        if (
            piece.low is not None
            and piece.high is not None
            and piece.high > piece.low
            and piece.at_low != piece.at_high
        ):
            step = (piece.at_high - piece.at_low) / (piece.high - piece.low)
            if abs(step) > limit:
                yield piece.low + 1, piece.at_low, piece.at_low + step
    for before, after in pairwise(found):
        meet = after.low is not None and before.high is not None and after.low == before.high + 1
        if meet and after.low is not None and abs(after.at_low - before.at_high) > limit:
            yield after.low, before.at_high, after.at_low


def _cliff(scoring: Scoring, value: int, before: Decimal, after: Decimal) -> Problem:
    scale, unit = scoring.values.scale, scoring.values.unit
    message = _("“{title}”从 {below} 到 {at}，得分从 {before} 变为 {after}，相差 {step}").format(
        title=scoring.title,
        below=amount(to_decimal(value - 1, scale), unit),
        at=amount(to_decimal(value, scale), unit),
        before=format_number(before),
        after=format_number(after),
        step=format_number(abs(after - before)),
    )
    return finding("cliff", f"{scoring.rows_place}@{format_number(to_decimal(value, scale))}", message)


def _perverse(scoring: Scoring, found: Sequence[Piece]) -> Iterator[Problem]:
    better = scoring.values.better
    if better == "range":
        return
    worse = first_reversal(found, 1 if better == "higher" else -1)
    if isinstance(scoring.method, BonusMethod) and better == "lower" and scoring.method.each > 0:
        worse = worse or (0, Decimal(0), scoring.method.each)
    if isinstance(scoring.method, DeductMethod) and (scoring.method.each or 0) < 0 and better == "lower":
        worse = worse or (0, Decimal(0), scoring.method.each or Decimal(0))
    if worse is not None:
        value, before, after = worse
        message = _("“{title}”越{better}越好，值到 {value} 时得分却从 {before} 变为 {after}").format(
            title=scoring.title,
            better=_("高") if better == "higher" else _("低"),
            value=amount(to_decimal(value, scoring.values.scale), scoring.values.unit),
            before=format_number(before),
            after=format_number(after),
        )
        yield finding("perverse-incentive", scoring.rows_place, message)


def first_reversal(found: Sequence[Piece], sign: int) -> tuple[int, Decimal, Decimal] | None:
    """Return (value, points before, points there) where points first move against `sign`; None if they never do."""
    points: Decimal | None = None
    for piece in found:
        at = piece.low if piece.low is not None else (piece.high or 0)
        for there in (piece.at_low, piece.at_high):
            if points is not None and (there - points) * sign < 0:
                return at, points, there
            points, at = there, piece.high if piece.high is not None else at
    return None


def _extent(scoring: Scoring, found: Sequence[Piece]) -> Iterator[Problem]:
    points = [p for piece in found for p in (piece.at_low, piece.at_high)]
    least, most = min(points), max(points)
    if least == most:
        message = _("“{title}”不论多少都得 {points} 分").format(title=scoring.title, points=format_number(most))
        yield finding("no-effect", scoring.rows_place, message)
    if not isinstance(scoring.method, TiersMethod | BonusMethod):
        yield from fits_full(scoring.rows_place, scoring.title, most, scoring.full)
