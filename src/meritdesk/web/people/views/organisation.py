"""The organisation on a day, a team, and the setting up of departments, teams and positions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _
from meritdesk.web.access.reach import has_right
from meritdesk.web.people import actions
from meritdesk.web.people.forms import asked_day
from meritdesk.web.people.models import Position
from meritdesk.web.people.queries import organisation as queries
from meritdesk.web.people.views.forms_and_acts import user_of
from meritdesk.web.people.workbooks import roster_workbook
from meritdesk.web.ui.tables import Column, Empty, Table, make_table

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def people(request: HttpRequest) -> HttpResponse:
    """Departments, teams and people on a day, with a search."""
    user, today = user_of(request), timezone.localdate()
    day, text = asked_day(request.GET.get("day", ""), today), request.GET.get("q", "").strip()
    writes = has_right(user, "people.write")
    context = {"day": day, "today": today, "text": text, "writes": writes, "blocks": [], "table": None}
    if text:
        context["table"] = _people_table(request, day, text=text)
    else:
        context["blocks"] = blocks = queries.organisation(user, day)
        context["headcount"] = sum(block.headcount for block in blocks)
        context["teams"] = sum(len(block.teams) for block in blocks)
        context["joining"] = sum(line.joining for block in blocks for line in block.teams)
        context["leaving"] = sum(line.leaving for block in blocks for line in block.teams)
    return render(request, "people/people.html", context)


def team(request: HttpRequest, pk: int) -> HttpResponse:
    """The people of a team on a day."""
    user, today = user_of(request), timezone.localdate()
    found = queries.access_team(user, "people.read", pk)
    day = asked_day(request.GET.get("day", ""), today)
    context = {
        "team": found,
        "day": day,
        "today": today,
        "table": _people_table(request, day, team=found.pk),
        "writes": has_right(user, "people.write"),
    }
    return render(request, "people/team.html", context)


def export(request: HttpRequest) -> HttpResponse:
    """The roster of a day, or every assignment ever, as a workbook that can be imported again."""
    day = asked_day(request.GET.get("day", ""), timezone.localdate())
    history = request.GET.get("all") == "1"
    rows = queries.roster_for_export(user_of(request), None if history else day)
    response = HttpResponse(roster_workbook(rows, _("花名册")), content_type=XLSX)
    name = f"roster-{'all' if history else day.isoformat()}.xlsx"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def organisation(request: HttpRequest) -> HttpResponse:
    """Departments, teams and positions, to be made and renamed."""
    return _organisation(request)


def department_create(request: HttpRequest) -> HttpResponse:
    """Make a department."""
    user = user_of(request)
    queries.access_everything(user, "people.write")
    name = request.POST.get("name", "")
    return _made(request, lambda: str(actions.do_create_department(acting_user=user, name=name)), "department")


def department_rename(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a department another name."""
    user = user_of(request)
    found, name = queries.access_department(user, "people.write", pk), request.POST.get("name", "")

    def act() -> str:
        actions.do_rename_department(acting_user=user, department=found, name=name)
        return name

    return _made(request, act, f"department-{pk}")


def team_create(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a team in a department."""
    user = user_of(request)
    home = queries.access_department(user, "people.write", pk)
    name = request.POST.get("name", "")
    return _made(
        request, lambda: str(actions.do_create_team(acting_user=user, department=home, name=name)), f"team-{pk}"
    )


def team_rename(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a team another name."""
    user = user_of(request)
    found, name = queries.access_team(user, "people.write", pk), request.POST.get("name", "")

    def act() -> str:
        actions.do_rename_team(acting_user=user, team=found, name=name)
        return name

    return _made(request, act, f"team-rename-{pk}")


def position_create(request: HttpRequest) -> HttpResponse:
    """Make a position."""
    user = user_of(request)
    queries.access_everything(user, "people.write")
    values = {name: request.POST.get(name, "") for name in ("title", "code", "title_en")}
    return _made(request, lambda: str(actions.do_create_position(acting_user=user, **values)), "position")


def position_rename(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a position other titles."""
    user = user_of(request)
    queries.access_everything(user, "people.write")
    found = get_object_or_404(Position, pk=pk)
    title, title_en = request.POST.get("title", ""), request.POST.get("title_en", "")

    def act() -> str:
        actions.do_rename_position(acting_user=user, position=found, title=title, title_en=title_en)
        return title

    return _made(request, act, f"position-{pk}")


def _organisation(request: HttpRequest, problems: tuple[Problem, ...] = (), at: str = "") -> HttpResponse:
    departments, positions = queries.places(user_of(request))
    context = {
        "departments": departments,
        "positions": positions,
        "problems": problems,
        "at": at,
        "typed": request.POST,
        "everything": queries.reaches_everything(user_of(request), "people.write"),
    }
    return render(request, "people/organisation.html", context, status=422 if problems else 200)


def _made(request: HttpRequest, act: Callable[[], str], at: str) -> HttpResponse:
    """Run an act of the page; show a refusal where it was asked for (`at`)."""
    try:
        name = act()
    except MeritdeskError as error:
        return _organisation(request, tuple(error.problems), at)
    messages.success(request, _("已保存：{name}").format(name=name))
    return redirect(reverse("organisation"))


def _people_table(request: HttpRequest, day: date, *, team: int | None = None, text: str = "") -> Table:
    rows = queries.people_on(user_of(request), day, team=team, text=text)
    columns = [
        Column(key="name", title=_("姓名"), order=("person__name",), filter="person__name__icontains"),
        Column(key="key", title=_("工号"), order=("person__key",), filter="person__key__icontains"),
        Column(key="position", title=_("岗位"), order=("position__title",), filter="position__title__icontains"),
        Column(key="superior", title=_("直接上级"), order=("superior__name",), filter="superior__name__icontains"),
        Column(key="job_grade", title=_("岗位等级"), order=("job_grade",), phone=False),
        Column(key="skill_grade", title=_("技能等级"), order=("skill_grade",), phone=False),
        Column(key="since", title=_("任职起"), order=("valid_from",), phone=False),
    ]
    if team is None:
        columns.insert(2, Column(key="team", title=_("班组"), order=("team__department__name", "team__name")))
    why = _("换一个日期，或检查姓名和工号") if text else _("这一天班组里没有人")
    return make_table(
        request,
        rows,
        columns=columns,
        row_template="people/person_row.html",
        empty=Empty(title=_("没有找到人"), why=why, icon="users"),
        sort="key",
        extra={"with_team": team is None, "day": day},
    )
