"""Where a page about one person lies in the navigation."""

from __future__ import annotations

from django.http import HttpRequest

from meritdesk.web.cycles.models import Appraisal
from meritdesk.web.cycles.queries.doors import user_of


def is_own(request: HttpRequest, appraisal: Appraisal) -> bool:
    """Return whether an appraisal is the reader's own; the page lies under one's own results or the team's."""
    own = user_of(request).person_id == appraisal.person_id
    request.lies_under = "my-results" if own else "team-results"  # type: ignore[attr-defined]
    return own
