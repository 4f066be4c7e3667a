"""The data that lies beside the rating forms: a preview kept when rating begins, before anybody has judged."""

from __future__ import annotations

from meritdesk.web.access.actions import action, name_actions, record
from meritdesk.web.access.models import User
from meritdesk.web.cycles import engine
from meritdesk.web.cycles.actions.locks import lock_cycle
from meritdesk.web.cycles.models import Cycle, Run
from meritdesk.web.ui.text import lazy

name_actions({"cycle.figures": lazy("计算评分依据的数据")})


@action
def do_keep_figures(*, acting_user: User, cycle: Cycle, computed: engine.Computed) -> Run:
    """Keep a preview while rating runs; refused (`inputs-changed`) when a rating came in since it was computed."""
    held = lock_cycle(cycle.pk, Cycle.State.RATING)
    before = held.run.number if held.run else None
    run = engine.keep(held, computed, purpose=Run.Purpose.PREVIEW, acting_user=acting_user)
    Cycle.objects.filter(pk=held.pk).update(run=run)
    record(acting_user, "cycle.figures", held, old={"run": before}, new={"run": run.number})
    return run
