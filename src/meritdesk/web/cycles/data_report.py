"""What the data of a cycle comes to: every row accounted for, what the scheme still lacks, for how many people.

Reads the attached batches and measures; meant for background jobs, because it takes seconds on large data. The result
is plain JSON, kept with the cycle, so that pages only show it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pyarrow.compute as pc

from meritdesk.compiled import compile_scheme
from meritdesk.errors import MeritdeskError
from meritdesk.events.checks import DataReport
from meritdesk.events.contracts import CONTRACTS
from meritdesk.events.ingest import Dataset
from meritdesk.facts import Measuring
from meritdesk.language import _
from meritdesk.needs import needed_columns
from meritdesk.readiness import supplied_tables
from meritdesk.roster import day_number, roster
from meritdesk.scheme.document import Scheme
from meritdesk.web.cycles import engine
from meritdesk.web.cycles.inputs import ENTERED, dataset_of
from meritdesk.web.cycles.models import Cycle

MOST_CAUSES = 200
NOT_FROM_FILES = (*ENTERED, "pay_inputs")
"""Tables that are entered here, and wages, which no appraisal reads."""


def report_of(cycle: Cycle, step: Callable[[str], None] = lambda text: None) -> tuple[dict[str, Any], str]:
    """Return the data report of a cycle as JSON, and the hash of the batches it is about."""
    step(_("汇总已读入的数据"))
    dataset = dataset_of(cycle)
    scheme = engine.loaded_scheme(cycle).scheme
    entered = _("系统内填写")
    report = dataset.report
    document = {
        "accounts": [asdict(a) for a in report.accounts if a.file != entered],
        "causes": [asdict(cause) for cause in report.grouped()[:MOST_CAUSES]],
        "problems": [asdict(problem) for problem in report.problems],
        "tables": _tables(cycle, scheme, dataset),
    }
    step(_("统计每项指标有数据的人数"))
    document["coverage"] = _coverage(cycle, scheme, dataset)
    return document, dataset.input_hash


def quarantined_of(cycle: Cycle) -> DataReport:
    """Return the report with every quarantined row, to be downloaded."""
    return dataset_of(cycle).report


def wanted_tables(scheme: Scheme) -> dict[str, str]:
    """Return the tables that files must supply for the scheme → what for, in the scheme's order."""
    purposes: dict[str, list[str]] = {}
    for table, _column, purpose in needed_columns(scheme, engine.metrics()):
        if table not in NOT_FROM_FILES:
            known = purposes.setdefault(table, [])
            known += [part for part in purpose.split(_("、")) if part not in known]
    return {table: _("、").join(parts) for table, parts in purposes.items()}


def _tables(cycle: Cycle, scheme: Scheme, dataset: Dataset) -> list[dict[str, Any]]:
    supplied = supplied_tables(dataset)
    wanted = wanted_tables(scheme)
    others = [name for name in supplied if name not in wanted and name not in NOT_FROM_FILES]
    return [
        {
            "table": name,
            "purpose": wanted.get(name, ""),
            "needed": name in wanted,
            "supplied": name in supplied,
            "rows": dataset.tables[name].num_rows,
            "in_period": _in_period(cycle, dataset, name),
        }
        for name in [*wanted, *sorted(others)]
    ]


def _in_period(cycle: Cycle, dataset: Dataset, name: str) -> int:
    """Return how many rows of a table of facts fall into the period; of others, all."""
    table = dataset.tables[name]
    if not CONTRACTS[name].fact or not table.num_rows:
        return int(table.num_rows)
    first, last = day_number(cycle.first_day), day_number(cycle.last_day)
    inside = pc.and_(pc.greater_equal(table["day"], first), pc.less_equal(table["day"], last))
    return int(pc.sum(inside).as_py() or 0)


def _coverage(cycle: Cycle, scheme: Scheme, dataset: Dataset) -> list[dict[str, Any]]:
    """Return, for each metric of the scheme, how many people have facts for it; nobody is named."""
    try:
        names = compile_scheme(scheme, engine.metrics()).metrics
        assignments, _problems = roster(dataset.tables["people"], scheme, engine.period_of(cycle))
    except MeritdeskError:
        return []
    wanted = [engine.metrics()[name] for name in names]
    if not wanted or not assignments:
        return []
    people = {a.key: a.person for a in assignments}
    facts: Counter[str] = Counter()
    having: dict[str, set[str]] = {metric.id: set() for metric in wanted}
    for line in Measuring(dataset.tables, assignments, wanted).values():
        facts[line.metric] += line.n
        if line.n:
            having[line.metric].add(people[line.segment])
    everybody = len(set(people.values()))
    return [
        {"metric": m.id, "title": m.title, "title_en": m.title_en, "people": len(having[m.id]), "of": everybody,
         "facts": facts[m.id]}
        for m in wanted
    ]  # fmt: skip
