"""Making a cycle and opening it: period, raters, deadlines, and the snapshot of the roster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from meritdesk.language import _
from meritdesk.readiness import unlike_cycle
from meritdesk.results import Period
from meritdesk.web.access.actions import Fact, Refused, action, claim_once, record, record_many
from meritdesk.web.access.models import User
from meritdesk.web.cycles import engine
from meritdesk.web.cycles.actions.holding import PREPARING, UNPUBLISHED, hold, refresh, touch
from meritdesk.web.cycles.actions.telling import tell_people
from meritdesk.web.cycles.models import Appraisal, Cycle, RaterPlan, RosterEntry
from meritdesk.web.cycles.queries.members import LINE_FIELDS, Line, Member, membership_now
from meritdesk.web.cycles.queries.periods import STEPS
from meritdesk.web.cycles.queries.rater_plans import guessed_kind, guessed_people, rating_roles
from meritdesk.web.cycles.states import move_cycle
from meritdesk.web.people.models import Department, Person, Team
from meritdesk.web.schemes.models import SchemeVersion
from meritdesk.web.ui.text import listed

NAMED_EACH = 1
"""How many of the named people rate each person, until HR says otherwise."""


@dataclass(frozen=True, kw_only=True)
class RaterChoice:
    """Who rates in a role, as HR chose it."""

    kind: str
    people: Sequence[int] = ()
    """Ids."""
    keys: Sequence[str] = ()
    """Staff keys, as typed in."""
    number: int = NAMED_EACH


@action
def do_create_cycle(
    *,
    acting_user: User,
    title: str,
    department: Department,
    team: Team | None,
    scheme_version: SchemeVersion,
    first_day: date,
    last_day: date,
    deadlines: Mapping[str, date | None],
    once_key: str,
) -> Cycle:
    """Make a cycle in draft with a guess of its raters; its kind is the scheme's."""
    claim_once(once_key, acting_user, "cycle.create")
    if scheme_version.state != SchemeVersion.State.PUBLISHED:
        raise Refused("scheme-not-published", _("这个方案版本没有发布"), _("先发布方案，或选择已发布的版本"), "scheme")
    if team is not None and team.department_id != department.pk:
        raise Refused("team-elsewhere", _("这个班组不属于所选部门"), place="scope")
    if not title.strip():
        raise Refused("no-title", _("没有填写名称"), _("例如：客服部 2025年9月"), "title")
    if last_day < first_day:
        raise Refused("period-reversed", _("最后一天早于第一天"), _("改正日期"), "last_day")
    cycle = Cycle(
        title=title.strip()[:120],
        department=department,
        team=team,
        first_day=first_day,
        last_day=last_day,
        scheme_version=scheme_version,
        created_by=acting_user,
        **_checked_deadlines(last_day, deadlines),
    )
    scheme = engine.loaded_scheme(cycle).scheme
    cycle.kind = scheme.cycle.kind
    unlike_cycle(scheme, Period(first_day, last_day))
    try:
        with transaction.atomic():
            cycle.save()
    except IntegrityError as error:
        message = _("同一部门、方案和期间的考核已经有了")
        raise Refused("cycle-exists", message, _("到考核列表中打开它"), "scheme") from error
    for role in rating_roles(scheme):
        _guess(cycle, role.id)
    new = {
        "title": cycle.title, "scheme": str(scheme_version), "first_day": first_day, "last_day": last_day,
        "team": str(team) if team else "", "department": department.name,
    }  # fmt: skip
    record(acting_user, "cycle.create", cycle, new=new)
    return cycle


def _guess(cycle: Cycle, role: str) -> None:
    kind = guessed_kind(role)
    number = NAMED_EACH if kind == RaterPlan.Kind.PEOPLE else 3
    plan = RaterPlan.objects.create(cycle=cycle, role=role, kind=kind, number=number)
    if kind == RaterPlan.Kind.PEOPLE:
        plan.people.set(guessed_people(role, cycle))


def _checked_deadlines(last_day: date, deadlines: Mapping[str, date | None]) -> dict[str, date | None]:
    before, checked = last_day, {name: deadlines.get(name) for name in STEPS}
    for name, day in checked.items():
        if day is None:
            continue
        if day < before:
            raise Refused("deadlines-order", _("期限不能早于考核期末或前一步的期限"), _("改正日期"), name)
        before = day
    return checked


@action
def do_set_raters(*, acting_user: User, cycle: Cycle, version: int, choices: Mapping[str, RaterChoice]) -> None:
    """Say who rates in each role; possible until rating begins."""
    locked = hold(cycle, version, *PREPARING)
    known = {role.id for role in rating_roles(engine.loaded_scheme(locked).scheme)}
    plans = {plan.role: plan for plan in locked.rater_plans.prefetch_related("people")}
    old, new = {}, {}
    for role, choice in choices.items():
        if role not in known or choice.kind not in RaterPlan.Kind.values:
            raise Refused("no-such-role", _("方案中没有这个评分角色"), _("请刷新页面"))
        if not 1 <= choice.number <= 50:
            raise Refused("bad-number", _("每人的评分人数应在 1 到 50 之间"), place=role)
        if choice.kind == RaterPlan.Kind.SELF and role != "self":
            raise Refused("self-elsewhere", _("只有“本人”角色可以自己评自己"), _("选择别的评分人"), role)
        plan = plans.get(role)
        if plan:
            old[role] = _described(plan)
        plan, _made = RaterPlan.objects.update_or_create(
            cycle=locked, role=role, defaults={"kind": choice.kind, "number": choice.number}
        )
        plan.people.set(_named(choice) if choice.kind == RaterPlan.Kind.PEOPLE else [])
        new[role] = _described(plan)
    touch(locked)
    record(acting_user, "cycle.raters", locked, old=old, new=new)


