"""What an act on a cycle begins and ends with: the row held, of the version on the page, and its next version."""

from __future__ import annotations

from meritdesk.language import _
from meritdesk.web.access.actions import Conflict
from meritdesk.web.cycles.actions.locks import lock_cycle
from meritdesk.web.cycles.models import Cycle

State = Cycle.State
PREPARING = (State.DRAFT, State.OPEN, State.COLLECTING)
RUNNING = (State.OPEN, State.COLLECTING, State.RATING, State.CALIBRATING)
UNPUBLISHED = (State.DRAFT, *RUNNING, State.REVIEWING)


def hold(cycle: Cycle, version: int | None, *states: str) -> Cycle:
    """Return the cycle held; Conflict if it is no longer of `version`, Refused if it is in none of `states`."""
    held = lock_cycle(cycle.pk, *states)
    if version is not None and held.version != version:
        raise Conflict(_("别人刚刚修改了这次考核"), held)
    return held


def touch(cycle: Cycle, *fields: str) -> None:
    """Save fields of a held cycle under its next version."""
    cycle.version += 1
    cycle.save(update_fields=[*fields, "version"])


def refresh(cycle: Cycle, held: Cycle) -> None:
    """Bring the caller's copy up to what was done."""
    cycle.state, cycle.version, cycle.opened_at = held.state, held.version, held.opened_at
