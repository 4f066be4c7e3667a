"""The self-appraisal page: written over days, saved by itself, handed in once."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from meritdesk.errors import Problem
from meritdesk.language import _
from meritdesk.web.access.actions import AlreadyDone, Conflict, Refused
from meritdesk.web.cycles.actions.self_appraisal import (
    do_reopen_self_appraisal,
    do_save_self_appraisal,
    do_start_self_appraisal,
    do_submit_self_appraisal,
)
from meritdesk.web.cycles.forms.rating import version_of
from meritdesk.web.cycles.models import Appraisal, Cycle
from meritdesk.web.cycles.queries.doors import access_appraisal, access_cycle, user_of
from meritdesk.web.cycles.queries.self_appraisal import PARTS, self_list, self_page
from meritdesk.web.cycles.views.evidence import attach
from meritdesk.web.ui.tables import Column, Empty, make_table


def self_appraisal(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one's own self-appraisal; save what is written."""
    user = user_of(request)
    appraisal = access_appraisal(user, "self.write", pk)
    if request.method == "GET":
        return _page(request, appraisal)
    try:
        found = do_save_self_appraisal(
            appraisal, texts=_texts(request), version=version_of(request.POST), acting_user=user
        )
    except Conflict as conflict:
        page = self_page(appraisal, user)
        theirs = [(part, _texts(request)[part.name]) for part in page.parts]
        context = {"problems": conflict.problems, "pairs": theirs, "appraisal": appraisal, "page": page}
        return render(request, "cycles/self_conflict.html", context, status=409)
    except Refused as refused:
        return render(request, "cycles/self_conflict.html", {"problems": refused.problems}, status=422)
    context = {"saved_at": timezone.localtime(), "version": found.version}
    response = render(request, "cycles/self_saved.html", context)
    if request.POST.get("anyway"):
        response["HX-Refresh"] = "true"
    return response


def _texts(request: HttpRequest) -> dict[str, str]:
    return {part: request.POST.get(part, "") for part in PARTS}


def _page(
    request: HttpRequest, appraisal: Appraisal, problems: Sequence[Problem] = (), status: int = 200
) -> HttpResponse:
    typed = _texts(request) if problems else None
    page = self_page(appraisal, user_of(request), typed)
    context = {"page": page, "appraisal": appraisal, "cycle": appraisal.cycle, "problems": problems}
    return render(request, "cycles/self_appraisal.html", context, status=status)


def self_appraisals(request: HttpRequest, pk: int) -> HttpResponse:
    """Show HR who handed theirs in, and open one again."""
    user = user_of(request)
    cycle = access_cycle(user, "cycles.run", pk)
    table = make_table(
        request,
        self_list(cycle, user),
        columns=[
            Column(key="name", title=_("姓名"), order=("person__name",), filter="person__name__icontains"),
            Column(key="team", title=_("班组"), order=("team__name", "person__key"), filter="team__name__icontains"),
            Column(key="at", title=_("自评"), order=("self_appraisal__submitted_at",)),
            Column(key="act", title=_("操作")),
        ],
        row_template="cycles/self_row.html",
        empty=Empty(title=_("没有参加考核的人")),
        sort="team",
        extra={"open": cycle.state in (Cycle.State.COLLECTING, Cycle.State.RATING)},
    )
    return render(request, "cycles/self_list.html", {"table": table, "cycle": cycle})


def self_submit(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand the self-appraisal in."""
    user = user_of(request)
    appraisal = access_appraisal(user, "self.write", pk)
    try:
        do_submit_self_appraisal(
            appraisal,
            texts=_texts(request),
            version=version_of(request.POST),
            once=request.POST.get("once", ""),
            acting_user=user,
        )
    except AlreadyDone:
        return redirect("self-appraisal", pk)
    except Refused as refused:
        return _page(request, appraisal, refused.problems, status=422)
    messages.success(request, _("自评已提交，您的上级会看到"))
    return redirect("self-appraisal", pk)


def self_attach(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep a file beside one's self-appraisal."""
    user = user_of(request)
    appraisal = access_appraisal(user, "self.write", pk)
    attach(request, self_appraisal=do_start_self_appraisal(appraisal, acting_user=user))
    return redirect("self-appraisal", pk)


def self_reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """Open somebody's self-appraisal again (HR)."""
    user = user_of(request)
    appraisal = access_appraisal(user, "cycles.run", pk)
    try:
        do_reopen_self_appraisal(appraisal, version=version_of(request.POST), acting_user=user)
        messages.success(request, _("{name}的自评已重开").format(name=appraisal.person.name))
    except Refused as refused:
        messages.error(request, refused.problems[0].message)
    return redirect("self-appraisals", appraisal.cycle_id)
