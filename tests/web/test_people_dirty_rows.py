"""Rows as messy files have them: each is told with its row, column, reason and fix; none is bent until it fits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from meritdesk.web.access.models import User
from meritdesk.web.people.models import Person
from tests.web.company import Company
from tests.web.people_files import HEADING, person, xlsx
from tests.web.test_people_import import hand_in, preview, told

SignIn = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _home(settings: Settings, tmp_path: Path) -> None:
    settings.HOME = tmp_path


@pytest.fixture
def hr(company: Company, signed_in: SignIn) -> Client:
    """Return a client of HR."""
    return signed_in(company.users["hr"])


def one(name: str, column: str, reason: str, *rows: list[Any]) -> Any:
    """Return a case: rows, of which the last one is refused in `column` for `reason`."""
    return pytest.param(list(rows), column, reason, id=name)


def there(**values: Any) -> list[Any]:
    """Return a row of somebody who is on the roster."""
    values.setdefault("入职日期", "")
    return person("K-agent", "安小明", **values)


CASES = [
    one("no key", "工号", "没有工号", person("", "甲")),
    one("total line", "工号", "没有工号", ["", "合计", "", "", "", "", "", "", "", "", "12"]),
    one("key with a blank", "工号", "空格", person("1 2", "甲")),
    one("fraction", "工号", "不是整数", [1.5, *person("1", "甲")[1:]]),
    one("scientific", "工号", "科学计数法", person("1.23E+10", "甲")),
    one("key cut by the sheet", "工号", "15 位", [1234567890123456789, *person("1", "甲")[1:]]),
    one("leading zeros lost", "工号", "前导零", person("0012"), [12, *person("12", "乙")[1:]]),
    one("capitals", "工号", "大小写", there(工号="k-AGENT")),
    one("key too long", "工号", "超过 40", person("9" * 41, "甲")),
    one("no name", "姓名", "没有姓名", ["1", "", *person("1", "甲")[2:]]),
    one("another name", "姓名", "在系统中是“安小明”", person("K-agent", "安晓明")),
    one("two names in the file", "姓名", "在第 2 行是“甲”", person("1", "甲"), person("1", "乙")),
    one("no department", "部门", "没有写部门", person("1", 部门="", 班组="")),
    one("team without a department", "班组", "不能确定属于哪个部门", person("1", 部门="", 班组="新组")),
    one("no team", "班组", "没有写班组", person("1", 班组="—")),
    one("no position", "岗位", "没有写岗位", person("1", 岗位="")),
    one("department with a blank", "部门", "只差空格", person("1", 部门="客 服部")),
    one("team in full width", "班组", "全半角", person("1", 班组="A组"), person("2", 班组="Ａ组")),
    one("nobody of this name", "直接上级", "都没有这个人", person("1", 直接上级="不存在")),
    one("own superior", "直接上级", "本人", person("1", 直接上级="1")),
    one("ambiguous day", "入职日期", "先后不明", person("1", 入职日期="03/04/2025")),
    one("short year", "入职日期", "先后不明", person("1", 入职日期="1/2/25")),
    one("serial number", "入职日期", "日期序号", person("1", 入职日期="45901")),
    one("no such day", "入职日期", "没有这一天", person("1", 入职日期="2025-02-30")),
    one("half a day", "入职日期", "不完整", person("1", 入职日期="2025年9月")),
    one("without a year", "入职日期", "不完整", person("1", 入职日期="9.1")),
    one("words", "入职日期", "不是日期", person("1", 入职日期="上个月")),
    one("mixed separators", "入职日期", "不是日期", person("1", 入职日期="2025-9/1")),
    one("with a time", "入职日期", "含有时刻", person("1", 入职日期=datetime.fromisoformat("2025-09-01T08:30:00"))),
    one("strange year", "入职日期", "年份 1025", person("1", 入职日期="1025-09-01")),
    one("no day for a new person", "生效日期", "没有入职日期", person("1", 入职日期="")),
    one("leaves before", "离职日期", "早于", person("1", 离职日期="2025-08-31")),
    one("begins before hiring", "生效日期", "早于入职日期", person("1", 生效日期="2025-08-01")),
    one("no address", "邮箱", "不是邮箱", person("1", 邮箱="a@")),
    one("grade too long", "岗位等级", "超过 20", person("1", 岗位等级="很" * 21)),
    one("a day as a name", "姓名", "这是日期", ["1", date(2025, 9, 1), *person("1", "甲")[2:]]),
    one("true as a name", "姓名", "真/假", ["1", True, *person("1", "甲")[2:]]),
    one("twice, differently", "工号", "内容却不同", person("1"), person("1", 班组="二组")),
    one("change without a day", "生效日期", "没有写从哪天起", there(班组="二组")),
    one("overlap with the past", "生效日期", "重叠", there(生效日期="2019-06-01", 班组="二组")),
    one("other department, no team", "班组", "换了部门", there(部门="销售部", 班组="", 生效日期="2025-09-01")),
]


@pytest.mark.parametrize(("rows", "column", "reason"), CASES)
def test_dirty_row(hr: Client, rows: list[list[Any]], column: str, reason: str) -> None:
    problems = told(hr, rows)
    last = [(title, text) for number, title, text in problems if number == len(rows) + 1]
    assert any(title == column and reason in text for title, text in last), problems
    assert all(text.split(" → ", 1)[1].strip() for _title, text in last), "each says what to do"


def test_clean_rows_are_not_told(hr: Client) -> None:
    """The control: what is unusual but clear is taken."""
    rows = [
        person("1", 入职日期="2025/9/1"),
        person("2", 入职日期="2025年9月1日"),
        person("3", 入职日期="20250901"),
        person("4", 入职日期="２０２５－０９－０１"),
        person("5", 入职日期=datetime.fromisoformat("2025-09-01")),
        person("6", 离职日期="至今", 岗位等级="—", 直接上级="林班长"),
        person("7", 直接上级="林班长（K-lead）"),
        [8, *person("8")[1:]],
        person("9", 部门=" 客服部 ", 直接上级="K-lead"),
    ]
    assert told(hr, rows) == []
    plan = preview(hr, hand_in(hr, xlsx([HEADING, [None] * 11, *rows]))).context["plan"]
    assert (plan.totals["join"], plan.totals["skipped"]) == (9, 1)
    assert {person.stays[0].valid_from for person in plan.people} == {date(2025, 9, 1)}


def test_namesakes_must_be_told_apart(hr: Client, company: Company) -> None:
    Person.objects.create(key="K-lead-b", name="林班长")
    ((_number, column, text),) = told(hr, [person("1", 直接上级="林班长")])
    assert column == "直接上级"
    assert "K-lead、K-lead-b" in text


def test_a_circle_of_superiors(hr: Client) -> None:
    problems = told(
        hr, [person("1", 直接上级="2"), person("2", 直接上级="3"), person("3", 直接上级="1"), person("4", 直接上级="3")]
    )
    assert [number for number, _column, _text in problems] == [2, 3, 4, 5]
    assert "成了一个圈" in problems[0][2]
    assert "有错" in problems[3][2]


def test_a_circle_with_those_who_are_there(hr: Client) -> None:
    """林班长 is above 安小明: the file may not put her under him."""
    row = person("K-lead", "林班长", 岗位="班组长", 直接上级="K-agent", 入职日期="", 生效日期="2025-09-01")
    assert any("成了一个圈" in text for _number, _column, text in told(hr, [row]))


def test_one_faulty_row_holds_the_others_of_the_person_and_of_those_below(hr: Client) -> None:
    rows = [person("1"), person("1", 生效日期="2025-13-01", 班组="二组"), person("2", 直接上级="1"), person("3")]
    problems = told(hr, rows)
    assert [number for number, _column, _text in problems] == [2, 3, 4]
    assert "同一个人的第 3 行有错" in problems[0][2]


def test_overlap_names_both_ranges(hr: Client, company: Company) -> None:
    company.people["agent"].assignments.update(valid_to=date(2025, 6, 1))
    rows = [there(生效日期="2019-06-01", 离职日期="2020-02-01", 班组="二组")]
    ((_number, _column, text),) = told(hr, rows)
    assert "2019-06-01 至 2020-02-01" in text
    assert "2020-01-01 至 2025-05-31" in text


def test_superior_who_is_not_there_on_those_days(hr: Client, company: Company) -> None:
    company.people["lead"].assignments.update(valid_to=date(2025, 6, 1))
    ((_number, _column, text),) = told(hr, [person("1", 直接上级="林班长")])
    assert "没有任职" in text


def test_a_return_needs_a_day_and_a_planned_leave_is_kept(hr: Client, company: Company) -> None:
    company.people["agent"].assignments.update(valid_to=date(2025, 6, 1))
    ((_n, column, _text),) = told(hr, [there(班组="二组")])
    assert column == "生效日期"
    plan = preview(hr, hand_in(hr, xlsx([HEADING, there(班组="二组", 生效日期="2025-09-01")]))).context["plan"]
    assert plan.totals["return"] == 1
    company.people["agent"].assignments.update(valid_to=date(2025, 12, 1))
    ((_n, column, text),) = told(hr, [there(班组="二组", 生效日期="2025-09-01")])
    assert column == "离职日期"
    assert "2025-11-30" in text
