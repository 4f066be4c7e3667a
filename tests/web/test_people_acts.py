"""Joining, transfers, leaving, corrections, superiors: the acts, their refusals, and what the audit keeps."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from meritdesk.web.access.actions import AlreadyDone, Conflict, Refused
from meritdesk.web.access.models import AuditEntry, User
from meritdesk.web.access.rights import Role
from meritdesk.web.people import actions
from meritdesk.web.people.actions.organisation import position_code
from meritdesk.web.people.models import Assignment, Department, Person, Position, Team
from meritdesk.web.people.ranges import circle, overlap
from tests.web.company import Company

SignIn = Callable[[User], Client]
DAY = date(2025, 10, 1)


def post(company: Company, team: str = "two", superior: str = "lead2", **grades: str) -> actions.Post:
    """Return a post of an agent in a team."""
    return actions.Post(
        team=company.teams[team],
        position=company.positions["agent"],
        superior=company.people[superior] if superior else None,
        **grades,
    )


def ranges(person: Person) -> list[tuple[date, date | None, str]]:
    """Return somebody's assignments: first day, day after the last, team."""
    rows = person.assignments.order_by("valid_from").values_list("valid_from", "valid_to", "team__name")
    return [(first, end, team) for first, end, team in rows]


def test_transfer_ends_the_running_assignment_the_day_before(company: Company) -> None:
    agent, hr = company.people["agent"], company.users["hr"]
    actions.do_transfer(acting_user=hr, person=agent, version=1, post=post(company, job_grade="P2"), valid_from=DAY)
    assert ranges(agent) == [(date(2020, 1, 1), DAY, "一组"), (DAY, None, "二组")]
    entry = AuditEntry.objects.get(action="person.transfer")
    assert entry.person == "K-agent"
    assert json.loads(entry.old)["assignment"]["team"] == "一组"
    assert json.loads(entry.new)["assignment"]["job_grade"] == "P2"
    assert Person.objects.get(pk=agent.pk).version == 2


def test_two_who_change_the_same_person(company: Company) -> None:
    """The second, who saw the older state, is told; nothing of theirs is written."""
    agent, hr = company.people["agent"], company.users["hr"]
    actions.do_end(acting_user=hr, person=agent, version=1, last_day=date(2025, 12, 31))
    with pytest.raises(Conflict):
        actions.do_transfer(acting_user=hr, person=agent, version=1, post=post(company), valid_from=DAY)
    assert ranges(agent) == [(date(2020, 1, 1), date(2026, 1, 1), "一组")]


def test_overlap_is_refused_and_names_both_ranges(company: Company) -> None:
    agent, hr = company.people["agent"], company.users["hr"]
    actions.do_transfer(acting_user=hr, person=agent, version=1, post=post(company), valid_from=DAY)
    with pytest.raises(Refused, match=r"2025-09-01 起 与已有的任职 2025-10-01 起（二组 客服代表）重叠"):
        actions.do_transfer(acting_user=hr, person=agent, version=2, post=post(company), valid_from=date(2025, 9, 1))
    with pytest.raises(Refused, match="这一天已有任职"):
        actions.do_transfer(acting_user=hr, person=agent, version=2, post=post(company), valid_from=DAY)
    assert ranges(agent) == [(date(2020, 1, 1), DAY, "一组"), (DAY, None, "二组")]
    first = agent.assignments.get(valid_from=date(2020, 1, 1))
    with pytest.raises(Refused, match="重叠"):
        actions.do_change_assignment(
            acting_user=hr, assignment=first, version=2, post=post(company), valid_from=first.valid_from,
            last_day=DAY, reason="试",
        )  # fmt: skip


def test_overlap_is_a_day_in_common() -> None:
    """Checked against counting the days, for every pair of short ranges; half-open, so neighbours do not overlap."""
    days = [date(2025, 1, n) for n in range(1, 7)]
    spans = [(first, end) for first in days for end in [*days, None] if end is None or end > first]
    checked = 0
    for first, end in spans:
        for other, until in spans:
            mine = {d for d in days if first <= d and (end is None or d < end)}
            theirs = {d for d in days if other <= d and (until is None or d < until)}
            assert overlap(first, end, other, until) is bool(mine & theirs)
            checked += 1
    assert checked == 441


