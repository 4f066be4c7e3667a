"""How far an account reaches under a right: everybody, departments, teams, itself.

Grants of somebody whom the account stands in for today count as well. `Reach` names departments and teams by id;
turning it into people is the work of `people.reach`.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone

from meritdesk.web.access.models import Delegation, RoleGrant, User
from meritdesk.web.access.rights import RIGHTS, Role


@dataclass(frozen=True)
class Reach:
    """Whom an account reaches under one right."""

    everybody: bool = False
    departments: frozenset[int] = frozenset()
    teams: frozenset[int] = frozenset()
    own: int | None = None
    """Id of the account's own person, where the right covers what is one's own."""

    @property
    def nobody(self) -> bool:
        """Return whether it reaches nobody at all."""
        return not (self.everybody or self.departments or self.teams or self.own)


def grants_of(user: User) -> list[RoleGrant]:
    """Return the grants in force for an account today, those of people it stands in for included; one query, kept."""
    known: list[RoleGrant] | None = getattr(user, "_grants_in_force", None)
    if known is None:
        owners = [user.pk, *(absent for absent in absent_users(user))]
        known = list(RoleGrant.objects.filter(user__in=owners, user__is_active=True))
        user._grants_in_force = known  # type: ignore[attr-defined]
    return known


def absent_users(user: User) -> list[int]:
    """Return the ids of the accounts that `user` stands in for today; one query, kept."""
    known: list[int] | None = getattr(user, "_absent_users", None)
    if known is None:
        today = timezone.localdate()
        known = list(
            Delegation.objects.filter(
                delegate=user, first_day__lte=today, last_day__gte=today, ended_at__isnull=True
            ).values_list("absent", flat=True)
        )
        user._absent_users = known  # type: ignore[attr-defined]
    return known


def roles_of(user: User) -> frozenset[Role]:
    """Return the roles in force for an account."""
    return frozenset(Role(grant.role) for grant in grants_of(user))


def has_right(user: User, right: str) -> bool:
    """Return whether the account may use a right at all; on what is decided by the door of the object."""
    rule = RIGHTS[right]
    if rule.assigned or (rule.own and user.person_id is not None):
        return True
    return bool(rule.roles & roles_of(user))


def reach(user: User, right: str) -> Reach:
    """Return whom the account reaches under the right."""
    rule = RIGHTS[right]
    grants = [grant for grant in grants_of(user) if grant.role in rule.roles]
    return Reach(
        everybody=any(g.department_id is None and g.team_id is None for g in grants),
        departments=frozenset(g.department_id for g in grants if g.department_id is not None),
        teams=frozenset(g.team_id for g in grants if g.team_id is not None),
        own=user.person_id if rule.own else None,
    )


WITH_SECOND_FACTOR = frozenset({Role.HR, Role.FINANCE, Role.AUDITOR, Role.ADMINISTRATOR})
"""Roles for which a password alone is not enough."""


def needs_second_factor(user: User) -> bool:
    """Return whether the account has a role that demands a second factor and has not set one up; at most 3 queries."""
    from allauth.mfa.models import Authenticator  # its models import settings that name this app

    return bool(WITH_SECOND_FACTOR & roles_of(user)) and not Authenticator.objects.filter(user=user).exists()


def absent_behind(user: User, right: str) -> User | None:
    """Return the absent account whose role gave `user` the right, or None where a role of their own gave it."""
    rule = RIGHTS.get(right)
    if rule is None or not absent_users(user):
        return None
    lent = [grant for grant in grants_of(user) if grant.role in rule.roles]
    if not lent or any(grant.user_id == user.pk for grant in lent) or (rule.own and user.person_id is not None):
        return None
    return User.objects.filter(pk=lent[0].user_id).first()
