"""Arranging who does what falls to somebody absent."""

from __future__ import annotations

from datetime import date

from django.apps import apps
from django.db.models import Q
from django.utils import timezone

from meritdesk.language import _
from meritdesk.web.access.actions import Refused, action, claim_once, name_actions, record
from meritdesk.web.access.models import Delegation, RoleGrant, User
from meritdesk.web.access.rights import RIGHTS, Role
from meritdesk.web.ui.text import lazy

name_actions({"arrange-delegation": lazy("安排代办"), "end-delegation": lazy("结束代办")})

LONGEST_DAYS = 92


def arranges_for_others(user: User) -> bool:
    """Return whether the account may arrange absences of others: by a role of its own, never a borrowed one."""
    return bool(RIGHTS["delegations.manage"].roles & _own_roles(user))


def arranged_for(user: User) -> Q:
    """Return the condition on accounts whose absence the account may arrange: itself, and as far as its grants reach
    by the post that somebody has now."""
    grants = RoleGrant.objects.filter(user=user, user__is_active=True, role__in=RIGHTS["delegations.manage"].roles)
    if grants.filter(department__isnull=True, team__isnull=True).exists():
        return Q(pk__isnull=False)
    posts = apps.get_model("people", "Assignment").objects.filter(
        Q(team__department__in=grants.filter(department__isnull=False).values("department"))
        | Q(team__in=grants.filter(team__isnull=False).values("team")),
        Q(valid_to__isnull=True) | Q(valid_to__gt=timezone.localdate()),
    )
    return Q(pk=user.pk) | Q(person__in=posts.values("person"))


@action
def do_arrange_delegation(
    *,
    acting_user: User,
    absent: User,
    delegate: User,
    first_day: date,
    last_day: date,
    reason: str = "",
    once: str = "",
) -> Delegation:
    """Let `delegate` do what falls to `absent` from `first_day` to `last_day`."""
    if once:
        claim_once(once, acting_user, "arrange-delegation")
    _check_who(acting_user, absent, delegate)
    if last_day < first_day:
        raise Refused("days", _("结束日期早于开始日期"), _("改正日期"), "last_day")
    if last_day < timezone.localdate():
        raise Refused("past", _("这段时间已经过去"), _("改正日期"), "last_day")
    if (last_day - first_day).days >= LONGEST_DAYS:
        fix = _("分成几段，或调整任职")
        raise Refused("too-long", _("代办最长 {n} 天").format(n=LONGEST_DAYS), fix, "last_day")
    meanwhile = Delegation.objects.filter(first_day__lte=last_day, last_day__gte=first_day, ended_at__isnull=True)
    if meanwhile.filter(absent=absent).exists():
        raise Refused("overlap", _("{name} 这段时间已有代办").format(name=absent.name), _("先结束原来的"), "first_day")
    if meanwhile.filter(absent=delegate).exists():
        raise Refused(
            "also-absent", _("{name} 这段时间自己也请人代办").format(name=delegate.name), _("换一个人"), "delegate"
        )
    delegation = Delegation.objects.create(
        absent=absent, delegate=delegate, first_day=first_day, last_day=last_day, reason=reason.strip()
    )
    record(acting_user, "arrange-delegation", absent, new=_words(delegation), person=_person(absent))
    return delegation


@action
def do_end_delegation(*, acting_user: User, delegation: Delegation) -> None:
    """End a delegation now."""
    now = timezone.now()
    if not Delegation.objects.filter(pk=delegation.pk, ended_at__isnull=True).update(ended_at=now):
        raise Refused("ended-already", _("这个代办已经结束"))
    absent = delegation.absent
    record(acting_user, "end-delegation", absent, old=_words(delegation), new={"ended_at": now}, person=_person(absent))


def _check_who(acting_user: User, absent: User, delegate: User) -> None:
    if absent.pk == delegate.pk:
        raise Refused("same-person", _("不能由本人代办本人"), _("换一个人"), "delegate")
    if not delegate.is_active:
        raise Refused("closed-account", _("{name} 的账号已停用").format(name=delegate.name), _("换一个人"), "delegate")
    if absent.pk == acting_user.pk:
        return
    if not arranges_for_others(acting_user):
        raise Refused("not-own", _("只能安排自己的代办"))
    if not User.objects.filter(arranged_for(acting_user), pk=absent.pk).exists():
        raise Refused("out-of-reach", _("{name} 不在您负责的范围内").format(name=absent.name), "", "absent")
    if delegate.pk == acting_user.pk:
        raise Refused("to-oneself", _("替别人安排时，代办人不能是自己"), _("请本人或另一位同事来安排"), "delegate")
    stronger = {Role.ADMINISTRATOR, Role.AUDITOR} & _own_roles(absent)
    if stronger and Role.ADMINISTRATOR not in _own_roles(acting_user):
        raise Refused("stronger-role", _("系统管理员和审计员的代办由本人或系统管理员安排"), "", "absent")


def _own_roles(user: User) -> set[Role]:
    return {
        Role(role) for role in RoleGrant.objects.filter(user=user, user__is_active=True).values_list("role", flat=True)
    }


def _words(delegation: Delegation) -> dict[str, object]:
    return {
        "absent": delegation.absent.username,
        "delegate": delegation.delegate.username,
        "first_day": delegation.first_day,
        "last_day": delegation.last_day,
        "reason": delegation.reason,
    }


def _person(user: User) -> str:
    return user.person.key if user.person else ""
