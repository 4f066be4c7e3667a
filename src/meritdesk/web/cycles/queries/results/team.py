"""Results of the people whom an account reaches, cycle by cycle: the table, and the same as a spreadsheet."""

from __future__ import annotations

import io
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

import xlsxwriter
from django.db.models import F, OuterRef, QuerySet, Subquery

from meritdesk.language import _
from meritdesk.web.access.models import User
from meritdesk.web.cycles.models import Appraisal, Cycle
from meritdesk.web.cycles.queries.doors import appraisals_in_reach
from meritdesk.web.cycles.queries.results.person import published
from meritdesk.web.ui import formats

CYCLES = 60
"""Cycles offered for choice, the newest."""


def cycles_with_results(user: User) -> list[Cycle]:
    """Return the published cycles with results that the account may read, the newest first."""
    readable = appraisals_in_reach(user, "results.read").exclude(person=user.person_id or 0)
    found = Cycle.objects.filter(published_at__isnull=False, pk__in=readable.values("cycle"))
    return list(
        found.select_related("department", "team", "scheme_version__scheme").order_by("-first_day", "title")[:CYCLES]
    )


def team_results(user: User, cycle: Cycle) -> QuerySet[Appraisal]:
    """Return the appraisals of a published cycle in reach, with `change`: hundredths since the last cycle of the kind.

    Held and left out people are among them; everybody chosen is accounted for.
    """
    readable = appraisals_in_reach(user, "results.read")
    before = (
        published(readable)
        .filter(person=OuterRef("person"), cycle__kind=cycle.kind, cycle__first_day__lt=cycle.first_day)
        .order_by("-cycle__first_day", "-pk")
    )
    return (
        readable.filter(cycle=cycle, cycle__published_at__isnull=False)
        .select_related("person", "team", "result")
        .defer("result__document")
        .annotate(change=F("result__total") - Subquery(before.values("result__total")[:1]))
    )


class Figures(NamedTuple):
    """What the statistics of a team need of one person."""

    pk: int
    state: str
    total: int | None
    grade: str


def figures_of_all(user: User, cycle: Cycle) -> list[Figures]:
    """Return the bare figures of everybody in reach: thousands of them in one light query."""
    found = appraisals_in_reach(user, "results.read").filter(cycle=cycle, cycle__published_at__isnull=False)
    rows = found.order_by("pk").values_list("pk", "state", "result__total", "result__grade")
    return [Figures(pk, state, total, grade or "") for pk, state, total, grade in rows]


def workbook(cycle: Cycle, appraisals: Sequence[Appraisal]) -> bytes:
    """Return the table as .xlsx; texts are written as texts, so that none becomes a formula."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    head = book.add_format({"bold": True, "bg_color": "#eef2f6", "bottom": 1})
    points = book.add_format({"num_format": "0.00"})
    sheet = book.add_worksheet(_("团队结果"))
    titles = (
        _("工号"), _("姓名"), _("班组"), _("岗位"), _("总分"), _("等级"), _("绩效系数"), _("名次"), _("总人数"),
        _("较上期"), _("状态"),
    )  # fmt: skip
    sheet.write_string(0, 0, cycle.title)
    for column, title in enumerate(titles):
        sheet.write_string(1, column, title, head)
    for number, appraisal in enumerate(appraisals, start=2):
        result = appraisal.result
        texts = (appraisal.person.key, appraisal.person.name, appraisal.team.name, appraisal.position)
        for column, text in enumerate(texts):
            sheet.write_string(number, column, text)
        if result is not None:
            coefficient = None if result.coefficient is None else formats.coefficient(result.coefficient)
            _number(sheet, number, 4, None if result.total is None else formats.score(result.total), points)
            sheet.write_string(number, 5, result.grade_title)
            _number(sheet, number, 6, coefficient)
            _number(sheet, number, 7, result.rank)
            _number(sheet, number, 8, result.rank_of)
        change = appraisal.change  # type: ignore[attr-defined]
        _number(sheet, number, 9, None if change is None else formats.score(change), points)
        sheet.write_string(number, 10, appraisal.get_state_display())
    sheet.set_column(0, 3, 14)
    sheet.set_column(4, 10, 11)
    sheet.freeze_panes(2, 2)
    sheet.autofilter(1, 0, max(len(appraisals) + 1, 1), len(titles) - 1)
    book.close()
    return buffer.getvalue()


def _number(
    sheet: xlsxwriter.worksheet.Worksheet,
    row: int,
    column: int,
    value: str | int | None,
    style: xlsxwriter.format.Format | None = None,
) -> None:
    """Write a figure as a number; its exact text is what was graded, the sheet shows it."""
    if value is not None:
        sheet.write_number(row, column, Decimal(str(value).replace(",", "")), style)
