"""Journey 4: somebody joins, somebody leaves and somebody changes teams inside the month; the command line agrees."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from meritdesk.web.access.models import User
from meritdesk.web.cycles import engine
from meritdesk.web.cycles.models import Appraisal, RatingForm, RatingItem, Result, RosterEntry
from meritdesk.web.people.models import Person
from tests.web.cycle_company import Centre, advance, attach_sample, build_centre, fill_forms, sample_folder
from tests.web.journeys.office import DESK, PHONE, Office, Visitor
from tests.web.journeys.rating_desk import fill_form

TEAMS, SIZE = 2, 3
MOVER, LEAVER, JOINER = "A0001", "A0102", "A0901"
INDICATORS = {"standards": "服务规范度", "problem_solving": "问题解决能力", "response": "跨部门响应"}
ROLES = {"superior": "直接上级", "qa": "质检", "hr": "人事"}


def submit(hr: Visitor) -> None:
    """Send the only form about a person on the page."""
    with hr.page.expect_navigation():
        hr.page.locator("form.panel button.btn-primary[type=submit]").click()


def change_people(hr: Visitor, centre: Centre) -> None:
    """Enter the transfer, the leaver and the joiner as HR does, on the pages of the people."""
    mover, leaver = centre.people[MOVER], centre.people[LEAVER]
    hr.go("person", mover.pk)
    hr.shot("person")
    hr.follow("调动")
    hr.page.locator("[name=team]").select_option(label="客服部 · 二组")
    hr.fill(valid_from="2025-09-15", superior="L02")
    hr.shot("transfer")
    submit(hr)
    hr.shot("transferred")
    hr.go("person-end", leaver.pk)
    hr.fill(last_day="2025-09-19")
    hr.shot("end")
    submit(hr)
    hr.go("person-new")
    hr.fill(key=JOINER, name="司徒新", valid_from="2025-09-24", superior="L01")
    hr.page.locator("[name=team]").select_option(label="客服部 · 一组")
    hr.page.locator("[name=position]").select_option(label="客服代表")
    hr.shot("hire")
    submit(hr)
    hr.shot("hired")


def take_over(hr: Visitor, centre: Centre) -> None:
    """Take the changes into the roster of the running cycle, with a reason."""
    hr.go("cycle-roster", centre.cycle.pk)
    hr.shot("roster-differences")
    hr.sees(centre.people[MOVER].name, centre.people[LEAVER].name, "司徒新")
    hr.fill(reason="9 月人事异动")
    hr.send("采纳所选变动")
    hr.shot("roster-taken")
    hr.sees("与组织中的任职一致")
    centre.cycle.refresh_from_db()


def rate_mover(office: Office, centre: Centre) -> None:
    """Let both superiors of the mover rate the days that were under them, differently."""
    for lead, level, first in (("L01", 3, "2025-09-01"), ("L02", 4, "2025-09-15")):
        form = RatingForm.objects.get(
            appraisal__cycle=centre.cycle, appraisal__person__key=MOVER, role="superior", rater__key=lead
        )
        assert form.segment_from.isoformat() == first
        at_desk = office.visit(lead)
        fill_form(at_desk, form, {"standards": level, "problem_solving": level, "response": level}, "two-superiors")


def by_command_line(centre: Centre, folder: Path) -> dict[str, dict[str, Any]]:
    """Return what `meritdesk appraise` makes of the exports, with roster and ratings typed into sheets."""
    folder.mkdir()
    for path in sample_folder(TEAMS, SIZE).iterdir():
        if not path.name.startswith(("名册", "评分_", "工资", "pay")):
            shutil.copy(path, folder)
    roster: list[list[object]] = [["客服部人员名册"]]
    roster.append(["工号", "姓名", "部门", "班组", "岗位", "直接上级工号", "任职起", "任职止"])
    titles = {"agent": "客服代表", "team_lead": "班组长"}
    for entry in RosterEntry.objects.filter(cycle=centre.cycle).select_related("person").order_by("pk"):
        until = entry.valid_to.isoformat() if entry.valid_to else ""
        position = titles.get(entry.position, entry.position)
        roster.append([entry.person.key, entry.name, entry.department, entry.team_name, position, entry.superior,
                       entry.valid_from.isoformat(), until])  # fmt: skip
    ratings: list[list[object]] = [["被评人工号", "指标", "评分角色", "评分人工号", "分档", "事例", "评分日期"]]
    items = RatingItem.objects.filter(form__appraisal__cycle=centre.cycle)
    for item in items.select_related("form__appraisal__person", "form__rater"):
        form: Any = item.form
        ratings.append([form.appraisal.person.key, INDICATORS[item.indicator], ROLES[form.role], form.rater.key,
                        item.level, item.remark, form.day.isoformat()])  # fmt: skip
    for name, rows in (("名册.xlsx", roster), ("评分_2025-09.xlsx", ratings)):
        book = Workbook()
        for row in rows:
            book.active.append(row)
        book.save(folder / name)
    scheme = folder.parent / "方案.yaml"
    scheme.write_text(centre.version.text, encoding="utf-8")
    out = folder.parent / "结果"
    command = [sys.executable, "-m", "meritdesk", "appraise", str(scheme), str(folder), "--period", "2025-09"]
    done = subprocess.run(
        [*command, "--out", str(out), "--forms", "none", "--json"], capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 1), done.stderr
    (written,) = out.rglob("results.json")
    return {each["person"]: each for each in json.loads(written.read_text(encoding="utf-8"))["appraisals"]}


def figures(appraisal: dict[str, Any]) -> dict[str, Any]:
    """Return every figure of an appraisal's document."""
    of_segments = [
        (
            segment["from_day"], segment["team"], segment["days"], segment["counted"], segment["total"],
            [(d["id"], d["contribution"]) for d in segment["dimensions"]],
            [
                (i["id"], i["value"], i["numerator"], i["denominator"], i["points"], i["contribution"],
                 sorted((r["role"], r["score"], r["weight"]) for r in i["ratings"]))
                for d in segment["dimensions"] for i in d["indicators"]
            ],
        )
        for segment in appraisal["segments"]
    ]  # fmt: skip
    names = ("total", "grade", "coefficient", "rank", "rank_of", "state", "reason")
    return {name: appraisal[name] for name in names} | {"segments": of_segments}


