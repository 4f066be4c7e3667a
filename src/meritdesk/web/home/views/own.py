"""One's own account and a complete copy of one's own data."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from meritdesk.web.access.reach import grants_of
from meritdesk.web.access.rights import Role
from meritdesk.web.cycles.queries.doors import user_of
from meritdesk.web.cycles.queries.results.person import attachment
from meritdesk.web.home.actions import do_copy_own_data
from meritdesk.web.home.navigation import menu
from meritdesk.web.home.queries.own_data.catalogue import CONCERNS


def me(request: HttpRequest) -> HttpResponse:
    """Show who is signed in, in which roles, and what concerns the account."""
    user = user_of(request)
    roles = sorted({str(Role(grant.role).label) for grant in grants_of(user)})
    links = [entry for entry in menu(user) if entry["url"] != request.path]
    return render(request, "home/me.html", {"roles": roles, "links": links})


def my_data(request: HttpRequest) -> HttpResponse:
    """Say what the copy of one's own data holds and what it leaves out, with the button that makes it."""
    left: dict[str, list[str]] = {}
    for concern in CONCERNS.values():
        for why in dict.fromkeys(str(reason) for reason in concern.left.values()):
            left.setdefault(why, []).append(str(concern.title))
    context = {"kinds": [concern.title for concern in CONCERNS.values()], "left": left}
    return render(request, "home/my_data.html", context)


def copy(request: HttpRequest) -> HttpResponse:
    """Hand out the copy of one's own data."""
    user = user_of(request)
    answer = HttpResponse(do_copy_own_data(acting_user=user), content_type="application/zip")
    answer.headers["Content-Disposition"] = attachment(f"my-data-{user.username}.zip")
    return answer
