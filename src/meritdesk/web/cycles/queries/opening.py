"""What the pages that list, make and prepare cycles show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from meritdesk.errors import Problem
from meritdesk.results import Period
from meritdesk.web.access.models import User
from meritdesk.web.access.reach import reach
from meritdesk.web.cycles import engine
from meritdesk.web.cycles.models import Appraisal, Cycle, RaterPlan, RatingForm
from meritdesk.web.cycles.queries.doors import cycles_in_reach
from meritdesk.web.cycles.queries.members import Membership, membership_now
from meritdesk.web.cycles.queries.periods import deadlines_of, period_title, problems_of
from meritdesk.web.cycles.queries.rater_plans import Gap, Plan, plan_of, plans_of, rating_roles
from meritdesk.web.people.calendar import company_calendar
from meritdesk.web.people.models import Department, Person, Team
from meritdesk.web.schemes.models import SchemeVersion

DUE_OF = {
    Cycle.State.OPEN: "self_due",
    Cycle.State.COLLECTING: "self_due",
    Cycle.State.RATING: "rating_due",
    Cycle.State.CALIBRATING: "review_due",
    Cycle.State.REVIEWING: "review_due",
    Cycle.State.PUBLISHED: "sign_due",
}
"""The deadline that the people of a cycle are working towards."""


MOST_TO_CHOOSE = 500


@dataclass(frozen=True)
class Scope:
    """A department, or one team of it."""

    department: Department
    team: Team | None

    @property
    def title(self) -> str:
        """Return the name as it is chosen from a list."""
        return f"{self.department} · {self.team}" if self.team else str(self.department)


def scopes_in_reach(user: User, right: str = "cycles.run") -> dict[str, Scope]:
    """Return key → department or team for which the account may run cycles; two queries."""
    scope = reach(user, right)
    departments, teams = Department.objects.order_by("name"), Team.objects.order_by("department__name", "name")
    if not scope.everybody:
        departments = departments.filter(pk__in=scope.departments)
        teams = teams.filter(Q(pk__in=scope.teams) | Q(department__in=scope.departments))
    found = {f"d{department.pk}": Scope(department, None) for department in departments}
    for team in teams.select_related("department"):
        found[f"t{team.pk}"] = Scope(team.department, team)
    return found


def published_versions() -> dict[str, tuple[SchemeVersion, str]]:
    """Return key → (version, kind of cycle) of every published scheme version, the newest of each scheme first."""
    rows = SchemeVersion.objects.filter(state=SchemeVersion.State.PUBLISHED).select_related("scheme")
    ordered = sorted(rows, key=lambda version: (version.scheme.title, -version.number))
    return {str(v.pk): (v, str(engine.loaded_version(v).scheme.cycle.kind)) for v in ordered}


def listed_cycles(user: User) -> QuerySet[Cycle]:
    """Return the cycles in reach with their people, forms, forms handed in and signed, for the list."""
    people = Appraisal.objects.filter(cycle=OuterRef("pk")).order_by().values("cycle").annotate(n=Count("pk"))
    signed = people.filter(state__in=("signed", "unsigned", "not_appraised"))
    forms = RatingForm.objects.filter(appraisal__cycle=OuterRef("pk")).order_by().values("appraisal__cycle")
    given = forms.filter(state=RatingForm.State.SUBMITTED)
    return (
        cycles_in_reach(user, "cycles.read")
        .select_related("department", "team", "scheme_version__scheme")
        .annotate(
            people=_number(people.values("n")),
            signed=_number(signed.values("n")),
            forms=_number(forms.annotate(n=Count("pk")).values("n")),
            given=_number(given.annotate(n=Count("pk")).values("n")),
        )
    )


def _number(rows: QuerySet[Any, Any]) -> Coalesce:
    return Coalesce(Subquery(rows, output_field=IntegerField()), 0)


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What a cycle would be, before it is made."""

    membership: Membership
    title: str
    deadlines: dict[str, date]
    problems: Sequence[Problem]


def preview(scope: Scope, version: SchemeVersion, first: date, last: date, today: date) -> Preview:
    """Return who would be in a cycle, its deadlines, and what is odd about it."""
    scheme = engine.loaded_version(version).scheme
    period = Period(first, last)
    membership = membership_now(scheme, scheme.cycle.kind, period, scope.department, scope.team)
    calendar = company_calendar()
    due, uncovered = deadlines_of(scheme, last, today, calendar)
    problems = [*problems_of(scheme, period, today, calendar), *membership.problems, *uncovered]
    unique = {(p.code, p.message): p for p in problems}
    return Preview(
        membership=membership,
        title=f"{scope.team or scope.department} {period_title(first, last)}",
        deadlines=dict(due),
        problems=list(unique.values()),
    )


@dataclass(frozen=True, kw_only=True)
class RoleRow:
    """One role of the scheme and who rates in it."""

    id: str
    title: str
    weight: str
    plan: RaterPlan | None
    people: tuple[Person, ...]
    forms: int
    gaps: tuple[Gap, ...]


@dataclass(frozen=True, kw_only=True)
class RaterPicture:
    """Who rates, how many forms each has, who has none to sign in with."""

    roles: Sequence[RoleRow]
    loads: Sequence[tuple[str, str, int]]
    """(staff key, name, forms), the most first."""
    without_account: Sequence[str]
    plan: Plan

    @property
    def missing(self) -> int:
        """Return how many people nobody rates in some role."""
        return len({(gap.role, gap.person) for gap in self.plan.gaps})


def rater_picture(cycle: Cycle, membership: Membership) -> RaterPicture:
    """Return the rater plans of a cycle over its members."""
    scheme = engine.loaded_scheme(cycle).scheme
    plans = plans_of(cycle)
    plan = plan_of(cycle, scheme, membership, plans)
    load, in_role = plan.load(), Counter(form.role for form in plan.forms)
    known = list(Person.objects.filter(key__in=load).values_list("key", "name", "user__is_active"))
    names = {key: name for key, name, _active in known}
    rows = [
        RoleRow(
            id=role.id,
            title=role.title,
            weight=f"{role.weight:f}",
            plan=plans.get(role.id),
            people=tuple(plans[role.id].people.all()) if role.id in plans else (),
            forms=in_role[role.id],
            gaps=tuple(gap for gap in plan.gaps if gap.role == role.id),
        )
        for role in rating_roles(scheme)
    ]
    loads = [(key, names.get(key, key), number) for key, number in load.most_common()]
    locked_out = [key for key, _name, active in known if not active]
    return RaterPicture(roles=rows, loads=loads, without_account=locked_out, plan=plan)


def people_to_choose(cycle: Cycle, membership: Membership) -> list[Person]:
    """Return who may be named as a rater from a list: on post on the cycle's last day and either not rated in it, or
    a superior, or named already. Others are named by their staff key."""
    on_post = Q(assignments__valid_from__lte=cycle.last_day) & (
        Q(assignments__valid_to__isnull=True) | Q(assignments__valid_to__gt=cycle.last_day)
    )
    superiors = {segment.superior for member in membership.members for segment in member.segments}
    rated = [member.person for member in membership.members if member.key not in superiors]
    named = RaterPlan.people.through.objects.filter(raterplan__cycle=cycle).values("person")
    wanted = Person.objects.filter((on_post & ~Q(pk__in=rated)) | Q(pk__in=named))
    rows = wanted.annotate(team=F("assignments__team__name")).order_by("team", "key")[:MOST_TO_CHOOSE]
    return list({person.pk: person for person in rows}.values())
