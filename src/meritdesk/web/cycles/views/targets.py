"""Targets: proposed down the team, agreed by each person."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse


def mine(request: HttpRequest) -> HttpResponse:
    """Show the targets proposed to the reader."""
    return HttpResponse("")


def targets(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the targets of a cycle."""
    return HttpResponse("")
