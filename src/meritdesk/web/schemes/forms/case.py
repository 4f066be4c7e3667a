"""A worked case out of its sheet: what was typed, written into the case as it stood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from django.http import QueryDict

from meritdesk.language import _
from meritdesk.web.schemes.forms.text import rewrite, write
from meritdesk.web.schemes.forms.typed import as_number, same

KINDS = ("metrics", "ratings", "violations", "events", "results", "targets", "baselines", "pay", "expect")


def typed(old: Mapping[str, Any], posted: QueryDict) -> dict[str, Any]:
    """Return a case with the inputs and expectations that were typed; what the sheet does not show stays."""
    case = deepcopy(dict(old))
    case["title"] = posted.get("title", "").strip() or str(case.get("title", ""))
    for name in posted:
        kind, _dot, rest = name.partition(".")
        if kind not in KINDS or not rest:
            continue
        _set(case, [kind, *_steps(kind, rest)], _value(name, posted.get(name, "").strip()))
    return {key: value for key, value in case.items() if value not in ({}, [])}


def _steps(kind: str, rest: str) -> list[str]:
    if kind == "ratings" or (kind == "expect" and "." in rest):
        first, _dot, second = rest.partition(".")
        return [first, second]
    return [rest]


def _value(name: str, text: str) -> Any:
    if not text:
        return None
    if name.startswith("results."):
        return [as_number(part) for part in text.replace("，", " ").replace(",", " ").split()]
    return text if name == "expect.grade" else as_number(text)


def _set(holder: dict[str, Any], steps: list[str], value: Any) -> None:
    """Write a value where it belongs; nothing takes it out, and what means the same stays as it was written."""
    if len(steps) > 1:
        inner = dict(holder.get(steps[0]) or {})
        _set(inner, steps[1:], value)
        if inner:
            holder[steps[0]] = inner
        else:
            holder.pop(steps[0], None)
    elif value is None:
        kept = steps[0] in holder and (holder[steps[0]] is None or isinstance(holder[steps[0]], Mapping))
        if not kept:  # `null` expects that there is no figure: an empty field says the same
            holder.pop(steps[0], None)
    elif isinstance(holder.get(steps[0]), Mapping):
        holder[steps[0]] = {**holder[steps[0]], "value": value}
    elif not same(None, holder.get(steps[0]), value):
        holder[steps[0]] = value


def rewritten(text: str, cases: list[dict[str, Any]]) -> str:
    """Return the text of all cases; empty for none."""
    if not cases:
        return ""
    return rewrite(text, {"cases": cases}) if text.strip() else write({"cases": cases})


def new_case(cases: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a case to begin with: a copy of the last one under a new title, or an empty one."""
    number = len(cases) + 1
    titles = {str(case.get("title")) for case in cases}
    while (title := _("算例 {n}").format(n=number)) in titles:
        number += 1
    last = deepcopy(cases[-1]) if cases else {}
    for name in ("stated", "expect", "people", "segments", "adjusted"):
        last.pop(name, None)
    return {"title": title, **{key: value for key, value in last.items() if key != "title"}}


def replaced(case: Mapping[str, Any], values: Sequence[tuple[tuple[str | int, ...], Any]]) -> dict[str, Any]:
    """Return a case with the value at each path replaced; everything else of it stays as it was written."""
    changed = deepcopy(dict(case))
    for path, value in values:
        holder: Any = changed
        for step in path[:-1]:
            holder = holder[step]
        holder[path[-1]] = value
    return changed
