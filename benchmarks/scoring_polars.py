"""The scheme of `scoring_program` written by hand in polars, Int64 throughout: what `scoring` is compared with.

Shares no code with the readers; only the tables of bands, curves, weights and shares are the same.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import polars as pl

from benchmarks import scoring_program as scheme
from meritdesk.rules.numbers import parse_bounds

UNIT = 10_000


def run(people: pl.DataFrame) -> pl.DataFrame:
    """Return the outputs of both stages, one row per person."""
    scored = _dimensions(people.lazy().with_columns(**{f"points.{name}": _points(name) for name in scheme.INDICATORS}))
    graded = scored.with_columns(threshold_grade=_in_bands(pl.col("total"), zip(scheme.GRADES, range(5), strict=True)))
    forced = _forced(graded)
    coefficient = pl.col("grade").replace_strict(
        dict(enumerate(int(Decimal(c) * UNIT) for c in scheme.COEFFICIENTS)), return_dtype=pl.Int64, default=None
    )
    share = int(Decimal(scheme.PERFORMANCE_SHARE) * UNIT)
    paid = forced.with_columns(
        coefficient=coefficient,
        pool=_half_up(pl.col("base") * share, UNIT),
        piece=_half_up(
            pl.col("calls") * _in_bands(pl.col("calls"), ((b, int(Decimal(r) * UNIT)) for b, r in scheme.TIERS)), 100
        ),
    )
    paid = paid.with_columns(performance=_half_up(pl.col("pool") * pl.col("coefficient"), UNIT))
    paid = paid.with_columns(pay=pl.sum_horizontal("base", "performance", "piece"))
    lines = ("total", "threshold_grade", "grade", "coefficient", "performance", "piece", "pay")
    return paid.select("appraisal", *(f"points.{name}" for name in scheme.INDICATORS), *lines).collect()


def _half_up(numerator: pl.Expr, divisor: int) -> pl.Expr:
    return (2 * numerator + divisor) // (2 * divisor)


def _in_bands(x: pl.Expr, bands: object) -> pl.Expr:
    chain: pl.Expr | None = None
    for text, value in reversed(list(bands)):  # type: ignore[call-overload]
        low, high = parse_bounds(text).inclusive(0 if x.meta.output_name() != "total" else 2)
        inside = x.is_not_null()
        inside = inside if low is None else inside & (x >= low)
        inside = inside if high is None else inside & (x <= high)
        chain = (
            pl.when(inside).then(pl.lit(value, pl.Int64)).otherwise(pl.lit(None, pl.Int64) if chain is None else chain)
        )
    assert chain is not None
    return chain


def _points(name: str) -> pl.Expr:
    x = pl.col(name)
    if name in scheme.BANDS:
        return _in_bands(x, ((text, value * UNIT) for text, value in scheme.BANDS[name]))
    points = [(a, b * UNIT) for a, b in scheme.CURVES[name]]
    chain = pl.when(x >= points[-1][0]).then(pl.lit(points[-1][1], pl.Int64)).otherwise(pl.lit(None, pl.Int64))
    for (x0, y0), (x1, y1) in reversed(list(pairwise(points))):
        line = _half_up(y0 * (x1 - x0) + (y1 - y0) * (x - x0), x1 - x0)
        chain = pl.when(x <= x1).then(line).otherwise(chain)
    return pl.when(x <= points[0][0]).then(pl.lit(points[0][1], pl.Int64)).otherwise(chain)


def _dimensions(scored: pl.LazyFrame) -> pl.LazyFrame:
    columns = {
        f"dimension.{weight}": _mean({f"points.{name}": w for name, w in parts.items()}, 1)
        for weight, parts in scheme.DIMENSIONS.items()
    }
    total = _mean({f"dimension.{weight}": weight for weight in scheme.DIMENSIONS}, 100)
    return scored.with_columns(**columns).with_columns(total=total)


def _mean(weights: dict[str, int], down: int) -> pl.Expr:
    numerator = pl.sum_horizontal(*(pl.col(name).fill_null(0) * weight for name, weight in weights.items()))
    present = [pl.when(pl.col(name).is_not_null()).then(weight).otherwise(0) for name, weight in weights.items()]
    divisor = pl.sum_horizontal(*present).cast(pl.Int64) * down
    return pl.when(divisor > 0).then((2 * numerator + divisor) // (2 * divisor))


def _forced(graded: pl.LazyFrame) -> pl.LazyFrame:
    grade = pl.col("threshold_grade")
    counted = pl.col("total").is_not_null()
    vetoed = pl.col("violations").fill_null(0) >= 1
    key = grade * 10**9 + (10_000 - pl.col("total")) * 10**5 + (10_001 - pl.col("csat").fill_null(-1))
    rows = graded.with_columns(
        placed=counted & ~vetoed, filled=counted & vetoed, key=pl.when(counted & ~vetoed).then(key)
    ).with_columns(place=pl.col("key").rank("min").over("team").cast(pl.Int64))
    sums = [(pl.col("placed") | pl.col("filled")).sum().cast(pl.Int64).alias("n")]
    for g in range(4):
        sums.append((pl.col("filled") & (grade == g)).sum().cast(pl.Int64).alias(f"v{g}"))
        sums.append((pl.col("placed") & (grade <= g)).sum().cast(pl.Int64).alias(f"t{g}"))
    teams = rows.group_by("team").agg(*sums)
    n = pl.col("n")
    wholes = [n * share // UNIT for share in scheme.SHARES]
    rests = [n * share % UNIT for share in scheme.SHARES]
    left = n - pl.sum_horizontal(*wholes)
    quotas = []
    for g in range(4):
        ahead = [rests[h] >= rests[g] if h > g else rests[h] > rests[g] for h in range(5) if h != g]
        quotas.append((wholes[g] + (pl.sum_horizontal(*ahead).cast(pl.Int64) < left).cast(pl.Int64)).alias(f"q{g}"))
    teams = teams.with_columns(*quotas)
    before = pl.lit(0, pl.Int64)
    for g in range(3):
        free = pl.max_horizontal(pl.col(f"q{g}") - pl.col(f"v{g}"), 0)
        teams = teams.with_columns(pl.min_horizontal(pl.col(f"t{g}"), before + free).alias(f"c{g}"))
        before = pl.col(f"c{g}")
    teams = teams.select("team", "n", "c0", "c1", "c2", c3="t3")
    chosen: pl.Expr = pl.lit(4, pl.Int64)
    for g in reversed(range(4)):
        chosen = pl.when(pl.col("place") <= pl.col(f"c{g}")).then(pl.lit(g, pl.Int64)).otherwise(chosen)
    touched = pl.col("placed") & (pl.col("n") >= 10)
    return rows.join(teams, on="team").with_columns(grade=pl.when(touched).then(chosen).otherwise(grade))
