"""What a decision would change: the results that stand beside those of a trial run. Counts and lists only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Case, F, TextField, Value, When

from meritdesk.results import Appraisal as Outcome
from meritdesk.web.cycles import engine
from meritdesk.web.cycles.models import Appraisal, Cycle, Result


@dataclass(frozen=True)
class Figures:
    """Total (hundredths), grade and coefficient (1/10000) of one person."""

    total: int | None
    grade: str
    grade_title: str
    coefficient: int | None


@dataclass(frozen=True)
class Moved:
    """Somebody whose figures change."""

    person: str
    name: str
    before: Figures
    after: Figures


@dataclass(frozen=True)
class GradeCount:
    """How many people have a grade, before and after, and the share of one that the scheme sets."""

    title: str
    before: int
    after: int
    share: Decimal | None


@dataclass(frozen=True)
class Effect:
    """What a trial shows: the person, others who would move, people per grade, and the sum of coefficients."""

    person: Moved | None
    others: Sequence[Moved]
    grades: Sequence[GradeCount]
    coefficients_before: int
    coefficients_after: int
    above_quota: bool = False


def _of(outcome: Outcome) -> Figures:
    total, coefficient = engine.scaled(outcome.total, 100), engine.scaled(outcome.coefficient, 10_000)
    return Figures(total, outcome.grade or "", outcome.grade_title, coefficient)


def _standing(result: Result) -> Figures:
    return Figures(result.total, result.grade, result.grade_title, result.coefficient)


SHOWN = (
    "run", "appraisal", "state", "total", "grade", "grade_title", "coefficient", "rank", "rank_of",
    "appraisal__cycle", "appraisal__person", "appraisal__team", "appraisal__person__key", "appraisal__person__name",
    "appraisal__team__name", "appraisal__team__department",
)  # fmt: skip
"""What lists show of a result: there are thousands in a large cycle."""


def standing_results(cycle: Cycle) -> dict[str, Result]:
    """Return staff key → result that stands: of the newest preview until publication, then of each appraisal.

    Without their documents, except (`unscored_document`) where there is no grade: it says why.
    """
    if cycle.published_at is not None:
        found = Result.objects.filter(pk__in=Appraisal.objects.filter(cycle=cycle).values("result"))
    else:
        found = Result.objects.filter(run=cycle.run_id)
    why = Case(When(state="graded", then=Value("")), default=F("document"), output_field=TextField())
    rows = found.select_related("appraisal__person", "appraisal__team").only(*SHOWN).annotate(unscored_document=why)
    return {result.appraisal.person.key: result for result in rows.order_by("appraisal__person__key")}


def effect_of(cycle: Cycle, computed: engine.Computed, person: str, *, only_person: bool = False) -> Effect:
    """Return what a trial changes; with `only_person` nobody else's result will move, as in a correction."""
    standing = standing_results(cycle)
    trial = {o.person: o for o in computed.results.appraisals}
    before = {key: _standing(result) for key, result in standing.items()}
    after = {
        key: _of(trial[key]) if key in trial and (key == person or not only_person) else figures
        for key, figures in before.items()
    }
    moved = [
        Moved(key, standing[key].appraisal.person.name, figures, after[key])
        for key, figures in before.items()
        if after[key] != figures or key == person
    ]
    return Effect(
        person=next((m for m in moved if m.person == person), None),
        others=[m for m in moved if m.person != person],
        grades=_grades(cycle, list(before.values()), list(after.values())),
        coefficients_before=sum(f.coefficient or 0 for f in before.values()),
        coefficients_after=sum(f.coefficient or 0 for f in after.values()),
        above_quota=above_quota(cycle, computed, person) if only_person else False,
    )


def _grades(cycle: Cycle, before: Sequence[Figures], after: Sequence[Figures]) -> list[GradeCount]:
    scheme = engine.loaded_scheme(cycle).scheme
    shares = scheme.distribution.shares if scheme.distribution else {}
    old, new = Counter(f.grade for f in before), Counter(f.grade for f in after)
    return [GradeCount(g.title, old[g.id], new[g.id], shares.get(g.id)) for g in scheme.grades]


def grade_counts(cycle: Cycle, results: Sequence[Result]) -> list[GradeCount]:
    """Return how many of these results have each grade, with the shares that the scheme sets."""
    figures = [_standing(result) for result in results]
    return _grades(cycle, figures, figures)


def above_quota(cycle: Cycle, computed: engine.Computed, person: str) -> bool:
    """Return whether a correction puts the person above the quota of their new grade.

    The trial says how many of their group the distribution allows in it; the others keep the grades they have.
    """
    rule = engine.loaded_scheme(cycle).scheme.distribution
    outcome = next((o for o in computed.results.appraisals if o.person == person), None)
    if rule is None or rule.mode not in ("cap", "force") or outcome is None or outcome.grade is None:
        return False
    group = [o for o in computed.results.appraisals if _group(rule.group, o) == _group(rule.group, outcome)]
    allowed = sum(1 for o in group if o.grade == outcome.grade)
    standing = standing_results(cycle)
    if person in standing and standing[person].grade == outcome.grade:
        return False
    others = {o.person for o in group if o.person != person}
    have = sum(1 for key, result in standing.items() if key in others and result.grade == outcome.grade)
    return have + 1 > allowed


def _group(kind: str, outcome: Outcome) -> str:
    return "" if kind == "all" else str(getattr(outcome, kind))
