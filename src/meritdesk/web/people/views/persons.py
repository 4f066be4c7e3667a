"""A person: their assignments over time, and the acts on them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _
from meritdesk.web.access.reach import has_right
from meritdesk.web.people import actions, forms
from meritdesk.web.people.models import Assignment, Person
from meritdesk.web.people.queries import organisation as queries
from meritdesk.web.people.ranges import last_day
from meritdesk.web.people.timeline_chart import bars
from meritdesk.web.people.views.forms_and_acts import act_on_form, user_of


def person(request: HttpRequest, pk: int) -> HttpResponse:
    """Show somebody: now, before, soon, superior, people under them."""
    return _person(request, queries.access_person(user_of(request), "people.read", pk))


def new(request: HttpRequest) -> HttpResponse:
    """Put somebody new on the roster."""
    user = user_of(request)
    start = {"team": request.GET.get("team", ""), "valid_from": timezone.localdate()}
    form = forms.HireForm(request.POST or None, user=user, initial=start)
    made: list[Person] = []

    def act(values: dict[str, Any]) -> str:
        hired = actions.do_hire(
            acting_user=user,
            key=values["key"],
            name=values["name"],
            email=values["email"],
            post=form.post(),
            valid_from=values["valid_from"],
            once_key=request.POST.get("once", ""),
        )
        made.append(hired)
        return _("{name}已加入花名册").format(name=hired.name)

    context = {"heading": _("新员工"), "act": _("加入花名册"), "person": None, "wide": True}
    return act_on_form(
        request, form, act, done=lambda: _to(made[0]), template="people/person_form.html", context=context
    )


def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct name and address."""
    found = queries.access_person(user_of(request), "people.write", pk)
    form = forms.PersonForm(request.POST or None, initial={"name": found.name, "email": found.email} | _version(found))

    def act(values: dict[str, Any]) -> str:
        actions.do_change_person(acting_user=user_of(request), person=found, **values)
        return _("已保存")

    return _form(request, found, form, act, _("修改姓名、邮箱"), _("保存"))


def transfer(request: HttpRequest, pk: int) -> HttpResponse:
    """Move somebody to another post."""
    user = user_of(request)
    found = queries.access_person(user, "people.write", pk)
    page = queries.person_page(user, found, timezone.localdate())
    basis = page.present or (page.assignments[0] if page.assignments else None)
    start = {**(forms.post_values(basis) if basis else {}), "valid_from": timezone.localdate()}
    form = forms.TransferForm(request.POST or None, user=user, initial=start | _version(found))

    def act(values: dict[str, Any]) -> str:
        made = actions.do_transfer(
            acting_user=user,
            person=found,
            version=values["version"],
            post=form.post(),
            valid_from=values["valid_from"],
            last_day=values["last_day"],
        )
        return _("{name}从 {day} 起在{team}").format(name=found.name, day=made.valid_from, team=made.team.name)

    return _form(request, found, form, act, _("调动"), _("办理调动"), wide=True)


def superior(request: HttpRequest, pk: int) -> HttpResponse:
    """Put somebody under another superior."""
    found = queries.access_person(user_of(request), "people.write", pk)
    start: dict[str, object] = {"valid_from": timezone.localdate()}
    form = forms.SuperiorForm(request.POST or None, initial=start | _version(found))

    def act(values: dict[str, Any]) -> str:
        actions.do_change_superior(acting_user=user_of(request), person=found, **values)
        return _("直接上级已更换")

    return _form(request, found, form, act, _("更换直接上级"), _("更换上级"))


def end(request: HttpRequest, pk: int) -> HttpResponse:
    """Note that somebody leaves."""
    found = queries.access_person(user_of(request), "people.write", pk)
    form = forms.EndForm(request.POST or None, initial=_version(found))

    def act(values: dict[str, Any]) -> str:
        actions.do_end(acting_user=user_of(request), person=found, **values)
        return _("已登记：{name}最后一个在岗日 {day}").format(name=found.name, day=values["last_day"])

    return _form(request, found, form, act, _("离职"), _("登记离职"))


def stay(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back that somebody leaves."""
    user = user_of(request)
    found = queries.access_person(user, "people.write", pk)
    try:
        actions.do_stay(acting_user=user, person=found, version=_number(request), reason=request.POST.get("reason", ""))
    except MeritdeskError as error:
        return _person(request, found, tuple(error.problems))
    messages.success(request, _("离职已撤销"))
    return redirect(_to(found))


def assignment_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct an assignment."""
    user = user_of(request)
    found = queries.access_assignment(user, "people.write", pk)
    start = {
        **forms.post_values(found),
        "valid_from": found.valid_from,
        "last_day": last_day(found.valid_to),
    }
    form = forms.CorrectionForm(request.POST or None, user=user, initial=start | _version(found.person))

    def act(values: dict[str, Any]) -> str:
        actions.do_change_assignment(
            acting_user=user,
            assignment=found,
            version=values["version"],
            post=form.post(),
            valid_from=values["valid_from"],
            last_day=values["last_day"],
            reason=values["reason"],
        )
        return _("任职已更正")

    return _form(request, found.person, form, act, _("更正任职"), _("保存更正"), wide=True)


def assignment_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an assignment back."""
    user = user_of(request)
    found = queries.access_assignment(user, "people.write", pk)
    try:
        actions.do_withdraw_assignment(
            acting_user=user, assignment=found, version=_number(request), reason=request.POST.get("reason", "")
        )
    except MeritdeskError as error:
        return _person(request, found.person, tuple(error.problems))
    messages.success(request, _("任职已撤回"))
    return redirect(_to(found.person))


def _person(request: HttpRequest, found: Person, problems: tuple[Problem, ...] = ()) -> HttpResponse:
    user, today = user_of(request), timezone.localdate()
    page = queries.person_page(user, found, today)
    context = {
        "page": page,
        "person": found,
        "today": today,
        "bars": bars(page.assignments, today),
        "rows": [_row(assignment, today, len(page.assignments)) for assignment in page.assignments],
        "writes": has_right(user, "people.write") and queries.in_reach(user, "people.write", found),
        "problems": problems,
    }
    return render(request, "people/person.html", context, status=422 if problems else 200)


def _row(assignment: Assignment, today: date, count: int) -> dict[str, object]:
    end = assignment.valid_to
    state = "later" if assignment.valid_from > today else "past" if end is not None and end <= today else "now"
    return {
        "assignment": assignment,
        "state": state,
        "last_day": end - timedelta(days=1) if end else None,
        "only": count == 1,
        "pk_text": str(assignment.pk),
    }


def _form(
    request: HttpRequest, found: Person, form: Any, act: Any, heading: str, button: str, *, wide: bool = False
) -> HttpResponse:
    context = {"heading": heading, "act": button, "person": found, "wide": wide}
    return act_on_form(request, form, act, done=lambda: _to(found), template="people/person_form.html", context=context)


def _to(person: Person) -> str:
    return reverse("person", args=[person.pk])


def _version(person: Person) -> dict[str, object]:
    return {"version": person.version}


def _number(request: HttpRequest) -> int:
    text = request.POST.get("version", "")
    return int(text) if text.isdecimal() and len(text) < 9 else -1
