"""Who reaches whom, worked out a second time from the grants alone: what the access table is tested against.

Shares no code with meritdesk.web.access.reach and meritdesk.web.people.reach on purpose.
"""

from __future__ import annotations

from django.utils import timezone

from meritdesk.web.access.models import Delegation, RoleGrant, User
from meritdesk.web.access.rights import RIGHTS
from meritdesk.web.people.models import Department, Person, Team


def grants(user: User, *, borrowed: bool = True) -> list[RoleGrant]:
    """Return the grants that count for an account today."""
    today = timezone.localdate()
    owners = {user.pk}
    for delegation in Delegation.objects.all() if borrowed else ():
        running = delegation.first_day <= today <= delegation.last_day and delegation.ended_at is None
        if running and delegation.delegate_id == user.pk:
            owners.add(delegation.absent_id)
    return [
        grant
        for grant in RoleGrant.objects.select_related("user", "team", "department")
        if grant.user_id in owners and grant.user.is_active
    ]


def roles(user: User, *, borrowed: bool = True) -> set[str]:
    """Return the names of the roles."""
    return {grant.role for grant in grants(user, borrowed=borrowed)}


def may(user: User, right: str) -> bool:
    """Return whether the account has the right at all."""
    if right in ("public", "signed-in"):
        return True
    rule = RIGHTS[right]
    return rule.assigned or (rule.own and user.person is not None) or bool({str(r) for r in rule.roles} & roles(user))


def _under(user: User, right: str) -> list[RoleGrant]:
    return [grant for grant in grants(user) if grant.role in {str(role) for role in RIGHTS[right].roles}]


def reaches_everybody(user: User, right: str) -> bool:
    """Return whether the right reaches the whole company."""
    return any(grant.team is None and grant.department is None for grant in _under(user, right))


def reaches_team(user: User, right: str, team: Team) -> bool:
    """Return whether the right reaches a team."""
    return reaches_everybody(user, right) or any(
        grant.team == team or grant.department == team.department for grant in _under(user, right)
    )


def reaches_department(user: User, right: str, department: Department) -> bool:
    """Return whether the right reaches a whole department."""
    return reaches_everybody(user, right) or any(grant.department == department for grant in _under(user, right))


def reaches(user: User, right: str, person: Person) -> bool:
    """Return whether the right reaches a person."""
    own = RIGHTS[right].own and user.person == person
    return own or any(reaches_team(user, right, each.team) for each in person.assignments.all())
