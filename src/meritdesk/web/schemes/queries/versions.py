"""The doors to schemes and versions, and what hangs on them: who wrote, what was said, which others there are.

A published or retired version is readable by everybody who is signed in (R2f); drafts by those whose grant of
`schemes.read` reaches the department. What one may not see does not exist (404).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django.http import Http404

from meritdesk.web.access.models import AuditEntry, User
from meritdesk.web.access.reach import has_right, reach
from meritdesk.web.access.rights import SIGNED_IN
from meritdesk.web.people.models import Department
from meritdesk.web.schemes.models import Scheme, SchemeVersion

State = SchemeVersion.State
OPEN = (State.PUBLISHED, State.RETIRED)
"""States in which a version is readable by everybody."""
EDITS = ("scheme-create", "scheme-edit", "scheme-edit-cases", "scheme-adopt-computed", "scheme-begin-version")
"""Acts that make somebody an author of a version."""


def in_reach(user: User, right: str, field: str = "department") -> Q:
    """Return the condition on schemes that the account may use a right on; `field` leads to their department.

    A scheme of the whole company is read by everybody who may read any, and changed only by a grant without limits.
    """
    if not has_right(user, right):
        return Q(pk__in=[])
    scope = reach(user, right)
    if scope.everybody:
        # Not an empty Q: joined with "or" to another condition, that would vanish instead of letting all through.
        return Q(pk__isnull=False)
    condition = Q(**{f"{field}__in": scope.departments})
    if right == "schemes.read":
        condition |= Q(**{f"{field}__teams__in": scope.teams}) | Q(**{f"{field}__isnull": True})
    return condition


def visible_versions(user: User, right: str = SIGNED_IN) -> QuerySet[SchemeVersion]:
    """Return the versions that an account may use a right on; `signed-in` stands for reading."""
    versions = SchemeVersion.objects.select_related(
        "scheme__department", "written_by", "submitted_by", "published_by"
    ).distinct()
    if right == SIGNED_IN:
        return versions.filter(Q(state__in=OPEN) | in_reach(user, "schemes.read", "scheme__department"))
    return versions.filter(in_reach(user, right, "scheme__department"))


def access_version(user: User, right: str, pk: int) -> SchemeVersion:
    """Return a version that the account may use the right on; Http404 otherwise."""
    version = visible_versions(user, right).filter(pk=pk).first()
    if version is None:
        raise Http404("no such version")
    return version


def access_scheme(user: User, right: str, pk: int) -> Scheme:
    """Return a scheme that the account may use the right on (signed-in: one with a version it may read); Http404."""
    schemes = Scheme.objects.select_related("department").filter(pk=pk)
    if right == SIGNED_IN:
        schemes = schemes.filter(pk__in=visible_versions(user).filter(scheme=pk).values("scheme"))
    else:
        schemes = schemes.filter(in_reach(user, right)).distinct()
    scheme = schemes.first()
    if scheme is None:
        raise Http404("no such scheme")
    return scheme


def may(user: User, right: str, scheme: Scheme) -> bool:
    """Return whether the account may use a right on a scheme."""
    if not has_right(user, right):
        return False
    scope = reach(user, right)
    return scope.everybody or (scheme.department_id is not None and scheme.department_id in scope.departments)


def departments_for(user: User) -> list[Department]:
    """Return the departments that the account may write schemes for."""
    scope = reach(user, "schemes.write")
    found = Department.objects.order_by("name")
    return list(found if scope.everybody else found.filter(pk__in=scope.departments))


def published_versions(department: Department | None = None) -> QuerySet[SchemeVersion]:
    """Return the published versions that a department can appraise by, its own and the whole company's: by scheme,
    the newest first; of all departments for None."""
    found = SchemeVersion.objects.filter(state=State.PUBLISHED).select_related("scheme")
    if department is not None:
        found = found.filter(Q(scheme__department=department) | Q(scheme__department__isnull=True))
    return found.order_by("scheme__title", "scheme", "-number")


def versions_of(scheme: Scheme, user: User) -> list[SchemeVersion]:
    """Return the versions of a scheme that the account may read, the newest first."""
    return list(visible_versions(user).filter(scheme=scheme).order_by("-number"))


def previous_of(version: SchemeVersion) -> SchemeVersion | None:
    """Return the latest version before this one that was published; None for a first one."""
    return (
        SchemeVersion.objects.filter(scheme=version.scheme_id, number__lt=version.number, state__in=OPEN)
        .order_by("-number")
        .first()
    )


def authors_of(version: SchemeVersion) -> frozenset[str]:
    """Return the sign-in names of everybody who wrote in a version or submitted it: none of them may publish it."""
    wrote = AuditEntry.objects.filter(
        target_type="schemes.schemeversion", target_id=str(version.pk), action__in=EDITS
    ).values_list("actor", flat=True)
    first = {user.username for user in (version.written_by, version.submitted_by) if user is not None}
    return frozenset(first | set(wrote.distinct()))


@dataclass(frozen=True)
class Step:
    """One line of a version's history: who did what when, and the reason given."""

    at: datetime
    who: str
    action: str
    reason: str


def steps_of(version: SchemeVersion, actions: tuple[str, ...]) -> list[Step]:
    """Return the steps of publication of a version, the newest first, from the audit chain."""
    entries = AuditEntry.objects.filter(
        target_type="schemes.schemeversion", target_id=str(version.pk), action__in=actions
    ).order_by("-sequence")[:20]
    return [
        Step(entry.at, entry.actor_name, entry.action, str(json.loads(entry.new or "{}").get("reason", "")))
        for entry in entries
    ]
