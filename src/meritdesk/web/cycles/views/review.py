"""Panel review of a preview, and publication."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from meritdesk.language import _
from meritdesk.web.access.reach import has_right
from meritdesk.web.access.sign_in.step_up import step_up
from meritdesk.web.cycles import deadlines, deciding_jobs, engine
from meritdesk.web.cycles.actions import publishing
from meritdesk.web.cycles.actions import review as acts
from meritdesk.web.cycles.forms.deciding import key_of
from meritdesk.web.cycles.forms.rating import whole
from meritdesk.web.cycles.inputs import digest, digest_for_page
from meritdesk.web.cycles.models import Cycle
from meritdesk.web.cycles.queries.charts import grades_chart
from meritdesk.web.cycles.queries.doors import access_cycle, user_of
from meritdesk.web.cycles.queries.results.person import last_day_of
from meritdesk.web.cycles.queries.review import outcome_counts, reviewed
from meritdesk.web.cycles.views.attempt import attempt
from meritdesk.web.people.calendar import company_calendar
from meritdesk.web.ui.tables import Column, Empty, make_table


def review(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the preview to the panel; approve it or send it back."""
    user = user_of(request)
    post = request.method == "POST"
    cycle = access_cycle(user, "review.decide" if post else "ratings.read", pk)
    problems: Any = ()
    if post:
        approve, reason = request.POST.get("act") == "approve", request.POST.get("reason", "")
        once = key_of(request.POST)
        problems = attempt(
            lambda: acts.do_review(
                acting_user=user,
                cycle=cycle,
                run=whole(request.POST, "run") or 0,
                approve=approve,
                reason=reason,
                once=once,
            )
        )
        if not problems:
            messages.success(request, _("已通过复核") if approve else _("已退回评分"))
            return redirect("review", pk)
    found = reviewed(cycle, user)
    grades = [(g.title, g.title) for g in engine.loaded_scheme(cycle).scheme.grades]
    columns = [
        Column(key="name", title=_("姓名"), order=("name",), filter="name__icontains"),
        Column(key="team", title=_("班组"), order=("team",), filter="team__icontains", phone=False),
        Column(key="total", title=_("总分"), order=("total",), num=True),
        Column(key="grade", title=_("等级"), filter="grade_title", choices=grades),
        Column(key="coefficient", title=_("系数"), num=True, phone=False),
        Column(key="rank", title=_("名次"), num=True, phone=False),
        Column(key="change", title=_("比上期"), order=("change",), num=True, phone=False),
    ]
    table = make_table(
        request, found.rows, columns=columns, row_template="cycles/review_row.html", sort="-total",
        empty=Empty(title=_("还没有预览"), why=_("结束评分时会计算预览")),
    )  # fmt: skip
    running = cycle.state == Cycle.State.REVIEWING
    context = {
        "cycle": cycle,
        "found": found,
        "table": table,
        "chart": grades_chart(found.grades, found.people),
        "running": running,
        "may_review": running and has_right(user, "review.decide") and not found.stale,
        "may_run": running and has_right(user, "cycles.run"),
        "sees_data": has_right(user, "cycles.run"),
        "may_publish": running and bool(found.valid) and has_right(user, "results.publish"),
        "problems": problems,
    }
    return render(request, "cycles/review.html", context, status=422 if problems else 200)


def publish(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what publishing does, and to how many."""
    return _publish_page(request, pk, ())


def publish_now(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Publish, once the account has proved again who it is; what it may not see does not exist before that."""
    access_cycle(user_of(request), "results.publish", pk)
    return _publish_proven(request, pk)


@step_up
def _publish_proven(request: HttpRequest, pk: int) -> HttpResponse:
    user = user_of(request)
    cycle = access_cycle(user, "results.publish", pk)
    once = key_of(request.POST)
    if deciding_jobs.is_large(cycle):
        problems = attempt(lambda: publishing.refuse_unapproved(cycle, user, digest(cycle)))
        if problems:
            return _publish_page(request, pk, problems)
        job = deciding_jobs.do_ask(
            acting_user=user, kind="cycle-publish", cycle=cycle, title=_("发布结果"),
            next_url=reverse("publish", args=[pk]), once=once,
        )  # fmt: skip
        return redirect("job", job.pk)
    problems = attempt(lambda: deciding_jobs.publish(user, cycle, once=once, step=lambda text: None))
    if problems:
        return _publish_page(request, pk, problems)
    messages.success(request, _("结果已发布，每个人都收到了通知"))
    return redirect("publish", pk)


def _publish_page(request: HttpRequest, pk: int, problems: Any) -> HttpResponse:
    user = user_of(request)
    cycle = access_cycle(user, "results.publish", pk)
    running = cycle.state == Cycle.State.REVIEWING
    state = digest_for_page(cycle) if running else ""
    approved = acts.all_approvals(cycle)
    blocked = attempt(lambda: publishing.refuse_unapproved(cycle, user, state, approved)) if running else ()
    calendar = company_calendar()
    terms = engine.loaded_scheme(cycle).scheme.deadlines
    now = timezone.now()
    until = deadlines.due_moment(now, terms.appeal, calendar) if running else cycle.appeal_until
    context = {
        "cycle": cycle,
        "counts": outcome_counts(cycle),
        "running": running,
        "blocked": () if problems else blocked,
        "ready": running and not blocked,
        "approved": [each for each in approved if not running or each.run.inputs_digest == state],
        "appeal_last": last_day_of(until) if until else None,
        "sign_due": deadlines.due_day(deadlines.day_of(now), terms.sign_off, calendar) if running else cycle.sign_due,
        "terms": terms,
        "problems": problems,
    }
    return render(request, "cycles/publish.html", context, status=422 if problems else 200)
