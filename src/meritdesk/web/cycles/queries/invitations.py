"""What is read of invitations: HR's list, whom a guest can be asked about, and the guest's own page.

The token is never stored; a link that is wrong, expired, revoked or used up is the same as none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count
from django.http import Http404
from django.utils import timezone

from meritdesk.explain import title
from meritdesk.language import _
from meritdesk.web.access.models import User
from meritdesk.web.cycles.engine import loaded_scheme
from meritdesk.web.cycles.models import Appraisal, Cycle, Invitation, RaterPlan, RatingForm, RosterEntry
from meritdesk.web.cycles.queries.doors import appraisals_in_reach, cycles_in_reach
from meritdesk.web.cycles.queries.rating import Sheet, rows_of, why_closed
from meritdesk.web.cycles.queries.rubric import position_ids, positions_of, role_title, rubric_of


def hash_of(token: str) -> str:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def access_invitation(user: User, right: str, pk: int) -> Invitation:
    """Return an invitation of a cycle that the account reaches under the right; 404 otherwise."""
    reached = Invitation.objects.filter(cycle__in=cycles_in_reach(user, right))
    found = reached.select_related("cycle").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def live_invitation(token: str) -> Invitation | None:
    """Return the invitation a token opens, or None for every token that opens nothing (any more)."""
    if not 20 <= len(token) <= 80:
        return None
    now = timezone.now()
    return (
        Invitation.objects.filter(
            token_hash=hash_of(token), used_at__isnull=True, revoked_at__isnull=True, expires_at__gt=now
        )
        .select_related("cycle__scheme_version__scheme", "cycle__department")
        .first()
    )


@dataclass(frozen=True)
class Invited:
    """An invitation in HR's list."""

    invitation: Invitation
    role_title: str
    people: int
    state: str
    tone: str
    alive: bool


@dataclass(frozen=True)
class InvitationsPage:
    """HR's page."""

    cycle: Cycle
    roles: Sequence[tuple[str, str]]
    """Roles of kind guest: (id, title)."""
    people: Sequence[Appraisal]
    invited: Sequence[Invited]
    closed: str


def invitations_page(cycle: Cycle, user: User) -> InvitationsPage:
    """Return the page; six queries."""
    roles = guest_roles(cycle)
    listed = cycle.invitations.annotate(people=Count("forms")).order_by("-pk")
    people = list(appraisals_in_reach(user, "cycles.run").filter(cycle=cycle).select_related("person", "team"))
    return InvitationsPage(
        cycle=cycle,
        roles=[(role, role_title(cycle, role)) for role in roles],
        people=sorted(people, key=lambda a: (a.team.name, a.person.key)),
        invited=[_invited(cycle, each) for each in listed],
        closed=why_no_invitation(cycle),
    )


def guest_roles(cycle: Cycle) -> list[str]:
    """Return the roles that guests rate in."""
    plans = RaterPlan.objects.filter(cycle=cycle, kind=RaterPlan.Kind.GUEST)
    return list(plans.order_by("role").values_list("role", flat=True))


def why_no_invitation(cycle: Cycle) -> str:
    """Return why nobody can be invited now; nothing when one can."""
    if cycle.state != Cycle.State.RATING:
        return _("考核现在是“{state}”，评分阶段才能邀请").format(state=cycle.get_state_display())
    return ""


def _invited(cycle: Cycle, invitation: Invitation) -> Invited:
    if invitation.used_at:
        state, tone = _("已提交"), "good"
    elif invitation.revoked_at:
        state, tone = _("已撤销"), ""
    elif invitation.expires_at <= timezone.now():
        state, tone = _("已过期"), "warn"
    else:
        state, tone = _("等待评分"), "now"
    people = int(getattr(invitation, "people", 0))
    return Invited(invitation, role_title(cycle, invitation.role), people, state, tone, tone == "now")


def segments_to_rate(cycle: Cycle, role: str, appraisals: Sequence[Appraisal]) -> dict[int, RosterEntry]:
    """Return appraisal → last assignment in the cycle, of those on whose position the role rates something."""
    entries = list(RosterEntry.objects.filter(cycle=cycle, person__in=[a.person_id for a in appraisals]))
    names = position_ids(cycle)
    found = {}
    for appraisal in appraisals:
        own = [e for e in entries if e.person_id == appraisal.person_id and e.valid_from <= cycle.last_day]
        own = [e for e in own if e.valid_to is None or e.valid_to > cycle.first_day]
        last = max(own, key=lambda entry: entry.valid_from, default=None)
        if last is not None and rubric_of(cycle, names.get(last.position, last.position), role):
            found[appraisal.pk] = last
    return found


@dataclass(frozen=True)
class GuestPage:
    """What a guest sees: whom to rate, and how much is done."""

    invitation: Invitation
    department: str
    scheme: str
    sheets: Sequence[Sheet]

    @property
    def done(self) -> int:
        """Return how many judgements are complete."""
        return sum(sheet.done for sheet in self.sheets)

    @property
    def total(self) -> int:
        """Return how many there are."""
        return sum(sheet.total for sheet in self.sheets)

    @property
    def closed(self) -> bool:
        """Return whether nothing can be filled in."""
        return all(sheet.closed for sheet in self.sheets)


def guest_page(invitation: Invitation) -> GuestPage:
    """Return the guest's page; three queries."""
    forms = guest_forms(invitation)
    positions = positions_of(forms)
    sheets = []
    for form in forms:
        closed = why_closed(form)
        rubric = rubric_of(invitation.cycle, positions[form.pk], form.role)
        rows = rows_of(form, rubric, list(form.items.all()), writable=not closed)
        role = role_title(invitation.cycle, form.role)
        sheets.append(Sheet(form, rows, RaterPlan.Kind.GUEST, role, closed, None))
    scheme = loaded_scheme(invitation.cycle).scheme
    return GuestPage(invitation, invitation.cycle.department.name, title(scheme), sheets)


def guest_forms(invitation: Invitation) -> list[RatingForm]:
    """Return the forms of an invitation."""
    forms = invitation.forms.select_related(
        "appraisal__cycle__scheme_version__scheme", "appraisal__person", "appraisal__team"
    )
    return list(forms.prefetch_related("items").order_by("appraisal__person__key", "segment_from"))


def access_guest_form(invitation: Invitation, pk: int) -> RatingForm:
    """Return a form of the invitation; 404 for any other."""
    found = next((form for form in guest_forms(invitation) if form.pk == pk), None)
    if found is None:
        raise Http404
    return found


