"""Fields out of the grammar: the models of a scheme document, walked with a value, become what the page draws.

One walk for every part of a scheme, so that nothing the language can say is missing from the forms. Reading what was
typed is the work of `typed`; both agree on names: the path of a value, its parts joined by dots.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic.fields import FieldInfo

from meritdesk.language import _
from meritdesk.rules.numbers import Bounds, format_number
from meritdesk.scheme.document import Date
from meritdesk.scheme.values import Interval, Model, Number, Text, Whole
from meritdesk.web.schemes.forms.known import REFERENCES, Known, Options
from meritdesk.web.schemes.forms.starters import methods_for
from meritdesk.web.schemes.forms.wording import choice, help_text, label

LONG = {("Scheme", "description"), ("Indicator", "description"), ("Note", "text"), ("Change", "what"),
        ("Change", "reason")}  # fmt: skip
"""Texts of several lines."""
HIDDEN = {"id", "method"}
"""Fields that people have no use for; kept as they are, made up for new parts."""
VISIBLE_IDS = {"Position"}
CARDS = ("PayItem", "Use", "Veto")
"""Models whose rows have too much to say for a table."""
SELDOM = {"title_en", "description", "positions", "part_of_total", "minimum_sample", "target", "decimals", "order",
          "at_least", "at_most", "requires", "prorate"}  # fmt: skip
"""Fields behind 更多, unless they are filled in (not in rows of a table)."""

_INTERVAL = re.compile(r"([\[(])([^,，]*)[,，]([^\])]*)([\])])")


@dataclass
class Node:
    """One field, or a group of fields, as the page draws it.

    `kind`: text, long, number, date, flag, interval, choice, names, hidden (leaves); group, rows, pairs, lists, choose
    (with children). `choose` is a choice between forms: `options` says which, `children` are the fields of the chosen.
    """

    name: str
    label: str
    kind: str
    value: Any = ""
    help: str = ""
    options: Options = ()
    children: Sequence[Node] = ()
    rows: Sequence[Node] = ()
    headings: Sequence[str] = ()
    seldom: bool = False
    required: bool = False
    reference: str = ""
    empty: str = ""
    """What a choice says when nothing is chosen; without it one must be chosen."""
    parts: Mapping[str, str] = field(default_factory=dict)
    """Of an interval: low, high, from (closed or open), to."""

    as_cards: bool = False
    """Of rows: drawn as cards even where a table would do."""

    @property
    def is_table(self) -> bool:
        """Return whether rows are drawn as a table: each has plain cells; what is not plain goes below its row."""
        return bool(self.rows) and not self.as_cards and all(row.cells for row in self.rows)

    @property
    def cells(self) -> list[Node]:
        """Return the children plain enough for a cell."""
        return [c for c in self.children if c.kind != "hidden" and c.is_plain]

    @property
    def below(self) -> list[Node]:
        """Return the children that need room of their own."""
        return [c for c in self.children if c.kind != "hidden" and not c.is_plain]

    @property
    def is_plain(self) -> bool:
        """Return whether the field fits into a cell."""
        if self.kind == "choose":
            several = any(key == "none" for key, _title in self.options)
            plain = all(c.kind in ("number", "interval", "text") for c in self.children)
            return not several and len(self.children) <= 1 and plain
        return self.kind not in ("group", "rows", "pairs", "lists")

    @property
    def is_used(self) -> bool:
        """Return whether anything is filled in: a field that is not may be folded away."""
        if self.kind in ("rows", "lists"):
            return bool(self.rows)
        return self.value not in ("", "none", None, False, [])

    @property
    def below_used(self) -> bool:
        """Return whether anything that needs room is filled in."""
        return any(node.is_used for node in self.below)

    @property
    def shown(self) -> list[Node]:
        """Return the children that people see at once."""
        return [c for c in self.children if c.kind != "hidden" and not c.seldom]

    @property
    def hidden(self) -> list[Node]:
        """Return the children that are carried along unseen."""
        return [c for c in self.children if c.kind == "hidden"]

    @property
    def more(self) -> list[Node]:
        """Return the children behind 更多."""
        return [c for c in self.children if c.kind != "hidden" and c.seldom]


@dataclass(frozen=True)
class Form:
    """One alternative of a choice between forms."""

    key: str
    annotation: Any
    model: type[Model] | None = None


LEAVES: Mapping[Any, Any] = {int: Whole, Decimal: Number, str: Text, Bounds: Interval, datetime.date: Date}
"""What Python has for a single value → what the grammar calls it."""


def stripped(annotation: Any) -> Any:
    """Return an annotation without what only validates it; single values as Number, Whole, Text, Interval or Date."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    return LEAVES.get(annotation, annotation) if isinstance(annotation, type) else annotation


