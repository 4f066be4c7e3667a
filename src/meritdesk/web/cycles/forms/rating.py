"""Parsing of what rating pages send: a level, a score as people type it, a remark, a version."""

from __future__ import annotations

from django.http import QueryDict

from meritdesk.language import _
from meritdesk.rules.numbers import parse_number, to_integer
from meritdesk.web.access.actions import Refused

_WIDE = str.maketrans("０１２３４５６７８９．，", "0123456789.,")


def whole(data: QueryDict, name: str) -> int | None:
    """Return a whole number, or None for an empty field; Refused for anything else."""
    text = data.get(name, "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Refused("not-a-number", _("“{text}”不是整数").format(text=text[:20]), _("请刷新页面后重试"))
    return int(text)


def version_of(data: QueryDict) -> int:
    """Return the version the page was made from; Refused when it is missing."""
    found = whole(data, "version")
    if found is None:
        raise Refused("no-version", _("表单已失效"), _("请刷新页面后重试"))
    return found


def hundredths(data: QueryDict, name: str, place: str) -> int | None:
    """Return a score in hundredths, or None for an empty field; Refused for what is no number or has more decimals."""
    text = data.get(name, "").strip().translate(_WIDE)
    if not text:
        return None
    if len(text) > 12:
        raise Refused("not-a-score", _("得分太长"), _("写成 85 或 85.5"), place)
    try:
        return to_integer(parse_number(text), 2)
    except ValueError:
        raise Refused(
            "not-a-score", _("“{text}”不是得分").format(text=text), _("写成 85 或 85.5，最多两位小数"), place
        ) from None
