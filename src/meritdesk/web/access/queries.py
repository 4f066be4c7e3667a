"""What the pages of accounts, delegation and audit read; doors to single objects."""

from __future__ import annotations

from typing import Any, TypeVar

from django.apps import apps
from django.db.models import Exists, Model, OuterRef, Q, QuerySet, Subquery
from django.http import Http404
from django.utils import timezone
from django.utils.dateparse import parse_date

from meritdesk.web.access.actions import TITLES
from meritdesk.web.access.delegation_actions import arranged_for
from meritdesk.web.access.models import AuditEntry, Delegation, RoleGrant, User
from meritdesk.web.access.reach import absent_users, has_right

M = TypeVar("M", bound=Model)


def all_accounts(text: str = "") -> QuerySet[User]:
    """Return the accounts by name, with their grants; those whose name, account or staff key has `text` in it."""
    found = User.objects.select_related("person").prefetch_related("grants__department", "grants__team")
    factor = apps.get_model("mfa", "Authenticator").objects.filter(user=OuterRef("pk"))
    found = found.annotate(has_second_factor=Exists(factor)).order_by("-is_active", "username").distinct()
    if text:
        found = found.filter(Q(name__icontains=text) | Q(username__icontains=text) | Q(person__key__icontains=text))
    return found


def access_account(user: User, pk: int) -> User:
    """Return an account to who manages accounts; Http404 otherwise."""
    if not has_right(user, "accounts.manage"):
        raise Http404
    return _one(all_accounts().filter(pk=pk))


def access_grant(user: User, pk: int, grant: int) -> RoleGrant:
    """Return a role of an account to who manages accounts; Http404 otherwise."""
    owner = access_account(user, pk)
    return _one(RoleGrant.objects.select_related("user", "department", "team").filter(pk=grant, user=owner))


def access_delegation(user: User, pk: int) -> Delegation:
    """Return a delegation to whose it is, or to who arranges for all; Http404 otherwise."""
    return _one(visible_delegations(user).filter(pk=pk))


def visible_delegations(user: User) -> QuerySet[Delegation]:
    """Return the delegations that concern an account, or all within reach to who arranges; the newest first."""
    found = Delegation.objects.select_related("absent__person", "delegate__person").order_by("-first_day", "-pk")
    arranged = User.objects.filter(arranged_for(user)).values("pk")
    return found.filter(Q(absent__in=arranged) | Q(delegate=user))


def stands_in_for(user: User) -> list[User]:
    """Return the accounts that `user` stands in for today: shown on every page."""
    absent = absent_users(user)
    return list(User.objects.filter(pk__in=absent).order_by("name")) if absent else []


def stood_in_by(user: User) -> list[User]:
    """Return the accounts that stand in for `user` today."""
    today = timezone.localdate()
    running = Q(
        stands_in_for__absent=user,
        stands_in_for__first_day__lte=today,
        stands_in_for__last_day__gte=today,
        stands_in_for__ended_at__isnull=True,
    )
    return list(User.objects.filter(running).distinct().order_by("name"))


def open_accounts() -> QuerySet[User]:
    """Return the accounts in use, for choosing."""
    return User.objects.filter(is_active=True).order_by("name", "username")


def scopes() -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Return the departments with their teams as choices of a scope: (`d3`, name, [(`t7`, name)])."""
    teams: dict[int, list[tuple[str, str]]] = {}
    for team in apps.get_model("people", "Team").objects.order_by("name"):
        teams.setdefault(team.department_id, []).append((f"t{team.pk}", team.name))
    departments = apps.get_model("people", "Department").objects.order_by("name")
    return [(f"d{each.pk}", each.name, teams.get(each.pk, [])) for each in departments]


def scope_of(text: str) -> tuple[Any, Any]:
    """Return department and team that a choice of `scopes` stands for; Http404 for one that does not exist."""
    kind, number = text[:1], text[1:]
    if not text or text == "all":
        return None, None
    if kind not in ("d", "t") or not number.isdecimal():
        raise Http404
    model = apps.get_model("people", "Department" if kind == "d" else "Team")
    found = _one(model.objects.filter(pk=int(number)))
    return (found, None) if kind == "d" else (None, found)


def people_without_account() -> QuerySet[Any]:
    """Return the people of the roster, on post today, who have no account."""
    today = timezone.localdate()
    people = apps.get_model("people", "Person").objects.filter(
        Q(assignments__valid_to__isnull=True) | Q(assignments__valid_to__gt=today), user__isnull=True
    )
    found: QuerySet[Any] = people.distinct().order_by("key")
    return found


def with_present_post(people: QuerySet[Any]) -> QuerySet[Any]:
    """Give people of the roster their present `team_name` and `post_title`, to know whom an account is for."""
    today = timezone.localdate()
    running = Q(valid_to__isnull=True) | Q(valid_to__gt=today)
    posts = apps.get_model("people", "Assignment").objects.filter(running, person=OuterRef("pk"))
    posts = posts.order_by("-valid_from")
    found: QuerySet[Any] = people.annotate(
        team_name=Subquery(posts.values("team__name")[:1]), post_title=Subquery(posts.values("position__title")[:1])
    )
    return found


def person_by_key(key: str) -> Any:
    """Return the person with a staff key, or None."""
    return apps.get_model("people", "Person").objects.filter(key=key.strip()).first()


def audit_entries(filters: dict[str, str]) -> QuerySet[AuditEntry]:
    """Return the entries that the filters of the audit page leave, the newest first."""
    found = AuditEntry.objects.order_by("-sequence")
    if actor := filters.get("actor"):
        found = found.filter(
            Q(actor__icontains=actor) | Q(actor_name__icontains=actor) | Q(absent__icontains=actor)
            | Q(absent_name__icontains=actor)
        )  # fmt: skip
    if person := filters.get("person"):
        keys = apps.get_model("people", "Person").objects.filter(name__icontains=person).values("key")
        found = found.filter(Q(person=person) | Q(person__in=keys))
    if action_name := filters.get("action"):
        found = found.filter(action=action_name)
    if target := filters.get("target"):
        found = found.filter(Q(target_name__icontains=target) | Q(target_type__icontains=target) | Q(target_id=target))
    if first := _day(filters.get("from", "")):
        found = found.filter(at__date__gte=first)
    if last := _day(filters.get("to", "")):
        found = found.filter(at__date__lte=last)
    return found


def action_choices() -> list[tuple[str, str]]:
    """Return the actions that have a title, by title."""
    return sorted(((name, str(title)) for name, title in TITLES.items()), key=lambda pair: pair[1])


def _day(text: str) -> Any:
    try:
        return parse_date(text)
    except ValueError:
        return None


def _one(found: QuerySet[M]) -> M:
    value = found.first()
    if value is None:
        raise Http404
    return value
