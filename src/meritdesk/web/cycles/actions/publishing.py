"""Publication: the results that the panel approved become those that stand, for everybody at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone

from meritdesk.language import _
from meritdesk.web.access.actions import Fact, Refused, action, claim_once, name_actions, record, record_many
from meritdesk.web.access.models import User
from meritdesk.web.cycles import deadlines, engine
from meritdesk.web.cycles.actions.locks import lock_cycle
from meritdesk.web.cycles.actions.review import all_approvals, disinterested
from meritdesk.web.cycles.actions.telling import tell_each, tell_people
from meritdesk.web.cycles.inputs import digest
from meritdesk.web.cycles.models import Appraisal, Cycle, PanelReview, Result, Run
from meritdesk.web.cycles.packages import Package
from meritdesk.web.cycles.states import move_appraisal, move_cycle
from meritdesk.web.ui.text import lazy

name_actions({"cycle.publish": lazy("发布结果"), "result.publish": lazy("结果送达"), "run.keep": lazy("存入运算结果")})

WAYS = {"graded": "publish", "held": "hold", "not_appraised": "leave_out"}
"""What becomes of an appraisal, by the state of its result."""


def refuse_unapproved(
    cycle: Cycle, user: User, digest: str, approved: Sequence[PanelReview] | None = None
) -> PanelReview:
    """Return the approval that a publication by `user` rests on; Refused if there is none. `approved`: all approvals
    of the cycle, where they are known."""
    approved = all_approvals(cycle) if approved is None else approved
    valid = disinterested([review for review in approved if review.run.inputs_digest == digest])
    if not valid:
        if approved:
            message, fix = _("小组通过之后，评分、裁定或数据又有变化"), _("重新计算预览，请小组再复核一次")
            raise Refused("approval-stale", message, fix)
        raise Refused("not-approved", _("小组还没有复核通过"), _("请考核小组复核"))
    by_others = [review for review in valid if review.decided_by_id != user.pk]
    if not by_others:
        raise Refused("own-approval", _("复核通过的人是您，不能由您发布"), _("请另一位有发布权的人发布"))
    return by_others[-1]


@action
def do_publish(*, acting_user: User, cycle: Cycle, computed: engine.Computed, package: Package, once: str) -> Run:
    """Publish: one run with everybody's result and the package that vouches for it, or nothing at all.

    Refused when the panel's approval is not of today's inputs, or was given by who publishes.
    """
    claim_once(once, acting_user, "cycle.publish")
    held = lock_cycle(cycle.pk, Cycle.State.REVIEWING)
    review = refuse_unapproved(held, acting_user, digest(held))
    made = computed.results.run
    if (made.code_version, made.program_hash) != (review.run.code_version, review.run.program_hash):
        raise Refused("approval-stale", _("小组通过之后，程序有了新版本"), _("重新计算预览，请小组再复核一次"))
    move_cycle(held, "publish")
    run = keep_sealed(held, computed, package, Run.Purpose.PUBLISHED, acting_user)
    now = timezone.now()
    terms = engine.loaded_scheme(held).scheme.deadlines
    until = deadlines.due_moment(now, terms.appeal)
    counts = _deliver(acting_user, held, run, until)
    Cycle.objects.filter(pk=held.pk).update(
        run=run,
        published_at=now,
        appeal_until=until,
        sign_due=deadlines.due_day(deadlines.day_of(now), terms.sign_off),
    )
    record(
        acting_user,
        "cycle.publish",
        held,
        old={"state": Cycle.State.REVIEWING},
        new={
            "state": held.state,
            "run": run.number,
            "review": review.pk,
            "appeal_until": until,
            "people": dict(counts),
        },
    )
    return run


def keep_sealed(
    cycle: Cycle, computed: engine.Computed, package: Package, purpose: Run.Purpose, user: User | None, *people: str
) -> Run:
    """Keep a run with its package, inside an act, and record its hashes: `integrity` holds the run against them."""
    run = engine.keep(cycle, computed, purpose=purpose, acting_user=user, people=people)
    Run.objects.filter(pk=run.pk).update(package=package.file, package_root=package.root)
    run.package, run.package_root = package.file, package.root
    new = {
        "purpose": run.purpose,
        "number": run.number,
        "people": run.people,
        "results_hash": run.results_hash,
        "package": run.package,
        "package_root": run.package_root,
        "inputs": run.inputs_digest,
    }
    record(user, "run.keep", run, new=new, name=f"{cycle} #{run.number}")
    return run


def _deliver(acting_user: User, cycle: Cycle, run: Run, until: datetime) -> Counter[str]:
    """Give everybody their result and tell them; who has none in the run is not appraised."""
    results = {result.appraisal_id: result for result in Result.objects.filter(run=run).defer("document")}
    facts: list[Fact] = []
    counts: Counter[str] = Counter()
    appraisals = list(Appraisal.objects.filter(cycle=cycle).select_related("person").order_by("person__key"))
    for appraisal in appraisals:
        result = results.get(appraisal.pk)
        before = move_appraisal(appraisal, WAYS[result.state] if result else "leave_out")
        appraisal.result = result
        appraisal.appeal_until = until
        counts[appraisal.state] += 1
        new = {"state": appraisal.state, "run": run.number, "hash": result.content_hash if result else ""}
        facts.append(
            Fact(target=appraisal, old={"state": before}, new=new, person=appraisal.person.key, name=str(appraisal))
        )
    Appraisal.objects.bulk_update(appraisals, ["result", "appeal_until"], batch_size=200)
    record_many(acting_user, "result.publish", facts)
    urls = {appraisal.person_id: f"/cycles/appraisals/{appraisal.pk}/" for appraisal in appraisals}
    tell_each(urls, cycle, _("考核结果已发布：{name}").format(name=cycle))
    tell_people(
        {appraisal.superior_id for appraisal in appraisals if appraisal.result},
        cycle,
        _("考核结果已发布，请安排绩效面谈：{name}").format(name=cycle),
    )
    return counts
