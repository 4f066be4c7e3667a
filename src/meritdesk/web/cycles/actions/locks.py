"""Rows that an act holds on to while it decides: nobody else changes them until it has ended."""

from __future__ import annotations

from meritdesk.language import _
from meritdesk.web.access.actions import Conflict, Refused
from meritdesk.web.cycles.models import Appraisal, Cycle

PUBLISHED = (Cycle.State.PUBLISHED, Cycle.State.CLOSED, Cycle.State.ARCHIVED)
"""States in which results stand."""


def lock_cycle(pk: int, *states: str) -> Cycle:
    """Return the cycle as it is now, held; Refused (`wrong-state`) if it is in none of `states`."""
    held = Cycle.objects.select_for_update(of=("self",))
    cycle = held.select_related("department", "team", "scheme_version__scheme").get(pk=pk)
    if states and cycle.state not in states:
        raise Refused(
            "wrong-state",
            _("考核“{name}”现在是“{state}”，不能这样做").format(name=cycle, state=cycle.get_state_display()),
            _("请刷新页面查看现在的状态"),
        )
    return cycle


def lock_appraisal(pk: int, *, version: int | None = None) -> Appraisal:
    """Return the appraisal as it is now, held, of a cycle with results; Conflict if it is no longer of `version`."""
    held = Appraisal.objects.select_for_update(of=("self",))
    appraisal = held.select_related("cycle__scheme_version__scheme", "person", "result", "team").get(pk=pk)
    if appraisal.cycle.state not in PUBLISHED:
        raise Refused("not-published", _("结果还没有发布"), _("发布后再办理"))
    if version is not None and appraisal.version != version:
        raise Conflict(_("这份考核刚刚有了变化"), appraisal.get_state_display())
    return appraisal
