"""What a run warns of besides its rows: pools not shared out, odd periods, and what a held result waits for."""

from __future__ import annotations

from pathlib import Path

import pytest

from meritdesk.errors import MeritdeskError
from meritdesk.roster import parse_period
from meritdesk.simulate import compare
from tests.contract.test_cycles import MONTH, people, ratings, run, write

POOL = "pay: {items: [{id: p, title: 奖金池, kind: pool, pool: {amount: 100, group: all, by: [{score: total}]}}]}\n"


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        ({"甲": 80, "乙": 90}, []),
        ({"甲": 80}, ["100 元分出 100.00 元；1 人结果暂缓"]),
        ({}, ["100 元分出 0.00 元；2 人结果暂缓"]),
        ({"甲": 0, "乙": 0}, ["100 元分出 0.00 元；0 人结果暂缓"]),
    ],
)
def test_a_pool_that_is_not_shared_out_is_told(tmp_path: Path, scores: dict[str, int], said: list[str]) -> None:
    people(tmp_path, ("甲", "2024-01-01", ""), ("乙", "2024-01-01", ""))
    write(tmp_path, "events.csv", [("event_id", "person", "kind", "count", "day"), (1, "甲", "help", 1, "2025-09-01")])
    ratings(tmp_path, *((name, "result", "superior", score, "2025-09-20") for name, score in scores.items()))
    found = [p.message for p in run(MONTH + POOL, tmp_path, "2025-09").problems if p.code == "pool-not-shared"]
    assert len(found) == len(said)
    assert all(words in message for words, message in zip(said, found, strict=True))


def test_a_period_of_another_length_than_the_cycle_is_told(tmp_path: Path) -> None:
    people(tmp_path, ("甲", "2024-01-01", ""))
    ratings(tmp_path, ("甲", "result", "superior", 80, "2025-09-20"))
    told = {
        period: [p.place for p in run(MONTH, tmp_path, period).problems if p.code == "period-unlike-cycle"]
        for period in ("2025-09", "2025-08-26..2025-09-25", "2025-Q3")
    }
    assert told == {"2025-09": [], "2025-08-26..2025-09-25": [], "2025-Q3": ["--period"]}
    with pytest.raises(MeritdeskError) as caught:
        run(MONTH, tmp_path, "2024-01-01..2025-12-31")
    assert [p.code for p in caught.value.problems] == ["period-too-long"]


@pytest.mark.parametrize("text", ["2025-00", "2025-13", "2025-Q0", "2025-Q5", "2025-02-30..2025-03-01", "0000"])
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(MeritdeskError) as caught:
        parse_period(text)
    assert [p.code for p in caught.value.problems] == ["bad-period"]


SATISFIED = """      - id: satisfied
        title: 满意
        source: {metric: csat_top2}
        scoring: {method: curve, points: [[0, 0], [1, 100]]}
uses:"""


def test_a_held_result_names_what_it_waits_for_and_nothing_else(tmp_path: Path) -> None:
    people(tmp_path, ("甲", "2024-01-01", ""), ("乙", "2024-01-01", ""))
    write(tmp_path, "surveys.csv", [("survey_id", "person", "kind", "score", "full", "day")])
    ratings(tmp_path, ("乙", "result", "superior", 80, "2025-09-20"))
    results = run(MONTH.replace("uses:", SATISFIED), tmp_path, "2025-09")
    assert results.of("甲").reason == "待评分：工作结果"
    assert results.of("乙").state == "graded"


def test_who_is_in_one_of_two_schemes_is_neither_winner_nor_loser_nor_unchanged(tmp_path: Path) -> None:
    people(tmp_path / "a", ("甲", "2024-01-01", ""), ("乙", "2024-01-01", ""))
    people(tmp_path / "b", ("甲", "2024-01-01", ""))
    for folder in ("a", "b"):
        ratings(tmp_path / folder, *((name, "result", "superior", 80, "2025-09-20") for name in ("甲", "乙")))
    simulation = compare(*([run(MONTH, tmp_path / folder, "2025-09")] for folder in ("a", "b")))
    assert (simulation.winners, simulation.losers, simulation.unchanged, simulation.not_compared) == (0, 0, 1, 1)
