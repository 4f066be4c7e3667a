"""Cycles end to end: a year made of months, conversion after probation, a quarter with a veto, streaks, decisions."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from meritdesk.errors import MeritdeskError
from meritdesk.events.ingest import ingest
from meritdesk.metrics.load import load_metrics
from meritdesk.pipeline import appraise
from meritdesk.published import write_published
from meritdesk.results import Results
from meritdesk.roster import parse_period
from meritdesk.scheme.load import load_document

GRADES = """
grades:
  - {id: excellent, title: 优秀, when: "[90, )", coefficient: 1.5}
  - {id: good, title: 良好, when: "[80, 90)", coefficient: 1.2}
  - {id: qualified, title: 合格, when: "[60, 80)", coefficient: 1.0}
  - {id: failed, title: 不合格, when: "( , 60)", coefficient: 0}
"""
MONTH = """
scheme: monthly
version: 1
title: 月度
style: weights
cycle: {kind: month, minimum_days: 10, below_minimum: 1}
positions: [{id: agent, title: 客服}]
raters: {roles: [{id: superior, title: 上级, weight: 100, if_missing: hold}]}
dimensions:
  - id: work
    title: 工作
    weight: 100
    indicators:
      - id: result
        title: 工作结果
        source: {rating: [superior]}
        scoring: {method: rating, levels: [{level: 1, title: 得分, points: "[0, 100]"}]}
uses:
  - {id: promotion, title: 晋升候选, when: {grade: [excellent], in_a_row: 3}, then: promotion}
  - {id: warning, title: 连续不合格, when: {grade: [failed], in_a_row: 2}, then: review}
"""
YEAR = """
scheme: yearly
version: 1
title: 年度
style: weights
cycle: {kind: year}
positions: [{id: agent, title: 客服}]
raters: {roles: [{id: panel, title: 考核小组, weight: 100}]}
dimensions:
  - id: months
    title: 月度结果
    weight: 70
    indicators:
      - id: mean_of_months
        title: 各月平均
        source: {results: month, combine: mean}
        missing: hold
        scoring: {method: curve, points: [[0, 0], [100, 100]]}
  - id: ability
    title: 年度能力
    weight: 30
    indicators:
      - id: overall
        title: 综合能力
        source: {rating: [panel]}
        scoring: {method: rating, levels: [{level: 1, title: 得分, points: "[0, 100]"}]}
"""


def write(folder: Path, name: str, rows: Sequence[Sequence[object]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / name).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def people(folder: Path, *rows: tuple[str, str, str]) -> None:
    head = ("person", "name", "department", "team", "position", "superior", "valid_from", "valid_to")
    write(
        folder, "people.csv", [head, *((p, p, "客服部", "一组", "agent", "L1", start, end) for p, start, end in rows)]
    )


def ratings(folder: Path, *rows: tuple[str, str, str, object, str]) -> None:
    head = ("person", "indicator", "role", "rater", "score", "day")
    write(folder, "ratings.csv", [head, *((p, i, r, "L1", score, day) for p, i, r, score, day in rows)])


def run(text: str, folder: Path, period: str) -> Results:
    return appraise(load_document(text + GRADES), ingest(folder), parse_period(period), load_metrics())


def test_a_year_of_twelve_months(tmp_path: Path) -> None:
    months = [f"2025-{month:02}" for month in range(1, 13)]
    scores = {"甲": [95] * 12, "乙": [70, 72, 74, 76, 78, 80, 82, 84, 86, 88, 90, 92]}
    year = tmp_path / "year"
    people(year, ("甲", "2024-01-01", ""), ("乙", "2024-01-01", ""))
    streaks = []
    for number, month in enumerate(months):
        folder = tmp_path / month
        people(folder, ("甲", "2024-01-01", ""), ("乙", "2024-01-01", ""))
        ratings(folder, *((p, "result", "superior", scores[p][number], f"{month}-20") for p in scores))
        for published in sorted(year.glob("results.*.csv")):
            (folder / published.name).write_bytes(published.read_bytes())
        results = run(MONTH, folder, month)
        assert [a.total for a in results.appraisals] == [Decimal(scores[a.person][number]) for a in results.appraisals]
        streaks.append([use.id for use in results.of("甲").uses])
        write_published(results, year)
    assert streaks == [[], [], *[["promotion"]] * 10], "three months of excellent in a row, this one included"
    ratings(year, ("甲", "overall", "panel", 90, "2025-12-15"), ("乙", "overall", "panel", 88, "2025-12-15"))
    annual = run(YEAR, year, "2025")
    assert annual.of("甲").total == Decimal("93.50"), "0.7 × 95 + 0.3 × 90"
    assert annual.of("乙").total == Decimal("83.10"), "0.7 × 81 + 0.3 × 88"
    assert (annual.of("甲").grade, annual.of("乙").grade) == ("excellent", "good")


def test_a_month_that_is_missing_breaks_the_row(tmp_path: Path) -> None:
    folder = tmp_path / "2025-04"
    people(folder, ("甲", "2024-01-01", ""))
    ratings(folder, ("甲", "result", "superior", 95, "2025-04-20"))
    head = ("person", "kind", "first_day", "last_day", "total", "grade", "days")
    january = ("甲", "month", "2025-01-01", "2025-01-31", "95", "excellent", 31)
    march = ("甲", "month", "2025-03-01", "2025-03-31", "95", "excellent", 31)
    write(folder, "results.csv", [head, january, march])
    assert run(MONTH, folder, "2025-04").of("甲").uses == ()


def test_two_failing_months_in_a_row_are_listed(tmp_path: Path) -> None:
    folder = tmp_path / "2025-02"
    people(folder, ("甲", "2024-01-01", ""), ("乙", "2024-01-01", ""))
    ratings(folder, ("甲", "result", "superior", 50, "2025-02-20"), ("乙", "result", "superior", 50, "2025-02-20"))
    head = ("person", "kind", "first_day", "last_day", "total", "grade", "days")
    write(folder, "results.csv", [head, ("甲", "month", "2025-01-01", "2025-01-31", "55", "failed", 31)])
    results = run(MONTH, folder, "2025-02")
    assert [u.id for u in results.of("甲").uses] == ["warning"]
    assert results.of("乙").uses == ()


def test_conversion_after_probation(tmp_path: Path) -> None:
    """Probation runs over the person's own days, across months; too short a time is no result (R4.1)."""
    text = MONTH.replace("kind: month, minimum_days: 10", "kind: probation, minimum_days: 60").replace("月度", "转正")
    folder = tmp_path / "probation"
    people(folder, ("新人", "2025-07-10", ""), ("迟到", "2025-09-01", ""))
    ratings(folder, ("新人", "result", "superior", 84, "2025-10-05"), ("迟到", "result", "superior", 90, "2025-10-05"))
    results = run(text, folder, "2025-07-10..2025-10-09")
    newcomer, late = results.of("新人"), results.of("迟到")
    assert (newcomer.total, newcomer.grade, newcomer.main.days) == (Decimal(84), "good", 92)
    assert (late.state, late.total, late.coefficient) == ("not_appraised", None, Decimal(1))
    assert "39" in late.reason
    assert "60" in late.reason


