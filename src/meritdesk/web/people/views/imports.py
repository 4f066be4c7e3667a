"""The roster from a file: hand it in, look at what every row will do, confirm once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _
from meritdesk.web.people.actions.importing import do_import
from meritdesk.web.people.forms import ReadingForm
from meritdesk.web.people.imports import uploads
from meritdesk.web.people.imports.columns import BY_KEY, FIELDS, guess
from meritdesk.web.people.imports.plan import KINDS, Plan, PlannedRow
from meritdesk.web.people.imports.present import Present
from meritdesk.web.people.imports.sheet import Sheet, read_sheet
from meritdesk.web.people.imports.uploads import Options, Upload
from meritdesk.web.people.queries.imports import Request, planned
from meritdesk.web.people.views.forms_and_acts import user_of
from meritdesk.web.people.views.organisation import XLSX
from meritdesk.web.people.workbooks import errors_workbook, remark_headings, template_workbook
from meritdesk.web.ui.tables import Column, Empty, make_table
from meritdesk.web.ui.text import lazy

KIND_TITLES: Mapping[str, object] = {
    "join": lazy("入职"),
    "return": lazy("返聘"),
    "transfer": lazy("调动"),
    "leave": lazy("离职"),
    "change": lazy("更正"),
    "history": lazy("补录"),
    "unchanged": lazy("不变"),
    "skipped": lazy("跳过"),
    "error": lazy("有错"),
}
TONES = {"join": "good", "return": "good", "transfer": "now", "leave": "warn", "change": "now", "history": "now",
         "error": "bad"}  # fmt: skip


FIXES: Mapping[str, object] = {
    "encoding-unclear": lazy("在下方选择文字编码，再点“重新读取”"),
    "bad-encoding": lazy("在下方选择另一种文字编码，或把文件另存为 .xlsx"),
    "no-heading": lazy("在下方改正表头在第几行"),
    "no-sheet": lazy("在下方选择另一个工作表"),
    "not-a-workbook": lazy("在表格软件中打开，另存为 .xlsx 后重新上传"),
    "workbook-as-text": lazy("在表格软件中打开，另存为 .xlsx 后重新上传"),
    "hidden-rows": lazy("隐藏的行不该导入时，先在文件里删去"),
}
"""What to do on this page, where the readers speak of a mapping file."""


def template(request: HttpRequest) -> HttpResponse:
    """The workbook to fill in."""
    return _workbook(template_workbook(), "roster-template.xlsx")


def hand_in(request: HttpRequest) -> HttpResponse:
    """Take a file and go on to its preview."""
    problems: Sequence[Problem] = ()
    if request.method == "POST":
        file = request.FILES.get("file")
        try:
            if file is None:
                fix = _("选择 .xlsx、.xls、.csv 或 .ods 文件")
                raise MeritdeskError(Problem(code="no-file", place="", message=_("没有选择文件"), fix=fix))
            upload = uploads.keep(user_of(request), file.name or "", file.chunks())
        except MeritdeskError as error:
            problems = error.problems
        else:
            return redirect("people-import-preview", token=upload.token)
    context = {"problems": problems, "fields": FIELDS}
    return render(request, "people/import.html", context, status=422 if problems else 200)


def preview(request: HttpRequest, token: str) -> HttpResponse:
    """Show what every row will do; sent: read the file in another way."""
    upload = _upload(request, token)
    if request.method == "POST":
        uploads.change(user_of(request), upload, _options(request, upload.options))
        return redirect("people-import-preview", token=token)
    return _preview(request, upload)


def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Carry out what the preview showed."""
    user, upload = user_of(request), _upload(request, token)
    try:
        sheet = read_sheet(upload)
        asked = Request(sheet, _mapping(sheet, upload.options), upload.options.effective)
        plan = do_import(
            acting_user=user,
            request=asked,
            fingerprint=request.POST.get("fingerprint", ""),
            only_without_errors=request.POST.get("only_without_errors") == "1",
            once_key=request.POST.get("once", ""),
        )
    except MeritdeskError as error:
        return _preview(request, upload, error.problems)
    uploads.forget(upload)
    totals = plan.totals
    done = sum(totals[kind] for kind in KINDS if kind not in ("unchanged", "skipped", "error"))
    text = _("已导入 {done} 行：入职 {join}，调动 {transfer}，离职 {leave}；{errors} 行有错未导入").format(
        done=done, join=totals["join"], transfer=totals["transfer"], leave=totals["leave"], errors=totals["error"]
    )
    messages.success(request, text)
    return redirect("people")


