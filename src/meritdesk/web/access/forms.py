"""What the pages of accounts and delegation ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms

from meritdesk.language import _
from meritdesk.web.access.delegation_actions import arranged_for
from meritdesk.web.access.models import User
from meritdesk.web.access.queries import open_accounts, person_by_key
from meritdesk.web.access.rights import Role
from meritdesk.web.ui.text import lazy

if TYPE_CHECKING:
    _Choice = forms.ModelChoiceField[User]
else:
    _Choice = forms.ModelChoiceField


class AccountForm(forms.Form):
    """A new account."""

    username = forms.CharField(label=lazy("账号"), max_length=80, help_text=lazy("登录时用，建议用工号"))
    name = forms.CharField(label=lazy("姓名"), max_length=80)
    person_key = forms.CharField(
        label=lazy("工号"), max_length=40, required=False, help_text=lazy("对应的在册人员；外部审计员可不填")
    )
    email = forms.EmailField(label=lazy("邮箱"), required=False)

    def clean_person_key(self) -> str:
        """Return the key; it must be on the roster."""
        key = str(self.cleaned_data["person_key"])
        if key and person_by_key(key) is None:
            raise forms.ValidationError(lazy("花名册里没有这个工号"))
        return key


class GrantForm(forms.Form):
    """A role and how far it reaches; being an agent needs no grant."""

    role = forms.ChoiceField(
        label=lazy("角色"), choices=[(role.value, role.label) for role in Role if role is not Role.AGENT]
    )
    scope = forms.CharField(label=lazy("范围"), required=False)


class AccountChoice(_Choice):
    """An account, by name and account name."""

    def label_from_instance(self, obj: Any) -> str:
        """Return the text of a choice."""
        return f"{obj.name}（{obj.username}）"


class DelegationForm(forms.Form):
    """Who is absent, who stands in, and when. `absent` is left out where one arranges for oneself only."""

    absent = AccountChoice(label=lazy("谁不在"), queryset=User.objects.none())
    delegate = AccountChoice(label=lazy("由谁代办"), queryset=User.objects.none())
    first_day = forms.DateField(label=lazy("从"), widget=forms.DateInput(attrs={"type": "date"}))
    last_day = forms.DateField(label=lazy("到（含当天）"), widget=forms.DateInput(attrs={"type": "date"}))
    reason = forms.CharField(label=lazy("原因"), max_length=200, required=False)

    def __init__(self, *args: Any, user: User, for_others: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = open_accounts()
        for name in ("absent", "delegate"):
            field = self.fields[name]
            assert isinstance(field, AccountChoice)
            field.queryset = choice
            field.empty_label = _("请选择")
        if for_others:
            self.fields["absent"].queryset = choice.filter(arranged_for(user))  # type: ignore[attr-defined]
            self.fields["absent"].initial = user.pk
        else:
            del self.fields["absent"]
