"""Tags and filters of the templates: how texts, figures, dates and grades are written."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any

import pytest
from django import forms
from django.template import Context, Template
from django.test import RequestFactory

from meritdesk import language
from meritdesk.web.ui import formats, icons
from meritdesk.web.ui.text import lazy, listed

UTC = dt.UTC


def render(source: str, **context: Any) -> str:
    """Return what a template with `source` gives."""
    return Template(source).render(Context(context))


@pytest.fixture
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give two texts their English, whatever the catalogue holds."""
    known = {"共 {n} 人": "{n} people", "保存": "Save & <go>"}
    monkeypatch.setattr(language, "_", lambda text: known.get(text, text) if language.current() == "en" else text)


def test_text_has_its_values() -> None:
    assert render('{% t "共 {n} 人" n=count %}', count=58) == "共 58 人"


def test_text_is_translated(english: None) -> None:
    with language.use("en"):
        assert render('{% t "共 {n} 人" n=count %}', count=58) == "58 people"


def test_text_and_its_values_are_escaped(english: None) -> None:
    assert render('{% t "给 {name}" name=name %}', name="<b>&") == "给 &lt;b&gt;&amp;"
    assert render('{% t "给 {name}" name=name %}', name=Template("<b>").render(Context())) == "给 <b>"
    with language.use("en"):
        assert render('{% t "保存" %}') == "Save &amp; &lt;go&gt;"


def test_text_can_be_kept_and_is_escaped_once() -> None:
    assert render('{% t "甲 & 乙" as name %}[{{ name }}]') == "[甲 &amp; 乙]"


def test_lazy_text_is_made_when_it_is_shown(english: None) -> None:
    label = lazy("姓名")
    assert str(label) == "姓名"
    assert render('{{ label }}{% t "按{name}" name=label %}', label=label) == "姓名按姓名"


def test_each_form_has_its_own_once_key() -> None:
    found = re.findall(r'name="once" value="([0-9a-f-]{36})"', render("{% once_key %}{% once_key %}"))
    assert len(set(found)) == 2


def test_asset_carries_the_hash_of_its_content() -> None:
    assert re.fullmatch(r"/static/ui/app\.css\?v=[0-9a-f]{10}", render('{% asset "ui/app.css" %}'))
    assert render('{% asset "ui/absent.css" %}') == "/static/ui/absent.css"


@pytest.mark.parametrize("name", sorted(icons.STROKES))
def test_icon_is_drawn_without_style(name: str) -> None:
    drawn = render("{% icon name %}", name=name)
    assert drawn.startswith("<svg")
    assert 'aria-hidden="true"' in drawn
    assert "style" not in drawn
    assert re.fullmatch(r"[MmLlHhVvCcSsAaZz0-9 .,-]+", icons.STROKES[name])


def test_icon_that_stands_alone_has_a_name() -> None:
    assert 'role="img" aria-label="a&quot;b"' in render("{% icon 'home' label %}", label='a"b')
    with pytest.raises(KeyError):
        render("{% icon 'absent' %}")


def test_address_with_other_parameters() -> None:
    request = RequestFactory().get("/", {"q": "李 & 王", "page": "3"})
    assert render('{% here page="" sort="-name" %}', request=request) == "?q=%E6%9D%8E+%26+%E7%8E%8B&amp;sort=-name"


