"""方案体检: what is unwise or impossible in a scheme that is well formed.

`check` gives every finding with its code, place, why it matters and what to do; an `error` blocks publication. There
is no way to silence a finding from inside a scheme. Computes no results: it only reads the scheme, on the grid of its
values, without float.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _
from meritdesk.scheme.check.catalogue import finding, kinds
from meritdesk.scheme.check.grading import check_grading
from meritdesk.scheme.check.incentives import check_incentives
from meritdesk.scheme.check.intervals import check_intervals
from meritdesk.scheme.check.keeping import check_keeping
from meritdesk.scheme.check.measuring import check_measuring
from meritdesk.scheme.check.paying import check_paying
from meritdesk.scheme.check.steps import check_steps
from meritdesk.scheme.check.subject import Limits, Subject
from meritdesk.scheme.check.sums import check_sums
from meritdesk.scheme.facts import CaseOutcome, MetricFacts
from meritdesk.scheme.load import LoadedScheme, read_text
from meritdesk.scheme.reading import read_yaml

__all__ = ["Limits", "check", "expected_findings", "finding", "found", "kinds", "printed"]

CHECKS = (
    check_sums,
    check_intervals,
    check_steps,
    check_incentives,
    check_measuring,
    check_grading,
    check_paying,
    check_keeping,
)


def check(
    loaded: LoadedScheme,
    *,
    metrics: Mapping[str, MetricFacts],
    previous: LoadedScheme | None = None,
    cases: Sequence[CaseOutcome] | None = None,
    totals: Mapping[str, Decimal] | None = None,
    limits: Limits | None = None,
) -> list[Problem]:
    """Return all findings of a scheme in the order of the document, each with a stable place (see `places`).

    `previous` is the version before (a change of method must be recorded); `cases` the outcomes of its worked cases
    (None: not run, not judged); `totals` person → total, to name whom thresholds and shares grade differently;
    `limits` says from where on a step is a cliff.
    """
    subject = Subject(loaded.scheme, metrics, limits or Limits(), previous.scheme if previous else None, cases, totals)
    findings: dict[tuple[str, str], Problem] = {}
    for part in CHECKS:
        for problem in part(subject):
            findings.setdefault((problem.code, problem.place), problem)
    return sorted(findings.values(), key=lambda problem: (loaded.line(problem.place), problem.place, problem.code))


def printed(loaded: LoadedScheme, problem: Problem) -> str:
    """Return a finding for a terminal: file and line, severity, what, what to do, code and place."""
    names = {"error": _("错误"), "warning": _("提醒"), "info": _("提示")}
    return (
        f"{loaded.name}:{loaded.line(problem.place)}: {names[problem.severity]}：{problem.message}。{problem.why}\n"
        f"    → {problem.fix} [{problem.code} {problem.place}]"
    )


def found(problems: Sequence[Problem]) -> set[tuple[str, str]]:
    """Return what a findings file states of findings: code and place."""
    return {(problem.code, problem.place) for problem in problems}


def expected_findings(path: Path) -> set[tuple[str, str]]:
    """Return the (code, place) pairs of a findings file (``<name>.findings.yaml``); MeritdeskError if it is not one."""
    document, lines = read_yaml(read_text(path, path.name), path.name)
    expected = set()
    for index, entry in enumerate(document if isinstance(document, list) else [None]):
        if not isinstance(entry, dict) or set(entry) != {"code", "place"} or entry["code"] not in kinds():
            line = lines.get((index,), (1, 1))[0]
            raise MeritdeskError(
                Problem(
                    code="bad-findings-file",
                    place=f"{path.name}:{line}",
                    message=_("这不是一条体检结果，或没有这个代码"),
                    fix=_("每条写成 - {{code: …, place: …}}").format(),
                )
            )
        expected.add((entry["code"], str(entry["place"])))
    return expected
