"""What surrounds one person's result: earlier cycles, the interview, corrections, deadlines, whom to turn to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.http import content_disposition_header

from meritdesk.errors import MeritdeskError
from meritdesk.events.calendar import WorkCalendar
from meritdesk.language import _
from meritdesk.web.access.models import User
from meritdesk.web.access.rights import Role
from meritdesk.web.cycles.deadlines import day_of
from meritdesk.web.cycles.models import Appeal, Appraisal, Correction, Cycle, Interview, PlanItem, Signature
from meritdesk.web.cycles.queries.doors import access_appraisal, appraisals_in_reach, covers
from meritdesk.web.cycles.states import APPRAISAL
from meritdesk.web.people.calendar import company_calendar
from meritdesk.web.ui import formats

TREND = 12
"""Cycles in the trend."""
CONTACTS = 3


@dataclass(frozen=True, kw_only=True)
class Deadline:
    """A time that runs: until the end of `day`; `left` counts the working days that remain, today not included."""

    title: str
    day: date
    left: int | None
    over: bool


def access_result(user: User, pk: int) -> Appraisal:
    """Return an appraisal whose result the account may read; 404 otherwise."""
    return access_appraisal(user, "results.read", pk)


def history(user: User, appraisal: Appraisal) -> list[Appraisal]:
    """Return the published appraisals of the person in cycles of this kind up to this one, the oldest first."""
    found = published(appraisals_in_reach(user, "results.read")).filter(
        person=appraisal.person_id, cycle__kind=appraisal.cycle.kind, cycle__first_day__lte=appraisal.cycle.first_day
    )
    return list(found.order_by("-cycle__first_day", "-pk")[:TREND])[::-1]


def published(found: QuerySet[Appraisal]) -> QuerySet[Appraisal]:
    """Return those with a published result, its document left in the database."""
    return (
        found.filter(cycle__published_at__isnull=False, result__isnull=False)
        .select_related("cycle", "person", "team", "result")
        .defer("result__document")
    )


def trend(appraisals: Sequence[Appraisal], title: str) -> dict[str, Any] | None:
    """Return the totals of the cycles as a chart; None for fewer than two."""
    if sum(a.result is not None and a.result.total is not None for a in appraisals) < 2:
        return None
    points = [period_title(a.cycle) for a in appraisals]
    values = [None if a.result is None or a.result.total is None else formats.score(a.result.total) for a in appraisals]
    return {"kind": "line", "title": title, "points": points, "series": [{"name": _("总分"), "values": values}]}


def period_title(cycle: Cycle) -> str:
    """Return a period in as few characters as tell it: 2025-09 for a month, else its first and last month."""
    if cycle.kind == "year":
        return f"{cycle.first_day:%Y}"
    if (cycle.first_day.year, cycle.first_day.month) == (cycle.last_day.year, cycle.last_day.month):
        return f"{cycle.first_day:%Y-%m}"
    return f"{cycle.first_day:%Y-%m} – {cycle.last_day:%m}"


def change(appraisals: Sequence[Appraisal]) -> int | None:
    """Return by how many hundredths the last total differs from the one before; None where either is missing."""
    if len(appraisals) < 2:
        return None
    before, last = appraisals[-2].result, appraisals[-1].result
    if before is None or last is None or before.total is None or last.total is None:
        return None
    return last.total - before.total


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What was said and decided about a result; None or empty where there is none."""

    interview: Interview | None
    plan: Sequence[PlanItem]
    corrections: Sequence[Correction]
    signature: Signature | None
    """What became of the sign-off of the result that stands."""
    appeal: Appeal | None
    """The latest."""


def surroundings_of(appraisal: Appraisal) -> Surroundings:
    """Return what stands around a result; asks only for what there is, so that most pages cost one query."""
    posted = Correction.objects.filter(appraisal=OuterRef("pk"), state=Correction.State.POSTED)
    signed = Signature.objects.filter(appraisal=OuterRef("pk"), result=OuterRef("result"))
    there = (
        Appraisal.objects.filter(pk=appraisal.pk)
        .select_related("interview__superior_confirmed_by")
        .annotate(
            corrected=Exists(posted),
            answered=Exists(signed),
            appealed=Exists(Appeal.objects.filter(appraisal=OuterRef("pk"))),
        )
        .get()
    )
    interview = getattr(there, "interview", None)
    return Surroundings(
        interview=interview,
        plan=list(interview.plan.order_by("pk")) if interview else [],
        corrections=_corrections(appraisal) if there.corrected else [],
        signature=_signature(appraisal) if there.answered else None,
        appeal=appraisal.appeals.order_by("-filed_at", "-pk").first() if there.appealed else None,
    )


def _corrections(appraisal: Appraisal) -> list[Correction]:
    found = Correction.objects.filter(appraisal=appraisal, state=Correction.State.POSTED)
    found = found.select_related("before", "after").defer("before__document", "after__document")
    return list(found.order_by("posted_at", "pk"))


def _signature(appraisal: Appraisal) -> Signature | None:
    found = Signature.objects.filter(appraisal=appraisal, result=appraisal.result_id).select_related("by")
    return found.order_by("-at", "-pk").first()


@dataclass(frozen=True, kw_only=True)
class Signer:
    """A line of the signatures on the form: who, what became of it, and when."""

    title: str
    name: str
    outcome: str
    tone: str
    at: datetime | None
    remark: str = ""


