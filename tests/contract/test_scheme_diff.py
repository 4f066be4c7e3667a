"""What differs between two versions is told by ids and in words; what only looks different is not told."""

from __future__ import annotations

import pytest

from meritdesk.scheme.diff import diff
from meritdesk.scheme.load import load_scheme
from tests.contract.scheme_flaws import CLEAN

BASE = load_scheme(CLEAN)


def test_a_scheme_does_not_differ_from_itself_however_it_is_written() -> None:
    respelled = CLEAN.replace("excellent: 20%", "excellent: 0.2").replace("coefficient: 1,", "coefficient: 1.0,")
    respelled = respelled.replace(
        "        source: {metric: calls}", "        part_of_total: true\n        source: {metric: calls}"
    )
    assert diff(BASE, load_scheme(respelled)) == []


@pytest.mark.parametrize(
    ("old", "new", "place", "text"),
    [
        ("weight: 50\n", "weight: 45\n", "dimensions.quality.weight", "考核维度“服务质量” › 权重：由 50 改为 45"),
        (
            "        weight: 40\n",
            "        weight: 35\n",
            "dimensions.quality.response.weight",
            "考核维度“服务质量” › 考核指标“响应时长” › 权重：由 40 改为 35",
        ),
        (
            '"(30, 60]", points: 4',
            '"(30, 60]", points: 4.5',
            "dimensions.quality.response.scoring.bands.2.points",
            "考核维度“服务质量” › 考核指标“响应时长” › 计分方法 › 分段“中” › 分值：由 4 改为 4.5",
        ),
        ("metric: fcr", "metric: csat", "dimensions.quality.resolution.source.metric", "由 fcr 改为 csat"),
        (
            "scoring: {method: curve, points: [[0, 0], [1000, 100]]}",
            "scoring: {method: bonus, each: 1, cap: 100}",
            "dimensions.output.calls.scoring",
            "由 {method: curve, points: [[0, 0], [1000, 100]]} 改为 {method: bonus, each: 1, cap: 100}",
        ),
        ("coefficient: 0.8", "coefficient: 0.9", "grades.fair.coefficient", "等级“合格” › 系数：由 0.8 改为 0.9"),
        ("fair: 30%", "fair: 25%", "distribution.shares.fair", "强制分布 › 比例 › fair：由 0.3 改为 0.25"),
        ("  minimum_wage: 2000\n", "", "pay.minimum_wage", "薪酬 › 最低工资：去掉 2000"),
        ("at_least: 1}", "at_least: 2}", "raters.calibration.at_least", "评分人 › 评分校准 › 至少：由 1 改为 2"),
    ],
)
def test_a_change_is_told_at_its_place_and_in_words(old: str, new: str, place: str, text: str) -> None:
    assert old in CLEAN
    (difference,) = diff(BASE, load_scheme(CLEAN.replace(old, new, 1)))
    assert difference.place == place
    assert text in difference.text


def test_something_added_something_removed() -> None:
    entry = "  - {id: honour_use, title: 服务之星, when: {grade: [excellent]}, then: honour}\n"
    longer = load_scheme(CLEAN + entry)
    (added,) = diff(BASE, longer)
    assert (added.kind, added.place, added.old, added.new) == ("added", "uses.honour_use", "", "服务之星")
    (removed,) = diff(longer, BASE)
    assert (removed.kind, removed.place, removed.old, removed.new) == ("removed", "uses.honour_use", "服务之星", "")
    assert removed.text == "结果应用“服务之星”：去掉 服务之星"


def test_order_is_told_once_and_nothing_else() -> None:
    swapped = CLEAN.replace(
        "  - {id: agent, title: 客服}\n  - {id: lead, title: 班长}\n",
        "  - {id: lead, title: 班长}\n  - {id: agent, title: 客服}\n",
    )
    (moved,) = diff(BASE, load_scheme(swapped))
    assert (moved.kind, moved.place, moved.old, moved.new) == ("moved", "positions", "[agent, lead]", "[lead, agent]")


def test_every_difference_is_told_and_reversed_by_turning_the_schemes_round() -> None:
    text = (
        CLEAN.replace("weight: 50\n", "weight: 45\n")
        .replace("coefficient: 0.8", "coefficient: 0.9")
        .replace("version: 2", "version: 3")
    )
    other = load_scheme(text)
    there, back = diff(BASE, other), diff(other, BASE)
    assert [d.place for d in there] == ["version", "dimensions.quality.weight", "grades.fair.coefficient"]
    assert [(d.place, d.old, d.new) for d in back] == [(d.place, d.new, d.old) for d in there]