VETO = """
violation_lists: {red_lines: [{code: R01, title: 泄露客户信息, points: 0}, {code: R02, title: 辱骂客户, points: 0}]}
vetoes:
  - {id: red_line, title: 触犯红线, when: {violations: [R01, R02]}, cap_grade: qualified}
  - {id: twice, title: 两次触犯, when: {violations: [R01, R02], at_least: 2}, zero_total: true}
"""


def test_a_quarter_with_a_veto(tmp_path: Path) -> None:
    text = MONTH.replace("kind: month", "kind: quarter").replace("月度", "季度") + VETO
    folder = tmp_path / "quarter"
    names = ("清白", "一次", "两次", "转岗")
    people(
        folder,
        *((n, "2025-01-01", "") for n in names[:3]),
        ("转岗", "2025-01-01", "2025-08-15"),
        ("转岗", "2025-08-15", ""),
    )
    ratings(folder, *((n, "result", "superior", 95, "2025-09-20") for n in names))
    head = ("violation_id", "person", "code", "count", "day")
    rows = [
        (1, "一次", "R01", 1, "2025-08-03"),
        (2, "两次", "R01", 1, "2025-07-03"),
        (3, "两次", "R02", 1, "2025-09-03"),
    ]
    # one before and one after the change of post: counted together; one outside the quarter: not at all
    rows += [(4, "转岗", "R01", 1, "2025-07-30"), (5, "清白", "R02", 1, "2025-06-30")]
    write(folder, "violations.csv", [head, *rows])
    results = run(text, folder, "2025-Q3")
    grades = {a.person: (a.total, a.threshold_grade, a.grade) for a in results.appraisals}
    assert grades["清白"] == (Decimal(95), "excellent", "excellent")
    assert grades["一次"] == (Decimal(95), "qualified", "qualified")
    assert grades["两次"] == (Decimal(0), "failed", "failed")
    assert grades["转岗"] == (Decimal(95), "qualified", "qualified")
    assert results.of("一次").vetoes == ("触犯红线",)
    assert set(results.of("两次").vetoes) == {"触犯红线", "两次触犯"}


def test_a_rating_on_oneself_or_out_of_range_is_refused_and_named(tmp_path: Path) -> None:
    folder = tmp_path / "bad"
    people(folder, ("甲", "2024-01-01", ""), ("L1", "2024-01-01", ""))
    ratings(
        folder,
        ("甲", "result", "superior", 120, "2025-09-20"),
        ("L1", "result", "superior", 99, "2025-09-20"),
    )
    results = run(MONTH, folder, "2025-09")
    assert {p.code for p in results.problems} >= {"rating-refused", "rating-on-oneself"}
    assert {a.state for a in results.appraisals} == {"held"}


