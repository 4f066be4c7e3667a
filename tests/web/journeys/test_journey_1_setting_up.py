"""Journey 1: HR sets up a department from an Excel file and a scheme from a template; a second person publishes it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from openpyxl import Workbook
from playwright.sync_api import expect

from meritdesk.web.people.models import Assignment, Department, Person
from meritdesk.web.schemes.models import SchemeVersion
from tests.web.company import make_company
from tests.web.journeys.office import DESK, PHONE, Office, Visitor

WIDTHS = pytest.mark.parametrize("width", [DESK, PHONE], ids=["desk", "phone"])
CONSULTATION = "2025-08-12 职工代表座谈，十一人参加；三人认为一次解决率受派单影响，已把效率的权重下调。"


def messy_roster(folder: Path) -> Path:
    """Write a roster as a personnel system hands it out: banner, merged cells, dates of all kinds, a fault."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "在职人员"
    rows: list[list[Any]] = [
        ["电商客服部在职人员明细表"],
        ["导出时间：2025-08-28 09:12:33", None, None, None, None, None, None, "制表：何人事"],
        ["序号", "员工编号", "姓 名", "所属部门", "班组/小组", "职务", "直属上级", "入职时间", "手机号码"],
        [1, "E0001", "诸葛建国", "电商客服部", "直播组", "班组长", "无", date(2019, 3, 4), "13800000001"],
        [2, "E0002", "欧阳娜娜", None, None, "客服代表", "诸葛建国", "2021/7/1", "13800000002"],
        [3, "E0003", " 王喆 ", None, None, "客服代表", "E0001", "2022年4月18日", "13800000003"],
        [4, "Ｅ０００４", "李堃", "电商客服部", "售后组", "班组长", "无", date(2018, 1, 2), "13800000004"],
        [5, "E0005", "阿依古丽·买买提", "电商客服部", "售后组", "客服代表", "李堃", "2023-11-06", "13800000005"],
        [6, "E0006", "张昇", "电商客服部", "售后组", "客服代表", "E0004", "03/04/2025", "13800000006"],
        ["合计", None, None, None, None, None, None, None, 6],
    ]
    for row in rows:
        sheet.append(row)
    sheet.merge_cells("A1:I1")
    for column in "DE":
        sheet.merge_cells(f"{column}4:{column}6")
    path = folder / "电商客服部人员_20250828.xlsx"
    book.save(path)
    return path


def import_roster(hr: Visitor, path: Path) -> None:
    """Hand the roster in, look at what it will do, and let the good rows through."""
    hr.go("people")
    hr.shot("people-before")
    hr.go("people-import")
    hr.shot("import")
    hr.page.locator("[name=file]").set_input_files(path)
    hr.send("上传并预览")
    hr.shot("import-preview")
    hr.sees("诸葛建国", "先后不明", "合并单元格只在左上角有值")
    if not hr.page.locator("[name=fill_merged]").is_visible():
        hr.page.locator("details.reading > summary").click()
    hr.page.locator("[name=fill_merged]").check()
    hr.shot("import-reading")
    hr.send("重新读取")
    hr.shot("import-filled")
    hr.sees_not("合并单元格只在左上角有值")
    hr.press("导入 5 行")
    hr.shot("import-confirm")
    hr.send("导入 5 行", "dialog")
    hr.shot("imported")
    assert Department.objects.filter(name="电商客服部").count() == 1
    assert Person.objects.filter(key__in=["E0001", "E0002", "E0003", "E0004", "E0005"]).count() == 5
    post = Assignment.objects.select_related("team", "position", "superior").get(person__key="E0003")
    assert (post.team.name, post.position.code, post.valid_from) == ("直播组", "agent", date(2022, 4, 18))
    assert post.superior is not None
    assert post.superior.key == "E0001"
    hr.go("people")
    hr.shot("people-after")
    hr.sees("电商客服部", "直播组")
    hr.follow("直播组")
    hr.shot("team")
    hr.sees("诸葛建国", "王喆")


def make_scheme(hr: Visitor) -> SchemeVersion:
    """Make a draft for the department from the template of R4."""
    hr.go("schemes")
    hr.shot("schemes")
    hr.go("scheme-template", "r4-support-center")
    hr.shot("template")
    hr.follow("使用这份模板")
    hr.fill(title="电商客服部月度绩效方案", name="live_service")
    hr.page.locator("[name=department]").select_option(label="电商客服部")
    hr.shot("scheme-use")
    hr.send("新建草稿")
    hr.shot("designer")
    return SchemeVersion.objects.get(scheme__name="live_service")


