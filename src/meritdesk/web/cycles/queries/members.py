"""Who is in a cycle: by the people app before it opens, by its own roster from then on.

The engine's `roster` cuts assignments to the period; here they are only fetched, grouped by person and judged: who is
in, who is left out and why. Somebody belongs to the department (team) of their last assignment that the scheme knows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import pyarrow as pa
from django.db.models import F, Q, QuerySet

from meritdesk.errors import Problem
from meritdesk.events.columnar import schema
from meritdesk.events.contracts import CONTRACTS
from meritdesk.language import _
from meritdesk.results import Period
from meritdesk.roster import Assignment as Segment
from meritdesk.roster import day_number, roster, to_date
from meritdesk.scheme.document import Scheme
from meritdesk.web.cycles import engine
from meritdesk.web.cycles.models import Appraisal, Cycle, RosterEntry
from meritdesk.web.people.models import Assignment, Department, Team

LINE_FIELDS = (
    "name", "department", "team_name", "position", "superior", "job_grade", "skill_grade", "valid_from", "valid_to"
)  # fmt: skip
"""What a line of the roster says; the names of RosterEntry's fields."""
TEAM_NAME, POSITION = LINE_FIELDS.index("team_name"), LINE_FIELDS.index("position")
SHOWN_LEFT_OUT = 10
"""People named beside a reason for being left out."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One assignment as a roster keeps it; `position` is the scheme's id where the scheme knows it."""

    person: int
    key: str
    name: str
    department: str
    team: int | None
    team_name: str
    position: str
    position_title: str
    superior: str
    job_grade: str
    skill_grade: str
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, kw_only=True)
class Member:
    """Somebody in a cycle: their lines of the roster, and the segments the engine makes of them."""

    person: int
    key: str
    name: str
    lines: tuple[Line, ...]
    segments: tuple[Segment, ...]
    counted: tuple[Segment, ...]
    """Segments of at least the scheme's minimum of days; none: not appraised."""

    @property
    def last(self) -> Line:
        """Return the line of the last segment: whose team, position and superior are the appraisal's."""
        day = to_date(self.segments[-1].to_day - 1)
        return next(x for x in self.lines if x.valid_from <= day and (x.valid_to is None or day < x.valid_to))

    @property
    def days(self) -> int:
        """Return the days on post inside the period."""
        return sum(segment.days for segment in self.segments)


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """Somebody of the department who is not in the cycle."""

    key: str
    name: str
    team: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why some are not in the cycle: how many, and the first of them."""

    text: str
    number: int
    shown: tuple[LeftOut, ...]

    @property
    def more(self) -> int:
        """Return how many are not shown."""
        return self.number - len(self.shown)


def by_reason(left_out: Sequence[LeftOut]) -> list[Reason]:
    """Return those left out by reason, the most frequent first."""
    found: dict[str, list[LeftOut]] = {}
    for out in left_out:
        found.setdefault(out.reason, []).append(out)
    ordered = sorted(found.items(), key=lambda each: -len(each[1]))
    return [Reason(text=text, number=len(outs), shown=tuple(outs[:SHOWN_LEFT_OUT])) for text, outs in ordered]


@dataclass(frozen=True, kw_only=True)
class Membership:
    """Who is in, who is not and why, and what is odd."""

    members: tuple[Member, ...]
    left_out: tuple[LeftOut, ...] = ()
    problems: tuple[Problem, ...] = field(default=())

    @property
    def short(self) -> tuple[Member, ...]:
        """Return those in the cycle for too few days to be appraised."""
        return tuple(member for member in self.members if not member.counted)

    @property
    def reasons(self) -> list[Reason]:
        """Return why others are left out."""
        return by_reason(self.left_out)

    def by_key(self) -> dict[str, Member]:
        """Return staff key → member."""
        return {member.key: member for member in self.members}


def membership_now(
    scheme: Scheme, kind: str, period: Period, department: Department, team: Team | None, *, but: int = 0
) -> Membership:
    """Return who would be in a cycle by today's people app; `but` is the cycle itself, if it exists already."""
    lines = _lines_of(scheme, period, department, team)
    segments, problems = _cut(lines, scheme, period)
    teams = set(department.teams.values_list("pk", flat=True)) if team is None else {team.pk}
    taken = _taken(kind, period, but)
    members, left_out = [], []
    for key, own in _by_person(lines).items():
        mine = segments.get(key, [])
        member = _member(scheme, own, mine) if mine else None
        here = [line for line in own if line.team in teams]
        last = member.last if member else own[-1]
        if member is not None and last.team not in teams:
            continue  # moved on: in the cycle of the other team
        if member is None:
            reason = _("岗位“{position}”不在方案中").format(position=here[-1].position_title)
        elif own[0].person in taken:
            reason = _("同期已在“{cycle}”中").format(cycle=taken[own[0].person])
        else:
            members.append(member)
            continue
        left_out.append(LeftOut(key=key, name=own[0].name, team=here[-1].team_name, reason=reason))
    odd = tuple(problem for problem in problems if problem.code != "position-not-in-scheme")
    return Membership(members=tuple(members), left_out=tuple(left_out), problems=odd)


def membership_kept(cycle: Cycle) -> Membership:
    """Return who is in a cycle by the roster it keeps."""
    scheme = engine.loaded_scheme(cycle).scheme
    lines = _kept_lines(cycle, RosterEntry.objects.filter(cycle=cycle))
    segments, problems = _cut(lines, scheme, engine.period_of(cycle))
    members = tuple(
        _member(scheme, own, segments[key]) for key, own in _by_person(lines).items() if segments.get(key)
    )
    return Membership(members=members, problems=tuple(problems))


