"""What was typed into a form, back into the document: the same walk through the grammar, the other way.

Nothing is judged here. A value that means what stood there before is left as it was written, so that a form that was
sent without a change changes nothing. Rows are added, removed and moved on the way (`Step`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, get_args, get_origin

from django.http import QueryDict

from meritdesk.errors import MeritdeskError
from meritdesk.rules.numbers import parse_bounds, parse_number
from meritdesk.scheme.document import Date
from meritdesk.scheme.values import Interval, Model, Number, Text, Whole
from meritdesk.web.schemes.forms import starters
from meritdesk.web.schemes.forms.grammar import (
    HIDDEN,
    Form,
    default_of,
    form_of,
    forms_of,
    hints,
    is_leaf,
    is_model,
    is_plain,
    is_union,
    members,
    stripped,
)
from meritdesk.web.schemes.forms.known import REFERENCES, Known

_PLAIN_NUMBER = re.compile(r"[+-]?(0|[1-9]\d*)(\.\d+)?")
GONE = object()
"""Nothing was typed: the field is left out."""


@dataclass(frozen=True)
class Step:
    """A change of structure: add, remove, up or down in the list `name` (row `index`), or a new kind for a choice."""

    act: str
    name: str
    index: int = -1

    @classmethod
    def of(cls, text: str) -> Step | None:
        """Read ``act:name`` or ``act:name:index``; None for nothing."""
        act, _colon, rest = text.partition(":")
        name, _colon, index = rest.partition(":")
        return cls(act, name, int(index) if index.isdigit() else -1) if name else None


class Reader:
    """Reads one form."""

    def __init__(self, posted: QueryDict, known: Known, step: Step | None = None) -> None:
        self.posted, self.known, self.step = posted, known, step

    def fields(
        self, model: type[Model], old: Mapping[str, Any], prefix: str,
        only: Sequence[str] = (), skip: Sequence[str] = (),
    ) -> dict[str, Any]:  # fmt: skip
        """Return a group of fields as typed; fields that the form does not show stay what they were."""
        found: dict[str, Any] = {}
        for name, annotation in hints(model).items():
            if (only and name not in only) or name in skip:
                if name in old:
                    found[name] = old[name]
                continue
            info = model.model_fields[name]
            path = f"{prefix}.{name}" if prefix else name
            before = old.get(name)
            if name not in old and not info.is_required():
                before = default_of(info)
            value = self.value(annotation, before, path, model.__name__, name)
            if value is GONE and info.is_required() and stripped(annotation) is Text:
                value = ""
            if value is GONE or (name not in old and not info.is_required() and _means_default(value, info)):
                continue
            found[name] = old[name] if name in old and same(annotation, old[name], value) else value
        return _in_order(found, old, model)

    def value(self, annotation: Any, old: Any, name: str, model: str, field: str) -> Any:
        """Return one value as typed; GONE for nothing."""
        base = stripped(annotation)
        if is_union(base) and is_plain(base):
            base = next(m for m in members(base) if m is not type(None))
        origin = get_origin(base)
        if field in HIDDEN and f"{name}" not in self.posted and old not in (None, ""):
            return old
        if is_union(base):
            return self._chosen(base, old, name, field)
        if is_model(base):
            return self.fields(base, old if isinstance(old, Mapping) else {}, name)
        if origin is dict:
            return self._mapping(base, old, name)
        if origin is tuple:
            return self._list(base, old, name, model, field)
        if origin is Literal:
            return self.posted.get(name) or GONE
        return self._leaf(base, name, model, field)

    def _leaf(self, base: Any, name: str, model: str, field: str) -> Any:
        if base is bool:
            return name in self.posted
        if base is Interval:
            return self._interval(name)
        text = self.posted.get(name, "").strip()
        if not text:
            if field == "id" and model in starters.IDS:
                return self.known.new_id(starters.IDS[model])
            return GONE
        if base is Number or base is Whole:
            return as_number(text)
        return text if base is Date else text.replace("\r\n", "\n")

    def _interval(self, name: str) -> Any:
        low, high = (_narrow(self.posted.get(f"{name}.{end}", "")) for end in ("low", "high"))
        if not low and not high and not self.posted.get(f"{name}.whole"):
            return GONE
        left = "[" if low and self.posted.get(f"{name}.from") != "open" else "("
        right = "]" if high and self.posted.get(f"{name}.to") == "closed" else ")"
        return f"{left}{low or ' '}, {high}{right}"

    def _chosen(self, base: Any, old: Any, name: str, field: str) -> Any:
        forms = forms_of(base)
        if all(get_origin(form.annotation) is Literal for form in forms):
            return self.posted.get(name) or GONE
        key = self.posted.get(f"{name}.kind", "")
        form = next((f for f in forms if f.key == key), None)
        if form is None:
            return GONE if old is None else old
        before = form_of(forms, old)
        if form.key != before.key:
            return self._new(form, name, field)
        if form.key == "none":
            return GONE
        if form.model is not None:
            given = old if isinstance(old, Mapping) else {}
            value = self.fields(form.model, given, name)
            if next(iter(form.model.model_fields)) == "method":
                value = {"method": form.key, **{k: v for k, v in value.items() if k != "method"}}
                value = _in_order(value, given, form.model)
            return value
        if form.key in ("number", "interval"):
            value = self.value(form.annotation, old, f"{name}.{form.key}", "", form.key)
            return value
        return form.key

    def _new(self, form: Form, name: str, field: str) -> Any:
        if form.key == "none":
            return GONE
        if form.model is None:
            return starters.of_kind(form.key, self.known, field) if form.key in ("number", "interval") else form.key
        if next(iter(form.model.model_fields)) == "method":
            return starters.method(form.key, self.known)
        return starters.group(form.model.__name__, self.known) or starters.of_kind(form.key, self.known, field)

    def _mapping(self, base: Any, old: Any, name: str) -> Any:
        old = old if isinstance(old, Mapping) else {}
        _key, inner = get_args(base)
        found: dict[str, Any] = {}
        if get_origin(stripped(inner)) is tuple:
            for key, items in old.items():
                if self.step == Step("remove-list", f"{name}.{key}"):
                    continue
                found[key] = self.value(inner, items, f"{name}.{key}", "Scheme", "violation_lists")
            if self.step == Step("add-list", name):
                found[self.known.new_id("list")] = [starters.row("Violation", self.known)]
            return found or GONE
        keys = [posted.removeprefix(f"{name}.") for posted in self.posted if posted.startswith(f"{name}.")]
        for key in [*(key for key in old if key in keys), *(key for key in keys if key not in old)]:
            text = self.posted.get(f"{name}.{key}", "").strip()
            if text:
                value = as_number(text)
                found[key] = old[key] if key in old and same(inner, old[key], value) else value
        return found or GONE

    def _list(self, base: Any, old: Any, name: str, model: str, field: str) -> Any:
        inner = get_args(base)[0]
        plain = stripped(inner)
        old = list(old) if isinstance(old, list | tuple) else []
        if is_leaf(plain):
            if REFERENCES.get((model, field)):
                chosen = self.posted.getlist(name)
            else:
                chosen = [part for part in re.split(r"[,，、\s]+", self.posted.get(name, "")) if part]
            kept = [item for item in old if item in chosen]
            return [*kept, *(item for item in chosen if item not in kept)] or GONE
        rows = []
        for index in self.posted.getlist(f"{name}.row"):
            before = old[int(index)] if index.isdigit() and int(index) < len(old) else None
            rows.append(self._row(plain, before, f"{name}.{index}", model, field))
        return self._moved(rows, plain, name, field) or GONE

    def _row(self, plain: Any, old: Any, name: str, model: str, field: str) -> Any:
        if is_model(plain):
            given = old if isinstance(old, Mapping) else {}
            value = self.fields(plain, given, name)
            return given if given and same(plain, given, value) else value
        if get_origin(plain) is tuple:
            pair = [as_number(self.posted.get(f"{name}.{place}", "").strip()) for place in range(2)]
            return old if old is not None and same(plain, old, pair) else pair
        return self.value(plain, old, f"{name}.value", model, field)

    def _moved(self, rows: list[Any], plain: Any, name: str, field: str) -> list[Any]:
        step = self.step
        rows = [row for row in rows if row is not GONE]
        if step is None or step.name != name:
            return rows
        if step.act == "add":
            if is_model(plain):
                rows.append(starters.row(plain.__name__, self.known))
            elif get_origin(plain) is tuple:
                rows.append([Decimal(0), Decimal(0)])
            else:
                rows.append("coefficient" if field == "by" else Decimal(1))
        elif step.act == "remove" and 0 <= step.index < len(rows):
            del rows[step.index]
        elif step.act in ("up", "down"):
            other = step.index + (1 if step.act == "down" else -1)
            if 0 <= step.index < len(rows) and 0 <= other < len(rows):
                rows[step.index], rows[other] = rows[other], rows[step.index]
        return rows


def as_number(text: str) -> Any:
    """Return typed digits as the reader of YAML gives them: a number, or the text where it is none (60%, 六十)."""
    text = _narrow(text)
    return Decimal(text) if _PLAIN_NUMBER.fullmatch(text) else text


def _narrow(text: str) -> str:
    """Return full-width digits and signs as plain ones, without separators of thousands."""
    return unicodedata.normalize("NFKC", text).strip().replace(" ", "")


def same(annotation: Any, old: Any, new: Any) -> bool:
    """Return whether two values mean the same: 60% and 0.6, ``( , 30]`` and ``(,30]``."""
    if old == new:
        return True
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return set(old) == set(new) and all(same(None, old[key], new[key]) for key in old)
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(same(None, a, b) for a, b in zip(old, new, strict=True))
    try:
        if isinstance(old, str) and isinstance(new, str) and old.startswith(("[", "(")):
            return parse_bounds(old) == parse_bounds(new)
        if isinstance(old, Decimal) or isinstance(new, Decimal) or _are_numbers(old, new):
            return parse_number(str(old)) == parse_number(str(new))
    except (MeritdeskError, ValueError):
        pass
    return isinstance(old, str) and isinstance(new, str) and old.strip() == new.strip()


def _are_numbers(old: Any, new: Any) -> bool:
    return all(isinstance(value, str) and value[:1] in "+-0123456789" and value for value in (old, new))


def _means_default(value: Any, info: Any) -> bool:
    default = default_of(info)
    if isinstance(value, Mapping) and isinstance(default, Mapping):
        return all(default.get(key) == item for key, item in value.items())
    return bool(value == default) or (value in (GONE, [], {}, "") and not default)


def _in_order(found: dict[str, Any], old: Mapping[str, Any], model: type[Model]) -> dict[str, Any]:
    """Return fields in the order they stood in; a new one goes behind the field that the model has before it."""
    order = [name for name in old if name in found]
    before = ""
    for name in model.model_fields:
        if name in found and name not in order:
            order.insert(order.index(before) + 1 if before in order else 0, name)
        if name in order:
            before = name
    return {name: found[name] for name in order}
