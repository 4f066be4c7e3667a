"""Anomalies (R4.6): an indicator of somebody, or of a team on some days, is scored by decision instead of its data."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from meritdesk.errors import MeritdeskError
from meritdesk.language import _
from meritdesk.web.access.actions import AlreadyDone, Refused
from meritdesk.web.access.reach import has_right
from meritdesk.web.cycles.actions import adjusting
from meritdesk.web.cycles.forms.deciding import day_of, key_of
from meritdesk.web.cycles.forms.rating import hundredths
from meritdesk.web.cycles.queries.anomalies import concerned, indicator_choices, people_choices, standing, team_choices
from meritdesk.web.cycles.queries.deciding_doors import access_adjustment
from meritdesk.web.cycles.queries.doors import access_cycle, user_of
from meritdesk.web.cycles.views.attempt import attempt


def anomalies(request: HttpRequest, pk: int) -> HttpResponse:
    """List the marks of a cycle and set new ones."""
    user = user_of(request)
    cycle = access_cycle(user, "cycles.run" if request.method == "POST" else "ratings.read", pk)
    problems: Any = ()
    if request.method == "POST":
        try:
            count = _mark(request, pk)
            messages.success(request, _("已标记 {n} 人").format(n=count))
            return redirect("anomalies", pk)
        except AlreadyDone:
            return redirect("anomalies", pk)
        except MeritdeskError as error:
            problems = error.problems
    context = {
        "cycle": cycle,
        "marks": standing(cycle, user),
        "people": people_choices(cycle, user),
        "teams": team_choices(cycle, user),
        "indicators": indicator_choices(cycle),
        "can": cycle.state in adjusting.BEFORE_PUBLICATION and has_right(user, "cycles.run"),
        "problems": problems,
        "typed": request.POST,
    }
    return render(request, "cycles/anomalies.html", context, status=422 if problems else 200)


def _mark(request: HttpRequest, pk: int) -> int:
    user, data = user_of(request), request.POST
    cycle = access_cycle(user, "cycles.run", pk)
    score = hundredths(data, "points", _("得分"))
    if score is None:
        raise Refused("no-points", _("请写明按多少分计"), "", "points")
    first, last = day_of(data, "first_day") or cycle.first_day, day_of(data, "last_day") or cycle.last_day
    decisions = concerned(
        cycle, user, indicator=data.get("indicator", ""), who=data.get("who", ""), first=first, last=last, score=score
    )
    reason, once = data.get("reason", ""), key_of(data)
    return adjusting.do_mark_anomaly(acting_user=user, cycle=cycle, decisions=decisions, reason=reason, once=once)


def anomaly_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a mark back."""
    user = user_of(request)
    adjustment = access_adjustment(user, "cycles.run", pk)
    reason, once = request.POST.get("reason", ""), key_of(request.POST)
    problems = attempt(
        lambda: adjusting.do_withdraw_anomaly(acting_user=user, adjustment=adjustment, reason=reason, once=once)
    )
    for problem in problems:
        messages.error(request, f"{problem.message} {problem.fix}")
    return redirect("anomalies", adjustment.appraisal.cycle_id)
