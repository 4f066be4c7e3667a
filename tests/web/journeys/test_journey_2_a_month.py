"""Journey 2: a month from opening to archive; 90 against 70 is stopped for calibration; the archive vouches for it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from playwright.sync_api import expect

from meritdesk.scheme.load import shipped
from meritdesk.web.cycles import engine
from meritdesk.web.cycles.models import Appraisal, CalibrationCase, Cycle, RatingForm, RatingItem, Result
from tests.web import cycle_company
from tests.web.cycle_company import Centre, build_centre, build_cycle, fill_forms, sample_folder
from tests.web.journeys.office import DESK, PHONE, Office, Visitor
from tests.web.journeys.rating_desk import fill_form, judge, open_forms, rate_team

TEAMS, SIZE = 1, 4
FILES = ("通话记录_2025-09.csv", "满意度_2025-09.csv", "投诉台账_2025-09.xlsx")
MAPPINGS = ("calls.mapping.yaml", "surveys.mapping.yaml", "complaints.mapping.yaml")
INTERVIEW = {"agenda": "回顾九月各项得分", "notes": "质量稳定，复杂问题要更早求助。"}


def open_month(office: Office, hr: Visitor, centre: Centre) -> Cycle:
    """Let HR put a draft away, make the cycle of September and open it."""
    hr.go("cycle-setup", centre.cycle.pk)
    hr.shot("setup-draft")
    hr.press("删除这份草稿")
    hr.send("删除草稿", "dialog[open]")
    hr.go("cycle-new")
    hr.page.locator("[name=scope]").select_option(label="客服部")
    hr.page.locator("[name=period]").select_option(value="this_month")
    expect(hr.page.locator("#preview")).to_contain_text("将参加")
    hr.page.wait_for_timeout(400)
    hr.shot("cycle-new")
    hr.send("建立考核")
    cycle = Cycle.objects.select_related("scheme_version__scheme").get()
    hr.shot("setup-new")
    hr.go("cycle-raters", cycle.pk)
    hr.shot("raters")
    hr.go("cycle-setup", cycle.pk)
    next_step(hr, "opened")
    cycle.refresh_from_db()
    assert cycle.state == "open"
    return cycle


def next_step(hr: Visitor, label: str) -> None:
    """Press the next step of the preparation and confirm it."""
    hr.page.locator(".page-head .btn-primary, header .btn-primary, main .btn-primary").first.click()
    hr.shot(f"{label}-confirm")
    with hr.page.expect_navigation():
        hr.page.locator("dialog[open] .btn-primary").click()
    hr.shot(label)


def collect(hr: Visitor, cycle: Cycle) -> None:
    """Begin collecting and read the month's exports in."""
    hr.go("cycle-setup", cycle.pk)
    next_step(hr, "collecting")
    hr.go("cycle-data", cycle.pk)
    hr.shot("data-empty")
    hr.press("上传文件")
    folder = sample_folder(TEAMS, SIZE)
    hr.page.locator("[name=files]").set_input_files([folder / name for name in (*FILES, *MAPPINGS)])
    hr.send("上传", "dialog[open]")
    hr.shot("data-waiting")
    hr.send("读入 3 个文件")
    hr.shot("data-read")
    hr.sees("已齐")


def appraise_self(office: Office, username: str, cycle: Cycle, width: int) -> None:
    """Write a self-appraisal, found from the work list."""
    agent = office.visit(username, width)
    agent.go("home")
    agent.shot("home-self")
    appraisal = Appraisal.objects.get(cycle=cycle, person__key=username)
    agent.page.locator(f'a[href*="/appraisals/{appraisal.pk}/self/"]').locator("visible=true").first.click()
    agent.fill(results="本月接听 412 通，一次解决率有提高。", gaps="退换货政策还不熟。", support="想学物流系统。")
    expect(agent.page.locator("#self-state")).to_contain_text("已保存", timeout=5000)
    agent.shot("self")
    agent.send("提交自评")
    agent.shot("self-submitted")
    agent.sees("已于")


