"""Places in a scheme: stable paths made of ids, and the same in words.

``dimensions.quality.first_response.scoring.bands`` names a part of a scheme by ids, so that it survives re-ordering;
a list item without an id goes by its place in the list, from 1. The word ``indicators`` is left out, because ids of
dimensions and indicators never clash. A place may end with ``@value`` for one value of a method.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from meritdesk.language import _
from meritdesk.scheme.labels import labels
from meritdesk.scheme.reading import Steps

KEYS = ("id", "code", "level")
"""Fields that name an item of a list, the first present wins."""


def words(document: Any, path: Steps) -> str:
    """Return `path` in words, titles of the parts included: 考核维度“质量” › 考核指标“响应” › 计分方法."""
    known = labels()
    parts: list[str] = []
    for step in path:
        document = _step(document, step)
        if isinstance(step, int):
            item = document if isinstance(document, Mapping) else {}
            name = item.get("title") or item.get("id") or _("第 {n} 项").format(n=step + 1)
            parts[-1:] = [f"{parts[-1] if parts else ''}“{name}”"]
        else:
            parts.append(known.get(step, step))
    return " › ".join(parts) or _("整个文件")


def _step(value: Any, step: str | int) -> Any:
    if isinstance(step, int):
        return value[step] if isinstance(value, Sequence) and not isinstance(value, str) and step < len(value) else None
    return value.get(step) if isinstance(value, Mapping) else None


def item_key(item: Any, index: int) -> str:
    """Return what a list item is called in a place: its id, code or level, else its number from 1."""
    for key in KEYS:
        found = item.get(key) if isinstance(item, Mapping) else getattr(item, key, None)
        if found is not None:
            return str(found)
    return str(index + 1)


def place_of(document: Any, path: Steps) -> str:
    """Return the stable place of a document path."""
    parts: list[str] = []
    for step in path:
        document = _step(document, step)
        if isinstance(step, int):
            parts.append(item_key(document, step))
        elif step != "indicators" or len(parts) != 2:
            parts.append(step)
    return ".".join(parts)


def path_of(document: Any, place: str) -> Steps:
    """Return the document path of a place: the whole of it, or as far as the document goes."""
    path: list[str | int] = []
    for part in place.partition("@")[0].split("."):
        if isinstance(document, Mapping) and part not in document and "indicators" in document:
            path.append("indicators")
            document = document["indicators"]
        step: str | int = part
        if isinstance(document, list):
            step = next((i for i, item in enumerate(document) if item_key(item, i) == part), -1)
        following = None if step == -1 else _step(document, step)
        if following is None:
            if isinstance(document, list) and path and path[-1] == "indicators":
                path.pop()
            break
        path.append(step)
        document = following
    return tuple(path)


def exists(scheme: Any, place: str) -> bool:
    """True if `place` names a part of `scheme` (the document's model), fields left at their default included."""
    found = scheme
    for part in place.partition("@")[0].split("."):
        fields = type(found).model_fields if hasattr(type(found), "model_fields") else {}
        if part not in fields and "indicators" in fields:
            found, fields = found.indicators, {}
        if part in fields:
            found = getattr(found, part)
        elif isinstance(found, Mapping):
            if part not in found:
                return False
            found = found[part]
        elif isinstance(found, tuple):
            named = [item for index, item in enumerate(found) if item_key(item, index) == part]
            if not named:
                return False
            found = named[0]
        else:
            return False
    return True
