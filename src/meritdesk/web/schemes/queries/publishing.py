"""What keeps a version from being published: flaws that the check calls errors, and worked cases that fail or lack."""

from __future__ import annotations

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _
from meritdesk.web.schemes.models import SchemeVersion
from meritdesk.web.schemes.queries.checking import report
from meritdesk.web.schemes.queries.documents import loaded
from meritdesk.web.schemes.queries.working import run


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
