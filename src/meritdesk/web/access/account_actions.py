"""What administrators do to accounts and roles. Nobody gives themselves a role; one administrator always remains."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.db import IntegrityError, transaction

from meritdesk.language import _
from meritdesk.web.access.actions import Refused, action, claim_once, name_actions, record
from meritdesk.web.access.models import RoleGrant, User
from meritdesk.web.access.rights import Role
from meritdesk.web.ui.text import lazy

name_actions(
    {
        "create-account": lazy("新建账号"),
        "grant-role": lazy("授予角色"),
        "revoke-role": lazy("收回角色"),
        "close-account": lazy("停用账号"),
        "open-account": lazy("启用账号"),
        "reset-password": lazy("重置密码"),
        "reset-second-factor": lazy("解除动态验证码"),
    }
)

AT_ONCE = 200
"""How many accounts are made in one go: each password takes a moment to hash."""
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # nothing that looks like something else
_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{1,79}")


def one_time_password() -> str:
    """Return a password to be read aloud once and changed at the first sign-in (70 bits)."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _place in range(5)) for _group in range(3))


@action
def do_create_account(
    *, acting_user: User | None, username: str, name: str, person: Any = None, email: str = "", once: str = ""
) -> tuple[User, str]:
    """Make an account; return it with its one-time password. `acting_user` is None for the set-up on the server."""
    if once:
        claim_once(once, acting_user, "create-account")
    return _create(acting_user, username, name, person, email)


def _create(acting_user: User | None, username: str, name: str, person: Any, email: str) -> tuple[User, str]:
    username = username.strip().lower()
    if not _NAME.fullmatch(username):
        raise Refused("username", _("账号名不可用"), _("用 2 个以上的小写字母、数字或 . _ @ -"), place="username")
    if User.objects.filter(username__iexact=username).exists():
        raise Refused("username-taken", _("账号 {name} 已经存在").format(name=username), _("换一个账号名"), "username")
    if person is not None and User.objects.filter(person=person).exists():
        raise Refused(
            "person-has-account", _("{name} 已经有账号").format(name=person.name), _("请在账号列表中查找"), "person_key"
        )
    password = one_time_password()
    user = User(username=username, name=name.strip(), email=email, person=person, must_change_password=True)
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as error:
        raise Refused("username-taken", _("账号或人员刚刚被别人建立"), _("刷新后再看"), "username") from error
    new = {"username": username, "name": user.name, "email": email}
    record(acting_user, "create-account", user, new=new, person=person.key if person else "")
    return user, password


@action
def do_create_accounts_for_people(
    *, acting_user: User, person_ids: Iterable[int], once: str = ""
) -> list[tuple[User, str]]:
    """Make accounts for people of the roster, named by their staff key; at most AT_ONCE, who has one is left out."""
    if once:
        claim_once(once, acting_user, "create-account")
    people = apps.get_model("people", "Person").objects.filter(pk__in=list(person_ids), user__isnull=True)
    chosen = list(people.order_by("key")[:AT_ONCE])
    if not chosen:
        raise Refused("nobody-chosen", _("没有选中还没有账号的人"), _("勾选至少一人"))
    return [_create(acting_user, person.key, person.name, person, person.email) for person in chosen]


@action
def do_grant_role(
    *, acting_user: User | None, user: User, role: str, department: Any = None, team: Any = None
) -> RoleGrant:
    """Give an account a role: for a team, a department, or all."""
    if acting_user is not None and acting_user.pk == user.pk:
        raise Refused("own-role", _("不能给自己授予角色"), _("请另一位系统管理员来做"))
    if role not in Role.values:
        raise Refused("no-such-role", _("没有这个角色"), _("从列表中选择"), "role")
    if department is not None and team is not None:
        raise Refused("two-scopes", _("范围只能是一个部门或一个班组"), _("选其中一个"), "scope")
    if role in (Role.ADMINISTRATOR, Role.AUDITOR) and (department or team):
        raise Refused("scope-of-role", _("这个角色只能是全公司范围"), _("范围选“全公司”"), "scope")
    grant, made = RoleGrant.objects.get_or_create(user=user, role=role, department=department, team=team)
    if not made:
        raise Refused("granted-already", _("该账号已经有这个角色和范围"), _("无需再授"), "role")
    record(acting_user, "grant-role", user, new=_words(grant), person=_person(user))
    return grant


@action
def do_revoke_role(*, acting_user: User, grant: RoleGrant) -> None:
    """Take a role back."""
    old, user = _words(grant), grant.user
    if grant.role == Role.ADMINISTRATOR:
        _one_administrator_remains(without_grant=grant.pk)
    grant.delete()
    record(acting_user, "revoke-role", user, old=old, person=_person(user))


@action
def do_deactivate(*, acting_user: User, user: User) -> None:
    """Close an account: its sessions end with the next click, what it did stays."""
    if acting_user.pk == user.pk:
        raise Refused("own-account", _("不能停用自己的账号"), _("请另一位系统管理员来做"))
    _one_administrator_remains(without_user=user.pk)
    if User.objects.filter(pk=user.pk, is_active=True).update(is_active=False) == 0:
        raise Refused("closed-already", _("该账号已经停用"))
    record(acting_user, "close-account", user, old={"is_active": True}, new={"is_active": False}, person=_person(user))


@action
def do_activate(*, acting_user: User, user: User) -> None:
    """Open a closed account again."""
    if User.objects.filter(pk=user.pk, is_active=False).update(is_active=True) == 0:
        raise Refused("open-already", _("该账号正在使用"))
    record(acting_user, "open-account", user, old={"is_active": False}, new={"is_active": True}, person=_person(user))


@action
def do_reset_password(*, acting_user: User | None, user: User) -> str:
    """Return a one-time password for the account; its sessions end, and it must choose another at sign-in."""
    password = one_time_password()
    user.set_password(password)
    user.must_change_password = True
    user.save(update_fields=["password", "must_change_password"])
    record(acting_user, "reset-password", user, person=_person(user))
    return password


@action
def do_reset_second_factor(*, acting_user: User | None, user: User) -> str:
    """Take the second factor off (the phone is lost); return a one-time password, since one proof alone remains."""
    if acting_user is not None and acting_user.pk == user.pk:
        raise Refused("own-second-factor", _("不能解除自己的动态验证码"), _("请另一位系统管理员来做"))
    removed, _kinds = apps.get_model("mfa", "Authenticator").objects.filter(user=user).delete()
    if not removed:
        raise Refused("no-second-factor", _("该账号没有设置动态验证码"))
    record(acting_user, "reset-second-factor", user, person=_person(user))
    return do_reset_password(acting_user=acting_user, user=user)


def _one_administrator_remains(*, without_grant: int = 0, without_user: int = 0) -> None:
    # The rows are locked, so that two administrators cannot remove each other at the same time.
    grants = RoleGrant.objects.select_for_update(of=("self",)).filter(role=Role.ADMINISTRATOR, user__is_active=True)
    if not [grant for grant in grants if grant.pk != without_grant and grant.user_id != without_user]:
        raise Refused("last-administrator", _("这是最后一位系统管理员"), _("先给另一个账号授予系统管理员"))


def _words(grant: RoleGrant) -> dict[str, object]:
    return {
        "role": grant.role,
        "department": grant.department.name if grant.department else "",
        "team": grant.team.name if grant.team else "",
    }


def _person(user: User) -> str:
    return user.person.key if user.person else ""
