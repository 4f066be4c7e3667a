"""How one value came about: the tree above it, cut down to what was used, with the figures of each step.

A trace is data, never prose: the words are written where they are shown. It reads the columns a run has kept and
computes nothing anew but the shares of the one group a row belongs to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from functools import singledispatch
from types import MappingProxyType

from meritdesk.rules import groups, nodes
from meritdesk.rules.exact import shares
from meritdesk.rules.exact.rows import Row
from meritdesk.rules.exact.runs import Outcome, Stage, evaluate, fill
from meritdesk.rules.exact.sheet import DIGITS, Sheet
from meritdesk.rules.exact.values import ZERO, amount_in, position, segment
from meritdesk.rules.nodes import Node

Detail = Mapping[str, object]
Above = Sequence[tuple[Node, int]]
"""The nodes a value was really taken from, each with the row it was taken in."""


@dataclass(frozen=True)
class Trace:
    """One node in one row: its value in natural units, the traces it was computed from, and the figures of the step.

    `detail` by kind: Input `name` and `integer`; Bands `band` and `index`; Curve `stretch` (two points) or `end` (one);
    Tiers `tier` and `index`, or `tiers` (tier, amount, product each); WeightedMean `weights` and `parts` (weight,
    effective weight after redistribution, contribution), in the order of the children; If `branch`; Coalesce, Least,
    Greatest `chosen` (index of the argument); group kinds `group`, `by`, `size`, `n` and what their functions say.
    """

    node: Node
    value: Decimal | None
    stage: Stage
    row: int
    children: tuple[Trace, ...]
    detail: Detail


def trace(outcome: Outcome, stage: Stage, name: str, row: int) -> Trace:
    """Return how output `name` of a stage came about in one row; an input that stage 1 made goes on into stage 1.

    A sub-tree that is shared is one and the same Trace. ValueError if the run kept no columns.
    """
    if not outcome.sheets:
        raise ValueError("this run kept no columns to trace: run(..., keep=True)")
    outputs = outcome.program.segments if stage == "segments" else outcome.program.appraisals
    with localcontext(DIGITS):
        return _Tracer(outcome).trace(stage, outputs[name], row)


def trace_alone(node: Node, rows: Sequence[Row], row: int) -> Trace:
    """Return how `node` comes about in one of `rows`, evaluating it first: for a tree outside a program."""
    evaluate({"value": node}, rows)  # refuses rows that break the contract
    sheet = fill({"value": node}, rows, keep=True)
    with localcontext(DIGITS):
        return _Tracer(None, sheet).trace("segments", node, row)


class _Tracer:
    def __init__(self, outcome: Outcome | None, sheet: Sheet | None = None) -> None:
        self.outcome, self.sheet = outcome, sheet
        self.known: dict[tuple[Stage, Node, int], Trace] = {}

    def trace(self, stage: Stage, node: Node, row: int) -> Trace:
        key = (stage, node, row)
        if key not in self.known:
            sheet = self.sheet or (self.outcome and self.outcome.sheets[stage])
            assert sheet
            above, detail = explain(node, sheet, row)
            children = [self.trace(stage, child, at) for child, at in above]
            if self.outcome and stage == "appraisals" and isinstance(node, nodes.Input):
                earlier = self.outcome.program.segments.get(node.name)
                if earlier is not None:
                    children = [self.trace("segments", earlier, self.outcome.last[row])]
            value = sheet[node][row]
            if value is not None:
                value += ZERO  # a rounded −0 is shown as 0
            self.known[key] = Trace(node, value, stage, row, tuple(children), MappingProxyType(dict(detail)))
        return self.known[key]


def _argument(args: Sequence[Node], sheet: Sheet, row: int, choose: Callable[..., int]) -> Detail:
    present = [index for index, arg in enumerate(args) if sheet[arg][row] is not None]
    return {"chosen": choose(present, key=lambda index: sheet[args[index]][row])} if present else {}


@singledispatch
def explain(node: Node, sheet: Sheet, row: int) -> tuple[Above, Detail]:
    """Return what the value of a node was taken from, and the figures of the step."""
    return [(child, row) for child in node.children()], {}


@explain.register
def _input(node: nodes.Input, sheet: Sheet, row: int) -> tuple[Above, Detail]:
    return [], {"name": node.name, "integer": sheet.rows[row][node.name]}


@explain.register
def _weighted_mean(node: nodes.WeightedMean, sheet: Sheet, row: int) -> tuple[Above, Detail]:
    """`weights`: Σ of all weights, and of the `effective` ones; `contribution`s sum to the value before rounding."""
    declared = sum(part.weight for part in node.parts)
    counted = sum(part.weight for part in node.parts if sheet[part.node][row] is not None)
    parts = []
    for part in node.parts:
        x = sheet[part.node][row]
        counts = x is not None and counted > 0
        effective = Decimal(part.weight) * declared / counted if counts else Decimal(0)
        parts.append(
            {
                "weight": part.weight,
                "effective": effective,
                "contribution": part.weight * x / counted if x is not None and counted > 0 else None,
            }
        )
    return [(part.node, row) for part in node.parts], {"weights": declared, "parts": tuple(parts)}


@explain.register
def _least(node: nodes.Least, sheet: Sheet, row: int) -> tuple[Above, Detail]:
    return [(arg, row) for arg in node.args], _argument(node.args, sheet, row, min)


@explain.register
def _greatest(node: nodes.Greatest, sheet: Sheet, row: int) -> tuple[Above, Detail]:
    return [(arg, row) for arg in node.args], _argument(node.args, sheet, row, max)


@explain.register
def _bands(node: nodes.Bands, sheet: Sheet, row: int) -> tuple[Above, Detail]:
    x = sheet[node.x][row]
    index = None if x is None else position([band.bounds for band in node.bands], x)
    return [(node.x, row)], {"band": None if index is None else node.bands[index], "index": index}


@explain.register
def _curve(node: nodes.Curve, sheet: Sheet, row: int) -> tuple[Above, Detail]:
    x = sheet[node.x][row]
    if x is None:
        return [(node.x, row)], {}
    index = segment(node.points, x)
    if index is None:
        return [(node.x, row)], {"end": node.points[0] if x <= node.points[0][0] else node.points[-1]}
    return [(node.x, row)], {"stretch": node.points[index : index + 2]}


@explain.register
def _tiers(node: nodes.Tiers, sheet: Sheet, row: int) -> tuple[Above, Detail]:
    x = sheet[node.x][row]
    if x is None:
        return [(node.x, row)], {}
    if node.mode == "marginal":
        used = [(tier, amount) for tier in node.tiers if (amount := amount_in(tier, x)) > 0]
        tiers = tuple({"tier": tier, "amount": amount, "product": amount * tier.value} for tier, amount in used)
        return [(node.x, row)], {"tiers": tiers}
    index = position([tier.bounds for tier in node.tiers], x)
    return [(node.x, row)], {"tier": None if index is None else node.tiers[index], "index": index}


@explain.register
def _if(node: nodes.If, sheet: Sheet, row: int) -> tuple[Above, Detail]:
    held = sheet[node.flag][row] == 1
    branch = node.then if held else node.otherwise
    return [(node.flag, row), (branch, row)], {"branch": "then" if held else "otherwise"}


@explain.register
def _coalesce(node: nodes.Coalesce, sheet: Sheet, row: int) -> tuple[Above, Detail]:
    chosen = next((index for index, arg in enumerate(node.args) if sheet[arg][row] is not None), None)
    used = node.args if chosen is None else node.args[: chosen + 1]
    return [(arg, row) for arg in used], {"chosen": chosen}


# ------------------------------------------------------------------ groups


def _members(node: Node, group: str, sheet: Sheet, row: int) -> tuple[list[int], dict[str, object]]:
    name = str(sheet.rows[row][group])
    members = sheet.members(group)[name]
    return members, {"group": name, "by": group, "size": len(members)}


@explain.register
def _group_count(node: groups.GroupCount, sheet: Sheet, row: int) -> tuple[Above, Detail]:
    _rows, detail = _members(node, node.group, sheet, row)
    return [(node.flag, row)], {**detail, "n": int(sheet[node][row] or 0)}


@explain.register
def _group_sum(node: groups.GroupSum, sheet: Sheet, row: int) -> tuple[Above, Detail]:
    members, detail = _members(node, node.group, sheet, row)
    return [(node.x, row)], {**detail, "n": sum(1 for i in members if sheet[node.x][i] is not None)}


@explain.register
def _group_mean(node: groups.GroupMean, sheet: Sheet, row: int) -> tuple[Above, Detail]:
    """`parts` in the order of the children, which come in pairs: x and weight of each row that counts."""
    members, detail = _members(node, node.group, sheet, row)
    counted = shares.mean_members(node, sheet, members)
    total = sum((weight for weight, _x in counted.values()), Decimal(0))
    parts = tuple(
        {"row": i, "weight": weight, "x": x, "contribution": weight * x / total} for i, (weight, x) in counted.items()
    )
    above = [(child, i) for i in counted for child in (node.x, node.weight)]
    return above, {**detail, "n": len(counted), "weights": total, "parts": parts}


@explain.register
def _rank(node: groups.Rank, sheet: Sheet, row: int) -> tuple[Above, Detail]:
    """`n` rows take part, `tied` of them at this row's place (itself included), 0 when it does not take part."""
    members, detail = _members(node, node.group, sheet, row)
    places = shares.rank_members(node, sheet, members)
    place = places.get(row)
    tied = sum(1 for other in places.values() if other == place)
    return [(node.x, row), (node.counted, row)], {**detail, "n": len(places), "rank": place, "tied": tied}


