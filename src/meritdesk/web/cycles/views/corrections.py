"""Corrections without an appeal: a late fact, tried before it is entered; a second person for what is to the worse."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from meritdesk.errors import MeritdeskError
from meritdesk.language import _
from meritdesk.web.access.reach import has_right
from meritdesk.web.cycles import engine
from meritdesk.web.cycles.actions import corrections as acts
from meritdesk.web.cycles.actions.adjusting import supposed
from meritdesk.web.cycles.forms.deciding import key_of, points_of
from meritdesk.web.cycles.forms.rating import version_of
from meritdesk.web.cycles.models import Appraisal, Correction, Run
from meritdesk.web.cycles.packages import seal_run
from meritdesk.web.cycles.queries.charts import distribution_chart
from meritdesk.web.cycles.queries.deciding_doors import access_correction
from meritdesk.web.cycles.queries.doors import access_appraisal, user_of
from meritdesk.web.cycles.queries.effects import effect_of
from meritdesk.web.cycles.queries.indicator_rows import rows_of
from meritdesk.web.cycles.views.attempt import attempt, problems_of


def correction_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Try and enter a correction of somebody's published result."""
    user = user_of(request)
    appraisal = access_appraisal(user, "results.publish", pk)
    if appraisal.cycle.published_at is None or appraisal.result is None:
        raise Http404
    rows = rows_of(appraisal.result)
    context: dict[str, Any] = {"problems": (), "effect": None, "chart": None}
    if request.method == "POST":
        try:
            if request.POST.get("act") == "decide":
                correction = _enter(request, appraisal)
                posted = correction.state == Correction.State.POSTED
                messages.success(request, _("更正已入账") if posted else _("对本人不利，等待第二个人批准"))
                return redirect("correction", correction.pk)
            trial = _trial(request, appraisal, explained=False)
            effect = effect_of(appraisal.cycle, trial, appraisal.person.key, only_person=True)
            context |= {"effect": effect, "chart": distribution_chart(effect)}
        except MeritdeskError as error:
            context["problems"] = problems_of(error)
            latest = appraisal.corrections.order_by("-pk").first()
            if not context["problems"] and latest is not None:
                return redirect("correction", latest.pk)
    context |= {
        "appraisal": appraisal,
        "cycle": appraisal.cycle,
        "rows": rows,
        "typed": request.POST,
        "values": {row.field: request.POST.get(row.field, "") for row in rows},
    }
    return render(request, "cycles/correction_new.html", context, status=422 if context["problems"] else 200)


def _trial(request: HttpRequest, appraisal: Appraisal, *, explained: bool) -> engine.Computed:
    assert appraisal.result is not None
    person, reason = appraisal.person.key, request.POST.get("reason", "")
    points = points_of(request.POST, rows_of(appraisal.result))
    wanted = supposed(user_of(request), person, points, reason if explained else reason or _("试算"))
    return engine.compute(appraisal.cycle, explained=explained, supposed=wanted, people=[person])


def _enter(request: HttpRequest, appraisal: Appraisal) -> Correction:
    assert appraisal.result is not None
    computed = _trial(request, appraisal, explained=True)
    people = [appraisal.person.key]
    package = seal_run(appraisal.cycle, computed, purpose=Run.Purpose.CORRECTION, people=people)
    points = points_of(request.POST, rows_of(appraisal.result))
    return acts.do_correct(
        acting_user=user_of(request),
        appraisal=appraisal,
        trial=acts.Trial(computed, package, points),
        reason=request.POST.get("reason", ""),
        version=version_of(request.POST),
        once=key_of(request.POST),
    )


def correction(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a difference line; the second approver decides one that waits."""
    user = user_of(request)
    found = access_correction(user, "corrections.approve", pk)
    problems: Any = ()
    if request.method == "POST":
        approve = request.POST.get("act") == "approve"
        reason, once = request.POST.get("reason", ""), key_of(request.POST)
        problems = attempt(
            lambda: acts.do_approve_correction(
                acting_user=user, correction=found, approve=approve, reason=reason, once=once
            )
        )
        if not problems:
            messages.success(request, _("更正已入账，本人有新的申诉期限") if approve else _("已记录：不批准"))
            return redirect("correction", pk)
    waiting = found.state == Correction.State.PROPOSED
    context = {
        "correction": found,
        "appraisal": found.appraisal,
        "cycle": found.appraisal.cycle,
        "worse": acts.is_worse(found.before, found.after),
        "waiting": waiting,
        "own_proposal": found.proposed_by_id == user.pk,
        "may": waiting and found.proposed_by_id != user.pk and has_right(user, "corrections.approve"),
        "problems": problems,
    }
    return render(request, "cycles/correction.html", context, status=422 if problems else 200)