def test_leaving_and_staying(company: Company) -> None:
    agent, hr = company.people["agent"], company.users["hr"]
    actions.do_end(acting_user=hr, person=agent, version=1, last_day=date(2025, 10, 31))
    assert ranges(agent) == [(date(2020, 1, 1), date(2025, 11, 1), "一组")]
    with pytest.raises(Refused, match="已登记离职"):
        actions.do_transfer(acting_user=hr, person=agent, version=2, post=post(company), valid_from=DAY)
    with pytest.raises(Refused, match="没有写原因"):
        actions.do_stay(acting_user=hr, person=agent, version=2, reason=" ")
    actions.do_stay(acting_user=hr, person=agent, version=2, reason="挽留")
    assert ranges(agent) == [(date(2020, 1, 1), None, "一组")]
    with pytest.raises(Refused, match="早于现任职的开始"):
        actions.do_end(acting_user=hr, person=agent, version=3, last_day=date(2019, 12, 31))
    actions.do_end(acting_user=hr, person=agent, version=3, last_day=date(2025, 10, 31))
    actions.do_transfer(acting_user=hr, person=agent, version=4, post=post(company), valid_from=date(2026, 3, 1))
    assert ranges(agent) == [(date(2020, 1, 1), date(2025, 11, 1), "一组"), (date(2026, 3, 1), None, "二组")]


def test_a_withdrawn_transfer_leaves_what_was_before(company: Company) -> None:
    agent, hr = company.people["agent"], company.users["hr"]
    made = actions.do_transfer(acting_user=hr, person=agent, version=1, post=post(company), valid_from=DAY)
    actions.do_withdraw_assignment(acting_user=hr, assignment=made, version=2, reason="录错")
    assert ranges(agent) == [(date(2020, 1, 1), None, "一组")]
    with pytest.raises(Refused, match="唯一"):
        actions.do_withdraw_assignment(acting_user=hr, assignment=agent.assignments.get(), version=3, reason="录错")
    assert json.loads(AuditEntry.objects.get(action="assignment.withdraw").old)["team"] == "二组"


def test_superior_from_a_day_on(company: Company) -> None:
    agent, hr = company.people["agent"], company.users["hr"]
    actions.do_change_superior(
        acting_user=hr, person=agent, version=1, superior=company.people["supervisor"], valid_from=DAY
    )
    before, after = agent.assignments.order_by("valid_from")
    assert (before.superior, after.superior) == (company.people["lead"], company.people["supervisor"])
    assert (before.valid_to, after.team) == (DAY, before.team)
    actions.do_change_superior(acting_user=hr, person=agent, version=2, superior=None, valid_from=DAY)
    assert agent.assignments.get(valid_to=None).superior is None


@pytest.mark.parametrize(("short", "superior", "told"), [
    ("lead", "agent", "成了一个圈：林班长 → 安小明 → 林班长"),
    ("supervisor", "agent", "沈主管 → 安小明 → 林班长 → 沈主管"),
    ("lead", "lead", "自己的直接上级"),
])  # fmt: skip
def test_no_circle_of_superiors(company: Company, short: str, superior: str, told: str) -> None:
    with pytest.raises(Refused, match=told):
        actions.do_change_superior(
            acting_user=company.users["hr"], person=company.people[short], version=1,
            superior=company.people[superior], valid_from=DAY,
        )  # fmt: skip


def test_a_circle_needs_days_in_common() -> None:
    """A above B in May and B above A in June is none; the control: on a common day it is one."""
    may, june, july = date(2025, 5, 1), date(2025, 6, 1), date(2025, 7, 1)
    edges = {"b": [("a", may, june)]}
    assert circle(edges, "a", "b", june, july) == []
    assert circle(edges, "a", "b", may, None) == ["b", "a"]
    assert circle({"b": [("c", may, july)], "c": [("a", june, None)]}, "a", "b", may, june) == []


def test_superior_must_be_there(company: Company) -> None:
    company.people["lead2"].assignments.update(valid_to=DAY)
    with pytest.raises(Refused, match="没有任职，不能做直接上级"):
        actions.do_transfer(
            acting_user=company.users["hr"],
            person=company.people["agent"],
            version=1,
            post=post(company),
            valid_from=DAY,
        )


