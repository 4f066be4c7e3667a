"""The roster of a cycle."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse


def roster(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the roster."""
    return HttpResponse("")
