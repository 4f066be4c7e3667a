"""One cell → one value of a contract column, exactly or not at all.

Every parser either returns the value that the cell says, in the unit of the contract, or raises `Refusal` with the
reason. There is no middle way: no rounding that the mapping did not ask for, no blank for an unreadable cell, no
guess at a date order. The only free readings are trimming of blanks around a text and full-width forms (１２３％).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from meritdesk.events.contracts import ColumnType
from meritdesk.events.readers import SPACE, Cell, Unreadable, text_of
from meritdesk.language import _

Value = int | str | None
Parser = Callable[[Cell], Value]

EPOCH_DAY = date(1970, 1, 1).toordinal()
LIMIT = 2**53
TIME_UNITS = {
    "milliseconds": Decimal("0.001"), "seconds": Decimal(1), "minutes": Decimal(60),
    "hours": Decimal(3600), "days": Decimal(86400),
}  # fmt: skip
MONEY_UNITS = {"fen": Decimal("0.01"), "yuan": Decimal(1), "wan": Decimal(10000)}
UNITS = {**TIME_UNITS, **MONEY_UNITS}

_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0x2212: 0x2D}
_PLAIN = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_SCIENTIFIC = re.compile(r"[+-]?[0-9](?:[.,][0-9]+)?[eE][+-]?[0-9]{1,3}")
_ISO_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?"
    r"(?: ?(?:Z|UTC|[+-][0-9]{2}:?[0-9]{2}))?"
)
_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CURRENCY = "¥￥元$€£"
_MILLISECOND = 1000  # microseconds: a day fraction of 15 digits is exact to less than this


class Refusal(Exception):
    """A cell that cannot be used: a stable code, the reason in the reader's language, the value as written."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.value = ""


@dataclass(frozen=True)
class Reading:
    """How the cells of one column are to be read; the defaults are the contract's own form."""

    formats: tuple[str, ...] = ()
    unit: str = ""
    round: str = ""
    thousands: str = ""
    decimal: str = "."
    blank: frozenset[str] = frozenset()
    choices: Mapping[str, Value] | None = None
    otherwise: str = "refuse"
    zone: ZoneInfo | None = None
    ambiguous: str = "refuse"
    missing: str = "refuse"
    on: date | None = None
    is_key: bool = False


def half_width(text: str) -> str:
    """Return `text` with full-width letters, digits and signs made half-width; nothing else changes."""
    return text if text.isascii() else text.translate(_FULL_WIDTH)


def parser(column_type: ColumnType, reading: Reading, *, duration: bool = False) -> Parser:
    """Return the function that turns a cell into a value of `column_type`; it raises Refusal, never guesses."""
    if reading.choices is not None:
        return _blank_first(_choice(reading, column_type), reading)
    if column_type == "text":
        return _blank_first(lambda cell: _text(cell, reading.is_key), reading)
    if column_type == "flag":
        return _blank_first(_flag, reading)
    if column_type == "time":
        return _blank_first(lambda cell: _instant(cell, reading), reading)
    if column_type == "day":
        return _blank_first(lambda cell: _day(cell, reading), reading)
    if column_type == "hundredths":
        return _blank_first(lambda cell: _scaled(cell, reading, 100), reading)
    if duration:
        return _blank_first(_duration_parser(reading), reading)
    return _blank_first(lambda cell: _scaled(cell, reading, 1), reading)


def _blank_first(parse: Parser, reading: Reading) -> Parser:
    """Wrap `parse`: empty and declared blanks are null, lost values are refused, repeated texts are parsed once."""
    seen: dict[str, Value] = {}
    blank = reading.blank | {""}

    def parse_cell(cell: Cell) -> Value:
        if cell is None:
            return None
        if isinstance(cell, str):
            if cell in seen:
                return seen[cell]
            trimmed = cell.strip(SPACE)
            value = None if trimmed in blank else parse(trimmed)
            if len(seen) < 200_000:
                seen[cell] = value
            return value
        if isinstance(cell, Unreadable):
            raise Refusal("value-lost", cell.reason)
        return None if text_of(cell) in reading.blank else parse(cell)

    return parse_cell


