"""How each group node is said in ibis: aggregates and places over the rows that share a text key.

A group node takes several steps, each a level of columns of its own. NULL never decides an order: a missing key is
replaced by a number below its span. Rows whose key is missing form one group.

Must not: use a float, a decimal, a quantile or the order of NULLs of an engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch

import ibis
import ibis.expr.types as ir

from meritdesk.rules import groups
from meritdesk.rules.columns_rows import Rows, constant, half_up, scaled
from meritdesk.rules.engines import int64
from meritdesk.rules.nodes import Node

GROUP_KINDS = (
    groups.GroupCount,
    groups.GroupSum,
    groups.GroupMean,
    groups.Rank,
    groups.ForcedShares,
    groups.PoolShares,
)


@singledispatch
def add_group_node(node: Node, rows: Rows, name: str) -> None:
    """Extend `rows` by the column `name` that holds the group node; its arguments are columns or leaves by now."""
    raise NotImplementedError(f"no column form of {type(node).__name__}")


@add_group_node.register
def _group_count(node: groups.GroupCount, rows: Rows, name: str) -> None:
    rows.extend(**{name: _over(rows, node.group, rows.value(node.flag).sum())})


@add_group_node.register
def _group_sum(node: groups.GroupSum, rows: Rows, name: str) -> None:
    rows.extend(**{name: _over(rows, node.group, rows.value(node.x).sum())})


@add_group_node.register
def _group_mean(node: groups.GroupMean, rows: Rows, name: str) -> None:
    up, down = node.factors()
    x, weight = rows.value(node.x), rows.value(node.weight)
    counts = (weight > 0) & x.notnull()
    numerator, weights = f"{name}_a", f"{name}_b"
    rows.extend(
        **{
            numerator: _over(rows, node.group, ibis.ifelse(counts, x * weight, 0).sum()),
            weights: _over(rows, node.group, ibis.ifelse(counts, weight, 0).sum()),
        }
    )
    a, b = rows.table[numerator], rows.table[weights]
    mean = half_up(rows, scaled(a, up), scaled(b, down), node.x.span[0])
    rows.extend(**{name: ibis.ifelse(b > 0, mean, constant(None))})


@add_group_node.register
def _rank(node: groups.Rank, rows: Rows, name: str) -> None:
    x = rows.value(node.x)
    part = f"{name}_a"
    rows.extend(**{part: int64(ibis.ifelse(rows.truth(node.counted) & x.notnull(), 1, 0))})
    x = rows.value(node.x)
    order = _key(rows, node.x, high_first=node.best == "high")
    place = ibis.rank().over(ibis.window(group_by=[rows.table[node.group], rows.table[part]], order_by=[order]))
    rows.extend(**{name: place + 1})
    rows.extend(**{name: ibis.ifelse(rows.table[part] == 1, int64(rows.table[name]), constant(None))})


def _key(rows: Rows, node: Node, *, high_first: bool) -> ir.Value:
    """Return the sort key of `node`: missing last, whichever the direction."""
    low, high = node.span
    value = rows.value(node)
    if high_first:
        return (value if rows.sure(node) else value.fill_null(low - 1)).desc()
    return (value if rows.sure(node) else value.fill_null(high + 1)).asc()


def _over(rows: Rows, group: str, aggregate: ir.Value) -> ir.IntegerValue:
    """Return `aggregate` over the rows of the group, in every row of it."""
    return int64(aggregate.over(ibis.window(group_by=rows.table[group])))


# ------------------------------------------------------------------ forced shares


@add_group_node.register
def _forced_shares(node: groups.ForcedShares, rows: Rows, name: str) -> None:
    grades = range(len(node.shares))
    counted, vetoed, placed = f"{name}_c", f"{name}_v", f"{name}_p"
    c, v = rows.truth(node.counted), rows.truth(node.vetoed)
    rows.extend(
        **{
            counted: int64(ibis.ifelse(c, 1, 0)),
            vetoed: int64(ibis.ifelse(c & v, 1, 0)),
            placed: int64(ibis.ifelse(c & ~v, 1, 0)),
        }
    )
    t, grade = rows.table, rows.value(node.grade)
    sums: dict[str, ir.Value] = {f"{name}_n": t[counted].sum()}
    for g in grades:
        sums[f"{name}_v{g}"] = ibis.ifelse((t[vetoed] == 1) & (grade == g), 1, 0).sum()
        if node.mode == "cap":
            sums[f"{name}_t{g}"] = ibis.ifelse((t[placed] == 1) & (grade <= g), 1, 0).sum()
    keys = [_key(rows, key, high_first=True) for key in (node.total, *node.order)]
    if node.mode == "cap":
        keys.insert(0, _key(rows, node.grade, high_first=False))
    rank = ibis.rank().over(ibis.window(group_by=[t[node.group], t[placed]], order_by=keys))
    rows.extend(**{key: _over(rows, node.group, total) for key, total in sums.items()}, **{f"{name}_r": rank + 1})
    quotas = [f"{name}_q{g}" for g in grades]
    _add_quotas(node.shares, rows, f"{name}_n", quotas, name)
    cuts = _add_cuts(node, rows, name, quotas)
    r = rows.table[f"{name}_r"]
    last = len(node.shares) - 1
    chosen = ibis.cases(*((r <= rows.table[cuts[g]], g) for g in grades[:-1]), else_=last) if last else constant(0)
    touched = (rows.table[placed] == 1) & (rows.table[f"{name}_n"] >= node.smallest)
    rows.extend(**{name: ibis.ifelse(touched, int64(chosen), rows.value(node.grade))})


def _add_quotas(shares: Sequence[int], rows: Rows, n: str, quotas: Sequence[str], name: str) -> None:
    """Add n × share ÷ 10000 by largest remainder, equal remainders to the lower grade, as the columns `quotas`."""
    grades = range(len(shares))
    count = rows.table[n]
    rows.extend(**{quotas[g]: rows.engine.divide(count * shares[g], constant(10_000)) for g in grades})
    t = rows.table
    rests = [f"{name}_m{g}" for g in grades]
    left = t[n]
    for quota in quotas:
        left = left - t[quota]
    rows.extend(**{rests[g]: t[n] * shares[g] - t[quotas[g]] * 10_000 for g in grades}, **{f"{name}_left": left})
    t = rows.table
    filled = {}
    for g in grades:
        before = constant(0)
        for h in grades:
            if h != g:
                ahead = t[rests[h]] >= t[rests[g]] if h > g else t[rests[h]] > t[rests[g]]
                before = before + ibis.ifelse(ahead, 1, 0)
        filled[quotas[g]] = t[quotas[g]] + ibis.ifelse(before < t[f"{name}_left"], 1, 0)
    rows.extend(**filled)


def _add_cuts(node: groups.ForcedShares, rows: Rows, name: str, quotas: Sequence[str]) -> list[str]:
    """Add the last place that gets each grade but the last, as columns; return their names."""
    cuts: list[str] = []
    t = rows.table
    before, spare = constant(0), constant(0)
    for g in range(len(node.shares) - 1):
        free = t[quotas[g]] - t[f"{name}_v{g}"]
        if node.mode == "force":
            spare = spare + free
            cut = ibis.greatest(before, spare)
        elif g == len(node.shares) - 2:
            cut = t[f"{name}_t{g}"]
        else:
            cut = ibis.least(t[f"{name}_t{g}"], before + ibis.greatest(free, constant(0)))
        cuts.append(f"{name}_cut{g}")
        rows.extend(**{cuts[g]: cut})
        t = rows.table
        before = t[cuts[g]]
        if node.mode == "force":
            rows.extend(**{f"{name}_spare": spare})
            t = rows.table
            spare, before = t[f"{name}_spare"], t[cuts[g]]
    return cuts


# ------------------------------------------------------------------ pools


@add_group_node.register
def _pool_shares(node: groups.PoolShares, rows: Rows, name: str) -> None:
    points, has, total, pool = f"{name}_p", f"{name}_h", f"{name}_s", f"{name}_w"
    value = rows.value(node.points)
    rows.extend(
        **{
            points: ibis.ifelse(value > 0, value, 0),
            has: int64(ibis.ifelse(value.notnull(), 1, 0)),
        }
    )
    t = rows.table
    rows.extend(
        **{
            total: _over(rows, node.group, t[points].sum()),
            pool: _over(rows, node.group, rows.value(node.pool).max()),
        }
    )
    t = rows.table
    product = t[pool] * t[points]
    part = ibis.ifelse(t[total] > 0, rows.engine.divide(product, ibis.greatest(t[total], constant(1))), constant(None))
    rows.extend(**{name: part})
    t = rows.table
    rest = f"{name}_m"
    rows.extend(**{rest: (t[pool] * t[points] - t[name] * t[total]).fill_null(-1)})
    t = rows.table
    keys = [t[rest].desc(), *(_key(rows, key, high_first=True) for key in node.order)]
    keys.append(rows.engine.text_key(t[node.identity]).asc())
    place = ibis.row_number().over(ibis.window(group_by=[t[node.group], t[has]], order_by=keys))
    rows.extend(**{f"{name}_k": place, f"{name}_left": t[pool] - _over(rows, node.group, t[name].sum())})
    t = rows.table
    grown = t[name] + ibis.ifelse(t[f"{name}_k"] < t[f"{name}_left"], 1, 0)
    rows.extend(**{name: ibis.ifelse(t[has] == 1, grown, constant(None))})
