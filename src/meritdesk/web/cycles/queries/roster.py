"""The roster of a cycle, and how it differs from the people app today: joiners, leavers, transfers entered late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from meritdesk.language import _
from meritdesk.web.cycles import engine
from meritdesk.web.cycles.models import Cycle, RatingForm
from meritdesk.web.cycles.queries.members import LINE_FIELDS, Line, Member, Membership, membership_kept, membership_now
from meritdesk.web.cycles.queries.rater_plans import Planned, plan_of


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Somebody whose roster in the cycle is not that of the people app. `kind`: joined, gone or changed."""

    key: str
    name: str
    person: int
    kind: str
    before: Sequence[str]
    after: Sequence[str]
    now: Member | None


@dataclass(frozen=True, kw_only=True)
class FormPlan:
    """What happens to the rating forms of people whose roster changes."""

    new: Sequence[Planned]
    dropped: Sequence[int]
    """Ids of forms that nobody has written in."""
    kept: Sequence[RatingForm]
    """Forms that are written in and no longer fit: they stay, and are told."""


def memberships(cycle: Cycle) -> tuple[Membership, Membership]:
    """Return who is in the cycle by its own roster, and who would be by today's people app."""
    scheme = engine.loaded_scheme(cycle).scheme
    now = membership_now(scheme, cycle.kind, engine.period_of(cycle), cycle.department, cycle.team, but=cycle.pk)
    return membership_kept(cycle), now


def differences(cycle: Cycle, kept: Membership, now: Membership) -> list[Difference]:
    """Return the people whose lines differ, by staff key."""
    before, after = kept.by_key(), now.by_key()
    found = []
    for key in sorted({*before, *after}):
        old, new = before.get(key), after.get(key)
        if old and new and _content(cycle, old) == _content(cycle, new):
            continue
        one = new or old
        assert one is not None
        found.append(
            Difference(
                key=key, name=one.name, person=one.person, now=new,
                kind="joined" if old is None else "gone" if new is None else "changed",
                before=[line_text(line) for line in old.lines] if old else [],
                after=[line_text(line) for line in new.lines] if new else [],
            )
        )  # fmt: skip
    return found


def _content(cycle: Cycle, member: Member) -> list[tuple[object, ...]]:
    """Return the lines as they count in the cycle: what lies before or after the period makes no difference."""
    found = []
    for line in member.lines:
        fields = {name: getattr(line, name) for name in LINE_FIELDS}
        fields["valid_from"] = max(line.valid_from, cycle.first_day)
        fields["valid_to"] = None if line.valid_to is None or line.valid_to > cycle.last_day else line.valid_to
        found.append(tuple(fields.values()))
    return found


def line_text(line: Line) -> str:
    """Return a line of the roster as people read it."""
    until = _("{first} 起") if line.valid_to is None else _("{first} 起，{end} 前")
    end = "" if line.valid_to is None else line.valid_to.isoformat()
    days = until.format(first=line.valid_from.isoformat(), end=end)
    superior = _("，上级 {key}").format(key=line.superior) if line.superior else ""
    return _("{days}：{team} {position}{superior}").format(
        days=days, team=line.team_name, position=line.position_title, superior=superior
    )


def form_plan(cycle: Cycle, membership: Membership, people: Sequence[str]) -> FormPlan:
    """Return what becomes of the forms of `people` when the cycle's roster is `membership`."""
    if cycle.state not in (Cycle.State.RATING, Cycle.State.CALIBRATING):
        return FormPlan(new=[], dropped=[], kept=[])
    plan = plan_of(cycle, engine.loaded_scheme(cycle).scheme, membership)
    wanted = {(f.person, f.role, f.rater, f.segment_from): f for f in plan.forms if f.person in people}
    there = (
        RatingForm.objects.filter(appraisal__cycle=cycle, appraisal__person__key__in=people, rater__isnull=False)
        .select_related("appraisal__person", "rater")
        .prefetch_related("items")
    )
    dropped, kept = [], []
    for form in there:
        assert form.rater is not None
        planned = wanted.pop((form.appraisal.person.key, form.role, form.rater.key, form.segment_from), None)
        if planned is not None and planned.day == form.day:
            continue
        written = form.state == RatingForm.State.SUBMITTED or form.items.all()
        if planned is None and not written:
            dropped.append(form.pk)
        elif planned is None:
            kept.append(form)
    return FormPlan(new=list(wanted.values()), dropped=dropped, kept=kept)
