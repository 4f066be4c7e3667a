"""What an explanation promises is true when it is tried, and what it shows adds up."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from meritdesk.events.ingest import ingest
from meritdesk.explain import explain
from meritdesk.metrics.load import load_metrics
from meritdesk.pipeline import appraise
from meritdesk.published import write_published
from meritdesk.results import Results
from meritdesk.roster import parse_period
from meritdesk.scheme.load import load_document
from tests.contract import test_cycles as cycles

HEAD = """
scheme: orders
version: 1
title: 订单组
style: weights
cycle: {kind: month}
positions: [{id: agent, title: 客服}]
raters:
  roles: [{id: superior, title: 上级, weight: 60}, {id: peer, title: 同事, weight: 40}]
  anonymous: [peer]
violation_lists: {red_lines: [{code: R01, title: 泄密, points: 0}]}
dimensions:
  - id: work
    title: 工作
    weight: 80
    indicators:
      - id: errors
        title: 错单
        source: {metric: wrong_orders}
        scoring:
          method: bands
          bands: [{when: "( , 1]", points: 100}, {when: "(1, 3]", points: 80}, {when: "(3, )", points: 20}]
      - id: sold
        title: 销售
        source: {metric: sales}
        scoring:
          {method: rank, by: position, group: team, bands: [{when: "[1, 1]", points: 100}, {when: "[2, )", points: 30}]}
  - id: conduct
    title: 态度
    weight: 20
    indicators:
      - id: attitude
        title: 责任心
        source: {rating: [superior, peer]}
        scoring:
          method: rating
          levels:
            - {level: 1, title: 差, points: 20}
            - {level: 2, title: 中, points: 60}
            - {level: 3, title: 好, points: 100}
      - id: answered
        title: 满意
        source: {metric: csat_top2}
        missing: {neutral: 50}
        scoring: {method: curve, points: [[0, 0], [1, 100]]}
"""
GRADES = """
grades:
  - {id: excellent, title: 优秀, when: "(90, )", coefficient: 1.5}
  - {id: good, title: 良好, when: "(60, 90]", coefficient: 1.2, requires: [{score: errors, within: "[20, )"}]}
  - {id: poor, title: 不合格, when: "( , 60]", coefficient: 0}
