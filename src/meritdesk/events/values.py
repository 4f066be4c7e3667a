"""One cell → one value of a contract column, exactly or not at all.

Every parser either returns the value that the cell says, in the unit of the contract, or raises `Refusal` with the
reason. There is no middle way: no rounding that the mapping did not ask for, no blank for an unreadable cell, no
guess at a date order. The only free readings are trimming of blanks around a text and full-width forms (１２３％).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from meritdesk.events.contracts import ColumnType
from meritdesk.events.durations import duration_parser, duration_patterns
from meritdesk.events.moments import day, instant
from meritdesk.events.numbers import SCIENTIFIC, Parser, Reading, Refusal, Value, half_width, scaled
from meritdesk.events.readers import SPACE, Cell, Unreadable, text_of
from meritdesk.language import _


def parser(column_type: ColumnType, reading: Reading, *, duration: bool = False) -> Parser:
    """Return the function that turns a cell into a value of `column_type`; it raises Refusal, never guesses."""
    if reading.choices is not None:
        return _blank_first(_choice(reading, column_type), reading)
    if column_type == "text":
        return _blank_first(lambda cell: _text(cell, reading.is_key), reading)
    if column_type == "flag":
        return _blank_first(_flag, reading)
    if column_type == "time":
        return _blank_first(lambda cell: instant(cell, reading), reading)
    if column_type == "day":
        return _blank_first(lambda cell: day(cell, reading), reading)
    if column_type == "hundredths":
        return _blank_first(lambda cell: scaled(cell, reading, 100), reading)
    if duration:
        return _blank_first(duration_parser(reading), reading)
    return _blank_first(lambda cell: scaled(cell, reading, 1), reading)


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
    if is_key and SCIENTIFIC.fullmatch(text):
        raise Refusal("scientific-notation", _("编号被表格软件改成了科学计数法，原值已丢失"))
    return text


def _flag(cell: Cell) -> int:
    if isinstance(cell, bool):
        return int(cell)
    text = half_width(text_of(cell))
    if text in ("0", "1"):
        return int(text)
    raise Refusal("not-a-flag", _("应为 0 或 1；其他写法请在映射中用 map 说明"))


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
            duration_patterns(text)
        except ValueError:
            return False
        return True
    return text in named or (column_type in ("time", "day") and "%" in text)
