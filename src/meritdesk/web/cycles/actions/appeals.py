"""Appeals (R1.7, R4.7): filed in time with grounds, answered in writing by somebody who had no part in the result."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from meritdesk.language import _
from meritdesk.web.access.actions import Conflict, Refused, action, claim_once, name_actions, record
from meritdesk.web.access.models import RoleGrant, User
from meritdesk.web.access.rights import Role
from meritdesk.web.cycles import deadlines, engine
from meritdesk.web.cycles.actions.corrections import Trial, enter, is_worse, post
from meritdesk.web.cycles.actions.locks import lock_appraisal, lock_cycle
from meritdesk.web.cycles.actions.telling import tell, tell_people
from meritdesk.web.cycles.evidence_files import Kept
from meritdesk.web.cycles.models import (
    Adjustment,
    Appeal,
    Appraisal,
    Attachment,
    CalibrationCase,
    Correction,
    RatingForm,
    RosterEntry,
)
from meritdesk.web.cycles.states import move_appraisal
from meritdesk.web.ui.text import lazy

name_actions(
    {
        "appeal.file": lazy("提出申诉"),
        "appeal.withdraw": lazy("撤回申诉"),
        "appeal.uphold": lazy("申诉成立"),
        "appeal.reject": lazy("驳回申诉"),
        "appeal.remind": lazy("催办申诉"),
    }
)


def window_open(appraisal: Appraisal, now: datetime) -> bool:
    """Return whether the person may still appeal: before the end of the last working day, in Asia/Shanghai."""
    return appraisal.appeal_until is not None and now < appraisal.appeal_until


@action
def do_file_appeal(
    *,
    acting_user: User,
    appraisal: Appraisal,
    grounds: str,
    indicators: Sequence[str],
    evidence: Sequence[Kept],
    once: str,
) -> Appeal:
    """File an appeal against the result that stands; the answer is due in the scheme's working days."""
    claim_once(once, acting_user, "appeal.file")
    appraisal = lock_appraisal(appraisal.pk)
    now = timezone.now()
    if acting_user.person_id != appraisal.person_id:
        raise Refused("not-yours", _("只能由本人申诉"))
    if not grounds.strip():
        raise Refused("no-grounds", _("请写明申诉的事实和理由"), "", "grounds")
    if not window_open(appraisal, now):
        raise Refused("too-late", _("申诉期限已过"), _("有新的事实时，请联系人事提出更正"))
    if appraisal.result is None:
        raise Refused("no-result", _("这份考核没有已发布的结果"))
    before = move_appraisal(appraisal, "appeal")
    terms = engine.loaded_scheme(appraisal.cycle).scheme.deadlines
    appeal = Appeal.objects.create(
        appraisal=appraisal,
        result=appraisal.result,
        grounds=grounds,
        indicators=list(indicators),
        filed_at=now,
        due_at=deadlines.due_moment(now, terms.appeal_answer),
    )
    for file in evidence:
        Attachment.objects.create(
            appeal=appeal, name=file.name, sha256=file.sha256, size_bytes=file.size_bytes, uploaded_by=acting_user
        )
    new = {
        "state": appraisal.state,
        "grounds": grounds,
        "indicators": list(indicators),
        "result": appraisal.result.content_hash,
        "due_at": appeal.due_at,
        "evidence": [file.sha256 for file in evidence],
    }
    _record(acting_user, "appeal.file", appeal, {"state": before}, new)
    text = _("{name}提出申诉，请在期限内书面答复").format(name=appraisal.person.name)
    tell(_panel(appraisal), appraisal.cycle, text, reverse("appeal", args=[appeal.pk]), appeal.due_at)
    return appeal


def _panel(appraisal: Appraisal) -> list[User]:
    """Return the panel members who reach the appraisal, but not the person."""
    everywhere = Q(department__isnull=True, team__isnull=True)
    there = Q(department=appraisal.team.department_id) | Q(team=appraisal.team_id)
    grants = RoleGrant.objects.filter(everywhere | there, role=Role.PANEL).values("user")
    found = User.objects.filter(pk__in=grants, is_active=True)
    return list(found.exclude(person=appraisal.person_id) if appraisal.person_id else found)


def _record(user: User, name: str, appeal: Appeal, old: dict[str, object], new: dict[str, object]) -> None:
    appraisal = appeal.appraisal
    record(user, name, appeal, old=old, new=new, person=appraisal.person.key, name=str(appraisal))


def _hold(appeal: Appeal, version: int | None) -> Appeal:
    lock_cycle(appeal.appraisal.cycle_id)
    appraisal = lock_appraisal(appeal.appraisal_id)
    held = Appeal.objects.select_for_update(of=("self",)).select_related("result").get(pk=appeal.pk)
    held.appraisal = appraisal
    if held.state != Appeal.State.OPEN or (version is not None and held.version != version):
        raise Conflict(_("这项申诉已经有了变化"), held.get_state_display())
    return held


def _close(appeal: Appeal, state: str, **values: object) -> None:
    Appeal.objects.filter(pk=appeal.pk).update(state=state, version=F("version") + 1, **values)
    for name, value in values.items():
        setattr(appeal, name, value)
    appeal.state, appeal.version = state, appeal.version + 1


