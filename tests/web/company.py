"""A small company with accounts of every role: what the tests of the web part work on.

Two teams in one department, a third in another; every account has the password PASSWORD.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from meritdesk.web.access.models import RoleGrant, User
from meritdesk.web.access.rights import Role
from meritdesk.web.people.models import Assignment, Department, Person, Position, Team

PASSWORD = "correct horse 9 battery"
FIRST_DAY = date(2020, 1, 1)


@dataclass
class Company:
    """What was made, by short names: `users["hr"]`, `people["agent"]`, `teams["one"]`."""

    departments: dict[str, Department] = field(default_factory=dict)
    teams: dict[str, Team] = field(default_factory=dict)
    positions: dict[str, Position] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)

    def add_person(self, short: str, name: str, team: str, *, position: str = "agent", superior: str = "") -> Person:
        """Make somebody on post in a team since 2020."""
        person = Person.objects.create(key=f"K-{short}", name=name)
        Assignment.objects.create(
            person=person,
            team=self.teams[team],
            position=self.positions[position],
            superior=self.people[superior] if superior else None,
            valid_from=FIRST_DAY,
        )
        self.people[short] = person
        return person

    def add_user(self, short: str, name: str = "", **fields: object) -> User:
        """Make an account; of the person called the same, if there is one."""
        person = self.people.get(short)
        user = User(username=short, name=name or (person.name if person else short), person=person, **fields)
        user.set_password(PASSWORD)
        user.save()
        self.users[short] = user
        return user

    def grant(self, short: str, role: Role, *, department: str = "", team: str = "") -> RoleGrant:
        """Give an account a role: for a team, a department, or all."""
        return RoleGrant.objects.create(
            user=self.users[short],
            role=role,
            department=self.departments[department] if department else None,
            team=self.teams[team] if team else None,
        )


ROSTER = (
    # short, name, team, position, superior
    ("supervisor", "沈主管", "one", "supervisor", ""),
    ("lead", "林班长", "one", "lead", "supervisor"),
    ("agent", "安小明", "one", "agent", "lead"),
    ("colleague", "康同事", "one", "agent", "lead"),
    ("lead2", "罗班长", "two", "lead", "supervisor"),
    ("agent2", "欧阳二", "two", "agent", "lead2"),
    ("lead3", "郎班长", "three", "lead", ""),
    ("agent3", "司马三", "three", "agent", "lead3"),
    ("qa", "秦质检", "two", "staff", "supervisor"),
    ("trainer", "陶培训", "two", "staff", "supervisor"),
    ("panel", "潘小组", "two", "staff", "supervisor"),
    ("hr", "何人事", "three", "staff", ""),
    ("hr2", "黄人事", "three", "staff", ""),
    ("finance", "冯财务", "three", "staff", ""),
)
OUTSIDE = (("auditor", "邓审计"), ("admin", "管理员"), ("admin2", "副管理员"))
GRANTS = (
    # short, role, department, team
    ("lead", Role.TEAM_LEAD, "", "one"),
    ("lead2", Role.TEAM_LEAD, "", "two"),
    ("lead3", Role.TEAM_LEAD, "", "three"),
    ("supervisor", Role.SUPERVISOR, "service", ""),
    ("panel", Role.PANEL, "service", ""),
    ("qa", Role.QA, "", ""),
    ("trainer", Role.TRAINER, "", ""),
    ("hr", Role.HR, "", ""),
    ("hr2", Role.HR, "", ""),
    ("finance", Role.FINANCE, "", ""),
    ("auditor", Role.AUDITOR, "", ""),
    ("admin", Role.ADMINISTRATOR, "", ""),
    ("admin2", Role.ADMINISTRATOR, "", ""),
)


def make_company() -> Company:
    """Make the company: 3 teams in 2 departments, 14 people, 17 accounts."""
    company = Company()
    for short, name in (("service", "客服部"), ("sales", "销售部")):
        company.departments[short] = Department.objects.create(name=name)
    for short, name, department in (("one", "一组", "service"), ("two", "二组", "service"), ("three", "三组", "sales")):
        company.teams[short] = Team.objects.create(name=name, department=company.departments[department])
    for short, title in (("agent", "客服代表"), ("lead", "班组长"), ("supervisor", "主管"), ("staff", "职能专员")):
        company.positions[short] = Position.objects.create(code=short, title=title)
    for short, name, team, position, superior in ROSTER:
        company.add_person(short, name, team, position=position, superior=superior)
        company.add_user(short)
    for short, name in OUTSIDE:
        company.add_user(short, name)
    for short, role, department, team in GRANTS:
        company.grant(short, role, department=department, team=team)
    return company
