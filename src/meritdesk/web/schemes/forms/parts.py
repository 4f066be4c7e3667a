"""The parts of the designer: which fields of the document each page edits, and where a dimension or indicator is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from meritdesk.metrics.definitions import Metric
from meritdesk.scheme.document import Dimension, Indicator, Scheme
from meritdesk.scheme.reading import Steps
from meritdesk.scheme.values import Model
from meritdesk.web.schemes.forms import starters
from meritdesk.web.schemes.forms.grammar import Builder, Node
from meritdesk.web.schemes.forms.known import Known
from meritdesk.web.schemes.forms.typed import Reader, Step, as_number, same
from meritdesk.web.ui.text import lazy

Document = dict[str, Any]

SECTIONS: Mapping[str, tuple[object, tuple[str, ...]]] = {
    "basics": (
        lazy("基本资料"), ("title", "title_en", "description", "source", "status", "style", "cycle", "positions"),
    ),
    "contents": (lazy("考核内容"), ()),
    "raters": (lazy("评分人"), ("raters",)),
    "grades": (lazy("等级"), ("grades",)),
    "distribution": (lazy("强制分布"), ("distribution",)),
    "violations": (lazy("违规清单"), ("violation_lists",)),
    "vetoes": (lazy("一票否决"), ("vetoes",)),
    "deadlines": (lazy("时限"), ("deadlines",)),
    "pay": (lazy("薪酬"), ("pay",)),
    "uses": (lazy("结果应用"), ("uses",)),
    "notes": (lazy("附注与修订"), ("notes", "history")),
}  # fmt: skip
"""Section → its title, and the fields of the scheme that its form edits."""


@dataclass(frozen=True)
class Part:
    """What one form edits: a section of the scheme, or a dimension or indicator of it (by their ids)."""

    section: str
    dimension: str = ""
    indicator: str = ""

    @property
    def name(self) -> str:
        """Return how the part is called in addresses."""
        return f"{self.dimension}.{self.indicator}" if self.indicator else self.dimension

    def path(self, document: Mapping[str, Any]) -> Steps | None:
        """Return where the part stands; None if it is there no longer."""
        if not self.dimension:
            return ()
        for number, dimension in enumerate(document.get("dimensions") or []):
            if dimension.get("id") != self.dimension:
                continue
            if not self.indicator:
                return ("dimensions", number)
            for place, indicator in enumerate(dimension.get("indicators") or []):
                if indicator.get("id") == self.indicator:
                    return ("dimensions", number, "indicators", place)
        return None

    def shape(self) -> tuple[type[Model], Sequence[str], Sequence[str]]:
        """Return the model, the fields shown (empty: all) and the fields left out."""
        if self.indicator:
            return Indicator, (), ()
        if self.dimension:
            return Dimension, (), ("indicators",)
        return Scheme, SECTIONS[self.section][1], ()


def part_of(section: str, name: str) -> Part:
    """Return the part that an address names."""
    dimension, _dot, indicator = name.partition(".")
    return Part(section, dimension, indicator) if section == "contents" else Part(section)


def at(document: Mapping[str, Any], path: Steps) -> Any:
    """Return the value at a path."""
    found: Any = document
    for step in path:
        found = found[step]
    return found


def known_for(part: Part, document: Document, metrics: Mapping[str, Metric]) -> Known:
    """Return what the part's form can refer to."""
    path = part.path(document)
    return Known(document, metrics, at(document, path) if part.indicator and path else {})


def nodes(part: Part, document: Document, metrics: Mapping[str, Metric]) -> list[Node]:
    """Return the fields of a part's form, filled from the document."""
    path = part.path(document)
    if path is None:
        return []
    model, only, skip = part.shape()
    built = Builder(known_for(part, document, metrics)).fields(model, at(document, path), "", only)
    points = document.get("style") == "points"
    if part.dimension:  # in a scheme of weights nobody gives points to an indicator, and the other way round
        value = at(document, path)
        other = "weight" if points else "points"
        either = not part.indicator and not points
        built = [n for n in built if n.name != other or value.get(other) is not None or either]
    return [node for node in built if node.name not in skip]


