"""Panel review (R1.5): the panel approves a preview, or sends the cycle back to the raters with a reason."""

from __future__ import annotations

from django.db.models import Exists, OuterRef

from meritdesk.language import _
from meritdesk.web.access.actions import Refused, action, claim_once, name_actions, record
from meritdesk.web.access.models import User
from meritdesk.web.cycles.actions.calibration import refuse_stale_preview
from meritdesk.web.cycles.actions.locks import lock_cycle
from meritdesk.web.cycles.actions.telling import tell_people
from meritdesk.web.cycles.inputs import digest
from meritdesk.web.cycles.models import Cycle, PanelReview
from meritdesk.web.cycles.states import move_cycle
from meritdesk.web.ui.text import lazy

name_actions({"review.approve": lazy("小组复核通过"), "review.send-back": lazy("小组退回评分")})


def all_approvals(cycle: Cycle) -> list[PanelReview]:
    """Return the panel's approvals of all previews of a cycle, the oldest first; one query."""
    judged = cycle.appraisals.filter(person=OuterRef("decided_by__person"))
    found = cycle.reviews.filter(outcome=PanelReview.Outcome.APPROVED).annotate(by_one_judged=Exists(judged))
    return list(found.select_related("decided_by", "run").order_by("at"))


def approvals(cycle: Cycle, digest: str) -> list[PanelReview]:
    """Return the panel's approvals of a preview made from these inputs."""
    return [review for review in all_approvals(cycle) if review.run.inputs_digest == digest]


def is_judged(user: User, cycle: Cycle) -> bool:
    """Return whether the account's own appraisal is in the cycle."""
    return user.person_id is not None and cycle.appraisals.filter(person=user.person_id).exists()


def disinterested(reviews: list[PanelReview]) -> list[PanelReview]:
    """Return the approvals of those whose own appraisal is not in the cycle."""
    return [review for review in reviews if not review.by_one_judged]  # type: ignore[attr-defined]


@action
def do_review(*, acting_user: User, cycle: Cycle, run: int, approve: bool, reason: str, once: str) -> PanelReview:
    """Record the panel's decision on the preview with the id `run`; sent back, the cycle is in rating again.

    Nobody reviews alone a cycle with their own result in it: another member, who is not, must have approved before.
    """
    claim_once(once, acting_user, "review.approve" if approve else "review.send-back")
    held = lock_cycle(cycle.pk, Cycle.State.REVIEWING)
    preview = held.run if held.run_id == run else None
    if preview is None:
        raise Refused("preview-replaced", _("预览已经重新计算过"), _("看过新的预览再决定"))
    if approve:
        refuse_stale_preview(held)
        if is_judged(acting_user, held) and not disinterested(approvals(held, digest(held))):
            raise Refused("own-result", _("这次考核包括您自己，不能单独复核"), _("请另一位小组成员先复核"))
    elif not reason.strip():
        raise Refused("no-reason", _("请写明退回的理由"), "", "reason")
    outcome = PanelReview.Outcome.APPROVED if approve else PanelReview.Outcome.SENT_BACK
    review = PanelReview.objects.create(cycle=held, run=preview, outcome=outcome, reason=reason, decided_by=acting_user)
    state = held.state
    if not approve:
        move_cycle(held, "send_back")
        raters = held.appraisals.filter(forms__rater__isnull=False).values_list("forms__rater", flat=True)
        tell_people(
            raters, held, _("考核“{name}”退回评分：{reason}").format(name=held, reason=reason), "/cycles/ratings/"
        )
    record(
        acting_user,
        "review.approve" if approve else "review.send-back",
        held,
        old={"state": state},
        new={"state": held.state, "run": preview.number, "inputs": preview.inputs_digest, "reason": reason},
    )
    return review
