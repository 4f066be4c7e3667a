"""What a person has to do in their own matters, and what they have to rate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.db.models import Count, OuterRef, QuerySet
from django.utils import timezone

from meritdesk.language import _
from meritdesk.web.access.models import User
from meritdesk.web.cycles.models import Appraisal, Cycle, Target
from meritdesk.web.cycles.queries.members import short_people
from meritdesk.web.cycles.queries.results.person import last_day_of
from meritdesk.web.home.queries.notices import count_of, open_forms
from meritdesk.web.home.queries.work.todo import Todo, link

A, C = Appraisal.State, Cycle.State
SHOWN = 13
"""Own appraisals that are looked at: those at work, and a year for the trend."""


def own_appraisals(user: User) -> list[Appraisal]:
    """Return the account's own newest appraisals, with `targets_open`; one query, none without a person."""
    if user.person_id is None:
        return []
    targets = Target.objects.filter(appraisal=OuterRef("pk"), agreed_at__isnull=True)
    found: QuerySet[Appraisal] = (
        Appraisal.objects.filter(person=user.person_id)
        .exclude(cycle__state=C.DRAFT)
        .select_related("cycle", "result", "interview", "self_appraisal")
        .defer("result__document")
        .annotate(targets_open=count_of(targets))
        .order_by("-cycle__first_day", "-pk")
    )
    return list(found[:SHOWN])


def own_todos(appraisals: Iterable[Appraisal]) -> Iterator[Todo]:
    """Yield what the person has to do about their own appraisals."""
    for appraisal in appraisals:
        cycle = appraisal.cycle
        if cycle.state in (C.ARCHIVED, C.CLOSED):
            continue
        if cycle.published_at is None:
            yield from _before(appraisal, cycle)
        elif appraisal.result_id is not None:
            yield from _after(appraisal, cycle)


def _before(appraisal: Appraisal, cycle: Cycle) -> Iterator[Todo]:
    targets: int = appraisal.targets_open  # type: ignore[attr-defined]
    if targets and cycle.state in (C.OPEN, C.COLLECTING):
        yield Todo(
            title=_("确认个人目标"),
            why=_("{cycle}：{n} 个目标等您确认，确认后才生效").format(cycle=cycle.title, n=targets),
            act=_("去确认"),
            url=link("targets-mine"),
        )
    written = getattr(appraisal, "self_appraisal", None)
    unwritten = cycle.state in (C.COLLECTING, C.RATING) and (written is None or written.submitted_at is None)
    if unwritten and not short_people(cycle, [appraisal.person_id]):
        yield Todo(
            title=_("填写自评"),
            why=_("{cycle}：说明成果、不足和需要的支持，评分人会看到").format(cycle=cycle.title),
            act=_("写自评") if written is None else _("继续写"),
            url=link("self-appraisal", appraisal.pk),
            due=cycle.self_due,
        )


def _after(appraisal: Appraisal, cycle: Cycle) -> Iterator[Todo]:
    interview = getattr(appraisal, "interview", None)
    until = appraisal.appeal_until or cycle.appeal_until
    if appraisal.state == A.INTERVIEW and interview and interview.superior_confirmed_at:
        yield Todo(
            title=_("确认面谈记录"),
            why=_("{cycle}：上级已确认面谈，请核对约定的内容").format(cycle=cycle.title),
            act=_("去确认"),
            url=link("interview", appraisal.pk),
            due=cycle.sign_due,
        )
    elif appraisal.state == A.INTERVIEW and until is not None and until > timezone.now():
        last = last_day_of(until)
        yield Todo(
            title=_("看考核结果"),
            why=_("{cycle}：结果已发布，等上级约面谈；有异议可申诉，到 {day} 24:00 止").format(
                cycle=cycle.title, day=f"{last:%m-%d}"
            ),
            act=_("看结果"),
            url=link("result", appraisal.pk),
            due=last,
        )
    if appraisal.state in (A.SIGN_OFF, A.UPHELD, A.REJECTED, A.WITHDRAWN):
        hint = _("{cycle}：看懂结果后签字；有异议可在 {day} 前申诉")
        plain = _("{cycle}：看懂结果后签字确认")
        open_still = until is not None and appraisal.state == A.SIGN_OFF
        day = f"{last_day_of(until):%m-%d}" if until else ""
        yield Todo(
            title=_("确认考核结果"),
            why=(hint if open_still else plain).format(cycle=cycle.title, day=day),
            act=_("看结果并签字"),
            url=link("result", appraisal.pk),
            due=cycle.sign_due,
        )


def rating_todos(user: User) -> Iterator[Todo]:
    """Yield one line for each cycle in which the account still has forms to hand in."""
    left = (
        open_forms(user)
        .values("appraisal__cycle", "appraisal__cycle__title", "appraisal__cycle__rating_due")
        .annotate(n=Count("pk"))
        .order_by("appraisal__cycle__rating_due")
    )
    for row in left:
        yield Todo(
            title=_("完成 {n} 份评分").format(n=row["n"]),
            why=_("{cycle}：您是评分人，缺您的评分结果出不来").format(cycle=row["appraisal__cycle__title"]),
            act=_("去评分"),
            url=link("ratings"),
            due=row["appraisal__cycle__rating_due"],
        )
