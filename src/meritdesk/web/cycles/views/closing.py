"""Closing and archiving a cycle, and the archive to take away."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header

from meritdesk.language import _
from meritdesk.web.access.reach import has_right
from meritdesk.web.access.sign_in.step_up import step_up
from meritdesk.web.cycles import deciding_jobs, packages
from meritdesk.web.cycles.actions import closing as acts
from meritdesk.web.cycles.forms.deciding import key_of
from meritdesk.web.cycles.models import Archive, Correction, Cycle
from meritdesk.web.cycles.queries.doors import access_cycle, user_of
from meritdesk.web.cycles.queries.results.person import last_day_of
from meritdesk.web.cycles.views.attempt import attempt


def close(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what is missing before a cycle can be closed, and close it."""
    user = user_of(request)
    cycle = access_cycle(user, "cycles.close", pk)
    problems: Any = ()
    if request.method == "POST":
        once = key_of(request.POST)
        problems = attempt(lambda: acts.do_close(acting_user=user, cycle=cycle, once=once))
        if not problems:
            messages.success(request, _("考核已关闭"))
            return redirect("archive", pk)
    return _page(request, cycle, problems)


def archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Archive a closed cycle."""
    user = user_of(request)
    cycle = access_cycle(user, "cycles.close", pk)
    problems: Any = ()
    if request.method == "POST":
        once = key_of(request.POST)
        if deciding_jobs.is_large(cycle):
            job = deciding_jobs.do_ask(
                acting_user=user, kind="cycle-archive", cycle=cycle, title=_("归档"),
                next_url=reverse("archive", args=[pk]), once=once,
            )  # fmt: skip
            return redirect("job", job.pk)
        problems = attempt(lambda: deciding_jobs.archive(user, cycle, once=once, step=lambda text: None))
        if not problems:
            messages.success(request, _("已归档，全部数字重算一致"))
            return redirect("archive", pk)
    return _page(request, cycle, problems)


def _page(request: HttpRequest, cycle: Cycle, problems: Any) -> HttpResponse:
    user = user_of(request)
    published = cycle.state == Cycle.State.PUBLISHED
    found = Archive.objects.select_related("made_by").filter(cycle=cycle).first()
    context = {
        "cycle": cycle,
        "published": published,
        "closed": cycle.state == Cycle.State.CLOSED,
        "missing": acts.readiness(cycle, timezone.now()) if cycle.published_at else None,
        "appeal_last": last_day_of(cycle.appeal_until) if cycle.appeal_until else None,
        "archive": found,
        "corrections": Correction.objects.filter(appraisal__cycle=cycle, state=Correction.State.POSTED).count(),
        "may_download": found is not None and has_right(user, "archives.read"),
        "problems": problems,
    }
    return render(request, "cycles/close.html", context, status=422 if problems else 200)


@step_up
@step_up
def archive_download(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand out the archive of a cycle."""
    cycle = access_cycle(user_of(request), "archives.read", pk)
    found = Archive.objects.filter(cycle=cycle).first()
    if found is None or not packages.path_of(found.file).is_file():
        raise Http404
    name = f"{cycle.title}-{found.root[:12]}.zip"
    content = packages.path_of(found.file).read_bytes()
    disposition = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    return HttpResponse(content, content_type="application/zip", headers={"Content-Disposition": disposition})
