"""The generated reference pages are what the code says now."""

from __future__ import annotations

import pytest

from meritdesk.rules.nodes import Least
from meritdesk.rules.program import KINDS
from tests.house.reference import PAGE, node_reference


def test_the_page_of_the_node_kinds_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == node_reference(), "run python -m tests.house.reference"


def test_every_kind_has_its_own_words() -> None:
    page = node_reference()
    missing = [name for name, kind in KINDS.items() if f"### {name}\n" not in page or not kind.__doc__]
    assert missing == []


def test_a_changed_docstring_makes_the_page_out_of_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Least, "__doc__", "The smallest argument, or so.")
    assert PAGE.read_text(encoding="utf-8") != node_reference()
