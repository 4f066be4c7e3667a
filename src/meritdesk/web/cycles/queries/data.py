"""What the data page of a cycle shows: what is needed, what waits, what was read and where every row went."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import xlsxwriter
from django.http import Http404

from meritdesk.errors import Problem
from meritdesk.language import _, current
from meritdesk.web.cycles import engine, staging
from meritdesk.web.cycles.actions.holding import RUNNING
from meritdesk.web.cycles.data_report import quarantined_of, wanted_tables
from meritdesk.web.cycles.models import Cycle, DataFile
from meritdesk.web.jobs.models import Job
from meritdesk.web.ui.text import lazy

SHOWN = 30
TITLES = {
    "contacts": lazy("联络记录"), "turns": lazy("逐条消息"), "surveys": lazy("满意度"), "reviews": lazy("质检"),
    "complaints": lazy("投诉"), "violations": lazy("违规"), "orders": lazy("订单"), "attendance": lazy("考勤"),
    "exams": lazy("考试"), "plans": lazy("计划完成"), "events": lazy("加减分事件"), "requests": lazy("协作请求"),
    "wages": lazy("工资"),
}  # fmt: skip
"""What the tables that files supply are called."""


@dataclass(frozen=True, kw_only=True)
class TableLine:
    """A table of the checklist."""

    table: str
    purpose: str
    needed: bool
    supplied: bool
    rows: int
    in_period: int

    @property
    def title(self) -> str:
        """Return what the table is called."""
        return str(TITLES.get(self.table, self.table))


@dataclass(frozen=True, kw_only=True)
class CoverageLine:
    """A metric of the scheme, and for how many people there are facts."""

    title: str
    people: int
    of: int
    facts: int


@dataclass(frozen=True, kw_only=True)
class DataPicture:
    """Everything on the data page."""

    tables: Sequence[TableLine]
    files: Sequence[DataFile]
    waiting: Sequence[staging.Staged]
    mappings: Sequence[staging.KnownMapping]
    accounts: Sequence[dict[str, Any]]
    causes: Sequence[dict[str, Any]]
    problems: Sequence[Problem]
    more_problems: int
    coverage: Sequence[CoverageLine]
    quarantined: int
    editable: bool
    running: Job | None

    @property
    def lacking(self) -> list[TableLine]:
        """Return the tables that the scheme needs and no file has supplied."""
        return [line for line in self.tables if line.needed and not line.supplied]


def data_picture(cycle: Cycle) -> DataPicture:
    """Return what the data page shows."""
    kept = cycle.data_report
    problems = [Problem(**problem) for problem in kept.get("problems", [])]
    files = list(cycle.files.select_related("attached_by").order_by("withdrawn", "-pk"))
    accounts = [{**a, "left_out": sum(a["left_out"].values())} for a in kept.get("accounts", [])]
    editable = cycle.state in RUNNING
    running = Job.objects.filter(
        kind__in=("cycles.attach", "cycles.report"), arguments__cycle=cycle.pk, state__in=("waiting", "running")
    ).first()
    return DataPicture(
        tables=_tables(cycle),
        files=files,
        waiting=staging.waiting(cycle) if editable else [],
        mappings=staging.known_mappings(cycle) if editable else [],
        accounts=accounts,
        causes=kept.get("causes", [])[:SHOWN],
        problems=problems[:SHOWN],
        more_problems=max(0, len(problems) - SHOWN),
        coverage=[
            CoverageLine(
                title=line["title_en"] if current() == "en" else line["title"], people=line["people"],
                of=line["of"], facts=line["facts"],
            )
            for line in kept.get("coverage", [])
        ],
        quarantined=sum(account["quarantined"] for account in accounts),
        editable=editable,
        running=running,
    )  # fmt: skip


def _tables(cycle: Cycle) -> list[TableLine]:
    """Return the checklist; from the scheme alone while nothing was read."""
    kept = cycle.data_report.get("tables")
    if kept:
        return [TableLine(**line) for line in kept]
    wanted = wanted_tables(engine.loaded_scheme(cycle).scheme)
    return [
        TableLine(table=name, purpose=purpose, needed=True, supplied=False, rows=0, in_period=0)
        for name, purpose in wanted.items()
    ]


def access_file(cycle: Cycle, pk: int) -> DataFile:
    """Return an attached file of a cycle that one may see; 404 otherwise."""
    found = cycle.files.select_related("cycle").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def quarantined_workbook(cycle: Cycle) -> bytes:
    """Return every row that was not used as .xlsx; texts are written as texts, so that none becomes a formula."""
    stream = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "constant_memory": False}
    book = xlsxwriter.Workbook(stream, options)
    sheet = book.add_worksheet(_("隔离行"))
    titles = (_("文件"), _("工作表"), _("行"), _("数据表"), _("列"), _("原因"), _("原值"), _("代码"))
    bold = book.add_format({"bold": True})
    for column, title in enumerate(titles):
        sheet.write_string(0, column, title, bold)
    for number, q in enumerate(quarantined_of(cycle).quarantined, start=1):
        for column, text in enumerate((q.file, q.sheet, "", q.table, q.column, q.reason, q.value, q.code)):
            if column == 2:
                sheet.write_number(number, 2, q.row)
            else:
                sheet.write_string(number, column, text)
    sheet.set_column(0, 0, 28)
    sheet.set_column(5, 6, 36)
    sheet.freeze_panes(1, 0)
    book.close()
    return stream.getvalue()
