"""绩效面谈 (R0.4, R4.7): agenda, notes and the agreed plan; the superior confirms first, then the person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.urls import reverse
from django.utils import timezone

from meritdesk.language import _
from meritdesk.web.access.actions import Conflict, Refused, action, claim_once, name_actions, record
from meritdesk.web.access.models import User
from meritdesk.web.cycles.actions.locks import lock_appraisal
from meritdesk.web.cycles.actions.telling import tell_people
from meritdesk.web.cycles.models import Appraisal, Interview, PlanItem
from meritdesk.web.cycles.states import move_appraisal
from meritdesk.web.ui.text import lazy

name_actions({"interview.write": lazy("记录面谈"), "interview.confirm": lazy("确认面谈")})


@dataclass(frozen=True)
class Agreed:
    """One line of the plan: what, by whom, until when."""

    text: str
    owner: str
    due: date | None


@action
def do_write_interview(
    *,
    acting_user: User,
    appraisal: Appraisal,
    held_on: date | None,
    agenda: str,
    notes: str,
    plan: Sequence[Agreed],
    version: int,
    confirm: bool,
    once: str,
) -> Interview:
    """Save the interview; with `confirm` the superior stands by it and the person is asked to confirm.

    Not on oneself. A change after the superior confirmed takes the confirmation back.
    """
    claim_once(once, acting_user, "interview.write")
    appraisal = lock_appraisal(appraisal.pk)
    if acting_user.person_id == appraisal.person_id:
        raise Refused("own-interview", _("不能与自己面谈"), _("请上级的上级或代办人面谈"))
    if appraisal.state != Appraisal.State.INTERVIEW:
        raise Refused("wrong-state", _("这份考核现在是“{state}”").format(state=appraisal.get_state_display()))
    interview, _made = Interview.objects.select_for_update().get_or_create(appraisal=appraisal)
    if interview.version != version:
        raise Conflict(_("面谈记录刚刚被别人修改过"), interview)
    if confirm and (held_on is None or not notes.strip()):
        raise Refused("not-held", _("确认前请填写面谈日期和要点"), "", "notes")
    old = _values(interview)
    interview.held_on, interview.agenda, interview.notes = held_on, agenda, notes
    interview.version += 1
    interview.superior_confirmed_at = timezone.now() if confirm else None
    interview.superior_confirmed_by = acting_user if confirm else None
    interview.save()
    interview.plan.all().delete()
    PlanItem.objects.bulk_create(
        [PlanItem(interview=interview, text=line.text, owner=line.owner, due=line.due) for line in plan]
    )
    person = appraisal.person.key
    record(
        acting_user, "interview.write", interview, old=old, new=_values(interview), person=person, name=str(appraisal)
    )
    if confirm:
        url = reverse("interview", args=[appraisal.pk])
        tell_people([appraisal.person_id], appraisal.cycle, _("请确认绩效面谈的内容"), url)
    return interview


@action
def do_confirm_interview(*, acting_user: User, appraisal: Appraisal, version: int, once: str) -> Appraisal:
    """The person confirms what the superior confirmed; then the result awaits the signature."""
    claim_once(once, acting_user, "interview.confirm")
    appraisal = lock_appraisal(appraisal.pk)
    if acting_user.person_id != appraisal.person_id:
        raise Refused("not-yours", _("只能由本人确认"))
    interview = Interview.objects.select_for_update().filter(appraisal=appraisal).first()
    if interview is None or interview.superior_confirmed_at is None:
        raise Refused("superior-first", _("上级还没有确认面谈内容"), _("请先与上级面谈"))
    if interview.version != version:
        raise Conflict(_("面谈记录在您查看之后有修改"), interview)
    before = move_appraisal(appraisal, "confirm_interview")
    interview.employee_confirmed_at = timezone.now()
    interview.save(update_fields=["employee_confirmed_at"])
    record(
        acting_user, "interview.confirm", interview, old={"state": before},
        new={"state": appraisal.state, "version": version}, person=appraisal.person.key, name=str(appraisal),
    )  # fmt: skip
    return appraisal


def _values(interview: Interview) -> dict[str, object]:
    return {
        "held_on": interview.held_on,
        "agenda": interview.agenda,
        "notes": interview.notes,
        "plan": [[line.text, line.owner, line.due] for line in interview.plan.all()],
        "superior_confirmed_at": interview.superior_confirmed_at,
    }
