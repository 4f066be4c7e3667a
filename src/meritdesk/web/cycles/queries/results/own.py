"""All results of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from meritdesk.language import _
from meritdesk.web.access.models import User
from meritdesk.web.cycles.models import Appraisal
from meritdesk.web.cycles.queries.results.person import change
from meritdesk.web.cycles.queries.results.statistics import grade_titles


def own_appraisals(user: User) -> list[Appraisal]:
    """Return the account's own appraisals, the newest first; those not yet published carry no result."""
    if user.person_id is None:
        return []
    found = (
        Appraisal.objects.filter(person=user.person_id)
        .select_related("cycle__scheme_version__scheme", "team", "result")
        .defer("result__document")
        .order_by("-cycle__first_day", "-pk")
    )
    own = list(found)
    for appraisal in own:
        if appraisal.cycle.published_at is None:
            appraisal.result = None
    return own


def kinds_of(appraisals: Sequence[Appraisal]) -> dict[str, list[Appraisal]]:
    """Return the published ones by kind of cycle, the oldest first: months are compared with months."""
    found: dict[str, list[Appraisal]] = {}
    for appraisal in reversed(appraisals):
        if appraisal.result is not None:
            found.setdefault(appraisal.cycle.kind, []).append(appraisal)
    return found


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of the list: an appraisal with its grade in words and the difference to the one before of its kind."""

    appraisal: Appraisal
    kind: str
    grade: str
    place: int | str
    change: int | None


def rows(appraisals: Sequence[Appraisal]) -> list[Row]:
    """Return the lines of the list, the newest first."""
    titles, earlier = kind_titles(), kinds_of(appraisals)
    found = []
    for appraisal in appraisals:
        grade, place, difference = "", "", None
        if appraisal.result is not None:
            grades = grade_titles(appraisal.cycle)
            grade = grades.get(appraisal.result.grade, appraisal.result.grade_title)
            place = str(list(grades).index(appraisal.result.grade)) if appraisal.result.grade in grades else ""
            alike = earlier[appraisal.cycle.kind]
            difference = change(alike[: alike.index(appraisal) + 1])
        kind = titles.get(appraisal.cycle.kind, appraisal.cycle.kind)
        found.append(Row(appraisal=appraisal, kind=kind, grade=grade, place=place, change=difference))
    return found


def kind_titles() -> dict[str, str]:
    """Return the kinds of cycles in words."""
    return {
        "month": _("月度"),
        "quarter": _("季度"),
        "half_year": _("半年度"),
        "year": _("年度"),
        "probation": _("试用期"),
        "project": _("项目"),
    }
