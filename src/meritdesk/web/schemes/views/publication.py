"""Publication: what still keeps a version from it, the record of consultation, and the acts of both people."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _
from meritdesk.web.schemes import actions
from meritdesk.web.schemes.models import SchemeVersion
from meritdesk.web.schemes.queries.publishing import blockers, publishers
from meritdesk.web.schemes.queries.versions import access_scheme, access_version, authors_of, steps_of
from meritdesk.web.schemes.queries.working import ran, run
from meritdesk.web.schemes.views.frame import acting, number_in, version_frame

STEPS = ("scheme-submit", "scheme-take-back", "scheme-send-back", "scheme-publish", "scheme-retire")
NOTICE_DAYS = 7
"""Days between today and the day of notice that the form begins with."""
State = SchemeVersion.State


def publication_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show where a version stands on its way to publication."""
    return _page(request, access_version(acting(request), "schemes.read", pk), [])


def submit(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand a draft over for publication."""
    version = access_version(acting(request), "schemes.write", pk)
    post = request.POST
    return _done(
        request, version,
        lambda: actions.do_submit(
            acting_user=acting(request), version=version, reason=post.get("reason", ""),
            consultation=post.get("consultation", ""), consulted_on=_day(post.get("consulted_on", "")),
            notice_on=_day(post.get("notice_on", "")), edit_version=number_in(request, "edit_version"),
            once=post.get("once", ""),
        ),
    )  # fmt: skip


def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a submitted version a draft again."""
    version = access_version(acting(request), "schemes.write", pk)
    return _done(request, version, lambda: actions.do_take_back(acting_user=acting(request), version=version))


def send_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a submitted version back with a reason."""
    version = access_version(acting(request), "schemes.publish", pk)
    reason = request.POST.get("reason", "")
    return _done(
        request, version, lambda: actions.do_send_back(acting_user=acting(request), version=version, reason=reason)
    )


def publish(request: HttpRequest, pk: int) -> HttpResponse:
    """Publish a version that somebody else submitted."""
    version = access_version(acting(request), "schemes.publish", pk)
    once = request.POST.get("once", "")
    return _done(request, version, lambda: actions.do_publish(acting_user=acting(request), version=version, once=once))


def retire(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a published version out of use."""
    version = access_version(acting(request), "schemes.publish", pk)
    reason = request.POST.get("reason", "")
    return _done(
        request, version, lambda: actions.do_retire(acting_user=acting(request), version=version, reason=reason)
    )


def begin(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin a new draft from a published version."""
    user = acting(request)
    scheme = access_scheme(user, "schemes.write", pk)
    base = get_object_or_404(scheme.versions, pk=number_in(request, "base"))
    try:
        version = actions.do_begin_version(
            acting_user=user, scheme=scheme, base=base, once=request.POST.get("once", "")
        )
    except MeritdeskError as error:
        return _page(request, access_version(user, "schemes.write", base.pk), list(error.problems))
    return redirect("scheme-design", version.pk, "contents")


def discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a draft."""
    version = access_version(acting(request), "schemes.write", pk)
    try:
        actions.do_discard_draft(
            acting_user=acting(request), version=version, edit_version=number_in(request, "edit_version")
        )
    except MeritdeskError as error:
        return _page(request, version, list(error.problems))
    return redirect("schemes")


def _done(request: HttpRequest, version: SchemeVersion, act: Callable[[], SchemeVersion]) -> HttpResponse:
    try:
        act()
    except MeritdeskError as error:
        return _page(request, version, list(error.problems))
    return redirect("scheme-publication", version.pk)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _page(request: HttpRequest, version: SchemeVersion, problems: list[Problem]) -> HttpResponse:
    frame = version_frame(request, version, "publication")
    state = State(version.state)
    on_its_way = state in (State.DRAFT, State.SUBMITTED)
    outcome = run(version) if problems or "run" in request.GET else ran(version)
    waiting = blockers(version) if on_its_way and outcome is not None else []
    own = acting(request).username in authors_of(version)
    context: dict[str, Any] = {
        **frame,
        **_typed(request if problems and "reason" in request.POST else None, version),
        "problems": problems,
        "blockers": waiting,
        "flaws": [problem for problem in waiting if problem.code != "case-fails"],
        "failing": [problem for problem in waiting if problem.code == "case-fails"],
        "outcome": outcome,
        "waiting": outcome is None,
        "own": own,
        "publishers": publishers(version) if on_its_way else None,
        "may_publish": state == State.SUBMITTED and frame["publishes"] and not own,
        "history": [
            {"when": step.at, "who": step.who, "text": _step_name(step.action), "note": step.reason}
            for step in steps_of(version, STEPS)
        ],
        "steps": _steps(state, outcome is None or bool(waiting)),
    }
    return render(request, "schemes/publication.html", context, status=422 if problems else 200)


def _typed(request: HttpRequest | None, version: SchemeVersion) -> dict[str, Any]:
    """Return what the form of submission holds: what was typed, else what was said before, else days to begin with."""
    names = ("reason", "consultation", "consulted_on", "notice_on")
    if request is not None:
        return {name: request.POST.get(name, "") for name in names}
    today = timezone.localdate()
    return {
        "reason": version.reason,
        "consultation": version.consultation,
        "consulted_on": version.consulted_on or today,
        "notice_on": version.notice_on or today + timedelta(days=NOTICE_DAYS),
    }


def _step_name(name: str) -> str:
    known = {
        "scheme-submit": _("提交审核"), "scheme-take-back": _("撤回修改"), "scheme-send-back": _("退回"),
        "scheme-publish": _("发布"), "scheme-retire": _("停用"),
    }  # fmt: skip
    return known[name]


def _steps(state: State, blocked: bool) -> list[dict[str, str]]:
    titles = (_("编写"), _("体检和算例"), _("提交"), _("第二人审核"), _("发布"))
    at = {State.DRAFT: 1 if blocked else 2, State.SUBMITTED: 3}.get(state, 5)
    return [
        {"title": title, "state": "done" if number < at else "now" if number == at else "open"}
        for number, title in enumerate(titles)
    ]
