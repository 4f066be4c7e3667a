"""Who works in the demo company, and their accounts. Everybody is invented."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.hashers import make_password

from meritdesk.language import _
from meritdesk.roster import to_date
from meritdesk.web.access.account_actions import do_create_account, do_grant_role
from meritdesk.web.access.models import User
from meritdesk.web.access.rights import Role
from meritdesk.web.people.actions.assignments import Post, do_end, do_hire, do_transfer
from meritdesk.web.people.actions.organisation import do_create_department, do_create_position, do_create_team
from meritdesk.web.people.models import Department, Person, Position, Team

PASSWORD = "meritdesk-demo-2025"
"""Of all demo accounts; shown on the sign-in page of the demo, and of the demo only."""

DEPARTMENT = "客服部"
OFFICE = "管理"
POSITIONS = {
    "客服代表": ("agent", "Agent"), "班组长": ("team_lead", "Team lead"), "客服经理": ("manager", "Manager"),
    "质检专员": ("qa_specialist", "QA specialist"), "人事专员": ("hr", "HR"), "培训主管": ("trainer", "Trainer"),
    "财务": ("finance", "Finance"),
}  # fmt: skip
TITLES = {"质检员": "质检专员"} | {code: title for title, (code, _english) in POSITIONS.items()}
"""What the sample's roster and its mapping write otherwise."""
MORE = (
    # Staff key, name, position: who the sample's roster does not have.
    ("P01", "顾明远", "培训主管"), ("P02", "陆清和", "客服经理"), ("H02", "邵一宁", "人事专员"),
    ("F01", "崔立行", "财务"),
)  # fmt: skip

SHOWN = {
    "A0304": ("客服代表", "四组：看结果、签字或申诉"),
    "A0306": ("客服代表", "四组：确认面谈"),
    "A0401": ("客服代表", "五组：申诉已成立，结果有更正"),
    "A0002": ("客服代表", "一组：填写自评"),
    "L02": ("班组长", "二组：正在评分"),
    "L04": ("班组长", "四组：面谈"),
    "M01": ("主管", "整个部门：进度、校准、结果"),
    "Q01": ("质检专员", "质检评分"),
    "H01": ("人事专员", "组织考核、发布、归档"),
    "H02": ("人事专员", "第二位人事"),
    "P01": ("考核小组", "校准、复核、裁定申诉"),
    "auditor": ("审计员", "审计记录与存档"),
    "admin": ("系统管理员", "账号、角色、代办"),
}
"""Accounts that the sign-in page of the demo offers: staff key → (role, what can be seen)."""


@dataclass
class Staff:
    """The people, teams and accounts of the demo."""

    department: Department
    teams: dict[str, Team]
    people: dict[str, Person]
    users: dict[str, User]


def hire_everybody(system: User, rows: list[dict[str, Any]], since: date) -> Staff:
    """Put the sample's roster and a few more on the books."""
    department = do_create_department(acting_user=system, name=DEPARTMENT)
    names = dict.fromkeys([OFFICE, *(row["team"] for row in rows)])
    teams = {name: do_create_team(acting_user=system, department=department, name=name) for name in names}
    positions = {
        title: do_create_position(acting_user=system, title=title, code=code, title_en=english)
        for title, (code, english) in POSITIONS.items()
    }
    staff = Staff(department, teams, {}, {})
    own: dict[str, list[dict[str, Any]]] = {}
    for row in sorted(rows, key=lambda row: row["valid_from"]):
        own.setdefault(row["person"], []).append(row)
    # Superiors first: nobody can be put under somebody who is not there yet.
    for key in sorted(own, key=lambda key: ("MQHLA".index(key[0]), key)):
        _assign(system, staff, positions, own[key])
    for key, name, title in MORE:
        post = Post(team=teams[OFFICE], position=positions[title], superior=staff.people["M01"])
        staff.people[key] = do_hire(
            acting_user=system, key=key, name=name, post=post, valid_from=since, once_key=uuid4().hex
        )
    return staff


def _assign(system: User, staff: Staff, positions: dict[str, Position], rows: list[dict[str, Any]]) -> None:
    """Hire somebody, move them for each further row, and note when they leave."""
    for number, row in enumerate(rows):
        title = TITLES.get(row["position"], row["position"])
        post = Post(
            team=staff.teams[row["team"]], position=positions[title], superior=staff.people.get(row["superior"] or ""),
            job_grade="P4" if title == "班组长" else "P2",
            skill_grade="S2",
        )  # fmt: skip
        key, begins = row["person"], to_date(row["valid_from"])
        if number == 0:
            staff.people[key] = do_hire(
                acting_user=system, key=key, name=row["name"], post=post, valid_from=begins, once_key=uuid4().hex
            )
            continue
        person = Person.objects.get(key=key)
        do_transfer(acting_user=system, person=person, version=person.version, post=post, valid_from=begins)
    if (ends := rows[-1]["valid_to"]) is not None:
        person = Person.objects.get(key=rows[0]["person"])
        do_end(acting_user=system, person=person, version=person.version, last_day=to_date(ends - 1))


def open_accounts(staff: Staff, admin: User) -> None:
    """Give everybody an account, and the roles that the demo shows."""
    same = make_password(PASSWORD)
    for key, person in staff.people.items():
        staff.users[key] = do_create_account(
            acting_user=admin, username=key.lower(), name=person.name, person=person
        )[0]
    auditor, _password = do_create_account(acting_user=admin, username="auditor", name=_("外部审计"))
    staff.users |= {"auditor": auditor, "admin": admin}
    User.objects.update(password=same, must_change_password=False)
    whole, teams = {"department": staff.department}, staff.teams
    grants: list[tuple[str, Role, dict[str, Any]]] = [
        ("M01", Role.SUPERVISOR, whole), ("Q01", Role.QA, whole), ("H01", Role.HR, {}), ("H02", Role.HR, {}),
        ("P01", Role.PANEL, whole), ("P01", Role.TRAINER, whole), ("P02", Role.PANEL, whole),
        ("F01", Role.FINANCE, {}), ("auditor", Role.AUDITOR, {}),
    ]  # fmt: skip
    leads = {a.team_id: p for p in staff.people.values() for a in p.assignments.filter(position__code="team_lead")}
    grants += [(leads[t.pk].key, Role.TEAM_LEAD, {"team": t}) for t in teams.values() if t.pk in leads]
    for key, role, scope in grants:
        do_grant_role(acting_user=admin, user=staff.users[key], role=role, **scope)


def list_accounts(staff: Staff, shown: dict[str, tuple[str, str]]) -> Path:
    """Write the accounts that the sign-in page of the demo offers: staff key → (role, what can be seen)."""
    listed = [
        {
            "username": staff.users[key].username,
            "name": staff.users[key].name,
            "role": role,
            "hint": hint,
            "password": PASSWORD,
        }
        for key, (role, hint) in shown.items()
    ]
    path = Path(settings.HOME) / "demo-accounts.json"
    path.write_text(json.dumps(listed, ensure_ascii=False, indent=1), encoding="utf-8")
    return path
