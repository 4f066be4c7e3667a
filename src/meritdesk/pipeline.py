"""The whole run on one screen: scheme and data → scores, grades, pay, and what it takes to explain and repeat it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from importlib.metadata import version

from meritdesk.assemble import Assembler
from meritdesk.calibration import as_problems, raters_apart
from meritdesk.compiled import compile_scheme
from meritdesk.errors import MeritdeskError, Problem
from meritdesk.events.ingest import Dataset
from meritdesk.facts import gather
from meritdesk.language import _
from meritdesk.metrics.definitions import Metric
from meritdesk.readiness import (
    refuse_empty_period,
    refuse_unsound,
    silent_indicators,
    supplied_tables,
    unlike_cycle,
    unshared_pools,
    unsupplied,
)
from meritdesk.results import Batch, Period, Results, RunInfo
from meritdesk.roster import day_number, roster
from meritdesk.rows import appraisal_row, segment_row
from meritdesk.rules.readers import run_both
from meritdesk.scheme.load import LoadedScheme

ENGINE = "exact + columns (DuckDB)"
Step = Callable[[str], None]


def appraise(
    loaded: LoadedScheme,
    dataset: Dataset,
    period: Period,
    metrics: Mapping[str, Metric],
    *,
    step: Step = lambda text: None,
) -> Results:
    """Return the results of everybody whom the scheme appraises in the period.

    Both readers compute everything and must agree. `step` is told what is being done. MeritdeskError when the scheme
    check finds errors, nobody can be appraised, the roster contradicts itself, or the period has no data.
    """
    scheme = loaded.scheme
    if scheme.status == "ready":
        refuse_unsound(loaded, metrics)
    step(_("读取名册"))
    assignments, problems = roster(dataset.tables["people"], scheme, period)
    refused = [problem for problem in problems if problem.severity == "error"]
    if refused or not assignments:
        raise MeritdeskError(*refused or [_nobody(scheme.title, period)])
    refuse_empty_period(dataset, period)
    problems = [*unlike_cycle(scheme, period), *problems]
    compiled = compile_scheme(scheme, metrics, adjusted=_adjusted(dataset, period))
    step(_("计算 {n} 项运营指标").format(n=len(compiled.metrics)))
    supplied = supplied_tables(dataset)
    absent = unsupplied(scheme, [metrics[name] for name in compiled.metrics], supplied)
    facts = gather(compiled, assignments, dataset.tables, metrics, period, supplied=supplied)
    names = _names(dataset)
    apart = as_problems(scheme, raters_apart(scheme, facts.ratings, assignments), names)
    step(_("计分、定级、核算：{n} 人").format(n=len(facts.appraisals)))
    segment_rows = [segment_row(compiled, f) for f in facts.segments]
    appraisal_rows = [appraisal_row(compiled, f) for f in facts.appraisals]
    outcome = run_both(compiled.program, segment_rows, appraisal_rows)
    appraisals = Assembler(compiled, outcome, facts, assignments, metrics, names).appraisals()
    run = RunInfo(
        scheme=scheme.scheme,
        scheme_version=scheme.version,
        scheme_hash=loaded.content_hash,
        program_hash=compiled.program.content_hash(),
        input_hash=_hash([segment_rows, appraisal_rows, dataset.input_hash]),
        engine=ENGINE,
        code_version=version("meritdesk"),
        period=period,
        batches=tuple(Batch(name=b.file, sha256=b.sha256, rows=b.rows) for b in dataset.batches),
    )
    return Results(
        scheme=scheme,
        scheme_text=loaded.text,
        run=run,
        appraisals=appraisals,
        problems=(
            *silent_indicators(scheme, appraisals, metrics),
            *absent,
            *problems,
            *facts.problems,
            *apart,
            *unshared_pools(scheme, appraisals),
            *(p for a in appraisals for p in a.problems),
        ),
        data_report=dataset.report.to_rows(),
        program=compiled.program,
        segment_rows=segment_rows,
        appraisal_rows=appraisal_rows,
        segment_outputs=outcome.segments,
        appraisal_outputs=outcome.appraisals,
    )


def _names(dataset: Dataset) -> dict[str, str]:
    """Return the name of everybody on the roster, raters who are not appraised themselves included."""
    return {row["person"]: row["name"] or row["person"] for row in dataset.tables["people"].to_pylist()}


def _adjusted(dataset: Dataset, period: Period) -> frozenset[str]:
    first, last = day_number(period.first), day_number(period.last)
    rows = dataset.tables["adjustments"].to_pylist() if "adjustments" in dataset.tables else []
    return frozenset(row["indicator"] for row in rows if first <= row["day"] <= last and not row["excluded"])


def _hash(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _nobody(title: str, period: Period) -> Problem:
    return Problem(
        code="nobody-to-appraise",
        place="people",
        message=_("{period} 内没有人在方案“{title}”的岗位上").format(period=period, title=title),
        fix=_("检查名册的岗位代码与起止日期，或换一个期间"),
    )