def errors(request: HttpRequest, token: str) -> HttpResponse:
    """The refused rows as a workbook, each with its reasons."""
    upload = _upload(request, token)
    try:
        sheet = read_sheet(upload)
        plan, _present = planned(
            user_of(request), Request(sheet, _mapping(sheet, upload.options), upload.options.effective)
        )
    except MeritdeskError as error:
        raise Http404 from error
    return _workbook(errors_workbook(sheet.heading, plan.rows), "roster-errors.xlsx")


def _preview(request: HttpRequest, upload: Upload, problems: Sequence[Problem] = ()) -> HttpResponse:
    context: dict[str, Any] = {"upload": upload, "problems": list(problems), "fields": [], "plan": None, "sheet": None}
    sheet: Sheet | None = None
    try:
        sheet = read_sheet(upload)
    except MeritdeskError as error:
        context["problems"] += _for_this_page(error.problems)
    if sheet is not None:
        mapping = _mapping(sheet, upload.options)
        context |= {"sheet": sheet, "columns": list(enumerate(sheet.heading)), "fields": _fields(mapping)}
        remarks = remark_headings()
        context["unread"] = [
            h for c, h in enumerate(sheet.heading) if h and c not in mapping.values() and h not in remarks
        ]
        if "key" in mapping:
            plan, present = planned(user_of(request), Request(sheet, mapping, upload.options.effective))
            context |= _plan_context(request, plan, present)
        else:
            fix = _("在下方指定哪一列是工号，或改正表头在第几行")
            context["problems"].append(Problem(code="no-key-column", place="", message=_("没有找到工号列"), fix=fix))
        context["problems"] += _for_this_page(sheet.notes)
    context["form"] = _reading_form(upload.options, sheet)
    return render(request, "people/import_preview.html", context, status=422 if problems else 200)


def _for_this_page(problems: Sequence[Problem]) -> list[Problem]:
    return [replace(problem, fix=str(FIXES.get(problem.code, problem.fix))) for problem in problems]


def _plan_context(request: HttpRequest, plan: Plan, present: Present) -> dict[str, Any]:
    kinds = [(kind, KIND_TITLES[kind]) for kind in KINDS if plan.totals[kind]]
    chosen = request.GET.get("f_kind", "")
    # Nobody needs pages of rows that do nothing: those that do, or cannot, come first.
    order = {kind: number for number, kind in enumerate(("error", *(k for k in KINDS if k != "error")))}
    rows = sorted((_Row(row, present) for row in plan.rows), key=lambda row: (order[row.kind], row.number))
    table = make_table(
        request,
        rows,
        columns=[
            Column(key="number", title=_("行"), order=("number",), num=True),
            Column(key="kind", title=_("将会"), filter="kind", choices=[(k, str(t)) for k, t in kinds]),
            Column(key="key", title=_("工号"), order=("key",), filter="key", phone=False),
            Column(key="name", title=_("姓名"), order=("name",), filter="name"),
            Column(key="what", title=_("内容，或错误和改法")),
        ],
        row_template="people/import_row.html",
        empty=Empty(title=_("文件里没有数据行"), why=_("检查工作表和表头在第几行")),
    )
    totals = [
        {"kind": kind, "title": KIND_TITLES[kind], "count": plan.totals[kind], "tone": TONES.get(kind, "")}
        for kind in KINDS
        if plan.totals[kind] or kind in ("join", "transfer", "leave", "error")
    ]
    writes = sum(plan.totals[kind] for kind in KINDS if kind not in ("unchanged", "skipped", "error"))
    return {
        "plan": plan,
        "totals": totals,
        "kind": chosen,
        "row_count": len(plan.rows),
        "errors": plan.totals["error"],
        "writes": writes,
        "table": table,
        "new_places": [
            {"title": _("新部门"), "names": list(plan.departments)},
            {"title": _("新班组"), "names": [f"{home} · {name}" for home, name in plan.teams]},
            {"title": _("新岗位"), "names": list(plan.positions)},
        ],
    }


