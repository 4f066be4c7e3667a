"""Targets: proposed down the team, agreed by each person."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse


def mine(request: HttpRequest) -> HttpResponse:
    """Show the targets proposed to the reader."""
    return HttpResponse("")
