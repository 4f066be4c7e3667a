"""Both readers on the same plain rows, and the proof that they agree.

`exact` gives numbers that explain themselves, `columns` the same numbers for a million people; a result is used only
where both say the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _
from meritdesk.rules import columns, exact
from meritdesk.rules.engines import connect_duckdb, load
from meritdesk.rules.exact import Row
from meritdesk.rules.program import Program

Values = Mapping[str, list[int | None]]


@dataclass(frozen=True)
class Reading:
    """The outputs of both stages in the order of the rows, in integers of their nodes' scales."""

    segments: Values
    appraisals: Values


def read_columns(program: Program, segments: Sequence[Row], appraisals: Sequence[Row]) -> Reading:
    """Return what the column reader (DuckDB in memory) gives for plain rows."""
    backend = connect_duckdb()  # closed when the last table of it is gone
    numbered = [{**row, "segment": number} for number, row in enumerate(segments)]
    names = {*program.inputs("segments"), "segment", "last"}
    first_table = load(backend, "segments", _table(numbered, names, program.keys("segments") | {"appraisal"}))
    names = set(program.inputs("appraisals"))
    second_table = load(backend, "appraisals", _table(appraisals, names, program.keys("appraisals") | {"appraisal"}))
    first, second = columns.run(program, first_table, second_table)
    by_number = first.to_pyarrow().sort_by("segment").to_pydict()
    by_key = second.to_pyarrow().to_pydict()
    order = {key: position for position, key in enumerate(by_key["appraisal"])}
    positions = [order[str(row["appraisal"])] for row in appraisals]
    return Reading(
        {name: by_number[name] for name in program.segments},
        {name: [by_key[name][position] for position in positions] for name in program.appraisals},
    )


def _table(rows: Sequence[Row], integers: set[str], texts: set[str]) -> pa.Table:
    fields = [(name, pa.int64()) for name in sorted(integers)] + [(name, pa.string()) for name in sorted(texts)]
    return pa.table({name: pa.array([row[name] for row in rows], kind) for name, kind in fields})


def differences(program: Program, outcome: exact.Outcome, reading: Reading) -> list[Problem]:
    """Return one problem per output on which the two readers differ (at most 20), naming the first row."""
    found: list[Problem] = []
    for stage in ("segments", "appraisals"):
        by_exact: Values = getattr(outcome, stage)
        by_columns: Values = getattr(reading, stage)
        for name, values in by_exact.items():
            if values != by_columns[name]:
                row = next(k for k, (a, b) in enumerate(zip(values, by_columns[name], strict=True)) if a != b)
                found.append(
                    Problem(
                        code="readers-differ",
                        place=f"{stage}.{name}[{row}]",
                        message=_("两个计算器结果不同：{first} 与 {second}").format(
                            first=values[row], second=by_columns[name][row]
                        ),
                        fix=_("结果不可使用，请报告此缺陷"),
                    )
                )
    return found[:20]


def run_both(program: Program, segments: Sequence[Row], appraisals: Sequence[Row]) -> exact.Outcome:
    """Return the exact outcome, with its columns kept for tracing; MeritdeskError if the readers differ anywhere."""
    outcome = exact.run(program, segments, appraisals)
    problems = differences(program, outcome, read_columns(program, segments, appraisals))
    if problems:
        raise MeritdeskError(*problems)
    return outcome
