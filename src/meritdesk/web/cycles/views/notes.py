"""Notes of the month: written in two taps, listed, withdrawn."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from meritdesk.errors import Problem
from meritdesk.language import _
from meritdesk.web.access.actions import AlreadyDone, Refused
from meritdesk.web.cycles.actions.notes import do_withdraw_note, do_write_note
from meritdesk.web.cycles.queries.doors import user_of
from meritdesk.web.cycles.queries.notes import (
    access_own_note,
    access_person_to_note,
    candidates,
    indicator_choices,
    my_notes,
)
from meritdesk.web.ui.tables import Column, Empty, Table, make_table


def notes(request: HttpRequest) -> HttpResponse:
    """Show the account's notes and the form to add one; add one."""
    if request.method == "GET":
        return _page(request)
    user = user_of(request)
    try:
        person = access_person_to_note(user, _number(request.POST.get("person", "")))
        do_write_note(
            person,
            day=_day(request.POST.get("day", "")),
            text=request.POST.get("text", ""),
            indicator=_indicator(request.POST.get("indicator", "")),
            upload=request.FILES.get("file"),
            once=request.POST.get("once", ""),
            acting_user=user,
        )
        messages.success(request, _("已记下：{name}").format(name=person.name))
    except AlreadyDone:
        pass
    except Refused as refused:
        return _page(request, refused.problems)
    return redirect("notes")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise Refused("no-person", _("没有选人"), _("点一个人的名字，或先搜索"), _("关于谁"))
    return int(text[:12])


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text) if text else timezone.localdate()
    except ValueError:
        message = _("“{text}”不是日期").format(text=text[:20])
        raise Refused("not-a-day", message, _("写成 2025-09-30"), _("日期")) from None


def _indicator(text: str) -> str:
    return text if text in dict(indicator_choices()) else ""


def _page(request: HttpRequest, problems: Sequence[Problem] = ()) -> HttpResponse:
    user = user_of(request)
    typed = request.POST if problems else {}
    wanted = typed.get("person", "") or request.GET.get("person", "")
    chosen = int(wanted[:12]) if wanted.isascii() and wanted.isdigit() else None
    context = {
        "table": _table(request),
        "people": candidates(user, "", chosen),
        "chosen": chosen,
        "indicators": indicator_choices(),
        "today": timezone.localdate(),
        "problems": problems,
        "typed": typed,
    }
    return render(request, "cycles/notes.html", context, status=422 if problems else 200)


def _table(request: HttpRequest) -> Table:
    return make_table(
        request,
        my_notes(user_of(request)),
        columns=[
            Column(key="day", title=_("日期"), order=("day",)),
            Column(
                key="person",
                title=_("关于谁"),
                order=("person__name",),
                filter="person__name__icontains",
                phone=False,
            ),
            Column(key="text", title=_("内容"), filter="text__icontains"),
            Column(key="act", title=_("操作")),
        ],
        row_template="cycles/note_row.html",
        empty=Empty(
            title=_("还没有记录"),
            why=_("随手记下具体的事：评分时会显示在被评人旁边，免得只凭最后几天的印象。"),
        ),
        sort="-day",
        extra={"names": dict(indicator_choices())},
    )


def note_people(request: HttpRequest) -> HttpResponse:
    """Return people by name or key, to choose from."""
    found = candidates(user_of(request), request.GET.get("q", "").strip()[:40])
    return render(request, "cycles/note_people.html", {"people": found, "searched": True})


def note_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw one's own note."""
    user = user_of(request)
    try:
        do_withdraw_note(access_own_note(user, pk), acting_user=user)
        messages.success(request, _("已撤回，评分人不再看到它"))
    except Refused as refused:
        messages.error(request, refused.problems[0].message)
    return redirect("notes")
