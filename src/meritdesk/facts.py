"""Event tables → what each segment and each person brings: measured metrics, checked ratings, counts, targets, pay.

Ratings that do not fit (out of the rubric's range, on oneself, by a role that does not rate the indicator) are left
out and reported, never bent. Several raters of one role count as their mean, rounded to 0.01.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pyarrow as pa

from meritdesk.compiled import Compiled
from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _
from meritdesk.metrics.definitions import Metric
from meritdesk.metrics.measure import Progress, measure
from meritdesk.metrics.records import records
from meritdesk.results import Period
from meritdesk.roster import Assignment, day_number
from meritdesk.rows import AppraisalFacts, Measured, SegmentFacts, rating_score
from meritdesk.rules.engines import connect_duckdb, load
from meritdesk.rules.numbers import half_up, to_decimal
from meritdesk.scheme.document import RatingSource, ResultSource
from meritdesk.scheme.pay_items import GradeCondition

Tables = Mapping[str, pa.Table]
SELF = "self"
"""The role in which people rate themselves; in every other role nobody does."""


@dataclass(frozen=True)
class RatingRecord:
    """A rating that counts."""

    segment: int
    indicator: str
    role: str
    rater: str
    level: int | None
    score: Decimal
    remark: str


@dataclass
class Facts:
    """Everything the rows are filled from, and what was left out on the way."""

    segments: list[SegmentFacts]
    appraisals: list[AppraisalFacts]
    ratings: list[RatingRecord] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True)
class MetricLine:
    """A metric of one assignment, or of all together (person empty), with what it is made of."""

    person: str
    segment: int
    metric: str
    value: Decimal | None
    numerator: Decimal | None
    denominator: Decimal | None
    n: int
    excluded: int
    pending: int


class Measuring:
    """Metrics over assignments, on an engine in memory that lives as long as this object."""

    def __init__(self, tables: Tables, assignments: Sequence[Assignment], wanted: Sequence[Metric]) -> None:
        self.assignments, self.wanted = assignments, {metric.id: metric for metric in wanted}
        self._tables = tables
        backend = connect_duckdb()
        names = {table for metric in wanted for table in metric.tables}
        self.loaded = {name: load(backend, name, tables[name]) for name in sorted(names)}
        segments = pa.table(
            {
                "segment": pa.array([a.key for a in assignments], pa.int64()),
                "person": pa.array([a.person for a in assignments], pa.string()),
                "from_day": pa.array([a.from_day for a in assignments], pa.int64()),
                "to_day": pa.array([a.to_day for a in assignments], pa.int64()),
            }
        )
        self.segments = load(backend, "segments", segments)

    def together(self, first: int, after: int) -> Measuring:
        """Return the same metrics over everybody as one, on the days [first, after)."""
        people = sorted({a.person for a in self.assignments})
        one = [Assignment(0, p, "", "", "", "", "", first, after, True) for p in people]
        return Measuring(self._tables, one, list(self.wanted.values()))

    def figures(self, progress: Progress | None = None) -> list[dict[str, Any]]:
        """Return one row per metric and segment, as `metrics.measure` gives them."""
        rows: list[dict[str, Any]] = measure(
            self.wanted.values(), self.loaded, self.segments, progress=progress
        ).to_pylist()
        return rows

    def values(self) -> list[MetricLine]:
        """Return every figure as a value in natural units, by person and metric; segments of a person apart."""
        sharing = Counter(a.key for a in self.assignments)
        people = {a.key: a.person if sharing[a.key] == 1 else "" for a in self.assignments}
        return [self._line(row, people[row["segment"]]) for row in self.figures()]

    def _line(self, row: Mapping[str, Any], person: str) -> MetricLine:
        metric = self.wanted[row["metric"]]
        above, below = row["numerator"], row["denominator"]
        numerator = None if above is None else to_decimal(above, metric.numerator_scale)
        denominator = None if below is None else to_decimal(below, metric.denominator_scale)
        value = numerator
        if metric.can_be_empty:
            value = None
            if numerator is not None and denominator:
                value = (numerator / denominator).quantize(Decimal(1).scaleb(-metric.scale), ROUND_HALF_UP)
        counts = (row["n"], row["excluded"], row["pending"])
        return MetricLine(person, row["segment"], metric.id, value, numerator, denominator, *counts)

    def records(self, metric: str, segment: int) -> list[dict[str, Any]]:
        """Return the facts behind a metric of one segment (see `metrics.records`)."""
        rows: list[dict[str, Any]] = records(self.wanted[metric], self.loaded, self.segments, segment).to_pylist()
        return rows


def gather(
    compiled: Compiled,
    assignments: Sequence[Assignment],
    tables: Tables,
    metrics: Mapping[str, Metric],
    period: Period,
    progress: Progress | None = None,
) -> Facts:
    """Return the facts of the assignments, in their order; persons in the order of their last assignments."""
    codes = {p.id: code for code, p in enumerate(compiled.scheme.positions)}
    last = {a.person: a for a in assignments if a.last}
    groups = {
        person: {
            "team": f"{a.department}/{a.team}", "department": a.department, "position": a.position, "all": "all",
        }
        for person, a in last.items()
    }  # fmt: skip
    facts = Facts(
        [SegmentFacts(a.key, a.person, codes[a.position], a.days, a.last, groups[a.person]) for a in assignments],
        [AppraisalFacts(person, groups[person], period.days) for person in last],
    )
    gatherer = _Gatherer(compiled, assignments, tables, period, facts)
    gatherer.measure(metrics, progress)
    gatherer.ratings()
    gatherer.counts()
    gatherer.targets()
    gatherer.results()
    gatherer.pay()
    return facts


class _Gatherer:
    """One run over the tables; each method fills one kind of fact."""

    def __init__(
        self,
        compiled: Compiled,
        assignments: Sequence[Assignment],
        tables: Tables,
        period: Period,
        facts: Facts,
    ) -> None:
        self.compiled, self.tables, self.period, self.facts = compiled, tables, period, facts
        self.assignments = assignments
        self.of_person: dict[str, list[Assignment]] = defaultdict(list)
        for assignment in assignments:
            self.of_person[assignment.person].append(assignment)
        self.persons = {f.appraisal: f for f in facts.appraisals}
        self.first, self.after = day_number(period.first), day_number(period.last) + 1

    def rows(self, table: str) -> Iterable[dict[str, Any]]:
        """Yield the rows of a table that name somebody appraised and are not excluded."""
        for row in self.tables[table].to_pylist() if table in self.tables else ():
            if row["person"] in self.of_person and not row.get("excluded"):
                yield row

    def segment_at(self, person: str, day: int) -> Assignment | None:
        """Return the assignment of a person on a day of the period, if there is one."""
        return next((a for a in self.of_person[person] if a.from_day <= day < a.to_day), None)

    def problem(self, code: str, place: str, message: str, fix: str) -> None:
        """Note something left out."""
        self.facts.problems.append(Problem(code=code, place=place, message=message, fix=fix, severity="warning"))

    # ---------------------------------------------------------------- metrics

    def measure(self, metrics: Mapping[str, Metric], progress: Progress | None) -> None:
        """Measure every metric the scheme reads."""
        wanted = [metrics[name] for name in self.compiled.metrics]
        if not wanted or not self.assignments:
            return
        by_key = {f.key: f for f in self.facts.segments}
        for row in Measuring(self.tables, self.assignments, wanted).figures(progress):
            if row["numerator"] is not None:
                by_key[row["segment"]].metrics[row["metric"]] = Measured(
                    row["numerator"], row["denominator"], row["n"], row["excluded"], row["pending"]
                )

    # ---------------------------------------------------------------- ratings

    def ratings(self) -> None:
        """Check the ratings and give each segment one score per indicator and role."""
        indicators = {i.id: i for _d, i in self.compiled.scheme.indicators() if isinstance(i.source, RatingSource)}
        fed = {r.id for r in (self.compiled.scheme.raters.roles if self.compiled.scheme.raters else ()) if r.feed}
        scores: dict[tuple[int, str, str], list[Decimal]] = defaultdict(list)
        for row in self.rows("ratings"):
            place = f"{row['person']}/{row['indicator']}/{row['role']}/{row['rater']}"
            indicator = indicators.get(row["indicator"])
            source = indicator.source if indicator else None
            if indicator is None or not isinstance(source, RatingSource) or row["role"] not in source.rating:
                self.problem(
                    "rating-not-asked", place, _("方案没有请这个角色评这项指标，未计入"), _("核对指标和角色的代码")
                )
                continue
            if row["role"] in fed:
                self.problem("rating-of-fed-role", place, _("这个角色的评分取自数据，未计入"), _("删除这条评分"))
                continue
            if (row["rater"] == row["person"]) != (row["role"] == SELF):
                self.problem("rating-on-oneself", place, _("不能评自己，自评只能由本人填写，未计入"), _("改正评分人"))
                continue
            try:
                given = None if row["score"] is None else to_decimal(row["score"], 2)
                score = rating_score(indicator, row["level"], given)
            except MeritdeskError as error:
                self.facts.problems.extend(
                    Problem(code=p.code, place=place, message=p.message, fix=p.fix, severity="warning")
                    for p in error.problems
                )
                continue
            for assignment in self._rated(row):
                scores[assignment.key, row["indicator"], row["role"]].append(score)
                self.facts.ratings.append(
                    RatingRecord(
                        assignment.key, row["indicator"], row["role"], row["rater"], row["level"], score,
                        row["remark"] or "",
                    )
                )  # fmt: skip
        by_key = {f.key: f for f in self.facts.segments}
        for (key, indicator_id, role), given_scores in scores.items():
            mean = half_up(int(sum(given_scores) * 100), len(given_scores))
            by_key[key].ratings[indicator_id, role] = to_decimal(mean, 2)

    def _rated(self, row: Mapping[str, Any]) -> list[Assignment]:
        """Return the segments a rating is for: those under this superior, else that of its day, else all of them."""
        mine = self.of_person[row["person"]]
        if not self.first <= row["day"] < self.after:
            return []
        if row["role"] == "superior" and any(a.superior == row["rater"] for a in mine):
            return [a for a in mine if a.superior == row["rater"]]
        at = self.segment_at(row["person"], row["day"])
        return [at] if at else mine

    # ---------------------------------------------------------------- counts and targets

    def counts(self) -> None:
        """Count violations and events per segment, and take over the decisions on single indicators."""
        by_key = {f.key: f for f in self.facts.segments}
        for table, code, target in (("violations", "code", "violations"), ("events", "kind", "events")):
            for row in self.rows(table):
                assignment = self.segment_at(row["person"], row["day"])
                if assignment is not None:
                    counted: dict[str, int] = getattr(by_key[assignment.key], target)
                    counted[row[code]] = counted.get(row[code], 0) + row["count"]
        for row in self.rows("adjustments"):
            assignment = self.segment_at(row["person"], row["day"])
            if assignment is not None:
                by_key[assignment.key].adjusted[row["indicator"]] = to_decimal(row["score"], 2)

    def targets(self) -> None:
        """Take the target and baseline that hold on the last day of each segment."""
        by_key = {f.key: f for f in self.facts.segments}
        for row in self.rows("targets"):
            for assignment in self.of_person[row["person"]]:
                day = assignment.to_day - 1
                if row["valid_from"] <= day and (row["valid_to"] is None or day < row["valid_to"]):
                    segment = by_key[assignment.key]
                    if row["value"] is not None:
                        segment.targets[row["indicator"]] = to_decimal(row["value"], 4)
                    if row["baseline"] is not None:
                        segment.baselines[row["indicator"]] = to_decimal(row["baseline"], 4)

    def results(self) -> None:
        """Gather published results: those inside the period as values, those right before it as rows of grades."""
        combines = {
            i.source.results: i.source.combine
            for _d, i in self.compiled.scheme.indicators()
            if isinstance(i.source, ResultSource)
        }
        before: dict[str, list[dict[str, Any]]] = defaultdict(list)
        inside: dict[tuple[str, str], list[tuple[Decimal, int]]] = defaultdict(list)
        for row in self.rows("results"):
            if row["total"] is not None and self.first <= row["first_day"] and row["last_day"] < self.after:
                weight = (row["days"] or 0) if combines.get(row["kind"]) == "days" else 1
                inside[row["person"], row["kind"]].append((to_decimal(row["total"], 2) * weight, weight))
            if row["kind"] == self.compiled.scheme.cycle.kind and row["last_day"] < self.first:
                before[row["person"]].append(row)
        for segment in self.facts.segments:
            for kind in combines:
                found = inside.get((segment.appraisal, kind), [])
                if found:
                    segment.results[kind] = (sum((t for t, _w in found), Decimal(0)), sum(w for _t, w in found))
        conditions = {f"use.{u.id}": u.when for u in self.compiled.scheme.uses if isinstance(u.when, GradeCondition)}
        for item in self.compiled.scheme.pay.items if self.compiled.scheme.pay else ():
            if isinstance(item.when, GradeCondition):
                conditions[f"pay.{item.id}"] = item.when
        for person, rows in before.items():
            for name, condition in conditions.items():
                self.persons[person].streaks[name] = _streak(rows, condition, self.first)

    def pay(self) -> None:
        """Take the pay inputs that hold on the last day of the period (or of the person's last assignment)."""
        for row in self.rows("pay_inputs"):
            day = self.of_person[row["person"]][-1].to_day - 1
            if row["valid_from"] <= day and (row["valid_to"] is None or day < row["valid_to"]):
                self.persons[row["person"]].pay[row["item"]] = to_decimal(row["amount"], 2)


def _streak(rows: Sequence[Mapping[str, Any]], condition: GradeCondition, first: int) -> int:
    """Return how many cycles without a gap right before `first` ended in one of the grades."""
    length, expected = 0, first
    for row in sorted(rows, key=lambda r: r["first_day"], reverse=True):
        if row["last_day"] != expected - 1 or row["grade"] not in condition.grade:
            break
        length, expected = length + 1, row["first_day"]
    return length