def test_hire(company: Company) -> None:
    hr = company.users["hr"]
    values: dict[str, Any] = {"key": "N1", "name": " 新  人 ", "post": post(company), "valid_from": DAY}
    made = actions.do_hire(acting_user=hr, once_key="a", **values)
    assert (made.name, ranges(made)) == ("新 人", [(DAY, None, "二组")])
    with pytest.raises(AlreadyDone):
        actions.do_hire(acting_user=hr, once_key="a", **values)
    with pytest.raises(Refused, match="已经是“新 人”"):
        actions.do_hire(acting_user=hr, once_key="b", **(values | {"key": "n1"}))
    for wrong in ({"key": ""}, {"key": "a b"}, {"key": "x", "name": ""}, {"key": "x", "email": "no"}):
        with pytest.raises(Refused):
            actions.do_hire(acting_user=hr, once_key=f"c{wrong}", **(values | wrong))


def test_places(company: Company) -> None:
    hr = company.users["hr"]
    made = actions.do_create_department(acting_user=hr, name=" 技术 支持部 ")
    assert made.name == "技术 支持部"
    for taken in ("客服部", "", "很" * 81):
        with pytest.raises(Refused):
            actions.do_create_department(acting_user=hr, name=taken)
    actions.do_create_team(acting_user=hr, department=made, name="一组")
    with pytest.raises(Refused, match="已有班组"):
        actions.do_create_team(acting_user=hr, department=made, name="一组")
    actions.do_rename_team(acting_user=hr, team=company.teams["one"], name="甲组")
    entry = AuditEntry.objects.get(action="team.rename")
    assert (json.loads(entry.old), json.loads(entry.new)) == ({"name": "一组"}, {"name": "甲组"})
    actions.do_rename_department(acting_user=hr, department=made, name="支持部")
    position = actions.do_create_position(acting_user=hr, title="质检专员")
    assert position.code == "qa_specialist"
    with pytest.raises(Refused, match="代码"):
        actions.do_create_position(acting_user=hr, title="别的", code="质检")
    with pytest.raises(Refused, match="已经有了"):
        actions.do_create_position(acting_user=hr, title="别的", code="agent")
    actions.do_rename_position(acting_user=hr, position=position, title="质检员", title_en="QA")
    assert (Position.objects.get(pk=position.pk).code, Department.objects.get(pk=made.pk).name) == (
        "qa_specialist",
        "支持部",
    )
    assert Team.objects.filter(name="甲组").exists()


def test_position_codes() -> None:
    assert position_code("客服代表", ()) == "agent"
    assert position_code("客服代表", ("agent",)) == "position_1"
    assert position_code("Team Lead (L2)", ()) == "team_lead_l2"
    assert position_code("值班经理", ("position_1",)) == "position_2"


