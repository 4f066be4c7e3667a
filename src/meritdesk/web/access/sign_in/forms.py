"""Forms of signing in: allauth's, in our words."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as account
from allauth.mfa.base import forms as factor
from allauth.mfa.totp import forms as totp
from django import forms
from django.contrib.auth.password_validation import password_validators_help_texts
from django.core.exceptions import ValidationError

from meritdesk.language import _
from meritdesk.web.ui.text import lazy

CODE = {"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True, "maxlength": 12}


class SignInForm(account.LoginForm):  # type: ignore[misc]
    """Account name and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("账号")
        self.fields["login"].widget.attrs = {"autocomplete": "username", "autofocus": True, "autocapitalize": "none"}
        _plain(self.fields["password"], _("密码"), "current-password")


class ChangePasswordForm(account.ChangePasswordForm):  # type: ignore[misc]
    """The password in use, and the new one twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        forced = self.user.must_change_password
        _plain(self.fields["oldpassword"], _("一次性密码") if forced else _("当前密码"), "current-password")
        _plain(self.fields["password1"], _("新密码"), "new-password")
        _plain(self.fields["password2"], _("再输入一次新密码"), "new-password")
        self.rules = password_validators_help_texts()

    def clean_oldpassword(self) -> str:
        """Return the password in use; guessing it is counted like guessing at sign-in."""
        from allauth.account.adapter import get_adapter

        old = str(self.cleaned_data["oldpassword"])
        if not get_adapter().reauthenticate(self.user, old):
            raise get_adapter().validation_error("enter_current_password")
        return old

    def clean(self) -> dict[str, Any]:
        """Return the values; the new password must be another and typed twice alike."""
        values: dict[str, Any] = forms.Form.clean(self) or {}
        new = values.get("password1")
        if new and new != values.get("password2") and "password2" in values:
            self.add_error("password2", _("两次输入的新密码不一样"))
        if new and new == values.get("oldpassword"):
            self.add_error("password1", ValidationError(_("新密码要和旧的不一样")))
        return values


class ConfirmPasswordForm(account.ReauthenticateForm):  # type: ignore[misc]
    """The password once more, before a grave act."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self.fields["password"], _("密码"), "current-password")
        self.fields["password"].widget.attrs["autofocus"] = True


class CodeForm(factor.AuthenticateForm):  # type: ignore[misc]
    """The code of the second factor at sign-in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"] = _code_field()


class ConfirmCodeForm(factor.ReauthenticateForm):  # type: ignore[misc]
    """The code of the second factor once more, before a grave act."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"] = _code_field()


class SetUpForm(totp.ActivateTOTPForm):  # type: ignore[misc]
    """The first code that the app on the phone shows."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"] = _code_field()


def _code_field() -> forms.CharField:
    return forms.CharField(label=lazy("验证码"), widget=forms.TextInput(attrs=dict(CODE)))


def _plain(field: forms.Field, label: str, autocomplete: str) -> None:
    """Give a field of allauth our label, and no placeholder or link."""
    field.label, field.help_text = label, ""
    field.widget.attrs = {"autocomplete": autocomplete}
