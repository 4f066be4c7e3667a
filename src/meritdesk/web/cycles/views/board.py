"""The board of a cycle."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse


def board(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the board."""
    return HttpResponse("")
