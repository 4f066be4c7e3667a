"""Sign-off: a signature on exactly the result that was shown; refusal or silence is witnessed, no yes."""

from __future__ import annotations

import hmac
from datetime import datetime

from django.utils import timezone

from meritdesk.language import _
from meritdesk.web.access.actions import Refused, action, claim_once, name_actions, record
from meritdesk.web.access.models import User
from meritdesk.web.cycles import deadlines, engine
from meritdesk.web.cycles.actions.locks import lock_appraisal
from meritdesk.web.cycles.actions.telling import tell_people
from meritdesk.web.cycles.models import Appraisal, Result, Signature
from meritdesk.web.cycles.states import move_appraisal
from meritdesk.web.ui.text import lazy

name_actions({"result.sign": lazy("签字确认"), "result.witness": lazy("见证未签字")})


def _standing(appraisal: Appraisal) -> Result:
    """Return the result that stands, checked against its hash; Refused if there is none."""
    if appraisal.result is None:
        raise Refused("no-result", _("这份考核没有可以签字的结果"))
    engine.read_document(appraisal.result)
    return appraisal.result


@action
def do_sign(*, acting_user: User, appraisal: Appraisal, content_hash: str, remark: str, once: str) -> Signature:
    """Sign the result whose hash the page carried; Refused (`result-changed`) when another one stands now."""
    claim_once(once, acting_user, "result.sign")
    appraisal = lock_appraisal(appraisal.pk)
    if acting_user.person_id != appraisal.person_id:
        raise Refused("not-yours", _("只能由本人签字"))
    result = _standing(appraisal)
    if not hmac.compare_digest(content_hash.encode(), result.content_hash.encode()):
        raise Refused("result-changed", _("您看到的结果之后有更正，没有签字"), _("刷新页面，看过新的结果再签字"))
    before = move_appraisal(appraisal, "sign")
    signature = Signature.objects.create(
        appraisal=appraisal,
        result=result,
        content_hash=content_hash,
        outcome=Signature.Outcome.SIGNED,
        by=acting_user,
        remark=remark,
    )
    _record(acting_user, "result.sign", appraisal, signature, before)
    return signature


@action
def do_witness(*, acting_user: User, appraisal: Appraisal, refused: bool, remark: str, once: str) -> Signature:
    """Witness that the person refused to sign, or let the time pass (only once it has); not on oneself."""
    claim_once(once, acting_user, "result.witness")
    appraisal = lock_appraisal(appraisal.pk)
    if acting_user.person_id == appraisal.person_id:
        raise Refused("own-witness", _("不能见证自己"), _("请另一位有权的人见证"))
    if refused and not remark.strip():
        raise Refused("no-reason", _("请写明本人拒签的情况"), _("何时、何地、本人怎么说"), "remark")
    if not refused and not sign_time_over(appraisal, timezone.now()):
        raise Refused("in-time", _("签字期限还没有过"), _("到期后再办理，或写明本人已拒签"))
    result = _standing(appraisal)
    before = move_appraisal(appraisal, "witness")
    signature = Signature.objects.create(
        appraisal=appraisal,
        result=result,
        content_hash=result.content_hash,
        outcome=Signature.Outcome.REFUSED if refused else Signature.Outcome.SILENT,
        by=acting_user,
        remark=remark,
    )
    _record(acting_user, "result.witness", appraisal, signature, before)
    text = _("您的考核结果记为“{outcome}”，仍可在期限内申诉").format(outcome=signature.get_outcome_display())
    tell_people([appraisal.person_id], appraisal.cycle, text, f"/cycles/appraisals/{appraisal.pk}/")
    return signature


def sign_time_over(appraisal: Appraisal, now: datetime) -> bool:
    """Return whether the last day to sign is over, in Asia/Shanghai; a correction gives the time anew."""
    posted = appraisal.corrections.filter(posted_at__isnull=False).order_by("-posted_at").first()
    due = appraisal.cycle.sign_due
    if posted is not None and posted.posted_at is not None:
        terms = engine.loaded_scheme(appraisal.cycle).scheme.deadlines
        due = deadlines.due_day(deadlines.day_of(posted.posted_at), terms.sign_off)
    return due is not None and deadlines.day_of(now) > due


def _record(user: User, name: str, appraisal: Appraisal, signature: Signature, before: str) -> None:
    new = {"state": appraisal.state, "hash": signature.content_hash, "outcome": signature.outcome}
    new["remark"] = signature.remark
    record(user, name, signature, old={"state": before}, new=new, person=appraisal.person.key, name=str(appraisal))
