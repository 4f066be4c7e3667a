"""What the pages of the organisation show, and the doors to its teams and people: what one may not see gives 404."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

from meritdesk.web.access.models import User
from meritdesk.web.access.reach import Reach, reach
from meritdesk.web.people.models import Assignment, Department, Person, Position, Team
from meritdesk.web.people.order import counted_name
from meritdesk.web.people.queries.roster import in_full, on_day
from meritdesk.web.people.reach import people_in_reach

SOON_DAYS = 30


@dataclass(frozen=True)
class TeamLine:
    """A team on a day: how many, under whom, and what changes soon."""

    team: Team
    headcount: int
    leads: Sequence[str]
    """Names of those to whom most of its people report."""
    joining: int
    leaving: int


@dataclass(frozen=True)
class DepartmentBlock:
    """A department on a day."""

    department: Department
    teams: Sequence[TeamLine]

    @property
    def headcount(self) -> int:
        """Return how many people it has."""
        return sum(line.headcount for line in self.teams)


@dataclass(frozen=True)
class PersonPage:
    """Somebody's assignments, latest first, and the people around them."""

    person: Person
    assignments: Sequence[Assignment]
    present: Assignment | None
    upcoming: Assignment | None
    leaves_on: date | None
    """The last day, where one is known and has not passed."""
    left: bool
    reports: Sequence[Assignment]
    reports_in_reach: frozenset[int]


# ---- doors -----------------------------------------------------------------------------------------------------------


def teams_in_reach(user: User, right: str) -> QuerySet[Team]:
    """Return the teams whose people the account reaches under the right."""
    return Team.objects.filter(_of_teams(reach(user, right))).select_related("department")


def access_team(user: User, right: str, pk: int) -> Team:
    """Return a team in reach; 404 for another."""
    return get_object_or_404(teams_in_reach(user, right), pk=pk)


def access_department(user: User, right: str, pk: int) -> Department:
    """Return a department all of which is in reach; 404 for another."""
    scope = reach(user, right)
    allowed = Department.objects.all() if scope.everybody else Department.objects.filter(pk__in=scope.departments)
    return get_object_or_404(allowed, pk=pk)


def access_person(user: User, right: str, pk: int) -> Person:
    """Return somebody in reach; 404 for anybody else."""
    return get_object_or_404(people_in_reach(user, right), pk=pk)


def access_assignment(user: User, right: str, pk: int) -> Assignment:
    """Return an assignment of somebody in reach; 404 for another."""
    return get_object_or_404(in_full(Assignment.objects.filter(person__in=people_in_reach(user, right))), pk=pk)


def reaches_everything(user: User, right: str) -> bool:
    """Return whether the account reaches the whole company under the right."""
    return reach(user, right).everybody


def access_everything(user: User, right: str) -> None:
    """Pass if the account reaches the whole company under the right; 404 otherwise."""
    if not reaches_everything(user, right):
        raise Http404


def in_reach(user: User, right: str, person: Person) -> bool:
    """Return whether the account reaches somebody under the right."""
    return people_in_reach(user, right).filter(pk=person.pk).exists()


# ---- pages -----------------------------------------------------------------------------------------------------------


def organisation(user: User, day: date) -> list[DepartmentBlock]:
    """Return the departments and teams in reach with their figures on a day; five queries."""
    scope = reach(user, "people.read")
    teams = list(teams_in_reach(user, "people.read"))
    teams.sort(key=lambda team: (team.department.name, counted_name(team.name)))
    there = Assignment.objects.filter(team__in=[team.pk for team in teams])
    soon = day + timedelta(days=SOON_DAYS)
    heads = _counted(there.filter(on_day(day)))
    joining = _counted(there.filter(valid_from__gt=day, valid_from__lte=soon))
    leaving = _counted(there.filter(on_day(day), valid_to__lte=soon))
    leads = _leads(there.filter(on_day(day)))
    blocks: dict[int, tuple[Department, list[TeamLine]]] = {}
    if scope.everybody:
        blocks = {department.pk: (department, []) for department in Department.objects.order_by("name")}
    for team in teams:
        line = TeamLine(
            team, heads.get(team.pk, 0), leads.get(team.pk, ()), joining.get(team.pk, 0), leaving.get(team.pk, 0)
        )
        blocks.setdefault(team.department_id, (team.department, []))[1].append(line)
    return [DepartmentBlock(department, lines) for department, lines in blocks.values()]


