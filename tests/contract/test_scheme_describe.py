"""A scheme in plain words says everything a person needs: how each indicator is computed and what counts as excellent
(R3.5)."""

from __future__ import annotations

import pytest

from meritdesk.metrics.load import load_metrics
from meritdesk.rules.numbers import parse_bounds, parse_number
from meritdesk.scheme.describe import describe
from meritdesk.scheme.load import load_scheme, shipped, shipped_as_printed
from meritdesk.scheme.phrases import amount, interval
from tests.contract.scheme_flaws import CLEAN

EVERY = {**shipped(), **shipped_as_printed()}


@pytest.mark.parametrize("name", EVERY)
def test_a_shipped_scheme_is_described_with_all_its_parts(name: str) -> None:
    scheme = load_scheme(EVERY[name])
    text = describe(scheme, load_metrics())
    titles = [scheme.title, *(p.title for p in scheme.positions), *(g.title for g in scheme.grades)]
    titles += [title for d, i in scheme.indicators() for title in (d.title, i.title)]
    assert [title for title in titles if title not in text] == []
    assert [note.text for note in scheme.notes if note.text not in text] == []
    assert [item.title for item in (scheme.pay.items if scheme.pay else ()) if item.title not in text] == []
    assert [use.title for use in scheme.uses if use.title not in text] == []
    assert "None" not in text
    assert "Decimal" not in text


@pytest.mark.parametrize(
    "line",
    [
        "- 在岗少于 10 天不考核，绩效系数按 1",
        "### 服务质量（50%）",
        "- **响应时长**（40%）",
        "  - 计分：不超过 30（快）得 5 分；高于 30、不超过 60（中）得 4 分；高于 60（慢）得 3 分",
        "  - 做到最好：不超过 30",
        "  - 计分：200 到 400 得满分 100；低于 50 或高于 900 得 0 分，之间按比例",
        "  - 没有数据时：记 60 分",
        "  - 取自：违规记录（闲聊 5、泄露信息 50）",
        "  - 计分：0 得 100 分；1 得 80 分；2 得 60 分；其余 30 分",
        "- 优秀：总分 至少 90；服务质量 至少 80；系数 1.2",
        "- 强制分布（只限上限）：全体内 优秀 20%、良好 40%、合格 30%、不合格 10%；少于 10 人的组只提示",
        "- 泄密：违规 B1 达到 1 次 → 等级最高为不合格",
        "- 计件：calls（各档分别计再相加：不超过 500 每单位 1；高于 500 每单位 1.5）",
        "- 改进计划：连续 2 次不合格",
        "- 2024-03-01 调整权重（业务变化）",
    ],
)
def test_a_part_is_said_in_one_line(line: str) -> None:
    assert line in describe(load_scheme(CLEAN)).splitlines()


@pytest.mark.parametrize(
    ("bounds", "unit", "words"),
    [
        ("(30, 60]", "seconds", "高于 30 秒、不超过 60 秒"),
        ("[90%, )", "ratio", "至少 90%"),
        ("[0, 1%)", "ratio", "至少 0%、低于 1%"),
        ("[0, 0]", "count", "等于 0"),
        ("[0, 86400]", "seconds", "不超过 24 小时"),
        ("(, 60)", "", "低于 60"),
        ("(, )", "", "任意值"),
    ],
)
def test_an_interval_says_whether_its_ends_belong_to_it(bounds: str, unit: str, words: str) -> None:
    assert interval(parse_bounds(bounds), unit) == words


def test_amounts_carry_their_unit() -> None:
    values = [("0.955", "ratio"), ("30", "seconds"), ("7200", "seconds"), ("12.5", "yuan"), ("3", "count")]
    assert [amount(parse_number(n), unit) for n, unit in values] == ["95.5%", "30 秒", "2 小时", "12.5 元", "3"]
