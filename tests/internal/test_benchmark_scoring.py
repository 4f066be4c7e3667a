"""The benchmark of scoring still runs, and its three implementations still agree."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest

from benchmarks import scoring, scoring_program


def test_a_small_run_agrees(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figures = scoring.compare(count=2000, rounds=1, size=1000, folder=tmp_path)
    assert figures["polars_differ"] == figures["exact_differ"] == 0
    assert figures["columns_peak_mb"] > 0
    assert "2,000 people" in capsys.readouterr().out


def test_a_difference_is_seen(tmp_path: Path) -> None:
    """Negative control: one pay that differs by a fen, and a person who is missing."""
    pay = pl.DataFrame({"appraisal": ["a", "b"], "pay": [100, None]})
    pay.write_parquet(tmp_path / "one.parquet")
    pay.with_columns(pay=pl.lit(101)).write_parquet(tmp_path / "other.parquet")
    pay.head(1).write_parquet(tmp_path / "fewer.parquet")
    assert scoring.differing(tmp_path / "one.parquet", tmp_path / "one.parquet") == 0
    assert scoring.differing(tmp_path / "one.parquet", tmp_path / "other.parquet") == 2
    assert scoring.differing(tmp_path / "fewer.parquet", tmp_path / "one.parquet") == 1


def test_the_people_exercise_the_scheme(tmp_path: Path) -> None:
    """Missing values, ties, vetoes and every grade occur, so that agreement means something."""
    people = scoring_program.people(5000)
    pq.write_table(people, tmp_path / "people.parquet")
    scoring.run_columns(tmp_path / "people.parquet", tmp_path / "result.parquet")
    result = pl.read_parquet(tmp_path / "result.parquet")
    assert set(result["grade"].drop_nulls()) == set(range(5))
    assert (result["grade"] != result["threshold_grade"]).sum() > 100
    assert people["csat"].null_count > 50
    assert sum(people["violations"].to_pylist()) > 20
