"""Targets proposed and agreed. A target changed after it was agreed has to be agreed again."""

from __future__ import annotations

from collections.abc import Mapping

from django.urls import reverse
from django.utils import timezone

from meritdesk.language import _
from meritdesk.web.access.actions import Fact, Refused, action, record, record_many
from meritdesk.web.access.models import User
from meritdesk.web.cycles import engine
from meritdesk.web.cycles.actions.holding import hold
from meritdesk.web.cycles.actions.telling import tell, tell_people
from meritdesk.web.cycles.deadlines import end_of
from meritdesk.web.cycles.models import Appraisal, Cycle, Target
from meritdesk.web.cycles.queries.targets import Goal, goals_of, parsed

Typed = Mapping[tuple[int, str], str]
"""(appraisal, indicator) → what was typed in; empty takes a target back."""


@action
def do_propose_targets(*, acting_user: User, cycle: Cycle, reached: Mapping[int, Appraisal], typed: Typed) -> int:
    """Propose targets to people of `reached` (those whom the account may propose to); return how many changed."""
    held = hold(cycle, None, Cycle.State.OPEN)
    goals = {goal.id: goal for goal in goals_of(engine.loaded_scheme(held).scheme)}
    there = {
        (target.appraisal_id, target.indicator): target
        for target in Target.objects.filter(appraisal__in=reached).select_for_update()
    }
    facts: list[Fact] = []
    told: set[int] = set()
    for (pk, indicator), text in typed.items():
        appraisal, goal = reached.get(pk), goals.get(indicator)
        if appraisal is None or goal is None or appraisal.cycle_id != held.pk:
            raise Refused("no-such-target", _("没有这个人或这项指标"), _("请刷新页面"))
        if goal.positions and appraisal.position not in goal.positions:
            continue
        place = f"{appraisal.person.name} · {goal.title}"
        fact = _put(acting_user, appraisal, goal, there.get((pk, indicator)), text, place)
        if fact is not None:
            facts.append(fact)
            told.add(appraisal.person_id)
    if not facts:
        raise Refused("nothing-changed", _("没有改动"), _("填写或修改至少一项目标"))
    record_many(acting_user, "target.propose", facts)
    text = _("“{cycle}”：请确认您的个人目标").format(cycle=held.title)
    tell_people(told, held, text, reverse("targets-mine"), end_of(held.self_due))
    return len(facts)


def _put(
    acting_user: User, appraisal: Appraisal, goal: Goal, target: Target | None, text: str, place: str
) -> Fact | None:
    """Write one target; return its entry for the audit, or None where nothing changed."""
    key, name = appraisal.person.key, f"{appraisal.person.name} {goal.title}"
    old = {"value": target.value, "agreed": bool(target.agreed_at)} if target else None
    if not text.strip():
        if target is None:
            return None
        fact = Fact(target=appraisal, old={goal.id: old}, new={goal.id: None}, person=key, name=name)
        target.delete()
        return fact
    value = parsed(text, goal, place)
    if target is not None and target.value == value:
        return None
    Target.objects.update_or_create(
        appraisal=appraisal, indicator=goal.id,
        defaults={"value": value, "baseline": value if goal.baseline else None, "proposed_by": acting_user,
                  "agreed_at": None, "remark": ""},
    )  # fmt: skip
    return Fact(target=appraisal, old={goal.id: old}, new={goal.id: {"value": value}}, person=key, name=name)


@action
def do_agree_targets(*, acting_user: User, appraisal: Appraisal) -> int:
    """Agree to all targets proposed to oneself; return how many."""
    _own(acting_user, appraisal)
    hold(appraisal.cycle, None, Cycle.State.OPEN)
    waiting = list(appraisal.targets.filter(agreed_at__isnull=True).order_by("indicator"))
    if not waiting:
        raise Refused("nothing-to-agree", _("没有待确认的目标"), _("请刷新页面"))
    appraisal.targets.filter(pk__in=[target.pk for target in waiting]).update(agreed_at=timezone.now(), remark="")
    new = {target.indicator: target.value for target in waiting}
    record(acting_user, "target.agree", appraisal, new=new, person=appraisal.person.key)
    return len(waiting)


@action
def do_object_to_targets(*, acting_user: User, appraisal: Appraisal, reason: str) -> None:
    """Say that one does not agree, and why; whoever proposed them is told."""
    _own(acting_user, appraisal)
    held = hold(appraisal.cycle, None, Cycle.State.OPEN)
    reason = reason.strip()[:300]
    if not reason:
        raise Refused("no-reason", _("没有填写意见"), _("写明对哪一项有意见、希望怎样"), "reason")
    waiting = list(appraisal.targets.filter(agreed_at__isnull=True).select_related("proposed_by"))
    if not waiting:
        raise Refused("nothing-to-agree", _("没有待确认的目标"), _("请刷新页面"))
    appraisal.targets.filter(pk__in=[target.pk for target in waiting]).update(remark=reason)
    text = _("{name}对个人目标有意见：{reason}").format(name=appraisal.person.name, reason=reason)
    tell({target.proposed_by for target in waiting}, held, text, reverse("cycle-targets", args=[held.pk]))
    record(acting_user, "target.object", appraisal, new={"reason": reason}, person=appraisal.person.key)


def _own(acting_user: User, appraisal: Appraisal) -> None:
    if acting_user.person_id != appraisal.person_id:
        raise Refused("not-ones-own", _("只能确认自己的目标"))
