"""The board of a cycle, and reminders from it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from meritdesk.errors import MeritdeskError
from meritdesk.language import _
from meritdesk.web.access.reach import has_right
from meritdesk.web.cycles.actions.reminding import do_remind
from meritdesk.web.cycles.models import Appraisal, Cycle
from meritdesk.web.cycles.queries.board import Board, board_of, board_rows, fill_in
from meritdesk.web.cycles.queries.doors import access_cycle, user_of
from meritdesk.web.cycles.queries.setup import later_page
from meritdesk.web.ui.tables import Column, Empty, Table, make_table


def board(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the steps, and people × steps with who holds each up."""
    user = user_of(request)
    cycle = access_cycle(user, "cycles.read", pk)
    if cycle.state == Cycle.State.DRAFT and has_right(user, "cycles.run"):
        return redirect("cycle-setup", pk)
    today = timezone.localdate()
    rows = board_rows(user, cycle)
    shown = board_of(cycle, rows, today)
    may_run = has_right(user, "cycles.run")
    table = _table(request, cycle, shown, may_run)
    page = list(table.page.object_list)
    fill_in(cycle, shown.roles, page, today)
    table.page.object_list = page
    context = {"cycle": cycle, "board": shown, "table": table, "may_run": may_run,
               "next": later_page(cycle) if may_run else None}  # fmt: skip
    return render(request, "cycles/run_board.html", context)


def _table(request: HttpRequest, cycle: Cycle, shown: Board, may_run: bool) -> Table:
    user = user_of(request)
    teams = cycle.department.teams.order_by("name").values_list("pk", "name") if cycle.team_id is None else []
    columns = [
        Column(key="name", title=_("姓名"), order=("person__name",), filter="person__name__icontains"),
        Column(key="team", title=_("班组"), order=("team__name", "person__key"), filter="team",
               choices=[(str(key), name) for key, name in teams], phone=False) if teams
        else Column(key="team", title=_("班组"), order=("team__name", "person__key"), phone=False),
        Column(key="state", title=_("状态"), filter="state", choices=Appraisal.State.choices, phone=False),
        Column(key="self", title=_("自评"), phone=False),
        *(Column(key=f"role-{role.id}", title=role.title) for role in shown.roles),
        Column(key="calibration", title=_("校准"), phone=False),
        Column(key="interview", title=_("面谈"), phone=False),
        Column(key="sign", title=_("签字")),
        Column(key="appeal", title=_("申诉"), phone=False),
        Column(key="waiting", title=_("在等谁")),
    ]  # fmt: skip
    empty = Empty(title=_("没有您可以查看的人"), why=_("只列出您负责范围内的人"), icon="users")
    return make_table(
        request, board_rows(user, cycle), columns=columns, row_template="cycles/run_board_row.html", empty=empty,
        sort="team", choosing=may_run, extra={"role_count": len(shown.roles)},
    )  # fmt: skip


def remind(request: HttpRequest, pk: int) -> HttpResponse:
    """Remind those who hold up the chosen people, or everybody who holds something up."""
    user = user_of(request)
    cycle = access_cycle(user, "cycles.run", pk)
    chosen = [int(value) for value in request.POST.getlist("ids") if value.isdecimal() and len(value) < 19]
    try:
        told = do_remind(acting_user=user, cycle=cycle, now=timezone.now(), appraisals=chosen or None)
    except MeritdeskError as error:
        messages.warning(request, f"{error.problems[0].message}。{error.problems[0].fix}")
    else:
        messages.success(request, _("已发出 {n} 条提醒").format(n=told))
    return redirect("cycle-board", pk)
