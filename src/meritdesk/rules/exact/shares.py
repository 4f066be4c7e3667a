"""Node kinds whose value depends on the other rows of a group, one function per kind.

Each function restates the docstring of its kind in `groups`; the rules are there. What a group's figures were on the
way (quotas, cuts, places, remainders) is returned as a record, so that a trace can show it.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Any

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _
from meritdesk.rules import groups
from meritdesk.rules.exact.sheet import Column, Sheet, unit
from meritdesk.rules.exact.values import ZERO, column

Key = tuple[Any, ...]
"""What orders rows, smaller being better."""


def _higher_is_better(value: Decimal | None) -> Key:
    return (1, ZERO) if value is None else (0, -value)


def competition_ranks(keys: Mapping[int, Key]) -> dict[int, int]:
    """Return the place of each row: 1 + the number of rows with a smaller key."""
    ranks: dict[int, int] = {}
    previous: Hashable = None
    place = 0
    for position, number in enumerate(sorted(keys, key=keys.__getitem__), start=1):
        if position == 1 or keys[number] != previous:
            place, previous = position, keys[number]
        ranks[number] = place
    return ranks


# ------------------------------------------------------------------ count, sum, mean, rank


@column.register
def _group_count(node: groups.GroupCount, sheet: Sheet) -> Column:
    flags, found = sheet[node.flag], _nothing(sheet)
    for members in sheet.members(node.group).values():
        count = Decimal(sum(1 for number in members if flags[number] == 1))
        for number in members:
            found[number] = count
    return found


@column.register
def _group_sum(node: groups.GroupSum, sheet: Sheet) -> Column:
    xs, found = sheet[node.x], _nothing(sheet)
    for members in sheet.members(node.group).values():
        present = [x for number in members if (x := xs[number]) is not None]
        for number in members:
            found[number] = sum(present, ZERO) if present else None
    return found


def mean_members(node: groups.GroupMean, sheet: Sheet, members: Sequence[int]) -> dict[int, tuple[Decimal, Decimal]]:
    """Return weight and x of the rows that count."""
    weights, xs = sheet[node.weight], sheet[node.x]
    return {
        number: (weight, x)
        for number in members
        if (weight := weights[number]) is not None and (x := xs[number]) is not None and weight > 0
    }


@column.register
def _group_mean(node: groups.GroupMean, sheet: Sheet) -> Column:
    to, found = unit(node.scale), _nothing(sheet)
    for name, members in sheet.members(node.group).items():
        if len(members) > node.most:
            raise MeritdeskError(_group_too_large(node, name, len(members)))
        counted = mean_members(node, sheet, members).values()
        if counted:
            total = sum([weight for weight, _x in counted], ZERO)
            mean = (sum([weight * x for weight, x in counted], ZERO) / total).quantize(to, ROUND_HALF_UP)
            for number in members:
                found[number] = mean
    return found


def _group_too_large(node: groups.GroupMean, name: str, size: int) -> Problem:
    return Problem(
        code="group-too-large",
        place=node.place,
        message=_("“{group}”为“{name}”的一组有 {n} 行，超过 {most} 行，无法保证平均数精确").format(
            group=node.group, name=name, n=size, most=node.most
        ),
        fix=_("检查分组列，或提高该项允许的行数"),
    )


@column.register
def _rank(node: groups.Rank, sheet: Sheet) -> Column:
    found = _nothing(sheet)
    for members in sheet.members(node.group).values():
        for number, place in rank_members(node, sheet, members).items():
            found[number] = Decimal(place)
    return found


def rank_members(node: groups.Rank, sheet: Sheet, members: Sequence[int]) -> dict[int, int]:
    """Return the place of each row of the group that takes part."""
    counted, xs = sheet[node.counted], sheet[node.x]
    return competition_ranks(
        {
            number: (-x if node.best == "high" else x,)
            for number in members
            if (x := xs[number]) is not None and counted[number] == 1
        }
    )


# ------------------------------------------------------------------ forced distribution


@dataclass(frozen=True, slots=True)
class Distribution:
    """How one group was shared out over the grades; `applied` is False in a group below the smallest size."""

    applied: bool
    n: int
    quotas: tuple[int, ...]
    vetoed: tuple[int, ...]
    cuts: tuple[int, ...]
    ranks: Mapping[int, int]
    grades: Mapping[int, int]


def quotas(n: int, shares: Sequence[int]) -> tuple[int, ...]:
    """Return n × share ÷ 10000 for each grade by largest remainder, equal remainders to the lower grade."""
    whole = [n * share // 10_000 for share in shares]
    by_remainder = sorted(range(len(shares)), key=lambda g: (n * shares[g] % 10_000, g), reverse=True)
    for g in by_remainder[: n - sum(whole)]:
        whole[g] += 1
    return tuple(whole)


def distribute(node: groups.ForcedShares, sheet: Sheet, members: Sequence[int]) -> Distribution:
    """Return the distribution of the rows `members` of one group."""
    grade, counted, vetoed = sheet[node.grade], sheet[node.counted], sheet[node.vetoed]
    before = {i: int(g) for i in members if counted[i] == 1 and (g := grade[i]) is not None}
    n, grades = len(before), range(len(node.shares))
    if n < node.smallest:
        return Distribution(False, n, (), (), (), {}, {})
    quota = quotas(n, node.shares)
    placed = {i: g for i, g in before.items() if vetoed[i] == 0}
    filled = tuple(sum(1 for i, g in before.items() if vetoed[i] == 1 and g == own) for own in grades)
    scores = [sheet[key] for key in (node.total, *node.order)]
    keys: dict[int, Key] = {i: tuple(_higher_is_better(score[i]) for score in scores) for i in placed}
    if node.mode == "cap":
        keys = {i: (placed[i], *key) for i, key in keys.items()}
        cuts = _capped_cuts(quota, filled, list(placed.values()))
    else:
        cuts = _forced_cuts(quota, filled)
    ranks = competition_ranks(keys)
    after = {i: next((g for g in grades if ranks[i] <= cuts[g]), grades[-1]) for i in placed}
    return Distribution(True, n, quota, filled, cuts, ranks, after)


def _forced_cuts(quota: Sequence[int], filled: Sequence[int]) -> tuple[int, ...]:
    cuts: list[int] = []
    for g in range(len(quota)):
        cuts.append(max(cuts[-1] if cuts else 0, sum(quota[: g + 1]) - sum(filled[: g + 1])))
    return tuple(cuts)


def _capped_cuts(quota: Sequence[int], filled: Sequence[int], before: Sequence[int]) -> tuple[int, ...]:
    last = len(quota) - 1
    reached = [sum(1 for own in before if own <= g) for g in range(len(quota))]
    cuts: list[int] = []
    for g in range(last):
        room = (cuts[-1] if cuts else 0) + max(0, quota[g] - filled[g])
        cuts.append(min(reached[g], room))
    if last > 0:
        cuts[last - 1] = reached[last - 1]
    return (*cuts, len(before))


@column.register
def _forced_shares(node: groups.ForcedShares, sheet: Sheet) -> Column:
    found = list(sheet[node.grade])
    for members in sheet.members(node.group).values():
        for number, grade in distribute(node, sheet, members).grades.items():
            found[number] = Decimal(grade)
    return found


# ------------------------------------------------------------------ pools


@dataclass(frozen=True, slots=True)
class PoolSplit:
    """How one pool was split, in units of the node's scale: `floors` before, `parts` after the units left over."""

    pool: Decimal | None
    points: Decimal
    left_over: int
    floors: Mapping[int, int]
    parts: Mapping[int, int]


