"""The later half of `cycle_company`: from rating on, by the acts of calibration, review and publication."""

from __future__ import annotations

from meritdesk.web.access.actions import action, record
from meritdesk.web.cycles.states import CYCLE, move_cycle
from tests.web import cycle_company

WAY = ("calibrate", "submit_review", "publish", "close", "archive")


@action
def do_move(centre: cycle_company.Centre, act: str) -> None:
    """Move the cycle on as the act would, without what the act does besides: until those acts exist."""
    before = move_cycle(centre.cycle, act)
    record(centre.hr, f"test.{act}", centre.cycle, old={"state": before}, new={"state": centre.cycle.state})


def advance(centre: cycle_company.Centre, state: str) -> None:
    """Take a cycle whose forms are all handed in on to `state`."""
    for act in WAY:
        if cycle_company.ORDER.index(centre.cycle.state) >= cycle_company.ORDER.index(state):
            return
        assert (centre.cycle.state, act) in CYCLE
        do_move(centre, act)
