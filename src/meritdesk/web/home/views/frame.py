"""Language and notices: what belongs to the frame of every page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme

from meritdesk import language
from meritdesk.web.access.middleware import COOKIE
from meritdesk.web.access.models import User
from meritdesk.web.cycles.queries.doors import user_of
from meritdesk.web.home.actions import do_choose_language, do_mark_read
from meritdesk.web.home.queries.notices import notices_of, unread_of
from meritdesk.web.ui.tables import Column, Empty, make_table
from meritdesk.web.ui.text import lazy

COOKIE_SECONDS = 365 * 24 * 3600


def own_address(request: HttpRequest, wanted: str, otherwise: str = "/") -> str:
    """Return `wanted` if it is an address of this server, else `otherwise`."""
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if wanted and safe else otherwise


def choose_language(request: HttpRequest) -> HttpResponse:
    """Keep the chosen language in a cookie, and with the account of who is signed in; go back to where one was."""
    answer = HttpResponseRedirect(own_address(request, request.POST.get("next", "")))
    chosen = request.POST.get("language", "")
    if chosen not in language.LANGUAGES:
        return answer
    if isinstance(request.user, User) and request.user.language != chosen:
        do_choose_language(acting_user=request.user, chosen=chosen)
    answer.set_cookie(COOKIE, chosen, max_age=COOKIE_SECONDS, httponly=True, samesite="Lax", secure=request.is_secure())
    return answer


def notices(request: HttpRequest) -> HttpResponse:
    """Show the messages to the account, the newest first."""
    user = user_of(request)
    table = make_table(
        request,
        notices_of(user),
        columns=(
            Column(key="text", title=lazy("通知")),
            Column(key="at", title=lazy("时间"), order=("at",), phone=False),
            Column(key="due", title=lazy("期限"), order=("due",), phone=False),
            Column(key="act", title=""),
        ),
        row_template="home/notice_row.html",
        empty=Empty(title=lazy("还没有通知"), why=lazy("有新的待办或结果时，会在这里告诉您。"), icon="bell"),
        sort="-at",
        sticky=False,
    )
    return render(request, "home/notices.html", {"table": table, "unread": unread_of(user).count()})


def read_notices(request: HttpRequest) -> HttpResponse:
    """Note that all messages were read, or the one of `notice`, and go to where that one leads."""
    user = user_of(request)
    chosen = request.POST.get("notice", "")
    pk = int(chosen) if chosen.isdecimal() and len(chosen) < 12 else None
    notice = notices_of(user).filter(pk=pk).first() if pk is not None else None
    if pk is None or (notice is not None and notice.read_at is None):
        do_mark_read(acting_user=user, pk=pk)
    return redirect(own_address(request, notice.url if notice else "", "/notices/"))
