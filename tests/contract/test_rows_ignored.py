"""Nothing that a run leaves out of its data is left out in silence: every cause is told with place and fix."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from meritdesk.errors import Problem
from meritdesk.results import Results
from tests.contract.test_cycles import GRADES, MONTH, YEAR, people, ratings, run, write

HEAD = ("person", "name", "department", "team", "position", "superior", "valid_from", "valid_to")
RED_LINES = (
    "violation_lists: {red_lines: [{code: R01, title: 泄密, points: 0}]}\nvetoes:\n"
    "  - {id: red_line, title: 红线, when: {violations: [R01]}, cap_grade: qualified}\n"
)


def told(results: Results, code: str) -> list[Problem]:
    found = [problem for problem in results.problems if problem.code == code]
    assert all(problem.severity == "warning" and problem.fix and problem.place for problem in found)
    return found


def month(folder: Path, text: str = MONTH) -> Results:
    people(folder, ("甲", "2024-01-01", ""))
    ratings(folder, ("甲", "result", "superior", 80, "2025-09-20"))
    return run(text, folder, "2025-09")


def test_clean_data_has_nothing_to_tell(tmp_path: Path) -> None:
    assert month(tmp_path).problems == ()


def test_a_rating_after_the_period_is_told_unless_the_period_has_its_own(tmp_path: Path) -> None:
    people(tmp_path, ("甲", "2024-01-01", ""), ("乙", "2024-01-01", ""))
    late = [(name, "result", "superior", 80, "2025-10-02") for name in ("甲", "乙")]
    ratings(tmp_path, ("甲", "result", "superior", 90, "2025-09-20"), *late)
    results = run(MONTH, tmp_path, "2025-09")
    assert [p.message[:3] for p in told(results, "rating-outside-period")] == ["1 条"]
    assert results.of("甲").total == Decimal(90)
    assert results.of("乙").state == "held"


def test_a_rater_who_rates_twice_counts_as_the_mean_and_is_told(tmp_path: Path) -> None:
    people(tmp_path, ("甲", "2024-01-01", ""))
    ratings(tmp_path, *(("甲", "result", "superior", score, f"2025-09-{score}") for score in (10, 20)))
    results = run(MONTH, tmp_path, "2025-09")
    assert results.of("甲").total == Decimal(15)
    assert [p.place for p in told(results, "rated-more-than-once")] == ["甲/result/superior/L1"]


TWO_POSTS = (
    MONTH.replace(
        "positions: [{id: agent, title: 客服}]", "positions: [{id: agent, title: 客服}, {id: lead, title: 组长}]"
    ).replace("      - id: result", "      - id: result\n        positions: [agent]")
    + ""
)
LEADING = """      - id: leading
        title: 带队
        positions: [lead]
        source: {rating: [superior]}
        scoring: {method: rating, levels: [{level: 1, title: 得分, points: "[0, 100]"}]}
uses:"""


def test_a_rating_goes_to_the_post_that_has_the_indicator(tmp_path: Path) -> None:
    text = TWO_POSTS.replace("uses:", LEADING)
    rows = [("甲", "甲", "客服部", "一组", "agent", "L1", "2024-01-01", "2025-09-16")]
    rows += [("甲", "甲", "客服部", "一组", "lead", "L1", "2025-09-16", "")]
    rows += [("乙", "乙", "客服部", "一组", "agent", "L1", "2024-01-01", "")]
    write(tmp_path, "people.csv", [HEAD, *rows])
    given = [("甲", "result", 60), ("甲", "leading", 90), ("乙", "result", 70), ("乙", "leading", 70)]
    ratings(tmp_path, *((name, indicator, "superior", score, "2025-09-28") for name, indicator, score in given))
    results = run(text, tmp_path, "2025-09")
    assert [p.place for p in told(results, "rating-of-another-post")] == ["乙/leading/superior/L1"]
    assert [s.total for s in results.of("甲").segments] == [Decimal(60), Decimal(90)]
    assert results.of("甲").total == Decimal(75)


def test_a_violation_of_an_unknown_code_or_off_post_is_told(tmp_path: Path) -> None:
    head = ("violation_id", "person", "code", "count", "day")
    rows = [(1, "甲", "R1", 1, "2025-09-03"), (2, "甲", "R1", 1, "2025-09-04"), (3, "乙", "R01", 1, "2025-09-03")]
    write(tmp_path, "violations.csv", [head, *rows, (4, "甲", "R9", 1, "2025-08-03")])
    people(tmp_path, ("甲", "2024-01-01", ""), ("乙", "2025-09-10", ""))
    ratings(tmp_path, *((name, "result", "superior", 80, "2025-09-20") for name in ("甲", "乙")))
    results = run(MONTH + RED_LINES, tmp_path, "2025-09")
    assert [p.place for p in told(results, "code-not-in-scheme")] == ["violations.R1"]
    assert "2 条" in told(results, "code-not-in-scheme")[0].message
    assert [p.place for p in told(results, "fact-off-post")] == ["violations.R01"]


def test_decisions_without_effect_are_told_and_the_latest_holds(tmp_path: Path) -> None:
    head = ("person", "indicator", "score", "reason", "decided_by", "day")
    rows = [
        ("甲", "result", 90, "申诉成立", "panel", "2025-09-28"),
        ("甲", "result", 70, "故障", "panel", "2025-09-10"),
        ("甲", "resultt", 70, "笔误", "panel", "2025-09-10"),
        ("甲", "result", 99, "十月的裁定", "panel", "2025-10-09"),
    ]
    write(tmp_path, "adjustments.csv", [head, *rows])
    results = month(tmp_path)
    assert results.of("甲").total == Decimal(90), "the later decision, whatever the order of the rows"
    assert [p.place for p in told(results, "decision-without-effect")] == ["甲/resultt"]
    assert [p.place for p in told(results, "decision-replaced")] == ["甲/result"]
    assert "1 条" in told(results, "decision-outside-period")[0].message


TARGET = """      - id: satisfied
        title: 满意
        source: {metric: csat_top2}
        scoring: {method: attainment, target: personal}
