"""The self-appraisal: saved as it is written, handed in once, opened again by HR."""

from __future__ import annotations

from django.db.models import F
from django.utils import timezone

from meritdesk.language import _
from meritdesk.web.access.actions import Conflict, Refused, action, claim_once, record
from meritdesk.web.access.models import User
from meritdesk.web.cycles.models import Appraisal, Cycle, SelfAppraisal
from meritdesk.web.cycles.queries.self_appraisal import PARTS, why_closed

LONGEST_PART = 4000


def started(appraisal: Appraisal) -> SelfAppraisal:
    """Return the self-appraisal of an appraisal, made empty where there is none yet; inside an action."""
    return SelfAppraisal.objects.get_or_create(appraisal=appraisal)[0]


@action
def do_start_self_appraisal(appraisal: Appraisal, *, acting_user: User) -> SelfAppraisal:
    """Return the self-appraisal, begun where there is none yet: a file may come before the first word."""
    found = started(appraisal)
    record(acting_user, "self.start", found, person=appraisal.person.key, name=str(appraisal))
    return found


@action
def do_save_self_appraisal(
    appraisal: Appraisal, *, texts: dict[str, str], version: int, acting_user: User
) -> SelfAppraisal:
    """Save what was written so far; Conflict when it was saved elsewhere since `version` (0: nothing saved yet)."""
    return _write(appraisal, texts, version, acting_user)


@action
def do_submit_self_appraisal(
    appraisal: Appraisal, *, texts: dict[str, str], version: int, once: str, acting_user: User
) -> SelfAppraisal:
    """Save and hand in; results may not be empty."""
    claim_once(once, acting_user, "self.submit")
    found = _write(appraisal, texts, version, acting_user)
    if not found.results:
        raise Refused("self-empty", _("还没有写工作成果"), _("至少写一件完成的工作"), _("工作成果"))
    found.submitted_at = timezone.now()
    found.save(update_fields=["submitted_at"])
    record(
        acting_user, "self.submit", found, new={part: getattr(found, part) for part in PARTS},
        person=appraisal.person.key, name=str(appraisal),
    )  # fmt: skip
    return found


@action
def do_reopen_self_appraisal(appraisal: Appraisal, *, version: int, acting_user: User) -> SelfAppraisal:
    """Open a self-appraisal again that was handed in, for the person to change it (HR)."""
    if appraisal.cycle.state not in (Cycle.State.COLLECTING, Cycle.State.RATING):
        raise Refused("too-late", _("现在不能重开自评"), _("考核在收集数据或评分阶段时才能重开"))
    rows = SelfAppraisal.objects.filter(appraisal=appraisal, version=version, submitted_at__isnull=False)
    if not rows.update(version=F("version") + 1, submitted_at=None):
        raise Conflict(_("自评已被修改或已经重开"))
    found = SelfAppraisal.objects.get(appraisal=appraisal)
    record(
        acting_user, "self.reopen", found, old={"submitted": True}, new={"submitted": False},
        person=appraisal.person.key, name=str(appraisal),
    )  # fmt: skip
    return found


def _write(appraisal: Appraisal, texts: dict[str, str], version: int, acting_user: User) -> SelfAppraisal:
    cycle = Cycle.objects.select_for_update(no_key=True).get(pk=appraisal.cycle_id)
    found = started(appraisal)
    if reason := why_closed(cycle, found):
        raise Refused("form-closed", _("不能修改：{reason}").format(reason=reason), _("需要修改请联系人事"))
    for part, words in PARTS.items():
        if len(texts.get(part, "")) > LONGEST_PART:
            message = _("超过 {n} 字").format(n=LONGEST_PART)
            raise Refused("text-too-long", message, _("写要点，细节放进附件"), str(words))
    # An empty one was just made by this very save, or by a file attached before anything was written.
    if not SelfAppraisal.objects.filter(pk=found.pk, version=max(version, 1)).update(version=F("version") + 1):
        raise Conflict(_("自评在别的窗口改过了，这次没有保存"), found)
    old = {part: getattr(found, part) for part in PARTS}
    for part in PARTS:
        setattr(found, part, texts.get(part, "").strip())
    found.version = max(version, 1) + 1
    found.save(update_fields=[*PARTS])
    new = {part: getattr(found, part) for part in PARTS}
    changed = [part for part in PARTS if old[part] != new[part]]
    record(
        acting_user, "self.save", found, old={part: old[part] for part in changed}, person=appraisal.person.key,
        new={part: new[part] for part in changed}, name=str(appraisal),
    )  # fmt: skip
    return found
