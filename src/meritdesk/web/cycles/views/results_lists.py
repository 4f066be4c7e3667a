"""Lists of results: one's own over all cycles, and those of the people one is responsible for."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from meritdesk.language import _
from meritdesk.web.cycles.models import Appraisal, Cycle
from meritdesk.web.cycles.queries.doors import user_of
from meritdesk.web.cycles.queries.results import own, person, statistics
from meritdesk.web.cycles.queries.results.team import cycles_with_results, figures_of_all, team_results, workbook
from meritdesk.web.ui.tables import Column, Empty, make_table
from meritdesk.web.ui.text import lazy

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def mine(request: HttpRequest) -> HttpResponse:
    """Show all cycles of one's own, and the trend of those that can be compared."""
    user = user_of(request)
    appraisals = own.own_appraisals(user)
    kinds = own.kinds_of(appraisals)
    titles = own.kind_titles()
    trends = [
        person.trend(found[-person.TREND :], _("历次总分（{kind}）").format(kind=titles.get(kind, kind)))
        for kind, found in kinds.items()
    ]
    context = {"rows": own.rows(appraisals), "trends": [chart for chart in trends if chart]}
    return render(request, "cycles/my_results.html", context)


def team(request: HttpRequest) -> HttpResponse:
    """Show the results of a cycle for the people in reach, and how the grades are spread."""
    user = user_of(request)
    cycles = cycles_with_results(user)
    wanted = request.GET.get("cycle", "")
    cycle = next((c for c in cycles if str(c.pk) == wanted), None) if wanted else next(iter(cycles), None)
    if wanted and cycle is None:
        raise Http404
    if cycle is None:
        return render(request, "cycles/team_results.html", {"cycle": None})
    found = team_results(user, cycle)
    everybody = figures_of_all(user, cycle)
    grades = statistics.grade_titles(cycle)
    table = make_table(
        request,
        found,
        columns=_columns(cycle, grades),
        row_template="cycles/team_results_row.html",
        empty=Empty(title=lazy("没有您可以查看的结果"), icon="users"),
        sort="-total",
        extra={"grades": grades, "places": {grade: place for place, grade in enumerate(grades)}},
    )
    context = {
        "cycle": cycle,
        "cycles": cycles,
        "table": table,
        "people": len(everybody),
        "mean": statistics.mean_seen([one.total for one in everybody if one.total is not None]),
        "all_mean": statistics.mean_of_cycle(cycle, [one.pk for one in everybody]),
        "smallest": statistics.SMALLEST,
        "states": statistics.states_of(one.state for one in everybody),
        "chart": statistics.distribution(cycle, (one.grade for one in everybody), f"{request.path}?cycle={cycle.pk}"),
        "export_url": reverse("team-results-export", args=[cycle.pk]),
    }
    return render(request, "cycles/team_results.html", context)


def _columns(cycle: Cycle, grades: dict[str, str]) -> tuple[Column, ...]:
    return (
        Column(key="name", title=lazy("姓名"), order=("person__name",), filter="person__name__icontains"),
        Column(key="team", title=lazy("班组"), order=("team__name",), filter="team__name__icontains", phone=False),
        Column(key="total", title=lazy("总分"), order=("result__total",), num=True),
        Column(key="grade", title=lazy("等级"), order=("result__grade",), filter="result__grade",
               choices=list(grades.items())),
        Column(key="coefficient", title=lazy("系数"), order=("result__coefficient",), num=True, phone=False),
        Column(key="rank", title=lazy("名次"), order=("result__rank",), num=True, phone=False),
        Column(key="change", title=lazy("较上期（分）"), order=("change",), num=True, phone=False),
        Column(key="state", title=lazy("状态"), order=("state",), filter="state",
               choices=list(Appraisal.State.choices)),
    )  # fmt: skip


def export(request: HttpRequest, pk: int) -> HttpResponse:
    """Download the table of a cycle as a spreadsheet, filtered and ordered as on the page, all pages."""
    user = user_of(request)
    cycle = next((c for c in cycles_with_results(user) if c.pk == pk), None)
    if cycle is None:
        raise Http404
    found = team_results(user, cycle)
    table = make_table(
        request,
        found,
        columns=_columns(cycle, statistics.grade_titles(cycle)),
        row_template="cycles/team_results_row.html",
        empty=Empty(title=""),
        sort="-total",
        size=100_000,
    )
    answer = HttpResponse(workbook(cycle, list(table.page.object_list)), content_type=XLSX)
    name = _("团队结果_{cycle}").format(cycle=person.period_title(cycle).replace(" ", ""))
    answer.headers["Content-Disposition"] = person.attachment(f"{name}.xlsx")
    return answer