def _choice(reading: Reading, column_type: ColumnType) -> Parser:
    choices = reading.choices or {}
    plain = parser(column_type, Reading(zone=reading.zone)) if reading.otherwise == "keep" else None

    def choose(cell: Cell) -> Value:
        text = text_of(cell)
        if text in choices:
            return choices[text]
        if plain is not None:
            return plain(cell)
        if reading.otherwise == "blank":
            return None
        known = "、".join(list(choices)[:8])
        raise Refusal("not-in-map", _("不在对照表中（已知：{known}）").format(known=known))

    return choose


def _text(cell: Cell, is_key: bool) -> str:
    text = text_of(cell)
    if is_key and _SCIENTIFIC.fullmatch(text):
        raise Refusal("scientific-notation", _("编号被表格软件改成了科学计数法，原值已丢失"))
    return text


def _flag(cell: Cell) -> int:
    if isinstance(cell, bool):
        return int(cell)
    text = half_width(text_of(cell))
    if text in ("0", "1"):
        return int(text)
    raise Refusal("not-a-flag", _("应为 0 或 1；其他写法请在映射中用 map 说明"))


# ---- numbers -------------------------------------------------------------------------------------------------------


def _number(cell: Cell, reading: Reading) -> Decimal:
    """Return the exact number a cell says; with format ``percent`` 95% is 95."""
    if isinstance(cell, Decimal):
        if "percent" in reading.formats and "percent_of_one" not in reading.formats:
            raise Refusal(
                "not-a-percentage", _("是数字而不是 95% 这样的文字；若表格存 0.95 而显示 95%，请写 percent_of_one")
            )
        return cell * 100 if "percent_of_one" in reading.formats else cell
    if not isinstance(cell, str):
        raise Refusal("not-a-number", _("不是数字"))
    text = half_width(cell)
    if "percent" in reading.formats or "percent_of_one" in reading.formats:
        if not text.endswith("%"):
            raise Refusal("not-a-number", _("应写成百分数，如 95%"))
        text = text[:-1].rstrip()
    if "money" in reading.formats:
        text = text.strip(half_width(_CURRENCY) + _CURRENCY).strip()
    if reading.decimal == ",":
        if "." in text and reading.thousands != ".":
            raise Refusal("not-a-number", _("不是数字"))
        text = text.replace(".", "\0").replace(",", ".").replace("\0", ",")
    if reading.thousands and _GROUPED.fullmatch(text):
        text = text.replace(",", "")
    if _PLAIN.fullmatch(text):
        return Decimal(text)
    if _SCIENTIFIC.fullmatch(text):
        raise Refusal("scientific-notation", _("科学计数法，精度可能已丢失，请以文本或普通数字格式导出"))
    if _GROUPED.fullmatch(text):
        raise Refusal("thousands-separator", _("含千位分隔符；若确为千位分隔，请在映射中写明 thousands"))
    if text.endswith("%"):
        raise Refusal("percent-sign", _("是百分数；请在映射中写明 format: percent"))
    raise Refusal("not-a-number", _("不是数字"))


def _whole(number: Decimal, rounding: str) -> int:
    """Return `number` as an integer; a fraction is refused unless the mapping names how to round."""
    whole = int(number)
    rest = number - whole
    if rest and not rounding:
        raise Refusal("not-whole", _("换算后不是整数；若可以取整，请在映射中写明 round"))
    if rest and rounding == "half_up" and abs(rest) * 2 >= 1:
        whole += 1 if number > 0 else -1
    if abs(whole) >= LIMIT:
        raise Refusal("too-large", _("数值过大"))
    return whole


def _scaled(cell: Cell, reading: Reading, scale: int) -> int:
    return _whole(_number(cell, reading) * UNITS.get(reading.unit, Decimal(1)) * scale, reading.round)


# ---- durations -----------------------------------------------------------------------------------------------------


