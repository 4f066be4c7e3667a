"""What every page with a form does: run the act, and show a refusal beside the field it is about, typed values kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.web.access.models import User


def user_of(request: HttpRequest) -> User:
    """Return the account that asks; the access table let nobody else through."""
    assert isinstance(request.user, User)
    return request.user


def refused(form: forms.Form, error: MeritdeskError) -> list[Problem]:
    """Put each problem beside its field; return those that belong to none."""
    left = []
    for problem in error.problems:
        if problem.place in form.fields:
            form.add_error(problem.place, f"{problem.message} {problem.fix}".strip())
        else:
            left.append(problem)
    return left


def act_on_form(
    request: HttpRequest,
    form: forms.Form,
    act: Callable[[dict[str, Any]], str],
    *,
    done: Callable[[], str],
    template: str,
    context: dict[str, Any],
) -> HttpResponse:
    """Show a form; when it is sent, run `act` on its values and go to `done()` with the text that `act` returns."""
    problems: Sequence[Problem] = ()
    if request.method == "POST" and form.is_valid():
        try:
            text = act(form.cleaned_data)
        except MeritdeskError as error:
            problems = refused(form, error)
        else:
            messages.success(request, text)
            return redirect(done())
    status = 422 if request.method == "POST" else 200
    return render(request, template, {**context, "form": form, "problems": problems}, status=status)
