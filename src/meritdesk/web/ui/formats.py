"""How figures, dates and durations are written for people. Text only: nothing here is computed further.

Numbers arrive as the integers they are stored as (points in hundredths, coefficients in 1/10000) or as Decimal or its
text; a float is refused, as it may show another figure than the one that was graded.
"""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from meritdesk import language
from meritdesk.language import _

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOTHING = "—"


def _decimal(value: object, unit: int) -> Decimal | None:
    """Return `value` as a number, an int being so many parts of `unit`; None where there is none."""
    if value is None or value == "":
        return None
    if isinstance(value, bool | float):
        raise TypeError(f"a figure is an int, a Decimal or its text, not {value!r}")
    if isinstance(value, int):
        return Decimal(value) / unit
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _fixed(number: Decimal, places: int) -> str:
    return f"{number.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP):,}"


def score(value: object) -> str:
    """Return points with two decimals; an int is in hundredths."""
    number = _decimal(value, 100)
    return NOTHING if number is None else _fixed(number, 2)


def difference(value: object) -> str:
    """Return points as a difference, with its sign (−3.20, +1.00, 0.00); an int is in hundredths."""
    number = _decimal(value, 100)
    if number is None:
        return NOTHING
    sign = "+" if number > 0 else "−" if number < 0 else ""
    return f"{sign}{_fixed(abs(number), 2)}"


def coefficient(value: object) -> str:
    """Return a coefficient with at least one decimal; an int is in 1/10000."""
    number = _decimal(value, 10_000)
    if number is None:
        return NOTHING
    places = max(1, -int(number.normalize().as_tuple().exponent))
    return _fixed(number, min(places, 4))


def share(value: object) -> str:
    """Return a percentage with one decimal; an int is in 1/10000 of the whole, a Decimal a part of 1."""
    number = _decimal(value, 10_000)
    return NOTHING if number is None else f"{_fixed(number * 100, 1)}%"


def share_of(part: int | None, whole: int | None) -> str:
    """Return `part` of `whole` as a percentage with one decimal; no figure for an empty whole."""
    if part is None or not whole:
        return NOTHING
    return share(Decimal(part) / Decimal(whole))


def number(value: object) -> str:
    """Return a number with thousands separators and as many decimals as it has."""
    found = _decimal(value, 1)
    return NOTHING if found is None else f"{found:,f}"


def _local(value: dt.date) -> dt.date:
    return value.astimezone(SHANGHAI) if isinstance(value, dt.datetime) and value.tzinfo else value


def day(value: dt.date | None) -> str:
    """Return a day with its weekday: 2025-09-30 周二, or Tue 30 Sep 2025."""
    if not value:
        return NOTHING
    found = _local(value)
    if language.current() == "en":
        weekday = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[found.weekday()]
        names = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
        return f"{weekday} {found.day} {names[found.month - 1]} {found.year}"
    return f"{found:%Y-%m-%d} 周{'一二三四五六日'[found.weekday()]}"


def moment(value: dt.datetime | None) -> str:
    """Return a moment in local time, to the minute: 2025-09-30 14:05."""
    return f"{_local(value):%Y-%m-%d %H:%M}" if value else NOTHING


def duration(seconds: int | None) -> str:
    """Return a duration in its two largest units: 88 → 1 分 28 秒."""
    if seconds is None:
        return NOTHING
    minutes, second = divmod(int(seconds), 60)
    hour, minute = divmod(minutes, 60)
    if hour:
        return _("{h} 小时 {m} 分").format(h=hour, m=minute)
    if minute:
        return _("{m} 分 {s} 秒").format(m=minute, s=second)
    return _("{s} 秒").format(s=second)