def signers_of(appraisal: Appraisal, around: Surroundings) -> list[Signer]:
    """Return the signatures as they really stand: of the person, the superior, and who published."""
    signature, interview = around.signature, around.interview
    person = Signer(title=_("被考核人"), name=appraisal.person.name, outcome=_("未签"), tone="", at=None)
    if signature is not None:
        person = Signer(
            title=_("被考核人"),
            name=appraisal.person.name,
            outcome=signature.get_outcome_display(),
            tone="good" if signature.outcome == Signature.Outcome.SIGNED else "warn",
            at=signature.at,
            remark=signature.remark,
        )
    name = appraisal.superior.name if appraisal.superior else ""
    superior = Signer(title=_("直接上级"), name=name, outcome=_("未确认"), tone="", at=None)
    if interview is not None and interview.superior_confirmed_at and interview.superior_confirmed_by:
        name, at = interview.superior_confirmed_by.name, interview.superior_confirmed_at
        superior = Signer(title=_("直接上级"), name=name, outcome=_("面谈已确认"), tone="good", at=at)
    run = appraisal.result.run if appraisal.result else None
    staff = Signer(
        title=_("人力资源"),
        name=run.made_by.name if run and run.made_by else "",
        outcome=_("已发布") if appraisal.cycle.published_at else _("未发布"),
        tone="good" if appraisal.cycle.published_at else "",
        at=appraisal.cycle.published_at,
    )
    return [person, superior, staff]


def signing_note(signers: Sequence[Signer]) -> str:
    """Return how the signatures stand in the system, as a line below the printed form."""
    told = []
    for each in signers:
        parts = (each.title, each.name, each.outcome, formats.moment(each.at) if each.at else "")
        told.append(" ".join(part for part in parts if part))
    return _("系统内签字：{signatures}").format(signatures=_("；").join(told))


def attachment(name: str) -> str:
    """Return the Content-Disposition of a file to be saved under `name`."""
    return str(content_disposition_header(True, name))


def appeal_end(appraisal: Appraisal) -> datetime | None:
    """Return the end (exclusive) of the person's time to appeal."""
    return appraisal.appeal_until or appraisal.cycle.appeal_until


def possible_acts(appraisal: Appraisal) -> frozenset[str]:
    """Return the acts that the state table offers from where the appraisal stands; the time of appeals considered."""
    acts = {act for state, act in APPRAISAL if state == appraisal.state}
    until = appeal_end(appraisal)
    if until is None or timezone.now() >= until:
        acts.discard("appeal")
    return frozenset(acts)


HANDLING = {"interview": "interviews.hold", "witness": "results.witness", "correct": "results.publish"}
"""What others do about a result: name of the act → right."""


def handling_of(user: User, appraisal: Appraisal) -> frozenset[str]:
    """Return what the account can do about somebody else's result as it stands; no queries."""
    possible = {act for state, act in APPRAISAL if state == appraisal.state}
    possible |= {"interview"} if appraisal.state == Appraisal.State.INTERVIEW else set()
    return frozenset(act for act, right in HANDLING.items() if act in possible and covers(user, right, appraisal))


def deadlines_of(appraisal: Appraisal, appeal: Appeal | None) -> list[Deadline]:
    """Return the times that run for the person: to sign, to appeal, to get an answer."""
    found: list[tuple[str, date]] = []
    cycle, states, now = appraisal.cycle, Appraisal.State, timezone.now()
    if appraisal.state in (states.INTERVIEW, states.SIGN_OFF) and cycle.sign_due:
        found.append((_("签字截止"), cycle.sign_due))
    until = appeal_end(appraisal)
    if "appeal" in possible_acts(appraisal) and until:
        found.append((_("申诉截止"), last_day_of(until)))
    if appraisal.state == states.APPEALING and appeal:
        found.append((_("申诉答复期限"), last_day_of(appeal.due_at)))
    if not found:
        return []
    today, calendar = day_of(now), company_calendar()
    return [Deadline(title=t, day=d, left=working_days_left(today, d, calendar), over=d < today) for t, d in found]


def last_day_of(end: datetime) -> date:
    """Return the last day that lies before an exclusive end."""
    return day_of(end - timedelta(microseconds=1))


def working_days_left(today: date, last: date, calendar: WorkCalendar) -> int | None:
    """Return the working days after `today` up to `last`; None for days whose calendar is not known or far away."""
    if last < today or (last - today).days > 60:
        return None
    try:
        return sum(calendar.is_working(today + timedelta(days=n)) for n in range(1, (last - today).days + 1))
    except MeritdeskError:
        return None


def contacts_of(appraisal: Appraisal) -> list[Mapping[str, str]]:
    """Return the people who can change a result (个人信息保护法 art. 24): the superior, then HR of the department."""
    contacts: list[Mapping[str, str]] = []
    if appraisal.superior is not None:
        contacts.append({"role": _("直接上级"), "name": appraisal.superior.name, "email": appraisal.superior.email})
    reaches = Q(grants__department__isnull=True, grants__team__isnull=True) | Q(
        grants__department=appraisal.cycle.department_id
    ) | Q(grants__team=appraisal.team_id)
    staff = User.objects.filter(Q(grants__role=Role.HR) & reaches, is_active=True).exclude(person=appraisal.person_id)
    for user in staff.distinct().order_by("pk")[:CONTACTS]:
        contacts.append({"role": _("人事专员"), "name": user.name, "email": user.email})
    return contacts
