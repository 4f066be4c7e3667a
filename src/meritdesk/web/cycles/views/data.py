"""The data of a cycle: what is needed, uploading, reading under a mapping, withdrawing, what became of every row."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _
from meritdesk.web.cycles import staging
from meritdesk.web.cycles.actions.data import do_discard_files, do_read_files, do_stage_files, do_withdraw_file
from meritdesk.web.cycles.models import Cycle
from meritdesk.web.cycles.queries.data import access_file, data_picture, quarantined_workbook
from meritdesk.web.cycles.queries.doors import access_cycle, user_of

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def data(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what the scheme needs, what waits to be read, and what became of what was read."""
    return _page(request, access_cycle(user_of(request), "cycles.run", pk))


def _page(request: HttpRequest, cycle: Cycle, problems: Sequence[Problem] = ()) -> HttpResponse:
    chosen = {key.removeprefix("choice:"): value for key, value in request.POST.items() if key.startswith("choice:")}
    context = {"cycle": cycle, "picture": data_picture(cycle), "problems": problems, "chosen": chosen}
    return render(request, "cycles/run_data.html", context, status=422 if problems else 200)


def upload(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep uploaded files until it is said how they are read."""
    user = user_of(request)
    cycle = access_cycle(user, "cycles.run", pk)
    try:
        names = do_stage_files(acting_user=user, cycle=cycle, uploads=request.FILES.getlist("files"))
    except MeritdeskError as error:
        return _page(request, cycle, error.problems)
    messages.success(request, _("已上传 {n} 个文件，请确认读取方式").format(n=len(names)))
    return redirect("cycle-data", pk)


def read(request: HttpRequest, pk: int) -> HttpResponse:
    """Read the waiting files in the background, or take one of them away."""
    user = user_of(request)
    cycle = access_cycle(user, "cycles.run", pk)
    names = request.POST.getlist("name")
    try:
        if "discard" in request.POST:
            do_discard_files(acting_user=user, cycle=cycle, names=[request.POST["discard"]])
            return redirect("cycle-data", pk)
        choices = {name: request.POST.get(f"choice:{name}", staging.LATER) for name in names}
        job = do_read_files(acting_user=user, cycle=cycle, choices=choices)
    except MeritdeskError as error:
        return _page(request, cycle, error.problems)
    return redirect("job", job.pk)


def withdraw(request: HttpRequest, pk: int, file: int) -> HttpResponse:
    """Take a file out of the cycle's data, or put it back, with a reason."""
    user = user_of(request)
    cycle = access_cycle(user, "cycles.run", pk)
    found = access_file(cycle, file)
    try:
        job = do_withdraw_file(
            acting_user=user, file=found, reason=request.POST.get("reason", ""), back=found.withdrawn
        )
    except MeritdeskError as error:
        return _page(request, cycle, error.problems)
    return redirect("job", job.pk)


def quarantine(request: HttpRequest, pk: int) -> HttpResponse:
    """Give out every row that was not used, with the reason."""
    cycle = access_cycle(user_of(request), "cycles.run", pk)
    answer = HttpResponse(quarantined_workbook(cycle), content_type=XLSX)
    name = _("隔离行 {cycle}.xlsx").format(cycle=cycle.title)
    answer.headers["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or ""
    return answer
