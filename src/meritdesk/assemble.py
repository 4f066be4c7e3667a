"""Outputs of a run → records that people read. Nothing is scored, graded or paid here.

The shares and contributions shown beside a score are quotients of numbers already computed, for display; a test proves
that they add up to the total.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal, localcontext

from meritdesk.compiled import Compiled
from meritdesk.errors import Problem
from meritdesk.facts import Facts, RatingRecord
from meritdesk.language import _
from meritdesk.metrics.definitions import Metric
from meritdesk.remarks import level_title, strengths_and_gaps, wilson
from meritdesk.results import (
    Appraisal,
    DimensionScore,
    IndicatorScore,
    PayLine,
    Rating,
    Segment,
    State,
    Status,
    UseOutcome,
)
from meritdesk.roster import Assignment, to_date
from meritdesk.rows import Measured, SegmentFacts
from meritdesk.rules.exact import Outcome
from meritdesk.rules.numbers import rounded, to_decimal
from meritdesk.scheme.document import (
    Dimension,
    EventSource,
    Indicator,
    MetricSource,
    Neutral,
    OthersSource,
    RaterRole,
    RatingSource,
    ResultSource,
    Scheme,
    ViolationSource,
)
from meritdesk.scheme.pay_items import GradeCondition

UNITS = {"ratio": "%", "seconds": "s", "count": "次", "points": "分", "yuan": "元", "level": "级"}


class Assembler:
    """Makes the records of one run."""

    def __init__(
        self,
        compiled: Compiled,
        outcome: Outcome,
        facts: Facts,
        assignments: Sequence[Assignment],
        metrics: Mapping[str, Metric],
        names: Mapping[str, str],
    ) -> None:
        self.compiled, self.outcome, self.metrics = compiled, outcome, metrics
        self.scheme: Scheme = compiled.scheme
        self.indicators = {i.id: i for _d, i in self.scheme.indicators()}
        self.assignments, self.facts = assignments, facts
        self.names = names
        self.ratings: dict[tuple[int, str], list[RatingRecord]] = defaultdict(list)
        for record in facts.ratings:
            self.ratings[record.segment, record.indicator].append(record)
        self.rows: dict[str, list[int]] = defaultdict(list)
        for number, assignment in enumerate(assignments):
            self.rows[assignment.person].append(number)

    def appraisals(self) -> tuple[Appraisal, ...]:
        """Return one record per person, in the order of the run."""
        return tuple(self._appraisal(row, facts.appraisal) for row, facts in enumerate(self.facts.appraisals))

    # ---------------------------------------------------------------- values

    def _segment_value(self, name: str, row: int) -> Decimal | None:
        value = self.outcome.segments[name][row]
        return None if value is None else to_decimal(value, self.compiled.program.segments[name].scale)

    def _value(self, name: str, row: int) -> Decimal | None:
        if name not in self.outcome.appraisals:
            return None
        value = self.outcome.appraisals[name][row]
        return None if value is None else to_decimal(value, self.compiled.program.appraisals[name].scale)

    def _grade(self, name: str, row: int) -> str | None:
        index = self._value(name, row)
        return None if index is None else self.scheme.grades[int(index)].id

    # ---------------------------------------------------------------- appraisal

    def _appraisal(self, row: int, person: str) -> Appraisal:
        scheme = self.scheme
        numbers = self.rows[person]
        segments = tuple(self._segment(number) for number in numbers)
        last = self.assignments[numbers[-1]]
        total, grade = self._value("total", row), self._grade("grade", row)
        state, reason = self._state(segments, total)
        pay = tuple(
            PayLine(id=i.id, title=i.title, title_en=i.title_en, kind=i.kind, amount=self._value(f"pay.{i.id}", row))
            for i in (scheme.pay.items if scheme.pay else ())
        )
        strengths, gaps = strengths_and_gaps(segments[-1].dimensions)
        uses = self._uses(row)
        rank, rank_of = self._value("rank", row), self._value("rank_of", row)
        return Appraisal(
            person=person,
            name=last.name,
            department=last.department,
            team=last.team,
            position=last.position,
            position_title=segments[-1].position_title,
            superior=self.names.get(last.superior, last.superior),
            state=state,
            reason=reason,
            segments=segments,
            total=total,
            threshold_grade=self._grade("threshold_grade", row)
            if "threshold_grade" in self.outcome.appraisals
            else None,
            grade=grade,
            grade_title=next((g.title for g in scheme.grades if g.id == grade), ""),
            coefficient=self._value("coefficient", row),
            vetoes=tuple(v.title for v in scheme.vetoes if self._vetoed(v.id, numbers)),
            rank=None if rank is None else int(rank),
            rank_of=None if rank_of is None else int(rank_of),
            pay=pay,
            pay_total=self._value("pay_total", row),
            uses=uses,
            problems=tuple(self._problems(row, person, pay)),
            strengths=strengths,
            gaps=gaps,
            plan=tuple(use.title for use in uses if use.then in ("training", "improvement_plan")),
        )

    def _zeroed(self, number: int, dimension: str) -> bool:
        """Return whether a veto sets a dimension, or the total, of this person to zero."""
        numbers = self.rows[self.assignments[number].person]
        return any(
            self._vetoed(veto.id, numbers)
            for veto in self.scheme.vetoes
            if veto.zero_total or veto.zero_dimension == dimension
        )

    def _vetoed(self, veto: str, numbers: Sequence[int]) -> bool:
        name = f"veto.{veto}"
        return name in self.outcome.segments and self.outcome.segments[name][numbers[-1]] == 1

    def _state(self, segments: Sequence[Segment], total: Decimal | None) -> tuple[State, str]:
        counted = [s for s in segments if s.counted]
        if not counted:
            days = max(s.days for s in segments)
            least = self.scheme.cycle.minimum_days
            return "not_appraised", _("在岗 {days} 天，不足 {least} 天").format(days=days, least=least)
        if total is not None:
            return "graded", ""
        causes = {
            "held": _("缺数据"),
            "not_rated": _("待评分"),
            "no_data": _("没有数据"),
            "small_sample": _("样本太少"),
        }
        scores = [i for s in counted for d in s.dimensions for i in d.indicators]
        blocking = [score for score in scores if self._blocks(score)]
        found: dict[str, list[str]] = defaultdict(list)
        for score in blocking or [score for score in scores if score.status in causes]:
            titles = found[causes.get(score.status, causes["not_rated"])]
            if score.title not in titles:
                titles.append(score.title)
        return "held", "；".join(f"{cause}：{'、'.join(titles)}" for cause, titles in found.items())

    def _blocks(self, score: IndicatorScore) -> bool:
        """Return whether the result waits for this indicator, and not only its weight goes elsewhere."""
        indicator = self.indicators[score.id]
        if score.points is not None or not indicator.part_of_total:
            return False
        roles = indicator.source.rating if isinstance(indicator.source, RatingSource) else ()
        waited = {r.id for r in (self.scheme.raters.roles if self.scheme.raters else ()) if r.if_missing == "hold"}
        return indicator.missing == "hold" or not waited.isdisjoint(roles)

    def _uses(self, row: int) -> tuple[UseOutcome, ...]:
        found = []
        for use in self.scheme.uses:
            if self._value(f"use.{use.id}", row):
                reason = ""
                if isinstance(use.when, GradeCondition):
                    titles = "、".join(g.title for g in self.scheme.grades if g.id in use.when.grade)
                    reason = _("连续 {n} 个周期为{titles}").format(n=use.when.in_a_row, titles=titles)
                found.append(UseOutcome(id=use.id, title=use.title, then=use.then, reason=reason))
        return tuple(found)

    def _problems(self, row: int, person: str, pay: Sequence[PayLine]) -> list[Problem]:
        found = []
        absent = [line.title for line in pay if line.amount is None]
        if absent:
            found.append(
                Problem(
                    code="pay-not-computed",
                    place=person,
                    message=_("{titles} 无法计算").format(titles="、".join(absent)),
                    fix=_("补齐 pay_inputs 中的工资基数，或先完成考核结果"),
                )
            )
        if self._value("pay_below_minimum", row) and not absent:
            found.append(
                Problem(
                    code="pay-below-minimum-wage",
                    place=person,
                    message=_("应发合计低于最低工资标准"),
                    fix=_("核对出勤与扣款；确需如此发放时须留下批准记录"),
                )
            )
        if self._value("pay_over_deducted", row):
            found.append(
                Problem(
                    code="pay-over-deducted",
                    place=person,
                    message=_("扣款超过当月工资的允许比例"),
                    fix=_("分月扣除；确需如此发放时须留下批准记录"),
                )
            )
        return found

    # ---------------------------------------------------------------- segment

    def _segment(self, number: int) -> Segment:
        assignment, facts = self.assignments[number], self.facts.segments[number]
        position = next(p for p in self.scheme.positions if p.id == assignment.position)
        chosen = self.scheme.dimensions_for(assignment.position)
        scores = {d.id: self._segment_value(f"dimension.{d.id}", number) for d, _found in chosen}
        present = sum((d.weight for d, _f in chosen if d.weight is not None and scores[d.id] is not None), Decimal(0))
        with localcontext() as context:
            context.prec = 40
            stretch = self._stretch(chosen, scores)
            dimensions = tuple(self._dimension(number, facts, d, found, present, stretch) for d, found in chosen)
        return Segment(
            key=assignment.key,
            position=assignment.position,
            position_title=position.title,
            team=assignment.team,
            department=assignment.department,
            superior=self.names.get(assignment.superior, assignment.superior),
            from_day=to_date(assignment.from_day),
            to_day=to_date(assignment.to_day - 1),
            days=assignment.days,
            counted=self.outcome.segments["counted"][number] == 1,
            total=self._segment_value("segment_total", number),
            dimensions=dimensions,
        )

    def _stretch(
        self, chosen: Sequence[tuple[Dimension, Sequence[Indicator]]], scores: Mapping[str, Decimal | None]
    ) -> Decimal:
        """Return what the points of bounded dimensions are multiplied by, for those that are missing."""
        if self.scheme.style != "points":
            return Decimal(1)
        fulls = {d.id: full for d, found in chosen if (full := _full(found)) is not None}
        present = sum((full for name, full in fulls.items() if scores[name] is not None), Decimal(0))
        return sum(fulls.values(), Decimal(0)) / present if present else Decimal(1)

    def _dimension(
        self,
        number: int,
        facts: SegmentFacts,
        dimension: Dimension,
        found: Sequence[Indicator],
        present: Decimal,
        stretch: Decimal,
    ) -> DimensionScore:
        score = self._segment_value(f"dimension.{dimension.id}", number)
        weights = self.scheme.style == "weights" and dimension.points is None
        inside = [i for i in found if i.part_of_total]
        scored = {i.id: self._segment_value(f"scored.{i.id}", number) for i in found}
        shares = _shares(inside, scored) if weights else _scaled_up(inside, scored)
        if weights:
            there = dimension.weight and present and score is not None
            factor = dimension.weight / present if there and dimension.weight else None
            full: Decimal | None = Decimal(100)
        else:
            full = _full(inside)
            factor = Decimal(1) if full is None else stretch
        contribution = None if factor is None or score is None else score * factor
        indicators = [
            self._indicator(number, facts, i, scored[i.id], None if share is None else (share, factor, weights))
            for i, share in ((i, shares.get(i.id)) for i in found)
        ]
        if self._zeroed(number, dimension.id):
            nothing = Decimal(0)
            contribution = None if contribution is None else nothing
            indicators = [i if i.contribution is None else replace(i, contribution=nothing) for i in indicators]
        most = None if factor is None or full is None else full * factor
        return DimensionScore(
            id=dimension.id,
            title=dimension.title,
            title_en=dimension.title_en,
            weight=dimension.weight,
            score=score,
            contribution=None if contribution is None else rounded(contribution, 4),
            most=None if most is None else rounded(most, 4),
            indicators=tuple(indicators),
        )

    def _indicator(
        self,
        number: int,
        facts: SegmentFacts,
        indicator: Indicator,
        scored: Decimal | None,
        way: tuple[Decimal, Decimal | None, bool] | None,
    ) -> IndicatorScore:
        """`way` leads to the total: share of the dimension, factor of the dimension, and whether both are of 100."""
        value = self._segment_value(f"value.{indicator.id}", number) if self._has_value(indicator) else None
        points = self._segment_value(f"points.{indicator.id}", number)
        metric = self.metrics[indicator.source.metric] if isinstance(indicator.source, MetricSource) else None
        measured = facts.metrics.get(metric.id) if metric else None
        share, of_dimension, of_hundred = way or (None, None, False)
        factor = None if share is None or of_dimension is None else share * of_dimension
        brings = scored * factor if scored is not None and factor is not None else None
        most = Decimal(100) if of_hundred else indicator.points
        return IndicatorScore(
            id=indicator.id,
            title=indicator.title,
            title_en=indicator.title_en,
            source=_source(indicator),
            unit=UNITS.get(metric.unit, "")
            if metric
            else _("分")
            if isinstance(indicator.source, RatingSource)
            else "",
            value=value,
            numerator=None
            if measured is None or metric is None
            else to_decimal(measured.numerator, metric.numerator_scale),
            denominator=None
            if measured is None or metric is None or measured.denominator is None
            else to_decimal(measured.denominator, metric.denominator_scale),
            n=measured.n if measured else None,
            excluded=measured.excluded if measured else 0,
            pending=measured.pending if measured else 0,
            interval=wilson(metric, measured),
            target=str(indicator.target) if indicator.target else "",
            target_met=value in indicator.target if indicator.target and value is not None else None,
            points=points,
            full=self.scheme.full_points(indicator),
            share=None if share is None else rounded(share, 4),
            contribution=None if brings is None else rounded(brings, 4),
            most=None if most is None or factor is None else rounded(most * factor, 4),
            status=self._status(indicator, points, measured),
            level_title=level_title(indicator, value, points),
            ratings=self._rating_lines(number, indicator),
            violations=self._violation_lines(facts, indicator),
            decision=self._decision(facts, indicator),
        )

    def _decision(self, facts: SegmentFacts, indicator: Indicator) -> str:
        reason, decided_by = facts.decisions.get(indicator.id, ("", ""))
        return f"{reason}（{self.names.get(decided_by, decided_by)}）" if reason else ""

    def _has_value(self, indicator: Indicator) -> bool:
        return f"value.{indicator.id}" in self.outcome.segments

    def _status(self, indicator: Indicator, points: Decimal | None, measured: Measured | None) -> Status:
        if points is not None:
            return "scored"
        if isinstance(indicator.missing, Neutral):
            return "neutral"
        if indicator.missing == "hold":
            return "held"
        if isinstance(indicator.source, RatingSource):
            return "not_rated"
        return "small_sample" if measured is not None and measured.n > 0 else "no_data"

    def _rating_lines(self, number: int, indicator: Indicator) -> tuple[Rating, ...]:
        if not isinstance(indicator.source, RatingSource) or self.scheme.raters is None:
            return ()
        roles = {r.id: r for r in self.scheme.raters.roles}
        listed = [
            Rating(
                role=record.role,
                role_title=roles[record.role].title,
                rater="" if record.role in self.scheme.raters.anonymous else self.names.get(record.rater, record.rater),
                level=record.level,
                score=record.score,
                remark=record.remark,
                weight=Decimal(0),
            )
            for record in self.ratings[self.assignments[number].key, indicator.id]
        ]
        listed += self._fed_lines(number, indicator, roles)
        listed.sort(key=lambda rating: (list(roles).index(rating.role), rating.rater))
        several = Counter(rating.role for rating in listed)
        whole = sum((roles[role].weight for role in several), Decimal(0))
        if not whole:
            return tuple(listed)
        return tuple(replace(r, weight=rounded(roles[r.role].weight / whole / several[r.role], 4)) for r in listed)

    def _fed_lines(self, number: int, indicator: Indicator, roles: Mapping[str, RaterRole]) -> list[Rating]:
        """Return the ratings of the roles whose judgement is taken from a metric (R4.2)."""
        found = []
        for name in indicator.source.rating if isinstance(indicator.source, RatingSource) else ():
            feed = roles[name].feed
            score = None if feed is None else self._segment_value(f"fed.{indicator.id}.{name}", number)
            if feed is not None and score is not None:
                remark = _("取自“{metric}”").format(metric=self.metrics[feed.metric].title)
                found.append(
                    Rating(
                        role=name, role_title=roles[name].title, rater="", level=None, score=score, remark=remark,
                        weight=Decimal(0),
                    )
                )  # fmt: skip
        return found

    def _violation_lines(self, facts: SegmentFacts, indicator: Indicator) -> tuple[tuple[str, str, int, Decimal], ...]:
        if not isinstance(indicator.source, ViolationSource):
            return ()
        listed = self.scheme.violation_lists[indicator.source.violations]
        return tuple(
            (v.code, v.title, facts.violations[v.code], v.points) for v in listed if facts.violations.get(v.code)
        )


def _full(found: Sequence[Indicator]) -> Decimal | None:
    """Return the most points the indicators can bring together; None when one of them is open."""
    points = [i.points for i in found if i.part_of_total]
    return None if None in points else sum((p for p in points if p is not None), Decimal(0))


def _shares(found: Sequence[Indicator], scored: Mapping[str, Decimal | None]) -> dict[str, Decimal]:
    """Return each present indicator's share of its dimension, after the missing ones' weight went to the others."""
    equal = all(i.weight is None for i in found)
    weights = {i.id: Decimal(1) if equal else i.weight or Decimal(0) for i in found if scored[i.id] is not None}
    whole = sum(weights.values(), Decimal(0))
    return {name: weight / whole for name, weight in weights.items()} if whole else {}


def _scaled_up(found: Sequence[Indicator], scored: Mapping[str, Decimal | None]) -> dict[str, Decimal]:
    """Return the factor on each present indicator's points: full points of all ÷ full points of those present."""
    whole = sum((i.points for i in found if i.points is not None), Decimal(0))
    present = sum((i.points for i in found if i.points is not None and scored[i.id] is not None), Decimal(0))
    factor = whole / present if present else Decimal(1)
    return {i.id: factor if i.points is not None else Decimal(1) for i in found if scored[i.id] is not None}


def _source(indicator: Indicator) -> str:
    match indicator.source:
        case MetricSource(metric=name):
            return f"metric:{name}"
        case RatingSource():
            return "rating"
        case ViolationSource(violations=name):
            return f"violations:{name}"
        case EventSource(event=name):
            return f"event:{name}"
        case ResultSource(results=kind):
            return f"results:{kind}"
        case OthersSource():
            return "of"
