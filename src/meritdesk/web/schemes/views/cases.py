"""Worked cases: the list with how each came out, a sheet to enter one, and all of them as text."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _
from meritdesk.web.access.actions import Conflict
from meritdesk.web.schemes.actions import do_adopt_computed, do_edit_cases
from meritdesk.web.schemes.forms.case import new_case, rewritten, typed
from meritdesk.web.schemes.models import SchemeVersion
from meritdesk.web.schemes.queries.adopting import adoptions
from meritdesk.web.schemes.queries.sheet import compared, documents, sheet
from meritdesk.web.schemes.queries.versions import access_version
from meritdesk.web.schemes.queries.working import Run, ran, run
from meritdesk.web.schemes.views.frame import acting, number_in, version_frame

NEEDED = 10
"""Cases that a scheme must have to be published (E2)."""


def cases_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the cases of a version, or save one sheet, a new case, a removal or the whole text."""
    version = access_version(acting(request), request.right, pk)  # type: ignore[attr-defined]
    if request.method == "POST":
        return _adopt(request, version) if request.POST.get("act") == "adopt" else _save(request, version)
    index = request.GET.get("case", "")
    return _page(request, version, int(index) if index.isdigit() else None)


def _save(request: HttpRequest, version: SchemeVersion) -> HttpResponse:
    cases = documents(version.cases_text)
    act, index = request.POST.get("act", "save"), number_in(request, "case")
    text: str | None = None
    shown: int | None = index
    if act in ("save", "remove", "copy") and not 0 <= index < len(cases):
        raise Http404("no such case")
    if act == "text":
        text, shown = request.POST.get("text", ""), None
    elif act == "add":
        cases.append(new_case(cases))
        shown = len(cases) - 1
    elif act == "remove":
        del cases[index]
        shown = None
    else:
        cases[index] = typed(cases[index], request.POST)
    problems: list[Problem] = []
    theirs = ""
    cases_text = version.cases_text
    try:
        cases_text = rewritten(version.cases_text, cases) if text is None else text
        do_edit_cases(
            acting_user=acting(request), version=version, cases_text=cases_text,
            edit_version=number_in(request, "edit_version"),
        )  # fmt: skip
    except Conflict as conflict:
        problems = list(conflict.problems)
        version.refresh_from_db()
        theirs = version.cases_text
    except MeritdeskError as error:
        problems = list(error.problems)
    if problems:
        mine = cases[index] if text is None and act == "save" else None
        return _page(request, version, shown, problems, theirs, typed_text=text, typed_case=mine)
    query = "?text=1" if act == "text" else "" if shown is None else f"?case={shown}"
    return redirect(reverse("scheme-cases", args=(version.pk,)) + query)


def _adopt(request: HttpRequest, version: SchemeVersion) -> HttpResponse:
    """Take over what was computed for the cases that a person chose, old beside new, with a reason."""
    shown = number_in(request, "shown")
    chosen = {int(text) for text in request.POST.getlist("chosen") if text.isdigit()}
    run(version)  # before the act, which then finds it ready and holds its transaction for a moment only
    try:
        do_adopt_computed(
            acting_user=acting(request), version=version, chosen=chosen, reason=request.POST.get("reason", ""),
            edit_version=number_in(request, "edit_version"),
        )  # fmt: skip
    except MeritdeskError as error:
        version.refresh_from_db()
        return _page(request, version, None if shown < 0 else shown, list(error.problems))
    messages.success(request, _("已更新 {n} 个算例的应得，原因记入审计").format(n=len(chosen)))
    return redirect(reverse("scheme-cases", args=(version.pk,)) + ("" if shown < 0 else f"?case={shown}"))


def _page(
    request: HttpRequest, version: SchemeVersion, index: int | None, problems: list[Problem] | None = None,
    theirs: str = "", typed_text: str | None = None, typed_case: dict[str, Any] | None = None,
) -> HttpResponse:  # fmt: skip
    try:
        cases = documents(version.cases_text)
    except MeritdeskError as error:
        cases, problems = [], [*(problems or []), *error.problems]
    at_once = bool(problems) or "run" in request.GET
    known = run(version) if at_once else ran(version)
    outcome: Run = known if known is not None else Run()
    passed = {result.name: result.passed for result in outcome.results}
    rows = [
        {"index": number, "title": case.get("title", ""), "passed": passed.get(str(case.get("title", "")))}
        for number, case in enumerate(cases)
    ]
    opened = None
    has_case = index is not None and 0 <= index < len(cases)
    if index is not None and has_case and known is not None:
        try:
            opened = sheet(version, index, typed_case or cases[index], outcome)
        except MeritdeskError as error:
            problems = [*(problems or []), *error.problems]
    offered = adoptions(version, outcome) if known is not None else []
    context = {
        **version_frame(request, version, "cases"),
        "waiting": known is None,
        "chosen_case": index if has_case else None,
        "run_url": _address(index if has_case else None),
        "offered": offered,
        "offered_here": [adoption for adoption in offered if has_case and adoption.index == index],
        "reason": request.POST.get("reason", ""),
        "rows": rows,
        "outcome": outcome,
        "needed": NEEDED,
        "opened": opened,
        "figures": compared(version, opened.title, outcome) if opened is not None else [],
        "as_text": typed_text is not None or bool(request.GET.get("text")),
        "typed_text": version.cases_text if typed_text is None else typed_text,
        "problems": problems or list(outcome.problems),
        "theirs": theirs,
    }
    return render(request, "schemes/cases.html", context, status=409 if theirs else 422 if problems else 200)


def _address(index: int | None) -> str:
    """Return the query by which the page is fetched again with everything computed."""
    return "?run=1" if index is None else f"?run=1&case={index}"
