"""Departments, teams and positions: made and renamed."""

from __future__ import annotations

import re
from collections.abc import Collection

from django.db import models

from meritdesk.language import _
from meritdesk.web.access.actions import Refused, action, record
from meritdesk.web.access.models import User
from meritdesk.web.people.models import Department, Position, Team

KNOWN_CODES = {
    "客服代表": "agent",
    "客服专员": "agent",
    "坐席": "agent",
    "班组长": "team_lead",
    "组长": "team_lead",
    "质检专员": "qa_specialist",
    "客服主管": "supervisor",
    "主管": "supervisor",
    "培训专员": "trainer",
    "人事专员": "hr",
    "财务专员": "finance",
}
"""Titles that the shipped schemes know by a code."""

LONGEST = 80


def position_code(title: str, taken: Collection[str]) -> str:
    """Return a code for a position called `title` that none of `taken` has: the usual one, its slug, or a number."""
    slug = re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")[:36] if title.isascii() else ""
    for code in (KNOWN_CODES.get(title, ""), slug):
        if code and code not in taken:
            return code
    number = 1
    while f"position_{number}" in taken:
        number += 1
    return f"position_{number}"


@action
def do_create_department(*, acting_user: User, name: str) -> Department:
    """Make a department."""
    name = _free_name(Department.objects.all(), name, _("部门“{name}”已经有了"))
    department = Department.objects.create(name=name)
    record(acting_user, "department.create", department, new={"name": name})
    return department


@action
def do_rename_department(*, acting_user: User, department: Department, name: str) -> None:
    """Give a department another name."""
    locked = Department.objects.select_for_update().get(pk=department.pk)
    name = _free_name(Department.objects.exclude(pk=locked.pk), name, _("部门“{name}”已经有了"))
    _rename(acting_user, "department.rename", locked, name)


@action
def do_create_team(*, acting_user: User, department: Department, name: str) -> Team:
    """Make a team in a department."""
    name = _free_name(Team.objects.filter(department=department), name, _("这个部门已有班组“{name}”"))
    team = Team.objects.create(department=department, name=name)
    record(acting_user, "team.create", team, new={"department": department.name, "name": name})
    return team


@action
def do_rename_team(*, acting_user: User, team: Team, name: str) -> None:
    """Give a team another name."""
    locked = Team.objects.select_for_update().get(pk=team.pk)
    others = Team.objects.filter(department=locked.department_id).exclude(pk=locked.pk)
    _rename(acting_user, "team.rename", locked, _free_name(others, name, _("这个部门已有班组“{name}”")))


@action
def do_create_position(*, acting_user: User, title: str, code: str = "", title_en: str = "") -> Position:
    """Make a position; without a code it gets one. Schemes name it by its code or title."""
    title = _free_name(Position.objects.all(), title, _("岗位“{name}”已经有了"), field="title")
    taken = set(Position.objects.values_list("code", flat=True))
    code = code.strip() or position_code(title, taken)
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,39}", code):
        message = _("岗位代码“{code}”不合规").format(code=code)
        raise Refused("bad-code", message, _("用小写字母开头的字母、数字、下划线"), "code")
    if code in taken:
        raise Refused("code-taken", _("岗位代码“{code}”已经有了").format(code=code), _("换一个代码，或留空"), "code")
    position = Position.objects.create(code=code, title=title, title_en=title_en.strip()[:LONGEST])
    record(acting_user, "position.create", position, new={"code": code, "title": title, "title_en": position.title_en})
    return position


@action
def do_rename_position(*, acting_user: User, position: Position, title: str, title_en: str = "") -> None:
    """Give a position other titles; its code stays, because schemes may name it."""
    locked = Position.objects.select_for_update().get(pk=position.pk)
    title = _free_name(Position.objects.exclude(pk=locked.pk), title, _("岗位“{name}”已经有了"), field="title")
    old = {"title": locked.title, "title_en": locked.title_en}
    locked.title, locked.title_en = title, title_en.strip()[:LONGEST]
    locked.save(update_fields=["title", "title_en"])
    record(acting_user, "position.rename", locked, old=old, new={"title": title, "title_en": locked.title_en})


def _rename(acting_user: User, action_name: str, target: Department | Team, name: str) -> None:
    old = target.name
    target.name = name
    target.save(update_fields=["name"])
    record(acting_user, action_name, target, old={"name": old}, new={"name": name})


def _free_name(others: models.QuerySet[models.Model], name: str, taken: str, *, field: str = "name") -> str:
    """Return the name with single blanks; Refused when it is empty, too long or taken."""
    name = " ".join(name.split())
    if not name:
        raise Refused("no-name", _("没有填写名称"), _("请填写名称"), field)
    if len(name) > LONGEST:
        raise Refused("name-too-long", _("名称超过 {n} 个字").format(n=LONGEST), _("请缩短名称"), field)
    if others.filter(**{f"{field}__iexact": name}).exists():
        raise Refused("name-taken", taken.format(name=name), _("换一个名称，或直接使用已有的"), field)
    return name
