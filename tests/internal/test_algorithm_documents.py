"""The tables of docs/algorithms are run: what they say is what the readers compute."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest

from meritdesk.rules import groups, nodes
from meritdesk.rules.exact import Row
from meritdesk.rules.exact.shares import quotas
from meritdesk.rules.nodes import Band, Const, Input, MulDiv, Part
from meritdesk.rules.numbers import half_up, parse_bounds, rounded, to_integer
from tests.internal.readers import READERS

DOCUMENTS = Path(__file__).resolve().parents[2] / "docs" / "algorithms"
Table = list[dict[str, str]]
EVALUATE = READERS["exact"]
TIERS = (("[0, 2000]", "0.4"), ("(2000, 2300]", "0.5"), ("(2300, 2500]", "0.55"), ("(2500, 2800]", "0.6"),
         ("(2800, 3000]", "0.65"), ("(3000, )", "0.7"))  # fmt: skip
GRADES = (("[90, )", "优秀"), ("[80, 90)", "良好"))


def tables(name: str) -> list[Table]:
    """Return the tables of a document, a row being column title → text."""
    text = (DOCUMENTS / name).read_text(encoding="utf-8")
    found = []
    for block in re.findall(r"(?:^\|.*\|\n)+", text, flags=re.MULTILINE):
        cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()]
        found.append([dict(zip(cells[0], row, strict=True)) for row in cells[2:]])
    return found


ROUNDING, DISTRIBUTION = tables("rounding.md"), tables("distribution.md")


def one_by_column(found: list[Table], column: str) -> Table:
    return [row for table in found for row in table if column in row]


def units(text: str, scale: int = 2) -> int:
    return to_integer(Decimal(text), scale)


def test_every_table_is_run() -> None:
    used = ("数", "三项得分", "未舍入的总分", "各行（元）", "话务量", "人数", "方式", "池（元）")
    assert all(set(table[0]) & set(used) for table in ROUNDING + DISTRIBUTION)
    assert len(ROUNDING) == 5
    assert len(DISTRIBUTION) == 4


@pytest.mark.parametrize("row", one_by_column(ROUNDING, "数"), ids=lambda row: row["数"])
def test_half_goes_away_from_zero(row: dict[str, str]) -> None:
    number, scale = Decimal(row["数"]), int(row["小数位"])
    assert str(rounded(number, scale)) == row["结果"]
    assert half_up(to_integer(number, 6), 10 ** (6 - scale)) == units(row["结果"], scale)
    node = MulDiv(scale=scale, a=Const(scale=6, value=number), b=Const(scale=0, value=Decimal(1)))
    assert EVALUATE({"value": node}, [{}])["value"] == [units(row["结果"], scale)]


@pytest.mark.parametrize("row", one_by_column(ROUNDING, "三项得分"), ids=lambda row: row["三项得分"])
def test_a_mean_is_rounded_once(row: dict[str, str]) -> None:
    scores = [Decimal(text) for text in row["三项得分"].split()]
    parts = tuple(Part(1, Const(scale=2, value=score)) for score in scores)
    mean = nodes.WeightedMean(scale=2, parts=parts, missing="hold")
    assert EVALUATE({"value": mean}, [{}])["value"] == [units(row["只舍一次"])]
    # the other way, for comparison: score × weight to two decimals of a weight that was itself cut to 33.33 %
    assert sum(rounded(score / 3, 2) for score in scores) == Decimal(row["若每项先舍再加"])


@pytest.mark.parametrize("row", one_by_column(ROUNDING, "未舍入的总分"), ids=lambda row: row["未舍入的总分"])
def test_the_total_shown_is_the_total_graded(row: dict[str, str]) -> None:
    total = MulDiv(scale=2, a=Const(scale=4, value=Decimal(row["未舍入的总分"])), b=Const(scale=0, value=Decimal(1)))
    limits = tuple(Band(parse_bounds(interval), Decimal(index)) for index, (interval, _name) in enumerate(GRADES))
    values = EVALUATE({"total": total, "grade": nodes.Bands(scale=0, x=total, bands=limits)}, [{}])
    assert values["total"] == [units(row["显示的总分"])]
    assert values["grade"] == [[name for _interval, name in GRADES].index(row["等级"])]


@pytest.mark.parametrize("row", one_by_column(ROUNDING, "各行（元）"), ids=lambda row: row["各行（元）"])
def test_pay_is_the_sum_of_its_rounded_lines(row: dict[str, str]) -> None:
    one = Const(scale=0, value=Decimal(1))
    lines = [MulDiv(scale=2, a=Const(scale=4, value=Decimal(text)), b=one) for text in row["各行（元）"].split()]
    outputs = {str(number): line for number, line in enumerate(lines)}
    values = EVALUATE({**outputs, "sum": nodes.Sum(scale=2, terms=tuple(lines))}, [{}])
    assert [values[name][0] for name in outputs] == [units(text) for text in row["舍到分"].split()]
    assert values["sum"] == [units(row["合计"])]


@pytest.mark.parametrize("row", one_by_column(ROUNDING, "话务量"), ids=lambda row: row["话务量"])
def test_piece_rates_of_r2d(row: dict[str, str]) -> None:
    calls = Input(name="calls", scale=0, low=0, high=10_000)
    tiers = tuple(Band(parse_bounds(interval), Decimal(rate)) for interval, rate in TIERS)
    outputs = {
        "整量": nodes.Tiers(scale=2, x=calls, tiers=tiers, mode="whole"),
        "分段": nodes.Tiers(scale=2, x=calls, tiers=tiers, mode="marginal"),
    }
    values = EVALUATE(outputs, [{"calls": int(row["话务量"])}])
    assert values == {name: [units(row[name])] for name in outputs}


@pytest.mark.parametrize(
    "row", one_by_column(DISTRIBUTION, "人数"), ids=lambda row: f"{row['人数']} {row['份额（%）']}"
)
def test_quotas(row: dict[str, str]) -> None:
    shares = [units(text) for text in row["份额（%）"].split()]
    assert quotas(int(row["人数"]), shares) == tuple(int(text) for text in row["名额"].split())


@pytest.mark.parametrize("row", one_by_column(DISTRIBUTION, "方式"), ids=lambda row: f"{row['方式']} {row['总分']}")
def test_forced_shares(row: dict[str, str]) -> None:
    everyone = nodes.AllOf(flags=())
    node = groups.ForcedShares(
        scale=0,
        grade=Input(name="grade", scale=0, low=0, high=3),
        total=Input(name="total", scale=2, low=0, high=10_000),
        vetoed=nodes.Not(flag=everyone),
        counted=everyone,
        order=(),
        group="team",
        shares=(1000, 3000, 5000, 1000),
        mode="force" if row["方式"] == "force" else "cap",
        smallest=10,
    )
    people = zip(row["总分"].split(), row["原等级"].split(), strict=True)
    rows: list[Row] = [{"team": "a", "total": units(total), "grade": int(grade)} for total, grade in people]
    assert EVALUATE({"grade": node}, rows)["grade"] == [int(text) for text in row["结果"].split()]


@pytest.mark.parametrize(
    "row", one_by_column(DISTRIBUTION, "池（元）"), ids=lambda row: f"{row['池（元）']} {row['得分']}"
)
def test_pools(row: dict[str, str]) -> None:
    node = groups.PoolShares(
        scale=2,
        points=Input(name="points", scale=2, low=-10_000, high=10_000),
        pool=Input(name="pool", scale=2, low=0, high=10**9),
        order=(),
        group="team",
        identity="name",
    )
    rows: list[Row] = [
        {"team": "a", "name": f"p{i}", "pool": units(row["池（元）"]), "points": None if text == "—" else units(text)}
        for i, text in enumerate(row["得分"].split())
    ]
    parts = EVALUATE({"part": node}, rows)["part"]
    assert parts == [None if text == "—" else units(text) for text in row["分得（元）"].split()]
    assert sum(part or 0 for part in parts) == units(row["池（元）"])