def rate(office: Office, cycle: Cycle) -> None:
    """Let superiors, QA and HR rate; A0001 is judged 90 by the one and 70 by the other."""
    lead = office.sign_in("L01")
    lead.shot("home-lead")
    lead.go("ratings")
    lead.shot("ratings")
    for number, form in enumerate(open_forms(cycle, "L01", "superior")):
        levels = {"standards": 5, "problem_solving": 4, "response": 4}
        if form.appraisal.person.key != "A0001":
            levels["standards"] = 4
        fill_form(lead, form, levels, "" if number else "form")
    of_month = form_evidence(lead, cycle)
    assert "一次解决率" in of_month, of_month
    manager = office.visit("M01")
    for form in open_forms(cycle, "M01", "superior"):
        fill_form(manager, form, {"standards": 4, "problem_solving": 4, "response": 4})
    qa = office.visit("Q01")
    people = [form.appraisal.person.key for form in open_forms(cycle, "Q01", "qa")]
    down = {"standards": dict.fromkeys(people, 4), "problem_solving": dict.fromkeys(people, 4)}
    down["problem_solving"]["A0001"] = 3
    rate_team(qa, cycle, "qa", down, "team")
    hr = office.visit("H01")
    for form in open_forms(cycle, "H01", "hr"):
        fill_form(hr, form, {"standards": 4, "response": 4})


def form_evidence(rater: Visitor, cycle: Cycle) -> str:
    """Return what lies beside the form about A0001: the figures of the month."""
    form = RatingForm.objects.get(appraisal__cycle=cycle, appraisal__person__key="A0001", role="superior")
    rater.go("rating-form", form.pk)
    expect(rater.page.locator("#evidence")).to_contain_text("本期数据")
    return rater.page.locator("#evidence").inner_text()


def calibrate(office: Office, cycle: Cycle) -> None:
    """End rating: the case lists itself, holds the cycle back, and is decided with a reason."""
    hr = office.visit("H01")
    hr.go("cycle-board", cycle.pk)
    hr.shot("board-rating")
    hr.go("calibrate", cycle.pk)
    hr.shot("calibrate")
    hr.send("结束评分，计算预览")
    hr.go("calibration", cycle.pk)
    hr.shot("calibration-open")
    hr.sees("待校准（1 项）", "90.00", "70.00", "20.00")
    expect(hr.page.get_by_role("button", name="提交小组复核")).to_have_count(0)
    case = CalibrationCase.objects.get(cycle=cycle)
    assert case.appraisal.person.key == "A0001"
    totals = {case.first_role: case.first_total, case.second_role: case.second_total}
    assert totals == {"superior": 9000, "qa": 7000}

    panel = office.sign_in("P01")
    panel.shot("home-panel")
    panel.go("calibration-case", case.pk)
    panel.shot("case")
    panel.page.locator("[name=outcome][value=adjusted]").check()
    field = panel.page.locator("input[name*=problem_solving]").locator("visible=true").first
    field.fill("3.5")
    panel.fill(reason="调听 3 通录音：一次由班长代为协调，按 3.5 计。")
    panel.send("看影响")
    panel.shot("case-tried")
    panel.sees("如果这样裁定")
    panel.send("记录裁定")
    panel.shot("case-decided")
    decided = CalibrationCase.objects.filter(outcome="adjusted", decided_by__username="P01")
    assert decided.get() == case

    hr.go("calibration", cycle.pk)
    hr.shot("calibration-stale")
    hr.send("重新计算预览")
    hr.go("calibration", cycle.pk)
    hr.shot("calibration-done")
    hr.send("提交小组复核")


def review_and_publish(office: Office, cycle: Cycle) -> None:
    """Let the panel approve, and another person publish."""
    panel = office.visit("P01")
    panel.go("review", cycle.pk)
    panel.shot("review")
    panel.press("通过复核")
    panel.send("通过复核", "dialog[open]")
    panel.shot("approved")
    second = office.sign_in("H02")
    second.go("publish", cycle.pk)
    second.shot("publish")
    people = cycle.appraisals.count()
    second.sees(f"将向 {people} 人发布")
    second.press("发布结果")
    second.shot("publish-confirm")
    second.send("发布结果", "dialog[open]")
    second.shot("published")
    cycle.refresh_from_db()
    assert Cycle.objects.filter(pk=cycle.pk, state="published", run__made_by__username="H02").exists()


