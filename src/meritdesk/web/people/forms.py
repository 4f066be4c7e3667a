"""What the pages of people and the calendar ask for."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms

from meritdesk.language import _
from meritdesk.web.access.models import User
from meritdesk.web.people.actions import Post
from meritdesk.web.people.models import Assignment, Person, Position, Team
from meritdesk.web.people.queries.organisation import people_called, superiors_of_note, teams_in_reach
from meritdesk.web.ui.text import lazy, listed

ENCODINGS = (
    ("auto", lazy("自动识别")),
    ("utf-8", "UTF-8"),
    ("gb18030", "GBK / GB18030"),
    ("big5", "Big5"),
    ("utf-16", "UTF-16"),
)


def day_field(label: Any, **more: Any) -> forms.DateField:
    """Return a field for a day, with the calendar of the browser."""
    return forms.DateField(label=label, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}), **more)


class Suggestions(forms.TextInput):
    """A line to type in, with suggestions below."""

    template_name = "people/suggestions.html"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Return the context, with the suggestions under `people`."""
        context = super().get_context(name, value, {**(attrs or {}), "list": f"{name}-people", "autocomplete": "off"})
        context["people"] = superiors_of_note()
        return context


class SuperiorField(forms.CharField):
    """Somebody, by staff key or by a name that only one person has."""

    widget = Suggestions

    def clean(self, value: Any) -> Any:
        """Return the person, None for an empty line."""
        text = str(super().clean(value) or "").strip()
        if not text:
            return None
        # A suggestion reads “staff key name”.
        people = people_called(text) or people_called(text.split()[0])
        if len(people) == 1:
            return people[0]
        if not people:
            raise forms.ValidationError(_("没有工号或姓名为“{text}”的人；请填写工号").format(text=text))
        keys = listed(person.key for person in people)
        raise forms.ValidationError(
            _("有 {n} 个“{text}”：工号 {keys}；请填写工号").format(n=len(people), text=text, keys=keys)
        )


class TeamField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A team, by department and name."""

    def label_from_instance(self, obj: Any) -> str:
        """Return the text of a choice."""
        return f"{obj.department.name} · {obj.name}"


class PostForm(forms.Form):
    """What somebody does where, and under whom."""

    team = TeamField(label=lazy("班组"), queryset=Team.objects.none())
    position = forms.ModelChoiceField(label=lazy("岗位"), queryset=Position.objects.order_by("title"))
    superior = SuperiorField(label=lazy("直接上级"), required=False, help_text=lazy("工号，或不重名的姓名"))
    job_grade = forms.CharField(label=lazy("岗位等级"), max_length=20, required=False)
    skill_grade = forms.CharField(label=lazy("技能等级"), max_length=20, required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        teams = teams_in_reach(user, "people.write").order_by("department__name", "name")
        self.fields["team"].queryset = teams  # type: ignore[attr-defined]

    def post(self) -> Post:
        """Return the post that was chosen."""
        names = ("team", "position", "superior", "job_grade", "skill_grade")
        return Post(**{name: self.cleaned_data[name] for name in names})


class HireForm(PostForm):
    """Somebody new."""

    key = forms.CharField(label=lazy("工号"), max_length=40)
    name = forms.CharField(label=lazy("姓名"), max_length=80)
    email = forms.EmailField(label=lazy("邮箱"), required=False, help_text=lazy("收提醒用"))
    valid_from = day_field(lazy("入职日期"))
    field_order = ("key", "name", "valid_from", "email", "team", "position", "superior", "job_grade", "skill_grade")


class TransferForm(PostForm):
    """Another post from a day on."""

    valid_from = day_field(lazy("生效日期"), help_text=lazy("新任职的第一天；现任职到前一天为止"))
    last_day = day_field(lazy("最后一天"), required=False, help_text=lazy("只在借调等有期限的任职时填写"))
    version = forms.IntegerField(widget=forms.HiddenInput)
    field_order = ("valid_from", "team", "position", "superior", "job_grade", "skill_grade", "last_day")


class CorrectionForm(PostForm):
    """An assignment that was entered wrongly."""

    valid_from = day_field(lazy("第一天"))
    last_day = day_field(lazy("最后一天"), required=False, help_text=lazy("空着表示仍在任"))
    reason = forms.CharField(label=lazy("更正原因"), max_length=200, help_text=lazy("记入审计"))
    version = forms.IntegerField(widget=forms.HiddenInput)
    field_order = (
        "team", "position", "superior", "job_grade", "skill_grade", "valid_from", "last_day", "reason"
    )  # fmt: skip


class SuperiorForm(forms.Form):
    """Another superior from a day on."""

    superior = SuperiorField(
        label=lazy("直接上级"), required=False, help_text=lazy("工号，或不重名的姓名；空着表示没有")
    )
    valid_from = day_field(lazy("生效日期"))
    version = forms.IntegerField(widget=forms.HiddenInput)


class EndForm(forms.Form):
    """Leaving."""

    last_day = day_field(lazy("最后一个在岗日"), help_text=lazy("次日起不再任职；当天之前的考核不受影响"))
    version = forms.IntegerField(widget=forms.HiddenInput)


class PersonForm(forms.Form):
    """Name and address."""

    name = forms.CharField(label=lazy("姓名"), max_length=80)
    email = forms.EmailField(label=lazy("邮箱"), required=False)
    version = forms.IntegerField(widget=forms.HiddenInput)


class CalendarDayForm(forms.Form):
    """A day of the company's own."""

    day = day_field(lazy("日期"))
    working = forms.TypedChoiceField(
        label=lazy("这一天"), choices=[("0", lazy("休息")), ("1", lazy("上班"))], coerce=lambda value: value == "1"
    )
    note = forms.CharField(label=lazy("说明"), max_length=80, required=False)


class ReadingForm(forms.Form):
    """How a file is to be read."""

    sheet = forms.ChoiceField(label=lazy("工作表"), required=False)
    encoding = forms.ChoiceField(label=lazy("文字编码"), choices=ENCODINGS, required=False)
    heading_row = forms.IntegerField(label=lazy("表头在第几行"), min_value=1, max_value=30, required=False)
    effective = day_field(lazy("变动从哪天起"), required=False, help_text=lazy("没有写生效日期的调动，从这一天起"))
    fill_merged = forms.BooleanField(label=lazy("合并单元格的内容填满它盖住的每一行"), required=False)


def post_values(assignment: Assignment) -> dict[str, object]:
    """Return what a form about an assignment begins with."""
    return {
        "team": assignment.team_id,
        "position": assignment.position_id,
        "superior": _shown(assignment.superior),
        "job_grade": assignment.job_grade,
        "skill_grade": assignment.skill_grade,
    }


def _shown(person: Person | None) -> str:
    return f"{person.key} {person.name}" if person else ""


def asked_day(text: str, default: date) -> date:
    """Return the day in an address; the default for anything that is none, and for days no calendar has."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return default
    return day if 1900 <= day.year <= 2200 else default
