"""What the pages that make and prepare a cycle ask for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms

from meritdesk.language import _
from meritdesk.scheme.describe import cycle_in_words
from meritdesk.web.cycles.queries.opening import Scope
from meritdesk.web.cycles.queries.periods import STEPS, Choice
from meritdesk.web.schemes.models import SchemeVersion
from meritdesk.web.ui.text import lazy

FREE = "free"
DUE_TITLES = {
    "self_due": lazy("自评截止"),
    "rating_due": lazy("评分截止"),
    "review_due": lazy("复核截止"),
    "sign_due": lazy("签字截止"),
}


def day_input() -> forms.DateInput:
    """Return an input with the calendar of the browser."""
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class ChooseForm(forms.Form):
    """For whom, which days, by which scheme."""

    scope = forms.ChoiceField(label=lazy("部门或班组"))
    period = forms.ChoiceField(label=lazy("考核期"))
    first_day = forms.DateField(label=lazy("第一天"), required=False, widget=day_input())
    last_day = forms.DateField(label=lazy("最后一天"), required=False, widget=day_input())
    scheme = forms.ChoiceField(label=lazy("方案"), help_text=lazy("只列出已发布的版本"))

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        scopes: Mapping[str, Scope],
        periods: list[Choice],
        versions: Mapping[str, tuple[SchemeVersion, str]],
    ) -> None:
        super().__init__(data)
        self.scopes, self.versions = scopes, versions
        self.periods = {choice.key: choice for choice in periods}
        self._choices("scope", [(key, scope.title) for key, scope in scopes.items()])
        self._choices("period", [*((c.key, c.title) for c in periods), (FREE, _("自定日期"))])
        named = [(key, f"{version} ({cycle_in_words(kind)})") for key, (version, kind) in versions.items()]
        self._choices("scheme", named)

    def _choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def clean(self) -> dict[str, Any]:
        """Return the days of a period chosen by name as if they had been typed in."""
        values = super().clean() or {}
        chosen = self.periods.get(values.get("period", ""))
        if chosen:
            values["first_day"], values["last_day"] = chosen.first, chosen.last
        elif values.get("period") == FREE and not (values.get("first_day") and values.get("last_day")):
            self.add_error("first_day", _("请填写第一天和最后一天"))
        elif values.get("first_day") and values.get("last_day") and values["last_day"] < values["first_day"]:
            self.add_error("last_day", _("最后一天早于第一天"))
        return values


class DueForm(forms.Form):
    """The days on which the steps are due."""

    self_due = forms.DateField(label=DUE_TITLES["self_due"], required=False, widget=day_input())
    rating_due = forms.DateField(label=DUE_TITLES["rating_due"], required=False, widget=day_input())
    review_due = forms.DateField(label=DUE_TITLES["review_due"], required=False, widget=day_input())
    sign_due = forms.DateField(label=DUE_TITLES["sign_due"], required=False, widget=day_input())

    def days(self) -> dict[str, date | None]:
        """Return the days that were typed in."""
        return {name: self.cleaned_data.get(name) for name in STEPS}


class NameForm(DueForm):
    """Name and deadlines of a cycle about to be made."""

    title = forms.CharField(label=lazy("名称"), max_length=120)
    field_order = ("title", *STEPS)