def interview(office: Office, cycle: Cycle, key: str, superior: str, width: int) -> None:
    """Let a superior write an interview and the person confirm it."""
    appraisal = Appraisal.objects.get(cycle=cycle, person__key=key)
    lead = office.visit(superior)
    lead.go("interview", appraisal.pk)
    lead.shot("interview-empty")
    lead.fill(**INTERVIEW, plan_text="跟听退换货专席两次", plan_owner="本人", plan_due="2025-10-31")
    lead.send("保存并请本人确认")
    lead.shot("interview-written")
    person = office.visit(key, width)
    person.go("home")
    person.shot("home-interview")
    person.go("interview", appraisal.pk)
    person.shot("interview-own")
    person.send("确认面谈内容")
    person.shot("interview-confirmed")
    appraisal.refresh_from_db()
    assert appraisal.state == "sign_off"


def sign(office: Office, cycle: Cycle, key: str, width: int) -> str:
    """Let somebody sign their result from the page of it; return the total it showed."""
    appraisal = Appraisal.objects.get(cycle=cycle, person__key=key)
    person = office.visit(key, width)
    person.go("result", appraisal.pk)
    person.shot("result")
    shown = person.page.locator(".result-total").inner_text().removesuffix("分").strip()
    person.follow("确认签字")
    person.fill(remark="无异议")
    person.shot("sign")
    person.send("签字确认")
    person.shot("signed")
    appraisal.refresh_from_db()
    assert appraisal.state == "signed"
    signature = appraisal.signatures.select_related("result").get()
    assert (signature.result_id, signature.content_hash) == (appraisal.result_id, signature.result.content_hash)
    return shown


def witness(office: Office, cycle: Cycle, key: str, outcome: str) -> None:
    """Let HR record that somebody refused or stayed silent, from the page that closes the cycle."""
    hr = office.visit("H01")
    hr.go("close", cycle.pk)
    hr.shot("close-missing")
    name = Appraisal.objects.get(cycle=cycle, person__key=key).pk
    hr.page.locator(f'a[href$="/appraisals/{name}/witness/"]').click()
    hr.page.locator(f"[name=outcome][value={outcome}]").check()
    hr.fill(remark="10月20日在会议室当面说明，本人不愿签字。")
    hr.shot("witness")
    hr.send("以见证人身份记录")


def close_and_archive(office: Office, cycle: Cycle, folder: Path) -> Path:
    """Close and archive the cycle, and take the archive home."""
    hr = office.sign_in("H01")
    hr.go("close", cycle.pk)
    hr.shot("close-ready")
    hr.press("关闭考核")
    hr.shot("close-confirm")
    hr.send("关闭考核", "dialog[open]")
    hr.shot("closed")
    hr.send("归档")
    hr.shot("archived")
    with hr.page.expect_download() as download:
        hr.page.get_by_role("link", name="下载存档").click()
    path = folder / "archive.zip"
    download.value.save_as(path)
    cycle.refresh_from_db()
    assert cycle.state == "archived"
    return path


def test_journey_2_a_month(office: Office, tmp_path: Path) -> None:
    """Everybody does their part, from the opening of September 2025 to the archive."""
    office.clock.set("2025-09-01 09:00")
    centre = build_centre(teams=TEAMS, size=SIZE)
    hr = office.sign_in("H01")
    hr.shot("home-hr")
    cycle = open_month(office, hr, centre)
    office.clock.set("2025-09-30 18:00")
    hr = office.visit("H01")
    collect(hr, cycle)
    appraise_self(office, "A0001", cycle, DESK)
    appraise_self(office, "A0002", cycle, PHONE)
    office.clock.set("2025-10-09 09:00")
    hr = office.visit("H01")
    hr.go("cycle-setup", cycle.pk)
    next_step(hr, "rating")
    office.work_off()
    rate(office, cycle)
    calibrate(office, cycle)
    review_and_publish(office, cycle)
    office.clock.set("2025-10-10 09:00")
    interview(office, cycle, "A0001", "L01", DESK)
    interview(office, cycle, "L01", "M01", PHONE)
    shown = {"A0001": sign(office, cycle, "A0001", DESK), "L01": sign(office, cycle, "L01", PHONE)}
    office.clock.set("2025-10-27 09:00")
    for key, outcome in (("A0002", "refused"), ("A0004", "silent")):
        witness(office, cycle, key, outcome)
    archive = close_and_archive(office, cycle, tmp_path)
    verify(archive, cycle, shown)


def run_verifier(archive: Path) -> tuple[int, str]:
    """Run an archive by itself, with nothing but Python; return its exit code and what it said."""
    command = [sys.executable, "-I", "-X", "utf8", archive.name]
    done = subprocess.run(command, cwd=archive.parent, capture_output=True, check=False)
    return done.returncode, (done.stdout + done.stderr).decode("utf-8")


