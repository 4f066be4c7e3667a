"""A scheme in plain words, as the page shows it: the engine's Markdown (headings, lists, bold) as HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from meritdesk.scheme.describe import describe
from meritdesk.scheme.load import LoadedScheme
from meritdesk.web.schemes.queries.documents import metrics

_BOLD = re.compile(r"\*\*(.+?)\*\*")


def in_words(found: LoadedScheme) -> SafeString:
    """Return a scheme in plain words as HTML; every text of the scheme is escaped."""
    return mark_safe("\n".join(_html(describe(found.scheme, metrics()))))


def _html(text: str) -> Iterator[str]:
    depth = 0
    for row in text.split("\n"):
        item = re.fullmatch(r"( *)- (.*)", row)
        wanted = len(item.group(1)) // 2 + 1 if item else 0
        if item and wanted == depth:
            yield "</li>"
        while depth > wanted:
            yield "</li></ul>"
            depth -= 1
            if item and depth == wanted:
                yield "</li>"
        while depth < wanted:
            yield "<ul>"
            depth += 1
        if item:
            yield f"<li>{_rich(item.group(2))}"
        elif heading := re.fullmatch(r"(#+) (.*)", row):
            level = len(heading.group(1))
            if level > 1:  # the page has the title already
                yield f"<h{level}>{_rich(heading.group(2))}</h{level}>"
        elif row.strip():
            yield f"<p>{_rich(row)}</p>"
    while depth:
        yield "</li></ul>"
        depth -= 1


def _rich(text: str) -> str:
    return _BOLD.sub(r"<strong>\1</strong>", escape(text))