def _named(choice: RaterChoice) -> list[Person]:
    """Return the people named by id or by staff key; Refused for a key that nobody has."""
    keys = {key.strip() for key in choice.keys if key.strip()}
    found = list(Person.objects.filter(Q(pk__in=choice.people) | Q(key__in=keys)))
    unknown = keys - {person.key for person in found}
    if unknown:
        message = _("没有工号为“{keys}”的人").format(keys=listed(sorted(unknown)))
        raise Refused("no-such-person", message, _("核对工号，多个用逗号分开"))
    return found


def _described(plan: RaterPlan) -> dict[str, object]:
    return {"kind": plan.kind, "number": plan.number, "people": sorted(person.key for person in plan.people.all())}


@action
def do_change_deadlines(
    *, acting_user: User, cycle: Cycle, version: int, deadlines: Mapping[str, date | None], reason: str
) -> None:
    """Move the deadlines of a cycle that is not published yet; the reason goes into the audit."""
    locked = hold(cycle, version, *UNPUBLISHED)
    if not reason.strip():
        raise Refused("no-reason", _("没有填写原因"), _("写明为什么改期"), "reason")
    checked = _checked_deadlines(locked.last_day, deadlines)
    old = {name: getattr(locked, name) for name in STEPS}
    for name, day in checked.items():
        setattr(locked, name, day)
    touch(locked, *STEPS)
    record(acting_user, "cycle.deadlines", locked, old=old, new={**checked, "reason": reason.strip()})


@action
def do_drop_cycle(*, acting_user: User, cycle: Cycle, version: int) -> None:
    """Throw away a draft: nobody was told of it, nothing was entered."""
    locked = hold(cycle, version, Cycle.State.DRAFT)
    record(acting_user, "cycle.drop", locked, old={"title": locked.title})
    locked.delete()


@action
def do_open_cycle(*, acting_user: User, cycle: Cycle, version: int, once_key: str = "") -> int:
    """Open a cycle: take the snapshot of the roster, make the appraisals, tell the people. Return how many."""
    if once_key:
        claim_once(once_key, acting_user, "cycle.open")
    locked = hold(cycle, version, Cycle.State.DRAFT)
    loaded = engine.loaded_scheme(locked)
    membership = membership_now(
        loaded.scheme, locked.kind, engine.period_of(locked), locked.department, locked.team, but=locked.pk
    )
    if not membership.members:
        raise Refused("nobody", _("没有人可以参加这次考核"), _("检查人员的任职、岗位与方案的岗位是否一致"))
    errors = [problem for problem in membership.problems if problem.severity == "error"]
    if errors:
        raise Refused(errors[0].code, errors[0].message, errors[0].fix, errors[0].place)
    appraisals = add_members(locked, membership.members)
    before = move_cycle(locked, "open")
    locked.opened_at = timezone.now()
    locked.save(update_fields=["opened_at"])
    tell_members(locked, membership.members)
    record(
        acting_user, "cycle.open", locked, old={"state": before},
        new={"state": locked.state, "people": len(appraisals), "scheme_hash": loaded.content_hash,
             "left_out": [out.key for out in membership.left_out]},
    )  # fmt: skip
    facts = [Fact(target=a, new={"team": a.team_id, "position": a.position}, person=key, name=name)
             for a, key, name in appraisals]  # fmt: skip
    record_many(acting_user, "appraisal.open", facts)
    refresh(cycle, locked)
    return len(appraisals)


def add_members(cycle: Cycle, members: Sequence[Member]) -> list[tuple[Appraisal, str, str]]:
    """Write the roster lines and the appraisals of people; return (appraisal, key, name) of each."""
    RosterEntry.objects.bulk_create([entry_of(cycle, line) for m in members for line in m.lines], batch_size=500)
    superiors = superiors_of(members)
    content_hash = engine.loaded_scheme(cycle).content_hash
    made = Appraisal.objects.bulk_create(
        [
            Appraisal(cycle=cycle, person_id=m.person, scheme_hash=content_hash, **post_of(m, superiors))
            for m in members
        ],
        batch_size=500,
    )
    return [(appraisal, m.key, m.name) for appraisal, m in zip(made, members, strict=True)]


def superiors_of(members: Iterable[Member]) -> dict[str, int]:
    """Return staff key → person id of everybody named as superior of a last line."""
    return dict(Person.objects.filter(key__in={m.last.superior for m in members}).values_list("key", "pk"))


def post_of(member: Member, superiors: Mapping[str, int]) -> dict[str, object]:
    """Return the fields of an appraisal that follow from its last segment."""
    return {
        "team_id": member.last.team,
        "superior_id": superiors.get(member.last.superior),
        "position": member.segments[-1].position,
    }


def entry_of(cycle: Cycle, line: Line) -> RosterEntry:
    """Return a line of the roster as the cycle keeps it."""
    return RosterEntry(cycle=cycle, person_id=line.person, **{name: getattr(line, name) for name in LINE_FIELDS})


def tell_members(cycle: Cycle, members: Sequence[Member]) -> None:
    """Leave a notice for everybody who is appraised."""
    text = _("“{cycle}”已开始，考核期 {first} 至 {last}").format(
        cycle=cycle.title, first=cycle.first_day.isoformat(), last=cycle.last_day.isoformat()
    )
    tell_people([member.person for member in members], cycle, text, reverse("targets-mine"))