def is_leaf(annotation: Any) -> bool:
    """Return whether an annotation is a single number, text, interval or day."""
    return any(annotation is leaf for leaf in LEAVES.values())


@cache
def hints(model: type[Model]) -> dict[str, Any]:
    """Return field → annotation of a model, in the order of its definition."""
    found = get_type_hints(model, include_extras=True)
    return {name: found[name] for name in model.model_fields}


def is_model(annotation: Any) -> bool:
    """Return whether an annotation is one group of fields."""
    return isinstance(annotation, type) and issubclass(annotation, Model)


def is_union(annotation: Any) -> bool:
    """Return whether an annotation offers several forms."""
    return get_origin(annotation) in (Union, UnionType)


def members(annotation: Any) -> list[Any]:
    """Return the forms that an annotation offers, choices inside choices unfolded."""
    base = stripped(annotation)
    if not is_union(base):
        return [base]
    found: list[Any] = []
    for member in get_args(base):
        found.extend(members(member))
    return found


def forms_of(annotation: Any) -> list[Form]:
    """Return the alternatives of a choice, each under the key that the page uses."""
    found: list[Form] = []
    for member in members(annotation):
        if member is type(None):
            found.append(Form("none", member))
        elif get_origin(member) is Literal:
            found.extend(Form(str(value), member) for value in get_args(member))
        elif member is Interval:
            found.append(Form("interval", member))
        elif is_model(member):
            leading = next(iter(member.model_fields))
            keys = get_args(member.model_fields["method"].annotation) if leading == "method" else (leading,)
            found.extend(Form(str(key), member, member) for key in keys)
        else:
            found.append(Form("number", member))
    return found


def form_of(forms: Sequence[Form], value: Any) -> Form:
    """Return the alternative that a value is of; the first for one that fits none."""
    for form in forms:
        if value is None and form.key == "none":
            return form
        if isinstance(value, Mapping) and form.model is not None:
            leading = next(iter(form.model.model_fields))
            if (value.get("method") if leading == "method" else None) == form.key or (
                leading != "method" and leading in value
            ):
                return form
        if isinstance(value, str) and form.model is None and form.key == value:
            return form
        if form.key == "interval" and isinstance(value, str) and value.startswith(("[", "(")):
            return form
    plain = [form for form in forms if form.key == "number"]
    if plain and not isinstance(value, Mapping) and value is not None:
        return plain[0]
    groups = [form for form in forms if form.model is not None]
    return groups[0] if isinstance(value, Mapping) and groups else forms[0]


def is_plain(annotation: Any) -> bool:
    """Return whether an annotation is one value that may be left out (``Number | None``)."""
    rest = [member for member in members(annotation) if member is not type(None)]
    return len(rest) == 1 and not is_model(rest[0])


# ------------------------------------------------------------------ building