def short_people(cycle: Cycle, people: Collection[int] | None = None) -> set[int]:
    """Return who of the people in a cycle, all or those given, is on post for too few days to be appraised."""
    scheme = engine.loaded_scheme(cycle).scheme
    if cycle.state == Cycle.State.DRAFT or scheme.cycle.minimum_days <= 1:
        return set()
    entries = RosterEntry.objects.filter(cycle=cycle)
    lines = _kept_lines(cycle, entries if people is None else entries.filter(person__in=people), teams={})
    segments, _problems = _cut(lines, scheme, engine.period_of(cycle))
    members = [_member(scheme, own, segments.get(key, ())) for key, own in _by_person(lines).items()]
    return {member.person for member in members if not member.counted}


def _kept_lines(
    cycle: Cycle, entries: QuerySet[RosterEntry], teams: Mapping[str, int] | None = None
) -> list[Line]:
    """Return lines of the roster a cycle keeps; `teams`: name → id, looked up if not given."""
    if teams is None:
        teams = {team.name: team.pk for team in Team.objects.filter(department=cycle.department_id)}
    titles = {position.id: position.title for position in engine.loaded_scheme(cycle).scheme.positions}
    rows = entries.order_by("person__key", "valid_from").values_list("person", "person__key", *LINE_FIELDS)
    return [
        Line(
            person=person,
            key=key,
            team=teams.get(fields[TEAM_NAME]),
            position_title=titles.get(fields[POSITION], fields[POSITION]),
            **dict(zip(LINE_FIELDS, fields, strict=True)),
        )
        for person, key, *fields in rows
    ]


def membership_of(cycle: Cycle) -> Membership:
    """Return who is in a cycle, or would be if it were opened now."""
    if cycle.state != Cycle.State.DRAFT:
        return membership_kept(cycle)
    scheme = engine.loaded_scheme(cycle).scheme
    return membership_now(scheme, cycle.kind, engine.period_of(cycle), cycle.department, cycle.team, but=cycle.pk)


def _lines_of(scheme: Scheme, period: Period, department: Department, team: Team | None) -> list[Line]:
    """Return every assignment inside the period of everybody who was in the department (team) on some day of it."""
    inside = Q(valid_from__lte=period.last) & (Q(valid_to__isnull=True) | Q(valid_to__gt=period.first))
    here = Q(team=team) if team is not None else Q(team__department=department)
    known = {name: p.id for p in scheme.positions for name in (p.title, p.title_en, p.id) if name}
    rows = (
        Assignment.objects.filter(inside, person__in=Assignment.objects.filter(inside & here).values("person"))
        .order_by("person__key", "valid_from")
        .values_list(
            "person", "person__key", "person__name", "team__department__name", "team", "team__name", "position__code",
            "position__title", "superior__key", "job_grade", "skill_grade", "valid_from", "valid_to",
        )
    )  # fmt: skip
    return [
        Line(
            person=person,
            key=key,
            name=name,
            department=department_name,
            team=team_pk,
            team_name=team_name,
            position=known.get(code) or known.get(title) or title[:40],
            position_title=title,
            superior=superior or "",
            job_grade=job_grade,
            skill_grade=skill_grade,
            valid_from=since,
            valid_to=until,
        )
        for (
            person, key, name, department_name, team_pk, team_name, code, title, superior, job_grade, skill_grade,
            since, until,
        ) in rows
    ]  # fmt: skip


def _cut(lines: Sequence[Line], scheme: Scheme, period: Period) -> tuple[dict[str, list[Segment]], list[Problem]]:
    contract = CONTRACTS["people"]
    rows = [
        dict.fromkeys(contract.names)
        | {
            "person": line.key,
            "name": line.name,
            "department": line.department,
            "team": line.team_name,
            "position": line.position,
            "superior": line.superior or None,
            "valid_from": day_number(line.valid_from),
            "valid_to": None if line.valid_to is None else day_number(line.valid_to),
        }
        for line in lines
    ]
    cut, problems = roster(pa.Table.from_pylist(rows, schema=schema(contract)), scheme, period)
    segments: dict[str, list[Segment]] = {}
    for segment in cut:
        segments.setdefault(segment.person, []).append(segment)
    return segments, problems


def _by_person(lines: Sequence[Line]) -> dict[str, list[Line]]:
    found: dict[str, list[Line]] = {}
    for line in lines:
        found.setdefault(line.key, []).append(line)
    return found


def _member(scheme: Scheme, lines: Sequence[Line], segments: Sequence[Segment]) -> Member:
    counted = tuple(segment for segment in segments if segment.days >= scheme.cycle.minimum_days)
    first = lines[0]
    return Member(
        person=first.person, key=first.key, name=first.name, lines=tuple(lines), segments=tuple(segments),
        counted=counted,
    )  # fmt: skip


def _taken(kind: str, period: Period, but: int) -> dict[int, str]:
    """Return person → cycle of the same kind that has days in common: nobody is appraised twice for the same days."""
    rows = (
        Appraisal.objects.filter(
            cycle__kind=kind, cycle__first_day__lte=period.last, cycle__last_day__gte=period.first
        )
        .exclude(cycle=but)
        .annotate(title=F("cycle__title"))
        .values_list("person", "title")
    )
    return dict(rows)


def last_day_of(segment: Segment) -> date:
    """Return the last day of a segment: the one that a rating of it counts for."""
    return to_date(segment.to_day) - timedelta(days=1)
