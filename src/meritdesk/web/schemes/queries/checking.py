"""方案体检 of a version, each finding with the line it stands in and the part of the designer that mends it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from meritdesk.errors import Problem
from meritdesk.scheme.check import check
from meritdesk.scheme.facts import CaseOutcome
from meritdesk.scheme.load import LoadedScheme
from meritdesk.scheme.places import path_of, words
from meritdesk.web.schemes.models import SchemeVersion
from meritdesk.web.schemes.queries.documents import loaded, metrics, read
from meritdesk.web.schemes.queries.versions import previous_of

SECTION_OF = {
    "dimensions": "contents",
    "raters": "raters",
    "grades": "grades",
    "distribution": "distribution",
    "violation_lists": "violations",
    "vetoes": "vetoes",
    "deadlines": "deadlines",
    "pay": "pay",
    "uses": "uses",
    "notes": "notes",
    "history": "notes",
    "cases": "cases",
}
"""Top of a place → section of the designer; everything else is basic data."""


@dataclass(frozen=True)
class Finding:
    """A finding with its place in words, its line, and where the designer mends it."""

    problem: Problem
    where: str
    line: int
    section: str
    part: str


@dataclass(frozen=True)
class Report:
    """What the check found in a version."""

    findings: Sequence[Finding]

    @property
    def errors(self) -> list[Finding]:
        """Return what keeps the version from being published."""
        return [f for f in self.findings if f.problem.severity == "error"]

    @property
    def warnings(self) -> list[Finding]:
        """Return what a human must say yes to."""
        return [f for f in self.findings if f.problem.severity == "warning"]

    @property
    def hints(self) -> list[Finding]:
        """Return what is worth knowing."""
        return [f for f in self.findings if f.problem.severity == "info"]


def report(version: SchemeVersion, cases: Sequence[CaseOutcome] | None = None) -> Report:
    """Return the findings of a version; `cases` are the outcomes of its worked cases (None: not judged)."""
    earlier = previous_of(version)
    before = loaded(earlier) if earlier is not None else None
    return report_on(version.text, before, cases)


def report_on(text: str, before: LoadedScheme | None = None, cases: Sequence[CaseOutcome] | None = None) -> Report:
    """Return the findings of a text that can be read."""
    found = read(text)
    problems = check(found, metrics=metrics(), previous=before, cases=cases)
    return Report([_finding(found, problem) for problem in problems])


def _finding(found: LoadedScheme, problem: Problem) -> Finding:
    section, part = jump(found, problem.place)
    path = path_of(found.document, problem.place)
    where = words(found.document, path) if path else ""
    return Finding(problem, where, found.line(problem.place), section, part)


def jump(found: LoadedScheme, place: str) -> tuple[str, str]:
    """Return the section of the designer and the part in it (``dimension`` or ``dimension.indicator``) of a place."""
    top, _dot, _rest = place.partition("@")[0].partition(".")
    section = SECTION_OF.get(top, "basics")
    if section != "contents":
        return section, ""
    path = path_of(found.document, place)
    names: list[str] = []
    if len(path) >= 2:
        dimension = found.document["dimensions"][path[1]]
        names.append(str(dimension.get("id", "")))
        if len(path) >= 4 and path[2] == "indicators":
            names.append(str(dimension["indicators"][path[3]].get("id", "")))
    return section, ".".join(names)
