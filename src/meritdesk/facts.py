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
from meritdesk.omissions import Omissions
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
    *,
    supplied: frozenset[str],
) -> Facts:
    """Return the facts of the assignments, in their order; persons in the order of their last assignments.

    A metric that rests on a table that is not among the `supplied` ones has no data: nothing handed in is not zero.
    """
    codes = {p.id: code for code, p in enumerate(compiled.scheme.positions)}
    last = {a.person: a for a in assignments if a.last}
    facts = Facts(
        [SegmentFacts(a.key, a.person, codes[a.position], a.days, a.last, _groups(a)) for a in assignments],
        [AppraisalFacts(person, _groups(a), period.days) for person, a in last.items()],
    )
    gatherer = _Gatherer(compiled, assignments, tables, period, facts)
    gatherer.measure(metrics, progress, supplied)
    gatherer.ratings()
    gatherer.counts()
    gatherer.decisions()
    gatherer.targets()
    gatherer.results()
    gatherer.pay()
    gatherer.groups()
    facts.problems = gatherer.told.problems()
    return facts


def _groups(assignment: Assignment) -> dict[str, str]:
    """Return the groups an assignment is compared in; the last one of a person gives those of the person."""
    team = f"{assignment.department}/{assignment.team}"
    return {"team": team, "department": assignment.department, "position": assignment.position, "all": "all"}


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
        self.compiled, self.tables, self.facts = compiled, tables, facts
        self.scheme, self.assignments = compiled.scheme, assignments
        self.indicators = {i.id: i for _d, i in self.scheme.indicators()}
        self.held = {
            p.id: {i.id for _d, found in self.scheme.dimensions_for(p.id) for i in found} for p in self.scheme.positions
        }
        self.told = Omissions()
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

    def in_period(self, day: int) -> bool:
        """Return whether a day lies in the period."""
        return self.first <= day < self.after

    def posts(self, person: str, indicator: str) -> list[Assignment]:
        """Return the assignments of a person on posts that have the indicator."""
        return [a for a in self.of_person[person] if indicator in self.held[a.position]]

    def segment_at(self, person: str, day: int) -> Assignment | None:
        """Return the assignment of a person on a day of the period, if there is one."""
        return next((a for a in self.of_person[person] if a.from_day <= day < a.to_day), None)

    # ---------------------------------------------------------------- metrics

    def measure(self, metrics: Mapping[str, Metric], progress: Progress | None, supplied: frozenset[str]) -> None:
        """Measure every metric the scheme reads."""
        chosen = [metrics[name] for name in self.compiled.metrics]
        wanted = [metric for metric in chosen if supplied.issuperset(metric.tables)]
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
        scores: dict[tuple[int, str, str], list[Decimal]] = defaultdict(list)
        outside: list[Mapping[str, Any]] = []
        raters: Counter[tuple[str, ...]] = Counter()
        for row in self.rows("ratings"):
            if not self.in_period(row["day"]):
                outside.append(row)
                continue
            score = self._rating(row)
            if score is None:
                continue
            raters[row["person"], row["indicator"], row["role"], row["rater"]] += 1
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
        for given, n in raters.items():
            if n > 1:
                again = _("同一人评了 {n} 次，按平均计入").format(n=n)
                self.told.problem("rated-more-than-once", "/".join(given), again, _("若后一次是更正，请删除前一次"))
        rated = {given[:3] for given in raters}
        for late in outside:
            if (late["person"], late["indicator"], late["role"]) not in rated:
                self.told.count("rating-outside-period", "ratings")

    def _rating(self, row: Mapping[str, Any]) -> Decimal | None:
        """Return the score of a rating, or None after saying why it does not count."""
        place = f"{row['person']}/{row['indicator']}/{row['role']}/{row['rater']}"
        indicator = self.indicators.get(row["indicator"])
        source = indicator.source if indicator else None
        if indicator is None or not isinstance(source, RatingSource) or row["role"] not in source.rating:
            self.told.problem(
                "rating-not-asked", place, _("方案没有请这个角色评这项指标，未计入"), _("核对指标和角色的代码")
            )
            return None
        if not self.posts(row["person"], indicator.id):
            self.told.problem(
                "rating-of-another-post", place, _("此人的岗位不考核这项指标，未计入"), _("核对指标，或名册中的岗位")
            )
            return None
        if row["role"] in {r.id for r in (self.scheme.raters.roles if self.scheme.raters else ()) if r.feed}:
            self.told.problem("rating-of-fed-role", place, _("这个角色的评分取自数据，未计入"), _("删除这条评分"))
            return None
        if (row["rater"] == row["person"]) != (row["role"] == SELF):
            self.told.problem("rating-on-oneself", place, _("不能评自己，自评只能由本人填写，未计入"), _("改正评分人"))
            return None
        try:
            return rating_score(indicator, row["level"], None if row["score"] is None else to_decimal(row["score"], 2))
        except MeritdeskError as error:
            for problem in error.problems:
                self.told.problem(problem.code, place, problem.message, problem.fix)
            return None

    def _rated(self, row: Mapping[str, Any]) -> list[Assignment]:
        """Return the segments a rating is for: those under this superior, else that of its day, else all of them.

        Segments on a post without the indicator are never meant.
        """
        mine = self.posts(row["person"], row["indicator"])
        if row["role"] == "superior" and any(a.superior == row["rater"] for a in mine):
            return [a for a in mine if a.superior == row["rater"]]
        at = self.segment_at(row["person"], row["day"])
        return [at] if at in mine else mine

    # ---------------------------------------------------------------- counts, decisions and targets

    def counts(self) -> None:
        """Count violations and events per segment; report codes the scheme does not know and days off post."""
        by_key = {f.key: f for f in self.facts.segments}
        for table, code, target in (("violations", "code", "violations"), ("events", "kind", "events")):
            known = set(self.compiled.named("segments", f"{table.removesuffix('s')}."))
            for row in self.rows(table) if known else ():
                assignment = self.segment_at(row["person"], row["day"])
                if not self.in_period(row["day"]):
                    continue
                if row[code] not in known:
                    self.told.count("code-not-in-scheme", f"{table}.{row[code]}")
                elif assignment is None:
                    self.told.count("fact-off-post", f"{table}.{row[code]}")
                else:
                    counted: dict[str, int] = getattr(by_key[assignment.key], target)
                    counted[row[code]] = counted.get(row[code], 0) + row["count"]

    def decisions(self) -> None:
        """Take over the decisions on single indicators; the latest of a segment holds."""
        by_key = {f.key: f for f in self.facts.segments}
        for row in sorted(self.rows("adjustments"), key=lambda r: r["day"]):
            place = f"{row['person']}/{row['indicator']}"
            if not self.in_period(row["day"]):
                self.told.count("decision-outside-period", "adjustments")
                continue
            assignment = self.segment_at(row["person"], row["day"])
            if assignment is None or assignment not in self.posts(row["person"], row["indicator"]):
                self.told.problem(
                    "decision-without-effect", place, _("此人在这一天的岗位没有这项指标，裁定未采用"),
                    _("核对指标代码；日期要写所针对的任职期间内的一天"),
                )  # fmt: skip
                continue
            segment = by_key[assignment.key]
            if row["indicator"] in segment.adjusted:
                self.told.problem(
                    "decision-replaced", place, _("同一项指标有多次裁定，以日期最后的为准"), _("核对是否都应保留")
                )
            segment.adjusted[row["indicator"]] = to_decimal(row["score"], 2)
            segment.decisions[row["indicator"]] = row["reason"], row["decided_by"]

    def targets(self) -> None:
        """Take the target and baseline that hold on the last day of each segment; of several, the latest."""
        by_key = {f.key: f for f in self.facts.segments}
        wanted = {kind: set(self.compiled.named("segments", f"{kind}.")) for kind in ("target", "baseline")}
        for row in self._in_force("targets"):
            if row["indicator"] not in wanted["target"] | wanted["baseline"]:
                self.told.count("target-not-used", f"targets.{row['indicator']}")
            for assignment in self.of_person[row["person"]]:
                if _holds(row, assignment.to_day - 1):
                    segment = by_key[assignment.key]
                    if row["value"] is not None:
                        segment.targets[row["indicator"]] = to_decimal(row["value"], 4)
                    if row["baseline"] is not None:
                        segment.baselines[row["indicator"]] = to_decimal(row["baseline"], 4)
        for kind, names in wanted.items():
            for name in sorted(names):
                for assignment in self.assignments:
                    segment = by_key[assignment.key]
                    given = segment.targets if kind == "target" else segment.baselines
                    if name in self.held[assignment.position] and not given.get(name):
                        self.told.target_missing(name, assignment.person)

    def _in_force(self, table: str) -> list[dict[str, Any]]:
        return sorted(self.rows(table), key=lambda row: row["valid_from"])

    def results(self) -> None:
        """Gather published results: those inside the period as values, those right before it as rows of grades."""
        combines = {
            i.source.results: i.source.combine for i in self.indicators.values() if isinstance(i.source, ResultSource)
        }
        before: dict[str, list[dict[str, Any]]] = defaultdict(list)
        inside: dict[tuple[str, str], list[tuple[Decimal, int]]] = defaultdict(list)
        covered: dict[tuple[str, str], set[int]] = defaultdict(set)
        for row in self.rows("results"):
            key = row["person"], row["kind"]
            if row["kind"] in combines and self.first <= row["first_day"] and row["last_day"] < self.after:
                if row["total"] is not None and combines[row["kind"]] == "days" and not row["days"]:
                    self.told.count("result-without-days", f"results.{row['kind']}")
                elif row["total"] is not None:
                    weight = row["days"] if combines[row["kind"]] == "days" else 1
                    inside[key].append((to_decimal(row["total"], 2) * weight, weight))
                    covered[key].update(range(row["first_day"], row["last_day"] + 1))
            if row["kind"] == self.scheme.cycle.kind and row["last_day"] < self.first:
                before[row["person"]].append(row)
        for segment in self.facts.segments:
            for kind in combines:
                found = inside.get((segment.appraisal, kind), [])
                if found:
                    segment.results[kind] = (sum((t for t, _w in found), Decimal(0)), sum(w for _t, w in found))
        for person, mine in self.of_person.items():
            for kind in combines:
                days = [d for a in mine for d in range(a.from_day, a.to_day)]
                open_days = sum(day not in covered[person, kind] for day in days)
                if open_days:
                    self.told.results_incomplete(person, kind, len(days), open_days)
        self._streaks(before)

    def _streaks(self, before: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        conditions = {f"use.{u.id}": u.when for u in self.scheme.uses if isinstance(u.when, GradeCondition)}
        for item in self.scheme.pay.items if self.scheme.pay else ():
            if isinstance(item.when, GradeCondition):
                conditions[f"pay.{item.id}"] = item.when
        conditions = {name: condition for name, condition in conditions.items() if condition.in_a_row > 1}
        grades = {grade.id for grade in self.scheme.grades}
        for person, rows in before.items():
            for name, condition in conditions.items():
                self.persons[person].streaks[name] = _streak(rows, condition, self.first)
            for grade in {row["grade"] for row in rows if conditions and row["grade"]} - grades:
                self.told.count("grade-not-in-scheme", f"results.{grade}")

    def pay(self) -> None:
        """Take the pay inputs that hold on the last day of the person's last assignment; of several, the latest."""
        known = set(self.compiled.named("appraisals", "pay."))
        for row in self._in_force("pay_inputs") if self.scheme.pay else ():
            if row["item"] not in known:
                self.told.count("pay-input-not-used", f"pay_inputs.{row['item']}")
            elif _holds(row, self.of_person[row["person"]][-1].to_day - 1):
                self.persons[row["person"]].pay[row["item"]] = to_decimal(row["amount"], 2)

    def groups(self) -> None:
        """Report who belongs to no group although the scheme compares within groups."""
        compared = self.compiled.program.keys("segments") | self.compiled.program.keys("appraisals")
        for kind in ("team", "department"):
            lone = [a.person for a in self.assignments if not getattr(a, kind)]
            if f"group.{kind}" in compared and lone:
                self.told.group_missing(kind, lone)


def _holds(row: Mapping[str, Any], day: int) -> bool:
    return bool(row["valid_from"] <= day and (row["valid_to"] is None or day < row["valid_to"]))


def _streak(rows: Sequence[Mapping[str, Any]], condition: GradeCondition, first: int) -> int:
    """Return how many cycles without a gap right before `first` ended in one of the grades."""
    length, expected = 0, first
    for row in sorted(rows, key=lambda r: r["first_day"], reverse=True):
        if row["last_day"] != expected - 1 or row["grade"] not in condition.grade:
            break
        length, expected = length + 1, row["first_day"]
    return length
