"""Corrections: a later decision about one published result, as a new run and a difference line.

Only the person named gets a new result; everybody else's stays as it was published, so that the person may stand above
the quota of their grade. One in the person's disfavour waits for a second approver and gives a new time to appeal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from meritdesk.language import _
from meritdesk.web.access.actions import Conflict, Refused, action, claim_once, inside_action, name_actions, record
from meritdesk.web.access.models import User
from meritdesk.web.cycles import deadlines, engine
from meritdesk.web.cycles.actions.adjusting import Points, resume, set_points, suspend
from meritdesk.web.cycles.actions.locks import lock_appraisal, lock_cycle
from meritdesk.web.cycles.actions.publishing import keep_sealed
from meritdesk.web.cycles.actions.telling import tell_people
from meritdesk.web.cycles.models import Adjustment, Appeal, Appraisal, Correction, Cycle, Result, Run
from meritdesk.web.cycles.packages import Package
from meritdesk.web.cycles.queries.effects import above_quota
from meritdesk.web.cycles.states import APPRAISAL, move_appraisal
from meritdesk.web.ui.text import lazy

name_actions(
    {
        "correction.propose": lazy("提出更正"),
        "correction.post": lazy("更正入账"),
        "correction.refuse": lazy("不批准更正"),
        "result.correct": lazy("结果更正"),
    }
)


@dataclass(frozen=True)
class Trial:
    """A computed correction: the run with the decision in it, its package, and the decision."""

    computed: engine.Computed
    package: Package
    points: Sequence[Points]


def difference(before: int | None, after: int | None) -> int | None:
    """Return after − before; None where one of the two has no value."""
    return None if before is None or after is None else after - before


def is_worse(before: Result, after: Result) -> bool:
    """Return whether the person stands worse after: a lower total or coefficient, or no result any more."""
    if before.total is not None and after.total is None:
        return True
    total = difference(before.total, after.total)
    coefficient = difference(before.coefficient, after.coefficient)
    return (total is not None and total < 0) or (coefficient is not None and coefficient < 0)


def enter(
    acting_user: User, appraisal: Appraisal, trial: Trial, *, reason: str, appeal: Appeal | None = None
) -> Correction:
    """Write decision, run and correction of a person whose appraisal is held, inside an act; it is not posted yet."""
    assert inside_action()
    before = appraisal.result
    if before is None:
        raise Refused("no-result", _("这个人没有已发布的结果可以更正"))
    cycle = appraisal.cycle
    kind = Adjustment.Kind.APPEAL if appeal else Adjustment.Kind.CORRECTION
    taken = []
    if trial.points:
        taken = set_points(acting_user, appraisal, trial.points, kind=kind, reason=reason, appeal=appeal)
    key = appraisal.person.key
    above = above_quota(cycle, trial.computed, key)
    run = keep_sealed(cycle, trial.computed, trial.package, Run.Purpose.CORRECTION, acting_user, key)
    after = run.results.filter(appraisal=appraisal).first()
    if after is None:
        raise Refused("no-result", _("重新计算后没有这个人的结果"), _("检查名册"))
    if (after.total, after.grade, after.coefficient, after.state) == (
        before.total, before.grade, before.coefficient, before.state,
    ):  # fmt: skip
        raise Refused("no-difference", _("重新计算后结果没有变化"), _("核对各指标的得分"))
    return Correction.objects.create(
        appraisal=appraisal,
        appeal=appeal,
        before=before,
        after=after,
        total_difference=difference(before.total, after.total),
        coefficient_difference=difference(before.coefficient, after.coefficient),
        above_quota=above,
        reason=reason,
        decisions=[adjustment.pk for adjustment in taken],
        proposed_by=acting_user,
    )


def post(acting_user: User, appraisal: Appraisal, correction: Correction) -> None:
    """Let the corrected result stand, inside an act; in the person's disfavour a new time to appeal begins."""
    assert inside_action()
    now = timezone.now()
    worse = is_worse(correction.before, correction.after)
    approver = acting_user if acting_user != correction.proposed_by else None
    Correction.objects.filter(pk=correction.pk).update(
        state=Correction.State.POSTED, approved_by=approver, posted_at=now
    )
    correction.refresh_from_db()
    before = appraisal.state
    act = "release" if before == Appraisal.State.HELD and correction.after.state == "graded" else "correct"
    if correction.appeal_id is None and (before, act) in APPRAISAL:
        move_appraisal(appraisal, act)
    values: dict[str, object] = {"result": correction.after}
    if worse or act == "release":
        values["appeal_until"] = _extend(appraisal.cycle, now)
    Appraisal.objects.filter(pk=appraisal.pk).update(**values)
    old = {"state": before, "hash": correction.before.content_hash}
    new = {
        "state": appraisal.state,
        "hash": correction.after.content_hash,
        "total_difference": correction.total_difference,
        "coefficient_difference": correction.coefficient_difference,
        "above_quota": correction.above_quota,
        "appeal_until": values.get("appeal_until"),
        "reason": correction.reason,
    }
    key = appraisal.person.key
    record(acting_user, "correction.post", correction, old=old, new=new, person=key, name=str(appraisal))
    text = _("您的考核结果有更正：{name}").format(name=appraisal.cycle)
    tell_people([appraisal.person_id], appraisal.cycle, text, f"/cycles/appraisals/{appraisal.pk}/")


