"""Search over people, cycles, results and schemes: only what the account reaches by the rights of their pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from meritdesk.language import _
from meritdesk.web.access.models import User
from meritdesk.web.access.reach import has_right
from meritdesk.web.cycles.queries.doors import appraisals_in_reach, cycles_in_reach
from meritdesk.web.cycles.queries.results.person import published
from meritdesk.web.home.queries.work.cycles import reaches_others
from meritdesk.web.home.queries.work.todo import link
from meritdesk.web.people.reach import people_in_reach
from meritdesk.web.schemes.models import Scheme, SchemeVersion

SHOWN = 20
"""Hits of each kind."""


@dataclass(frozen=True, kw_only=True)
class Hit:
    """Something found: what it is called, what tells it from others, where it leads."""

    title: str
    note: str
    url: str


@dataclass(frozen=True, kw_only=True)
class Hits:
    """Hits of one kind; `more` says that there are others."""

    title: str
    hits: Sequence[Hit]
    more: bool


def search(user: User, words: str) -> list[Hits]:
    """Return what fits all of the words, by kind; at most four queries."""
    parts = words.split()[:5]
    if not parts:
        return []
    found = [_people(user, parts), _cycles(user, parts), _schemes(user, parts), _results(user, parts)]
    return [hits for hits in found if hits.hits]


def _fits(parts: Sequence[str], *fields: str) -> Q:
    """Return the condition that each word occurs in one of the fields."""
    condition = Q()
    for part in parts:
        either = Q(pk__in=[])
        for field in fields:
            either |= Q(**{f"{field}__icontains": part})
        condition &= either
    return condition


def _hits(title: str, found: Sequence[Hit]) -> Hits:
    return Hits(title=title, hits=found[:SHOWN], more=len(found) > SHOWN)


def _people(user: User, parts: Sequence[str]) -> Hits:
    people = []
    if has_right(user, "people.read"):
        fits = _fits(parts, "name", "key")
        people = list(people_in_reach(user, "people.read").filter(fits).order_by("name", "key")[: SHOWN + 1])
    return _hits(_("人员"), [Hit(title=p.name, note=p.key, url=link("person", p.pk)) for p in people])


def _results(user: User, parts: Sequence[str]) -> Hits:
    fits = _fits(parts, "person__name", "person__key")
    found = published(appraisals_in_reach(user, "results.read")).filter(fits)
    newest = found.order_by("-cycle__first_day", "person__name", "pk")[: SHOWN + 1]
    return _hits(
        _("考核结果"),
        [Hit(title=a.person.name, note=f"{a.cycle.title} · {a.team.name}", url=link("result", a.pk)) for a in newest],
    )


def _cycles(user: User, parts: Sequence[str]) -> Hits:
    if not reaches_others(user, "cycles.read"):
        return _hits(_("考核周期"), [])
    found = cycles_in_reach(user, "cycles.read").filter(_fits(parts, "title", "department__name", "team__name"))
    newest = found.order_by("-first_day", "title", "pk")[: SHOWN + 1]
    return _hits(
        _("考核周期"),
        [Hit(title=c.title, note=str(c.get_state_display()), url=link("cycle-board", c.pk)) for c in newest],
    )


def _schemes(user: User, parts: Sequence[str]) -> Hits:
    """Return the newest fitting version of each scheme; drafts only for those who may read them."""
    states = [SchemeVersion.State.PUBLISHED, SchemeVersion.State.RETIRED]
    if has_right(user, "schemes.read"):
        states = list(SchemeVersion.State)
    versions = (
        SchemeVersion.objects.filter(scheme__in=Scheme.objects.filter(_fits(parts, "title", "name")), state__in=states)
        .select_related("scheme")
        .defer("text", "cases_text")
        .order_by("scheme__title", "-number")[: 4 * SHOWN]
    )
    newest: dict[int, SchemeVersion] = {}
    for version in versions:
        newest.setdefault(version.scheme_id, version)
    return _hits(
        _("方案"),
        [
            Hit(title=v.scheme.title, note=_("第 {n} 版").format(n=v.number), url=link("scheme-version", v.pk))
            for v in newest.values()
        ],
    )