def _duration_parser(reading: Reading) -> Parser:
    patterns = [duration_pattern(text) for text in reading.formats if text not in ("day_fraction", "number")]
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
                raise Refusal("not-a-duration", _("不是约定格式的时长"))
            if "day_fraction" in reading.formats:
                return _near_whole(_number(text, Reading()) * 86400)
        elif not isinstance(cell, Decimal):
            raise Refusal("not-a-duration", _("不是时长，而是日期"))
        if not numbers:
            raise Refusal("not-a-duration", _("不是约定格式的时长"))
        return _scaled(cell, reading, 1)

    return parse_duration


def duration_pattern(text: str) -> re.Pattern[str]:
    """Return the pattern of a duration format made of h, m, s (``h:mm:ss``, ``m分s秒``); the first may exceed 59.

    Raises ValueError for a format without h, m or s, or with a unit twice.
    """
    parts: list[str] = []
    units: list[str] = []
    for piece in re.findall(r"h+|m+|s+|[^hms]+", text):
        unit = piece[0]
        if unit in "hms":
            if unit in units:
                raise ValueError(text)
            digits = "[0-9]{1,5}" if not units else "[0-5][0-9]" if len(piece) == 2 else "[0-5]?[0-9]"
            parts.append(f"(?P<{unit}>{digits})")
            units.append(unit)
        else:
            parts.append(re.escape(piece))
    if not units:
        raise ValueError(text)
    return re.compile("".join(parts))


def _clock_seconds(seconds: int, microseconds: int) -> int:
    if min(microseconds, 1_000_000 - microseconds) > _MILLISECOND:
        raise Refusal("not-whole", _("时长不是整秒"))
    return seconds + (1 if microseconds > 500_000 else 0)


def _near_whole(seconds: Decimal) -> int:
    whole = int(seconds.to_integral_value())
    if abs(seconds - whole) > Decimal("0.001"):
        raise Refusal("not-whole", _("时长不是整秒"))
    return whole


# ---- days and instants ---------------------------------------------------------------------------------------------


def _day(cell: Cell, reading: Reading) -> int:
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
    raise Refusal("not-a-day", _("不是约定格式的日期"))


def _instant(cell: Cell, reading: Reading) -> int:
    """Return UTC seconds; fractions of a second are dropped (the contract counts whole seconds)."""
    if isinstance(cell, datetime):
        return to_epoch(_to_second(cell), reading)
    if isinstance(cell, Decimal) or (isinstance(cell, str) and {"epoch", "epoch_ms"} & set(reading.formats)):
        if "epoch_ms" in reading.formats:
            return int(_number(cell, Reading()) // 1000)
        if "epoch" in reading.formats:
            return int(_number(cell, Reading()) // 1)
        raise Refusal("not-a-time", _("是数字，不是时间"))
    if isinstance(cell, time) and reading.on is not None:
        return to_epoch(datetime.combine(reading.on, cell), reading)
    if isinstance(cell, date) and any("%H" not in pattern and "%I" not in pattern for pattern in reading.formats):
        return to_epoch(datetime.combine(cell, time(0)), reading)
    if not isinstance(cell, str):
        raise Refusal("not-a-time", _("不是完整的日期和时刻"))
    moment = _moment(half_width(cell), reading)
    if moment is None:
        raise Refusal("not-a-time", _("不是约定格式的时间"))
    return to_epoch(moment, reading)


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
    if moment.microsecond > 1_000_000 - _MILLISECOND:
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


def constant(value: object, column_type: ColumnType, reading: Reading) -> Value:
    """Return a constant of a mapping as a value of the column; raises Refusal when it does not fit."""
    if value is None:
        return None
    cell: Cell = value if isinstance(value, date | datetime | bool) else str(value)
    return parser(column_type, Reading(zone=reading.zone))(cell)


def known_format(text: str, column_type: ColumnType, duration: bool) -> bool:
    """Return whether `text` is a format that a column of this type understands."""
    named: Sequence[str] = {
        "time": ("iso", "epoch", "epoch_ms"),
        "day": ("iso",),
        "hundredths": ("percent", "percent_of_one", "money"),
        "integer": ("percent", "percent_of_one", "money"),
    }.get(column_type, ())
    if duration:
        if text in ("day_fraction", "number"):
            return True
        try:
            duration_pattern(text)
        except ValueError:
            return False
        return True
    return text in named or (column_type in ("time", "day") and "%" in text)
