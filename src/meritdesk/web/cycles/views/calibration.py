"""Calibration: end of rating, the list of differences, and the meeting on one of them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _
from meritdesk.web.access.reach import has_right
from meritdesk.web.cycles import deciding_jobs, engine
from meritdesk.web.cycles.actions import calibration as acts
from meritdesk.web.cycles.actions.adjusting import Points, supposed
from meritdesk.web.cycles.forms.deciding import key_of, points_of
from meritdesk.web.cycles.forms.rating import version_of
from meritdesk.web.cycles.inputs import digest_for_page
from meritdesk.web.cycles.models import CalibrationCase, Cycle, RatingForm
from meritdesk.web.cycles.queries.calibration import Meeting, case_rows, meeting_of
from meritdesk.web.cycles.queries.charts import distribution_chart
from meritdesk.web.cycles.queries.deciding_doors import access_case
from meritdesk.web.cycles.queries.doors import access_cycle, user_of
from meritdesk.web.cycles.queries.effects import Effect, effect_of
from meritdesk.web.cycles.views.attempt import attempt, problems_of

Problems = tuple[Problem, ...] | list[Problem]


def calibrate(request: HttpRequest, pk: int) -> HttpResponse:
    """Show which forms are missing, and end rating."""
    user = user_of(request)
    cycle = access_cycle(user, "cycles.run", pk)
    problems: Any = ()
    if request.method == "POST":
        without, reason = request.POST.get("without") == "1", request.POST.get("reason", "").strip()
        once = key_of(request.POST)
        if deciding_jobs.is_large(cycle):
            job = deciding_jobs.do_ask(
                acting_user=user, kind="cycle-calibrate", cycle=cycle, title=_("结束评分，计算预览"),
                next_url=reverse("calibration", args=[pk]), once=once, without_missing=without, reason=reason,
            )  # fmt: skip
            return redirect("job", job.pk)
        problems = attempt(
            lambda: deciding_jobs.calibrate(
                user, cycle, once=once, without_missing=without, reason=reason, step=lambda text: None
            )
        )
        if not problems:
            messages.success(request, _("评分已结束，请处理差异"))
            return redirect("calibration", pk)
    missing = acts.missing_forms(cycle)
    roles = engine.loaded_scheme(cycle).scheme.raters
    titles = {role.id: role.title for role in (roles.roles if roles else ())}
    context = {
        "cycle": cycle,
        "missing": [(form, titles.get(form.role, form.role)) for form in missing],
        "handed_in": RatingForm.objects.filter(appraisal__cycle=cycle, state="submitted").count(),
        "problems": problems,
        "typed": request.POST,
        "can": cycle.state == Cycle.State.RATING,
    }
    return render(request, "cycles/calibrate.html", context, status=422 if problems else 200)


def recompute(request: HttpRequest, pk: int) -> HttpResponse:
    """Compute the preview again, and go back to where it was asked for."""
    user = user_of(request)
    cycle = access_cycle(user, "cycles.run", pk)
    back = "review" if request.POST.get("back") == "review" else "calibration"
    if deciding_jobs.is_large(cycle):
        job = deciding_jobs.do_ask(
            acting_user=user, kind="cycle-recompute", cycle=cycle, title=_("重新计算预览"),
            next_url=reverse(back, args=[pk]),
        )  # fmt: skip
        return redirect("job", job.pk)
    for problem in attempt(lambda: deciding_jobs.recompute(user, cycle, step=lambda text: None)):
        messages.error(request, f"{problem.message} {problem.fix}")
    return redirect(back, pk)


def calibration(request: HttpRequest, pk: int, problems: Any = ()) -> HttpResponse:
    """List the differences between raters, largest first."""
    user = user_of(request)
    cycle = access_cycle(user, "ratings.read", pk)
    rows = case_rows(cycle, user)
    open_rows = [row for row in rows if row.case.outcome in ("open", "reopened")]
    scheme = engine.loaded_scheme(cycle).scheme
    running = cycle.state == Cycle.State.CALIBRATING
    context = {
        "cycle": cycle,
        "open_rows": open_rows,
        "decided_rows": [row for row in rows if row.case.outcome not in ("open", "reopened")],
        "threshold": scheme.raters.calibration if scheme.raters else None,
        "stale": running and (cycle.run is None or cycle.run.inputs_digest != digest_for_page(cycle)),
        "running": running,
        "may_run": running and has_right(user, "cycles.run"),
        "may_decide": running and has_right(user, "calibration.decide"),
        "problems": problems,
    }
    return render(request, "cycles/calibration.html", context, status=422 if problems else 200)


def submit_review(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand the preview to the panel."""
    user = user_of(request)
    cycle = access_cycle(user, "cycles.run", pk)
    once = key_of(request.POST)
    problems = attempt(lambda: acts.do_submit_review(acting_user=user, cycle=cycle, once=once))
    if problems:
        return calibration(request, pk, problems)
    messages.success(request, _("已提交小组复核"))
    return redirect("review", pk)


