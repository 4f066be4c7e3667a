"""How allauth is fitted in: our limits, texts and audit; no e-mail, no sign-up, no hint whether an account exists."""

from __future__ import annotations

import base64
import hashlib
import math
import time
from typing import Any, ClassVar

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet
from django.conf import settings
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from meritdesk.language import _
from meritdesk.web.access.models import User
from meritdesk.web.access.sign_in import limits
from meritdesk.web.access.sign_in.actions import do_note_failed_sign_in, do_note_sign_in
from meritdesk.web.ui.text import lazy


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Passwords: counted, audited, and refused in the same words whatever is wrong."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": lazy("账号或密码不对"),
        "incorrect_password": lazy("密码不对"),
        "enter_current_password": lazy("当前密码不对"),
        "incorrect_code": lazy("验证码不对或已经用过，请等下一个验证码"),
        "too_many_login_attempts": lazy("失败次数太多，请 5 分钟后再试"),
        "rate_limited": lazy("失败次数太多，请 5 分钟后再试"),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return that nobody makes an account for themselves."""
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Return the account if the password is right; ValidationError while it must wait."""
        account = str(credentials.get("username", ""))
        rows, wait_seconds = limits.begin(account, self.get_client_ip(request))
        if wait_seconds:
            minutes = math.ceil(wait_seconds / 60)
            raise ValidationError(_("失败次数太多，请 {n} 分钟后再试").format(n=minutes), code="wait")
        user = authenticate(request, **credentials)
        # An account that was closed is refused like one that never was.
        AuthenticationBackend.unstash_authenticated_user()
        if isinstance(user, User):
            limits.take_back(rows)
            return user
        do_note_failed_sign_in(account=account, row=rows[0])
        return None

    def login(self, request: HttpRequest, user: User) -> None:
        """Begin the session, and note in the audit that it began."""
        super().login(request, user)
        request.session["began"] = request.session["seen"] = int(time.time())
        do_note_sign_in(acting_user=user)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Return whether more than five minutes passed since the last proof of identity, sign-in included."""
        return not recently_proven(context.request)

    def get_reauthentication_methods(self, user: User) -> list[dict[str, Any]]:
        """Return the ways to prove again who one is, called in our words."""
        ways: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        titles = {"reauthenticate": _("用密码确认"), "mfa_reauthenticate": _("用动态验证码确认")}
        return [{**way, "description": titles.get(way["id"], way["description"])} for way in ways]

    def add_message(self, request: HttpRequest, level: int, *args: Any, **kwargs: Any) -> None:
        """Say nothing: the pages say what happened."""

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Send nothing: there is no e-mail."""


def recently_proven(request: HttpRequest) -> bool:
    """Return whether the account proved who it is (password or code) within the last five minutes."""
    proofs = get_authentication_records(request, request.user)
    return bool(proofs) and time.time() - proofs[-1]["at"] < app_settings.REAUTHENTICATION_TIMEOUT


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """The second factor: secrets are encrypted in the database."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": lazy("验证码不对或已经用过，请等下一个验证码"),
        "cannot_delete_authenticator": lazy("您的角色必须使用动态验证码，不能停用"),
        "cannot_generate_recovery_codes": lazy("请先设置动态验证码"),
    }

    def encrypt(self, text: str) -> str:
        """Return the secret as it may lie in the database."""
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return the secret."""
        return _cipher().decrypt(encrypted_text.encode()).decode()

    def get_totp_label(self, user: User) -> str:
        """Return how the account is called in the app on the phone."""
        return user.username

    def can_delete_authenticator(self, authenticator: Any) -> bool:
        """Return whether the account may go without the second factor."""
        from meritdesk.web.access.reach import WITH_SECOND_FACTOR, roles_of

        return not (settings.MFA_REQUIRED and WITH_SECOND_FACTOR & roles_of(authenticator.user))


def _cipher() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"meritdesk mfa\0" + settings.SECRET_KEY.encode()).digest()))
