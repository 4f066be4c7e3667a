"""The reference of the event tables is what the contracts say now."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meritdesk.errors import MeritdeskError
from meritdesk.events import contracts
from meritdesk.events.contracts import CONTRACTS, table_text, titles
from tests.house.table_reference import PAGE, table_reference


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == table_reference(), "run python -m tests.house.table_reference"


def test_a_changed_contract_makes_the_page_out_of_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CONTRACTS, "exams", replace(contracts.EXAMS, doc="Exams passed."))
    assert PAGE.read_text(encoding="utf-8") != table_reference()


def test_every_table_has_a_title_and_every_column_stands_in_its_text() -> None:
    assert list(titles()) == list(CONTRACTS)
    for name, contract in CONTRACTS.items():
        assert f"{name} " in table_text()
        text = table_text(name)
        assert [column for column in contract.names if f"  {column} " not in text] == ["source"]


def test_an_unknown_table_names_the_nearest() -> None:
    with pytest.raises(MeritdeskError) as caught:
        table_text("rating")
    assert caught.value.problems[0].code == "no-table"
    assert caught.value.problems[0].fix.startswith("是不是 ratings")
