"""What signing in writes: each success, failure and change of a secret leaves an audit entry."""

from __future__ import annotations

from typing import Any

from allauth.mfa.base.internal.flows import delete_and_cleanup
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal import flows as codes
from allauth.mfa.totp.internal import flows as totp
from django.contrib.auth.models import update_last_login
from django.http import HttpRequest

from meritdesk.web.access.actions import action, name_actions, record
from meritdesk.web.access.models import SignInFailure, User
from meritdesk.web.ui.text import lazy

name_actions(
    {
        "sign-in": lazy("登录"),
        "sign-in-failed": lazy("登录失败"),
        "sign-out": lazy("退出登录"),
        "change-password": lazy("修改密码"),
        "set-up-second-factor": lazy("设置动态验证码"),
        "remove-second-factor": lazy("停用动态验证码"),
        "renew-recovery-codes": lazy("更换备用码"),
    }
)


@action
def do_note_sign_in(*, acting_user: User) -> None:
    """Note that a session began."""
    update_last_login(User, acting_user)
    record(acting_user, "sign-in", acting_user, person=_person(acting_user))


@action
def do_note_failed_sign_in(*, account: str, row: int) -> None:
    """Note that a sign-in failed. What was typed for no account at all may be a password: it is not kept."""
    user = User.objects.filter(username__iexact=account).first()
    target = user or SignInFailure(pk=row)
    record(None, "sign-in-failed", target, name=str(user) if user else "-", person=_person(user))


@action
def do_note_sign_out(*, acting_user: User) -> None:
    """Note that a session was ended."""
    record(acting_user, "sign-out", acting_user, person=_person(acting_user))


@action
def do_change_password(*, acting_user: User, password: str) -> None:
    """Set a new password; every other session of the account ends with it."""
    acting_user.set_password(password)
    acting_user.must_change_password = False
    acting_user.save(update_fields=["password", "must_change_password"])
    record(acting_user, "change-password", acting_user, person=_person(acting_user))


@action
def do_set_up_second_factor(*, acting_user: User, request: HttpRequest, form: Any) -> bool:
    """Switch the second factor on; return whether recovery codes were made."""
    _totp, made = totp.activate_totp(request, form)
    record(acting_user, "set-up-second-factor", acting_user, person=_person(acting_user))
    return bool(made)


@action
def do_remove_second_factor(*, acting_user: User, request: HttpRequest, authenticator: Authenticator) -> None:
    """Switch the second factor off."""
    delete_and_cleanup(request, authenticator)
    record(acting_user, "remove-second-factor", acting_user, person=_person(acting_user))


@action
def do_renew_recovery_codes(*, acting_user: User, request: HttpRequest) -> None:
    """Make new recovery codes; the old ones are worth nothing from now on."""
    codes.generate_recovery_codes(request)
    record(acting_user, "renew-recovery-codes", acting_user, person=_person(acting_user))


def _person(user: User | None) -> str:
    return user.person.key if user and user.person else ""
