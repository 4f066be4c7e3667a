"""What keeps a version from being published: flaws that the check calls errors, and worked cases that fail or lack;
and who could publish it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _
from meritdesk.web.access.models import RoleGrant
from meritdesk.web.access.rights import RIGHTS
from meritdesk.web.schemes.models import SchemeVersion
from meritdesk.web.schemes.queries.checking import report
from meritdesk.web.schemes.queries.documents import loaded
from meritdesk.web.schemes.queries.versions import authors_of
from meritdesk.web.schemes.queries.working import run
from meritdesk.web.ui.text import listed

MOST_NAMED = 8
"""Most publishers that are named on a page."""


@dataclass(frozen=True)
class Publishers:
    """Who could publish a version: some of their names, and how many more there are."""

    names: Sequence[str]
    more: int = 0

    @property
    def listed(self) -> str:
        """Return the names in one line."""
        return listed(self.names)


def publishers(version: SchemeVersion) -> Publishers:
    """Return who holds the right to publish a version and did not write in it, by name."""
    grants = RoleGrant.objects.filter(role__in=RIGHTS["schemes.publish"].roles, user__is_active=True, team__isnull=True)
    everywhere = Q(department__isnull=True)
    if version.scheme.department_id is not None:
        everywhere |= Q(department=version.scheme.department_id)
    authors = authors_of(version)
    holders = {grant.user.username: str(grant.user) for grant in grants.filter(everywhere).select_related("user")}
    names = sorted(name for username, name in holders.items() if username not in authors)
    return Publishers(names[:MOST_NAMED], max(0, len(names) - MOST_NAMED))


def blockers(version: SchemeVersion) -> list[Problem]:
    """Return every reason why a version cannot be published now; empty if it can."""
    try:
        found = loaded(version)
    except MeritdeskError as error:
        return list(error.problems)
    if found.scheme.status == "as_printed":
        return [
            Problem(
                code="as-printed",
                place="status",
                message=_("这份方案标为原文照录，永远不能发布"),
                fix=_("改好缺陷后，在基本资料中把状态改为可以使用"),
            )
        ]
    outcome = run(version)
    if outcome.problems:
        return list(outcome.problems)
    return [finding.problem for finding in report(version, outcome.results).errors]
