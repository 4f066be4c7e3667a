"""Which column of a file holds what: the fields of a roster, the headings people give them, and where those are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from meritdesk.events.numbers import half_width
from meritdesk.web.ui.text import lazy

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


@dataclass(frozen=True, kw_only=True)
class Field:
    """One thing a roster says of a person; `headings` are what files call it, the surest first."""

    key: str
    title: StrPromise
    help: StrPromise
    example: str
    headings: tuple[str, ...]
    longest: int = 80


FIELDS: tuple[Field, ...] = (
    Field(
        key="key",
        title=lazy("工号"),
        help=lazy("必填。每人一个，不变；有前导零时请设为文本格式"),
        example="示例1001",
        longest=40,
        headings=(
            "工号",
            "员工编号",
            "员工工号",
            "员工号",
            "人员编号",
            "职工号",
            "职工编号",
            "人员工号",
            "编号",
            "employeeid",
            "employeenumber",
            "empid",
            "staffid",
            "staffno",
            "staffkey",
            "id",
        ),
    ),
    Field(
        key="name",
        title=lazy("姓名"),
        help=lazy("新员工必填；已有员工须与系统一致"),
        example="王小明",
        headings=("姓名", "员工姓名", "名字", "人员姓名", "employeename", "name", "fullname"),
    ),
    Field(
        key="department",
        title=lazy("部门"),
        help=lazy("新员工必填；系统中没有的会新建"),
        example="客服部",
        headings=("部门", "部门名称", "所属部门", "所在部门", "一级部门", "department", "dept"),
    ),
    Field(
        key="team",
        title=lazy("班组"),
        help=lazy("新员工必填；系统中没有的会新建"),
        example="客服一组",
        headings=(
            "班组",
            "小组",
            "班组名称",
            "所属班组",
            "所在班组",
            "组别",
            "团队",
            "班组/小组",
            "二级部门",
            "team",
            "group",
        ),
    ),
    Field(
        key="position",
        title=lazy("岗位"),
        help=lazy("新员工必填；系统中没有的会新建"),
        example="客服代表",
        headings=("岗位", "职位", "岗位名称", "职位名称", "职务", "岗位/职位", "position", "jobtitle", "post"),
    ),
    Field(
        key="superior",
        title=lazy("直接上级"),
        help=lazy("工号，或不重名的姓名；写“无”表示没有上级，空着表示不变"),
        example="示例1000",
        headings=(
            "直接上级工号",
            "上级工号",
            "直属上级工号",
            "主管工号",
            "直接上级",
            "直属上级",
            "上级",
            "直接主管",
            "直接上级姓名",
            "上级姓名",
            "汇报对象",
            "汇报上级",
            "managerid",
            "superiorid",
            "superiorname",
            "superior",
            "manager",
            "reportsto",
        ),
    ),
    Field(
        key="job_grade",
        title=lazy("岗位等级"),
        help=lazy("选填；空着表示不变，写“无”清除"),
        example="P2",
        longest=20,
        headings=("岗位等级", "职级", "岗级", "岗位级别", "职等", "jobgrade", "grade"),
    ),
    Field(
        key="skill_grade",
        title=lazy("技能等级"),
        help=lazy("选填；空着表示不变，写“无”清除"),
        example="中级",
        longest=20,
        headings=("技能等级", "技能级别", "技能", "skillgrade", "skill"),
    ),
    Field(
        key="hired_on",
        title=lazy("入职日期"),
        help=lazy("新员工写入职日期或生效日期，如 2025-09-01"),
        example="2025-09-01",
        headings=("入职日期", "入职时间", "到岗日期", "入职日", "hiredate", "dateofhire"),
    ),
    Field(
        key="valid_from",
        title=lazy("生效日期"),
        help=lazy("这一行的任职从哪天起；调动时必填"),
        example="",
        headings=(
            "生效日期",
            "任职日期",
            "调动日期",
            "变动日期",
            "任职开始",
            "任职开始日期",
            "任职起",
            "任职起始",
            "任职起始日期",
            "开始日期",
            "起始日期",
            "validfrom",
            "effectivedate",
            "startdate",
        ),
    ),
    Field(
        key="last_day",
        title=lazy("离职日期"),
        help=lazy("最后一个在岗日；在职的空着"),
        example="",
        headings=(
            "离职日期",
            "结束日期",
            "最后工作日",
            "最后一天",
            "任职结束",
            "任职结束日期",
            "任职止",
            "任职终止",
            "任职终止日期",
            "离职时间",
            "离职日",
            "terminationdate",
            "dateoftermination",
            "enddate",
            "lastday",
            "leavingdate",
        ),
    ),
    Field(
        key="email",
        title=lazy("邮箱"),
        help=lazy("选填；收提醒用"),
        example="",
        longest=254,
        headings=("邮箱", "电子邮箱", "邮件", "企业邮箱", "邮箱地址", "email", "mail"),
    ),
)
BY_KEY: Mapping[str, Field] = {field.key: field for field in FIELDS}
SEARCHED_ROWS = 10
"""How far down the heading is looked for: titles and notes often stand above it."""


def plain(heading: str) -> str:
    """Return a heading as it is compared: half-width, small letters, no blanks, no remarks in brackets, no marks."""
    text = re.sub(r"[(（\[【].*?[)）\]】]", "", half_width(heading)).casefold()
    return re.sub(r"[\s*＊_\-:：、.]", "", text)


def guess(headings: Sequence[str]) -> dict[str, int]:
    """Return field → column (from 0) for the columns whose heading is known; each column once."""
    names: dict[str, int] = {}
    for column, heading in enumerate(headings):
        for text in (heading, heading.rsplit(" / ", 1)[-1], heading.split(" / ", 1)[0]):
            names.setdefault(plain(text), column)
    found: dict[str, int] = {}
    for field in FIELDS:
        for heading in field.headings:
            column = names.get(plain(heading), -1)
            if column >= 0 and column not in found.values():
                found[field.key] = column
                break
    return found


def find_heading(rows: Sequence[Sequence[str]]) -> tuple[int, ...]:
    """Return the rows (from 1) that form the heading: the fewest that name most fields; the first if none does."""
    best: tuple[int, ...] = (1,)
    most = 0
    for index in range(min(len(rows), SEARCHED_ROWS)):
        candidates: list[tuple[int, ...]] = [(index + 1,)]
        if index + 1 < len(rows):
            candidates.append((index + 1, index + 2))
        for candidate in candidates:
            count = len(guess(joined([rows[number - 1] for number in candidate])))
            # Of equals the single row: a line above the heading ("exported at …") is no part of it.
            if count > most or (count == most and count and len(candidate) < len(best)):
                best, most = candidate, count
    return best


def joined(parts: Sequence[Sequence[str]]) -> list[str]:
    """Return the heading that several rows make, as the readers join them."""
    width = max((len(part) for part in parts), default=0)
    return [
        " / ".join(dict.fromkeys(part[column] for part in parts if column < len(part) and part[column]))
        for column in range(width)
    ]
