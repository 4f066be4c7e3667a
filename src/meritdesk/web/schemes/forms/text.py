"""The YAML that a document edited by forms is written as: canonical, readable, and as close to the old text as can be.

What the forms did not touch is taken over word for word, comments included. The result is read back and compared before
it is used; where taking over fails, the whole document is written anew.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from meritdesk.errors import MeritdeskError
from meritdesk.rules.numbers import format_number
from meritdesk.scheme.places import item_key
from meritdesk.scheme.reading import Lines, Steps, read_yaml

WIDTH = 118
"""Longest line on which a group of fields is written in one."""

_SAFE = re.compile(r"[\w一-鿿][^\n\r\t:#,\[\]{}&*!|>'\"%@`]*")
_LOOKS_OTHERWISE = re.compile(r"[+-]?(0|[1-9]\d*)(\.\d+)?|true|false|null|~|")
_COMMENT = re.compile(r"""^\s*#|\s#""")
_BESIDE = re.compile(r"\s+#")
_QUOTED = re.compile(r""""[^"]*"|'[^']*'""")


def write(document: Any) -> str:
    """Return a document in canonical form: short groups on one line, the others indented."""
    return "\n".join(_entries(document, 0)) + "\n"


def rewrite(text: str, document: Any) -> str:
    """Return `text` changed so that it says `document`; untouched parts, comments included, stay word for word."""
    try:
        old, lines = read_yaml(text, "")
    except MeritdeskError:
        return write(document)
    if old == document:
        return text
    source = _Source(text.removeprefix("\ufeff").split("\n"), lines)
    try:
        found = "\n".join(source.composed(old, document, (), 0, len(source.rows))).rstrip("\n") + "\n"
        if read_yaml(found, "")[0] == document:
            return found
    except (MeritdeskError, _CannotReuse):
        pass
    return write(document)


def has_comments(text: str) -> bool:
    """Return whether somebody wrote comments into a text."""
    return any(_COMMENT.search(_without_quotes(row)) for row in text.split("\n"))


def comments_lost(old: str, new: str) -> list[str]:
    """Return the comment lines of `old` that `new` has no longer."""
    kept = {row.strip() for row in new.split("\n")}
    return [row.strip() for row in old.split("\n") if row.strip().startswith("#") and row.strip() not in kept]


def _without_quotes(row: str) -> str:
    return _QUOTED.sub('""', row)


def _name(item: Any) -> str:
    """Return what an item of a list is known by in both texts: its id, code or level, else its title; or nothing."""
    key = item_key(item, -1)
    return key if key != "0" else str(item.get("title", "")) if isinstance(item, Mapping) else ""


# ------------------------------------------------------------------ writing anew


def _scalar(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal | int):
        return format_number(Decimal(value))
    text = str(value)
    plain = _SAFE.fullmatch(text) and not _LOOKS_OTHERWISE.fullmatch(text) and text == text.strip()
    if plain or re.fullmatch(r"\d+(\.\d+)?%", text):
        return text
    return json.dumps(text, ensure_ascii=False)


