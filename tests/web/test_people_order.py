"""Numbered names stand in the order of their numbers."""

from __future__ import annotations

import pytest

from meritdesk.web.people.order import counted_name


@pytest.mark.parametrize(
    "names",
    [
        ["一组", "二组", "三组", "十组", "十一组", "二十组", "二十三组"],
        ["2 组", "10 组"],
        ["客服一组", "客服二组", "质检组"],
        ["A0002", "A0010"],
    ],
)
def test_in_the_order_of_their_numbers(names: list[str]) -> None:
    assert sorted(names, key=counted_name) == names


def test_plain_sorting_would_not_do() -> None:
    assert sorted(["一组", "二组", "三组"]) == ["一组", "三组", "二组"]
