"""What differs between two schemes, by ids and not by position: versions of one scheme, or a local scheme and its
parent.

Texts that mean the same (60% and 0.6, a default written out) do not differ. Says what changed; whether that is wise
is `check`'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from meritdesk.language import _
from meritdesk.scheme.document import Scheme
from meritdesk.scheme.places import item_key, words
from meritdesk.scheme.reading import Steps

Kind = Literal["added", "removed", "changed", "moved"]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One difference: its stable place, both values in words (empty: not there), and a sentence for people."""

    kind: Kind
    place: str
    old: str
    new: str
    text: str


def diff(old: Scheme, new: Scheme) -> list[Difference]:
    """Return every difference in the order of the newer document, what was removed after what stays (R0.7, R1.8)."""
    before, after = old.model_dump(), new.model_dump()
    return list(_Comparison(before, after).mappings(before, after, (), (), ""))


class _Comparison:
    """Walks both documents at once; paths run in each, the place is common to both."""

    def __init__(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        self.old, self.new = old, new

    def mappings(
        self, old: Mapping[str, Any], new: Mapping[str, Any], a: Steps, b: Steps, place: str
    ) -> Iterator[Difference]:
        for key in [*new, *(key for key in old if key not in new)]:
            inner = place if key == "indicators" else f"{place}.{key}" if place else key
            yield from self.values(old.get(key), new.get(key), (*a, key), (*b, key), inner)

    def values(self, old: Any, new: Any, a: Steps, b: Steps, place: str) -> Iterator[Difference]:
        if old == new:
            return
        if isinstance(old, Mapping) and isinstance(new, Mapping) and _same_form(old, new):
            yield from self.mappings(old, new, a, b, place)
        elif _is_list(old) and _is_list(new) and (_has_ids(old) or _has_ids(new)):
            yield from self.lists(old, new, a, b, place)
        elif (
            _is_list(old)
            and _is_list(new)
            and len(old) == len(new)
            and all(isinstance(v, Mapping) for v in (*old, *new))
        ):
            for index, (one, other) in enumerate(zip(old, new, strict=True)):
                yield from self.values(one, other, (*a, index), (*b, index), f"{place}.{index + 1}")
        else:
            yield self.difference(old, new, a, b, place)

    def lists(self, old: Sequence[Any], new: Sequence[Any], a: Steps, b: Steps, place: str) -> Iterator[Difference]:
        before = {item_key(item, index): index for index, item in enumerate(old)}
        after = {item_key(item, index): index for index, item in enumerate(new)}
        for key in [*after, *(key for key in before if key not in after)]:
            one = old[before[key]] if key in before else None
            other = new[after[key]] if key in after else None
            yield from self.values(one, other, (*a, before.get(key, 0)), (*b, after.get(key, 0)), f"{place}.{key}")
        stayed, stay = [key for key in before if key in after], [key for key in after if key in before]
        if stayed != stay:
            sentence = _("{where}：次序由 {old} 变为 {new}")
            yield self.difference(stayed, stay, a, b, place, "moved", sentence)

    def difference(
        self, old: Any, new: Any, a: Steps, b: Steps, place: str, kind: Kind | None = None, sentence: str = ""
    ) -> Difference:
        kind = kind or ("added" if _absent(old) else "removed" if _absent(new) else "changed")
        sentences: dict[Kind, str] = {
            "added": _("{where}：新增 {new}"),
            "removed": _("{where}：去掉 {old}"),
            "changed": _("{where}：由 {old} 改为 {new}"),
        }
        where = words(self.old, a) if kind == "removed" else words(self.new, b)
        shown = {"old": _shown(old), "new": _shown(new)}
        text = (sentence or sentences[kind]).format(where=where, **shown)
        return Difference(kind=kind, place=place, text=text, **shown)


def _same_form(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """True if two groups of fields are of one form: the same method, the same kind of source, the same condition."""
    return next(iter(old), None) == next(iter(new), None) and old.get("method") == new.get("method")


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _has_ids(items: Sequence[Any]) -> bool:
    return any(isinstance(item, Mapping) and item_key(item, -1) != "0" for item in items)


def _absent(value: Any) -> bool:
    return value is None or value == "" or (isinstance(value, list | tuple | dict) and not value)


def _shown(value: Any) -> str:
    if _absent(value):
        return ""
    if isinstance(value, Mapping):
        named = value.get("title")
        inner = (f"{key}: {_shown(item)}" for key, item in value.items() if not _absent(item))
        return str(named) if named else "{" + ", ".join(inner) + "}"
    if _is_list(value):
        return "[" + ", ".join(_shown(item) for item in value) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)
