"""Journey 3: an appeal of Friday 26 September 2025 is due on the 30th: Sunday the 28th is worked; upheld."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from playwright.sync_api import FilePayload, expect

from meritdesk.sample import write_sample
from meritdesk.web.access.models import RoleGrant, User
from meritdesk.web.access.rights import Role
from meritdesk.web.cycles.models import Appeal, Appraisal, Correction, Cycle, Result
from meritdesk.web.people.models import Person
from tests.web import cycle_company
from tests.web.company import PASSWORD
from tests.web.cycle_company import Centre, advance, build_centre
from tests.web.journeys.office import DESK, PHONE, SHANGHAI, Office, Visitor

GROUNDS = "8月19日 C02211 的投诉由物流造成，已由仓库书面确认；问题解决能力按两次未闭环评分，与录音不符。"
ANSWER = "调听 8 月 19 日、22 日录音各一通：均在 24 小时内协调闭环，符合 5 档。原评分依据有误，改为 5 分。"


@cache
def august(folder: Path) -> Path:
    """Write the exports of August."""
    write_sample(folder, [(2025, 8)], teams=1, size=4)
    return folder


@contextmanager
def in_august(folder: Path) -> Iterator[None]:
    """Let the sample company be that of August 2025."""
    month: dict[str, Any] = {"FIRST": date(2025, 8, 1), "LAST": date(2025, 8, 31)}
    with patch.multiple(cycle_company, **month, sample_folder=lambda teams, size: august(folder)):
        cycle_company.sample_data.cache_clear()
        yield
    cycle_company.sample_data.cache_clear()


def published(office: Office, folder: Path) -> Centre:
    """Return the company with August published on Wednesday 24 September; a second member of the panel is there."""
    office.clock.set("2025-09-24 16:00")
    with in_august(folder):
        centre = build_centre(teams=1, size=4)
        Cycle.objects.filter(pk=centre.cycle.pk).update(title="客服部 2025年8月")
        centre.cycle.refresh_from_db()
        advance(centre, "published", teams=1, size=4)
    person = Person.objects.create(key="P02", name="陆评委")
    second = User(username="P02", name=person.name, person=person)
    second.set_password(PASSWORD)
    second.save()
    for user in (second, centre.users["L01"], centre.users["Q01"]):
        RoleGrant.objects.create(user=user, role=Role.PANEL, department=centre.department)
    return centre


def standing(cycle: Cycle, but: str) -> list[tuple[object, ...]]:
    """Return everything that stands for everybody else."""
    fields = ("person__key", "state", "result_id", "result__content_hash", "result__total", "result__grade",
              "result__coefficient", "result__rank")  # fmt: skip
    return list(cycle.appraisals.exclude(person__key=but).order_by("person__key").values_list(*fields))


def file_appeal(office: Office, appraisal: Appraisal, width: int) -> Appeal:
    """Let the person appeal against one indicator, from the page of the result."""
    agent = office.sign_in("A0001", width)
    agent.shot("home")
    agent.go("result", appraisal.pk)
    agent.shot("result")
    agent.follow("提出申诉")
    agent.shot("appeal-empty")
    agent.page.locator("[name=about][value=problem_solving]").check()
    agent.fill(grounds=GROUNDS)
    agent.page.locator("[name=files]").set_input_files(
        FilePayload(name="仓库确认函.txt", mimeType="text/plain", buffer="8月19日漏发，责任在仓库。".encode())
    )
    agent.shot("appeal-filled")
    agent.send("提交申诉")
    agent.shot("appeal-filed")
    agent.sees("2025-09-30", "仓库确认函.txt")
    return Appeal.objects.get()


def refused_rater(office: Office, appeal: Appeal) -> None:
    """Show that who rated cannot decide, though of the panel."""
    for rater in ("L01", "Q01"):
        of_panel = office.visit(rater)
        of_panel.go("appeal", appeal.pk)
        of_panel.shot("appeal-of-rater")
        of_panel.sees("不能由您裁定")
        expect(of_panel.page.get_by_role("button", name="答复申诉")).to_have_count(0)


def decide(office: Office, appeal: Appeal) -> None:
    """Let the member of the panel who had no part in it uphold the appeal."""
    panel = office.sign_in("P02")
    panel.shot("home-panel")
    panel.go("appeals")
    panel.shot("appeals")
    panel.sees("2025-09-30")
    panel.go("appeal", appeal.pk)
    panel.shot("appeal-to-decide")
    panel.page.locator("[name=outcome][value=upheld]").check()
    panel.page.locator("input[name*=problem_solving]").locator("visible=true").first.fill("5")
    panel.fill(answer=ANSWER)
    panel.send("看影响")
    panel.shot("appeal-tried")
    panel.sees("如果这样裁定", "没有人的结果变化")
    panel.send("答复申诉")
    panel.shot("appeal-decided")


@pytest.mark.parametrize("width", [DESK, PHONE], ids=["desk", "phone"])
def test_journey_3_an_appeal(office: Office, width: int, tmp_path: Path) -> None:
    """Filed on Friday, due on Tuesday, upheld; one difference line, and nobody else's result moves."""
    cycle = published(office, tmp_path).cycle
    appraisal = Appraisal.objects.select_related("result").get(cycle=cycle, person__key="A0001")
    results = list(Result.objects.order_by("pk").values())
    others = standing(cycle, "A0001")
    assert len(others) >= 3

    office.clock.set("2025-09-26 15:00")
    appeal = file_appeal(office, appraisal, width)
    assert appeal.due_at == datetime(2025, 10, 1, tzinfo=SHANGHAI)  # 24:00 of the 30th
    office.clock.set("2025-09-28 10:00")
    refused_rater(office, appeal)
    office.clock.set("2025-09-30 23:50")
    decide(office, appeal)
    assert Appeal.objects.filter(state="upheld", decider__username="P02").get() == appeal

    correction: Any = Correction.objects.select_related("before", "after").get()
    assert (correction.state, correction.appeal_id, correction.before_id) == ("posted", appeal.pk, appraisal.result_id)
    assert correction.after.total - correction.before.total == correction.total_difference > 0
    assert list(Result.objects.exclude(pk=correction.after_id).order_by("pk").values()) == results
    assert standing(cycle, "A0001") == others

    agent = office.visit("A0001", width)
    agent.go("home")
    agent.shot("home-answered")
    agent.go("appeal", appeal.pk)
    agent.shot("answered")
    agent.sees("调听 8 月 19 日", "差额")
    agent.go("result", appraisal.pk)
    agent.shot("result-corrected")
    agent.sees(f"{correction.after.total // 100}.{correction.after.total % 100:02}")


def test_the_28th_counts_only_because_it_is_worked(office: Office, tmp_path: Path) -> None:
    """Control: with that Sunday free in the company's calendar, the same appeal is due on the 9th of October."""
    cycle = published(office, tmp_path).cycle
    office.clock.set("2025-09-26 15:00")
    hr: Visitor = office.visit("H01")
    hr.go("calendar")
    hr.fill(day="2025-09-28", note="公司安排休息")
    hr.page.locator("[name=working]").select_option("0")
    hr.shot("calendar")
    hr.page.locator("form:has([name=day]) button[type=submit]").locator("visible=true").first.click()
    hr.page.wait_for_load_state()
    appraisal = Appraisal.objects.get(cycle=cycle, person__key="A0001")
    agent = office.visit("A0001", PHONE)
    agent.go("appeal-new", appraisal.pk)
    agent.fill(grounds=GROUNDS)
    agent.send("提交申诉")
    assert Appeal.objects.get().due_at == datetime(2025, 10, 10, tzinfo=SHANGHAI)
