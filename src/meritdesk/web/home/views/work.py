"""The home page: first what the account has to do, then a few figures of its scope."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from meritdesk.web.cycles.queries.doors import user_of
from meritdesk.web.home.queries.work import work_of


def home(request: HttpRequest) -> HttpResponse:
    """Show what is to be done by the account, by deadline, and a few figures of its scope."""
    work = work_of(user_of(request))
    context = {
        "todos": work.todos,
        "steps": work.first_steps,
        "figures": work.figures,
        "today": timezone.localdate(),
    }
    return render(request, "home/home.html", context)
