"""Rating somebody: one judgement saved at a time, the form handed in, and taken back before the deadline.

Every save carries the version of the form that the rater saw. Who saves second is told (`Conflict`) and overwrites
nothing. Nobody rates themselves, except in a role that is about just that.
"""

from __future__ import annotations

from django.db.models import F, QuerySet
from django.utils import timezone

from meritdesk.language import _
from meritdesk.web.access.actions import Conflict, Refused, action, claim_once, record
from meritdesk.web.access.models import User
from meritdesk.web.access.reach import absent_users
from meritdesk.web.cycles.models import Cycle, Invitation, RaterPlan, RatingForm, RatingItem, RosterEntry
from meritdesk.web.cycles.queries.rating import rows_of, why_closed, why_not_withdrawn
from meritdesk.web.cycles.queries.rubric import judgement, rubric_for

LONGEST_REMARK = 2000


@action
def do_save_rating_item(
    form: RatingForm,
    indicator: str,
    *,
    level: int | None,
    score: int | None,
    remark: str,
    version: int,
    acting_user: User | None,
    invitation: Invitation | None = None,
) -> RatingItem:
    """Save the judgement on one indicator (`score` in hundredths) and return it.

    Refused for a form that is closed, an indicator that is not on it, a level or score outside the rubric; Conflict
    when the form is no longer at `version`, with the judgement that lies there.
    """
    form = _locked(form)
    absent = _check_rater(form, acting_user, invitation)
    _check_open(form)
    found = next((each for each in rubric_for(form) if each.id == indicator), None)
    if found is None:
        raise Refused("no-such-indicator", _("评分表里没有这个指标"), _("请刷新页面"))
    points = judgement(found, level, score)
    remark = remark.strip()
    if len(remark) > LONGEST_REMARK:
        raise Refused(
            "remark-too-long", _("评语超过 {n} 字").format(n=LONGEST_REMARK), _("写要点，细节放进附件"), found.title
        )
    before = form.items.filter(indicator=indicator).first()
    _take_turn(form, version, before)
    old = _values(before) if before else None
    item = before or RatingItem(form=form, indicator=indicator)
    item.level, item.score, item.remark = level, points, remark
    item.save()
    record(
        acting_user, "rating.save", item, old=old, new=_values(item), person=form.appraisal.person.key,
        name=_called(form, found.title), on_behalf_of=absent,
    )  # fmt: skip
    return item


@action
def do_submit_rating_form(
    form: RatingForm, *, version: int, once: str, acting_user: User | None, invitation: Invitation | None = None
) -> RatingForm:
    """Hand a form in; it counts from then on. Refused, naming each indicator, while something is missing."""
    claim_once(once, acting_user, "rating.submit")
    return submit(form, version=version, acting_user=acting_user, invitation=invitation)


def submit(form: RatingForm, *, version: int, acting_user: User | None, invitation: Invitation | None) -> RatingForm:
    """Hand a form in, inside an action."""
    form = _locked(form)
    absent = _check_rater(form, acting_user, invitation)
    _check_open(form)
    _check_still_rater(form)
    rows = rows_of(form, rubric_for(form), list(form.items.all()), writable=True)
    template = _("{indicator}（{what}）")
    lacking = [template.format(indicator=row.indicator.title, what=row.lacking) for row in rows if row.lacking]
    if lacking:
        raise Refused(
            "rating-incomplete",
            _("{name}的评分还差 {n} 项").format(name=form.appraisal.person.name, n=len(lacking)),
            _("补齐后再提交：{list}").format(list="、".join(lacking)),
        )
    _take_turn(form, version, None)
    form.state, form.submitted_at, form.submitted_by = RatingForm.State.SUBMITTED, timezone.now(), acting_user
    form.save(update_fields=["state", "submitted_at", "submitted_by"])
    record(
        acting_user, "rating.submit", form, old={"state": RatingForm.State.OPEN}, new=_whole(form),
        person=form.appraisal.person.key, name=_called(form), on_behalf_of=absent,
    )  # fmt: skip
    return form


