"""Journey 5: an agent with a phone finds out why the result is what it is, down to a row of a file, and signs."""

from __future__ import annotations

import csv
import re
from datetime import date
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Locator, expect

from meritdesk.web.cycles.actions.interviews import do_confirm_interview, do_write_interview
from meritdesk.web.cycles.models import Appraisal
from tests.web.cycle_company import Centre, build_cycle, sample_folder
from tests.web.cycle_company_late import once
from tests.web.journeys.office import DESK, PHONE, Office, Visitor

TEAMS, SIZE = 1, 4
SMALLEST_TARGET = 24
"""Pixels that WCAG 2.2 (2.5.8) demands of anything one can tap, links in running text aside."""
WHERE = re.compile(r"(通话记录_2025-09\.csv).*?(\d+)")


def talked_over(office: Office) -> tuple[Centre, Appraisal]:
    """Return a company with a published month; A0001 has had the interview and can sign."""
    office.clock.set("2025-10-09 09:00")
    centre = build_cycle("published", teams=TEAMS, size=SIZE)
    appraisal = Appraisal.objects.get(cycle=centre.cycle, person__key="A0001")
    interview = do_write_interview(
        acting_user=centre.users["L01"], appraisal=appraisal, held_on=date(2025, 10, 9), agenda="九月",
        notes="退换货政策要再熟。", plan=[], version=1, confirm=True, once=once(),
    )  # fmt: skip
    do_confirm_interview(acting_user=centre.users["A0001"], appraisal=appraisal, version=interview.version, once=once())
    return centre, appraisal


def to_result(agent: Visitor) -> None:
    """Go from the work list to the own result by what can be tapped."""
    agent.shot("home")
    if agent.width == PHONE:
        tabs = agent.page.locator("nav:visible").filter(has_text="待办").filter(has_text="我的结果")
        tabs.get_by_role("link", name="我的结果").first.click()
    else:
        agent.page.get_by_role("link", name="我的结果").locator("visible=true").first.click()
    agent.page.wait_for_load_state()
    agent.shot("my-results")
    agent.follow("客服部 2025年9月")
    agent.shot("result")


def why(agent: Visitor, result: Any) -> Locator:
    """Read the total and the shares it is made of, open an indicator, and return its line."""
    total = f"{result.total // 100}.{result.total % 100:02}"
    expect(agent.page.locator(".result-total")).to_contain_text(total)
    shares = agent.page.locator(".result-part b").all_inner_texts()
    # Each share is rounded for itself; the total is rounded once, from the exact shares.
    assert abs(sum(round(float(share) * 100) for share in shares) - result.total) <= len(shares) // 2
    line = agent.page.locator("details#fcr")
    line.locator("summary").click()
    expect(line).to_contain_text("评分标准")
    expect(line).to_contain_text("← 本期")
    agent.shot("indicator")
    return line


def records(agent: Visitor, line: Locator) -> None:
    """Go on to the records; the row of the file that one of them names is the very call."""
    with agent.page.expect_navigation():
        line.get_by_role("link", name="看背后的记录").click()
    agent.shot("records")
    first = agent.page.locator("table tbody tr").first
    record = first.locator("th.record").evaluate("cell => cell.firstChild.textContent").strip()
    found = WHERE.search(first.inner_text())
    assert found, first.inner_text()
    with (sample_folder(TEAMS, SIZE) / found[1]).open(encoding="gb18030", newline="") as file:
        rows = list(csv.reader(file))
    named = rows[int(found[2]) - 1]
    assert (named[0], named[1]) == (record.removeprefix("call-"), "A0001")


def usable(agent: Visitor) -> None:
    """Demand that everything one taps is large enough, and that no text is smaller than can be read."""
    small = agent.page.evaluate(
        """least => [...document.querySelectorAll('main a.btn, main button, main summary, .bottom-tabs a')]
          .map(e => [e, e.getBoundingClientRect()]).filter(([e, r]) => r.width && (r.width < least || r.height < least))
          .map(([e, r]) => `${e.textContent.trim().slice(0, 20)} ${Math.round(r.width)}×${Math.round(r.height)}`)""",
        SMALLEST_TARGET,
    )
    tiny = agent.page.evaluate(
        """() => [...document.querySelectorAll('main *')].filter(e => e.childNodes.length && e.offsetParent
          && [...e.childNodes].some(n => n.nodeType === 3 && /\\p{L}/u.test(n.textContent))
          && parseFloat(getComputedStyle(e).fontSize) < 11).map(e => e.textContent.trim().slice(0, 20))"""
    )
    assert (small, tiny) == ([], []), agent.page.url


@pytest.mark.parametrize("width", [PHONE, DESK], ids=["phone", "desk"])
def test_journey_5_finding_out_why(office: Office, width: int) -> None:
    """From the work list to one row of a file, and back to the signature."""
    _centre, appraisal = talked_over(office)
    office.clock.set("2025-10-10 12:30")
    agent = office.sign_in("A0001", width)
    usable(agent)
    to_result(agent)
    usable(agent)
    appraisal = Appraisal.objects.select_related("result").get(pk=appraisal.pk)
    line = why(agent, appraisal.result)
    usable(agent)
    records(agent, line)
    usable(agent)
    agent.follow("回到结果")
    agent.follow("确认签字")
    agent.shot("sign")
    usable(agent)
    agent.send("签字确认")
    agent.shot("signed")
    agent.sees("签字确认")
    appraisal.refresh_from_db()
    assert appraisal.state == "signed"
    signature = appraisal.signatures.get()
    assert (signature.outcome, signature.content_hash) == ("signed", signature.result.content_hash)
    assert signature.result_id == appraisal.result_id
    agent.go("home")
    agent.shot("home-after")
    agent.sees_not("签字截止")


def test_the_records_of_others_are_not_there(office: Office) -> None:
    """Control: the same addresses answer a colleague with nothing."""
    _centre, appraisal = talked_over(office)
    other = office.visit("A0002", PHONE)
    other.refused = True
    for name, more in (("result", ()), ("result-records", ("fcr",)), ("sign", ())):
        answer = other.page.goto(reverse(name, args=[appraisal.pk, *more]))
        assert answer is not None
        assert answer.status == 404
        other.sees_not("蒋若曦", "通话记录_2025-09")