def people_on(user: User, day: date, *, team: int | None = None, text: str = "") -> QuerySet[Assignment]:
    """Return the assignments of a day of people in reach then; `may_open`: whether they are in reach today."""
    found = Assignment.objects.filter(on_day(day), person__in=people_in_reach(user, "people.read", day))
    # A reach may lead to somebody through another team than the one of the day.
    found = found.filter(team__in=[team] if team else teams_in_reach(user, "people.read"))
    for word in text.split():
        found = found.filter(
            Q(person__name__icontains=word)
            | Q(person__key__istartswith=word)
            | Q(person__email__istartswith=word)
            | Q(position__title__icontains=word)
        )
    open_today = people_in_reach(user, "people.read").filter(pk=OuterRef("person"))
    return in_full(found).annotate(may_open=Exists(open_today))


def roster_for_export(user: User, day: date | None) -> list[Assignment]:
    """Return the assignments of a day (or all, without one) of people in reach, by key and day; one query."""
    found = Assignment.objects.filter(person__in=people_in_reach(user, "people.read", day))
    found = found.filter(team__in=teams_in_reach(user, "people.read"))
    if day is not None:
        found = found.filter(on_day(day))
    return list(in_full(found).order_by("person__key", "valid_from"))


def person_page(user: User, person: Person, today: date) -> PersonPage:
    """Return what the page of a person shows; three queries."""
    assignments = list(in_full(person.assignments.order_by("-valid_from")))
    begun = [a for a in assignments if a.valid_from <= today]
    present = next((a for a in begun if a.valid_to is None or a.valid_to > today), None)
    upcoming = next((a for a in reversed(assignments) if a.valid_from > today), None)
    end = assignments[0].valid_to if assignments else None
    reports = list(in_full(person.reports.filter(on_day(today)).order_by("team__name", "person__key")))
    reached = people_in_reach(user, "people.read").filter(pk__in=[a.person_id for a in reports]) if reports else ()
    return PersonPage(
        person=person,
        assignments=assignments,
        present=present,
        upcoming=upcoming,
        leaves_on=end - timedelta(days=1) if end and end > today else None,
        left=bool(end and end <= today),
        reports=reports,
        reports_in_reach=frozenset(other.pk for other in reached),
    )


def superiors_of_note() -> list[Person]:
    """Return those who have people under them, for suggestions; at most 200."""
    return list(Person.objects.filter(pk__in=Assignment.objects.values("superior")).order_by("name")[:200])


def people_called(text: str) -> list[Person]:
    """Return the person with this staff key, or those with this name."""
    by_key = list(Person.objects.filter(key=text))
    return by_key or list(Person.objects.filter(name=text).order_by("key")[:10])


def places(user: User) -> tuple[list[Department], list[Position]]:
    """Return the departments (with `teams`, in reach for writing) and the positions, for setting them up."""
    teams = list(teams_in_reach(user, "people.write").annotate(ever=Count("assignments")))
    teams.sort(key=lambda team: counted_name(team.name))
    scope = reach(user, "people.write")
    departments = Department.objects.order_by("name")
    if not scope.everybody:
        departments = departments.filter(pk__in=[team.department_id for team in teams])
    found = list(departments)
    for department in found:
        department.lines = [team for team in teams if team.department_id == department.pk]  # type: ignore[attr-defined]
    return found, list(Position.objects.annotate(ever=Count("assignments")).order_by("title"))


def _of_teams(scope: Reach) -> Q:
    return Q() if scope.everybody else Q(pk__in=scope.teams) | Q(department__in=scope.departments)


def _counted(assignments: QuerySet[Assignment]) -> Mapping[int, int]:
    return dict(assignments.order_by().values_list("team").annotate(n=Count("person", distinct=True)))


def _leads(assignments: QuerySet[Assignment]) -> dict[int, tuple[str, ...]]:
    """Return the superiors of each team's people, those with most of them first, two at most."""
    rows = (
        assignments.exclude(superior=None)
        .order_by()
        .values_list("team", "superior__name")
        .annotate(n=Count("pk"))
        .order_by("team", "-n", "superior__name")
    )
    leads: dict[int, tuple[str, ...]] = {}
    for team, name, _n in rows:
        if len(leads.setdefault(team, ())) < 2:
            leads[team] = (*leads[team], name)
    return leads