@action
def do_withdraw_submission(form: RatingForm, *, version: int, acting_user: User) -> RatingForm:
    """Take a form back that was handed in, to change it; refused after the deadline or once rating is over."""
    form = _locked(form)
    absent = _check_rater(form, acting_user, None)
    if form.state != RatingForm.State.SUBMITTED:
        raise Refused("not-submitted", _("这份评分还没有提交"), _("请刷新页面"))
    if reason := why_not_withdrawn(form):
        raise Refused("too-late", _("不能撤回：{reason}").format(reason=reason), _("请联系人事"))
    _take_turn(form, version, None)
    old = {"state": form.state, "submitted_at": form.submitted_at}
    form.state, form.submitted_at, form.submitted_by = RatingForm.State.OPEN, None, None
    form.save(update_fields=["state", "submitted_at", "submitted_by"])
    record(
        acting_user, "rating.withdraw", form, old=old, new={"state": form.state},
        person=form.appraisal.person.key, name=_called(form), on_behalf_of=absent,
    )  # fmt: skip
    return form


def _locked(form: RatingForm) -> RatingForm:
    """Return the form as it is now. Its cycle is locked first: it cannot leave rating while a judgement is saved."""
    cycle = Cycle.objects.select_for_update(no_key=True).get(pk=form.appraisal.cycle_id)
    found = RatingForm.objects.select_for_update(of=("self",)).select_related(
        "appraisal__person", "appraisal__cycle__scheme_version__scheme", "rater"
    )
    now = found.get(pk=form.pk)
    now.appraisal.cycle.state = cycle.state
    return now


def _take_turn(form: RatingForm, version: int, theirs: RatingItem | None) -> None:
    """Count the form's version on; Conflict when it is not the one that was seen."""
    if not RatingForm.objects.filter(pk=form.pk, version=version).update(version=F("version") + 1):
        raise Conflict(_("这份评分在别的窗口或由别人改过了，这次没有保存"), theirs)
    form.version = version + 1


def _check_rater(form: RatingForm, user: User | None, invitation: Invitation | None) -> User | None:
    """Return the absent rater whom `user` stands in for, None for the rater; Refused for anybody else."""
    if user is None:
        alive = invitation is not None and live(invitation.pk).exists()
        if invitation is None or not alive or form.invitation_id != invitation.pk:
            raise Refused("not-rater", _("这份评分不归您填写"))
        return None
    subject, rater = form.appraisal.person_id, form.rater_id
    if rater is None:
        raise Refused("not-rater", _("这份评分不归您填写"))
    if rater == subject and not _rates_oneself(form):
        raise Refused("rates-oneself", _("不能给自己评分"), _("请人事改派评分人"))
    if user.person_id == rater:
        return None
    absent = User.objects.filter(person=rater, pk__in=absent_users(user)).first()
    if absent is None or user.person_id == subject or rater == subject:
        raise Refused("not-rater", _("这份评分不归您填写"))
    return absent


def live(pk: int) -> QuerySet[Invitation]:
    """Return the invitation if its link still opens something, else none."""
    return Invitation.objects.filter(
        pk=pk, used_at__isnull=True, revoked_at__isnull=True, expires_at__gt=timezone.now()
    )


def _plan(form: RatingForm) -> RaterPlan | None:
    return RaterPlan.objects.filter(cycle=form.appraisal.cycle_id, role=form.role).first()


def _rates_oneself(form: RatingForm) -> bool:
    plan = _plan(form)
    return form.role == "self" if plan is None else plan.kind == RaterPlan.Kind.SELF


def _check_still_rater(form: RatingForm) -> None:
    """Refuse a form whose rater is no longer the one the plan and the roster name."""
    plan = _plan(form)
    if plan is None or form.rater is None:
        return
    gone = False
    if plan.kind == RaterPlan.Kind.PEOPLE:
        gone = not plan.people.filter(pk=form.rater.pk).exists()
    elif plan.kind == RaterPlan.Kind.SUPERIOR:
        entries = RosterEntry.objects.filter(
            cycle=form.appraisal.cycle_id, person=form.appraisal.person_id, valid_from__lte=form.day
        )
        last = entries.order_by("-valid_from").first()
        gone = last is not None and last.superior not in ("", form.rater.key)
    if gone:
        raise Refused("no-longer-rater", _("名册或评分人已变更，这份评分不再由您填写"), _("请联系人事"))


def _check_open(form: RatingForm) -> None:
    if reason := why_closed(form):
        raise Refused("form-closed", _("不能修改：{reason}").format(reason=reason), _("需要修改请联系人事"))


def _values(item: RatingItem) -> dict[str, object]:
    return {"level": item.level, "score": item.score, "remark": item.remark}


def _whole(form: RatingForm) -> dict[str, object]:
    return {"state": form.state, "items": {item.indicator: _values(item) for item in form.items.order_by("indicator")}}


def _called(form: RatingForm, indicator: str = "") -> str:
    parts = [form.appraisal.person.name, form.appraisal.cycle.title, form.role, indicator]
    return " · ".join(part for part in parts if part)
