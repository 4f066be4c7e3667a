"""Appeals: filing one, the list, the answer in writing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db.models import DateTimeField, ExpressionWrapper, F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from meritdesk.errors import MeritdeskError
from meritdesk.language import _
from meritdesk.web.access.reach import has_right
from meritdesk.web.cycles import engine, evidence_files
from meritdesk.web.cycles.actions import appeals as acts
from meritdesk.web.cycles.actions.adjusting import supposed
from meritdesk.web.cycles.actions.corrections import Trial
from meritdesk.web.cycles.forms.deciding import files_of, key_of, points_of
from meritdesk.web.cycles.forms.rating import version_of
from meritdesk.web.cycles.models import Appeal, Correction, Run
from meritdesk.web.cycles.packages import seal_run
from meritdesk.web.cycles.queries.charts import distribution_chart
from meritdesk.web.cycles.queries.deciding_doors import appeals_in_reach, corrections_in_reach
from meritdesk.web.cycles.queries.doors import access_appeal, access_appraisal, appraisals_in_reach, user_of
from meritdesk.web.cycles.queries.effects import Effect, effect_of
from meritdesk.web.cycles.queries.indicator_rows import IndicatorRow, rows_of
from meritdesk.web.cycles.queries.results.person import last_day_of
from meritdesk.web.cycles.states import APPRAISAL
from meritdesk.web.cycles.views.attempt import attempt, problems_of
from meritdesk.web.ui.tables import Column, Empty, make_table


def appeal_new(request: HttpRequest, pk: int) -> HttpResponse:
    """File an appeal against one's own result."""
    user = user_of(request)
    appraisal = access_appraisal(user, "appeals.file", pk)
    if appraisal.cycle.published_at is None:
        raise Http404
    problems: Any = ()
    if request.method == "POST":
        try:
            appeal = acts.do_file_appeal(
                acting_user=user,
                appraisal=appraisal,
                grounds=request.POST.get("grounds", ""),
                indicators=[
                    row.id for row in _once(_rows(appraisal.result)) if row.id in request.POST.getlist("about")
                ],
                evidence=[evidence_files.keep(file) for file in files_of(request)],
                once=key_of(request.POST),
            )
            messages.success(request, _("申诉已提交"))
            return redirect("appeal", appeal.pk)
        except MeritdeskError as error:
            problems = problems_of(error)
            filed = Appeal.objects.filter(appraisal=appraisal).order_by("-pk").first()
            if not problems and filed is not None:
                return redirect("appeal", filed.pk)
    context = {
        "appraisal": appraisal,
        "cycle": appraisal.cycle,
        "rows": _once(_rows(appraisal.result)),
        "last": last_day_of(appraisal.appeal_until) if appraisal.appeal_until else None,
        "may": (appraisal.state, "appeal") in APPRAISAL and acts.window_open(appraisal, timezone.now()),
        "terms": engine.loaded_scheme(appraisal.cycle).scheme.deadlines,
        "problems": problems,
        "typed": request.POST,
        "about": request.POST.getlist("about"),
    }
    return render(request, "cycles/appeal_new.html", context, status=422 if problems else 200)


def _rows(result: Any) -> list[IndicatorRow]:
    return rows_of(result) if result is not None else []


def _once(rows: list[IndicatorRow]) -> list[IndicatorRow]:
    """Return one row an indicator."""
    return list({row.id: row for row in rows}.values())


