"""Two schemes side by side: their differences grouped by the part of the scheme, old value against new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from meritdesk.language import _
from meritdesk.scheme.diff import Difference
from meritdesk.scheme.labels import labels
from meritdesk.scheme.load import LoadedScheme
from meritdesk.scheme.places import path_of, words


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
        document = old.document if difference.kind == "removed" else new.document
        where = words(document, path_of(document, difference.place))
        rest = where.partition(" › ")[2] if where.startswith(labels().get(top, top) + " › ") else where
        found.setdefault(top, []).append(
            Row(rest or where, difference.old, difference.new, difference.kind, names[difference.kind])
        )
    return [Group(labels().get(top, top), rows) for top, rows in found.items()]