class _Row:
    """A row of the preview."""

    def __init__(self, row: PlannedRow, present: Present) -> None:
        self.number, self.kind, self.notes, self.problems = row.number, row.kind, row.notes, row.problems
        self.key = row.draft.key if row.draft else ""
        known = present.people.get(self.key)
        self.name = (row.draft.name if row.draft else "") or (known.name if known else "")
        self.title, self.tone = KIND_TITLES[row.kind], TONES.get(row.kind, "")
        self.changes = [
            {"title": BY_KEY[field].title, "old": _named(present, field, old), "new": _named(present, field, new)}
            for field, old, new in row.changes
            if row.kind != "join"
        ]
        if row.kind == "join" and row.draft:
            values = row.draft.values
            parts = [
                values.get("department"),
                values.get("team"),
                _named(present, "position", values.get("position", "")),
            ]
            self.post = " · ".join(part for part in parts if part)
            self.days = next((new for field, _old, new in row.changes if field == "valid_from"), "")
        else:
            self.post = ""


def _named(present: Present, field: str, value: str) -> str:
    """Return a value as people know it: titles for codes, names beside keys."""
    if field == "position" and value in present.positions:
        return present.positions[value][1]
    if field == "superior" and value in present.people:
        return f"{present.people[value].name}（{value}）"
    return value


def _fields(mapping: Mapping[str, int]) -> list[dict[str, object]]:
    return [{"key": field.key, "title": field.title, "column": mapping.get(field.key, -1)} for field in FIELDS]


def _mapping(sheet: Sheet, options: Options) -> dict[str, int]:
    if options.mapping is None:
        return guess(sheet.heading)
    return {field: column for field, column in options.mapping.items() if column < len(sheet.heading)}


def _reading_form(options: Options, sheet: Sheet | None) -> ReadingForm:
    form = ReadingForm(
        initial={
            "sheet": options.sheet or (sheet.sheet if sheet else ""),
            "encoding": options.encoding,
            "heading_row": sheet.heading_rows[0] if sheet else None,
            "effective": options.effective,
            "fill_merged": options.fill_merged,
        }
    )
    names = sheet.sheets if sheet else ([options.sheet] if options.sheet else [])
    form.fields["sheet"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]
    return form


def _options(request: HttpRequest, before: Options) -> Options:
    """Return the options that were sent; columns chosen by hand hold as long as the heading is the same one."""
    form = ReadingForm(request.POST)
    form.fields["sheet"].choices = [(name, name) for name in request.POST.getlist("sheet")]  # type: ignore[attr-defined]
    form.is_valid()
    values = form.cleaned_data
    row = values.get("heading_row")
    shown = request.POST.get("shown_heading_row", "")
    same = str(row or "") == shown and values.get("sheet", "") == request.POST.get("shown_sheet", "")
    mapping: dict[str, int] = {}
    for field in FIELDS:
        text = request.POST.get(f"column_{field.key}", "")
        if text.isdecimal() and len(text) < 9 and int(text) not in mapping.values():
            mapping[field.key] = int(text)
    chosen = "column_key" in request.POST and same
    # A heading of two rows was found by itself: the number of its first row, unchanged, does not make it one row.
    return replace(
        before,
        sheet=values.get("sheet", ""),
        encoding=values.get("encoding") or "auto",
        heading_rows=before.heading_rows if same else (row,) if row else (),
        effective=values.get("effective"),
        fill_merged=bool(values.get("fill_merged")),
        mapping=mapping if chosen else None,
    )


def _upload(request: HttpRequest, token: str) -> Upload:
    upload = uploads.find(user_of(request), token)
    if upload is None:
        raise Http404
    return upload


def _workbook(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
