"""Texts that are translated when they are shown, not when the module is read: `lazy("姓名")`.

For labels of models, forms, rights and columns. Inside functions use `meritdesk.language._`. The argument is one plain
text, so that the texts can be collected.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from django.utils.functional import lazy as _lazy

from meritdesk import language

if TYPE_CHECKING:
    from collections.abc import Callable

    from django_stubs_ext import StrPromise

lazy = cast("Callable[[str], StrPromise]", _lazy(language._, str))


def listed(items: Iterable[object]) -> str:
    """Return things one after the other as the reader's language writes it: 甲、乙 or A, B."""
    return language._("、").join(str(item) for item in items)