def weigh(hr: Visitor, version: SchemeVersion) -> None:
    """Change a weight: the total is off, and stays so after saving; mend it with another one."""
    hr.go("scheme-design", version.pk, "contents")
    total, wrong = hr.page.locator("#tree-total output"), hr.page.locator("#tree-total.is-wrong")
    expect(total).to_have_text("100")
    with hr.page.expect_response(lambda answer: answer.request.method == "POST"):
        hr.fill(**{"w.quality": "45"})
        expect(total).to_have_text("105")
        expect(wrong).to_be_visible()
    hr.shot("weights-off")
    expect(hr.page.locator("#findings")).to_contain_text("105")
    expect(wrong).to_be_visible()
    hr.go("scheme-publication", version.pk)
    expect(hr.button("提交给第二人审核")).to_be_disabled()
    hr.shot("publication-refused")
    hr.go("scheme-design", version.pk, "contents")
    with hr.page.expect_response(lambda answer: answer.request.method == "POST"):
        hr.fill(**{"w.efficiency": "25"})
        expect(total).to_have_text("100")
    expect(wrong).to_have_count(0)
    hr.shot("weights-mended")


def mend_cases(hr: Visitor, version: SchemeVersion) -> None:
    """Take the totals that no longer hold out of the worked cases, by their text."""
    hr.go("scheme-cases", version.pk)
    hr.shot("cases")
    hr.go("scheme-cases", version.pk, query="?text=1")
    text = hr.page.locator("textarea[name=text]").input_value()
    cases = yaml.safe_load(text)["cases"]
    kept = [case for case in cases if "indicators" in case.get("expect", {}) and "stated" not in case]
    for case in kept:
        case["expect"] = {"indicators": case["expect"]["indicators"]}
    kept += [case for case in cases if case["title"].startswith(("七项全满", "七项最低"))]
    hr.page.locator("textarea[name=text]").fill(yaml.safe_dump({"cases": kept}, allow_unicode=True, sort_keys=False))
    hr.shot("cases-text")
    hr.send("保存文字")
    hr.go("scheme-check", version.pk)
    hr.shot("check")


def submit(hr: Visitor, version: SchemeVersion) -> None:
    """Hand the draft over with the record of the consultation."""
    hr.go("scheme-publication", version.pk)
    hr.sees("体检没有错误")
    hr.fill(reason="直播业务首次制定", consultation=CONSULTATION, consulted_on="2025-08-12", notice_on="2025-08-29")
    hr.shot("submit")
    hr.send("提交给第二人审核")
    hr.shot("submitted")


@WIDTHS
def test_journey_1_setting_up(office: Office, width: int, tmp_path: Path) -> None:
    """From an Excel file and a template to a published scheme; who wrote it cannot publish it."""
    make_company()
    office.clock.set("2025-08-28 09:30")
    hr = office.sign_in("hr", width)
    hr.shot("home")
    import_roster(hr, messy_roster(tmp_path))
    version = make_scheme(hr)
    weigh(hr, version)
    mend_cases(hr, version)
    submit(hr, version)

    expect(hr.page.get_by_role("button", name="审核通过并发布")).to_have_count(0)
    hr.refused = True
    once = hr.page.evaluate("document.querySelector('[name=csrfmiddlewaretoken]').value")
    answer = hr.page.request.post(
        f"{office.address}/schemes/versions/{version.pk}/publish/",
        form={"csrfmiddlewaretoken": once, "once": "journey-1"}, headers={"Referer": office.address}, max_redirects=0,
    )  # fmt: skip
    assert (answer.status, "不能" in answer.text()) == (422, True), answer.text()[:3000]
    version.refresh_from_db()
    assert version.state == "submitted"

    second = office.sign_in("hr2", width)
    second.shot("home-second")
    second.go("scheme-publication", version.pk)
    second.shot("to-publish")
    second.press("审核通过并发布")
    second.shot("publish-confirm")
    second.send("发布方案", "dialog")
    second.shot("published")
    second.sees("已发布")
    version.refresh_from_db()
    done = SchemeVersion.objects.filter(state="published", submitted_by__username="hr", published_by__username="hr2")
    assert done.get() == version
    weights = {d["id"]: d["weight"] for d in yaml.safe_load(version.text)["dimensions"]}
    assert (weights["quality"], weights["efficiency"], sum(weights.values())) == (45, 25, 100)

    agent = office.visit("agent", width)
    agent.go("scheme-version", version.pk)
    agent.shot("scheme-of-agent")
    agent.sees("电商客服部月度绩效方案", "征求意见")
