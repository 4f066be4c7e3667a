"""Texts that are translated when they are shown, not when the module is read: `lazy("姓名")`.

For labels of models, forms, rights and columns. Inside functions use `meritdesk.language._`. The argument is one plain
text, so that the texts can be collected.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.utils.functional import lazy as _lazy

from meritdesk import language

if TYPE_CHECKING:
    from collections.abc import Callable

    from django_stubs_ext import StrPromise

lazy = cast("Callable[[str], StrPromise]", _lazy(language._, str))