def appeal(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an appeal; an answer that upholds it is tried before it is given."""
    user = user_of(request)
    post = request.method == "POST"
    found = access_appeal(user, "appeals.decide" if post else "appeals.read", pk)
    context: dict[str, Any] = {"problems": (), "effect": None, "chart": None}
    if post:
        try:
            if request.POST.get("act") == "decide":
                _decide(request, found)
                messages.success(request, _("已答复申诉"))
                return redirect("appeal", pk)
            effect, _trial = _try(request, found, explained=False)
            context |= {"effect": effect, "chart": distribution_chart(effect)}
        except MeritdeskError as error:
            context["problems"] = problems_of(error)
            if not context["problems"]:
                return redirect("appeal", pk)
    return _appeal_page(request, found, context)


def _appeal_page(request: HttpRequest, found: Appeal, context: dict[str, Any]) -> HttpResponse:
    user = user_of(request)
    own = found.appraisal.person_id == user.person_id
    waiting = found.state == Appeal.State.OPEN
    decides = not own and has_right(user, "appeals.decide")
    decides = decides and appraisals_in_reach(user, "appeals.decide").filter(pk=found.appraisal_id).exists()
    why_not = acts.why_not(user, found) if waiting and decides else ""
    rows = _rows(found.result)
    about = [row for row in rows if row.id in found.indicators] or rows
    posted = found.corrections.filter(state=Correction.State.POSTED).select_related("before", "after")
    context |= {
        "appeal": found,
        "appraisal": found.appraisal,
        "cycle": found.appraisal.cycle,
        "rows": about,
        "other_rows": [row for row in rows if row not in about],
        "own": own,
        "waiting": waiting,
        "late": waiting and timezone.now() >= found.due_at,
        "due_day": last_day_of(found.due_at),
        "why_not": why_not,
        "may_decide": waiting and decides and not why_not,
        "may_remind": waiting and not own and has_right(user, "cycles.run"),
        "correction": None if waiting else posted.first(),
        "attachments": found.attachments.all(),
        "typed": request.POST,
        "values": {row.field: request.POST.get(row.field, "") for row in rows},
    }
    return render(request, "cycles/appeal.html", context, status=422 if context["problems"] else 200)


def _try(request: HttpRequest, found: Appeal, *, explained: bool) -> tuple[Effect, Trial | None]:
    """Run the engine with the decision; a trial that is to be posted is explained and sealed."""
    user, cycle, person = user_of(request), found.appraisal.cycle, found.appraisal.person.key
    points = points_of(request.POST, _rows(found.result))
    answer = request.POST.get("answer", "")
    wanted = supposed(user, person, points, answer if explained else answer or _("试算"))
    computed = engine.compute(cycle, explained=explained, supposed=wanted, people=[person])
    effect = effect_of(cycle, computed, person, only_person=True)
    if not explained:
        return effect, None
    package = seal_run(cycle, computed, purpose=Run.Purpose.CORRECTION, people=[person])
    return effect, Trial(computed, package, points)


def _decide(request: HttpRequest, found: Appeal) -> None:
    user, uphold = user_of(request), request.POST.get("outcome") == "upheld"
    trial = None
    if uphold and found.state == Appeal.State.OPEN and not acts.why_not(user, found):
        _effect, trial = _try(request, found, explained=True)
    acts.do_decide_appeal(
        acting_user=user,
        appeal=found,
        uphold=uphold,
        answer=request.POST.get("answer", ""),
        version=version_of(request.POST),
        once=key_of(request.POST),
        trial=trial,
    )


def appeal_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one's own appeal back."""
    user = user_of(request)
    found = access_appeal(user, "appeals.file", pk)
    once = key_of(request.POST)
    problems = attempt(lambda: acts.do_withdraw_appeal(acting_user=user, appeal=found, once=once))
    if problems:
        return _appeal_page(request, found, {"problems": problems, "effect": None, "chart": None})
    messages.success(request, _("申诉已撤回"))
    return redirect("appeal", pk)


def appeal_remind(request: HttpRequest, pk: int) -> HttpResponse:
    """Remind the panel."""
    user = user_of(request)
    found = access_appeal(user, "cycles.run", pk)
    once = key_of(request.POST)
    problems = attempt(lambda: acts.do_remind_panel(acting_user=user, appeal=found, once=once))
    for problem in problems:
        messages.error(request, f"{problem.message} {problem.fix}")
    if not problems:
        messages.success(request, _("已催办"))
    return redirect("appeal", pk)


def appeals(request: HttpRequest) -> HttpResponse:
    """List appeals, the open ones by their deadline first, and corrections."""
    user = user_of(request)
    found = appeals_in_reach(user, "appeals.read").annotate(
        last_moment=ExpressionWrapper(F("due_at") - timedelta(seconds=1), output_field=DateTimeField())
    )
    columns = [
        Column(
            key="person",
            title=_("申诉人"),
            order=("appraisal__person__name",),
            filter="appraisal__person__name__icontains",
        ),
        Column(key="cycle", title=_("考核"), phone=False),
        Column(key="filed", title=_("提交时间"), order=("filed_at",), phone=False),
        Column(key="due", title=_("答复期限"), order=("due_at",)),
        Column(key="state", title=_("状态"), order=("state",), filter="state", choices=Appeal.State.choices),
    ]
    table = make_table(
        request, found, columns=columns, row_template="cycles/appeal_row.html", sort="-filed",
        empty=Empty(title=_("没有申诉"), why=_("有人申诉时，这里会列出答复期限")), extra={"now": timezone.now()},
    )  # fmt: skip
    corrections = None
    if has_right(user, "corrections.approve"):
        corrections = make_table(
            request, corrections_in_reach(user, "corrections.approve"), name="corrections",
            columns=[
                Column(key="person", title=_("姓名"), order=("appraisal__person__name",)),
                Column(key="difference", title=_("总分差额"), order=("total_difference",), num=True),
                Column(key="coefficient", title=_("系数差额"), num=True, phone=False),
                Column(key="state", title=_("状态"), filter="state", choices=Correction.State.choices),
            ],
            row_template="cycles/correction_row.html", empty=Empty(title=_("没有更正")),
        )  # fmt: skip
    late = found.filter(state=Appeal.State.OPEN, due_at__lte=timezone.now()).count()
    context = {"table": table, "corrections": corrections, "late": late}
    return render(request, "cycles/appeals.html", context)