@pytest.mark.parametrize("width", [DESK, PHONE], ids=["desk", "phone"])
def test_journey_4_joiner_leaver_transfer(office: Office, width: int, tmp_path: Path) -> None:
    """From the change in the people app to the results, figure by figure those of the command line."""
    office.clock.set("2025-09-01 09:00")
    centre = build_centre(teams=TEAMS, size=SIZE)
    advance(centre, "open", data=False, teams=TEAMS, size=SIZE)
    office.clock.set("2025-09-25 09:00")
    hr = office.sign_in("H01", width)
    change_people(hr, centre)
    take_over(hr, centre)
    office.clock.set("2025-10-09 09:00")
    attach_sample(centre.cycle, TEAMS, SIZE)
    advance(centre, "rating", data=False)
    rate_mover(office, centre)
    fill_forms(centre.cycle)
    advance(centre, "published", data=False)

    found: list[Any] = [
        Appraisal.objects.select_related("result").get(cycle=centre.cycle, person__key=key)
        for key in (MOVER, LEAVER, JOINER)
    ]
    mover, leaver, joiner = found
    before, after = engine.read_document(mover.result)["appraisal"]["segments"]
    assert [(s["team"], s["days"]) for s in (before, after)] == [("一组", 14), ("二组", 16)]
    assert (superior_of(before), superior_of(after)) == (
        {("standards", 3), ("problem_solving", 3), ("response", 3)},
        {("standards", 4), ("problem_solving", 4), ("response", 4)},
    )
    assert (leaver.result.days, leaver.state) == (19, "interview")
    assert (joiner.state, joiner.result.total, joiner.result.coefficient) == ("not_appraised", None, 10_000)

    printed = by_command_line(centre, tmp_path / "数据")
    kept = Result.objects.filter(run__cycle=centre.cycle, run__purpose="published").select_related("appraisal__person")
    assert len(kept) >= 8
    for result in kept:
        key = result.appraisal.person.key
        assert figures(engine.read_document(result)["appraisal"]) == figures(printed[key]), key
        assert result.total == (None if printed[key]["total"] is None else round(float(printed[key]["total"]) * 100))
    look(office, mover, joiner, leaver, width)


def superior_of(segment: dict[str, Any]) -> set[tuple[str, int]]:
    """Return what the superior of a segment judged: indicator and level."""
    rated = [(i["id"], r) for d in segment["dimensions"] for i in d["indicators"] for r in i["ratings"]]
    return {(name, rating["level"]) for name, rating in rated if rating["role"] == "superior"}


def look(office: Office, mover: Appraisal, joiner: Appraisal, leaver: Appraisal, width: int) -> None:
    """Let each of the three see their result."""
    person = office.visit(MOVER, width)
    person.go("result", mover.pk)
    person.shot("result-mover")
    person.sees("一组", "二组", "2025-09-15")
    left = office.visit(LEAVER, width)
    left.go("result", leaver.pk)
    left.shot("result-leaver")
    left.sees("2025-09-19", "计 19 天")
    User.objects.create(username=JOINER, name="司徒新", person=Person.objects.get(key=JOINER))
    new = office.visit(JOINER, width)
    new.go("my-results")
    new.shot("results-joiner")
    new.go("result", joiner.pk)
    new.shot("result-joiner")
    new.sees("10 天")
