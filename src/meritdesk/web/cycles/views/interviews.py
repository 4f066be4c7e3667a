"""Interview, signature and witness: what the superior and the person confirm after publication."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from meritdesk.errors import MeritdeskError
from meritdesk.language import _
from meritdesk.web.access.reach import has_right
from meritdesk.web.cycles.actions import interviews as acts
from meritdesk.web.cycles.actions import signing
from meritdesk.web.cycles.actions.appeals import window_open
from meritdesk.web.cycles.forms.deciding import day_of, key_of, plan_of
from meritdesk.web.cycles.forms.rating import version_of
from meritdesk.web.cycles.models import Appraisal
from meritdesk.web.cycles.queries.doors import access_appraisal, appraisals_in_reach, user_of
from meritdesk.web.cycles.queries.indicator_rows import rows_of
from meritdesk.web.cycles.queries.interviews import talk_of
from meritdesk.web.cycles.queries.results.person import last_day_of
from meritdesk.web.cycles.states import APPRAISAL
from meritdesk.web.cycles.views.attempt import attempt, problems_of
from meritdesk.web.cycles.views.place import is_own

PLAN_ROWS = 3


def _published(request: HttpRequest, appraisal: Appraisal) -> Appraisal:
    """Return an appraisal whose results are out; 404 before."""
    if appraisal.cycle.published_at is None:
        raise Http404
    is_own(request, appraisal)
    return appraisal


def interview(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an interview; the superior writes and confirms it, the person reads it."""
    user = user_of(request)
    post = request.method == "POST"
    appraisal = _published(request, access_appraisal(user, "interviews.hold" if post else "results.read", pk))
    problems: Any = ()
    if post:
        try:
            _write(request, appraisal)
            messages.success(request, _("已保存，等待本人确认") if request.POST.get("confirm") else _("已保存"))
            return redirect("interview", pk)
        except MeritdeskError as error:
            if not (problems := problems_of(error)):
                return redirect("interview", pk)
    return _interview_page(request, appraisal, problems)


def _write(request: HttpRequest, appraisal: Appraisal) -> None:
    data = request.POST
    acts.do_write_interview(
        acting_user=user_of(request),
        appraisal=appraisal,
        held_on=day_of(data, "held_on"),
        agenda=data.get("agenda", ""),
        notes=data.get("notes", ""),
        plan=plan_of(data),
        version=version_of(data),
        confirm=data.get("confirm") == "1",
        once=key_of(data),
    )


def _interview_page(request: HttpRequest, appraisal: Appraisal, problems: Any) -> HttpResponse:
    user = user_of(request)
    own = is_own(request, appraisal)
    talk = talk_of(appraisal)
    waiting = appraisal.state == Appraisal.State.INTERVIEW
    reached = not own and appraisals_in_reach(user, "interviews.hold").filter(pk=appraisal.pk).exists()
    plan = list(talk.interview.plan.all()) if talk.interview.pk else []
    context = {
        "appraisal": appraisal,
        "cycle": appraisal.cycle,
        "talk": talk,
        "interview": talk.interview,
        "plan": plan,
        "blank_rows": range(max(1, PLAN_ROWS - len(plan))),
        "own": own,
        "may_write": waiting and reached and has_right(user, "interviews.hold"),
        "may_confirm": waiting and own and talk.interview.superior_confirmed_at is not None,
        "problems": problems,
        "typed": request.POST,
        "today": timezone.localdate(),
    }
    return render(request, "cycles/interview.html", context, status=422 if problems else 200)


def interview_confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """The person confirms the interview and goes on to sign."""
    user = user_of(request)
    appraisal = _published(request, access_appraisal(user, "interviews.confirm", pk))
    once = key_of(request.POST)
    problems = attempt(
        lambda: acts.do_confirm_interview(
            acting_user=user, appraisal=appraisal, version=version_of(request.POST), once=once
        )
    )
    if problems:
        return _interview_page(request, appraisal, problems)
    messages.success(request, _("已确认面谈，请看过结果后签字"))
    return redirect("sign", pk)


def sign(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the result that is to be signed, and sign exactly it."""
    user = user_of(request)
    appraisal = _published(request, access_appraisal(user, "results.sign", pk))
    problems: Any = ()
    if request.method == "POST":
        seen, remark, once = request.POST.get("hash", ""), request.POST.get("remark", ""), key_of(request.POST)
        problems = attempt(
            lambda: signing.do_sign(acting_user=user, appraisal=appraisal, content_hash=seen, remark=remark, once=once)
        )
        if not problems:
            messages.success(request, _("已签字确认"))
            return redirect("sign", pk)
        appraisal.refresh_from_db()
    return _sign_page(request, appraisal, problems)


def _sign_page(request: HttpRequest, appraisal: Appraisal, problems: Any) -> HttpResponse:
    result = appraisal.result
    context = {
        "appraisal": appraisal,
        "cycle": appraisal.cycle,
        "result": result,
        "rows": rows_of(result) if result else [],
        "signature": appraisal.signatures.select_related("by").order_by("-at").first(),
        "appeal_last": last_day_of(appraisal.appeal_until) if appraisal.appeal_until else None,
        "may_sign": (appraisal.state, "sign") in APPRAISAL and result is not None,
        "may_appeal": (appraisal.state, "appeal") in APPRAISAL and window_open(appraisal, timezone.now()),
        "problems": problems,
    }
    return render(request, "cycles/sign.html", context, status=422 if problems else 200)


def witness(request: HttpRequest, pk: int) -> HttpResponse:
    """Witness a refusal or a silence."""
    user = user_of(request)
    appraisal = _published(request, access_appraisal(user, "results.witness", pk))
    problems: Any = ()
    if request.method == "POST":
        refused = request.POST.get("outcome") == "refused"
        remark, once = request.POST.get("remark", ""), key_of(request.POST)
        problems = attempt(
            lambda: signing.do_witness(acting_user=user, appraisal=appraisal, refused=refused, remark=remark, once=once)
        )
        if not problems:
            messages.success(request, _("已记录，不会显示为同意"))
            return redirect("witness", pk)
    context = {
        "appraisal": appraisal,
        "cycle": appraisal.cycle,
        "signature": appraisal.signatures.select_related("by").order_by("-at").first(),
        "may": (appraisal.state, "witness") in APPRAISAL,
        "over": signing.sign_time_over(appraisal, timezone.now()),
        "problems": problems,
        "typed": request.POST,
    }
    return render(request, "cycles/witness.html", context, status=422 if problems else 200)
