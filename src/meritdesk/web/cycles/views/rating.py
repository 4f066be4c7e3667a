"""Pages of a rater: the list, a person's form, one indicator side by side; each judgement saved as it is given."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from meritdesk.errors import Problem
from meritdesk.language import _
from meritdesk.web.access.actions import AlreadyDone, Conflict, Refused
from meritdesk.web.cycles.actions.rating import do_save_rating_item, do_submit_rating_form, do_withdraw_submission
from meritdesk.web.cycles.forms.rating import hundredths, version_of, whole
from meritdesk.web.cycles.models import RatingForm, RatingItem
from meritdesk.web.cycles.queries.doors import user_of
from meritdesk.web.cycles.queries.rating import access_rating, my_rounds, row_of, sheet_of
from meritdesk.web.cycles.queries.rating_team import side_by_side


def ratings(request: HttpRequest) -> HttpResponse:
    """Show the rater's forms by cycle, the earliest deadline first."""
    rounds = my_rounds(user_of(request))
    following = next((found.next for found in rounds if found.next), None)
    return render(request, "cycles/rating_list.html", {"rounds": rounds, "following": following})


def rating_form(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one form, to fill in or to read."""
    return _form_page(request, access_rating(user_of(request), "ratings.write", pk))


def _form_page(
    request: HttpRequest, form: RatingForm, problems: Sequence[Problem] = (), status: int = 200
) -> HttpResponse:
    sheet = sheet_of(form, user_of(request))
    context = {"sheet": sheet, "form": form, "cycle": form.appraisal.cycle, "person": form.appraisal.person}
    return render(request, "cycles/rating_form.html", {**context, "problems": problems}, status=status)


def rating_item(request: HttpRequest, pk: int, indicator: str) -> HttpResponse:
    """Save the judgement on one indicator; answers with its state, and with both versions on a conflict."""
    user = user_of(request)
    form = access_rating(user, "ratings.write", pk)
    row = row_of(form, indicator)
    place = row.indicator.title
    try:
        do_save_rating_item(
            form,
            indicator,
            level=whole(request.POST, "level"),
            score=hundredths(request.POST, "score", place),
            remark=request.POST.get("remark", ""),
            version=version_of(request.POST),
            acting_user=user,
        )
    except Conflict as conflict:
        return conflict_part(request, form, indicator, conflict)
    except Refused as refused:
        context = {"row": row, "problems": refused.problems}
        return render(request, "cycles/rating_refused.html", context, status=422)
    return saved_part(request, access_rating(user, "ratings.write", pk), indicator)


def saved_part(request: HttpRequest, form: RatingForm, indicator: str) -> HttpResponse:
    """Answer a save: the state of the row, the new version, what is missing. After a conflict the page is read anew."""
    sheet = sheet_of(form, None)
    row = next(each for each in sheet.rows if each.indicator.id == indicator)
    context = {"sheet": sheet, "row": row, "saved_at": timezone.localtime(), "form": form}
    response = render(request, "cycles/rating_saved.html", context)
    if request.POST.get("anyway"):
        response["HX-Refresh"] = "true"
    return response


def conflict_part(
    request: HttpRequest, form: RatingForm, indicator: str, conflict: Conflict, guest: str = ""
) -> HttpResponse:
    """Answer a save that came second: what lies there, what was sent, and the choice."""
    form.refresh_from_db(fields=["version"])
    theirs = conflict.theirs if isinstance(conflict.theirs, RatingItem) else None
    context = {
        "row": row_of(form, indicator),
        "theirs": theirs,
        "mine": {name: request.POST.get(name, "") for name in ("level", "score", "remark")},
        "form": form,
        "problems": conflict.problems,
        "guest": guest,
    }
    return render(request, "cycles/rating_conflict.html", context, status=409)


def rating_submit(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand a form in and go on to the next one."""
    user = user_of(request)
    form = access_rating(user, "ratings.write", pk)
    try:
        do_submit_rating_form(
            form, version=version_of(request.POST), once=request.POST.get("once", ""), acting_user=user
        )
    except AlreadyDone:
        return redirect("rating-form", pk)
    except Refused as refused:
        return _form_page(request, access_rating(user, "ratings.write", pk), refused.problems, status=422)
    messages.success(request, _("已提交对{name}的评分").format(name=form.appraisal.person.name))
    following = _next_after(request, form)
    return redirect("rating-form", following) if following and request.POST.get("on") else redirect("ratings")


def _next_after(request: HttpRequest, form: RatingForm) -> int | None:
    """Return the next open form of the same cycle and role."""
    for found in my_rounds(user_of(request)):
        if found.cycle.pk == form.appraisal.cycle_id and found.role == form.role and found.next:
            return found.next.form.pk
    return None


def rating_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back what was handed in."""
    user = user_of(request)
    form = access_rating(user, "ratings.write", pk)
    try:
        do_withdraw_submission(form, version=version_of(request.POST), acting_user=user)
    except Refused as refused:
        return _form_page(request, access_rating(user, "ratings.write", pk), refused.problems, status=422)
    messages.success(request, _("已撤回，可以修改后再次提交"))
    return redirect("rating-form", pk)


def rating_team(request: HttpRequest, pk: int, indicator: str) -> HttpResponse:
    """Show one indicator down everybody whom the account rates in a role, 50 a page."""
    found = side_by_side(user_of(request), pk, request.GET.get("role", ""), indicator, request.GET.get("page", ""))
    return render(request, "cycles/rating_team.html", {"found": found, "cycle": found.cycle})
