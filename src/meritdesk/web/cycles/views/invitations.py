"""Invitations of customer representatives: HR's page, and the guest's own page behind the link."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.contrib import messages
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt

from meritdesk.errors import Problem
from meritdesk.language import _
from meritdesk.web.access.actions import AlreadyDone, Conflict, Refused
from meritdesk.web.cycles.actions.invitations import do_invite, do_revoke_invitation, do_submit_guest
from meritdesk.web.cycles.actions.rating import do_save_rating_item
from meritdesk.web.cycles.forms.rating import hundredths, version_of, whole
from meritdesk.web.cycles.models import Cycle, Invitation
from meritdesk.web.cycles.queries.doors import access_cycle, user_of
from meritdesk.web.cycles.queries.invitations import (
    access_guest_form,
    access_invitation,
    guest_page,
    invitations_page,
    live_invitation,
)
from meritdesk.web.cycles.queries.rating import row_of
from meritdesk.web.cycles.views.rating import conflict_part, saved_part

WINDOW_SECONDS = 600
MOST_MISSES = 100
MOST_WRITES = 600
"""Per address: links tried that open nothing, and writes through one link, in ten minutes."""


def invitations(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the invitations of a cycle; make one and show its link, this once."""
    user = user_of(request)
    cycle = access_cycle(user, "cycles.run", pk)
    if request.method == "GET":
        return _page(request, cycle)
    wanted = {int(text) for text in request.POST.getlist("people") if text.isascii() and text.isdigit()}
    chosen = [a for a in invitations_page(cycle, user).people if a.pk in wanted]
    try:
        invitation, token = do_invite(
            cycle,
            chosen,
            role=request.POST.get("role", ""),
            name=request.POST.get("name", ""),
            organisation=request.POST.get("organisation", ""),
            once=request.POST.get("once", ""),
            acting_user=user,
        )
    except Refused as refused:
        return _page(request, cycle, problems=refused.problems, typed=request.POST, wanted=wanted)
    link = request.build_absolute_uri(reverse("guest-rating", args=[token]))
    return _page(request, cycle, made=invitation, link=link)


def _page(
    request: HttpRequest, cycle: Cycle, problems: Sequence[Problem] = (), **more: object
) -> HttpResponse:
    page = invitations_page(cycle, user_of(request))
    context = {"page": page, "cycle": cycle, "problems": problems, **more}
    return render(request, "cycles/invitations.html", context, status=422 if problems else 200)


def invitation_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a link worthless."""
    user = user_of(request)
    invitation = access_invitation(user, "cycles.run", pk)
    try:
        do_revoke_invitation(invitation, acting_user=user)
        messages.success(request, _("链接已失效"))
    except Refused as refused:
        messages.error(request, str(refused.problems[0].message))
    return redirect("invitations", invitation.cycle_id)


# ---- the guest's page: the token in the address is the only key, no cookie is; so there is nothing CSRF could use ----


@csrf_exempt
def guest_rating(request: HttpRequest, token: str) -> HttpResponse:
    """Show what a guest is to rate, and take it in; anything that is no live link looks the same."""
    invitation = _opened(request, token)
    if invitation is None:
        return _nothing(request)
    if request.method == "GET":
        return _guest(request, invitation, token)
    versions = _versions(request)
    try:
        do_submit_guest(invitation, versions=versions, once=request.POST.get("once", ""))
    except AlreadyDone:
        return _sealed(render(request, "cycles/guest_thanks.html", {"name": invitation.name}))
    except Refused as refused:
        return _guest(request, invitation, token, refused.problems)
    return _sealed(render(request, "cycles/guest_thanks.html", {"name": invitation.name}))


def _versions(request: HttpRequest) -> dict[int, int]:
    """Return form → version that the guest saw: two lists in one order."""
    pairs = zip(request.POST.getlist("form"), request.POST.getlist("version"), strict=False)
    return {int(a): int(b) for a, b in pairs if (a + b).isascii() and (a + b).isdigit() and len(a + b) < 24}


@csrf_exempt
def guest_item(request: HttpRequest, token: str, pk: int, indicator: str) -> HttpResponse:
    """Save one judgement of a guest."""
    invitation = _opened(request, token)
    if invitation is None:
        return _nothing(request)
    form = access_guest_form(invitation, pk)
    row = row_of(form, indicator)
    try:
        do_save_rating_item(
            form,
            indicator,
            level=whole(request.POST, "level"),
            score=hundredths(request.POST, "score", row.indicator.title),
            remark=request.POST.get("remark", ""),
            version=version_of(request.POST),
            acting_user=None,
            invitation=invitation,
        )
    except Conflict as conflict:
        return _sealed(conflict_part(request, form, indicator, conflict, guest=token))
    except Refused as refused:
        context = {"row": row, "problems": refused.problems}
        return _sealed(render(request, "cycles/rating_refused.html", context, status=422))
    return _sealed(saved_part(request, access_guest_form(invitation, pk), indicator))


def _guest(
    request: HttpRequest, invitation: Invitation, token: str, problems: Sequence[Problem] = ()
) -> HttpResponse:
    context = {
        "page": guest_page(invitation), "guest": token, "problems": problems, "invitation": invitation,
        "last_day": invitation.expires_at - timedelta(seconds=1),
    }  # fmt: skip
    return _sealed(render(request, "cycles/guest_rating.html", context, status=422 if problems else 200))


def _opened(request: HttpRequest, token: str) -> Invitation | None:
    """Return the invitation behind the link; nothing for a wrong or dead one, nor for an address that tries many."""
    address = f"guest-misses:{request.META.get('REMOTE_ADDR', '')}"
    if int(cache.get(address, 0)) >= MOST_MISSES:
        return None
    invitation = live_invitation(token)
    if invitation is None:
        _count(address)
        return None
    if request.method == "POST" and _count(f"guest-writes:{invitation.pk}") > MOST_WRITES:
        raise Http404
    return invitation


def _count(key: str) -> int:
    cache.add(key, 0, WINDOW_SECONDS)
    try:
        return int(cache.incr(key))
    except ValueError:  # it ran out between the two
        return 1


def _nothing(request: HttpRequest) -> HttpResponse:
    return _sealed(render(request, "cycles/guest_gone.html", status=404))


def _sealed(response: HttpResponse) -> HttpResponse:
    """Keep the address to this browser: no search engine, no referrer, no cache."""
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "no-store"
    return response
