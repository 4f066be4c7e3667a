"""What stands behind the addresses with arguments, for the test of the access table: `SUBJECTS[url name]`.

A subject is made by `function(company, person) -> Subject | None` for a person who may be the acting account's own, of
the same team or of another; None where the address has nothing to do with that person. What does not exist is tried
for every address without further ado. Who sees a subject is stated here independently of the code under test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from importlib import resources

from meritdesk.web.access.models import Delegation, User
from meritdesk.web.cycles.models import Appraisal, Cycle, DataFile
from meritdesk.web.jobs.models import Job
from meritdesk.web.people.models import CalendarDay, Person, Team
from meritdesk.web.schemes.models import Scheme, SchemeVersion
from tests.web.access_reach import reaches, reaches_department, reaches_everybody, reaches_team, roles
from tests.web.access_subjects_deciding import DECIDING_SUBJECTS
from tests.web.access_subjects_rating import RATING_SUBJECTS
from tests.web.access_subjects_results import RESULT_ABSENT_ONLY, RESULT_SUBJECTS
from tests.web.company import Company

TEMPLATE = "r4-support-center"
Sees = Callable[[User, str], bool]


@dataclass(frozen=True)
class Subject:
    """Arguments of an address, and who sees what is there (account, right) → bool, the right itself granted."""

    kwargs: Mapping[str, object]
    sees: Sees
    sent: Mapping[str, object] = field(default_factory=dict)
    """What must be sent so that the page finds what it is asked for."""


Maker = Callable[[Company, Person], "Subject | None"]


def everybody(user: User, right: str) -> bool:
    """Who has the right sees it."""
    return True


def whole_company(user: User, right: str) -> bool:
    """Only who reaches everybody under the right sees it."""
    return reaches_everybody(user, right)


def _person(company: Company, person: Person) -> Subject:
    return Subject({"pk": person.pk}, lambda user, right: reaches(user, right, person))


def _team(company: Company, person: Person) -> Subject:
    team = person.assignments.get().team
    return Subject({"pk": team.pk}, lambda user, right: reaches_team(user, right, team))


def _department(company: Company, person: Person) -> Subject:
    return Subject({"pk": person.assignments.get().team.department_id}, whole_company)


def _position(company: Company, person: Person) -> Subject:
    return Subject({"pk": person.assignments.get().position_id}, whole_company)


def _assignment(company: Company, person: Person) -> Subject:
    return Subject({"pk": person.assignments.get().pk}, lambda user, right: reaches(user, right, person))


def _account(company: Company, person: Person) -> Subject:
    return Subject({"pk": person.user.pk}, everybody)


def _grant(company: Company, person: Person) -> Subject | None:
    grant = person.user.grants.first()
    return Subject({"pk": person.user.pk, "grant": grant.pk}, everybody) if grant else None


def _delegation(company: Company, person: Person) -> Subject:
    other = company.users["finance" if person.user.username != "finance" else "trainer"]
    made = Delegation.objects.create(
        absent=person.user, delegate=other, first_day=date(2001, 1, 1), last_day=date(2001, 1, 2)
    )

    def sees(user: User, right: str) -> bool:
        own = roles(user, borrowed=False)
        return bool({"hr", "administrator"} & own) or user.pk in (person.user.pk, other.pk)

    return Subject({"pk": made.pk}, sees)


def _job(company: Company, person: Person) -> Subject:
    job = Job.objects.create(kind="x", title="x", asked_by=person.user)
    return Subject({"pk": job.pk}, lambda user, right: user.pk == person.user.pk or "administrator" in roles(user))


def _day(company: Company, person: Person) -> Subject:
    day, _made = CalendarDay.objects.get_or_create(day=date(2026, 3, 2), defaults={"working": False})
    return Subject({"pk": day.pk}, everybody)


def _year(company: Company, person: Person) -> Subject:
    return Subject({"year": 2031}, everybody)


def _version(company: Company, person: Person, **more: object) -> Subject:
    version = _scheme(company, person).versions.get()
    return Subject({"pk": version.pk, **more}, partial(_sees_scheme, version.scheme))


def _begun(company: Company, person: Person) -> Subject:
    scheme = _scheme(company, person)
    return Subject({"pk": scheme.pk}, partial(_sees_scheme, scheme), {"base": scheme.versions.get().pk})


def _cases(company: Company, person: Person) -> Subject:
    return replace(_version(company, person), sent={"act": "text", "text": ""})


def _template(company: Company, person: Person) -> Subject:
    return Subject({"name": TEMPLATE}, everybody)


def _scheme(company: Company, person: Person) -> Scheme:
    """Return the scheme, a draft, of the person's department."""
    department = person.assignments.get().team.department
    scheme, made = Scheme.objects.get_or_create(
        name=f"d{department.pk}", defaults={"title": department.name, "department": department}
    )
    if made:
        text = resources.files("meritdesk.library").joinpath(f"schemes/{TEMPLATE}.yaml").read_text(encoding="utf-8")
        SchemeVersion.objects.create(scheme=scheme, number=1, text=text, written_by=company.users["hr"])
    return scheme


