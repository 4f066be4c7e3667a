"""The end of a cycle: closed when the time to appeal is over, then archived as one sealed package that proves itself.

Those still appealing do not hold the others up: they are listed, and their correction comes later as a difference line.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from meritdesk.language import _
from meritdesk.web.access.actions import Refused, action, claim_once, name_actions, record
from meritdesk.web.access.models import User
from meritdesk.web.cycles.actions.locks import lock_cycle
from meritdesk.web.cycles.archiving import Built, content_of
from meritdesk.web.cycles.models import Appraisal, Archive, Correction, Cycle
from meritdesk.web.cycles.states import move_cycle
from meritdesk.web.ui.text import lazy, listed

name_actions({"cycle.close": lazy("关闭考核"), "cycle.archive": lazy("归档")})

S = Appraisal.State


@dataclass(frozen=True)
class Readiness:
    """What still keeps a cycle from being closed, and who is left to appeal or held: those do not."""

    window_until: datetime | None
    """End of the time to appeal, when it is not over yet."""
    pending: list[Appraisal]
    """Without interview or signature."""
    proposed: list[Correction]
    """Corrections that wait for a second approver."""
    appealing: list[Appraisal]
    held: list[Appraisal]

    @property
    def ready(self) -> bool:
        """Return whether nothing is missing."""
        return not (self.window_until or self.pending or self.proposed)


def readiness(cycle: Cycle, now: datetime) -> Readiness:
    """Return what a cycle lacks before it can be closed; three queries."""
    states = (S.INTERVIEW, S.SIGN_OFF, S.APPEALING, S.HELD)
    found = cycle.appraisals.filter(state__in=states).select_related("person", "team", "superior")
    by_state: dict[str, list[Appraisal]] = {state: [] for state in states}
    for appraisal in found.order_by("person__key"):
        by_state[appraisal.state].append(appraisal)
    proposed = Correction.objects.filter(appraisal__cycle=cycle, state=Correction.State.PROPOSED)
    until = cycle.appeal_until
    return Readiness(
        window_until=until if until is not None and now < until else None,
        pending=[*by_state[S.INTERVIEW], *by_state[S.SIGN_OFF]],
        proposed=list(proposed.select_related("appraisal__person")),
        appealing=by_state[S.APPEALING],
        held=by_state[S.HELD],
    )


@action
def do_close(*, acting_user: User, cycle: Cycle, once: str) -> Cycle:
    """Close a published cycle; from here on its results change by corrections only."""
    claim_once(once, acting_user, "cycle.close")
    held = lock_cycle(cycle.pk, Cycle.State.PUBLISHED)
    now = timezone.now()
    missing = readiness(held, now)
    if missing.window_until is not None:
        raise Refused("window-open", _("申诉期限还没有结束"), _("到期后再关闭"))
    if missing.pending:
        names = listed(appraisal.person.name for appraisal in missing.pending[:10])
        message = _("还有 {n} 人没有面谈或签字：{names}").format(n=len(missing.pending), names=names)
        raise Refused("not-signed", message, _("催办，或由上级、人事见证拒签与逾期"))
    if missing.proposed:
        names = listed(correction.appraisal.person.name for correction in missing.proposed[:10])
        raise Refused("corrections-open", _("有更正等待批准：{names}").format(names=names), _("先批准或不批准"))
    move_cycle(held, "close")
    Cycle.objects.filter(pk=held.pk).update(closed_at=now)
    new = {
        "state": held.state,
        "appealing": [appraisal.person.key for appraisal in missing.appealing],
        "held": [appraisal.person.key for appraisal in missing.held],
    }
    record(acting_user, "cycle.close", held, old={"state": Cycle.State.PUBLISHED}, new=new)
    return held


@action
def do_archive(*, acting_user: User, cycle: Cycle, built: Built, once: str) -> Archive:
    """Archive a closed cycle as the package that was built; Refused when something was signed or decided meanwhile."""
    claim_once(once, acting_user, "cycle.archive")
    held = lock_cycle(cycle.pk, Cycle.State.CLOSED)
    if content_of(held) != built.content:
        raise Refused("changed-meanwhile", _("打包期间有签字、申诉或更正"), _("重新归档"))
    move_cycle(held, "archive")
    archive = Archive.objects.create(
        cycle=held, file=built.package.file, sha256=built.sha256, root=built.package.root, made_by=acting_user
    )
    new = {"state": held.state, "file": archive.file, "sha256": archive.sha256, "root": archive.root}
    record(acting_user, "cycle.archive", archive, old={"state": Cycle.State.CLOSED}, new=new, name=str(held))
    return archive
