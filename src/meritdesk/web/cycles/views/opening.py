"""Pages that list, make and prepare cycles."""

from __future__ import annotations

import re
from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _
from meritdesk.web.access.actions import AlreadyDone
from meritdesk.web.access.reach import has_right
from meritdesk.web.cycles import deciding_jobs, engine
from meritdesk.web.cycles.actions.opening import (
    RaterChoice,
    do_change_deadlines,
    do_create_cycle,
    do_drop_cycle,
    do_open_cycle,
    do_set_raters,
)
from meritdesk.web.cycles.actions.rating_start import do_begin_rating, do_collect
from meritdesk.web.cycles.forms.opening import ChooseForm, DueForm, NameForm
from meritdesk.web.cycles.models import Cycle, RaterPlan
from meritdesk.web.cycles.queries.doors import access_cycle, user_of
from meritdesk.web.cycles.queries.members import membership_of
from meritdesk.web.cycles.queries.opening import (
    DUE_OF,
    listed_cycles,
    people_to_choose,
    preview,
    published_versions,
    rater_picture,
    scopes_in_reach,
)
from meritdesk.web.cycles.queries.periods import STEPS, offered
from meritdesk.web.cycles.queries.setup import setup_of
from meritdesk.web.cycles.queries.targets import goals_of
from meritdesk.web.ui.tables import Column, Empty, make_table


def cycles(request: HttpRequest) -> HttpResponse:
    """Show the cycles in reach, the running ones with how far they are."""
    user = user_of(request)
    may_run = has_right(user, "cycles.run")
    empty = Empty(
        title=_("还没有考核"),
        why=_("考核由人事按部门或班组建立；先要有人员和已发布的方案"),
        next_title=_("新建考核") if may_run else "",
        next_url="new/" if may_run else "",
        icon="board",
    )
    columns = [
        Column(key="title", title=_("考核"), order=("title",), filter="title__icontains"),
        Column(key="state", title=_("状态"), filter="state", choices=Cycle.State.choices),
        Column(key="first", title=_("考核期"), order=("first_day",), phone=False),
        Column(key="scheme", title=_("方案"), phone=False),
        Column(key="people", title=_("人数"), order=("people",), num=True, phone=False),
        Column(key="forms", title=_("评分进度"), num=True),
        Column(key="due", title=_("本步期限")),
    ]
    table = make_table(
        request, listed_cycles(user), columns=columns, row_template="cycles/run_list_row.html", empty=empty,
        sort="-first", extra={"due_of": DUE_OF, "today": timezone.localdate()},
    )  # fmt: skip
    return render(request, "cycles/run_list.html", {"table": table, "may_run": may_run})


def new(request: HttpRequest) -> HttpResponse:
    """Choose for whom, which days and which scheme; shows who would be in it before anything is made."""
    scopes, versions = scopes_in_reach(user_of(request)), published_versions()
    today = timezone.localdate()
    periods = offered(today)
    data = request.POST if request.method == "POST" else request.GET
    if not data and scopes and versions:
        first = next(iter(versions))
        kind = versions[first][1]
        usual = next((c.key for c in periods if c.kind == kind), periods[0].key)
        chosen = ChooseForm({"scope": next(iter(scopes)), "scheme": first, "period": usual}, scopes, periods, versions)
    else:
        chosen = ChooseForm(data, scopes, periods, versions)
    found, named = None, None
    problems: Sequence[Problem] = ()
    status = 200
    if scopes and versions and chosen.is_valid():
        values = chosen.cleaned_data
        version = versions[values["scheme"]][0]
        found = preview(scopes[values["scope"]], version, values["first_day"], values["last_day"], today)
        named = NameForm(initial={"title": found.title, **found.deadlines})
        if request.method == "POST":
            named = NameForm(request.POST)
            made, problems = _create(request, chosen, named)
            if made:
                return redirect("cycle-setup", made.pk)
            status = 422
    context = {"chosen": chosen, "named": named, "found": found, "problems": problems, "scopes": scopes,
               "versions": versions, "ready": scopes and versions}  # fmt: skip
    return render(request, "cycles/run_new.html", context, status=status)


def _create(request: HttpRequest, chosen: ChooseForm, named: NameForm) -> tuple[Cycle | None, Sequence[Problem]]:
    if not named.is_valid():
        return None, ()
    values = chosen.cleaned_data
    scope = chosen.scopes[values["scope"]]
    try:
        made = do_create_cycle(
            acting_user=user_of(request),
            title=named.cleaned_data["title"],
            department=scope.department,
            team=scope.team,
            scheme_version=chosen.versions[values["scheme"]][0],
            first_day=values["first_day"],
            last_day=values["last_day"],
            deadlines=named.days(),
            once_key=request.POST.get("once", ""),
        )
    except MeritdeskError as error:
        return None, error.problems
    messages.success(request, _("已建立“{title}”。接下来检查评分人并开启").format(title=made.title))
    return made, ()


