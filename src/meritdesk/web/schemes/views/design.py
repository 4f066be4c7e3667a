"""The designer: tree, form, picture, try-it box and check of one version; every save goes through `do_edit_draft`.

A save answers with the whole page: without scripts it is shown, with htmx the parts that changed are taken out of it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.scheme.diff import diff
from meritdesk.scheme.document import Scheme
from meritdesk.scheme.shape import faults
from meritdesk.web.access.actions import Conflict
from meritdesk.web.schemes.actions import do_edit_draft
from meritdesk.web.schemes.forms import parts
from meritdesk.web.schemes.forms.text import has_comments, rewrite
from meritdesk.web.schemes.forms.typed import Step
from meritdesk.web.schemes.models import SchemeVersion
from meritdesk.web.schemes.queries.documents import loaded, metrics, read
from meritdesk.web.schemes.queries.picture import Picture, picture
from meritdesk.web.schemes.queries.sides import Row, sides
from meritdesk.web.schemes.queries.tree import branches
from meritdesk.web.schemes.queries.trial import Answer, Trial, try_out
from meritdesk.web.schemes.queries.versions import access_version
from meritdesk.web.schemes.views.frame import acting, number_in, version_frame


@dataclass
class Outcome:
    """How a save went: what is wrong, which fields, and what somebody else saved meanwhile."""

    problems: Sequence[Problem] = ()
    wrong: dict[str, str] = field(default_factory=dict)
    conflict: Conflict | None = None
    differences: Sequence[Row] = ()
    document: parts.Document | None = None
    """What was typed, where it was not saved."""
    part: parts.Part | None = None
    saved: bool = False


def design(request: HttpRequest, pk: int, section: str) -> HttpResponse:
    """Show or save one part of a version."""
    if section not in parts.SECTIONS:
        raise Http404("no such section")
    version = access_version(acting(request), request.right, pk)  # type: ignore[attr-defined]
    part = parts.part_of(section, request.GET.get("part", ""))
    if request.method == "POST":
        return _save_part(request, version, part)
    return _page(request, version, part, Outcome())


def tree(request: HttpRequest, pk: int) -> HttpResponse:
    """Save the weights typed into the tree, or add, remove or move one of its parts."""
    version = access_version(acting(request), "schemes.write", pk)
    document = dict(loaded(version).document)
    part = parts.part_of("contents", request.POST.get("part", ""))
    act, _colon, name = request.POST.get("act", "").partition(":")
    new = parts.weighed(document, request.POST)
    shown = part
    if act:
        new, shown = parts.restructured(new, act, parts.part_of("contents", name), metrics())
    outcome = _saved(request, version, new)
    outcome.part = shown if outcome.saved else part
    return _answer(request, version, outcome.part, outcome)


def _save_part(request: HttpRequest, version: SchemeVersion, part: parts.Part) -> HttpResponse:
    document = dict(loaded(version).document)
    if part.path(document) is None:
        raise Http404("no such part")
    new = parts.changed(part, document, request.POST, metrics(), Step.of(request.POST.get("step", "")))
    outcome = _saved(request, version, new)
    if outcome.problems:
        path = part.path(document) or ()
        for _code, at, message, fix in faults(Scheme, new):
            if at[: len(path)] == path:
                outcome.wrong[".".join(str(step) for step in at[len(path) :])] = f"{message}；{fix}"
    return _answer(request, version, part, outcome)


def _saved(request: HttpRequest, version: SchemeVersion, new: parts.Document) -> Outcome:
    """Save a document and return how it went; what means the same as before is not saved again."""
    text = rewrite(version.text, new)
    edit_version = number_in(request, "over" if request.POST.get("over") else "edit_version")
    if text == version.text:
        return Outcome(saved=True)
    try:
        saved = do_edit_draft(acting_user=acting(request), version=version, text=text, edit_version=edit_version)
    except Conflict as conflict:
        return Outcome(
            problems=conflict.problems, conflict=conflict, document=new, differences=_apart(version.text, text)
        )
    except MeritdeskError as error:
        return Outcome(problems=error.problems, document=new)
    version.text, version.edit_version = saved.text, saved.edit_version
    return Outcome(saved=True)


def _apart(theirs: str, mine: str) -> list[Row]:
    try:
        saved, typed = read(theirs), read(mine)
    except MeritdeskError:
        return []
    return [row for group in sides(saved, typed, diff(saved.scheme, typed.scheme)) for row in group.rows]


def _answer(request: HttpRequest, version: SchemeVersion, part: parts.Part, outcome: Outcome) -> HttpResponse:
    if outcome.saved and not request.headers.get("HX-Request"):
        return redirect(address(version, part))
    response = _page(request, version, part, outcome)
    if outcome.saved:
        response["HX-Trigger"] = json.dumps({"saved": {"edit_version": version.edit_version}})
        response["HX-Replace-Url"] = address(version, part)
    return response


def address(version: SchemeVersion, part: parts.Part) -> str:
    """Return the address of a part in the designer."""
    query = f"?part={part.name}" if part.name else ""
    return reverse("scheme-design", args=(version.pk, part.section)) + query


def _page(request: HttpRequest, version: SchemeVersion, part: parts.Part, outcome: Outcome) -> HttpResponse:
    document = dict(loaded(version).document)
    shown: parts.Document = outcome.document or document
    if part.path(shown) is None:
        part = parts.Part("contents")
    fields = [] if part.section == "contents" and not part.name else parts.nodes(part, shown, metrics())
    listed = branches(version, shown, part.name)
    context: dict[str, Any] = {
        **version_frame(request, version, "design"),
        "part": part,
        "section": part.section,
        "section_title": parts.SECTIONS[part.section][0],
        "sections": [
            {"key": key, "title": title, "url": address(version, parts.Part(key)), "active": key == part.section}
            for key, (title, _fields) in parts.SECTIONS.items()
        ],
        "branches": listed,
        "first_part": next((leaf.url for branch in listed.branches for leaf in branch.leaves), ""),
        "nodes": fields,
        "outcome": outcome,
        "commented": has_comments(version.text),
        "metrics": metrics().values() if part.indicator else (),
        **_live(version, part),
    }
    status = 200 if not outcome.problems else 409 if outcome.conflict else 422
    return render(request, "schemes/design.html", context, status=status)


def _live(version: SchemeVersion, part: parts.Part) -> dict[str, Any]:
    """Return the picture and the try-it box of the indicator being edited, as it was last saved."""
    trial = trial_of(version, part)
    if trial is None:
        return {}
    if isinstance(trial, MeritdeskError):
        return {"picture": Picture(note=trial.problems[0].message)}
    try:
        drawn = picture(trial)
    except MeritdeskError as error:
        drawn = Picture(note=error.problems[0].message)
    except (ValueError, ArithmeticError) as error:
        drawn = Picture(note=str(error))
    return {"picture": drawn, "trial": trial}


def trial_of(version: SchemeVersion, part: parts.Part) -> Trial | MeritdeskError | None:
    """Return the indicator of a part, ready to be tried out; why it cannot be; or None where there is none."""
    scheme = loaded(version).scheme
    indicator = next((i for _d, i in scheme.indicators() if i.id == part.indicator), None)
    if indicator is None:
        return None
    try:
        return Trial(scheme, indicator)
    except MeritdeskError as error:
        return error
    except (KeyError, ValueError) as error:
        return MeritdeskError(Problem(code="not-computed", place=part.name, message=str(error)))


def try_it(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer the try-it box: points for what was typed."""
    version = access_version(acting(request), "schemes.read", pk)
    trial = trial_of(version, parts.part_of("contents", request.GET.get("part", "")))
    if trial is None:
        raise Http404("nothing to try")
    answer = try_out(trial, request.GET.dict()) if isinstance(trial, Trial) else Answer(problems=trial.problems)
    return render(request, "schemes/answer.html", {"answer": answer})