@explain.register
def _forced_shares(node: groups.ForcedShares, sheet: Sheet, row: int) -> tuple[Above, Detail]:
    """Per grade `quotas`, `vetoed`, `cuts`; the row's `rank` (None if not placed), `before`, `after`; `applied`."""
    members, detail = _members(node, node.group, sheet, row)
    shared = shares.distribute(node, sheet, members)
    before, after = sheet[node.grade][row], sheet[node][row]
    detail |= {
        "n": shared.n,
        "applied": shared.applied,
        "quotas": shared.quotas,
        "vetoed": shared.vetoed,
        "cuts": shared.cuts,
        "rank": shared.ranks.get(row),
        "before": None if before is None else int(before),
        "after": None if after is None else int(after),
    }
    return [(child, row) for child in node.children()], detail


@explain.register
def _pool_shares(node: groups.PoolShares, sheet: Sheet, row: int) -> tuple[Above, Detail]:
    """`pool`, Σ `points` of `n` rows, `left_over` units, the row's `floor` in units and the `extra` unit it got."""
    members, detail = _members(node, node.group, sheet, row)
    split = shares.split_pool(node, sheet, members)
    floor = split.floors.get(row)
    detail |= {
        "n": len(split.parts),
        "pool": split.pool,
        "points": split.points,
        "left_over": split.left_over,
        "floor": floor,
        "extra": None if floor is None else split.parts[row] - floor,
    }
    return [(child, row) for child in node.children()], detail
