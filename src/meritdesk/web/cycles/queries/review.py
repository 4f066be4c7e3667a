"""What the panel looks at before it approves: preview results, what is odd, what changed since last time."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, OuterRef, Subquery

from meritdesk.web.access.models import User
from meritdesk.web.cycles.inputs import digest_for_page
from meritdesk.web.cycles.models import Appraisal, Cycle, PanelReview, RatingForm, Result
from meritdesk.web.cycles.queries.doors import covers
from meritdesk.web.cycles.queries.effects import GradeCount, grade_counts, standing_results


@dataclass(frozen=True)
class PreviewRow:
    """One person in the preview, beside their last result of the same kind."""

    result: Result
    before: int | None
    """The last total, in hundredths."""

    @property
    def pk(self) -> int:
        """Return the id of the result."""
        return self.result.pk

    @property
    def name(self) -> str:
        """Return the name, for sorting."""
        return self.result.appraisal.person.name

    @property
    def team(self) -> str:
        """Return the team, for sorting."""
        return self.result.appraisal.team.name

    @property
    def total(self) -> int | None:
        """Return the total, for sorting."""
        return self.result.total

    @property
    def grade(self) -> str:
        """Return the grade's id, for the filter."""
        return self.result.grade

    @property
    def change(self) -> int | None:
        """Return the difference to the last total, in hundredths."""
        if self.before is None or self.result.total is None:
            return None
        return self.result.total - self.before


@dataclass(frozen=True)
class Reviewed:
    """Everything that a review rests on."""

    people: int
    rows: Sequence[PreviewRow]
    """Of those the account reaches; never of itself: one's own result is not seen before publication."""
    unscored: Sequence[tuple[Result, str]]
    grades: Sequence[GradeCount]
    problems: Sequence[Mapping[str, Any]]
    more_problems: int
    stale: bool
    approvals: Sequence[PanelReview]
    valid: Sequence[PanelReview]
    earlier: Sequence[PanelReview]
    rated_by_me: Sequence[str]
    judged: bool


SHOWN_PROBLEMS = 30
COMPARED_DAYS = 400
"""How far back a result lies at most that a new one is compared with: a year and a late period."""


def reviewed(cycle: Cycle, user: User) -> Reviewed:
    """Return the preview with all that the panel needs; a constant number of queries."""
    results = list(standing_results(cycle).values())
    before = last_totals(cycle)
    # Raters apart have their own page, with what was decided about them.
    problems = [p for p in (cycle.run.problems if cycle.run else []) if p["code"] != "raters-apart"]
    state = digest_for_page(cycle)
    reviews = list(cycle.reviews.select_related("decided_by", "run").order_by("-at"))
    approved = [r for r in reversed(reviews) if r.outcome == r.Outcome.APPROVED and r.run.inputs_digest == state]
    inside = {result.appraisal.person_id for result in results}
    shown = [result for result in results if covers(user, "ratings.read", result.appraisal)]
    hidden = {result.appraisal.person.key for result in results} - {result.appraisal.person.key for result in shown}
    problems = [problem for problem in problems if problem["place"].split("/")[0] not in hidden]
    mine = RatingForm.objects.filter(appraisal__cycle=cycle, rater=user.person_id or 0).exclude(role="self")
    return Reviewed(
        people=len(results),
        rows=[PreviewRow(result, before.get(result.appraisal.person_id)) for result in shown],
        unscored=[(result, _reason(result)) for result in shown if result.state != "graded"],
        grades=grade_counts(cycle, results),
        problems=problems[:SHOWN_PROBLEMS],
        more_problems=max(0, len(problems) - SHOWN_PROBLEMS),
        stale=cycle.state == Cycle.State.REVIEWING and (cycle.run is None or cycle.run.inputs_digest != state),
        approvals=approved,
        valid=[review for review in approved if review.decided_by.person_id not in inside],
        earlier=reviews,
        rated_by_me=sorted(set(mine.values_list("appraisal__person__name", flat=True))),
        judged=any(result.appraisal.person_id == user.person_id for result in results),
    )


def _reason(result: Result) -> str:
    """Return why there is no result."""
    return str(json.loads(result.unscored_document)["appraisal"]["reason"])  # type: ignore[attr-defined]


def last_totals(cycle: Cycle) -> dict[int, int | None]:
    """Return person → total, in hundredths, of the last result that stands in a published cycle of the same kind
    before this one, no more than `COMPARED_DAYS` back."""
    found = Appraisal.objects.filter(
        cycle__published_at__isnull=False, cycle__kind=cycle.kind, cycle__last_day__lt=cycle.first_day,
        cycle__last_day__gte=cycle.first_day - timedelta(days=COMPARED_DAYS), result__isnull=False,
        person__in=cycle.appraisals.values("person"),
    )  # fmt: skip
    return dict(found.order_by("cycle__last_day").values_list("person", "result__total"))


def outcome_counts(cycle: Cycle) -> Counter[str]:
    """Return how many people the preview grades, holds and leaves out: what publishing would do; one query."""
    outcome = Result.objects.filter(run=cycle.run_id, appraisal=OuterRef("pk")).values("state")[:1]
    rows = cycle.appraisals.order_by().annotate(outcome=Subquery(outcome)).values("outcome").annotate(n=Count("pk"))
    found = {row["outcome"]: row["n"] for row in rows}
    counts: Counter[str] = Counter({state: number for state, number in found.items() if state})
    counts["people"] = sum(found.values())
    return counts
