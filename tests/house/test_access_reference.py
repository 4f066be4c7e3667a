"""The reference of the access table is what the program says now."""

from __future__ import annotations

from tests.house.access_reference import PAGE, access_reference


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == access_reference(), "run python -m tests.house.access_reference"
