"""A URL and the rights it demands, written in one place: `route` in each app's urls.py. There is no other list.

A method that names no right is refused with 405 before the view runs. The access table (docs, tests) is read off the
URL configuration with `table()`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import update_wrapper
from typing import Any

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, get_resolver, path

from meritdesk.web.access.gate import refusal
from meritdesk.web.access.rights import PUBLIC, RIGHTS, SIGNED_IN

LARGEST_ID = 2**63 - 1
View = Callable[..., HttpResponseBase]


@dataclass(frozen=True)
class Rule:
    """One line of the access table."""

    name: str
    pattern: str
    rights: Mapping[str, str]
    """HTTP method → right, "public" or "signed-in"."""
    personal: bool
    """Whether the page shows what concerns people: it is never stored by a browser or proxy."""


def route(pattern: str, view: View, *, name: str, GET: str = "", POST: str = "", personal: bool = True) -> URLPattern:
    """Return the URL pattern of `view` with its rights; ValueError for a right that does not exist."""
    rights = {method: right for method, right in (("GET", GET), ("POST", POST)) if right}
    for right in rights.values():
        if right not in RIGHTS and right not in (PUBLIC, SIGNED_IN):
            raise ValueError(f"{name}: no right is called {right!r}")

    def ruled(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        # The middleware was here before; but a request that is resumed after a step-up comes without it.
        if getattr(request, "passed", None) is not ruled and (refused := refusal(request, ruled)) is not None:
            return refused
        if any(isinstance(value, int) and value > LARGEST_ID for value in kwargs.values()):
            raise Http404("no database counts so far")
        return view(request, *args, **kwargs)

    update_wrapper(ruled, view)
    ruled.route_name = name  # type: ignore[attr-defined]
    ruled.rights = rights  # type: ignore[attr-defined]
    ruled.personal = personal  # type: ignore[attr-defined]
    return path(pattern, ruled, name=name)


def rights_of(view: object) -> Mapping[str, str] | None:
    """Return method → right of a resolved view; None for one that was not declared by `route`."""
    rights: Mapping[str, str] | None = getattr(view, "rights", None)
    return rights


def table() -> list[Rule]:
    """Return every URL with its rights, in the order of the configuration; those without rights have none."""
    return list(_walk(get_resolver().url_patterns, ""))


def _walk(patterns: list[URLPattern | URLResolver], prefix: str) -> Iterator[Rule]:
    for entry in patterns:
        if isinstance(entry, URLResolver):
            yield from _walk(entry.url_patterns, prefix + str(entry.pattern))
        else:
            yield Rule(
                name=entry.name or "",
                pattern=prefix + str(entry.pattern),
                rights=rights_of(entry.callback) or {},
                personal=getattr(entry.callback, "personal", True),
            )
