"""Reads a PDF back, so that tests see what stands on which page."""

from __future__ import annotations

import re
from pathlib import Path

import pypdfium2


def page_texts(path: Path) -> list[str]:
    """Return the text of every page without white space: the typesetter breaks lines wherever it must."""
    document = pypdfium2.PdfDocument(path)
    try:
        return [bare(page.get_textpage().get_text_range()) for page in document]
    finally:
        document.close()


def bare(text: str) -> str:
    """Return `text` without white space, soft breaks and the marks of a hyphenated line."""
    return re.sub(r"[\s\u200b\ufffe\uffff\u00ad]+", "", text)


def outside(path: Path) -> list[str]:
    """Return the characters that stand off the paper, each with its page: a reader of the print would miss them."""
    document = pypdfium2.PdfDocument(path)
    found = []
    try:
        for number, page in enumerate(document, 1):
            width, height = page.get_size()
            text = page.get_textpage()
            for at in range(text.count_chars()):
                left, bottom, right, top = text.get_charbox(at)
                if left < 0 or bottom < 0 or right > width or top > height:
                    found.append(f"page {number}: {text.get_text_range(at, 1)}")
    finally:
        document.close()
    return found