def _extend(cycle: Cycle, now: datetime) -> datetime:
    """Return the end of a time to appeal that begins now; the cycle's own reaches at least as far."""
    until = deadlines.due_moment(now, engine.loaded_scheme(cycle).scheme.deadlines.appeal)
    Cycle.objects.filter(pk=cycle.pk, appeal_until__lt=until).update(appeal_until=until)
    return until


@action
def do_correct(
    *, acting_user: User, appraisal: Appraisal, trial: Trial, reason: str, version: int, once: str
) -> Correction:
    """Correct a published result for a late fact, without an appeal.

    Posted at once, except in the person's disfavour: then it waits for a second approver.
    """
    claim_once(once, acting_user, "correction.propose")
    lock_cycle(appraisal.cycle_id)
    appraisal = lock_appraisal(appraisal.pk, version=version)
    if acting_user.person_id == appraisal.person_id:
        raise Refused("own-result", _("不能更正自己的结果"), _("请另一位有权的人办理"))
    if not reason.strip():
        raise Refused("no-reason", _("请写明更正的事实"), "", "reason")
    if appraisal.state == Appraisal.State.APPEALING:
        raise Refused("appealing", _("这个人正在申诉"), _("通过申诉裁定更正"))
    if appraisal.state == Appraisal.State.NOT_APPRAISED:
        raise Refused("not-appraised", _("这个人不参加这次考核"))
    if appraisal.corrections.filter(state=Correction.State.PROPOSED).exists():
        raise Refused("correction-open", _("这个人已有一项更正待批准"), _("先处理那一项"))
    correction = enter(acting_user, appraisal, trial, reason=reason)
    key, new = appraisal.person.key, {"reason": reason, "run": correction.after.run_id}
    record(acting_user, "correction.propose", correction, new=new, person=key, name=str(appraisal))
    if is_worse(correction.before, correction.after):
        suspend(correction.decisions)
    else:
        post(acting_user, appraisal, correction)
    return correction


@action
def do_approve_correction(
    *, acting_user: User, correction: Correction, approve: bool, reason: str, once: str
) -> Correction:
    """Approve a correction in the person's disfavour, or refuse it; never one's own proposal, nor on oneself."""
    claim_once(once, acting_user, "correction.post" if approve else "correction.refuse")
    lock_cycle(correction.appraisal.cycle_id)
    appraisal = lock_appraisal(correction.appraisal_id)
    held = Correction.objects.select_for_update(of=("self",)).select_related("before", "after", "proposed_by")
    correction = held.get(pk=correction.pk)
    if correction.state != Correction.State.PROPOSED:
        raise Conflict(_("这项更正已经处理过"), correction.get_state_display())
    if acting_user == correction.proposed_by:
        raise Refused("own-decision", _("不能批准自己提出的更正"), _("请第二个人批准"))
    if acting_user.person_id == appraisal.person_id:
        raise Refused("own-result", _("不能批准对自己的更正"), _("请另一位有权的人办理"))
    if approve:
        if appraisal.result_id != correction.before_id:
            raise Refused("result-changed", _("提出之后，结果已有别的更正"), _("不批准这一项，重新提出"))
        if appraisal.state == Appraisal.State.APPEALING:
            raise Refused("appealing", _("这个人正在申诉"), _("申诉裁定后再处理"))
        resume(correction.decisions)
        post(acting_user, appraisal, correction)
        return correction
    if not reason.strip():
        raise Refused("no-reason", _("请写明不批准的理由"), "", "reason")
    Correction.objects.filter(pk=correction.pk).update(state=Correction.State.REFUSED, approved_by=acting_user)
    correction.refresh_from_db()
    old, new = {"state": Correction.State.PROPOSED}, {"state": correction.state, "reason": reason}
    key = appraisal.person.key
    record(acting_user, "correction.refuse", correction, old=old, new=new, person=key, name=str(appraisal))
    return correction
