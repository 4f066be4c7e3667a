"""Pages of signing in. Each is allauth's view with our form, template and action; the flow stays allauth's."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from allauth.account import views as account
from allauth.account.internal.flows.logout import logout
from allauth.mfa.base import views as factor
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from meritdesk.language import _
from meritdesk.web.access.models import User
from meritdesk.web.access.sign_in import forms
from meritdesk.web.access.sign_in.actions import (
    do_change_password,
    do_note_sign_out,
    do_remove_second_factor,
    do_renew_recovery_codes,
    do_set_up_second_factor,
)


class SignIn(account.LoginView):  # type: ignore[misc]
    """Account and password; in the demo, the accounts that one may try."""

    form_class = forms.SignInForm
    template_name = "access/sign_in.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the context, with the accounts of the demo."""
        return {**super().get_context_data(**kwargs), "demo_accounts": demo_accounts()}


def demo_accounts() -> list[dict[str, str]]:
    """Return the accounts that the demo company shows on its sign-in page; none outside the demo."""
    path = settings.HOME / "demo-accounts.json"
    if not settings.DEMO or not path.is_file():
        return []
    return [
        {name: str(account.get(name, "")) for name in ("username", "name", "role", "hint", "password")}
        for account in json.loads(path.read_text(encoding="utf-8"))
    ]


def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    assert isinstance(request.user, User)
    do_note_sign_out(acting_user=request.user)
    logout(request)
    return redirect("account_login")


class ChangePassword(account.PasswordChangeView):  # type: ignore[misc]
    """A new password; forced after a one-time password."""

    form_class = forms.ChangePasswordForm
    template_name = "access/change_password.html"

    def form_valid(self, form: Any) -> HttpResponse:
        """Set it, keep this session and end all others."""
        do_change_password(acting_user=self.request.user, password=form.cleaned_data["password1"])
        update_session_auth_hash(self.request, self.request.user)
        messages.success(self.request, _("密码已修改，其他设备上的登录已全部退出"))
        return redirect("home")


class ConfirmByPassword(account.ReauthenticateView):  # type: ignore[misc]
    """The password once more."""

    form_class = forms.ConfirmPasswordForm
    template_name = "access/confirm_identity.html"


class ConfirmByCode(factor.ReauthenticateView):  # type: ignore[misc]
    """The code once more."""

    form_class = forms.ConfirmCodeForm
    template_name = "access/confirm_identity.html"


class EnterCode(factor.AuthenticateView):  # type: ignore[misc]
    """The code of the second factor, after the password."""

    form_class = forms.CodeForm
    template_name = "access/enter_code.html"


def _else_index(
    view: Callable[..., HttpResponseBase], request: HttpRequest, *args: Any, **kwargs: Any
) -> HttpResponseBase:
    """Return the page, or the way to the overview where allauth finds nothing to show."""
    try:
        return view(request, *args, **kwargs)
    except Http404:
        return redirect("mfa_index")


class SecondFactor(factor.IndexView):  # type: ignore[misc]
    """Whether the second factor is on, and what may be done about it."""

    template_name = "access/second_factor.html"


class SetUpSecondFactor(totp.ActivateTOTPView):  # type: ignore[misc]
    """The picture to photograph, and the first code."""

    form_class = forms.SetUpForm
    template_name = "access/second_factor_set_up.html"

    def form_valid(self, form: Any) -> HttpResponse:
        """Switch it on and show the recovery codes."""
        do_set_up_second_factor(acting_user=self.request.user, request=self.request, form=form)
        return redirect("mfa_view_recovery_codes")


class RemoveSecondFactor(totp.DeactivateTOTPView):  # type: ignore[misc]
    """Switching it off, for those who may."""

    template_name = "access/second_factor_remove.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Lead back where there is nothing to switch off."""
        return _else_index(super().dispatch, request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        """Switch it off."""
        do_remove_second_factor(acting_user=self.request.user, request=self.request, authenticator=self.authenticator)
        messages.success(self.request, _("动态验证码已停用"))
        return redirect("mfa_index")


class RecoveryCodes(codes.ViewRecoveryCodesView):  # type: ignore[misc]
    """The codes for the day the phone is lost."""

    template_name = "access/recovery_codes.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Lead back where there are no codes."""
        return _else_index(super().dispatch, request, *args, **kwargs)


class RenewRecoveryCodes(codes.GenerateRecoveryCodesView):  # type: ignore[misc]
    """New codes in place of the old."""

    template_name = "access/recovery_codes_renew.html"

    def form_valid(self, form: Any) -> HttpResponse:
        """Make them and show them."""
        do_renew_recovery_codes(acting_user=self.request.user, request=self.request)
        return redirect("mfa_view_recovery_codes")
