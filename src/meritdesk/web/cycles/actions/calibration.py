"""Calibration (R4.5): from ratings to a preview, the cases of raters far apart, and what is decided about them.

Everything is measured before an act begins (`measure`), because it takes seconds, and refused inside it when an input
changed meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import F
from django.utils import timezone

from meritdesk.calibration import Apart
from meritdesk.language import _
from meritdesk.web.access.actions import Conflict, Fact, Refused, action, claim_once, name_actions, record, record_many
from meritdesk.web.access.models import User
from meritdesk.web.cycles import engine
from meritdesk.web.cycles.actions.adjusting import Points, set_points
from meritdesk.web.cycles.actions.locks import lock_cycle
from meritdesk.web.cycles.actions.telling import tell_people
from meritdesk.web.cycles.inputs import digest
from meritdesk.web.cycles.models import CalibrationCase, Cycle, RatingForm, Run
from meritdesk.web.cycles.states import move_cycle
from meritdesk.web.ui.text import lazy

O = CalibrationCase.Outcome  # noqa: E741

name_actions(
    {
        "cycle.calibrate": lazy("结束评分，开始校准"),
        "cycle.recompute": lazy("重新计算预览"),
        "calibration.decide": lazy("校准裁定"),
        "cycle.submit-review": lazy("提交小组复核"),
        "cycle.back-to-rating": lazy("退回评分"),
    }
)


@dataclass(frozen=True)
class Measured:
    """A preview and the pairs of raters apart, both of the same inputs."""

    computed: engine.Computed
    pairs: Sequence[tuple[date, Apart]]


def measure(cycle: Cycle, step: engine.Step = lambda text: None) -> Measured:
    """Compute a preview and the pairs of raters apart; writes nothing."""
    computed = engine.compute(cycle, explained=False, step=step)
    return Measured(computed, engine.pairs_apart(cycle))


def missing_forms(cycle: Cycle) -> list[RatingForm]:
    """Return the forms that were not handed in, by person."""
    found = RatingForm.objects.filter(appraisal__cycle=cycle, state=RatingForm.State.OPEN)
    return list(
        found.select_related("appraisal__person", "rater", "invitation").order_by(
            "appraisal__person__key", "role", "pk"
        )
    )


@action
def do_calibrate(
    *, acting_user: User, cycle: Cycle, measured: Measured, once: str, without_missing: bool = False, reason: str = ""
) -> Run:
    """End rating: keep the preview and open a case for each pair of raters apart.

    Refused (`forms-missing`) while forms are not handed in, unless that is accepted with a reason: the engine then
    holds those results or gives the weight to the other raters, as the scheme says.
    """
    claim_once(once, acting_user, "cycle.calibrate")
    held = lock_cycle(cycle.pk, Cycle.State.RATING)
    missing = missing_forms(held)
    if missing and not (without_missing and reason.strip()):
        message = _("还有 {n} 份评分没有交").format(n=len(missing))
        raise Refused("forms-missing", message, _("催办，或写明理由后不等这些评分"))
    move_cycle(held, "calibrate")
    run = _keep_preview(held, measured, acting_user)
    left = [f"{form.appraisal.person.key}/{form.role}#{form.pk}" for form in missing]
    record(
        acting_user,
        "cycle.calibrate",
        held,
        old={"state": Cycle.State.RATING},
        new={"state": held.state, "run": run.number, "missing": left, "reason": reason, "cases": len(measured.pairs)},
    )
    return run


@action
def do_recompute(*, acting_user: User, cycle: Cycle, measured: Measured) -> Run:
    """Compute the preview again, with what was decided and rated since; cases that came or went follow."""
    held = lock_cycle(cycle.pk, Cycle.State.CALIBRATING, Cycle.State.REVIEWING)
    before = held.run.number if held.run else None
    run = _keep_preview(held, measured, acting_user)
    record(acting_user, "cycle.recompute", held, old={"run": before}, new={"run": run.number})
    return run


def _keep_preview(cycle: Cycle, measured: Measured, acting_user: User | None) -> Run:
    run = engine.keep(cycle, measured.computed, purpose=Run.Purpose.PREVIEW, acting_user=acting_user)
    Cycle.objects.filter(pk=cycle.pk).update(run=run)
    cycle.run = run
    if cycle.state == Cycle.State.CALIBRATING:
        _refresh_cases(cycle, measured.pairs, acting_user)
    return run


def _cents(total: Decimal) -> int:
    return int(total * 100)


def _refresh_cases(cycle: Cycle, pairs: Sequence[tuple[date, Apart]], acting_user: User | None) -> None:
    """Open new cases, open those again whose ratings changed and still differ, and end those that no longer do."""
    appraisals = {a.person.key: a for a in cycle.appraisals.select_related("person")}
    known = {
        (c.appraisal.person.key, c.segment_from, c.first_role, c.first_rater, c.second_role, c.second_rater): c
        for c in CalibrationCase.objects.filter(cycle=cycle).select_related("appraisal__person")
    }
    facts: list[Fact] = []
    for day, pair in pairs:
        key = (pair.person, day, pair.first_role, pair.first_rater, pair.second_role, pair.second_rater)
        appraisal = appraisals.get(pair.person)
        if appraisal is None:
            continue
        values = {
            "first_total": _cents(pair.first_total),
            "second_total": _cents(pair.second_total),
            "indicators": list(pair.indicators),
        }
        case = known.pop(key, None)
        if case is None:
            case = CalibrationCase.objects.create(
                cycle=cycle, appraisal=appraisal, segment_from=day, first_role=pair.first_role,
                first_rater=pair.first_rater, second_role=pair.second_role, second_rater=pair.second_rater, **values,
            )  # fmt: skip
            facts.append(_fact(case, old=None))
        elif any(getattr(case, name) != value for name, value in values.items()):
            facts.append(_set(case, outcome=O.OPEN, **values))
    for case in known.values():
        if case.outcome in (O.OPEN, O.REOPENED):
            facts.append(_set(case, outcome=O.GONE))
    if facts:
        record_many(acting_user, "calibration.compare", facts)


def _set(case: CalibrationCase, **values: object) -> Fact:
    old = {name: getattr(case, name) for name in values}
    CalibrationCase.objects.filter(pk=case.pk).update(**values, version=F("version") + 1)
    for name, value in values.items():
        setattr(case, name, value)
    return _fact(case, old=old)


def _fact(case: CalibrationCase, old: dict[str, object] | None) -> Fact:
    new = {name: getattr(case, name) for name in (old or ("outcome", "first_total", "second_total"))}
    return Fact(target=case, old=old, new=new, person=case.appraisal.person.key, name=str(case.appraisal))


@action
def do_decide_case(
    *,
    acting_user: User,
    case: CalibrationCase,
    outcome: str,
    reason: str,
    version: int,
    once: str,
    points: Sequence[Points] = (),
    again: Sequence[RatingForm] = (),
) -> CalibrationCase:
    """Decide a case: keep the ratings, set agreed points, or have one or both raters judge again (`again`)."""
    claim_once(once, acting_user, "calibration.decide")
    cycle = lock_cycle(case.cycle_id, Cycle.State.CALIBRATING)
    case = CalibrationCase.objects.select_related("appraisal__person", "appraisal__cycle").get(pk=case.pk)
    refuse_partial(acting_user, case)
    if not reason.strip():
        raise Refused("no-reason", _("请写明依据"), _("例如引用了哪几条记录"), "reason")
    if case.version != version or case.outcome != O.OPEN:
        raise Conflict(_("这一项已经有了变化"), case.get_outcome_display())
    old = {"outcome": case.outcome}
    if outcome == O.ADJUSTED:
        set_points(
            acting_user, case.appraisal, points, kind="calibration", reason=reason, case=case,
        )  # fmt: skip
    elif outcome == O.REOPENED:
        _open_again(acting_user, case, again, reason)
    elif outcome != O.KEPT:
        raise Refused("no-such-outcome", outcome)
    CalibrationCase.objects.filter(pk=case.pk).update(
        outcome=outcome,
        reason=reason,
        decided_by=acting_user,
        decided_at=timezone.now(),
        version=F("version") + 1,
    )
    case.refresh_from_db()
    record(
        acting_user,
        "calibration.decide",
        case,
        old=old,
        new={
            "outcome": outcome,
            "reason": reason,
            "points": [[p.indicator, p.score] for p in points],
            "again": [form.pk for form in again],
            "cycle": cycle.pk,
        },
        person=case.appraisal.person.key,
        name=str(case.appraisal),
    )
    return case


def refuse_partial(user: User, case: CalibrationCase) -> None:
    """Refuse who is the person rated or one of the two raters (A9)."""
    if user.person is not None and user.person_id == case.appraisal.person_id:
        raise Refused("own-case", _("不能主持自己的校准"), _("请另一位主持人裁定"))
    if user.person is not None and user.person.key in (case.first_rater, case.second_rater):
        raise Refused("own-rating", _("您是这两位评分人之一，不能裁定"), _("请另一位主持人裁定"))
    handed_in = forms_of(case)
    if any(form.submitted_by_id == user.pk for form in handed_in):
        raise Refused("own-rating", _("您代交过其中一份评分，不能裁定"), _("请另一位主持人裁定"))


def forms_of(case: CalibrationCase) -> list[RatingForm]:
    """Return the forms of the two raters of a case, first rater first."""
    found = RatingForm.objects.filter(appraisal=case.appraisal_id).select_related("rater__user", "invitation")
    wanted = ((case.first_role, case.first_rater), (case.second_role, case.second_rater))
    by_rater: dict[tuple[str, str], RatingForm] = {}
    for form in found.order_by("segment_from", "pk"):
        key = form.role, form.rater.key if form.rater else f"guest-{form.invitation_id}"
        if form.segment_from <= case.segment_from or key not in by_rater:
            by_rater[key] = form
    return [by_rater[key] for key in wanted if key in by_rater]


def _open_again(acting_user: User, case: CalibrationCase, again: Sequence[RatingForm], reason: str) -> None:
    theirs = {form.pk for form in forms_of(case)}
    if not again or any(form.pk not in theirs for form in again):
        raise Refused("no-forms", _("没有选择由谁重评"), _("至少选择一位评分人"), "again")
    facts = []
    for form in again:
        if form.rater is None:
            raise Refused("guest-cannot-again", _("受邀评分人的链接已失效，不能退回重评"), _("改为统一评分"), "again")
        RatingForm.objects.filter(pk=form.pk).update(
            state=RatingForm.State.OPEN, submitted_at=None, version=F("version") + 1
        )
        facts.append(
            Fact(
                target=form,
                old={"state": form.state, "submitted_at": form.submitted_at},
                new={"state": RatingForm.State.OPEN, "reason": reason},
                person=case.appraisal.person.key,
                name=str(case.appraisal),
            )
        )
    record_many(acting_user, "rating.open-again", facts)
    text = _("请重新评分：{name}（校准）").format(name=case.appraisal.person.name)
    tell_people([form.rater_id for form in again], case.appraisal.cycle, text, "/cycles/ratings/")


@action
def do_submit_review(*, acting_user: User, cycle: Cycle, once: str) -> Cycle:
    """Hand the preview to the panel: every case decided, every form in, and the preview of today's inputs."""
    claim_once(once, acting_user, "cycle.submit-review")
    held = lock_cycle(cycle.pk, Cycle.State.CALIBRATING)
    left = held.calibration_cases.filter(outcome__in=(O.OPEN, O.REOPENED)).count()
    if left:
        raise Refused("cases-open", _("还有 {n} 项差异没有校准完").format(n=left), _("先逐项裁定，重评的等评分交回"))
    refuse_stale_preview(held)
    move_cycle(held, "submit_review")
    assert held.run is not None
    record(
        acting_user, "cycle.submit-review", held, old={"state": Cycle.State.CALIBRATING},
        new={"state": held.state, "run": held.run.number},
    )  # fmt: skip
    return held


def refuse_stale_preview(cycle: Cycle) -> None:
    """Refuse (`preview-stale`) when the newest run is not of today's inputs."""
    if cycle.run is None or cycle.run.inputs_digest != digest(cycle):
        raise Refused("preview-stale", _("预览之后又有评分、裁定或数据变化"), _("先重新计算预览"))


@action
def do_back_to_rating(*, acting_user: User, cycle: Cycle, reason: str, once: str) -> Cycle:
    """Give a cycle under calibration back to the raters."""
    claim_once(once, acting_user, "cycle.back-to-rating")
    held = lock_cycle(cycle.pk, Cycle.State.CALIBRATING)
    if not reason.strip():
        raise Refused("no-reason", _("请写明退回的理由"), "", "reason")
    move_cycle(held, "back_to_rating")
    new = {"state": held.state, "reason": reason}
    record(acting_user, "cycle.back-to-rating", held, old={"state": Cycle.State.CALIBRATING}, new=new)
    return held
