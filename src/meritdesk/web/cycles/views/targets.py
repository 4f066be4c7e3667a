"""Targets: proposed down the team, agreed by each person."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _
from meritdesk.web.access.reach import has_right
from meritdesk.web.cycles import engine
from meritdesk.web.cycles.actions.targets import do_agree_targets, do_object_to_targets, do_propose_targets
from meritdesk.web.cycles.models import Appraisal, Cycle
from meritdesk.web.cycles.queries.doors import access_appraisal, access_cycle, user_of
from meritdesk.web.cycles.queries.targets import Goal, fill_targets, goals_of, my_targets, target_rows
from meritdesk.web.ui.tables import Column, Empty, make_table


def targets(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the table people × indicators; take what was typed in, or fill what is empty from the scheme."""
    user = user_of(request)
    cycle = access_cycle(user, "targets.propose", pk)
    goals = goals_of(engine.loaded_scheme(cycle).scheme)
    problems: Sequence[Problem] = ()
    if request.method == "POST":
        rows = {appraisal.pk: appraisal for appraisal in target_rows(user, cycle)}
        typed = _typed(request)
        if "defaults" in request.POST:
            typed = {**_defaults(rows, goals), **{key: text for key, text in typed.items() if text.strip()}}
        try:
            n = do_propose_targets(acting_user=user, cycle=cycle, reached=rows, typed=typed)
        except MeritdeskError as error:
            problems = error.problems
        else:
            messages.success(request, _("已提出 {n} 项目标，并通知本人确认").format(n=n))
            return redirect(request.get_full_path())
    return _page(request, cycle, goals, problems)


def _typed(request: HttpRequest) -> dict[tuple[int, str], str]:
    found = {}
    for key, value in request.POST.items():
        kind, _colon, rest = key.partition(":")
        pk, _colon, indicator = rest.partition(":")
        if kind == "t" and pk.isdecimal():
            found[int(pk), indicator] = str(value)
    return found


def _defaults(rows: dict[int, Appraisal], goals: Sequence[Goal]) -> dict[tuple[int, str], str]:
    """Return the scheme's own target for everybody who has none yet."""
    fill_targets(goals, list(rows.values()), {})
    return {
        (appraisal.pk, cell.goal.id): cell.goal.default_text
        for appraisal in rows.values()
        for cell in appraisal.target_cells  # type: ignore[attr-defined]
        if cell.applies and not cell.text and cell.goal.default_text
    }


def _page(request: HttpRequest, cycle: Cycle, goals: Sequence[Goal], problems: Sequence[Problem]) -> HttpResponse:
    user = user_of(request)
    rows = target_rows(user, cycle)
    teams = rows.order_by("team__name").values_list("team", "team__name").distinct()
    columns = [
        Column(key="name", title=_("姓名"), order=("person__name",), filter="person__name__icontains"),
        Column(key="team", title=_("班组"), order=("team__name", "person__key"), filter="team",
               choices=[(str(pk), name) for pk, name in teams], phone=False),
        *(Column(key=goal.id, title=f"{goal.title} ({goal.unit_text})" if goal.unit_text else goal.title)
          for goal in goals),
    ]  # fmt: skip
    empty = Empty(title=_("没有您可以提出目标的人"), why=_("只列出您负责范围内的人"), icon="target")
    editable = cycle.state == Cycle.State.OPEN
    table = make_table(
        request, rows, columns=columns, row_template="cycles/run_target_row.html", empty=empty, sort="team",
        extra={"editable": editable},
    )  # fmt: skip
    page = list(table.page.object_list)
    typed = {key: str(value) for key, value in request.POST.items()} if problems else {}
    fill_targets(goals, page, typed)
    table.page.object_list = page
    context = {"cycle": cycle, "goals": goals, "table": table, "problems": problems, "editable": editable,
               "may_run": has_right(user, "cycles.run"), "scored": any(goal.scored for goal in goals),
               "proposable": any(goal.default_text for goal in goals)}  # fmt: skip
    return render(request, "cycles/run_targets.html", context, status=422 if problems else 200)


def mine(request: HttpRequest) -> HttpResponse:
    """Show the reader's own targets; agree to them, or say why not."""
    user = user_of(request)
    problems: Sequence[Problem] = ()
    if request.method == "POST":
        pk = request.POST.get("appraisal", "")
        if not pk.isdecimal():
            raise Http404
        appraisal = access_appraisal(user, "targets.agree", int(pk))
        try:
            if request.POST.get("act") == "object":
                do_object_to_targets(acting_user=user, appraisal=appraisal, reason=request.POST.get("reason", ""))
                messages.success(request, _("意见已转给提出目标的人"))
            else:
                n = do_agree_targets(acting_user=user, appraisal=appraisal)
                messages.success(request, _("已确认 {n} 项目标").format(n=n))
        except MeritdeskError as error:
            problems = error.problems
        else:
            return redirect("targets-mine")
    context = {"rounds": my_targets(user), "problems": problems, "reason": request.POST.get("reason", "")}
    return render(request, "cycles/targets_mine.html", context, status=422 if problems else 200)
