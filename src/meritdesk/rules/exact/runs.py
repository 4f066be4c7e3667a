"""A whole evaluation: named outputs over rows, and a program's two stages.

Rows are checked before anything is computed. Columns are dropped after their last use unless a trace may want them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import localcontext
from typing import Literal

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _
from meritdesk.rules.exact.rows import Row, check_rows
from meritdesk.rules.exact.sheet import DIGITS, Sheet, to_units
from meritdesk.rules.exact.values import column
from meritdesk.rules.nodes import Input, Node
from meritdesk.rules.program import Program, walk

Stage = Literal["segments", "appraisals"]


def evaluate(outputs: Mapping[str, Node], rows: Sequence[Row]) -> dict[str, list[int | None]]:
    """Return each output in every row, in integers of its node's scale; MeritdeskError if a row breaks the contract."""
    alone = Program(segments=outputs, appraisals={})
    _refuse(check_rows(alone.inputs("segments"), alone.keys("segments"), rows))
    return _integers(outputs, fill(outputs, rows, keep=False))


def fill(outputs: Mapping[str, Node], rows: Sequence[Row], *, keep: bool) -> Sheet:
    """Return the columns of the outputs over checked rows, and with `keep` those of every node below them."""
    sheet = Sheet(rows)
    order = list(walk(*outputs.values()))
    last_use = {child: node for node in order for child in node.children()}
    wanted = set(outputs.values())
    with localcontext(DIGITS):
        for node in order:
            sheet.columns[node] = column(node, sheet)
            if not keep:
                for child in set(node.children()) - wanted:
                    if last_use[child] is node:
                        del sheet.columns[child]
    return sheet


@dataclass(frozen=True)
class Outcome:
    """The outputs of both stages, in integers of their nodes' scales and in the order of the rows.

    `sheets` holds every column on the way (empty when the run kept none) and `last` the number of the segment row that
    each appraisal row continues: what `trace` needs.
    """

    program: Program
    segments: Mapping[str, list[int | None]]
    appraisals: Mapping[str, list[int | None]]
    sheets: Mapping[Stage, Sheet] = field(repr=False)
    last: Sequence[int] = field(repr=False)


def run(program: Program, segments: Sequence[Row], appraisals: Sequence[Row], *, keep: bool = True) -> Outcome:
    """Return what the program gives: stage "segments" per row of `segments`, then "appraisals" per row of `appraisals`.

    Rows of both carry the text `appraisal`, unique among the appraisals; segment rows carry `last`, 1 in exactly one
    row of each appraisal: the row whose stage-1 outputs stage 2 reads. `keep=False` saves memory and gives up tracing.
    MeritdeskError names every row that breaks this.
    """
    inputs = {**program.inputs("segments"), "last": Input(name="last", scale=0, low=0, high=1)}
    _refuse(
        check_rows(inputs, program.keys("segments") | {"appraisal"}, segments, "segments")
        + check_rows(program.inputs("appraisals"), program.keys("appraisals") | {"appraisal"}, appraisals, "appraisals")
    )
    last = _last_rows(segments, appraisals)
    first = fill(program.segments, segments, keep=keep)
    of_segments = _integers(program.segments, first)
    joined = [
        {**row, **{name: values[number] for name, values in of_segments.items()}}
        for row, number in zip(appraisals, last, strict=True)
    ]
    _refuse(check_rows(_handed_over(program), (), joined, "appraisals"))
    second = fill(program.appraisals, joined, keep=keep)
    return Outcome(
        program=program,
        segments=of_segments,
        appraisals=_integers(program.appraisals, second),
        sheets={"segments": first, "appraisals": second} if keep else {},
        last=last,
    )


def _integers(outputs: Mapping[str, Node], sheet: Sheet) -> dict[str, list[int | None]]:
    return {name: to_units(sheet[node], node.scale) for name, node in outputs.items()}


def _handed_over(program: Program) -> dict[str, Input]:
    """Return the inputs of stage 2 that are outputs of stage 1; ValueError if the two disagree on the scale."""
    found = {}
    for node in walk(*program.appraisals.values()):
        if isinstance(node, Input) and node.name in program.segments:
            if node.scale != program.segments[node.name].scale:
                raise ValueError(f"input {node.name!r} and the output it continues have different scales")
            found[node.name] = node
    return found


def _last_rows(segments: Sequence[Row], appraisals: Sequence[Row]) -> list[int]:
    """Return, for each appraisal row, the number of its last segment row."""
    last: dict[str, list[int]] = {}
    for number, row in enumerate(segments):
        last.setdefault(str(row["appraisal"]), []).extend([number] if row["last"] == 1 else [])
    rows = Counter(str(row["appraisal"]) for row in appraisals)
    lasts = {name: len(last.get(name, [])) for name in rows}
    problems = [
        _miscounted("segments", name, _("考核结果“{name}”有 {n} 个 last 为 1 的任职段，应恰有一个"), n)
        for name, n in lasts.items()
        if n != 1
    ]
    problems += [
        _miscounted("appraisals", name, _("考核结果“{name}”有 {n} 个结果行，应恰有一个"), rows[name])
        for name in dict.fromkeys([*last, *rows])
        if rows[name] != 1
    ]
    _refuse(problems)
    return [last[name][0] for name in rows]


def _miscounted(stage: Stage, name: str, message: str, n: int) -> Problem:
    return Problem(
        code="not-one-row",
        place=f"{stage}({name})",
        message=message.format(name=name, n=n),
        fix=_("每个考核结果恰有一个结果行，并恰有一个任职段的 last 为 1"),
    )


def _refuse(problems: Sequence[Problem]) -> None:
    if problems:
        raise MeritdeskError(*problems)