@pytest.mark.parametrize(
    ("write", "value", "shown"),
    [
        (formats.score, 8500, "85.00"),
        (formats.score, 0, "0.00"),
        (formats.score, 123456, "1,234.56"),
        (formats.score, Decimal("82.005"), "82.01"),
        (formats.score, "7.5", "7.50"),
        (formats.score, None, "—"),
        (formats.difference, 100, "+1.00"),
        (formats.difference, -320, "−3.20"),
        (formats.difference, 0, "0.00"),
        (formats.coefficient, 12000, "1.2"),
        (formats.coefficient, 10000, "1.0"),
        (formats.coefficient, 0, "0.0"),
        (formats.coefficient, 10525, "1.0525"),
        (formats.coefficient, None, "—"),
        (formats.share, 8523, "85.2%"),
        (formats.share, Decimal("0.8765"), "87.7%"),
        (formats.share, None, "—"),
        (formats.number, 4210, "4,210"),
        (formats.number, Decimal("100"), "100"),
        (formats.number, Decimal("1200.50"), "1,200.50"),
        (formats.duration, 88, "1 分 28 秒"),
        (formats.duration, 59, "59 秒"),
        (formats.duration, 7500, "2 小时 5 分"),
        (formats.duration, None, "—"),
        (formats.day, dt.date(2025, 9, 30), "2025-09-30 周二"),
        (formats.day, dt.datetime(2025, 9, 30, 16, 0, tzinfo=UTC), "2025-10-01 周三"),
        (formats.day, None, "—"),
        (formats.moment, dt.datetime(2025, 9, 30, 16, 5, tzinfo=UTC), "2025-10-01 00:05"),
        (formats.moment, None, "—"),
    ],
)
def test_figures_and_dates(write: Any, value: object, shown: str) -> None:
    assert write(value) == shown
    assert render(f"{{{{ value|{write.__name__} }}}}", value=value) == shown


def test_share_of_a_whole() -> None:
    assert render("{{ done|share_of:total }}", done=31, total=58) == "53.4%"
    assert render("{{ done|share_of:total }}", done=0, total=0) == "—"


def test_float_is_refused() -> None:
    for write in (formats.score, formats.coefficient, formats.share, formats.number):
        with pytest.raises(TypeError):
            write(85.0)


def test_day_in_english() -> None:
    with language.use("en"):
        assert formats.day(dt.date(2025, 9, 30)) == "Tue 30 Sep 2025"


def test_grade_is_text_with_a_mark_of_its_own() -> None:
    grades = ("优秀", "良好", "合格", "待改进", "不合格")
    shown = [render("{{ grade|grade_badge }}", grade=grade) for grade in grades]
    marks = {re.findall(r'aria-hidden="true">(.)<', badge)[0] for badge in shown}
    assert len(marks) == len(grades)
    assert all(grade in badge for grade, badge in zip(grades, shown, strict=True))


def test_grade_of_a_scheme_gets_its_tone_from_its_rank() -> None:
    assert "grade-best" in render("{{ 'S'|grade_badge:0 }}")
    assert "grade-fail" in render("{{ 'Z'|grade_badge:9 }}")
    assert render("{{ grade|grade_badge }}", grade="<b>") == '<span class="grade">&lt;b&gt;</span>'
    assert "—" in render("{{ none|grade_badge }}", none=None)


class Form(forms.Form):
    """A form with each kind of field."""

    name = forms.CharField(label="姓名", help_text="全名")
    kind = forms.ChoiceField(label="类型", choices=[("m", "月度")])
    level = forms.ChoiceField(label="等级", choices=[("1", "一")], widget=forms.RadioSelect, required=False)
    mail = forms.BooleanField(label="通知", required=False)


def test_refused_field_keeps_what_was_typed_and_says_why_beside_it() -> None:
    form = Form({"name": "", "kind": "x<y", "mail": "on"})
    shown = render('{% include "ui/components/form.html" %}', form=form)
    assert shown.count("is-invalid") == 2
    for name in ("name", "kind"):
        assert f'id="id_{name}_error"' in shown
    assert re.search(r'aria-describedby="[^"]*id_name_error[^"]*"', shown)
    assert "checked" in shown
    assert "form-select" in shown
    assert "<legend" in shown


def test_field_in_order_says_nothing() -> None:
    shown = render('{% include "ui/components/form.html" %}', form=Form({"name": "a", "kind": "m"}))
    assert "is-invalid" not in shown
    assert "_error" not in shown


@pytest.mark.parametrize(("spoken", "written"), [("zh-Hans", "甲、乙"), ("en", "甲, 乙")])
def test_things_are_listed_as_the_language_does(spoken: str, written: str) -> None:
    """In a template and in Python alike."""
    with language.use(spoken):
        assert listed(["甲", "乙"]) == written
        assert render("{{ names|listed }}", names=["甲", "乙"]) == written
