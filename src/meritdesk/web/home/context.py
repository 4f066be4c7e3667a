"""What the frame around every page shows: navigation by rights, notices, language. At most one query of its own."""

from __future__ import annotations

from django.http import HttpRequest

from meritdesk.web.access.models import User
from meritdesk.web.home import navigation
from meritdesk.web.home.queries.notices import frame_counts


def frame(request: HttpRequest) -> dict[str, object]:
    """Return the context of the frame: nothing but the language for somebody who is not signed in.

    A page that lies under one entry or another, as a result lies under one's own or the team's, says so by setting
    `request.lies_under` to the name of that entry's address.
    """
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return {"navigation": [], "bottom_tabs": [], "person_menu": [], "notice_count": 0}
    here = request.resolver_match.url_name or "" if request.resolver_match else ""
    place = getattr(request, "lies_under", "") or here
    counts = frame_counts(user)
    return {
        "navigation": navigation.navigation(user, place, counts),
        "bottom_tabs": navigation.tabs(user, place, counts),
        "person_menu": navigation.menu(user),
        "notice_count": counts["notices"],
        "search_text": request.GET.get("q", "") if here == "search" else "",
    }
