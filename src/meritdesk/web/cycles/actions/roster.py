"""A change of the roster after opening: an act of its own, never a side effect of the people app."""

from __future__ import annotations

from collections.abc import Sequence

from meritdesk.language import _
from meritdesk.web.access.actions import Refused, action, record
from meritdesk.web.access.models import User
from meritdesk.web.cycles import engine
from meritdesk.web.cycles.actions.holding import RUNNING, hold, touch
from meritdesk.web.cycles.actions.opening import add_members, entry_of, post_of, superiors_of, tell_members
from meritdesk.web.cycles.actions.rating_start import make_forms
from meritdesk.web.cycles.models import Appraisal, Cycle, RatingForm, RosterEntry
from meritdesk.web.cycles.queries.members import Membership, membership_kept
from meritdesk.web.cycles.queries.rater_plans import plan_of
from meritdesk.web.cycles.queries.roster import Difference, differences, form_plan, memberships


@action
def do_change_roster(
    *, acting_user: User, cycle: Cycle, version: int, people: Sequence[str], reason: str
) -> dict[str, int]:
    """Take over from the people app what differs for these people (staff keys); return what happened, counted.

    Re-splits them into segments, makes the forms that are missing and drops those that nobody has written in. A form
    that is written in stays where a segment of that rater goes on, with its days mended. Somebody who is no longer in
    the cycle leaves it only while nothing has been written about them.
    """
    held = hold(cycle, version, *RUNNING)
    if not reason.strip():
        raise Refused("no-reason", _("没有填写原因"), _("写明为什么更改名单"), "reason")
    kept, now = memberships(held)
    found = [difference for difference in differences(held, kept, now) if difference.key in people]
    if not found:
        raise Refused("no-difference", _("所选的人与组织中的任职没有差异"), _("请刷新页面"))
    for difference in found:
        _apply(held, difference)
    changed = [difference.key for difference in found if difference.now is not None]
    made, dropped, stay = _forms(held, changed)
    touch(held)
    joined = [d.now for d in found if d.kind == "joined" and d.now is not None]
    tell_members(held, joined)
    done = {
        "joined": len(joined), "gone": sum(d.kind == "gone" for d in found),
        "changed": sum(d.kind == "changed" for d in found), "forms_made": made, "forms_dropped": dropped,
        "forms_kept": stay,
    }  # fmt: skip
    for difference in found:
        record(
            acting_user, "cycle.roster", held, person=difference.key,
            old={"lines": list(difference.before)}, new={"lines": list(difference.after), "reason": reason.strip()},
        )  # fmt: skip
    cycle.version = held.version
    return done


def _apply(cycle: Cycle, difference: Difference) -> None:
    """Put the lines of one person in place and bring the appraisal up to them."""
    if difference.now is None:
        _leave(cycle, difference)
        return
    if difference.kind == "joined":
        add_members(cycle, [difference.now])
        return
    RosterEntry.objects.filter(cycle=cycle, person=difference.person).delete()
    RosterEntry.objects.bulk_create([entry_of(cycle, line) for line in difference.now.lines])
    fields = post_of(difference.now, superiors_of([difference.now]))
    cycle.appraisals.filter(person=difference.person).update(**fields)


def _leave(cycle: Cycle, difference: Difference) -> None:
    appraisal = cycle.appraisals.get(person=difference.person)
    written = (
        appraisal.forms.filter(items__isnull=False).exists()
        or appraisal.forms.filter(state=RatingForm.State.SUBMITTED).exists()
        or appraisal.adjustments.exists()
        or Appraisal.objects.filter(pk=appraisal.pk, self_appraisal__submitted_at__isnull=False).exists()
    )
    if written:
        raise Refused(
            "already-written",
            _("“{name}”已有评分或自评，不能移出考核").format(name=difference.name),
            _("保留在本次考核中，或请评分人先撤回"),
            difference.key,
        )
    RosterEntry.objects.filter(cycle=cycle, person=difference.person).delete()
    appraisal.delete()


def _forms(cycle: Cycle, people: Sequence[str]) -> tuple[int, int, int]:
    """Bring the forms of the people up to the new roster; return how many were made, dropped, and kept though odd."""
    if cycle.state not in (Cycle.State.RATING, Cycle.State.CALIBRATING):
        return 0, 0, 0
    membership = membership_kept(cycle)
    _mend_days(cycle, membership, people)
    plan = form_plan(cycle, membership, people)
    RatingForm.objects.filter(pk__in=plan.dropped).delete()
    return make_forms(cycle, plan.new), len(plan.dropped), len(plan.kept)


def _mend_days(cycle: Cycle, membership: Membership, people: Sequence[str]) -> None:
    """Move forms to the segment of the same rater and role that their day, or their beginning, falls into now."""
    plan = plan_of(cycle, engine.loaded_scheme(cycle).scheme, membership)
    taken = {(f.person, f.role, f.rater, f.segment_from) for f in plan.forms}
    forms = RatingForm.objects.filter(appraisal__cycle=cycle, appraisal__person__key__in=people, rater__isnull=False)
    there = list(forms.select_related("appraisal__person", "rater"))
    keys = {(f.appraisal.person.key, f.role, f.rater.key, f.segment_from): f for f in there if f.rater}
    for planned in (form for form in plan.forms if form.person in people):
        key = (planned.person, planned.role, planned.rater, planned.segment_from)
        form = keys.get(key)
        if form is None:
            form = next(
                (
                    f for k, f in keys.items()
                    if k[:3] == key[:3] and k not in taken and planned.segment_from <= f.day <= planned.day
                ),
                None,
            )  # fmt: skip
        if form is not None and (form.segment_from, form.day) != (planned.segment_from, planned.day):
            keys.pop((planned.person, planned.role, planned.rater, form.segment_from), None)
            form.segment_from, form.day = planned.segment_from, planned.day
            form.save(update_fields=["segment_from", "day"])
            keys[key] = form
