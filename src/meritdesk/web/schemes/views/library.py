"""The library: templates and the company's schemes, a template in plain words, and making a scheme of it."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.scheme.check import check
from meritdesk.scheme.phrases import title_of
from meritdesk.web.access.reach import has_right
from meritdesk.web.schemes.actions import do_create_scheme
from meritdesk.web.schemes.models import Scheme
from meritdesk.web.schemes.queries.checking import report_on
from meritdesk.web.schemes.queries.documents import metrics, template, template_cases
from meritdesk.web.schemes.queries.library import cards, company_schemes, named_like
from meritdesk.web.schemes.queries.versions import departments_for
from meritdesk.web.schemes.queries.words import in_words
from meritdesk.web.schemes.views.frame import acting


def library(request: HttpRequest) -> HttpResponse:
    """Show the company's schemes, and to those who may read drafts the templates that ship."""
    user = acting(request)
    reads = has_right(user, "schemes.read")
    text = request.GET.get("q", "").strip()[:80]
    found = named_like(cards(), text) if reads else []
    return render(
        request,
        "schemes/library.html",
        {
            "rows": company_schemes(user),
            "text": text,
            "reads": reads,
            "writes": has_right(user, "schemes.write"),
            "ready": [card for card in found if not card.as_printed],
            "printed": [card for card in found if card.as_printed],
        },
    )


def template_page(request: HttpRequest, name: str) -> HttpResponse:
    """Show a template in plain words, with what its check finds."""
    found = template(name)
    if found is None:
        raise Http404("no such template")
    return render(
        request,
        "schemes/template.html",
        {
            "name": name,
            "found": found,
            "title": title_of(found.scheme),
            "words": in_words(found),
            "report": report_on(found.text),
            "as_printed": found.scheme.status == "as_printed",
            "writes": has_right(acting(request), "schemes.write"),
        },
    )


def use_template(request: HttpRequest, name: str) -> HttpResponse:
    """Make a scheme of the company from a template, or a local scheme under it as its framework."""
    found = template(name)
    if found is None or found.scheme.status == "as_printed":
        raise Http404("no such template")
    user = acting(request)
    departments = departments_for(user)
    problems: list[Problem] = []
    typed = request.POST
    if request.method == "POST":
        chosen = next((d for d in departments if str(d.pk) == typed.get("department")), None)
        try:
            version = do_create_scheme(
                acting_user=user, base=found, base_name=name, name=typed.get("name", "").strip(),
                title=typed.get("title", ""), department=chosen, as_parent=typed.get("as") == "parent",
                cases_text=template_cases(name), once=typed.get("once", ""),
            )  # fmt: skip
            return redirect("scheme-design", version.pk, "contents")
        except MeritdeskError as error:
            problems = list(error.problems)
    context = {
        "name": name,
        "found": found,
        "title": title_of(found.scheme),
        "departments": departments,
        "findings": len(check(found, metrics=metrics())),
        "problems": problems,
        "typed": typed or {"title": found.scheme.title, "name": _free_name(found.scheme.scheme), "as": "own"},
        "once": uuid.uuid4(),
    }
    return render(request, "schemes/use.html", context, status=422 if problems else 200)


def _free_name(base: str) -> str:
    """Return an identifier that no scheme of the company bears yet."""
    taken = set(Scheme.objects.filter(name__startswith=base[:50]).values_list("name", flat=True))
    number = 1
    while (name := f"{base[:50]}_{number}") in taken:
        number += 1
    return name
