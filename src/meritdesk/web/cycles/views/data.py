"""The data of a cycle."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse


def data(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the data."""
    return HttpResponse("")