def test_a_decision_sets_the_points_of_one_indicator(tmp_path: Path) -> None:
    folder = tmp_path / "adjusted"
    people(folder, ("甲", "2024-01-01", ""), ("乙", "2024-01-01", ""))
    ratings(folder, *((n, "result", "superior", 70, "2025-09-20") for n in ("甲", "乙")))
    head = ("person", "indicator", "score", "reason", "decided_by", "day")
    write(folder, "adjustments.csv", [head, ("甲", "result", "82.5", "平台故障，已核实", "panel", "2025-09-28")])
    results = run(MONTH, folder, "2025-09")
    assert {a.person: a.total for a in results.appraisals} == {"甲": Decimal("82.5"), "乙": Decimal(70)}


def test_overlapping_assignments_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "overlap"
    people(folder, ("甲", "2024-01-01", ""), ("甲", "2025-09-10", ""))
    with pytest.raises(MeritdeskError) as caught:
        run(MONTH, folder, "2025-09")
    assert caught.value.problems[0].code == "assignments-overlap"


def test_raters_20_points_apart_are_sent_to_calibration(tmp_path: Path) -> None:
    """R4.5: 90 against 70 over at least two indicators both rated; 19 points or one shared indicator is not enough."""
    text = MONTH.replace(
        "{roles: [{id: superior, title: 上级, weight: 100, if_missing: hold}]}",
        "{roles: [{id: superior, title: 上级, weight: 60}, {id: qa, title: 质检, weight: 40}],"
        " calibration: {threshold: 20, at_least: 2}}",
    ).replace("rating: [superior]", "rating: [superior, qa]")
    second = text[text.index("      - id: result") : text.index("uses:")].replace("result", "conduct")
    text = text.replace("uses:", second + "uses:")
    folder = tmp_path / "apart"
    people(folder, *((name, "2024-01-01", "") for name in ("差二十", "差十九", "只一项")))
    rows = []
    for name, superior, qa in (("差二十", 90, 70), ("差十九", 90, 71), ("只一项", 95, 60)):
        for indicator in ("result", "conduct"):
            rows.append((name, indicator, "superior", superior, "2025-09-20"))
            if name != "只一项" or indicator == "result":
                rows.append((name, indicator, "qa", qa, "2025-09-20"))
    ratings(folder, *rows)
    apart = [p for p in run(text, folder, "2025-09").problems if p.code == "raters-apart"]
    assert [problem.place for problem in apart] == ["差二十"]
    assert "90.00" in apart[0].message
    assert "70.00" in apart[0].message


def test_wage_floors_are_reported(tmp_path: Path) -> None:
    """E9: what is left is below the minimum wage, or deductions are above 20 % of the month's wage."""
    text = MONTH + (
        "pay:\n  items:\n    - {id: base, title: 基本, kind: base, amount: {pay: base}}\n"
        "    - {id: loss, title: 赔偿, kind: deduction, amount: {pay: loss}}\n"
        "  minimum_wage: 2690\n  largest_deduction: 20%\n"
    )
    folder = tmp_path / "floors"
    cases = {
        "正好": ("3362.50", "672.50"),
        "少一分": ("3362.49", "672.50"),
        "扣多一分": ("5000", "1000.01"),
        "扣足": ("5000", "1000"),
    }
    people(folder, *((name, "2024-01-01", "") for name in cases))
    ratings(folder, *((name, "result", "superior", 80, "2025-09-20") for name in cases))
    head = ("person", "item", "amount", "valid_from")
    rows = [
        (name, item, amount, "2024-01-01")
        for name, pair in cases.items()
        for item, amount in zip(("base", "loss"), pair, strict=True)
    ]
    write(folder, "pay_inputs.csv", [head, *rows])
    found = {(p.place, p.code) for p in run(text, folder, "2025-09").problems if p.code.startswith("pay-")}
    assert found == {("少一分", "pay-below-minimum-wage"), ("扣多一分", "pay-over-deducted")}


def test_results_of_one_kind_are_combined_in_one_way_only(tmp_path: Path) -> None:
    """Both ways would read the same figure, and one of them a wrong one."""
    first = YEAR[YEAR.index("      - id: mean_of_months") : YEAR.index("  - id: ability")]
    second = first.replace("mean_of_months", "by_days").replace("combine: mean", "combine: days")
    folder = tmp_path / "year"
    people(folder, ("甲", "2024-01-01", ""))
    ratings(folder, ("甲", "overall", "panel", 80, "2025-12-15"))
    with pytest.raises(MeritdeskError) as caught:
        run(YEAR.replace(first, first + second), folder, "2025")
    assert "results-combined-twice" in {problem.code for problem in caught.value.problems}
