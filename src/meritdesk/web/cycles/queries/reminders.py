"""Who holds a cycle up, with what, until when: what reminders are sent about."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.db.models import Count
from django.urls import reverse

from meritdesk.language import _
from meritdesk.web.cycles.models import Appraisal, Cycle, RatingForm, Target
from meritdesk.web.cycles.queries.members import short_people

MARK = "?reminder"
"""Ends the address of a reminder: by it the same matter is known again on the same day."""


@dataclass(frozen=True, kw_only=True)
class Matter:
    """Something that one person has not done."""

    person: int
    text: str
    url: str
    due: date | None


def open_matters(cycle: Cycle, appraisals: Collection[int] | None = None) -> list[Matter]:
    """Return what is not done in a cycle, of all its people or about some appraisals only."""
    state = Cycle.State
    found: list[Matter] = []
    if cycle.state == state.OPEN:
        found += _targets(cycle, appraisals)
    if cycle.state in (state.COLLECTING, state.RATING):
        found += _self_appraisals(cycle, appraisals)
    if cycle.state in (state.RATING, state.CALIBRATING):
        found += _forms(cycle, appraisals)
    if cycle.state == state.PUBLISHED:
        found += _results(cycle, appraisals)
    return found


def _chosen(cycle: Cycle, appraisals: Collection[int] | None) -> dict[str, object]:
    chosen: dict[str, object] = {"appraisal__cycle": cycle}
    if appraisals is not None:
        chosen["appraisal__in"] = list(appraisals)
    return chosen


def _targets(cycle: Cycle, appraisals: Collection[int] | None) -> list[Matter]:
    rows = Target.objects.filter(agreed_at__isnull=True, **_chosen(cycle, appraisals))
    url = reverse("targets-mine") + MARK
    return [
        Matter(
            person=person, url=url, due=cycle.self_due,
            text=_("“{cycle}”：请确认 {n} 项个人目标").format(cycle=cycle.title, n=number),
        )
        for person, number in rows.values_list("appraisal__person").annotate(n=Count("pk"))
    ]  # fmt: skip


def _self_appraisals(cycle: Cycle, appraisals: Collection[int] | None) -> list[Matter]:
    rows = cycle.appraisals.exclude(self_appraisal__submitted_at__isnull=False)
    if appraisals is not None:
        rows = rows.filter(pk__in=list(appraisals))
    text = _("“{cycle}”：请提交自评").format(cycle=cycle.title)
    short = short_people(cycle)  # nobody rates them: there is nothing to write for
    return [
        Matter(person=person, url=reverse("self-appraisal", args=[pk]) + MARK, due=cycle.self_due, text=text)
        for pk, person in rows.values_list("pk", "person")
        if person not in short
    ]


def _forms(cycle: Cycle, appraisals: Collection[int] | None) -> list[Matter]:
    rows = RatingForm.objects.filter(
        state=RatingForm.State.OPEN, rater__isnull=False, **_chosen(cycle, appraisals)
    ).values_list("rater")
    url = reverse("ratings") + MARK
    return [
        Matter(
            person=rater, url=url, due=cycle.rating_due,
            text=_("“{cycle}”：还有 {n} 份评分未提交").format(cycle=cycle.title, n=number),
        )
        for rater, number in rows.annotate(n=Count("pk"))
        if rater is not None
    ]  # fmt: skip


def _results(cycle: Cycle, appraisals: Collection[int] | None) -> list[Matter]:
    state_of = Appraisal.State
    rows = cycle.appraisals.filter(state__in=(state_of.INTERVIEW, state_of.SIGN_OFF))
    if appraisals is not None:
        rows = rows.filter(pk__in=list(appraisals))
    found = []
    talks: dict[int, int] = {}
    for pk, state, person, superior in rows.values_list("pk", "state", "person", "superior"):
        if state == state_of.SIGN_OFF:
            text = _("“{cycle}”：请查看结果并签字").format(cycle=cycle.title)
            url = reverse("result", args=[pk]) + MARK
            found.append(Matter(person=person, url=url, due=cycle.sign_due, text=text))
        elif superior is not None:
            talks[superior] = talks.get(superior, 0) + 1
    for superior, number in talks.items():
        text = _("“{cycle}”：还有 {n} 人没有面谈").format(cycle=cycle.title, n=number)
        url = reverse("team-results") + MARK
        found.append(Matter(person=superior, url=url, due=cycle.sign_due, text=text))
    return found
