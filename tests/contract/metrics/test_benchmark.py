"""The benchmark of the metrics stays alive: a small run, every contender's figures equal, one more day equal too."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import metrics
from benchmarks.metrics_data import prepared


def test_a_small_run_finds_all_figures_equal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert metrics.compare(20_000, rounds=1, names=list(metrics.CONTENDERS), folder=tmp_path, warm_up=0)
    printed = capsys.readouterr().out
    assert "figures equal\n" in printed
    assert "one more day" in printed
    assert all(name in printed for name in metrics.CONTENDERS)


def test_a_wrong_figure_would_be_noticed(tmp_path: Path) -> None:
    data = prepared(2_000, tmp_path)
    right = metrics.ours(data)
    wrong = right.set_column(
        2, "numerator", right["numerator"].combine_chunks().take(list(range(right.num_rows))[::-1])
    )
    assert metrics.digest(right) == metrics.digest(metrics.CONTENDERS["SQL by hand"](data))
    assert metrics.digest(right) != metrics.digest(wrong)
