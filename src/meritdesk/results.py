"""What a run gives back: frozen records of scores, grades and pay, with where every number came from.

Records only; they are made by `pipeline` and read by `explain`, `reports` and the web part. All numbers are
`Decimal` in natural units
(points, coefficients, yuan) or plain counts; None means that there is no value, and `status` or `reason` says why.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from meritdesk.errors import Problem
from meritdesk.rules.program import Program
from meritdesk.scheme.document import Scheme

Row = Mapping[str, int | str | None]

Status = Literal["scored", "no_data", "small_sample", "not_rated", "neutral", "held"]
State = Literal["graded", "held", "not_appraised"]


@dataclass(frozen=True)
class Period:
    """Days [first, last], both included."""

    first: datetime.date
    last: datetime.date

    @property
    def days(self) -> int:
        """Return the number of days."""
        return (self.last - self.first).days + 1

    def __str__(self) -> str:
        return f"{self.first.isoformat()} – {self.last.isoformat()}"


@dataclass(frozen=True, kw_only=True)
class Batch:
    """A file that went into the run."""

    name: str
    sha256: str
    rows: int


@dataclass(frozen=True, kw_only=True)
class RunInfo:
    """What makes a run repeatable."""

    scheme: str
    scheme_version: int
    scheme_hash: str
    program_hash: str
    input_hash: str
    engine: str
    code_version: str
    period: Period
    batches: tuple[Batch, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Rating:
    """One person's judgement on one indicator."""

    role: str
    role_title: str
    rater: str
    level: int | None
    score: Decimal | None
    remark: str
    weight: Decimal
    """Effective share of the indicator's rating, 0–1, after rescaling over the roles present."""


@dataclass(frozen=True, kw_only=True)
class IndicatorScore:
    """One indicator of one person in one segment."""

    id: str
    title: str
    title_en: str
    source: str
    """What it rests on: ``metric:csat_top2``, ``rating``, ``violations:call_quality``, ``event:idea``,
    ``results:month``, ``of``."""
    unit: str
    """Unit of `value`: ``%`` (value is a rate, 0.95), ``s``, ``次``, ``分`` …"""
    value: Decimal | None
    numerator: Decimal | None
    denominator: Decimal | None
    n: int | None
    excluded: int
    pending: int
    interval: tuple[Decimal, Decimal] | None
    """95 % Wilson interval of a rate, for display."""
    target: str
    target_met: bool | None
    points: Decimal | None
    """Points out of `full`, as the method gives them."""
    full: Decimal | None
    share: Decimal | None
    """Share of the dimension after redistribution, 0–1 (weights style)."""
    contribution: Decimal | None
    """Points of the total this indicator brings."""
    most: Decimal | None
    """Most points of the total it can bring."""
    status: Status
    level_title: str = ""
    ratings: tuple[Rating, ...] = ()
    violations: tuple[tuple[str, str, int, Decimal], ...] = ()
    """(code, title, count, points each)."""
    decision: str = ""
    """Why and by whom the points were set by a decision (R4.6); empty where they were not."""


@dataclass(frozen=True, kw_only=True)
class DimensionScore:
    """One dimension of one person in one segment."""

    id: str
    title: str
    title_en: str
    weight: Decimal | None
    score: Decimal | None
    contribution: Decimal | None
    most: Decimal | None
    indicators: tuple[IndicatorScore, ...]


@dataclass(frozen=True, kw_only=True)
class Segment:
    """An assignment inside the cycle with its own score."""

    key: int
    position: str
    position_title: str
    team: str
    department: str
    superior: str
    from_day: datetime.date
    to_day: datetime.date
    """Last day, included."""
    days: int
    counted: bool
    total: Decimal | None
    dimensions: tuple[DimensionScore, ...]


@dataclass(frozen=True, kw_only=True)
class PayLine:
    """One line of the slip; `amount` in yuan, deductions negative."""

    id: str
    title: str
    title_en: str
    kind: str
    amount: Decimal | None


@dataclass(frozen=True, kw_only=True)
class UseOutcome:
    """A use of the result that applies to this person."""

    id: str
    title: str
    then: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Appraisal:
    """One person's result in one cycle."""

    person: str
    name: str
    department: str
    team: str
    position: str
    position_title: str
    superior: str
    state: State
    reason: str
    """Why it is held or not appraised; empty when graded."""
    segments: tuple[Segment, ...]
    total: Decimal | None
    threshold_grade: str | None
    grade: str | None
    """Grade id; differs from `threshold_grade` after a forced distribution."""
    grade_title: str
    coefficient: Decimal | None
    vetoes: tuple[str, ...]
    """Titles of the vetoes that apply."""
    rank: int | None
    """Place within `rank_of` people of the distribution group."""
    rank_of: int | None
    pay: tuple[PayLine, ...]
    pay_total: Decimal | None
    uses: tuple[UseOutcome, ...]
    problems: tuple[Problem, ...] = ()
    strengths: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    plan: tuple[str, ...] = ()

    @property
    def left_out(self) -> tuple[str, ...]:
        """Return the titles of indicators that have no points in a graded result: their weight went to the others."""
        if self.state != "graded":
            return ()
        unscored = ("no_data", "small_sample", "not_rated")
        indicators = (i for s in self.segments if s.counted for d in s.dimensions for i in d.indicators)
        return tuple(dict.fromkeys(i.title for i in indicators if i.status in unscored))

    @property
    def main(self) -> Segment:
        """Return the last segment: the post that the grade group and the form go by."""
        return self.segments[-1]


@dataclass(frozen=True)
class Results:
    """Everything a run gives: the appraisals, what went wrong, and what it takes to explain and to check it again."""

    scheme: Scheme
    scheme_text: str
    run: RunInfo
    appraisals: tuple[Appraisal, ...]
    problems: tuple[Problem, ...]
    data_report: Sequence[Mapping[str, object]]
    """Rows of the data report: file, rows, accepted, quarantined, …"""
    program: Program
    segment_rows: Sequence[Row] = field(repr=False)
    appraisal_rows: Sequence[Row] = field(repr=False)
    segment_outputs: Mapping[str, Sequence[int | None]] = field(repr=False)
    appraisal_outputs: Mapping[str, Sequence[int | None]] = field(repr=False)

    def of(self, person: str) -> Appraisal:
        """Return the appraisal of a staff key; KeyError if there is none."""
        for appraisal in self.appraisals:
            if appraisal.person == person:
                return appraisal
        raise KeyError(person)
