"""The live picture of an indicator: points over values as a line or steps, or levels as bars, laid out in whole pixels.

Which values to ask for is chosen here; what they bring comes from `trial`. No float: pixels are whole numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from meritdesk.language import _
from meritdesk.rules.numbers import Bounds, format_number, rounded
from meritdesk.scheme import methods
from meritdesk.scheme.document import ViolationSource
from meritdesk.scheme.phrases import amount
from meritdesk.web.schemes.queries.trial import Trial

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 360, 220, 40, 14, 14, 34
SAMPLES = 60
SMOOTH = (methods.CurveMethod, methods.AttainmentMethod, methods.BonusMethod, methods.DeductMethod, methods.RangeMethod)


@dataclass(frozen=True)
class Tick:
    """A mark on an axis."""

    at: int
    text: str
    anchor: str = "middle"


@dataclass(frozen=True)
class Bar:
    """A level with the points it brings: from `x` over `width` pixels."""

    title: str
    text: str
    x: int
    width: int


@dataclass(frozen=True)
class Picture:
    """What the page draws: lines (points for SVG), the jumps between them, ticks; or bars; or a reason for nothing."""

    lines: Sequence[str] = ()
    jumps: Sequence[tuple[int, int, int]] = ()
    across: Sequence[Tick] = ()
    up: Sequence[Tick] = ()
    bars: Sequence[Bar] = ()
    rows: Sequence[tuple[str, str]] = ()
    """Value and points of the corners, as the table behind the picture."""
    note: str = ""

    @property
    def base(self) -> int:
        """Return the height of the axis of values."""
        return HEIGHT - BOTTOM


def picture(trial: Trial) -> Picture:
    """Return the picture of an indicator; with a note instead where one value does not decide."""
    method = trial.method
    if isinstance(method, methods.RatingMethod):
        return _bars([(f"{row.level} {row.title}", _ends(row.points)) for row in method.levels])
    if isinstance(method, methods.LevelsMethod):
        found = trial.of_values([Decimal(row.level) for row in method.levels])
        titled = zip(method.levels, found, strict=True)
        return _bars([(f"{row.level} {row.title}", (Decimal(0), points or Decimal(0))) for row, points in titled])
    if isinstance(method, methods.CombineMethod):
        return Picture(note=_("由其他指标的得分合成；在下面试算。"))
    if isinstance(method, methods.RankMethod):
        size = 20
        places = [Decimal(place) for place in range(1, size + 1)]
        return _steps(places, trial.of_places(size), Decimal(1), [Decimal(1), Decimal(10), Decimal(20)], "",
                      note=_("{n} 人一组时，第几名得多少分").format(n=size))  # fmt: skip
    if trial.by_violation():
        return _violations(trial)
    target = _sample_target(trial)
    corners = sorted(set(_corners(trial, target)))
    values = _samples(trial, corners)
    points = trial.of_values(values, target if trial.needs_target() else None)
    unit = Decimal(1).scaleb(-trial.scale)
    note = ""
    if trial.needs_target() and target is not None:
        note = _("目标（或基线）为 {target} 时").format(target=amount(target, trial.unit))
    smooth = isinstance(method, SMOOTH) or (isinstance(method, methods.TiersMethod) and method.mode == "marginal")
    if isinstance(method, methods.RangeMethod):
        smooth = method.zero_below != method.best_from and method.zero_above != method.best_to
    return _steps(values, points, None if smooth else unit, corners, trial.unit, note=note)


def _ends(points: Decimal | Bounds) -> tuple[Decimal, Decimal]:
    if isinstance(points, Bounds):
        return points.low or Decimal(0), points.high if points.high is not None else points.low or Decimal(0)
    return Decimal(0), points


def _sample_target(trial: Trial) -> Decimal | None:
    if not isinstance(trial.method, methods.AttainmentMethod):
        return None
    if isinstance(trial.method.target, Decimal):
        return trial.method.target
    return {"ratio": Decimal("0.8"), "seconds": Decimal(60)}.get(trial.unit, Decimal(100))


def _corners(trial: Trial, target: Decimal | None) -> Iterable[Decimal]:
    """Yield the values at which something happens."""
    method = trial.method
    match method:
        case methods.BandsMethod():
            yield from _bounds(row.when for row in method.bands)
        case methods.TiersMethod():
            yield from _bounds(row.when for row in method.tiers)
        case methods.CurveMethod():
            yield from (x for x, _y in method.points)
        case methods.RangeMethod():
            yield from (method.zero_below, method.best_from, method.best_to, method.zero_above)
        case methods.TableMethod():
            yield from (row.value for row in method.rows)
        case methods.BonusMethod():
            yield from (Decimal(0), *([rounded(method.cap / method.each, trial.scale)] if method.each > 0 else []))
        case methods.DeductMethod() if method.each:
            lost = (trial.full or Decimal(100)) - method.floor
            yield from (Decimal(0), rounded(abs(lost / method.each), trial.scale))
        case methods.AttainmentMethod() if target is not None:
            yield target
            if target and method.cap and method.cap != 1:
                better = trial.metric.better if trial.metric is not None else "higher"
                yield rounded(target / method.cap if better == "lower" else target * method.cap, trial.scale)


def _bounds(found: Iterable[Bounds]) -> Iterable[Decimal]:
    for bounds in found:
        yield from (end for end in (bounds.low, bounds.high) if end is not None)


def _samples(trial: Trial, corners: Sequence[Decimal]) -> list[Decimal]:
    """Return the values to ask for: evenly over a range with a margin, and each corner with its neighbours."""
    unit = Decimal(1).scaleb(-trial.scale)
    low, high = (corners[0], corners[-1]) if corners else (Decimal(0), Decimal(1 if trial.unit == "ratio" else 100))
    margin = max((high - low) / 5, high / 5 if low == high else Decimal(0), unit * 2)
    low, high = low - margin, high + margin
    if isinstance(trial.method, methods.AttainmentMethod):
        low, high = Decimal(0), high * Decimal("1.2")
    if trial.unit not in ("points", "level") or low + margin >= 0:
        low = max(low, Decimal(0))
    if trial.unit == "ratio" and (not corners or corners[-1] <= 1):
        high = min(high, Decimal(1))
    step = (high - low) / SAMPLES
    found = {rounded(low + step * number, trial.scale) for number in range(SAMPLES + 1)}
    for corner in corners:
        at = rounded(corner, trial.scale)
        found |= {value for value in (at - unit, at, at + unit) if low <= value <= high}
    return sorted(found)


def _whole(value: Decimal) -> int:
    return int(value.to_integral_value(ROUND_HALF_UP))


def _steps(
    values: Sequence[Decimal], points: Sequence[Decimal | None], unit: Decimal | None, corners: Sequence[Decimal],
    kind: str, note: str = "",
) -> Picture:  # fmt: skip
    """Return lines through the points; `unit` given: neighbours that differ are a step, not a slope."""
    there = [p for p in points if p is not None]
    if not there:
        return Picture(note=_("这样的规则对任何值都没有结果。"))
    low_x, high_x = values[0], values[-1]
    low_y, high_y = min(*there, Decimal(0)), max(there)
    if high_y == low_y:
        high_y = low_y + 1
    span_x = high_x - low_x or Decimal(1)

    def x_of(value: Decimal) -> int:
        return LEFT + _whole((value - low_x) * (WIDTH - LEFT - RIGHT) / span_x)

    def y_of(value: Decimal) -> int:
        return HEIGHT - BOTTOM - _whole((value - low_y) * (HEIGHT - TOP - BOTTOM) / (high_y - low_y))

    lines: list[list[str]] = [[]]
    jumps: list[tuple[int, int, int]] = []
    before: tuple[Decimal, Decimal] | None = None
    for value, point in zip(values, points, strict=True):
        if point is None:
            lines.append([])
            before = None
            continue
        if before is not None and unit is not None and point != before[1]:
            if value - before[0] > unit:  # the step lies between two samples: the corner tells where
                lines[-1].append(f"{x_of(value)},{y_of(before[1])}")
            jumps.append((x_of(value), y_of(before[1]), y_of(point)))
            lines.append([])
        lines[-1].append(f"{x_of(value)},{y_of(point)}")
        before = (value, point)
    at = dict(zip(values, points, strict=True))
    shown = [corner for corner in corners if low_x <= corner <= high_x]
    return Picture(
        lines=[" ".join(line) for line in lines if line],
        jumps=jumps,
        across=_spread([Tick(x_of(corner), amount(corner, kind)) for corner in shown]),
        up=[Tick(y_of(y), format_number(y), "end") for y in _levels(there)],
        rows=[(amount(v, kind), _shown(at[v])) for v in shown if v in at],
        note=note,
    )


def _shown(points: Decimal | None) -> str:
    return "—" if points is None else format_number(points)


def _levels(points: Sequence[Decimal]) -> list[Decimal]:
    """Return the points to mark: all if few, else lowest and highest."""
    distinct = sorted(set(points))
    return distinct if len(distinct) <= 6 else [distinct[0], distinct[-1]]


def _spread(ticks: Sequence[Tick]) -> list[Tick]:
    """Leave out ticks whose words would run into one another."""
    kept: list[Tick] = []
    for tick in sorted(ticks, key=lambda t: t.at):
        if not kept or tick.at - kept[-1].at >= 44:
            kept.append(tick)
    return [Tick(min(max(t.at, LEFT + 8), WIDTH - 22), t.text) for t in kept]


def _bars(levels: Sequence[tuple[str, tuple[Decimal, Decimal]]]) -> Picture:
    most = max((high for _title, (_low, high) in levels), default=Decimal(0)) or Decimal(1)
    bars = []
    for title, (low, high) in levels:
        start, end = (_whole(max(value, Decimal(0)) * 200 / most) for value in (low, high))
        text = format_number(high) if low == 0 or low == high else f"{format_number(low)}–{format_number(high)}"
        bars.append(Bar(title, text, start, max(end - start, 2)))
    return Picture(bars=bars)


def _violations(trial: Trial) -> Picture:
    """Return what one to three violations of each code leave."""
    source = trial.indicator.source
    assert isinstance(source, ViolationSource)
    listed = trial.whole.violation_lists[source.violations]
    counts = [Decimal(n) for n in range(3)]
    facts = [trial.facts({v.code: n}, key) for v in listed for key, n in enumerate(counts)]
    points = trial.points(facts)
    bars = []
    most = trial.full or Decimal(100)
    for number, violation in enumerate(listed):
        once = points[number * 3 + 1] or Decimal(0)
        text = _("1 次剩 {one}，2 次剩 {two}").format(
            one=format_number(once), two=format_number(points[number * 3 + 2] or Decimal(0))
        )
        width = max(_whole(max(once, Decimal(0)) * 200 / most), 2)
        bars.append(Bar(f"{violation.code} {violation.title}", text, 0, width))
    return Picture(bars=bars)