def setup(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the checklist from draft to rating."""
    return _setup_page(request, access_cycle(user_of(request), "cycles.run", pk))


def _setup_page(
    request: HttpRequest, cycle: Cycle, problems: Sequence[Problem] = (), due: DueForm | None = None
) -> HttpResponse:
    due = due or DueForm(initial={name: getattr(cycle, name) for name in STEPS})
    context = {"cycle": cycle, "setup": setup_of(cycle), "problems": problems, "due": due}
    return render(request, "cycles/run_setup.html", context, status=422 if problems else 200)


def act(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Take the cycle a step on: open, collect, begin_rating."""
    user = user_of(request)
    cycle = access_cycle(user, "cycles.run", pk)
    version, once = version_of(request), request.POST.get("once", "")
    try:
        if name == "open":
            people = do_open_cycle(acting_user=user, cycle=cycle, version=version, once_key=once)
            goals = any(goal.scored for goal in goals_of(engine.loaded_scheme(cycle).scheme))
            told = (
                _("已开启，{n} 人参加。接下来约定目标、读入数据") if goals else _("已开启，{n} 人参加。接下来读入数据")
            ).format(n=people)
        elif name == "collect":
            do_collect(acting_user=user, cycle=cycle, version=version, once_key=once)
            told = _("开始收集数据")
        else:
            locked_out = len(rater_picture(cycle, membership_of(cycle)).without_account)
            forms = do_begin_rating(acting_user=user, cycle=cycle, version=version, once_key=once)
            told = _("已生成 {n} 份评分表并通知评分人").format(n=forms)
            if locked_out:
                told += _("；其中 {n} 人没有账号，没有通知到").format(n=locked_out)
            deciding_jobs.do_ask(
                acting_user=user, kind="cycle-figures", cycle=cycle, title=_("计算评分依据的数据"),
                next_url=reverse("cycle-board", args=[pk]),
            )  # fmt: skip
    except AlreadyDone as done:
        messages.info(request, done.problems[0].message)
    except MeritdeskError as error:
        cycle.refresh_from_db()
        return _setup_page(request, cycle, error.problems)
    else:
        messages.success(request, told)
    return redirect("cycle-board" if name == "begin_rating" else "cycle-setup", pk)


def deadlines(request: HttpRequest, pk: int) -> HttpResponse:
    """Move the deadlines, with a reason."""
    user = user_of(request)
    cycle = access_cycle(user, "cycles.run", pk)
    form = DueForm(request.POST)
    problems: Sequence[Problem] = ()
    if form.is_valid():
        try:
            do_change_deadlines(
                acting_user=user, cycle=cycle, version=version_of(request), deadlines=form.days(),
                reason=request.POST.get("reason", ""),
            )  # fmt: skip
        except MeritdeskError as error:
            problems = error.problems
        else:
            messages.success(request, _("期限已更改"))
            return redirect("cycle-setup", pk)
    else:
        problems = [Problem(code="bad-day", place="", message=_("日期写法不对"), fix=_("写成 2025-09-30"))]
    return _setup_page(request, cycle, problems, form)


def drop(request: HttpRequest, pk: int) -> HttpResponse:
    """Throw a draft away."""
    user = user_of(request)
    cycle = access_cycle(user, "cycles.run", pk)
    try:
        do_drop_cycle(acting_user=user, cycle=cycle, version=version_of(request))
    except MeritdeskError as error:
        cycle.refresh_from_db()
        return _setup_page(request, cycle, error.problems)
    messages.success(request, _("草稿已删除"))
    return redirect("cycles")


def raters(request: HttpRequest, pk: int) -> HttpResponse:
    """Show who rates in each role and how many forms each rater has; take HR's choice."""
    user = user_of(request)
    cycle = access_cycle(user, "cycles.run", pk)
    problems: Sequence[Problem] = ()
    if request.method == "POST":
        try:
            do_set_raters(acting_user=user, cycle=cycle, version=version_of(request), choices=_choices(request))
        except MeritdeskError as error:
            problems = error.problems
            cycle.refresh_from_db()
        else:
            messages.success(request, _("评分人已保存"))
            return redirect("cycle-raters", pk)
    editable = cycle.state in (Cycle.State.DRAFT, Cycle.State.OPEN, Cycle.State.COLLECTING)
    membership = membership_of(cycle)
    context = {
        "cycle": cycle,
        "picture": rater_picture(cycle, membership),
        "kinds": RaterPlan.Kind.choices,
        "people": people_to_choose(cycle, membership) if editable else [],
        "editable": editable,
        "problems": problems,
    }
    return render(request, "cycles/run_raters.html", context, status=422 if problems else 200)


def _choices(request: HttpRequest) -> dict[str, RaterChoice]:
    return {
        role: RaterChoice(
            kind=request.POST.get(f"kind_{role}", ""),
            people=[whole(value) for value in request.POST.getlist(f"people_{role}")],
            keys=re.split(r"[,，、;；\s]+", request.POST.get(f"keys_{role}", "")),
            number=whole(request.POST.get(f"number_{role}", "")),
        )
        for role in request.POST.getlist("role")
    }


def version_of(request: HttpRequest) -> int:
    """Return the version that was on the page; one that never matches where there is none."""
    return whole(request.POST.get("version", ""))


def whole(text: str) -> int:
    """Return a whole number that was typed in; -1 for anything else."""
    return int(text) if text.strip().isdecimal() and len(text) < 9 else -1