def split_pool(node: groups.PoolShares, sheet: Sheet, members: Sequence[int]) -> PoolSplit:
    """Return the split of the pool over the rows `members` of one group."""
    pools = [pool for i in members if (pool := sheet[node.pool][i]) is not None]
    points = {i: max(ZERO, p) for i in members if (p := sheet[node.points][i]) is not None}
    total = sum(points.values(), ZERO)
    if not pools or total == 0:
        return PoolSplit(max(pools, default=None), total, 0, {}, {})
    units = max(pools).scaleb(node.scale)
    # Quotient and remainder apart: the remainder, in units × points, is exact.
    floors = {i: int((units * p / total).to_integral_value(ROUND_FLOOR)) for i, p in points.items()}
    remainders = {i: units * p - floors[i] * total for i, p in points.items()}
    left_over = int(units) - sum(floors.values())
    orders = [sheet[key] for key in node.order]

    def turn(i: int) -> Key:
        return (-remainders[i], *(_higher_is_better(order[i]) for order in orders), str(sheet.rows[i][node.identity]))

    parts = dict(floors)
    for i in sorted(points, key=turn)[:left_over]:
        parts[i] += 1
    return PoolSplit(max(pools), total, left_over, floors, parts)


@column.register
def _pool_shares(node: groups.PoolShares, sheet: Sheet) -> Column:
    one, found = unit(node.scale), _nothing(sheet)
    for members in sheet.members(node.group).values():
        for number, part in split_pool(node, sheet, members).parts.items():
            found[number] = part * one
    return found


def _nothing(sheet: Sheet) -> Column:
    return [None] * len(sheet.rows)
