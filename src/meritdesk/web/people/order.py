"""The order in which numbered names are read: 一组, 二组, 三组, …, 十组; 2 组 before 10 组."""

from __future__ import annotations

import re

_DIGITS = "零一二三四五六七八九"
_NUMBER = re.compile(f"[{_DIGITS}]?十[{_DIGITS}]?|[{_DIGITS}]|[0-9]+")


def counted_name(name: str) -> str:
    """Return a name as it is ordered: its numbers, Chinese up to 99 or Arabic, as figures of equal length."""
    return _NUMBER.sub(lambda found: str(_value(found[0])).zfill(6), name)


def _value(text: str) -> int:
    if text.isdecimal() and text.isascii():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    if not ten:
        return _DIGITS.index(text)
    return (_DIGITS.index(tens) if tens else 1) * 10 + (_DIGITS.index(ones) if ones else 0)
