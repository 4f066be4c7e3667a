"""Who rates whom: the forms that a cycle's rater plans come to, and the gaps they leave.

Nothing is written here: the setup page shows the plan, `actions.rating` makes the forms of it, and a change of the
roster compares it with the forms that are there.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Q

from meritdesk.language import _
from meritdesk.roster import Assignment as Segment
from meritdesk.roster import to_date
from meritdesk.scheme.document import RaterRole, RatingSource, Scheme
from meritdesk.web.access.models import RoleGrant
from meritdesk.web.access.rights import Role
from meritdesk.web.cycles.models import Cycle, RaterPlan
from meritdesk.web.cycles.queries.members import Member, Membership, last_day_of
from meritdesk.web.people.models import Assignment, Person

Kind = RaterPlan.Kind

GUESSES: Mapping[str, RaterPlan.Kind] = {
    "superior": Kind.SUPERIOR, "lead": Kind.SUPERIOR, "manager": Kind.SUPERIOR, "supervisor": Kind.SUPERIOR,
    "upper": Kind.UPPER, "second": Kind.UPPER, "self": Kind.SELF, "peer": Kind.PEERS, "colleague": Kind.PEERS,
    "customer": Kind.GUEST, "guest": Kind.GUEST, "client": Kind.GUEST,
}  # fmt: skip
GRANTED: Mapping[str, Role] = {
    "qa": Role.QA, "hr": Role.HR, "mystery": Role.QA, "trainer": Role.TRAINER, "panel": Role.PANEL,
}  # fmt: skip
"""Role of a scheme → the role whose holders probably rate in it."""


@dataclass(frozen=True, kw_only=True)
class Planned:
    """One form to be filled in."""

    person: str
    role: str
    rater: str
    segment_from: date
    day: date


@dataclass(frozen=True, kw_only=True)
class Gap:
    """Somebody whom nobody rates in a role, and why."""

    role: str
    person: str
    name: str
    reason: str


@dataclass
class Plan:
    """All forms and gaps."""

    forms: list[Planned] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)

    def load(self) -> Counter[str]:
        """Return staff key of each rater → number of forms."""
        return Counter(form.rater for form in self.forms)


def rating_roles(scheme: Scheme) -> list[RaterRole]:
    """Return the roles in which people rate: those that some indicator asks for and no metric feeds."""
    asked = {role for _d, i in scheme.indicators() if isinstance(i.source, RatingSource) for role in i.source.rating}
    return [role for role in (scheme.raters.roles if scheme.raters else ()) if role.id in asked and role.feed is None]


def indicators_of(scheme: Scheme, position: str, role: str) -> list[str]:
    """Return the indicators of a position that a role rates."""
    return [
        indicator.id
        for _dimension, indicators in scheme.dimensions_for(position)
        for indicator in indicators
        if isinstance(indicator.source, RatingSource) and role in indicator.source.rating
    ]


def guessed_kind(role: str) -> RaterPlan.Kind:
    """Return where the raters of a role probably come from, by its id."""
    parts = role.lower().split("_")
    return next((GUESSES[part] for part in parts if part in GUESSES), Kind.PEOPLE)


def guessed_people(role: str, cycle: Cycle) -> list[Person]:
    """Return who probably rates in a role of named people: holders of the role of that name, else of the position."""
    wanted = next((GRANTED[part] for part in role.lower().split("_") if part in GRANTED), None)
    if wanted is None:
        return []
    scope = Q(team__isnull=True, department__isnull=True) | Q(department=cycle.department_id)
    scope |= Q(team=cycle.team_id) if cycle.team_id else Q(team__department=cycle.department_id)
    grants = RoleGrant.objects.filter(scope, role=wanted, user__is_active=True, user__person__isnull=False)
    found = Person.objects.filter(pk__in=grants.values("user__person")).order_by("key")
    if found:
        return list(found)
    on_day = Q(valid_from__lte=cycle.last_day) & (Q(valid_to__isnull=True) | Q(valid_to__gt=cycle.last_day))
    titled = Q(position__code__istartswith=wanted.value) | Q(position__title__icontains=str(wanted.label)[:2])
    holders = Assignment.objects.filter(on_day & titled)
    return list(Person.objects.filter(pk__in=holders.values("person")).order_by("key"))


def plans_of(cycle: Cycle) -> dict[str, RaterPlan]:
    """Return role → who rates in it, with the people named; two queries."""
    return {plan.role: plan for plan in cycle.rater_plans.prefetch_related("people")}


def plan_of(
    cycle: Cycle, scheme: Scheme, membership: Membership, plans: Mapping[str, RaterPlan] | None = None
) -> Plan:
    """Return the forms and gaps of a cycle's rater plans over its members."""
    plan = Plan()
    plans = plans_of(cycle) if plans is None else plans
    posts = [(m, segment) for m in membership.members for segment in m.counted]
    choosers = _Choosers(cycle, scheme, membership, posts)
    positions = {segment.position for _m, segment in posts}
    for role in rating_roles(scheme):
        rater_plan = plans.get(role.id)
        if rater_plan is None or rater_plan.kind == Kind.GUEST:
            continue
        judged = {position for position in positions if indicators_of(scheme, position, role.id)}
        rated = [(m, s) for m, s in posts if s.position in judged]
        for place, (member, segment) in enumerate(rated):
            raters, reason = choosers.choose(rater_plan, place, member, segment)
            if not raters:
                plan.gaps.append(Gap(role=role.id, person=member.key, name=member.name, reason=reason))
            first, day = to_date(segment.from_day), last_day_of(segment)
            plan.forms += [
                Planned(person=member.key, role=role.id, rater=rater, segment_from=first, day=day) for rater in raters
            ]
    return plan


