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
