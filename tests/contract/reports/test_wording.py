"""What numbers, intervals and rubrics look like on paper."""

from __future__ import annotations

from decimal import Decimal

import pytest

from meritdesk.reports import wording
from meritdesk.rules.numbers import parse_bounds
from meritdesk.scheme.load import load_scheme, shipped, shipped_as_printed


@pytest.mark.parametrize(
    ("bounds", "unit", "words"),
    [
        ("(, 30]", "s", "≤ 30 秒"),
        ("[0, 30]", "s", "≤ 30 秒"),
        ("(30, 60]", "s", "> 30 秒 且 ≤ 60 秒"),
        ("[90%, )", "%", "≥ 90%"),
        ("[0, 1%)", "%", "≥ 0% 且 < 1%"),
        ("[0, 0]", "%", "= 0%"),
        ("[86400, )", "s", "≥ 24 小时"),
        ("(2000, 2300]", "次", "> 2000 次 且 ≤ 2300 次"),
        ("(, )", "", "任意值"),
    ],
)
def test_intervals_say_whether_their_ends_belong(bounds: str, unit: str, words: str) -> None:
    assert wording.limits(parse_bounds(bounds), unit) == words


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        ("0.9423", "%", "94.2%"),
        ("0.94250", "%", "94.3%"),
        ("26.305", "s", "26.31 秒"),
        ("1312", "次", "1,312 次"),
        ("4.50", "", "4.5"),
        (None, "%", "—"),
    ],
)
def test_figures_are_rounded_half_up_for_display(value: str | None, unit: str, words: str) -> None:
    assert wording.figure(None if value is None else Decimal(value), unit) == words


def test_every_indicator_of_every_shipped_scheme_has_a_rubric_in_words() -> None:
    seen = set()
    for name, path in {**shipped(), **shipped_as_printed()}.items():
        scheme = load_scheme(path)
        for _dimension, indicator in scheme.indicators():
            lines = wording.rubric(scheme, indicator, "")
            seen.add(indicator.scoring.method)
            assert lines, f"{name}: {indicator.id}"
            assert all(worth or words for worth, words in lines), f"{name}: {indicator.id}: {lines}"
    assert {"rating", "bands", "tiers", "deduct"} <= seen
