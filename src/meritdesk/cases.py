"""Worked cases: examples that a scheme's author can read and run, on both readers, with margin 0.

``<scheme>.cases.yaml`` lists cases; each says what a person (or a group of people) brings and what must come out.
`stated` holds what a source claims instead: it is printed beside the computed figure and never asserted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import Field

from meritdesk.compiled import Compiled, compile_scheme
from meritdesk.metrics.definitions import Metric
from meritdesk.results import Row
from meritdesk.rows import (
    LARGE,
    AppraisalFacts,
    Measured,
    SegmentFacts,
    appraisal_row,
    metric_of_value,
    rating_score,
    segment_row,
)
from meritdesk.rules import exact
from meritdesk.rules.nodes import Node
from meritdesk.rules.numbers import to_decimal, to_integer
from meritdesk.rules.readers import read_columns
from meritdesk.scheme.companions import read_companion
from meritdesk.scheme.document import CycleKind, Indicator, Scheme
from meritdesk.scheme.methods import RatingMethod
from meritdesk.scheme.values import Model, Name, Number, Text, Whole

FIGURES = {"points": "indicators", "value": "values", "dimension": "dimensions"}
"""Output of the segment stage → what an expectation calls it."""


class MetricValue(Model):
    """A metric given as its value or as its two parts; `n` is the sample (default: large)."""

    value: Number | None = None
    numerator: Number | None = None
    denominator: Number | None = None
    n: Whole | None = None


class RatingValue(Model):
    """A rating given as level and score."""

    level: Whole | None = None
    score: Number | None = None


class Facts(Model):
    """What an assignment brings. A bare number of a rating is the level if levels have fixed points, else the score."""

    position: Name | None = None
    days: Whole = 30
    metrics: dict[Name, Number | MetricValue] = Field(default_factory=dict)
    ratings: dict[Name, dict[Name, Number | RatingValue]] = Field(default_factory=dict)
    violations: dict[Text, Whole] = Field(default_factory=dict)
    events: dict[Name, Whole] = Field(default_factory=dict)
    results: dict[CycleKind, tuple[Number, ...]] = Field(default_factory=dict)
    targets: dict[Name, Number] = Field(default_factory=dict)
    baselines: dict[Name, Number] = Field(default_factory=dict)
    adjusted: dict[Name, Number] = Field(default_factory=dict)


class Expectation(Model):
    """What must come out; what is not named is not compared.

    `indicators`: points as the method gives them; `values`: the figures they stand on.
    """

    total: Number | None = None
    grade: Name | None = None
    threshold_grade: Name | None = None
    coefficient: Number | None = None
    rank: Whole | None = None
    held: bool | None = None
    not_appraised: bool | None = None
    indicators: dict[Name, Number | None] = Field(default_factory=dict)
    values: dict[Name, Number | None] = Field(default_factory=dict)
    dimensions: dict[Name, Number | None] = Field(default_factory=dict)
    pay: dict[Name, Number] = Field(default_factory=dict)
    pay_total: Number | None = None
    uses: tuple[Name, ...] | None = None


class CasePerson(Facts):
    """A person: the facts of the one assignment, or of several `segments` in order."""

    name: Text = ""
    team: Text = "一组"
    department: Text = "客服部"
    segments: tuple[Facts, ...] = ()
    pay: dict[Name, Number] = Field(default_factory=dict)
    streaks: dict[Text, Whole] = Field(default_factory=dict)
    expect: Expectation = Expectation()
    stated: Expectation | None = None


class Case(CasePerson):
    """One worked case: a person, or a group of `people` computed together."""

    title: Text
    period_days: Whole = 30
    people: tuple[CasePerson, ...] = ()

    def everybody(self) -> Sequence[CasePerson]:
        """Return the people of the case."""
        return self.people or (self,)


class CaseFile(Model):
    """The document ``<scheme>.cases.yaml``."""

    cases: Annotated[tuple[Case, ...], Field(min_length=1)]


@dataclass(frozen=True)
class Comparison:
    """One figure of a case: what was expected, what each reader gave, and what the source states."""

    case: str
    person: str
    what: str
    expected: str | None
    exact: str | None
    columns: str | None
    stated: bool = False

    @property
    def agrees(self) -> bool:
        """Return whether both readers agree with each other and, unless it is only stated, with the expectation."""
        return self.exact == self.columns and (self.stated or self.exact == self.expected)

    @property
    def difference(self) -> Decimal | None:
        """Return computed − stated of a figure that is only stated, where both are numbers."""
        try:
            return Decimal(self.exact or "") - Decimal(self.expected or "")
        except ArithmeticError:
            return None


@dataclass(frozen=True)
class CaseResult:
    """One case after it was run, as the scheme check reads it."""

    name: str
    passed: bool
    detail: str


def results_of(comparisons: Sequence[Comparison]) -> list[CaseResult]:
    """Return per case whether every figure agreed, and which do not."""
    found = []
    for name in dict.fromkeys(c.case for c in comparisons):
        wrong = [c for c in comparisons if c.case == name and not c.agrees]
        detail = "；".join(f"{c.person} {c.what}: {c.expected} ≠ {c.exact} / {c.columns}" for c in wrong)
        found.append(CaseResult(name, not wrong, detail))
    return found


def load_cases(path: Path) -> Sequence[Case]:
    """Return the cases of a file; MeritdeskError with every problem of it."""
    return read_companion(CaseFile, path).cases


def run_cases(scheme: Scheme, metrics: Mapping[str, Metric], cases: Sequence[Case]) -> list[Comparison]:
    """Run every case on both readers and return every figure that a case names, in the order of the cases.

    Cases that adjust the same indicators share one run, each in groups of its own: making the program ready for the
    column reader costs far more than computing a row.
    """
    together: dict[frozenset[str], list[int]] = {}
    for number, case in enumerate(cases):
        parts = (part for person in case.everybody() for part in _parts(person))
        together.setdefault(frozenset(name for part in parts for name in part.adjusted), []).append(number)
    found: dict[int, list[Comparison]] = {}
    for adjusted, numbers in together.items():
        compiled = compile_scheme(scheme, metrics, adjusted=adjusted)
        found.update(_run(compiled, metrics, {number: cases[number] for number in numbers}))
    return [compared for number in range(len(cases)) for compared in found[number]]


def _run(compiled: Compiled, metrics: Mapping[str, Metric], cases: Mapping[int, Case]) -> dict[int, list[Comparison]]:
    """Return the comparisons of each case, by its number."""
    segments: list[Row] = []
    appraisals: list[Row] = []
    read: list[tuple[int, str, CasePerson, int]] = []
    for case_number, case in cases.items():
        for number, person in enumerate(case.everybody()):
            name = person.name or f"{number + 1}"
            key = f"{case_number + 1}/{name}"
            segments.extend(_segments(compiled, metrics, person, key, len(segments), case_number))
            read.append((case_number, name, person, len(segments) - 1))
            groups = _groups(person, _position(compiled, _parts(person)[-1]), case_number)
            facts = AppraisalFacts(key, groups, case.period_days, dict(person.pay), dict(person.streaks))
            appraisals.append(appraisal_row(compiled, facts))
    outcomes = (
        exact.run(compiled.program, segments, appraisals),
        read_columns(compiled.program, segments, appraisals),
    )
    found: dict[int, list[Comparison]] = {number: [] for number in cases}
    for number, (case_number, name, person, last) in enumerate(read):
        first, second = (_reading(compiled, o.segments, o.appraisals, last, number) for o in outcomes)
        for stated, expectation in ((False, person.expect), (True, person.stated)):
            for what, expected in _figures(expectation):
                title, exactly, by_columns = cases[case_number].title, first.get(what), second.get(what)
                found[case_number].append(Comparison(title, name, what, expected, exactly, by_columns, stated))
    return found


def _parts(person: CasePerson) -> Sequence[Facts]:
    return person.segments or (person,)


def _groups(person: CasePerson, position: str, case: int) -> dict[str, str]:
    names = {"team": person.team, "department": person.department, "position": position, "all": "all"}
    return {kind: f"{case + 1}/{name}" for kind, name in names.items()}


def _position(compiled: Compiled, facts: Facts) -> str:
    return facts.position or compiled.scheme.positions[0].id


def _segments(
    compiled: Compiled, metrics: Mapping[str, Metric], person: CasePerson, key: str, first: int, case: int
) -> list[Row]:
    scheme = compiled.scheme
    codes = {p.id: code for code, p in enumerate(scheme.positions)}
    indicators = {i.id: i for _d, i in scheme.indicators()}
    rows = []
    parts = _parts(person)
    for number, facts in enumerate(parts):
        position = _position(compiled, facts)
        rows.append(
            segment_row(
                compiled,
                SegmentFacts(
                    key=first + number,
                    appraisal=key,
                    position=codes[position],
                    days=facts.days,
                    last=number == len(parts) - 1,
                    groups=_groups(person, position, case),
                    metrics={name: measured(metrics[name], value) for name, value in facts.metrics.items()}
                    | {
                        name: Measured(0, None, 0)
                        for name in compiled.metrics
                        if name not in facts.metrics and not metrics[name].can_be_empty
                    },
                    ratings={
                        (name, role): _score(indicators[name], value)
                        for name, roles in facts.ratings.items()
                        for role, value in roles.items()
                    },
                    violations=dict(facts.violations),
                    events=dict(facts.events),
                    results={kind: (sum(v, Decimal(0)), len(v)) for kind, v in facts.results.items() if v},
                    targets=dict(facts.targets),
                    baselines=dict(facts.baselines),
                    adjusted=dict(facts.adjusted),
                ),
            )
        )
    return rows


def measured(metric: Metric, given: Decimal | MetricValue) -> Measured:
    """Return a metric given by hand as the integers that the program reads."""
    if isinstance(given, Decimal):
        return metric_of_value(metric, given)
    if given.numerator is None:
        assert given.value is not None
        return metric_of_value(metric, given.value, given.n)
    below = given.denominator
    denominator = None if below is None else to_integer(below, metric.denominator_scale)
    n = int(below or LARGE) if given.n is None else given.n
    return Measured(to_integer(given.numerator, metric.numerator_scale), denominator, n)


def _score(indicator: Indicator, value: Decimal | RatingValue) -> Decimal:
    method = indicator.scoring
    if isinstance(value, RatingValue):
        return rating_score(indicator, value.level, value.score)
    assert isinstance(method, RatingMethod)
    if all(isinstance(row.points, Decimal) for row in method.levels):
        return rating_score(indicator, int(value), None)
    return rating_score(indicator, None, value)


def _reading(
    compiled: Compiled,
    segments: Mapping[str, Sequence[int | None]],
    appraisals: Mapping[str, Sequence[int | None]],
    segment: int,
    appraisal: int,
) -> dict[str, str | None]:
    """Return every figure a case can name, as text, from one reader's columns."""
    program, scheme = compiled.program, compiled.scheme
    figures: dict[str, str | None] = {}
    for name, column in segments.items():
        kind, _dot, rest = name.partition(".")
        if kind in FIGURES:
            figures[f"{FIGURES[kind]}.{rest}"] = _text(column[segment], program.segments[name])
    own = {name: (column[appraisal], program.appraisals[name]) for name, column in appraisals.items()}
    for name, (value, node) in own.items():
        if name in ("grade", "threshold_grade"):
            figures[name] = None if value is None else scheme.grades[value].id
        elif not name.startswith("use."):
            figures[name] = _text(value, node)
    counted = segments["counted_segments"][segment]
    figures["not_appraised"] = str(counted == 0)
    figures["held"] = str(counted != 0 and own["total"][0] is None)
    figures["uses"] = ",".join(
        sorted(n.removeprefix("use.") for n, (v, _) in own.items() if v and n.startswith("use."))
    )
    return figures


def _text(value: int | None, node: Node) -> str | None:
    return None if value is None else _plain(to_decimal(value, node.scale))


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}" if value else "0"


def _figures(expectation: Expectation | None) -> Iterator[tuple[str, str | None]]:
    """Yield (name, value as text) of everything an expectation names."""
    if expectation is None:
        return
    for name in expectation.model_fields_set:
        value = getattr(expectation, name)
        if isinstance(value, dict):
            for key, figure in value.items():
                yield f"{name}.{key}", None if figure is None else _plain(figure)
        elif name == "uses":
            yield name, ",".join(sorted(value))
        else:
            yield name, _plain(value) if isinstance(value, Decimal) else None if value is None else str(value)
