"""From collecting to rating: the forms that raters have to fill in are made from the rater plans."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Count
from django.urls import reverse

from meritdesk.language import _
from meritdesk.web.access.actions import Refused, action, claim_once, record
from meritdesk.web.access.models import User
from meritdesk.web.cycles import engine
from meritdesk.web.cycles.actions.holding import hold, refresh
from meritdesk.web.cycles.actions.telling import tell_people
from meritdesk.web.cycles.deadlines import end_of
from meritdesk.web.cycles.models import Cycle, RatingForm
from meritdesk.web.cycles.queries.members import membership_kept
from meritdesk.web.cycles.queries.rater_plans import Planned, plan_of, rating_roles
from meritdesk.web.cycles.states import move_cycle
from meritdesk.web.people.models import Person


@action
def do_collect(*, acting_user: User, cycle: Cycle, version: int, once_key: str = "") -> None:
    """End the agreeing of targets: now the data is collected. A target not agreed does not hold, and is told."""
    if once_key:
        claim_once(once_key, acting_user, "cycle.collect")
    locked = hold(cycle, version)
    before = move_cycle(locked, "collect")
    record(acting_user, "cycle.collect", locked, old={"state": before}, new={"state": locked.state})
    refresh(cycle, locked)


@action
def do_begin_rating(*, acting_user: User, cycle: Cycle, version: int, once_key: str = "") -> int:
    """Make the rating forms of everybody and tell the raters; return the number of forms."""
    if once_key:
        claim_once(once_key, acting_user, "cycle.begin_rating")
    locked = hold(cycle, version)
    scheme = engine.loaded_scheme(locked).scheme
    plan = plan_of(locked, scheme, membership_kept(locked))
    if rating_roles(scheme) and not plan.forms and not locked.rater_plans.filter(kind="guest").exists():
        raise Refused("no-raters", _("没有任何评分表可以生成"), _("先在“评分人”中指定谁来评分"))
    made = make_forms(locked, plan.forms)
    before = move_cycle(locked, "begin_rating")
    tell_raters(locked)
    gaps = [f"{gap.role}:{gap.person}" for gap in plan.gaps]
    record(
        acting_user, "cycle.begin_rating", locked, old={"state": before},
        new={"state": locked.state, "forms": made, "nobody_rates": gaps},
    )  # fmt: skip
    refresh(cycle, locked)
    return made


def make_forms(cycle: Cycle, forms: Sequence[Planned]) -> int:
    """Write forms that are planned and not there yet; return how many."""
    appraisals = dict(cycle.appraisals.values_list("person__key", "pk"))
    raters = dict(Person.objects.filter(key__in={form.rater for form in forms}).values_list("key", "pk"))
    there = set(
        RatingForm.objects.filter(appraisal__cycle=cycle).values_list("appraisal", "role", "rater", "segment_from")
    )
    new = [
        RatingForm(
            appraisal_id=appraisals[form.person],
            role=form.role,
            rater_id=raters[form.rater],
            segment_from=form.segment_from,
            day=form.day,
        )
        for form in forms
        if (appraisals[form.person], form.role, raters[form.rater], form.segment_from) not in there
    ]
    RatingForm.objects.bulk_create(new, batch_size=500)
    return len(new)


def tell_raters(cycle: Cycle) -> None:
    """Leave a notice for everybody who has forms to fill in: how many, until when."""
    counts = (
        RatingForm.objects.filter(appraisal__cycle=cycle, state=RatingForm.State.OPEN, rater__isnull=False)
        .values_list("rater")
        .annotate(n=Count("pk"))
    )
    by_number: dict[int, list[int]] = {}
    for rater, number in counts:
        by_number.setdefault(number, []).append(rater)
    for number, raters in by_number.items():
        text = _("“{cycle}”：请完成 {n} 份评分").format(cycle=cycle.title, n=number)
        tell_people(raters, cycle, text, reverse("ratings"), end_of(cycle.rating_due))
