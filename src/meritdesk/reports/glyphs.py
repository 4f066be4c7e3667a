"""Which characters the form's font can draw, and what is printed in place of those it cannot.

The typesetter draws an empty box for a character it has no glyph for and says nothing. Names of people contain rare
characters, so every text is checked first: a missing one is replaced visibly by its code point and reported.
"""

from __future__ import annotations

import re
import struct
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _

FONTS = Path(__file__).parent / "fonts"
FAMILY = "Noto Sans SC"
FILES = ("NotoSansSC-Regular.ttf", "NotoSansSC-Bold.ttf")

_BREAK = "\u200b"
_WHITE = {"\n", "\t", _BREAK}
LONGEST_RUN = 24
_LONG_RUN = re.compile(rf"[!-~]{{{LONGEST_RUN}}}(?=[!-~])")
_WHOLE_UNICODE = 12
"""cmap format 12 holds every code point; the older format 4 stops at U+FFFF."""


def font_folder() -> Path:
    """Return the folder of the form's fonts; MeritdeskError when the package was installed without them."""
    absent = [name for name in FILES if not (FONTS / name).is_file()]
    if absent:
        raise MeritdeskError(
            Problem(
                code="font-missing",
                place=str(FONTS),
                message=_("考核表所用的字体文件不在：{files}").format(files="、".join(absent)),
                fix=_("重新安装本软件；从源码安装时会自动取得字体"),
                why=_("没有字体就不能生成 PDF 考核表"),
            )
        )
    return FONTS


@cache
def covered() -> frozenset[str]:
    """Return the characters that regular and bold can both draw."""
    regular, bold = (_code_points((font_folder() / name).read_bytes()) for name in FILES)
    return frozenset(map(chr, regular & bold))


def _code_points(font: bytes) -> set[int]:
    """Read the character map of a TrueType font (OpenType specification, table `cmap`, format 12)."""
    (tables,) = struct.unpack_from(">H", font, 4)
    directory = {font[at : at + 4]: struct.unpack_from(">I", font, at + 8)[0] for at in range(12, 12 + 16 * tables, 16)}
    start = directory[b"cmap"]
    (encodings,) = struct.unpack_from(">H", font, start + 2)
    for number in range(encodings):
        (offset,) = struct.unpack_from(">I", font, start + 8 + 8 * number)
        at = start + offset
        if struct.unpack_from(">H", font, at)[0] == _WHOLE_UNICODE:
            (groups,) = struct.unpack_from(">I", font, at + 12)
            found: set[int] = set()
            for group in range(groups):
                first, last, glyph = struct.unpack_from(">III", font, at + 16 + 12 * group)
                # Glyph 0 is the empty box itself.
                found.update(range(first + (glyph == 0), last + 1))
            return found
    raise ValueError("the font has no full character map")


def missing(text: str) -> list[str]:
    """Return the characters of `text` without a glyph, each once, in order."""
    known = covered()
    if known.issuperset(text):
        return []
    return list(dict.fromkeys(c for c in text if c not in known and not _draws_nothing(c)))


def printable(text: str) -> str:
    """Return `text` with every character that cannot be drawn replaced by its code point: 〔U+20BB7〕.

    Long runs without a space (addresses, numbers) may break inside, so that they stay within their column.
    """
    known = covered()
    breakable = _LONG_RUN.sub(rf"\g<0>{_BREAK}", text) if len(text) > LONGEST_RUN else text
    if known.issuperset(breakable):
        return breakable
    return "".join(c if c in known or c in _WHITE else _stand_in(c) for c in breakable)


def _draws_nothing(character: str) -> bool:
    # Controls, joiners and variation selectors have no shape of their own.
    selector = 0xFE00 <= ord(character) <= 0xFE0F or 0xE0100 <= ord(character) <= 0xE01EF
    return selector or unicodedata.category(character) in {"Cc", "Cf"}


def _stand_in(character: str) -> str:
    return "" if _draws_nothing(character) else f"〔U+{ord(character):04X}〕"


def problems(texts: Iterable[str], place: str) -> list[Problem]:
    """Return a problem for each character of `texts` that cannot be drawn, each character once; `place` names whose."""
    found: dict[str, str] = {}
    for text in texts:
        for character in missing(text):
            found.setdefault(character, text)
    return [
        Problem(
            code="glyph-missing",
            place=place,
            message=_("字体中没有“{character}”（U+{code}），出现在“{text}”").format(
                character=character, code=f"{ord(character):04X}", text=text if len(text) <= 30 else text[:30] + "…"
            ),
            fix=_("考核表上以 〔U+{code}〕 代替；打印后手写补上").format(code=f"{ord(character):04X}"),
            why=_("不替换会印成空框"),
            severity="warning",
        )
        for character, text in found.items()
    ]
