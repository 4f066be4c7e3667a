"""Durations: cells that say how long something took, in whole seconds."""

from __future__ import annotations

import re
from datetime import time, timedelta
from decimal import Decimal

from meritdesk.events.numbers import Parser, Reading, Refusal, half_width, number, scaled
from meritdesk.events.readers import Cell
from meritdesk.language import _

MILLISECOND = 1000
"""In microseconds: a day fraction of 15 digits is exact to less than this."""
_NAMED = ("day_fraction", "number")


def duration_parser(reading: Reading) -> Parser:
    """Return the function that turns a cell into seconds; it raises Refusal for what fits no format of `reading`."""
    patterns = [one for text in reading.formats if text not in _NAMED for one in duration_patterns(text)]
    numbers = not patterns or "number" in reading.formats

    def parse_duration(cell: Cell) -> int:
        if isinstance(cell, time):
            return _clock_seconds(cell.hour * 3600 + cell.minute * 60 + cell.second, cell.microsecond)
        if isinstance(cell, timedelta):
            return _clock_seconds(cell.days * 86400 + cell.seconds, cell.microseconds)
        if isinstance(cell, Decimal) and "day_fraction" in reading.formats:
            return _near_whole(cell * 86400)
        if isinstance(cell, str):
            text = half_width(cell)
            for pattern in patterns:
                found = pattern.fullmatch(text)
                if found:
                    parts = {unit: int(digits) for unit, digits in found.groupdict().items() if digits}
                    return parts.get("h", 0) * 3600 + parts.get("m", 0) * 60 + parts.get("s", 0)
            if patterns and not numbers:
                raise Refusal("not-a-duration", _expected(reading.formats))
            if "day_fraction" in reading.formats:
                return _near_whole(number(text, Reading()) * 86400)
        elif not isinstance(cell, Decimal):
            raise Refusal("not-a-duration", _("不是时长，而是日期"))
        if not numbers:
            raise Refusal("not-a-duration", _expected(reading.formats))
        try:
            return scaled(cell, reading, 1)
        except Refusal as refusal:
            if patterns and refusal.code == "not-a-number":
                raise Refusal(refusal.code, _expected(reading.formats)) from refusal
            raise

    return parse_duration


def _expected(formats: tuple[str, ...]) -> str:
    example = next((text for text in formats if text not in _NAMED), "")
    for unit, digit in (("h", "1"), ("m", "2"), ("s", "5")):
        example = example.replace(unit * 2, f"0{digit}").replace(unit, digit)
    shown = "、".join(formats)
    return _("不是约定格式的时长；应为 {formats}，如 {example}").format(formats=shown, example=example)


def duration_patterns(text: str) -> tuple[re.Pattern[str], ...]:
    """Return the patterns of a duration format made of h, m, s (``h:mm:ss``, ``m分s秒``); the first unit may exceed 59.

    Where every unit has its word, a unit that is nothing may be left out: ``h小时m分s秒`` reads 45秒 and 1小时02分 too.
    With colons it may not, since 1:02 would not say of what. Raises ValueError for a format without h, m or s, or with
    a unit twice.
    """
    pieces = re.findall(r"h+|m+|s+|[^hms]+", text)
    units = [piece[0] for piece in pieces if piece[0] in "hms"]
    if not units or len(set(units)) < len(units):
        raise ValueError(text)
    words = pieces[1::2]
    if len(words) == len(units) and pieces[0] in units and all(any(map(str.isalpha, word)) for word in words):
        return tuple(_pattern(pieces[2 * first :], optional=True) for first in range(len(units)))
    return (_pattern(pieces, optional=False),)


def _pattern(pieces: list[str], *, optional: bool) -> re.Pattern[str]:
    """Return the pattern of the pieces; with `optional` each unit but the first may be left out with its word."""
    parts: list[str] = []
    began = False
    for piece in pieces:
        if piece[0] in "hms":
            digits = "[0-9]{1,5}" if not began else "[0-5][0-9]" if len(piece) == 2 else "[0-5]?[0-9]"
            parts.append(("(?:" if optional else "") + f"(?P<{piece[0]}>{digits})")
            began = True
        else:
            last = ")" if len(parts) == 1 else ")?"
            parts.append(re.escape(piece) + (last if optional else ""))
    return re.compile("".join(parts))


def _clock_seconds(seconds: int, microseconds: int) -> int:
    if min(microseconds, 1_000_000 - microseconds) > MILLISECOND:
        raise Refusal("not-whole", _("时长不是整秒"))
    return seconds + (1 if microseconds > 500_000 else 0)


def _near_whole(seconds: Decimal) -> int:
    whole = int(seconds.to_integral_value())
    if abs(seconds - whole) > Decimal("0.001"):
        raise Refusal("not-whole", _("时长不是整秒"))
    return whole
