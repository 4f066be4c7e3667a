"""Whether the server is well: for load balancers and monitors. Names nobody and nothing of the company.

Other apps add what they answer for: `register("worker", function)` in their `ready()`; the function returns an empty
text when all is well, else a short one that says what is not.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version

from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse

_checks: dict[str, Callable[[], str]] = {}


def register(name: str, check: Callable[[], str]) -> None:
    """Add a check to the health page."""
    _checks[name] = check


def health(request: HttpRequest) -> JsonResponse:
    """Answer 200 with status "ok", or "degraded" when something registered is not well; 503 without the database."""
    found = {"database": _database()}
    for name, check in _checks.items():
        try:
            found[name] = check() if not found["database"] else "database"
        except DatabaseError:
            found[name] = "database"
    status = "failing" if found["database"] else "degraded" if any(found.values()) else "ok"
    answer = {"status": status, "version": version("meritdesk")} | {name: text or "ok" for name, text in found.items()}
    return JsonResponse(answer, status=503 if found["database"] else 200)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "unreachable"
    return ""
