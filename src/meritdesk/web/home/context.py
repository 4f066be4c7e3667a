"""What the frame around every page shows: navigation, notices, language."""

from __future__ import annotations

from django.http import HttpRequest


def frame(request: HttpRequest) -> dict[str, object]:
    """Return the context of the frame."""
    return {"navigation": [], "bottom_tabs": [], "notice_count": 0}