def _sees_scheme(scheme: Scheme, user: User, right: str) -> bool:
    """A draft is seen by who may read drafts of the department."""
    needed = "schemes.read" if right == "signed-in" else right
    return scheme.department is not None and reaches_department(user, needed, scheme.department)


def cycle_of(company: Company, person: Person) -> Cycle:
    """Return an open cycle of the person's team, with the person in it."""
    team = person.assignments.get().team
    version = _scheme(company, person).versions.get()
    version.content_hash = version.content_hash or "0" * 64
    version.save(update_fields=["content_hash"])
    cycle, _made = Cycle.objects.get_or_create(
        team=team, department=team.department, scheme_version=version, first_day=date(2025, 9, 1),
        last_day=date(2025, 9, 30),
        defaults={"title": team.name, "kind": "month", "state": "open", "created_by": company.users["hr"]},
    )  # fmt: skip
    Appraisal.objects.get_or_create(cycle=cycle, person=person, defaults={"team": team, "position": "agent"})
    return cycle


def _cycle(company: Company, person: Person) -> Subject:
    cycle = cycle_of(company, person)
    assert cycle.team is not None
    return Subject({"pk": cycle.pk}, partial(_sees_cycle, cycle.team))


def _data_file(company: Company, person: Person) -> Subject:
    cycle = cycle_of(company, person)
    assert cycle.team is not None
    file, _made = DataFile.objects.get_or_create(
        cycle=cycle, name="a.csv", defaults={"sha256": "0" * 64, "attached_by": company.users["hr"]}
    )
    return Subject({"pk": cycle.pk, "file": file.pk}, partial(_sees_cycle, cycle.team))


def _sees_cycle(team: Team, user: User, right: str) -> bool:
    """A cycle of a team is seen by who reaches the team; who is in it sees it only under rights on one's own."""
    return reaches_team(user, right, team)


SUBJECTS: dict[str, Maker] = {
    **RATING_SUBJECTS,
    **DECIDING_SUBJECTS,
    **RESULT_SUBJECTS,
    "account": _account,
    "account-grant": _account,
    "account-revoke": _grant,
    "account-open": _account,
    "account-close": _account,
    "account-password": _account,
    "account-second-factor": _account,
    "delegation-end": _delegation,
    "job": _job,
    "person": _person,
    "person-edit": _person,
    "person-transfer": _person,
    "person-superior": _person,
    "person-end": _person,
    "person-stay": _person,
    "assignment": _assignment,
    "assignment-withdraw": _assignment,
    "people-team": _team,
    "team-edit": _team,
    "team-edit-new": _department,
    "department-rename": _department,
    "position-rename": _position,
    "calendar-clear": _day,
    "calendar-cover": _year,
    "scheme-template": _template,
    "scheme-use": _template,
    "scheme-begin": _begun,
    "scheme-version": _version,
    "scheme-design": partial(_version, section="basics"),
    "scheme-tree": _version,
    "scheme-text": _version,
    "scheme-check": _version,
    "scheme-cases": _cases,
    "scheme-compare": _version,
    "scheme-publication": _version,
    "scheme-submit": _version,
    "scheme-take-back": _version,
    "scheme-send-back": _version,
    "scheme-publish": _version,
    "scheme-retire": _version,
    "scheme-discard": _version,
    "cycle-board": _cycle,
    "cycle-remind": _cycle,
    "cycle-setup": _cycle,
    "cycle-open": _cycle,
    "cycle-collect": _cycle,
    "cycle-begin-rating": _cycle,
    "cycle-deadlines": _cycle,
    "cycle-drop": _cycle,
    "cycle-raters": _cycle,
    "cycle-roster": _cycle,
    "cycle-data": _cycle,
    "cycle-upload": _cycle,
    "cycle-read": _cycle,
    "cycle-quarantine": _cycle,
    "cycle-file": _data_file,
    "cycle-targets": _cycle,
}

ALWAYS_THERE = {"calendar-cover"}
"""Addresses whose argument may be anything: there is nothing that could be absent."""

ABSENT_ONLY = {
    **RESULT_ABSENT_ONLY,
    "scheme-try": "asks for a part of the scheme as well; tests of the designer",
    "people-import-preview": "an import belongs to who began it; tests of people/imports",
    "people-import-confirm": "as above",
    "people-import-errors": "as above",
}
"""Addresses of which only what does not exist is tried here, and why."""
