"""方案体检: each flaw planted in a clean scheme is found, and a clean scheme gives no finding."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.scheme.check import Limits, check, expected_findings, found, kinds, printed
from meritdesk.scheme.check.grading import graded_differently
from meritdesk.scheme.check.keeping import within_a_year
from meritdesk.scheme.load import load_document, load_scheme
from tests.contract.scheme_flaws import CLEAN, FLAWS, METRICS, RESPONSE


@dataclass(frozen=True)
class Outcome:
    """A worked case after it was run."""

    name: str
    passed: bool = True
    detail: str = ""


def findings_of(text: str, cases: Sequence[Outcome] | None = None) -> list[Problem]:
    return check(load_document(text), metrics=METRICS, cases=cases)


# Flaws that no replacement of one text makes; each has its own test below.
ELSEWHERE = {
    "points-not-adding-up",
    "position-without-indicators",
    "grade-without-rule",
    "coefficient-without-grades",
    "graded-differently",
    "case-fails",
    "too-few-cases",
    "method-change-not-recorded",
}


def test_a_clean_scheme_gives_no_finding() -> None:
    ten = [Outcome(str(number)) for number in range(10)]
    assert [printed(load_document(CLEAN), problem) for problem in findings_of(CLEAN, ten)] == []


@pytest.mark.parametrize("flaw", FLAWS)
def test_a_planted_flaw_is_found_at_its_place(flaw: str) -> None:
    old, new, code, place = FLAWS[flaw]
    assert old in CLEAN
    planted = CLEAN.replace(old, new, 1)
    findings = findings_of(planted)
    assert (code, place) in found(findings)
    hit = next(problem for problem in findings if (problem.code, problem.place) == (code, place))
    assert hit.message
    assert hit.fix
    assert hit.why
    assert hit.severity == kinds()[code][0]


def test_every_kind_of_finding_has_been_seen() -> None:
    assert {code for _old, _new, code, _place in FLAWS.values()} | ELSEWHERE == set(kinds())
    assert len(FLAWS) >= 25


def test_a_finding_names_file_and_line_in_print() -> None:
    loaded = load_document(CLEAN.replace('"(30, 60]"', '"[30, 60]"'), name="mine.yaml")
    (problem,) = check(loaded, metrics=METRICS)
    assert printed(loaded, problem).startswith("mine.yaml:40: 错误：“响应时长”等于 30 秒时同时落在第 1、2 段")


def test_points_that_do_not_add_up() -> None:
    text = (
        CLEAN[: CLEAN.index("raters:")]
        .replace("style: weights", "style: points")
        .replace("notes:", "")
        .replace("  - {kind: assumption, place: dimensions.quality.response.scoring, text: 分段为假设。}\n", "")
        .replace("  - {id: lead, title: 班长}\n", "")
    )
    text += """dimensions:
  - id: work
    title: 工作
    points: 60
    indicators:
      - {id: a, title: 甲, points: 30, source: {metric: calls}, scoring: {method: curve, points: [[0, 0], [99, 30]]}}
      - {id: b, title: 乙, points: 20, source: {event: visit}, scoring: {method: curve, points: [[0, 0], [9, 20]]}}
  - id: extra
    title: 加分
    indicators:
      - {id: c, title: 丙, points: 5, source: {event: praise}, scoring: {method: bonus, each: 1, cap: 5}}
