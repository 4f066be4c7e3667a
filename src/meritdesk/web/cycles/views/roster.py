"""The roster of a cycle: who is in it, who is left out, and what has changed in the people app since."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _
from meritdesk.web.cycles.actions.holding import RUNNING
from meritdesk.web.cycles.actions.roster import do_change_roster
from meritdesk.web.cycles.models import Cycle
from meritdesk.web.cycles.queries.doors import access_cycle, user_of
from meritdesk.web.cycles.queries.members import by_reason
from meritdesk.web.cycles.queries.roster import differences, form_plan, memberships
from meritdesk.web.cycles.views.opening import version_of


def roster(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the roster; take over chosen differences."""
    user = user_of(request)
    cycle = access_cycle(user, "cycles.run", pk)
    problems: Sequence[Problem] = ()
    if request.method == "POST":
        try:
            done = do_change_roster(
                acting_user=user, cycle=cycle, version=version_of(request), people=request.POST.getlist("people"),
                reason=request.POST.get("reason", ""),
            )  # fmt: skip
        except MeritdeskError as error:
            problems = error.problems
            cycle.refresh_from_db()
        else:
            messages.success(request, _told(done))
            return redirect("cycle-roster", pk)
    return _page(request, cycle, problems)


def _page(request: HttpRequest, cycle: Cycle, problems: Sequence[Problem]) -> HttpResponse:
    kept, now = memberships(cycle)
    draft = cycle.state == Cycle.State.DRAFT
    found = [] if draft or cycle.state not in RUNNING else differences(cycle, kept, now)
    changed = {difference.key for difference in found}
    forms = form_plan(cycle, now, sorted(changed)) if found else None
    left_out = now.left_out if draft or cycle.state in RUNNING else ()
    context = {
        "cycle": cycle,
        "membership": now if draft else kept,
        "left_out": left_out,
        "reasons": by_reason(left_out),
        "differences": found,
        "forms": forms,
        "kinds": {"joined": _("加入"), "gone": _("移出"), "changed": _("变动")},
        "problems": problems,
        "reason": request.POST.get("reason", ""),
    }
    return render(request, "cycles/run_roster.html", context, status=422 if problems else 200)


def _told(done: dict[str, int]) -> str:
    text = _("名单已更新：加入 {joined} 人，移出 {gone} 人，变动 {changed} 人").format(**done)
    text += _("；新增评分表 {forms_made} 份，撤销未填的 {forms_dropped} 份").format(**done)
    if done["forms_kept"]:
        text += _("；{forms_kept} 份已填的评分表保留").format(**done)
    return text
