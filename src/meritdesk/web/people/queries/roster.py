"""The roster as rows: for cycles, for exports, and as the state an import is planned against. A few queries each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.db.models import Q, QuerySet

from meritdesk.web.people.imports.present import Known, Present, Stay
from meritdesk.web.people.models import Assignment, Department, Person, Position, Team


def on_day(day: date) -> Q:
    """Return the condition on Assignment: in force on the day."""
    return Q(valid_from__lte=day) & (Q(valid_to__isnull=True) | Q(valid_to__gt=day))


def within(first: date, last: date) -> Q:
    """Return the condition on Assignment: in force on some day of [first, last]."""
    return Q(valid_from__lte=last) & (Q(valid_to__isnull=True) | Q(valid_to__gt=first))


def roster_rows(
    department: Department | None, team: Team | None, first: date, last: date
) -> list[dict[str, str | date | None]]:
    """Return every assignment that has a day in [first, last], of a department, a team or all; one query.

    Keys: person, name, department, team, position (code), superior (staff key or ""), job_grade, skill_grade,
    valid_from, valid_to (the day after the last one; None while it runs). Ordered by person and day.
    """
    assignments = Assignment.objects.filter(within(first, last))
    if department is not None:
        assignments = assignments.filter(team__department=department)
    if team is not None:
        assignments = assignments.filter(team=team)
    return [
        {
            "person": row.person.key,
            "name": row.person.name,
            "department": row.team.department.name,
            "team": row.team.name,
            "position": row.position.code,
            "superior": row.superior.key if row.superior else "",
            "job_grade": row.job_grade,
            "skill_grade": row.skill_grade,
            "valid_from": row.valid_from,
            "valid_to": row.valid_to,
        }
        for row in in_full(assignments).order_by("person__key", "valid_from")
    ]


def in_full(assignments: QuerySet[Assignment]) -> QuerySet[Assignment]:
    """Return the assignments with everything that is shown of them, in one query."""
    return assignments.select_related("person", "team__department", "position", "superior")


def present_organisation() -> Present:
    """Return the organisation with everybody's assignments, by names; five queries."""
    departments = dict(Department.objects.values_list("name", "pk"))
    teams = {(home, name): pk for pk, home, name in Team.objects.values_list("pk", "department__name", "name")}
    positions = {p.code: (p.pk, p.title, p.title_en) for p in Position.objects.all()}
    people = list(Person.objects.order_by("pk").values_list("pk", "key", "name", "email"))
    keys = {pk: key for pk, key, _name, _email in people}
    stays = _stays(keys)
    known = {key: Known(pk, key, name, email, tuple(stays.get(pk, ()))) for pk, key, name, email in people}
    return Present(departments, teams, positions, known)


def _stays(keys: Mapping[int, str]) -> dict[int, list[Stay]]:
    rows = Assignment.objects.order_by("valid_from").values_list(
        "pk",
        "person",
        "team__department__name",
        "team__name",
        "position__code",
        "superior",
        "job_grade",
        "skill_grade",
        "valid_from",
        "valid_to",
    )
    stays: dict[int, list[Stay]] = {}
    for pk, person, department, team, position, superior, job_grade, skill_grade, valid_from, valid_to in rows:
        stays.setdefault(person, []).append(
            Stay(
                department,
                team,
                position,
                keys[superior] if superior else "",
                job_grade,
                skill_grade,
                valid_from,
                valid_to,
                pk,
            )
        )
    return stays
