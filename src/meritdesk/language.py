"""The language that texts are written in: Chinese in the source, English through gettext.

`use("en")` switches the current context (thread or task); `_` translates a text. Texts with values are
written ``_("共 {n} 人").format(n=n)`` so that the translator sees the whole sentence. The compiled catalogues
lie in `locale/`; a test proves that they are complete and up to date.
"""

from __future__ import annotations

import gettext as _gettext
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

SOURCE = "zh-Hans"
LANGUAGES = (SOURCE, "en")

_current: ContextVar[str] = ContextVar("language", default=SOURCE)


@cache
def _catalogue(language: str) -> _gettext.NullTranslations:
    return _gettext.translation(
        "meritdesk", Path(__file__).parent / "locale", languages=[language], fallback=language == SOURCE
    )


def _(text: str) -> str:
    """Return `text` in the current language (itself for Chinese)."""
    language = _current.get()
    return text if language == SOURCE else _catalogue(language).gettext(text)


def current() -> str:
    """Return the language in use, one of `LANGUAGES`."""
    return _current.get()


@contextmanager
def use(language: str) -> Iterator[None]:
    """Write texts in `language` (one of `LANGUAGES`) inside the block; ValueError for another."""
    if language not in LANGUAGES:
        raise ValueError(f"unknown language {language!r}; known: {', '.join(LANGUAGES)}")
    token = _current.set(language)
    try:
        yield
    finally:
        _current.reset(token)
