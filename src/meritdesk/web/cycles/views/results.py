"""One person's result: the page, the records behind its figures, the evaluation form on screen and on paper."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from meritdesk.language import _
from meritdesk.web.access.actions import Refused
from meritdesk.web.cycles import engine
from meritdesk.web.cycles.models import Appraisal
from meritdesk.web.cycles.queries.doors import user_of
from meritdesk.web.cycles.queries.results import person, statistics
from meritdesk.web.cycles.queries.results.behind import records_of
from meritdesk.web.cycles.queries.results.shown import shown
from meritdesk.web.cycles.views.place import is_own
from meritdesk.web.schemes.queries.words import in_words
from meritdesk.web.ui.tables import Column, Empty, make_table
from meritdesk.web.ui.text import lazy


def _refused(request: HttpRequest, appraisal: Appraisal, refusal: Refused) -> HttpResponse:
    """Say why a result cannot be shown."""
    context = {"appraisal": appraisal, "cycle": appraisal.cycle, "own": is_own(request, appraisal)}
    return render(request, "cycles/result_none.html", context | {"problems": refusal.problems}, status=409)


def result(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a result, why it is what it is, and what the person can do about it."""
    user = user_of(request)
    appraisal = person.access_result(user, pk)
    standing = appraisal.result
    context = {"appraisal": appraisal, "cycle": appraisal.cycle, "own": is_own(request, appraisal)}
    if standing is None:
        return render(request, "cycles/result_none.html", context)
    try:
        found = shown(standing)
    except Refused as refusal:
        return _refused(request, appraisal, refusal)
    earlier = person.history(user, appraisal)
    around = person.surroundings_of(appraisal)
    grades = list(statistics.grade_titles(appraisal.cycle).items())
    context |= {
        "result": standing,
        "shown": found,
        "grade_title": dict(grades).get(standing.grade, standing.grade_title),
        "grade_place": next((place for place, (grade, _t) in enumerate(grades) if grade == standing.grade), ""),
        "ranked": standing.rank is not None and (standing.rank_of or 0) >= statistics.SMALLEST,
        "change": person.change(earlier),
        "trend": person.trend(earlier, _("历次总分")),
        "interview": around.interview,
        "plan": around.plan,
        "corrections": around.corrections,
        "signature": around.signature,
        "appeal": around.appeal,
        "deadlines": person.deadlines_of(appraisal, around.appeal),
        "acts": person.possible_acts(appraisal),
        "handling": person.handling_of(user, appraisal),
        "contacts": person.contacts_of(appraisal),
    }
    return render(request, "cycles/result.html", context)


def records(request: HttpRequest, pk: int, indicator: str) -> HttpResponse:
    """List the records behind an indicator, with the file and row each came from; `from` chooses the post."""
    user = user_of(request)
    appraisal = person.access_result(user, pk)
    try:
        behind = records_of(appraisal, indicator, request.GET.get("from", ""))
    except Refused as refusal:
        return _refused(request, appraisal, refusal)
    valued = any(fact.value is not None for fact in behind.facts)
    columns = [
        Column(key="record", title=lazy("记录编号"), filter="record__icontains"),
        Column(key="day", title=lazy("日期"), order=("day", "record"), phone=False),
        Column(key="status", title=lazy("怎样计入"), order=("status", "day"), filter="status", choices=behind.statuses),
        *([Column(key="value", title=behind.value_title, order=("value",), num=True)] if valued else []),
        Column(key="source", title=lazy("出处"), phone=False),
    ]
    table = make_table(
        request,
        behind.facts,
        columns=columns,
        row_template="cycles/result_record_row.html",
        empty=Empty(title=lazy("没有记录"), why=lazy("这个指标在本期没有数据。")),
        sort="day",
        extra={"valued": valued},
    )
    context = {"appraisal": appraisal, "cycle": appraisal.cycle, "own": is_own(request, appraisal), "behind": behind}
    return render(request, "cycles/result_records.html", context | {"table": table})


def form(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the evaluation form as on paper (R4.10), with the signatures as they stand."""
    user = user_of(request)
    appraisal = person.access_result(user, pk)
    context = {"appraisal": appraisal, "cycle": appraisal.cycle, "own": is_own(request, appraisal)}
    if appraisal.result is None:
        return render(request, "cycles/result_none.html", context)
    try:
        found = shown(appraisal.result)
    except Refused as refusal:
        return _refused(request, appraisal, refusal)
    around = person.surroundings_of(appraisal)
    context |= {
        "result": appraisal.result,
        "shown": found,
        "sheet": found.sheet,
        "words": found.form["words"],
        "interview": around.interview,
        "plan": around.plan,
        "signers": person.signers_of(appraisal, around),
    }
    return render(request, "cycles/result_form.html", context)


def pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """Download the printed evaluation form."""
    user = user_of(request)
    appraisal = person.access_result(user, pk)
    if appraisal.result is None:
        return redirect("result", pk)
    signers = person.signers_of(appraisal, person.surroundings_of(appraisal))
    try:
        made = engine.paper(appraisal.result, [person.signing_note(signers)])
    except Refused as refusal:
        return _refused(request, appraisal, refusal)
    name = _("考核表_{person}_{period}").format(
        person=appraisal.person.key, period=person.period_title(appraisal.cycle).replace(" ", "")
    )
    answer = HttpResponse(made, content_type="application/pdf")
    answer.headers["Content-Disposition"] = person.attachment(f"{name}.pdf")
    return answer


def scheme(request: HttpRequest, pk: int) -> HttpResponse:
    """Show in plain words the scheme that a result rests on, as it was pinned when the cycle was opened."""
    user = user_of(request)
    appraisal = person.access_result(user, pk)
    context = {
        "appraisal": appraisal,
        "cycle": appraisal.cycle,
        "own": is_own(request, appraisal),
        "words": in_words(engine.loaded_scheme(appraisal.cycle)),
        "version": appraisal.cycle.scheme_version,
    }
    return render(request, "cycles/result_scheme.html", context)
