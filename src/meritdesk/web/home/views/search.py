"""Search over people, cycles and schemes within reach."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def search(request: HttpRequest) -> HttpResponse:
    """Show what within the account's reach fits the words of `q`."""
    return render(request, "home/search.html", {})
