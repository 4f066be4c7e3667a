"""Proving again who one is: grave acts (publish, export) demand a password or code within the last five minutes."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

from allauth.core.exceptions import ReauthenticationRequired
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from meritdesk.web.access.sign_in.adapters import recently_proven

P = ParamSpec("P")


def step_up(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Ask for the password or code first, unless that was done within five minutes; what was posted is then resumed.

    For views without files; the gate is passed again when the request is resumed.
    """

    @wraps(view)
    def proven(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not recently_proven(request):
            raise ReauthenticationRequired
        return view(request, *args, **kwargs)

    proven.steps_up = True  # type: ignore[attr-defined]
    return proven