"""
PEOPLE = ("甲", "乙")


def write_orders(folder: Path, wrong: Sequence[int]) -> None:
    head = ("order_id", "person", "paid_at", "amount", "wrong", "day")
    rows: list[tuple[object, ...]] = []
    for person, count in zip(PEOPLE, wrong, strict=True):
        for number in range(10):
            amount = 100 if person == "甲" else 10
            flag = 1 if number < count else 0
            rows.append((f"{person}{number}", person, "2025-09-10T10:00:00+08:00", amount, flag, "2025-09-10"))
    cycles.write(folder, "orders.csv", [head, *rows])


def write_ratings(folder: Path, levels: Sequence[int]) -> None:
    head = ("person", "indicator", "role", "rater", "level", "remark", "day")
    rows = [
        (person, "attitude", role, rater, level, f"来自{rater}", "2025-09-20")
        for person, level in zip(PEOPLE, levels, strict=True)
        for role, rater in (("superior", "L1"), ("peer", "P1"))
    ]
    cycles.write(folder, "ratings.csv", [head, *rows])


def run(folder: Path, *, wrong: Sequence[int], levels: Sequence[int], more: str = "", grades: str = GRADES) -> Results:
    cycles.people(folder, *((name, "2024-01-01", "") for name in PEOPLE))
    write_orders(folder, wrong)
    write_ratings(folder, levels)
    cycles.write(folder, "surveys.csv", [("survey_id", "person", "kind", "score", "full", "day")])
    path = folder / "scheme.yaml"
    path.write_text(HEAD + more + grades, encoding="utf-8")
    return appraise(
        load_document(path.read_text(encoding="utf-8")),
        ingest(folder),
        parse_period("2025-09"),
        load_metrics(),
    )


def promises(results: Results, person: str) -> dict[str, Decimal]:
    """Return the total promised for each indicator named in the explanation."""
    text = explain(results, person, load_metrics()).render()
    return {title: Decimal(total) for title, total in re.findall(r"─ (\S+?)达到 .*：总分 \+\S+，为 (\S+)", text)}


@pytest.mark.parametrize("wrong", [2, 4, 9])
@pytest.mark.parametrize("level", [1, 2])
def test_a_promise_is_kept(tmp_path: Path, wrong: int, level: int) -> None:
    """A figure where less is better, a rubric, and a ranking beside them that rests on the others of the team."""
    before = run(tmp_path / "before", wrong=(wrong, wrong), levels=(level, level))
    for person in PEOPLE:
        promised = promises(before, person)
        assert promised.keys() == {"错单", "责任心"}
        fewer = {2: 1, 4: 3, 9: 3}[wrong]
        with_fewer = tuple(fewer if name == person else wrong for name in PEOPLE)
        with_better = tuple(level + 1 if name == person else level for name in PEOPLE)
        after = run(tmp_path / f"{person}1", wrong=with_fewer, levels=(level, level))
        assert after.of(person).total == promised["错单"]
        after = run(tmp_path / f"{person}2", wrong=(wrong, wrong), levels=with_better)
        assert after.of(person).total == promised["责任心"]


def test_exactly_on_an_open_bound_something_is_still_missing(tmp_path: Path) -> None:
    """(60, 90]: who has 60.00 lacks 0.01."""
    total = run(tmp_path, wrong=(9, 9), levels=(2, 3)).of("甲").total
    grades = GRADES.replace("60", f"{total}")
    text = explain(run(tmp_path, wrong=(9, 9), levels=(2, 3), grades=grades), "甲", load_metrics()).render()
    assert "还差 0.01 分" in text
    assert "分数已达" not in text


def test_contributions_add_up_and_neutral_points_are_shown(tmp_path: Path) -> None:
    results = run(tmp_path, wrong=(2, 5), levels=(1, 3))
    for appraisal in results.appraisals:
        dimensions = appraisal.main.dimensions
        brought = sum((d.contribution or Decimal(0) for d in dimensions), Decimal(0))
        assert appraisal.total is not None
        assert abs(brought - appraisal.total) <= Decimal("0.01") * len(dimensions)
        for dimension in dimensions:
            inside = sum((i.contribution or Decimal(0) for i in dimension.indicators), Decimal(0))
            assert abs(inside - (dimension.contribution or Decimal(0))) <= Decimal("0.01") * len(dimension.indicators)
    assert "没有数据，按中性分计，计入 5.00" in explain(results, "甲", load_metrics()).render()


VETO = "vetoes: [{{id: red, title: 触犯红线, when: {{violations: [R01]}}, {effect}}}]\n"


def test_what_a_veto_sets_to_zero_brings_nothing(tmp_path: Path) -> None:
    head = ("violation_id", "person", "code", "count", "day")
    for effect, totals in (("zero_total: true", (0, 0)), ("zero_dimension: work", (0, 15))):
        folder = tmp_path / effect[:8]
        cycles.write(folder, "violations.csv", [head, (1, "甲", "R01", 1, "2025-09-03")])
        results = run(folder, wrong=(0, 0), levels=(3, 3), more=VETO.format(effect=effect))
        dimensions = results.of("甲").main.dimensions
        assert results.of("甲").total == totals[1]
        assert sum((d.contribution or Decimal(0) for d in dimensions), Decimal(0)) == totals[1]
        assert [i.contribution for i in dimensions[0].indicators] == [0, 0]
        assert results.of("甲").vetoes == ("触犯红线",)


def test_a_veto_without_grades_is_still_named(tmp_path: Path) -> None:
    head = ("violation_id", "person", "code", "count", "day")
    cycles.write(tmp_path, "violations.csv", [head, (1, "甲", "R01", 1, "2025-09-03")])
    results = run(tmp_path, wrong=(0, 0), levels=(3, 3), more=VETO.format(effect="zero_total: true"), grades="")
    assert (results.of("甲").total, results.of("甲").vetoes) == (Decimal(0), ("触犯红线",))


def test_the_grade_by_score_is_told_apart_from_gates_and_vetoes(tmp_path: Path) -> None:
    gated = GRADES.replace("[20, )", "[81, )")
    text = explain(run(tmp_path, wrong=(2, 2), levels=(2, 2), grades=gated), "甲", load_metrics()).render()
    assert "→ 良好" in text
    assert "经门槛或一票否决后：不合格" in text


def test_anonymous_raters_are_not_told_where_they_are_few(tmp_path: Path) -> None:
    text = explain(run(tmp_path, wrong=(2, 2), levels=(2, 2)), "甲", load_metrics()).render()
    assert "来自L1" in text
    assert "来自P1" not in text


def test_a_decision_is_shown_with_its_reason(tmp_path: Path) -> None:
    head = ("person", "indicator", "score", "reason", "decided_by", "day")
    cycles.write(tmp_path, "adjustments.csv", [head, ("甲", "errors", 100, "平台故障", "L1", "2025-09-28")])
    results = run(tmp_path, wrong=(9, 9), levels=(2, 2))
    assert "得分经裁定：平台故障（L1）" in explain(results, "甲", load_metrics()).render()
    assert [i.decision for d in results.of("乙").main.dimensions for i in d.indicators] == ["", "", "", ""]


def test_the_published_file_is_named_after_its_scheme(tmp_path: Path) -> None:
    """Two schemes of one month, put into one folder for the year, do not overwrite each other."""
    results = run(tmp_path, wrong=(1, 1), levels=(2, 2))
    path = write_published(results, tmp_path)
    assert path.name == "results.orders.2025-09-01.csv"
    with path.open(encoding="utf-8") as file:
        assert len(list(csv.reader(file))) == 3
    assert ingest(tmp_path).tables["results"].num_rows == 2
