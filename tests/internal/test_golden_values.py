"""Every row kind, worked by hand from its docstring and from the source documents, on every reader.

Figures are in units of the node's scale: 85.00 at scale 2 is 8500.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

import pytest

from meritdesk.rules import nodes
from meritdesk.rules.nodes import Band, Const, Input, MulDiv, Node, Part
from meritdesk.rules.numbers import parse_bounds
from tests.internal.readers import READERS, Reader

X2 = Input(name="x", scale=2)
X0 = Input(name="x", scale=0, low=-(10**6), high=10**6)
Y2 = Input(name="y", scale=2)
Z2 = Input(name="z", scale=2)


def number(text: str, scale: int = 2) -> Const:
    return Const(scale=scale, value=Decimal(text))


def bands(*rows: tuple[str, str]) -> tuple[Band, ...]:
    return tuple(Band(parse_bounds(interval), Decimal(value)) for interval, value in rows)


R2D = bands(
    ("[0, 2000]", "0.4"),
    ("(2000, 2300]", "0.5"),
    ("(2300, 2500]", "0.55"),
    ("(2500, 2800]", "0.6"),
    ("(2800, 3000]", "0.65"),
    ("(3000, )", "0.7"),
)
R2D_AS_PRINTED = bands(
    ("[0, 2000]", "0.4"),
    ("(2000, 2300)", "0.5"),
    ("(2300, 2500)", "0.55"),
    ("(2500, 2800)", "0.6"),
    ("(2800, 3000)", "0.65"),
    ("(3000, )", "0.7"),
)
R2D_ERRORS = bands(
    ("[0, 3]", "30"), ("[4, 4]", "28"), ("[5, 5]", "27.5"), ("[6, 6]", "26.4"), ("[7, 7]", "25.8"), ("[8, 8]", "25.2"),
    ("[9, 9]", "23.7"), ("[10, 10]", "23"), ("(10, )", "0"),
)  # fmt: skip
R2A = bands(("(95, 100]", "1.1"), ("(90, 95]", "1.0"), ("(85, 90]", "0.9"), ("(80, 85]", "0.8"), ("[0, 80]", "0.6"))
OVERLAP = bands(("[30, 60]", "3"), ("[0, 30]", "5"))
CURVE = ((Decimal("0.00"), Decimal(100)), (Decimal("3.00"), Decimal(99)), (Decimal("4.50"), Decimal("-99")))
MARGINAL = bands(("[0, 100]", "0.4"), ("(100, 200]", "0.5"), ("(200, )", "0.55"))
LOOSE = bands(("( , 10]", "1"), ("[20, 30)", "2"))


class Golden(NamedTuple):
    """`rows` are values of x, or of (x, y, z)."""

    node: Node
    rows: tuple[int | tuple[int | None, ...] | None, ...]
    expected: tuple[int | None, ...]


def scored(a: int, b: int) -> nodes.WeightedMean:
    """Two rubric levels of one dimension of R4, equal weights, as points of 100."""
    parts = [
        MulDiv(scale=4, a=Const(scale=0, value=Decimal(level)), b=number("100", 0), c=number("5", 0))
        for level in (a, b)
    ]
    return nodes.WeightedMean(scale=4, parts=tuple(Part(1, part) for part in parts), missing="hold")


def r4(first_contact_level: int) -> Node:
    """The worked form of R4.10 under weights 40, 30, 20, 10."""
    team = MulDiv(scale=4, a=number("3", 0), b=number("100", 0), c=number("5", 0))
    dimensions = (scored(4, 5), scored(5, first_contact_level), scored(3, 5), team)
    return nodes.WeightedMean(
        scale=2, parts=tuple(Part(w, d) for w, d in zip((40, 30, 20, 10), dimensions, strict=True)), missing="hold"
    )


def mean(missing: str, *weights: int, scale: int = 2) -> nodes.WeightedMean:
    parts = tuple(Part(weight, node) for weight, node in zip(weights, (X2, Y2, Z2), strict=False))
    assert missing in ("redistribute", "hold")
    return nodes.WeightedMean(scale=scale, parts=parts, missing="hold" if missing == "hold" else "redistribute")


THREE = ((1, 2, 4), (None, 2, 4), (None, None, None), (1, None, -4))
GOLDEN: dict[str, Golden] = {
    "Input": Golden(X2, (1, None, -(10**11), 10**11), (1, None, -(10**11), 10**11)),
    "Const": Golden(number("-1.5"), (1, None), (-150, -150)),
    "Missing": Golden(nodes.Missing(scale=2), (1, None), (None, None)),
    "Sum": Golden(nodes.Sum(scale=2, terms=(X2, Y2, Z2)), THREE, (7, None, None, None)),
    "Sum skipping": Golden(nodes.Sum(scale=2, terms=(X2, Y2, Z2), skip_missing=True), THREE, (7, 6, None, -3)),
    "Negate": Golden(nodes.Negate(scale=2, x=X2), (1, None, -3, 0), (-1, None, 3, 0)),
    # 0.05 × 0.50 = 0.025 → 0.03; −0.05 × 0.50 → −0.03: half goes away from zero on both sides
    "MulDiv half": Golden(
        MulDiv(scale=2, a=X2, b=number("0.5")), (5, -5, 4, -4, 3, -3, None), (3, -3, 2, -2, 2, -2, None)
    ),
    # 1.00 ÷ 3 = 0.3333, 2.00 ÷ 3 = 0.6667
    "MulDiv by": Golden(
        MulDiv(scale=4, a=X2, b=number("1", 0), c=Y2),
        ((100, 300), (200, 300), (-200, 300), (1, 0), (1, -1), (1, None), (None, 300)),
        (3333, 6667, -6667, None, None, None, None),
    ),
    "MulDiv coarser": Golden(
        MulDiv(scale=0, a=X2, b=number("1.00")), (49, 50, -49, -50, 149, 150), (0, 1, 0, -1, 1, 2)
    ),
    "WeightedMean R4 as scored": Golden(r4(4), (1,), (8500,)),  # 36 + 27 + 16 + 6
    "WeightedMean R4 by its own rubric": Golden(r4(3), (1,), (8200,)),  # 36 + 24 + 16 + 6
    "WeightedMean redistribute": Golden(
        mean("redistribute", 40, 30, 30),
        ((10000, 9000, 8000), (10000, None, 8000), (None, None, 8001), (None, None, None)),
        (9100, 9143, 8001, None),  # 40·100 + 30·80 = 6400 ÷ 70 = 91.428…
    ),
    "WeightedMean hold": Golden(
        mean("hold", 40, 60, 0),
        ((10000, 9000, None), (10000, None, 8000), (None, 1, 1), (1, 2, 3)),
        (9400, None, None, 2),
    ),
    "WeightedMean weightless": Golden(mean("redistribute", 1, 0, 0), ((None, 5, 5), (7, 5, None)), (None, 7)),
    "WeightedMean hold weightless": Golden(mean("hold", 0, 0, 0), ((1, 2, 3), (None, 2, 3)), (None, None)),
    "WeightedMean half": Golden(mean("hold", 1, 1), ((1, 2), (-1, -2), (1, -2), (-1, 2)), (2, -2, -1, 1)),
    "WeightedMean finer": Golden(mean("hold", 1, 2, scale=4), ((100, 200), (-100, -200)), (16667, -16667)),
    "Least": Golden(nodes.Least(scale=2, args=(X2, Y2, Z2)), THREE, (1, None, None, None)),
    "Least skipping": Golden(nodes.Least(scale=2, args=(X2, Y2, Z2), skip_missing=True), THREE, (1, 2, None, -4)),
    "Greatest": Golden(nodes.Greatest(scale=2, args=(X2, Y2, Z2)), THREE, (4, None, None, None)),
    "Greatest skipping": Golden(nodes.Greatest(scale=2, args=(X2, Y2, Z2), skip_missing=True), THREE, (4, 4, None, 1)),
    # R2d: ≤ 3 wrong orders 30 points … > 10 none
    "Bands R2d errors": Golden(
        nodes.Bands(scale=1, x=X0, bands=R2D_ERRORS),
        (0, 3, 4, 5, 6, 7, 8, 9, 10, 11, None, -1),
        (300, 300, 280, 275, 264, 258, 252, 237, 230, 0, None, None),
    ),
    # R2a: open below, closed above
    "Bands R2a": Golden(
        nodes.Bands(scale=1, x=X2, bands=R2A),
        (10000, 9501, 9500, 9001, 9000, 8501, 8500, 8001, 8000, 0, 10001),
        (11, 11, 10, 10, 9, 9, 8, 8, 6, 6, None),
    ),
    "Bands first wins": Golden(nodes.Bands(scale=0, x=X0, bands=OVERLAP), (29, 30, 31, 60, 61), (5, 3, 3, 3, None)),
    # between (0, 100) and (3, 99): 100 − x ÷ 3; between (3, 99) and (4.5, −99): 99 − 132·(x − 3)
    "Curve": Golden(
        nodes.Curve(scale=2, x=X2, points=CURVE),
        (-1, 0, 1, 150, 299, 300, 301, 375, 449, 450, 451, None),
        (10000, 10000, 10000, 9950, 9900, 9900, 9768, 0, -9768, -9900, -9900, None),
    ),
    "Curve half": Golden(
        nodes.Curve(scale=0, x=X0, points=((Decimal(-2), Decimal(-1)), (Decimal(2), Decimal(1)))),
        (-3, -2, -1, 0, 1, 2, 3),
        (-1, -1, -1, 0, 1, 1, 1),
    ),
    "Tiers R2d": Golden(
        nodes.Tiers(scale=2, x=X0, tiers=R2D, mode="whole"),
        (0, 2000, 2001, 2300, 2301, 2500, 2501, 2800, 2801, 3000, 3001, None, -1),
        (0, 80000, 100050, 115000, 126555, 137500, 150060, 168000, 182065, 195000, 210070, None, None),
    ),
    "Tiers R2d as printed": Golden(
        nodes.Tiers(scale=2, x=X0, tiers=R2D_AS_PRINTED, mode="whole"),
        (2299, 2300, 2500, 2800, 3000, 3001),
        (114950, None, None, None, None, 210070),
    ),
    # 250 = 100 × 0.4 + 100 × 0.5 + 50 × 0.55
    "Tiers marginal": Golden(
        nodes.Tiers(scale=2, x=X0, tiers=MARGINAL, mode="marginal"),
        (-5, 0, 1, 100, 101, 200, 201, 250, None),
        (0, 0, 40, 4000, 4050, 9000, 9055, 11750, None),
    ),
    "Tiers marginal with a gap": Golden(
        nodes.Tiers(scale=0, x=X0, tiers=LOOSE, mode="marginal"),
        (5, 10, 15, 20, 25, 30, 99),
        (5, 10, 10, 10, 20, 30, 30),
    ),
    "Tiers half": Golden(
        nodes.Tiers(scale=2, x=X0, tiers=bands(("( , )", "0.005")), mode="whole"), (1, -1, 3, -3), (1, -1, 2, -2)
    ),
    "If": Golden(
        nodes.If(scale=2, flag=nodes.Within(x=X2, bounds=parse_bounds("[0, 1)")), then=Y2, otherwise=Z2),
        ((0, 1, 2), (100, 1, 2), (None, 1, 2), (99, None, 2), (100, 1, None)),
        (1, 2, 2, None, None),
    ),
    "Coalesce": Golden(nodes.Coalesce(scale=2, args=(X2, Y2, Z2)), THREE, (1, 2, None, 1)),
    "Present": Golden(nodes.Present(x=X2), (0, None, -1), (1, 0, 1)),
    "Within": Golden(
        nodes.Within(x=X2, bounds=parse_bounds("(30, 60]")), (3000, 3001, 6000, 6001, None), (0, 1, 1, 0, 0)
    ),
    "Within finer than the scale": Golden(
        nodes.Within(x=X0, bounds=parse_bounds("(0.5, 1.5)")), (0, 1, 2, -1), (0, 1, 0, 0)
    ),
    "AllOf": Golden(
        nodes.AllOf(flags=(nodes.Present(x=X2), nodes.Present(x=Y2))), ((1, 1), (1, None), (None, None)), (1, 0, 0)
    ),
    "AllOf nothing": Golden(nodes.AllOf(flags=()), (1,), (1,)),
    "AnyOf": Golden(
        nodes.AnyOf(flags=(nodes.Present(x=X2), nodes.Present(x=Y2))), ((1, 1), (1, None), (None, None)), (1, 1, 0)
    ),
    "AnyOf nothing": Golden(nodes.AnyOf(flags=()), (1,), (0,)),
    "Not": Golden(nodes.Not(flag=nodes.Present(x=X2)), (1, None), (0, 1)),
}


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
@pytest.mark.parametrize("case", GOLDEN.values(), ids=GOLDEN)
def test_a_row_kind_gives_what_was_worked_by_hand(reader: Reader, case: Golden) -> None:
    rows = [dict(zip("xyz", row if isinstance(row, tuple) else (row,), strict=False)) for row in case.rows]
    assert reader({"value": case.node}, [{"x": None, "y": None, "z": None, **row} for row in rows]) == {
        "value": list(case.expected)
    }


def test_every_row_kind_has_a_case() -> None:
    kinds = {
        name
        for name, kind in vars(nodes).items()
        if isinstance(kind, type) and issubclass(kind, Node) and kind not in (Node, nodes.Flag)
    }
    assert {name.split()[0] for name in GOLDEN} == kinds


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_a_shared_sub_tree_and_several_outputs(reader: Reader) -> None:
    double = nodes.Sum(scale=2, terms=(X2, X2))
    outputs = {"double": double, "quadruple": nodes.Sum(scale=2, terms=(double, double)), "x": X2}
    assert reader(outputs, [{"x": 3}, {"x": None}]) == {"double": [6, None], "quadruple": [12, None], "x": [3, None]}
