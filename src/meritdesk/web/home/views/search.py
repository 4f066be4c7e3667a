"""Search over people, cycles, results and schemes within reach."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from meritdesk.web.cycles.queries.doors import user_of
from meritdesk.web.home.queries import search as queries


def search(request: HttpRequest) -> HttpResponse:
    """Show what within the account's reach fits the words of `q`."""
    words = request.GET.get("q", "").strip()[:100]
    found = queries.search(user_of(request), words)
    return render(request, "home/search.html", {"words": words, "found": found})
