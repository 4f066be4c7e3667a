"""The home page: first what the account has to do, then a few figures of its scope."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def home(request: HttpRequest) -> HttpResponse:
    """Show what is to be done by the account, by deadline."""
    return render(request, "home/home.html", {})
