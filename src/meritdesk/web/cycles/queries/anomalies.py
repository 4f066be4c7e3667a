"""Whom a mark of abnormal data concerns, and the marks that stand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from django.db.models import QuerySet

from meritdesk.web.access.models import User
from meritdesk.web.cycles import engine
from meritdesk.web.cycles.actions.adjusting import Points
from meritdesk.web.cycles.models import Adjustment, Appraisal, Cycle, RosterEntry
from meritdesk.web.cycles.queries.doors import appraisals_in_reach
from meritdesk.web.people.models import Team


def standing(cycle: Cycle, user: User) -> list[tuple[Adjustment, str]]:
    """Return the marks that stand about those the account reaches, newest first, with the title of the indicator; not
    those about oneself."""
    titles = dict(indicator_choices(cycle))
    reached = appraisals_in_reach(user, "ratings.read").filter(cycle=cycle)
    found = Adjustment.objects.filter(appraisal__in=reached, kind=Adjustment.Kind.ANOMALY, replaced=False)
    found = found.select_related("appraisal__person", "decided_by")
    return [(mark, titles.get(mark.indicator, mark.indicator)) for mark in found.order_by("-pk")]


def people_choices(cycle: Cycle, user: User) -> QuerySet[Appraisal]:
    """Return whom the account may decide about."""
    found = cycle.appraisals.exclude(person=user.person_id or 0).select_related("person", "team")
    return found.order_by("team__name", "person__key")


def team_choices(cycle: Cycle, user: User) -> QuerySet[Team]:
    """Return the teams that have somebody in the cycle."""
    return Team.objects.filter(pk__in=people_choices(cycle, user).values("team")).order_by("name")


def indicator_choices(cycle: Cycle) -> list[tuple[str, str]]:
    """Return (id, title) of the indicators of the scheme."""
    return [(indicator.id, indicator.title) for _d, indicator in engine.loaded_scheme(cycle).scheme.indicators()]


def concerned(
    cycle: Cycle, user: User, *, indicator: str, who: str, first: date, last: date, score: int
) -> Sequence[tuple[Appraisal, Points]]:
    """Return a decision for each assignment with the indicator on one of the days [first, last].

    `who` is ``person:<id of an appraisal>`` or ``team:<id>``; the account's own appraisal is never among them.
    """
    kind, _colon, number = who.partition(":")
    chosen = people_choices(cycle, user)
    if not (number.isascii() and number.isdigit() and len(number) < 19) or kind not in ("person", "team"):
        return ()
    chosen = chosen.filter(pk=int(number)) if kind == "person" else chosen
    team = Team.objects.filter(pk=int(number)).first() if kind == "team" else None
    scheme = engine.loaded_scheme(cycle).scheme
    posts = {key: p.id for p in scheme.positions for key in (p.id, p.title, p.title_en) if key}
    appraisals = {a.person_id: a for a in chosen}
    found = []
    for entry in RosterEntry.objects.filter(cycle=cycle, person__in=list(appraisals)).order_by("person", "valid_from"):
        begin = max(entry.valid_from, cycle.first_day)
        end = min(entry.valid_to - timedelta(days=1) if entry.valid_to else cycle.last_day, cycle.last_day)
        here = team is None or entry.team_name == team.name
        asked = {i.id for _d, group in scheme.dimensions_for(posts.get(entry.position, "")) for i in group}
        if begin <= end and begin <= last and first <= end and here and indicator in asked:
            found.append((appraisals[entry.person_id], Points(indicator, score, end)))
    return found
