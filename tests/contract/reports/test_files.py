"""Results for other programs: exact in every format, fen in Parquet, nothing live in CSV (B4), no pay unless wanted."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from meritdesk.reports.files import guarded, write_files
from tests.contract.reports.hostile import PREFIXES, poisoned
from tests.contract.reports.sample import sample

NAMES = [
    "results.json",
    *(f"{table}.{ending}" for table in ("appraisals", "indicators", "pay") for ending in ("csv", "parquet")),
]


def rows_of(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file, its mark for spreadsheets taken off."""
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_the_files_hold_the_results_exactly(tmp_path: Path) -> None:
    results = sample()
    assert [path.name for path in write_files(results, tmp_path)] == NAMES
    document = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    table = pq.read_table(tmp_path / "appraisals.parquet").to_pylist()
    lines = rows_of(tmp_path / "appraisals.csv")
    for a, made, row, line in zip(results.appraisals, document["appraisals"], table, lines, strict=True):
        assert made["name"] == row["name"] == line["name"] == a.name
        read = [value and Decimal(value) for value in (made["total"], row["total"], line["total"] or None)]
        assert read == [a.total] * 3
        assert row["pay_total_fen"] == (None if a.pay_total is None else int(a.pay_total * 100))
        assert line["pay_total"] == ("" if a.pay_total is None else f"{a.pay_total:.2f}")


def test_indicators_hold_one_row_each_with_exact_values(tmp_path: Path) -> None:
    results = sample()
    write_files(results, tmp_path)
    scores = [i for a in results.appraisals for s in a.segments for d in s.dimensions for i in d.indicators]
    table = pq.read_table(tmp_path / "indicators.parquet").to_pylist()
    lines = rows_of(tmp_path / "indicators.csv")
    assert len(table) == len(lines) == len(scores)
    for score, row, line in zip(scores, table, lines, strict=True):
        for name in ("value", "numerator", "points", "contribution", "share"):
            wanted = getattr(score, name)
            assert row[name] == wanted
            assert (Decimal(line[name]) if line[name] else None) == wanted
        assert row["n"] == score.n


def test_slips_add_up_to_the_totals_in_fen(tmp_path: Path) -> None:
    results = sample()
    write_files(results, tmp_path)
    sums: dict[str, Any] = {}
    for row in pq.read_table(tmp_path / "pay.parquet").to_pylist():
        assert row["amount_fen"] is None or isinstance(row["amount_fen"], int)
        sums.setdefault(row["person"], []).append(row["amount_fen"])
    for a in results.appraisals:
        amounts = sums[a.person]
        assert (None if None in amounts else sum(amounts)) == (None if a.pay_total is None else int(a.pay_total * 100))


def test_without_pay_no_amount_is_in_any_file(tmp_path: Path) -> None:
    paths = write_files(sample(), tmp_path, include_pay=False)
    assert [path.name for path in paths] == NAMES[:-2]
    for path in paths:
        content = path.read_bytes()
        for secret in (b"5750.83", b"575083", b"3500", b"pay"):
            assert secret not in content, path.name


def test_raters_of_an_anonymous_role_are_not_named(tmp_path: Path) -> None:
    write_files(sample(), tmp_path)
    text = (tmp_path / "results.json").read_text(encoding="utf-8")
    assert "supervisor-1" in text
    assert "peer-1" not in text


def test_the_same_results_give_the_same_bytes(tmp_path: Path) -> None:
    first = [path.read_bytes() for path in write_files(sample(), tmp_path / "a")]
    assert first == [path.read_bytes() for path in write_files(sample(), tmp_path / "b")]


@pytest.mark.parametrize("prefix", PREFIXES)
def test_no_text_in_csv_becomes_live(prefix: str, tmp_path: Path) -> None:
    write_files(poisoned(sample(), prefix), tmp_path)
    for name in ("appraisals", "indicators", "pay"):
        poisoned_cells = [v for row in rows_of(tmp_path / f"{name}.csv") for v in row.values() if "HYPERLINK" in v]
        assert poisoned_cells
        assert all(value.startswith("'") for value in poisoned_cells)


def test_numbers_and_plain_texts_are_left_as_they_are(tmp_path: Path) -> None:
    for text in ("王喆", "O'Connor", "（=1）", "", "2025-09"):
        assert guarded(text) == text
    assert guarded("=1") == "'=1"
    write_files(sample(), tmp_path)
    amounts = [row["amount"] for row in rows_of(tmp_path / "pay.csv")]
    assert "-12.34" in amounts


def test_an_endless_number_is_rounded_in_parquet_and_whole_in_json(tmp_path: Path) -> None:
    results = sample()
    person = results.appraisals[0]
    changed = replace(results, appraisals=(replace(person, coefficient=Decimal(1) / 3),))
    write_files(changed, tmp_path)
    assert pq.read_table(tmp_path / "appraisals.parquet")["coefficient"][0].as_py() == Decimal("0.333333333333")
    document = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert document["appraisals"][0]["coefficient"] == str(Decimal(1) / 3)
