"""Cells of a roster: what they say, or why they cannot be taken. Nothing is guessed and nothing is silently bent."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from decimal import Decimal

from meritdesk.events.numbers import half_width
from meritdesk.events.readers import Cell, Unreadable, text_of
from meritdesk.language import _

BLANK = {"", "-", "--", "—", "——", "/", "\\", "n/a", "#n/a"}
"""What people write where there is nothing to write."""
NONE = {"无", "没有", "none"}
"""What people write to say that there is none: it clears what was there."""
STILL = {"至今", "在职", "在岗", "长期", "无", "至今在职"}
"""What people write for a last day that has not come."""
FIRST_YEAR, LAST_YEAR = 1950, 2100

_YEAR_FIRST = re.compile(
    r"([0-9]{4})\s*([-/.年])\s*([0-9]{1,2})\s*([-/.月])\s*([0-9]{1,2})\s*日?(?:\s+0?0:00(?::00)?)?"
)
_NO_YEAR = re.compile(r"[0-9]{1,2}[-/.月][0-9]{1,2}日?")
_PAIRS = {"-": "-", "/": "/", ".": ".", "年": "月"}
_COMPACT = re.compile(r"[0-9]{8}")
_SERIAL = re.compile(r"[0-9]{5}")


class CellFault(Exception):
    """A cell that cannot be taken: why, and what to do."""

    def __init__(self, reason: str, fix: str) -> None:
        super().__init__(reason)
        self.reason, self.fix = reason, fix


def read_text(cell: Cell, longest: int) -> str:
    """Return the text of a cell with single blanks; empty for a blank one."""
    _check_readable(cell)
    if isinstance(cell, date | time):
        raise CellFault(_("这是日期，不是文字"), _("把该单元格改为文本格式后重填"))
    text = " ".join(text_of(cell).split())
    if half_width(text).casefold() in BLANK:
        return ""
    if len(text) > longest:
        raise CellFault(_("超过 {n} 个字").format(n=longest), _("请缩短"))
    if not text.isprintable():
        raise CellFault(_("含有不可见的控制字符"), _("请重新输入该单元格"))
    return text


def read_key(cell: Cell) -> str:
    """Return a staff key; a number must be whole."""
    _check_readable(cell)
    if isinstance(cell, Decimal) and cell != cell.to_integral_value():
        raise CellFault(_("工号不是整数"), _("核对工号，并把该列设为文本格式"))
    text = half_width(read_text(cell, 40))
    if re.fullmatch(r"[0-9](?:\.[0-9]+)?[eE]\+?[0-9]+", text):
        raise CellFault(_("工号成了科学计数法，后面的数字可能已丢失"), _("把该列设为文本格式，从原系统重新导出"))
    if any(sign.isspace() for sign in text):
        raise CellFault(_("工号中间有空格"), _("删去空格；一个单元格只写一个工号"))
    return text


def read_day(cell: Cell) -> date | None:
    """Return the day of a cell, None for a blank one; a day that can be read in two ways is a fault."""
    _check_readable(cell)
    if isinstance(cell, datetime):
        if cell.time() != time(0):
            raise CellFault(_("含有时刻，不是日期"), _("只写日期，如 2025-09-30"))
        return _in_bounds(cell.date())
    if isinstance(cell, date):
        return _in_bounds(cell)
    text = half_width(text_of(cell)).strip()
    if text.casefold() in BLANK:
        return None
    found = _YEAR_FIRST.fullmatch(text)
    if found and _PAIRS[found[2]] == found[4]:
        return _built(found[1], found[3], found[5])
    if _COMPACT.fullmatch(text) and text[:2] in ("19", "20"):
        return _built(text[:4], text[4:6], text[6:])
    if _SERIAL.fullmatch(text):
        raise CellFault(_("像是表格软件的日期序号，不是日期"), _("把该列设为日期格式，如 2025-09-30"))
    if re.fullmatch(r"[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2,4}", text):
        raise CellFault(_("日期有两种读法：月和日的先后不明"), _("写成 年-月-日，如 2025-09-30"))
    if re.fullmatch(r"[0-9]{4}\s*[-/.年]\s*[0-9]{1,2}\s*月?", text) or _NO_YEAR.fullmatch(text):
        raise CellFault(_("日期不完整"), _("写全年月日，如 2025-09-30"))
    raise CellFault(_("不是日期"), _("写成 年-月-日，如 2025-09-30"))


def read_last_day(cell: Cell) -> date | None:
    """Return the last day; words that say “still here” are none."""
    if isinstance(cell, str) and cell.strip() in STILL:
        return None
    return read_day(cell)


def _built(year: str, month: str, day: str) -> date:
    try:
        return _in_bounds(date(int(year), int(month), int(day)))
    except ValueError as error:
        raise CellFault(_("没有这一天"), _("核对日期")) from error


def _in_bounds(day: date) -> date:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise CellFault(_("年份 {year} 不合理").format(year=day.year), _("核对日期"))
    return day


def _check_readable(cell: Cell) -> None:
    if isinstance(cell, Unreadable):
        raise CellFault(cell.reason, _("在表格中填上实际的值；合并单元格可在“怎样读这个文件”里勾选“填满”"))
    if isinstance(cell, bool):
        raise CellFault(_("这是“真/假”，不是文字"), _("填上实际的值"))
