"""Workbooks of people: the roster, the template for an import, the rows that were refused.

Texts are written as texts whatever they begin with (`write_string`): no cell of ours ever becomes a formula.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from io import BytesIO
from typing import Any

from xlsxwriter import Workbook

from meritdesk.language import _
from meritdesk.web.people.imports.columns import FIELDS
from meritdesk.web.people.imports.plan import PlannedRow
from meritdesk.web.people.models import Assignment
from meritdesk.web.people.ranges import last_day

FONT = "Microsoft YaHei"
LONGEST_TEXT = 32_000

Value = str | int | date | None


def roster_workbook(assignments: Sequence[Assignment], title: str) -> bytes:
    """Return the roster, one row per assignment, with the headings that the import knows."""
    headings = [
        _("工号"), _("姓名"), _("部门"), _("班组"), _("岗位"), _("直接上级工号"), _("直接上级姓名"), _("岗位等级"),
        _("技能等级"), _("生效日期"), _("离职日期"), _("邮箱"),
    ]  # fmt: skip
    rows: list[list[Value]] = [
        [
            row.person.key,
            row.person.name,
            row.team.department.name,
            row.team.name,
            row.position.title,
            row.superior.key if row.superior else "",
            row.superior.name if row.superior else "",
            row.job_grade,
            row.skill_grade,
            row.valid_from,
            last_day(row.valid_to),
            row.person.email,
        ]
        for row in assignments
    ]
    return _workbook([(title, headings, rows, 2)])


def template_workbook() -> bytes:
    """Return the workbook to fill in: headings with two example rows, and a sheet that explains the columns."""
    headings = [str(field.title) for field in FIELDS]
    lead = {"key": "示例1000", "name": _("李主管"), "position": _("班组长"), "superior": _("无"), "skill_grade": ""}
    examples: list[list[Value]] = []
    for own in (lead, {}):
        values = {field.key: field.example for field in FIELDS} | own
        examples.append([date.fromisoformat(text) if _is_day(text) else text for text in values.values()])
    explained: list[list[Value]] = [[str(field.title), str(field.help), field.example] for field in FIELDS]
    explained += [
        [_("示例行"), _("工号以“示例”开头的行不会导入，可以留着"), ""],
        [_("调动"), _("同一个人写两行，生效日期不同；前一段到后一段的前一天为止"), ""],
        [_("日期"), _("年-月-日，如 2025-09-30；2025/9/30、2025年9月30日也可以。9/10/25 这样有两种读法的不接受"), ""],
    ]
    return _workbook(
        [
            (_("花名册"), headings, examples, 2),
            (_("填写说明"), [_("列"), _("怎么填"), _("例")], explained, 1),
        ]
    )


def errors_workbook(heading: Sequence[str], rows: Sequence[PlannedRow]) -> bytes:
    """Return the rows that were refused as they stood in the file, each with its row number, reasons and fixes."""
    headings = [*remark_headings(), *heading]
    refused: list[list[Value]] = []
    for row in rows:
        if row.problems:
            reasons = [_("{column}“{value}”：{reason}").format(column=p.column, value=p.value, reason=p.reason)
                       for p in row.problems]  # fmt: skip
            fixes = dict.fromkeys(problem.fix for problem in row.problems)
            refused.append([row.number, "\n".join(reasons), "\n".join(fixes), *row.cells])
    return _workbook([(_("有错的行"), headings, refused, 1)])


def remark_headings() -> list[str]:
    """Return the columns that the workbook of refused rows adds: handed in again, they are no columns of the roster."""
    return [_("行号"), _("错误"), _("怎么改")]


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _workbook(sheets: Sequence[tuple[str, Sequence[str], Sequence[Sequence[Value]], int]]) -> bytes:
    """Return a workbook of sheets: name, headings, rows, columns that stay when one scrolls."""
    target = BytesIO()
    options = {"in_memory": True, "default_format_properties": {"font_name": FONT, "font_size": 10}}
    with Workbook(target, options) as workbook:
        head = workbook.add_format({"bold": True, "bg_color": "#E8EDF3", "border": 1, "border_color": "#C9D1DA"})
        plain = workbook.add_format({"num_format": "@", "valign": "top", "text_wrap": True})
        day = workbook.add_format({"num_format": "yyyy-mm-dd", "align": "left", "valign": "top"})
        for name, headings, rows, stay in sheets:
            sheet = workbook.add_worksheet(name)
            for column, heading in enumerate(headings):
                sheet.write_string(0, column, heading, head)
                texts = [_shown(row[column]) for row in rows[:200] if column < len(row)]
                sheet.set_column(column, column, min(max([_width(t) for t in (heading, *texts)]) + 3, 48), plain)
            for number, row in enumerate(rows, start=1):
                for column, value in enumerate(row):
                    _put(sheet, number, column, value, plain, day)
            sheet.freeze_panes(1, stay)
            sheet.autofilter(0, 0, max(len(rows), 1), len(headings) - 1)
    return target.getvalue()


def _put(sheet: Any, row: int, column: int, value: Value, plain: Any, day: Any) -> None:
    if value is None or value == "":
        return
    if isinstance(value, date):
        sheet.write_datetime(row, column, value, day)
    elif isinstance(value, int):
        sheet.write_number(row, column, value)
    else:
        sheet.write_string(row, column, value[:LONGEST_TEXT], plain)


def _shown(value: Value) -> str:
    return "" if value is None else str(value)


def _width(text: str) -> int:
    lines = text.split("\n")
    return max(sum(1 if sign.isascii() else 2 for sign in line) for line in lines)
