"""Finds out how a text file is encoded, and refuses to guess when two readings are equally likely.

Chinese systems export GBK, GB18030 and Big5 without saying so; Western ones Windows-1252. UTF-8 and UTF-16 prove
themselves by their form. The others are told apart by how common the resulting characters are: text read in the
wrong table turns into rare ones.
"""

from __future__ import annotations

import codecs
import re

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _

ENCODINGS = ("utf-8", "gb18030", "gbk", "big5", "utf-16", "utf-16-le", "utf-16-be", "cp1252")

_SAMPLE = 1 << 20
_SURE = 0.85
_MARGIN = 0.1
# Two-byte characters of the tables, by how common they are: level 1 of GB2312 and of Big5 are the everyday ones.
_GB_PAIR = re.compile(rb"[\x81-\xfe][\x40-\x7e\x80-\xfe]")
_GB_COMMON = re.compile(rb"[\xa1-\xa3\xb0-\xd7][\xa1-\xfe]")
_BIG5_PAIR = re.compile(rb"[\x81-\xfe][\x40-\x7e\xa1-\xfe]")
_BIG5_COMMON = re.compile(rb"[\xa1-\xc6][\x40-\x7e\xa1-\xfe]")
_WESTERN = re.compile(rb"(?<![\x80-\xff])[\x80\x85\x91-\x97\xa0\xa3\xa9\xab\xae\xb0\xb4\xbb\xbf-\xff](?![\x80-\xff])")
_HIGH = re.compile(rb"[\x80-\xff]")


def decode(data: bytes, encoding: str, place: str) -> tuple[str, str]:
    """Return (text, name of the encoding). `encoding` is ``auto`` or one of `ENCODINGS`.

    Raises MeritdeskError: `bad-encoding` with the byte and line that do not fit, `encoding-unclear` when the text
    can be read in two ways, `not-text` for binary data.
    """
    chosen = _by_mark(data) or (encoding if encoding != "auto" else _by_form(data) or _by_commonness(data, place))
    if chosen == "utf-16":
        chosen = "utf-16-be" if data[:2] == codecs.BOM_UTF16_BE else "utf-16-le"
    try:
        text = data.decode(chosen)
    except (UnicodeDecodeError, LookupError) as error:
        raise _bad(data, chosen, place, error) from error
    text = text.removeprefix("\ufeff")
    if "\x00" in text:
        message = _("不是文本文件（含有空字节）。")
        raise MeritdeskError(Problem(code="not-text", place=place, message=message, fix=_("请重新导出为文本文件。")))
    return text, chosen


def _by_mark(data: bytes) -> str:
    if data.startswith(codecs.BOM_UTF8):
        return "utf-8"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return ""


def _by_form(data: bytes) -> str:
    """Return the encoding that the bytes prove: UTF-16 by its zero bytes, UTF-8 by its strict form."""
    sample = data[:4096]
    if len(sample) >= 4:
        even, odd = sample[0::2].count(0), sample[1::2].count(0)
        if odd > len(sample) // 8 and odd > 8 * even:
            return "utf-16-le"
        if even > len(sample) // 8 and even > 8 * odd:
            return "utf-16-be"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    return "utf-8"


def _by_commonness(data: bytes, place: str) -> str:
    sample = data[:_SAMPLE]
    scores = {
        "gb18030": _score(sample, data, "gb18030", _GB_PAIR, _GB_COMMON),
        "big5": _score(sample, data, "big5", _BIG5_PAIR, _BIG5_COMMON),
        "cp1252": len(_WESTERN.findall(sample)) / max(len(_HIGH.findall(sample)), 1),
    }
    ranked = sorted(scores, key=lambda name: -scores[name])
    if scores[ranked[0]] >= _SURE and scores[ranked[0]] - scores[ranked[1]] >= _MARGIN:
        return ranked[0]
    message = _("无法确定文件编码，可能是 {first} 或 {second}。").format(first=ranked[0], second=ranked[1])
    fix = _("请在映射中写明 encoding，或另存为 UTF-8。")
    why = _("猜错编码会把姓名读成别的字。")
    raise MeritdeskError(Problem(code="encoding-unclear", place=place, message=message, fix=fix, why=why))


def _score(sample: bytes, data: bytes, encoding: str, pair: re.Pattern[bytes], common: re.Pattern[bytes]) -> float:
    """Return the share of everyday characters among the two-byte ones; 0 when the bytes are not valid at all."""
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return 0.0
    pairs = pair.findall(sample)
    if not pairs:
        return 0.0
    share = sum(1 for found in pairs if common.fullmatch(found)) / len(pairs)
    if encoding == "big5" and not any(found[1] < 0x80 for found in pairs):
        # Four in ten Big5 characters end in a byte below 0x80; everyday GB2312 ones never do.
        share *= 0.6 ** min(len(pairs), 50)
    return share


def _bad(data: bytes, encoding: str, place: str, error: Exception) -> MeritdeskError:
    start = getattr(error, "start", 0)
    line = data[:start].count(b"\n") + 1
    message = _("第 {line} 行含有不符合 {encoding} 编码的字节。").format(line=line, encoding=encoding)
    fix = _("请在映射中改正 encoding，或另存为 UTF-8。")
    return MeritdeskError(Problem(code="bad-encoding", place=place, message=message, fix=fix))
