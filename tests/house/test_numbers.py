"""No float where points, grades and pay are computed (E6)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.house import numbers

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "meritdesk"

FAULTS = [
    "a = 0.5",
    "a = float(b)",
    "a = b / c",
    "a = (b / c).sum()",
    "b /= c",
    "a = round(b, 2)",
    "a = b ** -1",
    "import math\na = math.sqrt(b)",
    "from math import log",
    "import numpy as np",
    "from statistics import mean",
    "a = b.cast('float64')",
]
SOUND = [
    "a = (b / c).quantize(d)",
    "a = (2 * b + c) // (2 * c)",
    "a = folder / 'name'",
    "a = folder / 'part' / name",
    "a = folder / f'{name}.yaml'",
    "import math\na = math.gcd(b, c)",
    "a = isinstance(b, float)",
    "a = 10 ** -shift",
]


def test_no_float_in_the_number_path() -> None:
    assert numbers.floats(PACKAGE) == []


def test_every_exception_is_still_needed() -> None:
    found = numbers.floats(PACKAGE, unrounded=())
    assert [entry for entry in numbers.UNROUNDED if not any(fault.startswith(entry) for fault in found)] == []


def test_the_number_path_is_where_we_look() -> None:
    present = [part for part in numbers.NUMBER_PATH if (PACKAGE / part).exists()]
    assert present == list(numbers.NUMBER_PATH)


@pytest.mark.parametrize("part", ["pay.py", "rules/deep/inside.py"])
@pytest.mark.parametrize("fault", FAULTS)
def test_planted_float_is_found(fault: str, part: str, tmp_path: Path) -> None:
    (tmp_path / part).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / part).write_text(fault, encoding="utf-8")
    assert len(numbers.floats(tmp_path)) == 1


@pytest.mark.parametrize("code", SOUND)
def test_exact_code_passes(code: str, tmp_path: Path) -> None:
    (tmp_path / "pay.py").write_text(code, encoding="utf-8")
    assert numbers.floats(tmp_path) == []
