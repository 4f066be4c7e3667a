"""The roster of a file, written in one act: everything that the preview showed, or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from meritdesk.language import _
from meritdesk.web.access.actions import Fact, Refused, action, claim_once, record_many
from meritdesk.web.access.models import User
from meritdesk.web.people.actions.organisation import position_code
from meritdesk.web.people.imports.plan import Plan, PlannedPerson
from meritdesk.web.people.imports.present import Present, Stay
from meritdesk.web.people.models import Assignment, Department, Person, Position, Team
from meritdesk.web.people.queries.imports import Request, planned

CHUNK = 400


@action
def do_import(
    *, acting_user: User, request: Request, fingerprint: str, only_without_errors: bool, once_key: str
) -> Plan:
    """Write what the rows of a file say and return the plan that was carried out.

    The plan is made again here, on locked people; Refused when it is no longer the one that was shown (`fingerprint`),
    when nothing would change, or when rows are faulty and `only_without_errors` was not chosen.
    """
    claim_once(once_key, acting_user, "people.import")
    list(Person.objects.select_for_update().order_by("pk").values_list("pk", flat=True))
    plan, present = planned(acting_user, request)
    if plan.fingerprint != fingerprint:
        raise Refused("changed-meanwhile", _("名册在预览之后有了变化，没有导入"), _("请看过新的预览再确认"))
    errors = plan.totals["error"]
    if errors and not only_without_errors:
        message = _("有 {n} 行有错，没有导入任何一行").format(n=errors)
        raise Refused("rows-with-errors", message, _("改正文件后重新上传，或选择“只导入没有错误的行”"))
    people = [person for person in plan.people if person.changed]
    if not people:
        raise Refused("nothing-to-do", _("文件与名册一致，没有要导入的内容"))
    _write(acting_user, plan, present, people)
    return plan


def _write(acting_user: User, plan: Plan, present: Present, people: Sequence[PlannedPerson]) -> None:
    teams, positions = _make_places(acting_user, plan, present)
    ids = {key: known.pk for key, known in present.people.items()}
    new = [Person(key=person.key, name=person.name, email=person.email) for person in people if person.known is None]
    for made in Person.objects.bulk_create(new, batch_size=CHUNK):
        ids[made.key] = made.pk
    old = Person.objects.in_bulk([p.known.pk for p in people if p.known])
    changed: list[Person] = []
    opened: list[Assignment] = []
    altered: list[Assignment] = []
    facts: list[Fact] = []
    for planned_person in people:
        known = planned_person.known
        person = old[known.pk] if known else Person(pk=ids[planned_person.key], key=planned_person.key)
        person.name, person.email = planned_person.name, planned_person.email
        if known:
            person.version += 1
            changed.append(person)
        before = {stay.pk: stay for stay in known.stays} if known else {}
        for stay in planned_person.stays:
            if stay.pk == 0 or before[stay.pk] != stay:
                assignment = _assignment(stay, person.pk, teams, positions, ids)
                (altered if stay.pk else opened).append(assignment)
        facts.append(_fact(person, planned_person))
    Person.objects.bulk_update(changed, ["email", "version"], batch_size=CHUNK)
    # Those that end come before those that begin: no two of one person share a first day meanwhile.
    fields = ["team", "position", "superior", "job_grade", "skill_grade", "valid_from", "valid_to"]
    Assignment.objects.bulk_update(altered, fields, batch_size=CHUNK)
    Assignment.objects.bulk_create(opened, batch_size=CHUNK)
    record_many(acting_user, "person.import", facts)


def _make_places(acting_user: User, plan: Plan, present: Present) -> tuple[dict[tuple[str, str], int], dict[str, int]]:
    """Make the departments, teams and positions that are new; return the ids of all."""
    departments, teams = dict(present.departments), dict(present.teams)
    positions = {code: pk for code, (pk, _title, _english) in present.positions.items()}
    made = Department.objects.bulk_create(Department(name=name) for name in plan.departments)
    departments |= {department.name: department.pk for department in made}
    homes = {department.pk: department for department in made}
    new_teams = Team.objects.bulk_create(Team(department_id=departments[home], name=name) for home, name in plan.teams)
    names = {pk: name for name, pk in departments.items()}
    teams |= {(names[team.department_id], team.name): team.pk for team in new_teams}
    taken = set(positions)
    new_positions = []
    for title in plan.positions:
        code = position_code(title, taken)
        taken.add(code)
        new_positions.append(Position(code=code, title=title))
    for position in Position.objects.bulk_create(new_positions):
        # A title that was still without a position stands for it in the plan.
        positions[position.title] = position.pk
    facts = {
        "department.create": [Fact(target=d, new={"name": d.name}) for d in homes.values()],
        "team.create": [Fact(target=t, new={"department": names[t.department_id], "name": t.name}) for t in new_teams],
        "position.create": [Fact(target=p, new={"code": p.code, "title": p.title}) for p in new_positions],
    }
    for name, about in facts.items():
        if about:
            record_many(acting_user, name, about)
    return teams, positions


def _assignment(
    stay: Stay, person: int, teams: dict[tuple[str, str], int], positions: dict[str, int], ids: dict[str, int]
) -> Assignment:
    return Assignment(
        pk=stay.pk or None,
        person_id=person,
        team_id=teams[stay.department, stay.team],
        position_id=positions[stay.position],
        superior_id=ids[stay.superior] if stay.superior else None,
        job_grade=stay.job_grade,
        skill_grade=stay.skill_grade,
        valid_from=stay.valid_from,
        valid_to=stay.valid_to,
    )


def _fact(person: Person, planned_person: PlannedPerson) -> Fact:
    known = planned_person.known
    old = {"email": known.email, "assignments": _told(known.stays)} if known else None
    new = {"key": person.key, "name": person.name, "email": person.email, "assignments": _told(planned_person.stays)}
    return Fact(target=person, old=old, new=new, person=person.key, name=person.name)


def _told(stays: Iterable[Stay]) -> list[list[object]]:
    return [[*stay.post, stay.valid_from, stay.valid_to] for stay in stays]
