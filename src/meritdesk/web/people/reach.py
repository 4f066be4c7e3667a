"""Which people an account reaches under a right: the bridge from grants to the roster."""

from __future__ import annotations

from datetime import date

from django.db.models import Q, QuerySet
from django.utils import timezone

from meritdesk.web.access.models import User
from meritdesk.web.access.reach import Reach, reach
from meritdesk.web.people.models import Assignment, Person


def people_in_reach(user: User, right: str, day: date | None = None) -> QuerySet[Person]:
    """Return the people whom the account reaches under the right by their assignment on `day` (today)."""
    return Person.objects.filter(person_filter(reach(user, right), day or timezone.localdate()))


def person_filter(scope: Reach, day: date) -> Q:
    """Return the condition on Person that a reach stands for."""
    if scope.everybody:
        return Q()
    on_post = Assignment.objects.filter(
        Q(team__in=scope.teams) | Q(team__department__in=scope.departments),
        Q(valid_to__isnull=True) | Q(valid_to__gt=day),
    )
    condition = Q(pk__in=on_post.values("person")) if scope.teams or scope.departments else Q(pk__in=[])
    return condition | Q(pk=scope.own) if scope.own else condition
