"""How a cell is read, and numbers: exactly or not at all.

Here is what all parsers of cells share: the value they give, the way of reading a mapping asks for, and the refusal
with its reason. Of the kinds of values only numbers are read here (see `durations`, `moments`, and `values` for the
whole).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from meritdesk.events.readers import Cell
from meritdesk.language import _

Value = int | str | None
Parser = Callable[[Cell], Value]

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
SCIENTIFIC = re.compile(r"[+-]?[0-9](?:[.,][0-9]+)?[eE][+-]?[0-9]{1,3}")
_CURRENCY = "¥￥元$€£"


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


def number(cell: Cell, reading: Reading) -> Decimal:
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
    if SCIENTIFIC.fullmatch(text):
        raise Refusal("scientific-notation", _("科学计数法，精度可能已丢失，请以文本或普通数字格式导出"))
    if _GROUPED.fullmatch(text):
        raise Refusal("thousands-separator", _("含千位分隔符；若确为千位分隔，请在映射中写明 thousands"))
    if text.endswith("%"):
        raise Refusal("percent-sign", _("是百分数；请在映射中写明 format: percent"))
    raise Refusal("not-a-number", _("不是数字"))


def whole(value: Decimal, rounding: str) -> int:
    """Return `value` as an integer; a fraction is refused unless the mapping names how to round."""
    result = int(value)
    rest = value - result
    if rest and not rounding:
        raise Refusal("not-whole", _("换算后不是整数；若可以取整，请在映射中写明 round"))
    if rest and rounding == "half_up" and abs(rest) * 2 >= 1:
        result += 1 if value > 0 else -1
    if abs(result) >= LIMIT:
        raise Refusal("too-large", _("数值过大"))
    return result


def scaled(cell: Cell, reading: Reading, scale: int) -> int:
    """Return the number of a cell in the contract's unit, times `scale`; refused when that is not whole."""
    return whole(number(cell, reading) * UNITS.get(reading.unit, Decimal(1)) * scale, reading.round)