class Builder:
    """Builds the nodes of one form."""

    def __init__(self, known: Known) -> None:
        self.known = known

    def fields(self, model: type[Model], value: Mapping[str, Any], prefix: str, only: Sequence[str] = ()) -> list[Node]:
        """Return a node for each field of a model (or only for some)."""
        found = []
        for name, annotation in hints(model).items():
            if only and name not in only:
                continue
            info = model.model_fields[name]
            given = value.get(name)
            if given is None and name not in value and not info.is_required():
                given = default_of(info)
            path = f"{prefix}.{name}" if prefix else name
            node = self.node(annotation, given, path, model.__name__, name)
            node.required = info.is_required()
            unused = given in (None, "", [], ()) or given == default_of(info)
            node.seldom = name in SELDOM and not only and (unused or name == "title_en")
            found.append(node)
        return found

    def node(self, annotation: Any, value: Any, name: str, model: str, field: str) -> Node:
        """Return the node of one value."""
        base = stripped(annotation)
        if is_union(base) and is_plain(base):
            base = next(m for m in members(base) if m is not type(None))
            optional = True
        else:
            optional = False
        made = Node(name, label(model, field), "text", value, help_text(model, field))
        reference = REFERENCES.get((model, field), "")
        origin = get_origin(base)
        if field in HIDDEN and not (field == "id" and model in VISIBLE_IDS):
            made.kind, made.value = "hidden", value or ""
        elif is_union(base):
            self._choose(made, base, value, name, field)
        elif is_model(base):
            made.kind, made.children = "group", self.fields(base, value or {}, name)
        elif origin is dict:
            self._mapping(made, base, value or {}, name, reference, model)
        elif origin is tuple:
            self._list(made, base, value or [], name, reference, model, field)
        elif origin is Literal:
            made.kind, made.value = "choice", value or ""
            made.options = [(str(v), choice(field, str(v))) for v in get_args(base)]
            made.empty = _("（不写）") if optional or value in (None, "") else ""
        else:
            self._leaf(made, base, value, reference, optional, model, field)
        return made

    def _leaf(
        self, made: Node, base: Any, value: Any, reference: str, optional: bool, model: str, field: str
    ) -> None:
        made.value = written(value)
        if base is bool:
            made.kind, made.value = "flag", bool(value)
        elif base is Interval:
            made.kind, made.parts = "interval", ends(value)
        elif reference:
            made.kind, made.options, made.reference = "choice", self.known.options(reference), reference
            made.empty = _("（不写）") if optional or not made.value else ""
        elif base is Number or base is Whole:
            made.kind = "number"
        elif base is Date:
            made.kind = "date"
        elif (model, field) in LONG:
            made.kind = "long"

    def _choose(self, made: Node, base: Any, value: Any, name: str, field: str) -> None:
        forms = forms_of(base)
        if all(form.annotation is not None and get_origin(form.annotation) is Literal for form in forms):
            made.kind, made.options = "choice", [(f.key, choice(field, f.key)) for f in forms]
            return
        forms = sorted(forms, key=lambda form: form.key != "none")
        chosen = form_of(forms, value)
        made.kind, made.value = "choose", chosen.key
        made.options = [(f.key, self._named(field, f)) for f in self._fitting(forms, field)]
        if chosen.model is not None:
            given = value if isinstance(value, Mapping) else {}
            children = self.fields(chosen.model, given, name)
            if name.endswith("scoring"):
                children = [child for child in children if not child.name.endswith(".method")]
            made.children = children
        elif chosen.key in ("number", "interval"):
            made.children = [self.node(chosen.annotation, value, f"{name}.{chosen.key}", "", chosen.key)]
            made.children[0].label = ""

    def _named(self, field: str, form: Form) -> str:
        several = form.model is not None and form.key in ("roles", "threshold", "items", "mode", "amount", "metric")
        if several and field in ("raters", "calibration", "pay", "distribution", "pool", "budget", "feed"):
            return _("有")
        return choice("method" if field == "scoring" else field, form.key)

    def _fitting(self, forms: Sequence[Form], field: str) -> Sequence[Form]:
        if field != "scoring" or not self.known.indicator:
            return forms
        source = self.known.indicator.get("source") or {}
        fit = methods_for(next(iter(source), ""), self.known.metrics.get(str(source.get("metric"))))
        order = {key: number for number, key in enumerate(fit)}
        own = str((self.known.indicator.get("scoring") or {}).get("method"))
        return sorted(
            (form for form in forms if form.key in order or form.key == own), key=lambda f: order.get(f.key, 99)
        )

    def _mapping(self, made: Node, base: Any, value: Mapping[str, Any], name: str, reference: str, model: str) -> None:
        _key, inner = get_args(base)
        if get_origin(stripped(inner)) is tuple:
            made.kind = "lists"
            made.rows = [self._titled_list(inner, items, f"{name}.{key}", str(key)) for key, items in value.items()]
            return
        made.kind = "pairs"
        options = list(self.known.options(reference))
        options += [(str(key), str(key)) for key in value if str(key) not in dict(options)]
        made.children = [
            Node(f"{name}.{key}", title, "number", written(value.get(key))) for key, title in options
        ]

    def _titled_list(self, inner: Any, items: Any, name: str, key: str) -> Node:
        node = self.node(inner, items, name, "Scheme", "violation_lists")
        node.label = key
        return node

    def _list(
        self, made: Node, base: Any, value: Any, name: str, reference: str, model: str, field: str
    ) -> None:
        inner = get_args(base)[0]
        plain = stripped(inner)
        if is_leaf(plain):
            made.value = [str(item) for item in value]
            if reference:
                options = list(self.known.options(reference))
                made.kind, made.options, made.reference = "names", options, reference
            else:
                made.kind, made.value = "text", "、".join(made.value)
            return
        made.kind = "rows"
        made.rows = [self._row(plain, item, f"{name}.{number}", model, field) for number, item in enumerate(value)]
        made.as_cards = is_model(plain) and plain.__name__ in CARDS
        made.headings = [c.label for c in made.rows[0].cells] if made.rows else []

    def _row(self, plain: Any, item: Any, name: str, model: str, field: str) -> Node:
        node = Node(name, "", "group")
        if is_model(plain):
            node.children = self.fields(plain, item if isinstance(item, Mapping) else {}, name)
            for child in node.children:
                folded = plain.__name__ in CARDS and (child.name.endswith(".title_en") or not child.is_used)
                child.seldom = folded and not child.required and not child.name.endswith((".amount", ".times"))
            node.label = str(item.get("title", "")) if isinstance(item, Mapping) else ""
            if plain.__name__ not in CARDS:  # rows of tables leave seldom used texts out of sight
                for child in node.children:
                    if child.name.endswith(".title_en"):
                        child.kind = "hidden"
        elif get_origin(plain) is tuple:
            titles = (_("值"), _("得分"))
            given = list(item) if isinstance(item, list | tuple) else []
            given += [""] * (2 - len(given))
            node.children = [
                Node(f"{name}.{place}", titles[place], "number", written(given[place])) for place in range(2)
            ]
        else:
            node.children = [self.node(plain, item, f"{name}.value", model, field)]
        return node


def default_of(info: FieldInfo) -> Any:
    """Return what a field is when it is left out, groups as plain mappings."""
    default = info.get_default(call_default_factory=True)
    if isinstance(default, Model):
        return default.model_dump()
    return default


def written(value: Any) -> str:
    """Return a value as it stands in an input."""
    if value is None:
        return ""
    if isinstance(value, Decimal | int) and not isinstance(value, bool):
        return format_number(Decimal(value))
    return str(value)


def ends(value: Any) -> dict[str, str]:
    """Return the parts of an interval as it is written: low, high, and whether the ends are inside."""
    match = _INTERVAL.fullmatch(str(value or "").strip())
    if match is None:
        return {"low": "", "high": "", "from": "closed", "to": "open"}
    left, low, high, right = match.groups()
    return {
        "low": low.strip(), "high": high.strip(),
        "from": "closed" if left == "[" or not low.strip() else "open",
        "to": "closed" if right == "]" else "open",
    }  # fmt: skip


def walk(nodes: Sequence[Node]) -> Iterator[Node]:
    """Yield nodes and everything below them."""
    for node in nodes:
        yield node
        yield from walk(node.children)
        yield from walk(node.rows)
