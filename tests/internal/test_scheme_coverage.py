"""What the check says of intervals and steps equals what trying every single value says."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from meritdesk.rules.numbers import Bounds, to_decimal
from meritdesk.scheme.check.coverage import Segment, segments, unreachable
from meritdesk.scheme.check.scorings import tier_pieces
from meritdesk.scheme.check.steps import cliffs
from meritdesk.scheme.methods import TierRow

SCALE = 1
GRID = range(-5, 60)


@st.composite
def bounds(draw: st.DrawFn, scale: int = SCALE) -> Bounds:
    """Intervals with ends on the grid, between its values, open, closed or missing."""
    ends = sorted(draw(st.lists(st.integers(0, 110), min_size=2, max_size=2)))
    low, high = (Decimal(end) / 20 if scale else Decimal(end) / 2 for end in ends)
    closed = low == high
    low_closed, high_closed = (True, True) if closed else (draw(st.booleans()), draw(st.booleans()))
    return Bounds(
        None if draw(st.integers(0, 5)) == 0 else low,
        None if draw(st.integers(0, 5)) == 0 else high,
        low_closed,
        high_closed,
    )


def covering(intervals: Sequence[Bounds], value: int) -> tuple[int, ...]:
    return tuple(i for i, interval in enumerate(intervals) if to_decimal(value, SCALE) in interval)


def said(found: Sequence[Segment], value: int) -> list[tuple[int, ...]]:
    return [s.covers for s in found if (s.low is None or s.low <= value) and (s.high is None or value <= s.high)]


Cutting = Callable[[Sequence[Bounds], int], list[Segment]]


def agrees(cut: Cutting, intervals: Sequence[Bounds]) -> bool:
    found = cut(intervals, SCALE)
    first = {covers[0] for value in range(-200, 200) if (covers := covering(intervals, value))}
    never = [index for index in range(len(intervals)) if index not in first]
    return all(said(found, v) == [covering(intervals, v)] for v in GRID) and unreachable(found, len(intervals)) == never


@given(st.lists(bounds(), min_size=1, max_size=5))
@settings(max_examples=400)
def test_segments_are_what_trying_every_value_gives(intervals: list[Bounds]) -> None:
    assert agrees(segments, intervals)


def test_a_cut_that_forgets_open_ends_is_caught() -> None:
    """Negative control: the same comparison with every end closed."""

    def closed(intervals: Sequence[Bounds], scale: int) -> list[Segment]:
        return segments([Bounds(b.low, b.high) for b in intervals], scale)

    intervals = [Bounds(None, Decimal(1), high_closed=False), Bounds(Decimal(1), None)]
    assert agrees(segments, intervals)
    assert not agrees(closed, intervals)


@st.composite
def ladder(draw: st.DrawFn) -> list[TierRow]:
    """Tiers without gap from 0 up, each closed above or below."""
    cuts = sorted(draw(st.sets(st.integers(1, 40), min_size=1, max_size=4)))
    above = draw(st.booleans())
    rates = [Decimal(draw(st.integers(0, 200))) / 100 for _cut in range(len(cuts) + 1)]
    ends: list[Decimal | None] = [Decimal(0), *map(Decimal, cuts), None]
    rows = []
    for number, (low, high) in enumerate(itertools.pairwise(ends)):
        low_closed = number == 0 or not above
        rows.append(TierRow(when=Bounds(low, high, low_closed, above), rate=rates[number]))
    return rows


def paid_whole(rows: Sequence[TierRow], volume: int) -> Decimal:
    return volume * next(row.rate for row in rows if Decimal(volume) in row.when)


@given(ladder(), st.integers(0, 30))
@settings(max_examples=300)
def test_cliffs_of_whole_tiers_are_those_that_trying_every_volume_finds(rows: list[TierRow], limit: int) -> None:
    steps = {v: paid_whole(rows, v) - paid_whole(rows, v - 1) for v in range(1, 60)}
    rates = {row.rate for row in rows}
    tried = {v: step for v, step in steps.items() if abs(step) > limit and step not in rates}
    found = {v: after - before for v, before, after in cliffs(tier_pieces(rows, "whole", 0), Decimal(limit))}
    assert {v: step for v, step in found.items() if step not in rates} == tried


@given(ladder())
@settings(max_examples=200)
def test_marginal_tiers_grow_by_the_rate_of_each_tier(rows: list[TierRow]) -> None:
    total, volume = Decimal(0), 0
    for piece in tier_pieces(rows, "marginal", 0):
        assert piece.low is not None
        last = piece.high if piece.high is not None else piece.low + 1
        while volume < last:
            volume += 1
            total += next(row.rate for row in rows if Decimal(volume) in row.when)
        assert piece.at_high == total