def verify(archive: Path, cycle: Cycle, shown: Mapping[str, str]) -> None:
    """Run the stand-alone verifier; what it recomputed are the scores that were shown. One byte less, and it fails."""
    code, said = run_verifier(archive)
    assert code == 0, said
    assert "不同 differ: 0" in said
    with zipfile.ZipFile(archive) as package:
        sealed = json.loads(package.read("results.json"))["appraisals"]
    rows = [dict(zip(sealed["columns"], row, strict=True)) for row in sealed["rows"]]
    totals = {row["appraisal"]: row["total"] for row in rows}
    assert {key: f"{totals[key] // 100}.{totals[key] % 100:02}" for key in shown} == shown
    standing = Result.objects.filter(run=cycle.run).values_list("appraisal__person__key", "total")
    assert totals == dict(standing)
    raw = archive.read_bytes()
    at = raw.index(f",{totals['A0001']},".encode())
    archive.with_name("altered.zip").write_bytes(raw[: at + 1] + b"9" + raw[at + 2 :])
    code, said = run_verifier(archive.with_name("altered.zip"))
    assert code == 1, said


def test_the_guard_is_what_stops_it(office: Office) -> None:
    """Control: where nobody looks for raters apart, the same ratings go through and journey 2 fails."""
    office.clock.set("2025-10-09 09:00")
    cycle = build_cycle("rating", teams=TEAMS, size=SIZE).cycle
    fill_forms(cycle)
    RatingItem.objects.filter(form__appraisal__cycle=cycle).update(level=4)
    own = RatingItem.objects.filter(form__appraisal__person__key="A0001")
    own.filter(form__role="superior", indicator="standards").update(level=5)
    own.filter(form__role="qa", indicator="problem_solving").update(level=3)
    blind: Any = patch("meritdesk.web.cycles.engine.pairs_apart", lambda cycle: [])
    with blind, pytest.raises(AssertionError, match="待校准"):
        calibrate(office, cycle)


def test_journey_2_customer_by_invitation(office: Office, tmp_path: Path) -> None:
    """The variant in which the customer's 10 per cent come from a representative, by a link that works once."""
    office.clock.set("2025-10-09 09:00")
    text = shipped()["r4-support-center"].read_text(encoding="utf-8")
    path = tmp_path / "invited.yaml"
    path.write_text(re.sub(r"\n      feed:\n(        .*\n)+", "\n", text), encoding="utf-8")
    with patch.object(cycle_company, "shipped", lambda: {"r4-support-center": path}):
        cycle = build_cycle("rating", teams=TEAMS, size=SIZE).cycle
    appraisal = Appraisal.objects.select_related("person").get(cycle=cycle, person__key="A0001")
    hr = office.visit("H01")
    hr.go("invitations", cycle.pk)
    hr.fill(name="钱代表", organisation="某连锁超市")
    hr.page.locator(f'[name=people][value="{appraisal.pk}"]').check()
    hr.shot("invitation")
    hr.send("生成链接")
    hr.shot("invitation-made")
    link = hr.page.locator("#invite-link").input_value()
    guest = office.visit(width=PHONE)
    guest.page.goto(link)
    guest.shot("guest")
    guest.sees("钱代表，您好", appraisal.person.name)
    guest.sees_not("工号", "权重")
    form = RatingForm.objects.get(appraisal=appraisal, invitation__isnull=False)
    judge(guest, [(form.pk, "problem_solving", 5)])
    guest.shot("guest-rated")
    guest.send("提交评价")
    guest.shot("guest-thanks")
    form.refresh_from_db()
    assert form.state == "submitted"
    again = office.visit(width=PHONE)
    again.refused = True
    again.page.goto(link)
    again.shot("guest-gone")
    again.sees_not(appraisal.person.name)

    fill_forms(cycle)
    results = engine.compute(cycle, explained=False).results
    (outcome,) = (o for o in results.appraisals if o.person == "A0001")
    rated = {r.role: r for s in outcome.segments for d in s.dimensions for i in d.indicators for r in i.ratings
             if i.id == "problem_solving"}  # fmt: skip
    assert rated["customer"].level == 5
    assert [rated[role].weight for role in ("superior", "qa", "customer")] == [
        pytest.approx(Decimal(weight) / 90, abs=Decimal("0.0001")) for weight in (60, 20, 10)
    ]