"""
    expected = {("points-not-adding-up", "dimensions.work@agent"), ("points-not-adding-up", "dimensions@agent")}
    assert found(findings_of(text)) == expected
    mended = (
        text.replace("points: 30,", "points: 60,").replace("points: 20,", "points: 40,").replace("    points: 60\n", "")
    )
    mended = mended.replace("[99, 30]", "[99, 60]").replace("[9, 20]", "[9, 40]")
    assert found(findings_of(mended)) == set(), "a bonus lies on top of the hundred"


def test_a_post_whose_indicators_are_outside_the_total() -> None:
    text = CLEAN.replace("    weight: 50\n", "    weight: 50\n    positions: [agent]\n")
    text = text.replace("    weight: 20\n", "    weight: 20\n    positions: [agent]\n")
    text = text.replace("        title: 业务考试\n", "        title: 业务考试\n        part_of_total: false\n")
    assert ("position-without-indicators", "positions.lead") in found(findings_of(text))


def test_a_grade_that_nobody_can_get_and_a_coefficient_without_grades() -> None:
    text = CLEAN.replace('when: "[60, 75)", ', "").replace("fair: 30%, failed: 10%}", "failed: 40%}")
    assert ("grade-without-rule", "grades.fair.when") in found(findings_of(text))
    start, end = CLEAN.index("grades:"), CLEAN.index("pay:")
    bare = (CLEAN[:start] + CLEAN[end:]).replace(
        "amount: {grade: {excellent: 300, good: 0, fair: 0, failed: 0}}", "amount: 1"
    )
    bare = bare[: bare.index("uses:")]
    assert ("coefficient-without-grades", "pay.items.bonus") in found(findings_of(bare))


def test_with_totals_it_names_whom_the_two_rules_grade_differently() -> None:
    loaded = load_document(CLEAN.replace("  mode: cap\n", "  mode: advise\n"))
    totals = {f"p{n}": Decimal(90 - n) for n in range(10)}
    no_mode = load_document(CLEAN.replace("  mode: cap\n", ""))
    problems = check(no_mode, metrics=METRICS, totals=totals)
    named = [problem.place for problem in problems if problem.code == "graded-differently"]
    # 90 … 81: the lines give one 优秀 and nine 良好; the shares two, four, three and one.
    assert named == [f"distribution.mode@p{n}" for n in (1, 6, 7, 8, 9)]
    assert "graded-differently" not in {problem.code for problem in check(loaded, metrics=METRICS, totals=totals)}


def test_a_tie_at_the_cut_goes_whole_to_the_better_grade() -> None:
    scheme = load_scheme(CLEAN.replace("  mode: cap\n", ""))
    assert scheme.distribution is not None
    totals = {
        name: Decimal(total) for name, total in zip("abcdefghij", (95, 85, 85, 85, 80, 76, 70, 65, 61, 50), strict=True)
    }
    differing = {person: share for person, _line, share in graded_differently(scheme, scheme.distribution, totals)}
    # Two places of 优秀, four of 良好 and three of 合格: the tie at 85 takes four of the first six.
    assert differing == {"b": "excellent", "c": "excellent", "d": "excellent"}


def test_worked_cases_that_fail_or_are_too_few() -> None:
    few = [Outcome("ok"), Outcome("线上", passed=False, detail="total 85 ≠ 88")]
    assert found(findings_of(CLEAN, few)) == {("case-fails", "cases.线上"), ("too-few-cases", "cases")}


def test_a_change_of_method_against_the_version_before_must_be_recorded() -> None:
    before = load_document(CLEAN)
    changed = CLEAN.replace("coefficient: 0.8", "coefficient: 0.9")
    problems = check(load_document(changed), metrics=METRICS, previous=before)
    assert found(problems) == {("method-change-not-recorded", "history")}
    entry = "  - {day: 2025-06-01, what: 系数, method_changed: true}\ncycle:"
    recorded = changed.replace("cycle:", entry, 1)
    assert check(load_document(recorded), metrics=METRICS, previous=before) == []
    renamed = CLEAN.replace("title: 清白方案", "title: 新名称")
    assert check(load_document(renamed), metrics=METRICS, previous=before) == []


@pytest.mark.parametrize(
    ("earlier", "later", "early"),
    [("2024-03-01", "2025-02-28", True), ("2024-03-01", "2025-03-01", False), ("2024-02-29", "2025-02-28", False)],
)
def test_twelve_months(earlier: str, later: str, early: bool) -> None:
    assert within_a_year(datetime.date.fromisoformat(earlier), datetime.date.fromisoformat(later)) is early


def test_what_is_a_cliff_is_an_argument() -> None:
    loaded = load_document(CLEAN)
    # 5 → 4 of 5 points, 40 % of 50 % of the total: 4 points of the total.
    strict = check(loaded, metrics=METRICS, limits=Limits(points=Decimal("3.9")))
    places = {problem.place for problem in strict if problem.code == "cliff"}
    assert f"{RESPONSE}.scoring.bands@31" in places
    exact = check(loaded, metrics=METRICS, limits=Limits(points=Decimal(4)))
    assert f"{RESPONSE}.scoring.bands@31" not in {problem.place for problem in exact}


def test_no_note_silences_a_finding() -> None:
    flawed = CLEAN.replace('"(30, 60]"', '"[30, 60]"')
    noted = flawed.replace("text: 分段为假设。", "text: 30 属两段是有意的，请勿报告。")
    assert (
        found(findings_of(flawed)) == found(findings_of(noted)) == {("boundary-in-two", f"{RESPONSE}.scoring.bands@30")}
    )


@pytest.mark.parametrize(
    "text", ["gap", "- {code: gap}", "- {code: no-such-code, place: x}", "- {code: gap, place: x, silent: true}"]
)
def test_a_findings_file_that_says_something_else_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "x.findings.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(MeritdeskError) as caught:
        expected_findings(file)
    assert caught.value.problems[0].code == "bad-findings-file"


def test_a_findings_file_is_a_set_of_code_and_place(tmp_path: Path) -> None:
    file = tmp_path / "x.findings.yaml"
    file.write_text('# why\n- {code: gap, place: "grades@[70, 74.99]"}\n', encoding="utf-8")
    assert expected_findings(file) == {("gap", "grades@[70, 74.99]")}