def test_the_database_is_the_last_line(company: Company) -> None:
    """What no act would write, the database refuses as well."""
    agent = company.people["agent"]
    place = {"team": company.teams["one"], "position": company.positions["agent"]}
    for wrong in (
        {"valid_from": date(2020, 1, 1)},
        {"valid_from": DAY, "valid_to": DAY},
        {"valid_from": DAY, "superior": agent},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Assignment.objects.create(person=agent, **place, **wrong)


# ---- pages -----------------------------------------------------------------------------------------------------------


def test_forms_from_hire_to_leaving(company: Company, signed_in: SignIn) -> None:
    """HR at the desk: hire, correct, move, put under another superior, rename, let go."""
    hr = signed_in(company.users["hr"])
    one, two = company.teams["one"].pk, company.teams["two"].pk
    agent = company.positions["agent"].pk
    values = {"key": "N9", "name": "新九", "email": "", "team": one, "position": agent, "superior": "K-lead 林班长",
              "job_grade": "", "skill_grade": "", "valid_from": "2025-09-01", "once": "n9"}  # fmt: skip
    assert "没有工号或姓名为" in hr.post(reverse("person-new"), values | {"superior": "某人"}).content.decode()
    response = hr.post(reverse("person-new"), values)
    made = Person.objects.get(key="N9")
    assert response["Location"] == reverse("person", args=[made.pk])
    assert made.assignments.get().superior == company.people["lead"]

    move = {"team": two, "position": agent, "superior": "罗班长", "valid_from": "2025-10-01", "version": 1}
    page = hr.post(reverse("person-transfer", args=[made.pk]), move | {"valid_from": "2025-09-01"})
    assert page.status_code == 422
    assert "这一天已有任职" in page.content.decode()
    assert "罗班长" in page.content.decode(), "what was typed stays"
    assert hr.post(reverse("person-transfer", args=[made.pk]), move).status_code == 302
    stale = hr.post(reverse("person-transfer", args=[made.pk]), move | {"valid_from": "2025-11-01"})
    assert "刚被别人改过" in stale.content.decode()

    change = {"superior": "沈主管", "valid_from": "2025-10-01", "version": 2}
    assert hr.post(reverse("person-superior", args=[made.pk]), change).status_code == 302
    assert (
        hr.post(reverse("person-edit", args=[made.pk]), {"name": "新久", "email": "j@x.cn", "version": 3}).status_code
        == 302
    )
    last = made.assignments.get(valid_to=None)
    correct = {"team": one, "position": agent, "valid_from": "2025-10-01", "version": 4}
    assert hr.post(reverse("assignment", args=[last.pk]), correct).status_code == 422, "a correction needs a reason"
    assert hr.post(reverse("assignment", args=[last.pk]), correct | {"reason": "录错班组"}).status_code == 302
    assert hr.post(reverse("person-end", args=[made.pk]), {"last_day": "2025-12-31", "version": 5}).status_code == 302
    assert hr.post(reverse("person-stay", args=[made.pk]), {"reason": "挽留", "version": 6}).status_code == 302
    assert hr.post(reverse("assignment-withdraw", args=[last.pk]), {"reason": "", "version": 7}).status_code == 422
    assert (
        hr.post(reverse("assignment-withdraw", args=[last.pk]), {"reason": "未调动", "version": 7}).status_code == 302
    )
    assert ranges(made) == [(date(2025, 9, 1), None, "一组")]
    assert AuditEntry.objects.filter(person="N9").count() == 8


def test_namesakes_as_superior(company: Company, signed_in: SignIn) -> None:
    Person.objects.create(key="K-lead-b", name="林班长")
    sent = {"superior": "林班长", "valid_from": "2025-10-01", "version": 1}
    page = signed_in(company.users["hr"]).post(reverse("person-superior", args=[company.people["agent"].pk]), sent)
    assert "有 2 个“林班长”：工号 K-lead、K-lead-b" in page.content.decode()


def test_setting_up_by_the_page(company: Company, signed_in: SignIn) -> None:
    hr = signed_in(company.users["hr"])
    for name, args, values in (
        ("department-new", [], {"name": "技术部"}),
        ("department-rename", [company.departments["sales"].pk], {"name": "营销部"}),
        ("team-edit-new", [company.departments["sales"].pk], {"name": "四组"}),
        ("team-edit", [company.teams["three"].pk], {"name": "叁组"}),
        ("position-new", [], {"title": "培训专员"}),
        ("position-rename", [company.positions["lead"].pk], {"title": "组长"}),
    ):
        assert hr.post(reverse(name, args=args), values).status_code == 302, name
    page = hr.get(reverse("organisation")).content.decode()
    for text in ("技术部", "营销部", "四组", "叁组", "培训专员", "trainer", "组长"):
        assert text in page
    assert "已经有了" in hr.post(reverse("department-new"), {"name": "客服部"}).content.decode()


def test_hr_of_one_department(company: Company, signed_in: SignIn) -> None:
    """Reaches the teams of the department, makes no departments, and puts nobody elsewhere."""
    company.add_user("hr-sales", "销售人事")
    company.grant("hr-sales", Role.HR, department="sales")
    client = signed_in(company.users["hr-sales"])
    assert client.post(reverse("department-new"), {"name": "新"}).status_code == 404
    assert client.post(reverse("team-edit", args=[company.teams["one"].pk]), {"name": "新"}).status_code == 404
    assert client.get(reverse("person-transfer", args=[company.people["agent"].pk])).status_code == 404
    assert (
        client.post(reverse("team-edit-new", args=[company.departments["sales"].pk]), {"name": "新"}).status_code == 302
    )
    person = company.people["agent3"]
    move = {"team": company.teams["one"].pk, "position": company.positions["agent"].pk, "valid_from": "2025-10-01",
            "version": 1}  # fmt: skip
    assert client.post(reverse("person-transfer", args=[person.pk]), move).status_code == 422
    assert ranges(person) == [(date(2020, 1, 1), None, "三组")]
