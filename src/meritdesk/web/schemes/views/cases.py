"""Worked cases: the list with how each came out, a sheet to enter one, and all of them as text."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.web.access.actions import Conflict
from meritdesk.web.schemes.actions import do_edit_cases
from meritdesk.web.schemes.forms.case import new_case, rewritten, typed
from meritdesk.web.schemes.models import SchemeVersion
from meritdesk.web.schemes.queries.sheet import documents, sheet
from meritdesk.web.schemes.queries.versions import access_version
from meritdesk.web.schemes.queries.working import Run, run
from meritdesk.web.schemes.views.frame import acting, number_in, version_frame

NEEDED = 10
"""Cases that a scheme must have to be published (E2)."""


def cases_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the cases of a version, or save one sheet, a new case, a removal or the whole text."""
    version = access_version(acting(request), request.right, pk)  # type: ignore[attr-defined]
    if request.method == "POST":
        return _save(request, version)
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


def _page(
    request: HttpRequest, version: SchemeVersion, index: int | None, problems: list[Problem] | None = None,
    theirs: str = "", typed_text: str | None = None, typed_case: dict[str, Any] | None = None,
) -> HttpResponse:  # fmt: skip
    try:
        cases = documents(version.cases_text)
    except MeritdeskError as error:
        cases, problems = [], [*(problems or []), *error.problems]
    outcome: Run = run(version)
    passed = {result.name: result.passed for result in outcome.results}
    rows = [
        {"index": number, "title": case.get("title", ""), "passed": passed.get(str(case.get("title", "")))}
        for number, case in enumerate(cases)
    ]
    opened = None
    if index is not None and 0 <= index < len(cases):
        try:
            opened = sheet(version, index, typed_case or cases[index], outcome)
        except MeritdeskError as error:
            problems = [*(problems or []), *error.problems]
    context = {
        **version_frame(request, version, "cases"),
        "rows": rows,
        "outcome": outcome,
        "needed": NEEDED,
        "opened": opened,
        "figures": outcome.of(opened.title) if opened is not None else [],
        "as_text": typed_text is not None or bool(request.GET.get("text")),
        "typed_text": version.cases_text if typed_text is None else typed_text,
        "problems": problems or list(outcome.problems),
        "theirs": theirs,
    }
    return render(request, "schemes/cases.html", context, status=409 if theirs else 422 if problems else 200)
