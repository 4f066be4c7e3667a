"""Which expectations of worked cases could be replaced by what was computed, old beside new, for a person to decide.

Nothing is replaced here. Of a case with several people or segments only total, grade and coefficient are offered: the
rest of it is beyond what the sheet shows, and is changed in the text by whoever knows what it means.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from meritdesk.cases import Case, Comparison
from meritdesk.scheme.document import Scheme
from meritdesk.web.schemes.forms.typed import as_number
from meritdesk.web.schemes.models import SchemeVersion
from meritdesk.web.schemes.queries.documents import loaded
from meritdesk.web.schemes.queries.sheet import SIMPLE, documents
from meritdesk.web.schemes.queries.told import figure_title, figure_value, in_order, whom
from meritdesk.web.schemes.queries.working import Run, read_cases

PLAIN = ("total", "grade", "coefficient")
"""Figures that are offered of every case."""


@dataclass(frozen=True)
class Replacement:
    """One expectation and what would stand there instead; `steps` lead to it in the case, `value` is as written."""

    label: str
    old: str
    new: str
    steps: tuple[str | int, ...]
    value: Any


@dataclass(frozen=True)
class Adoption:
    """A case that does not agree: what can be replaced, and the names of figures that stay as they are."""

    index: int
    title: str
    figures: Sequence[Replacement]
    left: Sequence[str] = ()


def adoptions(version: SchemeVersion, outcome: Run) -> list[Adoption]:
    """Return every case with an expectation that can be replaced by what both readers gave, in order."""
    if outcome.problems or not outcome.comparisons:
        return []
    scheme, cases = loaded(version).scheme, read_cases(version.cases_text)
    wrong: dict[str, list[Comparison]] = {}
    for compared in outcome.comparisons:
        if not compared.agrees:
            wrong.setdefault(compared.case, []).append(compared)
    found = []
    for index, document in enumerate(documents(version.cases_text)):
        case = cases[index]
        adoption = _adoption(scheme, case, index, document, wrong.get(case.title, []))
        if adoption.figures:
            found.append(adoption)
    return found


def _adoption(
    scheme: Scheme, case: Case, index: int, document: Mapping[str, Any], wrong: Sequence[Comparison]
) -> Adoption:
    simple = set(document) <= SIMPLE
    figures, left = list[Replacement](), list[str]()
    for compared in in_order(wrong):
        label = figure_title(scheme, compared.what)
        if who := whom(case, compared.person):
            label = f"{who} · {label}"
        impossible = compared.exact is None and compared.what.startswith("pay.")
        if compared.exact != compared.columns or impossible or not (simple or compared.what in PLAIN):
            left.append(label)
            continue
        old, new = (figure_value(scheme, compared.what, value) for value in (compared.expected, compared.exact))
        steps = (*_holder(case, compared.person), "expect", *compared.what.split(".", 1))
        figures.append(Replacement(label, old, new, steps, _written(compared.what, compared.exact)))
    return Adoption(index, case.title, figures, left)


def _holder(case: Case, person: str) -> tuple[str | int, ...]:
    """Return where in the case the expectations of a person stand."""
    for number, one in enumerate(case.people):
        if person == (one.name or f"{number + 1}"):
            return ("people", number)
    return ()


def _written(what: str, value: str | None) -> Any:
    """Return a computed value as the reader of YAML would give it."""
    if value is None:
        return None
    match what:
        case "grade" | "threshold_grade":
            return value
        case "held" | "not_appraised":
            return value == "True"
        case "uses":
            return [name for name in value.split(",") if name]
    return as_number(value)
