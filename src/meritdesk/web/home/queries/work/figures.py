"""Three or four figures of an account's scope, some with their course over the last periods."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db.models import Count, Sum
from django.utils import timezone

from meritdesk.language import _
from meritdesk.web.access.models import AuditEntry, User
from meritdesk.web.access.reach import has_right
from meritdesk.web.cycles.models import Appraisal, Cycle
from meritdesk.web.cycles.queries.doors import appraisals_in_reach
from meritdesk.web.cycles.queries.results.statistics import Mean, mean_of
from meritdesk.web.home.queries.work.cycles import Busy, reaches_others
from meritdesk.web.home.queries.work.todo import link
from meritdesk.web.ui import formats

PERIODS = 6
HEIGHT = 30
"""Of the small picture of a course, whose width is 100."""
C = Cycle.State


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A figure: `course` are the points of a small line, newest last, in the field 100 × HEIGHT; empty for none."""

    title: str
    value: str
    unit: str = ""
    note: str = ""
    tone: str = ""
    url: str = ""
    course: str = field(default="")


def figures_of(user: User, own: Sequence[Appraisal], cycles: Sequence[Busy]) -> list[Figure]:
    """Return the figures of an account: of its scope where it has one, else of itself; at most two queries."""
    found = list(_scope(user, cycles)) if reaches_others(user, "cycles.read") else list(_own(own))
    if has_right(user, "audit.read"):
        since = timezone.now() - timedelta(days=7)
        count = AuditEntry.objects.filter(at__gte=since).count()
        found.insert(0, Figure(title=_("近 7 天的审计记录"), value=formats.number(count), url=link("audit")))
    return found[:4]


def _own(own: Sequence[Appraisal]) -> Iterator[Figure]:
    scored = [a for a in own if a.cycle.published_at and a.result is not None and a.result.total is not None]
    if not scored:
        return
    last = scored[0]
    alike = [a for a in scored if a.cycle.kind == last.cycle.kind][:PERIODS][::-1]
    totals = [a.result.total for a in alike if a.result is not None and a.result.total is not None]
    assert last.result is not None
    note, tone = _change(totals)
    yield Figure(
        title=_("最近总分"),
        value=formats.score(last.result.total),
        unit=_("分"),
        note=note or last.cycle.title,
        tone=tone,
        url=link("result", last.pk),
        course=course(totals),
    )
    yield Figure(title=_("最近等级"), value=last.result.grade_title or formats.NOTHING, note=last.cycle.title)
    if last.result.coefficient is not None:
        yield Figure(title=_("绩效系数"), value=formats.coefficient(last.result.coefficient), note=last.cycle.title)
    yield Figure(title=_("参加过的考核"), value=str(len(scored)), unit=_("次"), url=link("my-results"))


def _scope(user: User, cycles: Sequence[Busy]) -> Iterator[Figure]:
    running = [b for b in cycles if b.cycle.state not in (C.DRAFT, C.CLOSED)]
    people = sum(b.people for b in running)
    note = _("共 {n} 人").format(n=formats.number(people)) if running else _("现在没有")
    yield Figure(title=_("进行中的考核"), value=str(len(running)), unit=_("个"), note=note, url=link("cycles"))
    rating = [b for b in running if b.cycle.state == C.RATING]
    if rating:
        total = sum(b.forms for b in rating)
        done = total - sum(b.forms_open for b in rating)
        note = f"{formats.number(done)} / {formats.number(total)}"
        yield Figure(title=_("评分已交"), value=formats.share_of(done, total), note=note)
    published = [b for b in running if b.cycle.state == C.PUBLISHED]
    if published:
        waiting = sum(b.waiting for b in published)
        note = _("申诉中 {n} 项").format(n=sum(b.appeals for b in published))
        yield Figure(title=_("等待面谈或签字"), value=formats.number(waiting), unit=_("人"), note=note)
    if reaches_others(user, "results.read"):
        yield from _mean(user)


def _mean(user: User) -> Iterator[Figure]:
    """Yield the mean of the last month in reach; a period with fewer than five people has none (P4)."""
    means = [(day, mean) for day, mean in _means(user) if mean.value is not None]
    if not means:
        return
    day, last = means[-1]
    values = [mean.value for _day, mean in means if mean.value is not None]
    note, tone = _change(values)
    yield Figure(
        title=_("{month} 平均总分").format(month=f"{day:%Y-%m}"),
        value=formats.score(last.value),
        unit=_("分"),
        note=" · ".join(part for part in (note, f"n = {formats.number(last.n)}") if part),
        tone=tone,
        url=link("team-results"),
        course=course(values),
    )


def _means(user: User) -> list[tuple[date, Mean]]:
    readable = appraisals_in_reach(user, "results.read").exclude(person=user.person_id or 0)
    rows = (
        readable.filter(cycle__kind="month", cycle__published_at__isnull=False, result__total__isnull=False)
        .values("cycle__first_day")
        .annotate(total=Sum("result__total"), people=Count("pk"))
        .order_by("-cycle__first_day")[:PERIODS]
    )
    found = [(r["cycle__first_day"], mean_of(r["total"], r["people"], r["people"])) for r in rows]
    return found[::-1]


def _change(values: Sequence[int]) -> tuple[str, str]:
    if len(values) < 2:
        return "", ""
    difference = values[-1] - values[-2]
    tone = "good" if difference > 0 else "bad" if difference < 0 else ""
    return _("较上期 {change}").format(change=formats.difference(difference)), tone


def course(values: Sequence[int]) -> str:
    """Return the points of a small line through `values` for an SVG polyline; empty for fewer than three."""
    if len(values) < 3:
        return ""
    low, high = min(values), max(values)
    room = max(high - low, 1)
    steps = len(values) - 1
    heights = [HEIGHT - 2 - (HEIGHT - 4) * (value - low) // room for value in values]
    return " ".join(f"{100 * place // steps},{height}" for place, height in enumerate(heights))
