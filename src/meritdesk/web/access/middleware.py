"""What happens around every request: language, headers, and the access table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import translation

from meritdesk import language
from meritdesk.web.access.gate import refusal, right_in_use
from meritdesk.web.access.models import User
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
    """Holds every request against the access table before its view runs (gate.py); no rule means no page (404)."""

    def __init__(self, following: Next) -> None:
        self.following = following

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = right_in_use.set("")
        try:
            return self.following(request)
        finally:
            right_in_use.reset(token)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """Return a refusal, or None when the view may run."""
        if rights_of(view) is None:
            raise Http404("no access rule")
        request.personal = getattr(view, "personal", True)  # type: ignore[attr-defined]
        return refusal(request, view)
