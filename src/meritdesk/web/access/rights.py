"""Roles, and the rights each has. With the routes (URL × method → right) this is the whole access table.

A grant of a role reaches its team, its department or everybody; `own` lets everybody use the right on what is theirs.
`assigned` lets those use it who were given the task: a rater their form, a decider their appeal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import models

from meritdesk.web.ui.text import lazy


class Role(models.TextChoices):
    """The roles of design.md; everybody who has a person is an agent in their own matters without any grant."""

    AGENT = "agent", lazy("客服代表")
    TEAM_LEAD = "team_lead", lazy("班组长")
    SUPERVISOR = "supervisor", lazy("主管")
    QA = "qa", lazy("质检专员")
    TRAINER = "trainer", lazy("培训专员")
    PANEL = "panel", lazy("考核小组成员")
    HR = "hr", lazy("人事专员")
    FINANCE = "finance", lazy("财务")
    AUDITOR = "auditor", lazy("审计员")
    ADMINISTRATOR = "administrator", lazy("系统管理员")


@dataclass(frozen=True, kw_only=True)
class Right:
    """Who may: roles (within the reach of each grant), everybody on their own, or those who were given the task."""

    title: object
    roles: frozenset[Role] = frozenset()
    own: bool = False
    assigned: bool = False


def _right(title: object, *roles: Role, own: bool = False, assigned: bool = False) -> Right:
    return Right(title=title, roles=frozenset(roles), own=own, assigned=assigned)


PUBLIC = "public"
SIGNED_IN = "signed-in"
"""Not rights but the absence of a demand: anybody, and anybody signed in."""

_R = Role
RIGHTS: Mapping[str, Right] = {
    # access
    "accounts.manage": _right(lazy("管理账号与角色"), _R.ADMINISTRATOR),
    "delegations.manage": _right(lazy("安排代办"), _R.ADMINISTRATOR, _R.HR, own=True),
    "audit.read": _right(lazy("查看审计记录"), _R.AUDITOR),
    # people
    "people.read": _right(lazy("查看组织与任职"), _R.HR, _R.SUPERVISOR, _R.TEAM_LEAD, _R.AUDITOR),
    "people.write": _right(lazy("维护组织与任职"), _R.HR),
    # schemes
    "schemes.read": _right(lazy("查看方案草稿与版本"), _R.HR, _R.PANEL, _R.SUPERVISOR, _R.AUDITOR),
    "schemes.write": _right(lazy("编写方案"), _R.HR, _R.PANEL),
    "schemes.publish": _right(lazy("审核发布方案"), _R.HR, _R.PANEL, _R.SUPERVISOR),
    # cycles
    "cycles.read": _right(lazy("查看考核进度"), _R.HR, _R.SUPERVISOR, _R.TEAM_LEAD, _R.PANEL, _R.AUDITOR),
    "cycles.run": _right(lazy("组织考核"), _R.HR),
    "targets.propose": _right(lazy("提出个人目标"), _R.TEAM_LEAD, _R.SUPERVISOR, _R.HR),
    "targets.agree": _right(lazy("确认个人目标"), own=True),
    "notes.write": _right(lazy("记录平时表现"), _R.TEAM_LEAD, _R.SUPERVISOR, _R.QA, _R.TRAINER),
    "self.write": _right(lazy("填写自评"), own=True),
    "ratings.write": _right(lazy("评分"), assigned=True),
    "ratings.read": _right(lazy("查看各评分人的评分"), _R.HR, _R.PANEL, _R.SUPERVISOR, _R.AUDITOR),
    "calibration.decide": _right(lazy("主持校准"), _R.PANEL, _R.SUPERVISOR),
    "review.decide": _right(lazy("小组复核"), _R.PANEL),
    "results.read": _right(lazy("查看考核结果"), _R.TEAM_LEAD, _R.SUPERVISOR, _R.PANEL, _R.HR, _R.AUDITOR, own=True),
    "results.publish": _right(lazy("发布结果"), _R.HR),
    "interviews.hold": _right(lazy("进行绩效面谈"), _R.TEAM_LEAD, _R.SUPERVISOR),
    "interviews.confirm": _right(lazy("确认面谈"), own=True),
    "results.sign": _right(lazy("签字确认"), own=True),
    "results.witness": _right(lazy("见证拒签或逾期"), _R.TEAM_LEAD, _R.SUPERVISOR, _R.HR),
    "appeals.file": _right(lazy("提出申诉"), own=True),
    "appeals.read": _right(lazy("查看申诉"), _R.HR, _R.PANEL, _R.AUDITOR, own=True),
    "appeals.decide": _right(lazy("裁定申诉"), _R.PANEL),
    "corrections.approve": _right(lazy("批准不利更正"), _R.HR, _R.SUPERVISOR),
    "cycles.close": _right(lazy("关闭与归档"), _R.HR),
    "archives.read": _right(lazy("下载存档"), _R.HR, _R.AUDITOR),
}