class _Choosers:
    """Finds the raters of one person in one role; everything needed is fetched once."""

    def __init__(
        self, cycle: Cycle, scheme: Scheme, membership: Membership, posts: Sequence[tuple[Member, Segment]]
    ) -> None:
        raters = scheme.raters
        self.smallest = dict.fromkeys(raters.anonymous, raters.smallest_group) if raters else {}
        self.teams: dict[tuple[str, str], list[Segment]] = defaultdict(list)
        for member in membership.members:
            for segment in member.segments:
                self.teams[segment.department, segment.team].append(segment)
        self.named: dict[str, list[str]] = {}
        self.present: dict[tuple[str, str, int], list[str]] = {}
        superiors = {segment.superior for _m, segment in posts if segment.superior}
        self.known = set(Person.objects.filter(key__in=superiors).values_list("key", flat=True))
        above = Assignment.objects.filter(person__key__in=superiors, superior__isnull=False)
        self.above: dict[str, list[tuple[date, date | None, str]]] = defaultdict(list)
        for key, since, until, upper in above.values_list("person__key", "valid_from", "valid_to", "superior__key"):
            self.above[key].append((since, until, upper))

    def choose(self, plan: RaterPlan, place: int, member: Member, segment: Segment) -> tuple[list[str], str]:
        """Return the raters, or none and the reason."""
        if plan.kind == Kind.SELF:
            return [member.key], ""
        if plan.kind == Kind.SUPERIOR:
            found = [segment.superior] if segment.superior in self.known else []
            return found, _("名册中没有直接上级")
        if plan.kind == Kind.UPPER:
            return list(self._upper(segment, member.key)), _("直接上级没有上级")
        if plan.kind == Kind.PEERS:
            return self._peers(plan, segment)
        named = self.named.get(plan.role)
        if named is None:
            named = self.named[plan.role] = sorted(person.key for person in plan.people.all())
        others = [key for key in _turned(named, place) if key != member.key]
        reason = _("没有指定评分人") if not named else _("指定的评分人只有本人")
        return others[: plan.number], reason

    def _upper(self, segment: Segment, person: str) -> Iterator[str]:
        day = last_day_of(segment)
        for since, until, upper in self.above[segment.superior]:
            if since <= day and (until is None or day < until) and upper != person:
                yield upper

    def _peers(self, plan: RaterPlan, segment: Segment) -> tuple[list[str], str]:
        """Return colleagues on the same post's team on the segment's last day, by turns, so that all rate alike."""
        day = segment.to_day - 1
        place = segment.department, segment.team, day
        present = self.present.get(place)
        if present is None:
            team = self.teams[segment.department, segment.team]
            present = self.present[place] = sorted({s.person for s in team if s.from_day <= day < s.to_day})
        order = _turned(present, present.index(segment.person))[1:] if segment.person in present else present
        least = self.smallest.get(plan.role, 1)
        if len(order) < least:
            return [], _("同组只有 {n} 位同事，少于匿名所需的 {least} 位").format(n=len(order), least=least)
        return order[: max(plan.number, least)], ""


def _turned(keys: Sequence[str], by: int) -> list[str]:
    """Return the keys beginning with another one: each gets its turn as the first."""
    start = by % len(keys) if keys else 0
    return [*keys[start:], *keys[:start]]
