"""Every text for users has its English, and the catalogue is the one that the source asks for."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.house import texts

SOURCE = '"""A."""\nfrom meritdesk.language import _\nA = _("共 {n} 人")\n'


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Return a small package whose one text is translated and compiled."""
    (tmp_path / "a.py").write_text(SOURCE, encoding="utf-8")
    texts.update(tmp_path)
    po = tmp_path / texts.CATALOGUE
    po.write_text(po.read_text(encoding="utf-8").replace('msgstr ""\n\n', 'msgstr ""\n\n'), encoding="utf-8")
    translate(tmp_path, "{n} people")
    return tmp_path


def translate(package: Path, english: str) -> None:
    """Give the one text of `package` its English and compile it."""
    po = package / texts.CATALOGUE
    head, _text, _rest = po.read_text(encoding="utf-8").rpartition('msgid "共 {n} 人"')
    po.write_text(f'{head}msgid "共 {{n}} 人"\nmsgstr "{english}"\n', encoding="utf-8")
    texts.update(package)


def test_english_catalogue_is_complete_and_up_to_date() -> None:
    assert texts.faults(texts.PACKAGE) == []


def test_a_complete_catalogue_passes(package: Path) -> None:
    assert texts.faults(package) == []
    assert texts.as_po(texts.merged(package)) == (package / texts.CATALOGUE).read_bytes()


def test_new_text_is_found(package: Path) -> None:
    (package / "b.py").write_text(SOURCE.replace("共", "另有"), encoding="utf-8")
    assert "not translated: 另有 {n} 人" in texts.faults(package)


def test_text_that_is_gone_is_found_and_dropped(package: Path) -> None:
    (package / "a.py").write_text('"""A."""\n', encoding="utf-8")
    assert any("out of date" in fault for fault in texts.faults(package))
    texts.update(package)
    assert texts.faults(package) == []


@pytest.mark.parametrize("english", ["{m} people", "people", "{n} 人"])
def test_wrong_translation_is_found(package: Path, english: str) -> None:
    translate(package, english)
    assert len(texts.faults(package)) == 1


@pytest.mark.parametrize("call", ['_(f"共 {n} 人")', '_("共" + n)', "_(name)"])
def test_text_that_cannot_be_collected_is_found(package: Path, call: str) -> None:
    (package / "b.py").write_text(f'"""B."""\ndef b(n, name):\n    return {call}\n', encoding="utf-8")
    assert texts.faults(package) == ["b.py:3: _() takes one plain text"]


def test_stale_compiled_form_is_found(package: Path) -> None:
    (package / texts.CATALOGUE).with_suffix(".mo").write_bytes(b"")
    assert len(texts.faults(package)) == 1


def test_catalogue_can_be_used(package: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    import gettext

    folder = tmp_path_factory.mktemp("installed")
    shutil.copytree(package / "locale", folder / "locale")
    assert gettext.translation("meritdesk", folder / "locale", ["en"]).gettext("共 {n} 人") == "{n} people"


def page(package: Path, source: str) -> None:
    """Put a template with `source` into `package`."""
    folder = package / "web" / "a" / "templates" / "a"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "page.html").write_text(source, encoding="utf-8")


def found_texts(package: Path) -> set[str | None]:
    """Return the texts that are collected from `package`."""
    return {mark.text for mark in texts.marked_texts(package)}


def test_texts_of_labels_and_templates_are_collected(package: Path) -> None:
    (package / "b.py").write_text('"""B."""\nLABEL = lazy("姓名")\n', encoding="utf-8")
    page(package, """{% t "有 {n} 份" n=count %}{% t 'a "b"' as name %}{% t  "两\\"行" %}{% tabs "no" %}""")
    assert found_texts(package) == {"共 {n} 人", "姓名", "有 {n} 份", 'a "b"', '两"行'}
    assert {"not translated: 姓名", "not translated: 有 {n} 份"} <= set(texts.faults(package))


def test_translated_texts_of_templates_pass(package: Path) -> None:
    page(package, '{# 注释 #}{% comment %}\n说明\n{% endcomment %}{% t "共 {n} 人" n=count %}{{ person.name }}')
    texts.update(package)
    assert texts.faults(package) == []


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("\n{% t label %}", ":2: {% t %} takes one plain text"),
        ('{% t "a"|add:"b" %}', ":1: {% t %} takes one plain text"),
        ("{# a #}\n<b>保存</b>", ":2: Chinese outside {% t %}: <b>保存</b>"),
        ('{% include "a" with text="保存" %}', ':1: Chinese outside {% t %}: {% include "a" with text="保存" %}'),
        ('{% t\n"保存" %}', ':2: Chinese outside {% t %}: "保存" %}'),
        ("{% comment %}\n{% endcomment %}\n保存", ":3: Chinese outside {% t %}: 保存"),
    ],
)
def test_template_text_that_cannot_be_translated_is_found(package: Path, source: str, fault: str) -> None:
    page(package, source)
    assert texts.faults(package) == [f"web/a/templates/a/page.html{fault}"]


def test_chinese_in_a_script_is_found_but_not_in_what_was_fetched(package: Path) -> None:
    for name in ("a.js", "vendor/b.js"):
        path = package / "web" / "ui" / "static" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('"use strict";\nalert("保存");\n', encoding="utf-8")
    [fault] = texts.faults(package)
    assert fault.startswith("web/ui/static/a.js:2: Chinese in a script")


@pytest.mark.parametrize("call", ['lazy(f"共 {n} 人")', "lazy(name)"])
def test_label_that_cannot_be_collected_is_found(package: Path, call: str) -> None:
    (package / "b.py").write_text(f'"""B."""\ndef b(n, name):\n    return {call}\n', encoding="utf-8")
    assert texts.faults(package) == ["b.py:3: lazy() takes one plain text"]