def _inline(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_scalar(key)}: {_inline(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_inline(item) for item in value) + "]"
    return _scalar(value)


def _is_small(value: Any, indent: int) -> bool:
    """Return whether a value reads well on one line: nothing inside that is itself a list of groups."""
    if isinstance(value, Mapping):
        if any(isinstance(item, list) and any(isinstance(i, Mapping) for i in item) for item in value.values()):
            return False
        if any(not _is_small(item, indent) for item in value.values()):
            return False
    elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        return False
    return len(_inline(value)) + indent <= WIDTH


def _entries(document: Mapping[str, Any], indent: int) -> Iterator[str]:
    for number, (key, value) in enumerate(document.items()):
        long = isinstance(value, list | dict) and not _is_small(value, indent + len(key) + 2)
        if indent == 0 and number and long:
            yield ""
        yield from _entry(key, value, indent)


def _entry(key: str, value: Any, indent: int) -> Iterator[str]:
    head = f"{' ' * indent}{_scalar(key)}:"
    if not isinstance(value, list | dict) or not value or _is_small(value, indent + len(key) + 2):
        yield f"{head} {_inline(value)}"
    else:
        yield head
        yield from (_items(value, indent + 2) if isinstance(value, list) else _entries(value, indent + 2))


def _items(items: Sequence[Any], indent: int) -> Iterator[str]:
    for item in items:
        yield from _item(item, indent)


def _item(item: Any, indent: int) -> Iterator[str]:
    if isinstance(item, Mapping) and not _is_small(item, indent + 2):
        rows = list(_entries(item, indent + 2))
        yield " " * indent + "- " + rows[0].lstrip()
        yield from rows[1:]
    else:
        yield f"{' ' * indent}- {_inline(item)}"


# ------------------------------------------------------------------ taking over


class _CannotReuse(Exception):
    """A part is not laid out line by line, so that its lines cannot be taken over."""


class _Source:
    """The old text, from which blocks of lines are taken over."""

    def __init__(self, rows: list[str], lines: Lines) -> None:
        self.rows, self.lines = rows, lines

    def composed(self, old: Any, new: Any, path: Steps, start: int, end: int) -> Iterator[str]:
        """Yield the rows of the group or list at `path`, which fills rows [start, end) of the old text."""
        blocks = self.blocks(old, path, start, end)
        column = self.column(path, old)
        if isinstance(new, Mapping):
            for key, value in new.items():
                if key in old and old[key] == value:
                    yield from self.rows[blocks[key][0] : blocks[key][1]]
                elif key in old and self.can_descend(old[key], value, (*path, key)):
                    first, last = blocks[key]
                    at = self.lines[(*path, key)][0] - 1
                    yield from self.rows[first : at + 1]
                    yield from self.composed(old[key], value, (*path, key), at + 1, last)
                else:
                    yield from self.comment_above(blocks[key] if key in old else None, (*path, key))
                    written = list(_entry(key, value, column))
                    written[0] += self.comment_beside(blocks[key] if key in old else None, (*path, key))
                    yield from written
            return
        known = {_name(item): index for index, item in enumerate(old) if _name(item)}
        for item in new:
            index = known.get(_name(item), -1)
            if index < 0 and item in old:
                index = old.index(item)
            if index >= 0 and old[index] == item:
                yield from self.rows[blocks[index][0] : blocks[index][1]]
            elif index >= 0 and self.can_descend(old[index], item, (*path, index)):
                yield from self.item(old[index], item, (*path, index), blocks[index])
            else:
                yield from self.comment_above(blocks[index] if index >= 0 else None, (*path, index))
                yield from _item(item, column)

    def item(self, old: Any, new: Any, path: Steps, block: tuple[int, int]) -> Iterator[str]:
        """Yield a changed list item: the dash goes before the first of its fields."""
        at = self.lines[path][0] - 1
        yield from self.rows[block[0] : at]
        dash = self.rows[at].index("-")
        self.rows[at] = self.rows[at][:dash] + " " + self.rows[at][dash + 1 :]
        rows = list(self.composed(old, new, path, at, block[1]))
        first = next(number for number, row in enumerate(rows) if row.strip() and not row.lstrip().startswith("#"))
        rows[first] = rows[first][:dash] + "-" + rows[first][dash + 1 :]
        yield from rows

    def comment_above(self, block: tuple[int, int] | None, path: Steps) -> Iterator[str]:
        """Yield the comment and empty rows that stand above an entry which is written anew."""
        if block is not None and path in self.lines:
            yield from self.rows[block[0] : self.lines[path][0] - 1]

    def comment_beside(self, block: tuple[int, int] | None, path: Steps) -> str:
        """Return the comment that stands behind an entry of one row which is written anew; empty for none."""
        at = self.lines[path][0] - 1 if block is not None else -1
        if block is None or any(not self.is_comment(row) for row in range(at + 1, block[1])):
            return ""
        found = _BESIDE.search(_QUOTED.sub(lambda quoted: "x" * len(quoted.group()), self.rows[at]))
        return self.rows[at][found.start() :].rstrip() if found else ""

    def can_descend(self, old: Any, new: Any, path: Steps) -> bool:
        """Return whether both values are groups (or lists) and the old one has each entry on rows of its own."""
        same = (isinstance(old, Mapping) and isinstance(new, Mapping)) or (
            isinstance(old, list) and isinstance(new, list)
        )
        if not same or not old or not new:
            return False
        keys: list[Any] = list(old) if isinstance(old, Mapping) else list(range(len(old)))
        rows = [self.lines[(*path, key)][0] for key in keys]
        is_item = bool(path) and isinstance(path[-1], int)
        begins_below = is_item or not path or rows[0] > self.lines[path][0]
        return begins_below and len(set(rows)) == len(rows)

    def blocks(self, old: Any, path: Steps, start: int, end: int) -> dict[Any, tuple[int, int]]:
        """Return the rows [first, last) of each entry; comments above an entry belong to it."""
        keys: list[Any] = list(old) if isinstance(old, Mapping) else list(range(len(old)))
        begins = [self.lines[(*path, key)][0] - 1 for key in keys]
        if sorted(set(begins)) != begins:
            raise _CannotReuse
        found, first = {}, start
        for number, key in enumerate(keys):
            following = begins[number + 1] if number + 1 < len(keys) else end
            last = following
            if number + 1 < len(keys):
                while last > begins[number] + 1 and self.is_comment(last - 1):
                    last -= 1
            found[key] = (first, last)
            first = last
        return found

    def is_comment(self, row: int) -> bool:
        text = self.rows[row].strip()
        return not text or text.startswith("#")

    def column(self, path: Steps, old: Any) -> int:
        key = next(iter(old)) if isinstance(old, Mapping) else 0
        row, column = self.lines[(*path, key)]
        if isinstance(old, Mapping):
            return column - 1
        return self.rows[row - 1].index("-")