uses:"""


def test_targets_that_are_missing_or_for_nothing_are_told(tmp_path: Path) -> None:
    head = ("person", "indicator", "value", "baseline", "valid_from")
    write(tmp_path, "targets.csv", [head, ("甲", "satisfied_", 9000, "", "2024-01-01")])
    results = month(tmp_path, MONTH.replace("uses:", TARGET))
    assert [p.place for p in told(results, "target-not-used")] == ["targets.satisfied_"]
    assert [p.place for p in told(results, "target-missing")] == ["indicators.satisfied"]
    assert "甲" in told(results, "target-missing")[0].message


def test_a_pay_input_of_another_name_is_told_and_the_latest_one_in_force_holds(tmp_path: Path) -> None:
    head = ("person", "item", "amount", "valid_from")
    rows = [("甲", "base", 6000, "2025-06-01"), ("甲", "base", 5000, "2024-01-01"), ("甲", "bass", 1, "2024-01-01")]
    write(tmp_path, "pay_inputs.csv", [head, *rows])
    results = month(tmp_path, MONTH + "pay: {items: [{id: base, title: 基本, kind: base, amount: {pay: base}}]}\n")
    assert results.of("甲").pay_total == Decimal(6000)
    assert [p.place for p in told(results, "pay-input-not-used")] == ["pay_inputs.bass"]


def test_a_year_with_months_missing_says_so(tmp_path: Path) -> None:
    people(tmp_path, ("甲", "2024-01-01", ""), ("乙", "2025-03-01", ""))
    head = ("person", "kind", "first_day", "last_day", "total", "grade", "days")
    spans = [("2025-01-01", "2025-02-28"), ("2025-03-01", "2025-12-31")]
    rows = [(name, "month", *spans[1], 80, "good", 306) for name in ("甲", "乙")]
    write(tmp_path, "results.csv", [head, *rows])
    ratings(tmp_path, *((name, "overall", "panel", 80, "2025-12-15") for name in ("甲", "乙")))
    found = told(run(YEAR, tmp_path, "2025"), "results-incomplete")
    assert [p.place for p in found] == ["甲/results.month"]
    assert "59 天" in found[0].message


def test_a_result_without_days_is_no_part_of_a_mean_by_days(tmp_path: Path) -> None:
    people(tmp_path, ("甲", "2024-01-01", ""))
    head = ("person", "kind", "first_day", "last_day", "total", "grade", "days")
    rows: list[tuple[object, ...]] = [("甲", "month", "2025-01-01", "2025-06-30", 80, "good", 181)]
    rows += [("甲", "month", "2025-07-01", "2025-12-31", 40, "failed", "")]
    write(tmp_path, "results.csv", [head, *rows])
    ratings(tmp_path, ("甲", "overall", "panel", 80, "2025-12-15"))
    results = run(YEAR.replace("combine: mean", "combine: days"), tmp_path, "2025")
    assert results.of("甲").total == Decimal(80)
    assert [p.place for p in told(results, "result-without-days")] == ["results.month"]
    assert [p.place for p in told(results, "results-incomplete")] == ["甲/results.month"]


def test_a_grade_of_another_scheme_breaks_the_row_and_is_told(tmp_path: Path) -> None:
    head = ("person", "kind", "first_day", "last_day", "total", "grade", "days")
    write(tmp_path, "results.csv", [head, ("甲", "month", "2025-08-01", "2025-08-31", 95, "grade_a", 31)])
    assert "grade_a" not in GRADES
    assert [p.place for p in told(month(tmp_path), "grade-not-in-scheme")] == ["results.grade_a"]


def test_people_without_a_team_are_told_where_teams_are_compared(tmp_path: Path) -> None:
    row = ("甲", "甲", "客服部", "", "agent", "L1", "2024-01-01", "")
    write(tmp_path, "people.csv", [HEAD, row])
    ratings(tmp_path, ("甲", "result", "superior", 80, "2025-09-20"))
    pool = "pay: {items: [{id: p, title: 池, kind: pool, pool: {amount: 100, group: team, by: [coefficient]}}]}\n"
    assert len(told(run(MONTH + pool, tmp_path, "2025-09"), "team-missing")) == 1
    assert told(run(MONTH, tmp_path, "2025-09"), "team-missing") == []
