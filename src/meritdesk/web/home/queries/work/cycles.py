"""What those who run, calibrate, review and decide have to do, cycle by cycle; one query for all cycles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from meritdesk.language import _
from meritdesk.web.access.models import User
from meritdesk.web.access.reach import reach
from meritdesk.web.cycles.deadlines import day_of
from meritdesk.web.cycles.models import (
    Appeal,
    Appraisal,
    CalibrationCase,
    Correction,
    Cycle,
    DataFile,
    PanelReview,
    RatingForm,
)
from meritdesk.web.cycles.queries.doors import appraisals_in_reach, cycles_in_reach
from meritdesk.web.cycles.queries.results.person import last_day_of
from meritdesk.web.home.queries.notices import count_of
from meritdesk.web.home.queries.work.todo import Todo, link

A, C = Appraisal.State, Cycle.State
SHOWN = 60
"""Cycles that are looked at, the newest; older ones at work are on the list of cycles."""
COUNTS = (
    "people", "forms", "forms_open", "cases_open", "approved", "has_data", "to_interview", "waiting", "to_witness",
    "held", "appeals", "appeals_mine", "appeals_due", "corrections", "correction",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Busy:
    """A cycle that is not archived, with the counts that the work list and the figures rest on."""

    cycle: Cycle
    people: int
    forms: int
    forms_open: int
    cases_open: int
    approved: bool
    """Whether the panel approved the newest run."""
    has_data: bool
    to_interview: int
    """Interviews that the account may hold and that the superior has not confirmed."""
    waiting: int
    """People in reach who have not signed."""
    to_witness: int
    held: int
    appeals: int
    appeals_mine: int
    """Open appeals that the account may decide."""
    appeals_due: date | None
    corrections: int
    """Corrections that wait for a second approver who is not their author."""
    correction: int | None
    """The first of them."""


def reaches_others(user: User, right: str) -> bool:
    """Return whether the account has a right over others."""
    scope = reach(user, right)
    return bool(scope.everybody or scope.departments or scope.teams)


def covers(user: User, right: str, cycle: Cycle) -> bool:
    """Return whether the account has a right over a whole cycle."""
    scope = reach(user, right)
    return scope.everybody or cycle.department_id in scope.departments or cycle.team_id in scope.teams


def busy_cycles(user: User) -> list[Busy]:
    """Return the cycles in reach that are not archived, the newest first; one query, none without the right."""
    if not reaches_others(user, "cycles.read"):
        return []
    of_cycle = {"cycle": OuterRef("pk")}
    readable = Appraisal.objects.filter(**of_cycle, pk__in=appraisals_in_reach(user, "results.read").values("pk"))
    held_by = appraisals_in_reach(user, "interviews.hold").values("pk")
    decided_by = appraisals_in_reach(user, "appeals.decide").values("pk")
    witnessed_by = appraisals_in_reach(user, "results.witness").values("pk")
    forms = RatingForm.objects.filter(appraisal__cycle=OuterRef("pk"))
    appeals = Appeal.objects.filter(appraisal__cycle=OuterRef("pk"), state=Appeal.State.OPEN)
    mine = appeals.filter(appraisal__in=decided_by)
    confirmed = Q(interview__superior_confirmed_at__isnull=False)
    proposed = Correction.objects.filter(appraisal__cycle=OuterRef("pk"), state=Correction.State.PROPOSED)
    approved = PanelReview.objects.filter(run=OuterRef("run"), outcome=PanelReview.Outcome.APPROVED)
    late = Q(cycle__sign_due__lt=timezone.localdate())
    found = (
        cycles_in_reach(user, "cycles.read")
        .exclude(state=C.ARCHIVED)
        .annotate(
            people=count_of(Appraisal.objects.filter(**of_cycle)),
            forms=count_of(forms),
            forms_open=count_of(forms.filter(state=RatingForm.State.OPEN)),
            cases_open=count_of(CalibrationCase.objects.filter(**of_cycle, outcome=CalibrationCase.Outcome.OPEN)),
            approved=Exists(approved),
            has_data=Exists(DataFile.objects.filter(**of_cycle, withdrawn=False)),
            to_interview=count_of(
                Appraisal.objects.filter(**of_cycle, state=A.INTERVIEW, pk__in=held_by).exclude(confirmed)
            ),
            waiting=count_of(readable.filter(state__in=[A.INTERVIEW, A.SIGN_OFF])),
            to_witness=count_of(Appraisal.objects.filter(late, **of_cycle, state=A.SIGN_OFF, pk__in=witnessed_by)),
            held=count_of(readable.filter(state=A.HELD)),
            appeals=count_of(appeals),
            appeals_mine=count_of(mine),
            appeals_due=mine.order_by("due_at").values("due_at")[:1],
            corrections=count_of(proposed.exclude(proposed_by=user)),
            correction=proposed.exclude(proposed_by=user).order_by("pk").values("pk")[:1],
        )
        .order_by("-first_day", "title")
    )
    return [_busy(cycle) for cycle in found[:SHOWN]]


def _busy(cycle: Cycle) -> Busy:
    counts = {name: getattr(cycle, name) for name in COUNTS}
    if counts["appeals_due"] is not None:
        counts["appeals_due"] = last_day_of(counts["appeals_due"])
    return Busy(cycle=cycle, **counts)


def cycle_todos(user: User, cycles: Iterable[Busy]) -> Iterator[Todo]:
    """Yield what the account has to do in the cycles it reaches."""
    cycles = list(cycles)
    yield from _archiving(user, cycles)
    for busy in cycles:
        if covers(user, "cycles.run", busy.cycle):
            yield from _running(busy)
        if covers(user, "results.publish", busy.cycle) or covers(user, "cycles.close", busy.cycle):
            yield from _publishing(busy)
        yield from _deciding(user, busy)
        yield from _following(user, busy)


def _running(busy: Busy) -> Iterator[Todo]:
    cycle, board = busy.cycle, link("cycle-board", busy.cycle.pk)
    if cycle.state == C.DRAFT:
        yield Todo(title=_("开始考核"), why=_("{cycle} 还在筹备").format(cycle=cycle.title), act=_("去设置"), url=board)
    elif cycle.state == C.OPEN:
        why = _("{cycle}：目标确认后开始收集数据").format(cycle=cycle.title)
        yield Todo(title=_("收集数据"), why=why, act=_("看进度"), url=board, due=cycle.last_day)
    elif cycle.state == C.COLLECTING and not busy.has_data:
        why = _("{cycle}：还没有附上任何数据文件，指标算不出来").format(cycle=cycle.title)
        url = link("cycle-data", cycle.pk)
        yield Todo(title=_("附上数据"), why=why, act=_("上传文件"), url=url, due=cycle.last_day)
    elif cycle.state == C.COLLECTING:
        why = _("{cycle}：数据已附上，核对后开始评分").format(cycle=cycle.title)
        yield Todo(title=_("开始评分"), why=why, act=_("去开始"), url=board, due=cycle.rating_due)
    elif cycle.state == C.RATING:
        yield _rating(busy, board)
    elif cycle.state == C.CALIBRATING and not busy.cases_open:
        why = _("{cycle}：差异都已处理，可以交小组复核").format(cycle=cycle.title)
        url = link("calibration", cycle.pk)
        yield Todo(title=_("提交复核"), why=why, act=_("去提交"), url=url, due=cycle.review_due)


def _rating(busy: Busy, board: str) -> Todo:
    cycle = busy.cycle
    if busy.forms_open:
        title = _("催交 {n} 份评分").format(n=busy.forms_open)
        why = _("{cycle}：已交 {done} / {all}").format(
            cycle=cycle.title, done=busy.forms - busy.forms_open, all=busy.forms
        )
        return Todo(title=title, why=why, act=_("看谁没交"), url=board, due=cycle.rating_due)
    why = _("{cycle}：{n} 份评分已全部交齐").format(cycle=cycle.title, n=busy.forms)
    return Todo(title=_("进入校准"), why=why, act=_("去校准"), url=board, due=cycle.rating_due)


def _publishing(busy: Busy) -> Iterator[Todo]:
    cycle = busy.cycle
    if cycle.state == C.REVIEWING and busy.approved:
        why = _("{cycle}：小组已通过，{n} 人等结果").format(cycle=cycle.title, n=busy.people)
        url = link("publish", cycle.pk)
        yield Todo(title=_("发布结果"), why=why, act=_("去发布"), url=url, due=cycle.review_due)
    over = cycle.appeal_until is not None and cycle.appeal_until <= timezone.now()
    if cycle.state == C.PUBLISHED and over and not busy.appeals:
        why = _("{cycle}：申诉期已过，没有未决的申诉").format(cycle=cycle.title)
        due = day_of(cycle.appeal_until) + timedelta(days=1) if cycle.appeal_until else None
        yield Todo(title=_("关闭考核"), why=why, act=_("去关闭"), url=link("close", cycle.pk), due=due)
    if cycle.state == C.PUBLISHED and busy.held:
        title = _("{n} 人暂不出结果").format(n=busy.held)
        why = _("{cycle}：补齐缺少的数据或评分后再出结果").format(cycle=cycle.title)
        url = f"{link('team-results')}?cycle={cycle.pk}&f_state={A.HELD}"
        yield Todo(title=title, why=why, act=_("看是谁"), url=url)


def _archiving(user: User, cycles: Iterable[Busy]) -> Iterator[Todo]:
    """Yield one line for all closed cycles together: none of them is urgent."""
    closed = [b.cycle for b in cycles if b.cycle.state == C.CLOSED and covers(user, "cycles.close", b.cycle)]
    if closed:
        why = _("{cycle} 等已关闭，封存后数据和结果可独立验证").format(cycle=closed[0].title)
        url = link("archive", closed[0].pk) if len(closed) == 1 else link("cycles")
        yield Todo(title=_("归档 {n} 个考核").format(n=len(closed)), why=why, act=_("去归档"), url=url)


def _deciding(user: User, busy: Busy) -> Iterator[Todo]:
    cycle = busy.cycle
    if cycle.state == C.CALIBRATING and busy.cases_open and covers(user, "calibration.decide", cycle):
        title = _("校准 {n} 组评分差异").format(n=busy.cases_open)
        why = _("{cycle}：评分人之间的差距达到方案的界限").format(cycle=cycle.title)
        yield Todo(title=title, why=why, act=_("去校准"), url=link("calibration", cycle.pk), due=cycle.review_due)
    if cycle.state == C.REVIEWING and not busy.approved and covers(user, "review.decide", cycle):
        why = _("{cycle}：{n} 人的结果等小组复核").format(cycle=cycle.title, n=busy.people)
        yield Todo(title=_("复核结果"), why=why, act=_("去复核"), url=link("review", cycle.pk), due=cycle.review_due)
    if busy.appeals_mine:
        title = _("裁定 {n} 项申诉").format(n=busy.appeals_mine)
        why = _("{cycle}：须在期限内书面答复").format(cycle=cycle.title)
        yield Todo(title=title, why=why, act=_("去裁定"), url=link("appeals"), due=busy.appeals_due)
    if busy.corrections and covers(user, "corrections.approve", cycle):
        title = _("批准 {n} 项更正").format(n=busy.corrections)
        why = _("{cycle}：对员工不利的更正需要第二人批准").format(cycle=cycle.title)
        yield Todo(title=title, why=why, act=_("去批准"), url=link("correction", busy.correction))


def _following(user: User, busy: Busy) -> Iterator[Todo]:
    cycle = busy.cycle
    if cycle.state != C.PUBLISHED:
        return
    team = f"{link('team-results')}?cycle={cycle.pk}"
    if busy.to_interview:
        title = _("和 {n} 人面谈").format(n=busy.to_interview)
        why = _("{cycle}：结果已发布，面谈后才能签字").format(cycle=cycle.title)
        yield Todo(title=title, why=why, act=_("看名单"), url=f"{team}&f_state={A.INTERVIEW}", due=cycle.sign_due)
    if busy.to_witness and reaches_others(user, "results.witness"):
        title = _("{n} 人逾期未签字").format(n=busy.to_witness)
        why = _("{cycle}：请当面确认，拒签或联系不上的由您见证").format(cycle=cycle.title)
        yield Todo(title=title, why=why, act=_("看名单"), url=f"{team}&f_state={A.SIGN_OFF}", due=cycle.sign_due)