@action
def do_withdraw_appeal(*, acting_user: User, appeal: Appeal, once: str) -> Appeal:
    """Take one's own appeal back; the result stands and can be signed."""
    claim_once(once, acting_user, "appeal.withdraw")
    appeal = _hold(appeal, None)
    if acting_user.person_id != appeal.appraisal.person_id:
        raise Refused("not-yours", _("只能由本人撤回"))
    before = move_appraisal(appeal.appraisal, "withdraw")
    _close(appeal, Appeal.State.WITHDRAWN, decided_at=timezone.now())
    _record(acting_user, "appeal.withdraw", appeal, {"state": before}, {"state": appeal.appraisal.state})
    return appeal


def why_not(user: User, appeal: Appeal) -> str:
    """Return why the account may not decide an appeal (A9); empty if it may.

    Not the person, a rater of the person, their superior in the cycle, nor who took a decision that is objected to.
    """
    appraisal = appeal.appraisal
    if user.person_id is not None and user.person is not None:
        if user.person_id == appraisal.person_id:
            return _("这是您自己的申诉")
        led = RosterEntry.objects.filter(cycle=appraisal.cycle_id, person=appraisal.person_id, superior=user.person.key)
        if user.person_id == appraisal.superior_id or led.exists():
            return _("您是申诉人的上级")
    rated = RatingForm.objects.filter(appraisal=appraisal).exclude(role="self")
    if user.person_id is not None and rated.filter(rater=user.person_id).exists():
        return _("您给申诉人评过分")
    if rated.filter(submitted_by=user).exists():
        return _("您代交过申诉人的评分")
    if CalibrationCase.objects.filter(appraisal=appraisal, decided_by=user).exists():
        return _("申诉人的校准由您裁定")
    corrected = Correction.objects.filter(appraisal=appraisal, state=Correction.State.POSTED, appeal__isnull=True)
    if corrected.filter(Q(proposed_by=user) | Q(approved_by=user)).exists():
        return _("申诉人的更正由您提出或批准")
    decided = Adjustment.objects.filter(appraisal=appraisal, decided_by=user)
    if appeal.indicators:
        decided = decided.filter(indicator__in=appeal.indicators)
    return _("被申诉的得分由您决定") if decided.exists() else ""


@action
def do_decide_appeal(
    *,
    acting_user: User,
    appeal: Appeal,
    uphold: bool,
    answer: str,
    version: int,
    once: str,
    trial: Trial | None = None,
) -> Appeal:
    """Answer an appeal in writing; upheld, the corrected result of this person, and nobody else's, is posted."""
    claim_once(once, acting_user, "appeal.uphold" if uphold else "appeal.reject")
    appeal = _hold(appeal, version)
    appraisal = appeal.appraisal
    if reason := why_not(acting_user, appeal):
        raise Refused("partial", reason, _("请另一位小组成员裁定"))
    if not answer.strip():
        raise Refused("no-answer", _("请写书面答复"), _("写明查到的事实和依据"), "answer")
    now = timezone.now()
    before = move_appraisal(appraisal, "uphold" if uphold else "reject")
    state = Appeal.State.UPHELD if uphold else Appeal.State.REJECTED
    _close(appeal, state, decider=acting_user, answer=answer, decided_at=now)
    if uphold:
        if trial is None or not trial.points:
            raise Refused("no-points", _("没有写明各指标更正后的得分"), _("至少给一项指标定分"), "points")
        correction = enter(acting_user, appraisal, trial, reason=answer, appeal=appeal)
        if is_worse(correction.before, correction.after):
            raise Refused(
                "worse-for-appellant",
                _("更正后的结果比原来差，申诉不能使人更不利"),
                _("驳回申诉；确有错误的，请人事另行提出更正"),
            )
        post(acting_user, appraisal, correction)
    new = {"state": appraisal.state, "answer": answer, "in_time": now < appeal.due_at}
    _record(acting_user, "appeal.uphold" if uphold else "appeal.reject", appeal, {"state": before}, new)
    text = _("您的申诉有了答复：{outcome}").format(outcome=appeal.get_state_display())
    tell_people([appraisal.person_id], appraisal.cycle, text, reverse("appeal", args=[appeal.pk]))
    return appeal


@action
def do_remind_panel(*, acting_user: User, appeal: Appeal, once: str) -> int:
    """Remind the panel of an appeal that waits for its answer; return how many were told."""
    claim_once(once, acting_user, "appeal.remind")
    appeal = _hold(appeal, None)
    appraisal = appeal.appraisal
    late = timezone.now() >= appeal.due_at
    text = _("{name}的申诉已超过答复期限") if late else _("{name}的申诉等待答复")
    url = reverse("appeal", args=[appeal.pk])
    count = tell(_panel(appraisal), appraisal.cycle, text.format(name=appraisal.person.name), url, appeal.due_at)
    _record(acting_user, "appeal.remind", appeal, {}, {"told": count, "late": late})
    return count
