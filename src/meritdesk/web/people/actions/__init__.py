"""All writes to the organisation, the people and the calendar."""

from __future__ import annotations

from meritdesk.web.people.actions.assignments import (
    Post,
    do_change_assignment,
    do_change_person,
    do_change_superior,
    do_end,
    do_hire,
    do_stay,
    do_transfer,
    do_withdraw_assignment,
)
from meritdesk.web.people.actions.calendar import do_clear_calendar_day, do_cover_year, do_set_calendar_day
from meritdesk.web.people.actions.organisation import (
    do_create_department,
    do_create_position,
    do_create_team,
    do_rename_department,
    do_rename_position,
    do_rename_team,
)

__all__ = [
    "Post",
    "do_change_assignment",
    "do_change_person",
    "do_change_superior",
    "do_clear_calendar_day",
    "do_cover_year",
    "do_create_department",
    "do_create_position",
    "do_create_team",
    "do_end",
    "do_hire",
    "do_rename_department",
    "do_rename_position",
    "do_rename_team",
    "do_set_calendar_day",
    "do_stay",
    "do_transfer",
    "do_withdraw_assignment",
]
