"""All reads of the organisation, the people and the calendar."""

from __future__ import annotations

from meritdesk.web.people.queries.organisation import (
    access_assignment,
    access_department,
    access_person,
    access_team,
    teams_in_reach,
)
from meritdesk.web.people.queries.roster import roster_rows

__all__ = [
    "access_assignment",
    "access_department",
    "access_person",
    "access_team",
    "roster_rows",
    "teams_in_reach",
]
