"""The gate that every view declared by `route` stands behind: the access table held against one request.

What one may not see does not exist (404); a method without a right is 405; nobody signed in goes to sign-in; a session
ends when nobody is there or its day is over; who must change their password or set up a second factor does that first.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect

from meritdesk.web.access.models import User
from meritdesk.web.access.reach import has_right, needs_second_factor
from meritdesk.web.access.rights import PUBLIC, SIGNED_IN

right_in_use: ContextVar[str] = ContextVar("right_in_use", default="")
"""The right by which the present request passed; empty outside requests."""

ALWAYS_OPEN = {
    "account_logout", "account_change_password", "account_reauthenticate", "mfa_reauthenticate", "mfa_activate_totp",
    "mfa_view_recovery_codes", "language",
}  # fmt: skip
"""Names of the addresses that stay open while a password must be changed or a second factor set up."""


def refusal(request: HttpRequest, view: Callable[..., Any]) -> HttpResponse | None:
    """Return why the request goes no further (or Http404), or None when the view may run."""
    request.passed = view  # type: ignore[attr-defined]
    rights = view.rights  # type: ignore[attr-defined]
    right = rights.get("GET" if request.method == "HEAD" else str(request.method))
    if request.user.is_authenticated and _expired(request):
        logout(request)
    user = request.user
    if PUBLIC in rights.values() and (right is None or right == PUBLIC):
        request.right = PUBLIC  # type: ignore[attr-defined]
        return HttpResponseNotAllowed(sorted(rights)) if right is None else None
    if not isinstance(user, User):
        return redirect_to_login(request.get_full_path() if request.method == "GET" else "/")
    if not any(_may(user, each) for each in rights.values()):
        raise Http404("not for this account")
    if right is None:
        return HttpResponseNotAllowed(sorted(rights))
    if not _may(user, right):
        raise Http404("not for this account")
    request.right = right  # type: ignore[attr-defined]
    right_in_use.set(right)
    return None if view.route_name in ALWAYS_OPEN else _first(request, user)  # type: ignore[attr-defined]


def _may(user: User, right: str) -> bool:
    return right in (PUBLIC, SIGNED_IN) or has_right(user, right)


def _first(request: HttpRequest, user: User) -> HttpResponse | None:
    """Return the way to what must be done before anything else."""
    if user.must_change_password:
        return redirect("account_change_password")
    if settings.MFA_REQUIRED and not request.session.get("second_factor") and needs_second_factor(user):
        return redirect("mfa_activate_totp")
    return None


def _expired(request: HttpRequest) -> bool:
    """Return whether the session lay idle too long or is too old; note (once a minute) that it is in use."""
    now = int(time.time())
    began, seen = request.session.get("began"), request.session.get("seen")
    if began is None:
        request.session["began"] = now
    elif now - int(began) > settings.SESSION_COOKIE_AGE:
        return True
    if seen is not None and now - int(seen) > settings.SESSION_IDLE_SECONDS:
        return True
    if seen is None or now - int(seen) > 60:
        request.session["seen"] = now
    return False
