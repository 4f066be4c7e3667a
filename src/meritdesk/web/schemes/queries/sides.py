"""Two schemes side by side: their differences grouped by the part of the scheme, old value against new."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from meritdesk.errors import MeritdeskError
from meritdesk.language import _
from meritdesk.rules.numbers import parse_bounds
from meritdesk.scheme.diff import Difference
from meritdesk.scheme.labels import labels
from meritdesk.scheme.load import LoadedScheme
from meritdesk.scheme.phrases import interval, title_of
from meritdesk.scheme.places import path_of, words
from meritdesk.web.schemes.forms.parts import SECTIONS
from meritdesk.web.schemes.forms.wording import choice
from meritdesk.web.schemes.queries.checking import SECTION_OF
from meritdesk.web.schemes.queries.documents import metrics


@dataclass(frozen=True)
class Row:
    """One difference: where, what it was, what it is, and of what kind."""

    where: str
    old: str
    new: str
    kind: str
    kind_name: str


@dataclass(frozen=True)
class Group:
    """The differences in one part of a scheme."""

    title: str
    rows: Sequence[Row]


def sides(old: LoadedScheme, new: LoadedScheme, differences: Sequence[Difference]) -> list[Group]:
    """Return differences grouped by the top of their place, in the order they come in."""
    names = {"added": _("新增"), "removed": _("去掉"), "changed": _("改动"), "moved": _("次序")}
    found: dict[str, list[Row]] = {}
    for difference in differences:
        top = difference.place.split(".")[0]
        section = SECTION_OF.get(top, "basics")
        document = old.document if difference.kind == "removed" else new.document
        if difference.kind == "changed" and difference.place in ENTRIES:
            found.setdefault(section, []).extend(_entries(old, new, difference.place, names))
            continue
        where = words(document, path_of(document, difference.place))
        rest = where.partition(" › ")[2] if where.startswith(labels().get(top, top) + " › ") else where
        old_value, new_value = (_plain(difference.place, value) for value in (difference.old, difference.new))
        found.setdefault(section, []).append(
            Row(rest or where, old_value, new_value, difference.kind, names[difference.kind])
        )
    return [Group(str(SECTIONS[section][0]), rows) for section, rows in found.items()]


ENTRIES = ("notes", "history")
"""Lists whose entries have no ids: told entry by entry."""


def _entries(old: LoadedScheme, new: LoadedScheme, place: str, names: Mapping[str, str]) -> Iterator[Row]:
    """Yield the entries of a list that only one of the schemes has."""
    label = labels().get(place, place)
    before, after = (
        [str(entry.get("text") or entry.get("what") or "") for entry in found.document.get(place) or []]
        for found in (old, new)
    )
    yield from (Row(label, text, "", "removed", names["removed"]) for text in before if text not in after)
    yield from (Row(label, "", text, "added", names["added"]) for text in after if text not in before)


def _plain(place: str, value: str) -> str:
    """Return a value in words: intervals as at least and at most, metrics and choices by their names."""
    field = place.rpartition(".")[2]
    if value[:1] in ("[", "(") and value[-1:] in ("]", ")"):
        try:
            return interval(parse_bounds(value))
        except MeritdeskError:
            return value
    if field == "metric" and value in metrics():
        return title_of(metrics()[value])
    return choice(field, value)
