"""Days and instants: cells that say when something happened, read in the formats and the zone that a mapping names."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from meritdesk.events.durations import MILLISECOND
from meritdesk.events.numbers import Reading, Refusal, half_width, number
from meritdesk.events.readers import Cell
from meritdesk.language import _

EPOCH_DAY = date(1970, 1, 1).toordinal()
_ISO_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?"
    r"(?: ?(?:Z|UTC|[+-][0-9]{2}:?[0-9]{2}))?"
)
_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def day(cell: Cell, reading: Reading) -> int:
    """Return the days since 1970-01-01 of a cell that holds a date; Refusal for anything else."""
    if isinstance(cell, datetime):
        if cell.time() != time(0):
            raise Refusal("not-a-day", _("含有时刻，不是日期；请映射到时间列，或用 day_of 求日期"))
        return cell.toordinal() - EPOCH_DAY
    if isinstance(cell, date):
        return cell.toordinal() - EPOCH_DAY
    if not isinstance(cell, str):
        raise Refusal("not-a-day", _("不是日期"))
    text = half_width(cell)
    for pattern in reading.formats or ("iso",):
        if pattern == "iso":
            if _ISO_DAY.fullmatch(text):
                try:
                    return date.fromisoformat(text).toordinal() - EPOCH_DAY
                except ValueError:
                    continue
            continue
        try:
            return _strptime(text, pattern).toordinal() - EPOCH_DAY
        except ValueError:
            continue
    shown = "、".join(reading.formats or ("iso",))
    reason = _("不是约定格式的日期；应为 {formats}，如 {example}")
    raise Refusal("not-a-day", reason.format(formats=shown, example=_example(reading, "2025-09-30")))


def instant(cell: Cell, reading: Reading) -> int:
    """Return UTC seconds; fractions of a second are dropped (the contract counts whole seconds)."""
    if isinstance(cell, datetime):
        return to_epoch(_to_second(cell), reading)
    if isinstance(cell, Decimal) or (isinstance(cell, str) and {"epoch", "epoch_ms"} & set(reading.formats)):
        if "epoch_ms" in reading.formats:
            return int(number(cell, Reading()) // 1000)
        if "epoch" in reading.formats:
            return int(number(cell, Reading()) // 1)
        raise Refusal("not-a-time", _("是数字，不是时间"))
    if isinstance(cell, time) and reading.on is not None:
        return to_epoch(datetime.combine(reading.on, cell), reading)
    if isinstance(cell, date) and any("%H" not in pattern and "%I" not in pattern for pattern in reading.formats):
        return to_epoch(datetime.combine(cell, time(0)), reading)
    if not isinstance(cell, str):
        raise Refusal("not-a-time", _("不是完整的日期和时刻"))
    moment = _moment(half_width(cell), reading)
    if moment is None:
        shown = "、".join(reading.formats or ("iso",))
        reason = _("不是约定格式的时间；应为 {formats}，如 {example}")
        raise Refusal("not-a-time", reason.format(formats=shown, example=_example(reading, "2025-09-30 08:05:00")))
    return to_epoch(moment, reading)


def _example(reading: Reading, iso: str) -> str:
    """Return a moment as the first format of `reading` that is spelt out writes it."""
    pattern = next((text for text in reading.formats if "%" in text), "")
    moment = datetime(2025, 9, 30, 8, 5)  # noqa: DTZ001 (an example has no zone)
    return re.sub("%.", lambda token: moment.strftime(token[0]), pattern) or iso


def _moment(text: str, reading: Reading) -> datetime | None:
    for pattern in reading.formats or ("iso",):
        try:
            if pattern == "iso":
                if _ISO_TIME.fullmatch(text):
                    return datetime.fromisoformat(text.replace(" UTC", "+00:00").replace(",", "."))
                continue
            moment = _strptime(text, pattern)
        except ValueError:
            continue
        return datetime.combine(reading.on, moment.timetz()) if reading.on else moment
    return None


_NUMERIC = ("%Y", "%m", "%d", "%H", "%M", "%S")


@cache
def _numeric_pattern(pattern: str) -> re.Pattern[str] | None:
    """Return the pattern of a format made of numbers only, or None; strptime is twenty times slower."""
    pieces = re.findall(r"%.|[^%]+", pattern)
    tokens = [piece for piece in pieces if piece.startswith("%")]
    if "%Y" not in tokens or len(set(tokens)) < len(tokens) or not set(tokens) <= set(_NUMERIC):
        return None
    # Without separators 2024115 could be two days: every part then needs both its digits.
    digits = "{2}" if re.search(r"%[mdHMS]%", pattern) else "{1,2}"
    return re.compile(
        "".join(
            re.escape(piece) if piece not in _NUMERIC else f"(?P<{piece[1]}>[0-9]{'{4}' if piece == '%Y' else digits})"
            for piece in pieces
        )
    )


def _strptime(text: str, pattern: str) -> datetime:
    """Return what `datetime.strptime` does; raises ValueError for a text that does not fit."""
    quick = _numeric_pattern(pattern)
    if quick is None:
        return datetime.strptime(text, pattern)
    found = quick.fullmatch(text)
    if found is None:
        raise ValueError(text)
    n = {name: int(digits) for name, digits in found.groupdict().items()}
    get = n.get
    return datetime(  # noqa: DTZ001 (a local time; its zone comes after)
        n["Y"], get("m", 1), get("d", 1), get("H", 0), get("M", 0), get("S", 0)
    )


def _to_second(moment: datetime) -> datetime:
    if moment.microsecond > 1_000_000 - MILLISECOND:
        return moment.replace(microsecond=0) + timedelta(seconds=1)
    return moment


def to_epoch(moment: datetime, reading: Reading) -> int:
    """Return UTC seconds of `moment`, read in the zone of `reading` when it names none itself.

    A local time that clocks show twice, or skip, is refused unless the mapping says how to read it.
    """
    if moment.tzinfo is not None:
        return int(moment.timestamp() // 1)
    if reading.zone is None:
        raise Refusal("no-time-zone", _("时间没有写明时区"))
    steady = _steady_offset(reading.zone, moment.toordinal())
    if steady is not None:
        midnight = (moment.toordinal() - EPOCH_DAY) * 86400
        return midnight + moment.hour * 3600 + moment.minute * 60 + moment.second - steady
    early = moment.replace(tzinfo=reading.zone, fold=0)
    late = moment.replace(tzinfo=reading.zone, fold=1)
    before, after = early.utcoffset(), late.utcoffset()
    assert before is not None
    assert after is not None
    if before == after:
        return _seconds(moment - before)
    skipped = after > before
    policy = reading.missing if skipped else reading.ambiguous
    if policy == "refuse":
        if skipped:
            raise Refusal("nonexistent-time", _("夏令时开始，当地没有这个时刻"))
        raise Refusal("ambiguous-time", _("夏令时结束，当地这个时刻出现两次"))
    if skipped:  # read with the offset before the change: the clock is moved forward
        return _seconds(moment - before)
    return _seconds(moment - (before if policy == "earlier" else after))


@lru_cache(maxsize=50_000)
def _steady_offset(zone: ZoneInfo, ordinal: int) -> int | None:
    """Return the offset in seconds of a day on which clocks do not change, or None."""
    noon = datetime.combine(date.fromordinal(ordinal), time(12), zone)
    offsets = {(noon + timedelta(hours=hours)).utcoffset() for hours in (-36, -12, 0, 12, 36)}
    offset = offsets.pop()
    return int(offset.total_seconds()) if offset is not None and not offsets else None


def _seconds(moment: datetime) -> int:
    return int(moment.replace(tzinfo=UTC).timestamp() // 1)


def percent_form(text: str) -> str:
    """Return the format meant by one such as ``yyyy年m月d日`` or ``YYYY-MM-DD hh:mm:ss``; empty for anything else."""
    if "%" in text or not re.search(r"[yY]{2}", text):
        return ""
    hours = re.search(r"[hH]", text)

    def percent(found: re.Match[str]) -> str:
        letter = found[0][0].lower()
        if letter == "m":
            return "%M" if hours and found.start() > hours.start() else "%m"
        return {"y": "%Y" if len(found[0]) > 2 else "%y", "d": "%d", "h": "%H", "s": "%S"}[letter]

    return re.sub(r"[yY]+|[mM]+|[dD]+|[hH]+|[sS]+", percent, text)