def changed(
    part: Part, document: Document, posted: QueryDict, metrics: Mapping[str, Metric], step: Step | None
) -> Document:
    """Return the document with a part as it was typed."""
    path = part.path(document)
    assert path is not None
    model, only, skip = part.shape()
    new = deepcopy(document)
    old = at(new, path)
    if part.dimension and old.get("weight" if document.get("style") == "points" else "points") is None:
        hidden = ["weight" if document.get("style") == "points" else "points"]
        if part.indicator or document.get("style") == "points":
            skip = (*skip, *hidden)
    reader = Reader(posted, known_for(part, document, metrics), step)
    value = reader.fields(model, old, "", only, skip)
    if part.indicator:
        value = _fitted(value, old, document, metrics)
    return value if not path else put(new, path, value)


def _fitted(value: Document, old: Document, document: Document, metrics: Mapping[str, Metric]) -> Document:
    """Return an indicator whose method fits its source: another kind of source brings its usual method along."""
    source = value.get("source") or {}
    fit = starters.METHODS_OF.get(next(iter(source), ""), ())
    method = (value.get("scoring") or {}).get("method")
    if fit and method not in fit:
        return {**value, "scoring": starters.method(fit[0], Known(document, metrics, value))}
    return value


def put(document: Document, path: Steps, value: Any) -> Document:
    """Return the document with `value` at a path."""
    holder = at(document, path[:-1])
    holder[path[-1]] = value
    return document


# ------------------------------------------------------------------ the tree


def weighed(document: Document, posted: QueryDict) -> Document:
    """Return the document with the weights (or points) typed into the tree: fields ``w.<dimension>.<indicator>``."""
    new = deepcopy(document)
    for dimension in new.get("dimensions") or []:
        holders = [(f"w.{dimension['id']}", dimension)]
        holders += [(f"w.{dimension['id']}.{i['id']}", i) for i in dimension.get("indicators") or []]
        for name, holder in holders:
            if name not in posted:
                continue
            field = measure_of(document, holder)
            text = posted.get(name, "").strip()
            if not text:
                holder.pop(field, None)
            elif not same(None, holder.get(field), value := as_number(text)):
                holder[field] = value
                model = Indicator if name.count(".") > 1 else Dimension
                _sort(holder, model)
    return new


def _sort(holder: Document, model: type[Model]) -> None:
    """Put a field that was added where the model has it, behind the titles."""
    order = [name for name in model.model_fields if name in holder]
    for name in order:
        holder[name] = holder.pop(name)


def measure_of(document: Mapping[str, Any], holder: Mapping[str, Any]) -> str:
    """Return what a dimension or indicator is measured by: weight or points."""
    if document.get("style") == "points":
        return "points"
    return "points" if holder.get("points") is not None and holder.get("weight") is None else "weight"


def restructured(document: Document, act: str, part: Part, metrics: Mapping[str, Metric]) -> tuple[Document, Part]:
    """Return the document after a change of the tree (add-dimension, add-indicator, remove, up, down), and the part to
    show next."""
    new = deepcopy(document)
    known = Known(new, metrics)
    dimensions = new.setdefault("dimensions", [])
    if act == "add-dimension":
        made = starters.row("Dimension", known)
        if new.get("style") == "points":
            made.pop("weight", None)
        dimensions.append(made)
        return new, Part("contents", made["id"])
    path = part.path(new)
    if path is None or not path:
        return new, Part("contents")
    if act == "add-indicator":
        made = starters.row("Indicator", known)
        siblings = dimensions[path[1]].setdefault("indicators", [])
        if all(i.get("weight") is None for i in siblings):
            made.pop("weight", None)
        siblings.append(made)
        return new, Part("contents", str(dimensions[path[1]]["id"]), made["id"])
    holder, place = at(new, path[:-1]), int(path[-1])
    if act == "remove":
        del holder[place]
        return new, Part("contents", part.dimension if part.indicator else "")
    other = place + (1 if act == "down" else -1)
    if act in ("up", "down") and 0 <= other < len(holder):
        holder[place], holder[other] = holder[other], holder[place]
    return new, part
