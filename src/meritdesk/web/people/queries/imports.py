"""What an import would do, worked out against the database as it is now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from meritdesk.web.access.models import User
from meritdesk.web.access.reach import reach
from meritdesk.web.people.imports.plan import Allowed, Plan, make_plan
from meritdesk.web.people.imports.present import Present
from meritdesk.web.people.imports.reading import read_rows
from meritdesk.web.people.imports.sheet import Sheet
from meritdesk.web.people.queries.roster import present_organisation


@dataclass(frozen=True)
class Request:
    """What is to be imported: the table, which column holds what, and from which day changes count."""

    sheet: Sheet
    mapping: Mapping[str, int]
    effective: date | None = None


def planned(user: User, request: Request) -> tuple[Plan, Present]:
    """Return the plan of an import by `user`, and the organisation it rests on; a few queries in all."""
    present = present_organisation()
    rows = read_rows(request.sheet, request.mapping, present)
    return make_plan(rows, present, effective=request.effective, allowed=_allowed(user, present)), present


def _allowed(user: User, present: Present) -> Allowed | None:
    """Return the test whether the account may put people into a team; None when it may everywhere."""
    scope = reach(user, "people.write")
    if scope.everybody:
        return None

    def allowed(department: str, team: str) -> bool:
        if present.departments.get(department) in scope.departments:
            return True
        return present.teams.get((department, team)) in scope.teams

    return allowed
