"""The scheme check (方案体检) on every scheme that ships: exactly what its findings file lists, neither more nor less.

A ready scheme has no finding that blocks publication; a source as printed has at least one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from meritdesk.cases import load_cases
from meritdesk.errors import Problem
from meritdesk.metrics.load import load_metrics
from meritdesk.scheme.check import check, expected_findings, found
from meritdesk.scheme.load import SCHEMES, load_document, shipped, shipped_as_printed

READY, PRINTED = sorted(shipped()), sorted(shipped_as_printed())


@dataclass(frozen=True)
class Outcome:
    """A worked case taken as passed: that they pass is shown in test_schemes.py."""

    name: str
    passed: bool = True
    detail: str = ""


def findings_of(name: str) -> Sequence[Problem]:
    cases = [Outcome(case.title) for case in load_cases(SCHEMES / f"{name}.cases.yaml")] if name in READY else None
    return check(load_document(SCHEMES / f"{name}.yaml"), metrics=load_metrics(), cases=cases)


@pytest.mark.parametrize("name", [*READY, *PRINTED])
def test_the_check_finds_exactly_what_is_expected(name: str) -> None:
    findings = findings_of(name)
    assert found(findings) == expected_findings(SCHEMES / f"{name}.findings.yaml")
    blocking = {problem.place for problem in findings if problem.severity == "error"}
    assert bool(blocking) == (name in PRINTED), blocking


# R2f, consistency: a change of method within 12 months needs a reason, an approval and a notice
PAPERS = ["reason: 只看话务量使服务质量下降, ", "approved_by: 考核委员会, ", ", notice: 2023-08-15"]


@pytest.mark.parametrize("paper", PAPERS)
def test_a_change_within_a_year_needs_its_papers(paper: str) -> None:
    name = "r2f-kpi-plan"
    text = (SCHEMES / f"{name}.yaml").read_text(encoding="utf-8")
    assert text.count(paper) == 1
    known = expected_findings(SCHEMES / f"{name}.findings.yaml")
    findings = check(load_document(text.replace(paper, "")), metrics=load_metrics())
    assert found(findings) - known == {("method-changed-early", "history.2")}


def test_a_flaw_brought_in_is_found() -> None:
    """Negative control: a clean scheme with one boundary opened no longer matches its findings file."""
    name = "r1-service-quality"
    text = (SCHEMES / f"{name}.yaml").read_text(encoding="utf-8")
    flawed = text.replace('"[80, 90)"', '"(80, 90)"')
    assert flawed != text
    findings = check(load_document(flawed), metrics=load_metrics())
    assert found(findings) - expected_findings(SCHEMES / f"{name}.findings.yaml") == {("boundary-in-none", "grades@80")}
