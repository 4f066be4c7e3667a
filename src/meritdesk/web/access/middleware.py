"""What happens around every request: language, headers, and the access table."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils import translation

from meritdesk import language
from meritdesk.web.access.models import User
from meritdesk.web.access.reach import has_right
from meritdesk.web.access.rights import PUBLIC, SIGNED_IN
from meritdesk.web.access.routes import rights_of

Next = Callable[[HttpRequest], HttpResponse]

COOKIE = "language"
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; manifest-src 'self'"
)


class LanguageMiddleware:
    """Chooses the language: the account's, else the cookie's, else Chinese; for our texts and Django's."""

    def __init__(self, following: Next) -> None:
        self.following = following

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = getattr(request, "user", None)
        wanted = (user.language if isinstance(user, User) else "") or request.COOKIES.get(COOKIE, "")
        chosen = wanted if wanted in language.LANGUAGES else language.SOURCE
        with language.use(chosen), translation.override("en" if chosen == "en" else "zh-hans"):
            response = self.following(request)
        response.headers.setdefault("Content-Language", chosen)
        return response


class HeadersMiddleware:
    """Strict content security policy, no referrer, and no copy of a personal page in any cache."""

    def __init__(self, following: Next) -> None:
        self.following = following

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.following(request)
        response.headers.setdefault("Content-Security-Policy", CSP)
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        if getattr(request, "personal", True):
            response.headers.setdefault("Cache-Control", "no-store")
        return response


class AccessMiddleware:
    """Holds every request against the access table before its view runs.

    What one may not see does not exist (404); a method without a right is 405; nobody signed in goes to sign-in. Ends
    sessions in which nothing happened for SESSION_IDLE_SECONDS.
    """

    def __init__(self, following: Next) -> None:
        self.following = following

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.following(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """Return a refusal, or None when the view may run."""
        rights = rights_of(view)
        if rights is None:
            raise Http404("no access rule")
        request.personal = getattr(view, "personal", True)  # type: ignore[attr-defined]
        method = "GET" if request.method == "HEAD" else str(request.method)
        right = rights.get(method)
        user = request.user
        if user.is_authenticated and _idle(request):
            logout(request)
            user = request.user
        if right is None:
            if not user.is_authenticated and PUBLIC not in rights.values():
                return redirect_to_login(request.get_full_path())
            return HttpResponseNotAllowed(sorted(rights))
        request.right = right  # type: ignore[attr-defined]
        if right == PUBLIC:
            return None
        if not isinstance(user, User):
            return redirect_to_login(request.get_full_path())
        if right == SIGNED_IN or has_right(user, right):
            return None
        raise Http404("not for this account")


def _idle(request: HttpRequest) -> bool:
    """Return whether the session lay idle too long, and note that it is in use (at most once a minute)."""
    now = int(time.time())
    last = request.session.get("seen")
    if last is not None and now - int(last) > settings.SESSION_IDLE_SECONDS:
        return True
    if last is None or now - int(last) > 60:
        request.session["seen"] = now
    return False