def back_to_rating(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the cycle back to the raters."""
    user = user_of(request)
    cycle = access_cycle(user, "calibration.decide", pk)
    reason, once = request.POST.get("reason", ""), key_of(request.POST)
    problems = attempt(lambda: acts.do_back_to_rating(acting_user=user, cycle=cycle, reason=reason, once=once))
    if problems:
        return calibration(request, pk, problems)
    messages.success(request, _("已退回评分"))
    return redirect("calibration", pk)


def calibration_case(request: HttpRequest, pk: int) -> HttpResponse:
    """The meeting on one difference: both judgements, evidence; a decision is tried first, then taken."""
    user = user_of(request)
    post = request.method == "POST"
    case = access_case(user, "calibration.decide" if post else "ratings.read", pk)
    meeting = meeting_of(case)
    context: dict[str, Any] = {"problems": (), "typed": request.POST, "effect": None, "chart": None}
    if post:
        try:
            if request.POST.get("act") == "decide":
                _decide(request, meeting)
                messages.success(request, _("已记录裁定"))
                return redirect("calibration", case.cycle_id)
            effect = _try(request, meeting)
            context |= {"effect": effect, "chart": distribution_chart(effect)}
        except MeritdeskError as error:
            problems = problems_of(error)
            if not problems:
                return redirect("calibration", case.cycle_id)
            context["problems"] = problems
    context |= {
        "meeting": meeting,
        "case": case,
        "cycle": case.cycle,
        "chosen": request.POST.get("outcome", ""),
        "may_decide": _may_decide(request, case),
        "why_not": _why_not(request, case),
        "values": {row.field: request.POST.get(row.field, "") for row in meeting.rows},
    }
    return render(request, "cycles/calibration_case.html", context, status=422 if context["problems"] else 200)


def _points(request: HttpRequest, meeting: Meeting) -> list[Points]:
    return points_of(request.POST, meeting.rows) if request.POST.get("outcome") == "adjusted" else []


def _try(request: HttpRequest, meeting: Meeting) -> Effect:
    """Run the engine with the decision, keeping nothing."""
    user, case = user_of(request), meeting.case
    acts.refuse_partial(user, case)
    person = case.appraisal.person.key
    wanted = supposed(user, person, _points(request, meeting), request.POST.get("reason", "") or _("试算"))
    computed = engine.compute(case.cycle, explained=False, supposed=wanted, people=[person])
    return effect_of(case.cycle, computed, person)


def _decide(request: HttpRequest, meeting: Meeting) -> None:
    again = request.POST.getlist("again")
    forms = [r.form for r in (meeting.first, meeting.second) if r.form is not None and str(r.form.pk) in again]
    acts.do_decide_case(
        acting_user=user_of(request),
        case=meeting.case,
        outcome=request.POST.get("outcome", ""),
        reason=request.POST.get("reason", ""),
        version=version_of(request.POST),
        once=key_of(request.POST),
        points=_points(request, meeting),
        again=forms,
    )


def _may_decide(request: HttpRequest, case: CalibrationCase) -> bool:
    open_now = case.outcome == CalibrationCase.Outcome.OPEN and case.cycle.state == Cycle.State.CALIBRATING
    return open_now and has_right(user_of(request), "calibration.decide") and not _why_not(request, case)


def _why_not(request: HttpRequest, case: CalibrationCase) -> str:
    problems = attempt(lambda: acts.refuse_partial(user_of(request), case))
    return problems[0].message if problems else ""
