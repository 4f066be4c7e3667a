"""What lies beside a form: the drawer, the records behind a figure, files."""

from __future__ import annotations

from urllib.parse import quote

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from meritdesk.language import _
from meritdesk.web.access.actions import Refused
from meritdesk.web.cycles.actions.attachments import do_attach
from meritdesk.web.cycles.evidence_files import read, type_of
from meritdesk.web.cycles.queries.attachments import access_attachment
from meritdesk.web.cycles.queries.doors import user_of
from meritdesk.web.cycles.queries.evidence import access_records, drawer_of, figure_title
from meritdesk.web.cycles.queries.rating import access_rating, sheet_of


def rating_drawer(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the evidence beside a form, as a part of the page."""
    user = user_of(request)
    sheet = sheet_of(access_rating(user, "ratings.write", pk), user)
    context = {"sheet": sheet, "form": sheet.form, "drawer": drawer_of(sheet, user)}
    return render(request, "cycles/rating_drawer.html", context)


def rating_records(request: HttpRequest, pk: int, metric: str) -> HttpResponse:
    """Show the records behind one figure of the person."""
    user = user_of(request)
    sheet = sheet_of(access_rating(user, "ratings.write", pk), user)
    try:
        records = access_records(sheet, metric)
    except Refused as refused:
        raise Http404 from refused
    context = {"sheet": sheet, "form": sheet.form, "records": records, "title": figure_title(sheet, metric)}
    return render(request, "cycles/rating_records.html", context)


def rating_attach(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep a file beside a form."""
    user = user_of(request)
    form = access_rating(user, "ratings.write", pk)
    attach(request, form=form)
    return redirect("rating-form", pk)


def attach(request: HttpRequest, **owner: object) -> None:
    """Keep the file that was sent; what is wrong with it is told on the next page."""
    upload = request.FILES.get("file")
    if upload is None:
        messages.error(request, _("没有选择文件"))
        return
    try:
        kept = do_attach(upload, acting_user=user_of(request), **owner)  # type: ignore[arg-type]
        messages.success(request, _("已上传 {name}").format(name=kept.name))
    except Refused as refused:
        problem = refused.problems[0]
        messages.error(request, f"{problem.place}：{problem.message}。{problem.fix}")


def attachment(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a file to those entitled, always to be saved and never to be shown or run by the browser."""
    found = access_attachment(user_of(request), pk)
    content = read(found.sha256)
    if content is None:
        raise Http404
    response = HttpResponse(content, content_type=type_of(found.name))
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(found.name)}"
    response["X-Content-Type-Options"] = "nosniff"
    return response
