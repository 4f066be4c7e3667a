"""Pages to read a version by: in plain words, as text, its check, compared with another."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _
from meritdesk.scheme.diff import diff
from meritdesk.scheme.load import LoadedScheme
from meritdesk.scheme.phrases import title_of
from meritdesk.web.access.actions import Conflict
from meritdesk.web.access.rights import SIGNED_IN
from meritdesk.web.schemes.actions import do_edit_draft
from meritdesk.web.schemes.forms.text import has_comments
from meritdesk.web.schemes.models import SchemeVersion
from meritdesk.web.schemes.queries.checking import report, report_on
from meritdesk.web.schemes.queries.documents import loaded, parent_of, read, template
from meritdesk.web.schemes.queries.sides import sides
from meritdesk.web.schemes.queries.versions import access_version, previous_of, versions_of
from meritdesk.web.schemes.queries.words import in_words
from meritdesk.web.schemes.queries.working import ran, run
from meritdesk.web.schemes.views.frame import acting, number_in, version_frame


def version_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a version in plain words, with its versions and who is answerable for it."""
    user = acting(request)
    version = access_version(user, SIGNED_IN, pk)
    found = loaded(version)
    others = versions_of(version.scheme, user)
    parent = parent_of(version.scheme)
    context: dict[str, Any] = {
        **version_frame(request, version, "read"),
        "found": found,
        "words": in_words(found),
        "versions": others,
        "has_open": any(v.state in ("draft", "submitted") for v in others),
        "parent_title": title_of(parent.scheme) if parent is not None else version.scheme.parent,
    }
    return render(request, "schemes/version.html", context)


def text_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show or save the YAML of a version; with `check`, only say what is wrong with what was typed."""
    version = access_version(acting(request), request.right, pk)  # type: ignore[attr-defined]
    typed, problems, theirs = version.text, list[Problem](), ""
    saved = False
    if request.method == "POST":
        typed = request.POST.get("text", "").replace("\r\n", "\n")
        try:
            if request.POST.get("only_check"):
                read(typed)
            else:
                edit_version = number_in(request, "edit_version")
                version = do_edit_draft(
                    acting_user=acting(request), version=version, text=typed, edit_version=edit_version
                )
                if not request.headers.get("HX-Request"):
                    return redirect("scheme-text", version.pk)
                saved = True
        except Conflict as conflict:
            problems, theirs = list(conflict.problems), str(conflict.theirs)
            version.refresh_from_db()
        except MeritdeskError as error:
            problems = list(error.problems)
    context = {
        **version_frame(request, version, "text"),
        "typed": typed,
        "problems": problems,
        "lines": {line_of(problem) for problem in problems},
        "theirs": theirs,
        "saved": saved,
        "commented": has_comments(version.text),
        "checked": request.POST.get("only_check", ""),
        "live": None if problems else report_on(typed),
    }
    if request.POST.get("only_check"):
        return render(request, "schemes/text_report.html", context)
    return render(request, "schemes/text.html", context, status=409 if theirs else 422 if problems else 200)


def line_of(problem: Problem) -> str:
    """Return the line that the place of a problem ends in; empty if there is none."""
    _file, _colon, line = problem.place.rpartition(":")
    return line if line.isdigit() else ""


def check_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show everything the check finds; the worked cases follow by themselves where running them takes a while."""
    version = access_version(acting(request), "schemes.read", pk)
    outcome = run(version) if "run" in request.GET else ran(version)
    frame = version_frame(request, version, "check")
    as_printed = loaded(version).scheme.status == "as_printed"
    if outcome is not None and not outcome.problems and not as_printed:
        frame["report"] = report(version, outcome.results)
    return render(request, "schemes/check.html", {**frame, "outcome": outcome, "waiting": outcome is None})


def compare_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what differs between a version and another one, its template or its parent framework, side by side."""
    user = acting(request)
    version = access_version(user, SIGNED_IN, pk)
    choices = _others(version, versions_of(version.scheme, user))
    earlier = previous_of(version)
    usual = f"v{earlier.pk}" if earlier is not None else next((key for key, _title in choices), "")
    chosen = request.GET.get("with", usual)
    if chosen and chosen not in dict(choices):
        raise Http404("nothing to compare with")
    other = _document(version, chosen)
    found = loaded(version)
    differences = diff(other.scheme, found.scheme) if other is not None else []
    context = {
        **version_frame(request, version, "compare"),
        "choices": choices,
        "chosen": chosen,
        "chosen_title": dict(choices).get(chosen, ""),
        "differences": differences,
        "groups": sides(other, found, differences) if other is not None else [],
        "side_by_side": [in_words(other), in_words(found)] if other is not None and request.GET.get("full") else [],
        "here_url": reverse("scheme-compare", args=(version.pk,)),
    }
    return render(request, "schemes/compare.html", context)


def _others(version: SchemeVersion, versions: list[SchemeVersion]) -> list[tuple[str, str]]:
    found = [(f"v{v.pk}", _("第 {n} 版").format(n=v.number)) for v in versions if v.pk != version.pk]
    parent = parent_of(version.scheme)
    if parent is not None:
        found.append(("parent", _("上级框架：{title}").format(title=title_of(parent.scheme))))
    made_from = template(version.scheme.template)
    if made_from is not None:
        found.append(("template", _("所用模板：{title}").format(title=title_of(made_from.scheme))))
    return found


def _document(version: SchemeVersion, chosen: str) -> LoadedScheme | None:
    if chosen == "parent":
        return parent_of(version.scheme)
    if chosen == "template":
        return template(version.scheme.template)
    other = SchemeVersion.objects.filter(pk=int(chosen[1:])).first() if chosen else None
    return loaded(other) if other is not None else None
