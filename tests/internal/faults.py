"""Faults planted in reader 1, at least one per node kind: the equality check is worth something only if it finds them.

A fault is a wrong way to compute one kind, as a hurried programmer might write it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from decimal import ROUND_HALF_EVEN, Decimal
from types import ModuleType
from typing import Any
from unittest import mock

from meritdesk.rules import groups, nodes
from meritdesk.rules.exact import shares, values
from meritdesk.rules.exact.sheet import Column, Sheet
from meritdesk.rules.nodes import Band, Node
from meritdesk.rules.numbers import Bounds
from meritdesk.rules.program import KINDS

Compute = Callable[[Any, Sheet], Column]
Fault = Callable[[Compute], Compute]
"""Takes the right way to compute a kind and returns a wrong one."""

ZERO, ONE = Decimal(0), Decimal(1)


def instead(change: Callable[[Any], Node]) -> Fault:
    """Compute the column of another node, of the same kind or not."""

    def fault(right: Compute) -> Compute:
        def wrong(node: Node, sheet: Sheet) -> Column:
            other = change(node)
            return right(other, sheet) if type(other) is type(node) else values.column(other, sheet)

        return wrong

    return fault


def afterwards(change: Callable[[Decimal | None], Decimal | None]) -> Fault:
    """Change every value."""
    return lambda right: lambda node, sheet: [change(value) for value in right(node, sheet)]


def half_even(module: ModuleType) -> Fault:
    """Round halves to the even neighbour, as Decimal and Python do by default."""

    def fault(right: Compute) -> Compute:
        def wrong(node: Node, sheet: Sheet) -> Column:
            with mock.patch.object(module, "ROUND_HALF_UP", ROUND_HALF_EVEN):
                return right(node, sheet)

        return wrong

    return fault


def patched(name: str, substitute: Callable[..., Any]) -> Fault:
    """Compute with another version of a function of `shares`."""

    def fault(right: Compute) -> Compute:
        def wrong(node: Node, sheet: Sheet) -> Column:
            with mock.patch.object(shares, name, substitute):
                return right(node, sheet)

        return wrong

    return fault


def with_columns(change: Callable[[Any, dict[Node, Column]], None]) -> Fault:
    """Compute from changed columns of the arguments."""

    def fault(right: Compute) -> Compute:
        def wrong(node: Node, sheet: Sheet) -> Column:
            other = Sheet(sheet.rows)
            other.columns = dict(sheet.columns)
            change(node, other.columns)
            return right(node, other)

        return wrong

    return fault


def missing_as_zero(*names: str) -> Fault:
    """Take a missing argument for 0."""

    def change(node: Node, columns: dict[Node, Column]) -> None:
        for child in [getattr(node, name) for name in names] or list(node.children()):
            columns[child] = [ZERO if value is None else value for value in columns[child]]

    return with_columns(change)


def other_ends(bounds: Bounds) -> Bounds:
    """Return the interval with open ends closed and closed ends opened, where something is left of it."""
    try:
        return replace(bounds, low_closed=not bounds.low_closed, high_closed=not bounds.high_closed)
    except ValueError:
        return bounds


def bands_with_other_ends(bands: Sequence[Band]) -> tuple[Band, ...]:
    return tuple(Band(other_ends(band.bounds), band.value) for band in bands)


def quotas_from_the_top(n: int, share: Sequence[int]) -> tuple[int, ...]:
    """Equal remainders to the better grade."""
    whole = [n * part // 10_000 for part in share]
    for g in sorted(range(len(share)), key=lambda g: (-(n * share[g] % 10_000), g))[: n - sum(whole)]:
        whole[g] += 1
    return tuple(whole)


def worse_place(keys: dict[int, shares.Key]) -> dict[int, int]:
    """Equal keys share the worse place: a tie at a cut goes to the worse grade."""
    return {number: sum(other <= key for other in keys.values()) for number, key in keys.items()}


def places_one_by_one(keys: dict[int, shares.Key]) -> dict[int, int]:
    """Ties split by the order of the rows."""
    return {number: place for place, number in enumerate(sorted(keys, key=keys.__getitem__), start=1)}


def missing_is_best(value: Decimal | None) -> shares.Key:
    return (0, ZERO) if value is None else (1, -value)


def counts_negative_weights(
    node: groups.GroupMean, sheet: Sheet, members: Sequence[int]
) -> dict[int, tuple[Decimal, Decimal]]:
    pairs = {i: (sheet[node.weight][i], sheet[node.x][i]) for i in members}
    return {i: (abs(w) or ONE, x) for i, (w, x) in pairs.items() if w is not None and x is not None}


def own_x_needed(right: Compute) -> Compute:
    """A group sum that is missing where the row itself is."""
    return lambda node, sheet: [
        None if x is None else total for x, total in zip(sheet[node.x], right(node, sheet), strict=True)
    ]


def floors_only(_right: Compute) -> Compute:
    """A pool whose left over units go to nobody."""

    def wrong(node: groups.PoolShares, sheet: Sheet) -> Column:
        found: Column = [None] * len(sheet.rows)
        for members in sheet.members(node.group).values():
            for number, part in shares.split_pool(node, sheet, members).floors.items():
                found[number] = Decimal(part).scaleb(-node.scale)
        return found

    return wrong


TOGGLE_SKIP = instead(lambda node: replace(node, skip_missing=not node.skip_missing))

FAULTS: dict[str, dict[str, Fault]] = {
    "Input": {"missing read as 0": afterwards(lambda x: ZERO if x is None else x)},
    "Const": {"sign lost": afterwards(lambda x: None if x is None else abs(x))},
    "Missing": {"read as 0": afterwards(lambda _x: ZERO)},
    "Sum": {"missing terms the other way": TOGGLE_SKIP, "missing as 0": missing_as_zero()},
    "Negate": {"absolute value": afterwards(lambda x: None if x is None else abs(x))},
    "MulDiv": {
        "half even": half_even(values),
        "divides by negatives": with_columns(
            lambda node, columns: columns.update({node.c: [x and abs(x) for x in columns[node.c]]} if node.c else {})
        ),
        "missing as 0": missing_as_zero("a", "b"),
    },
    "WeightedMean": {
        "half even": half_even(values),
        "missing as 0": missing_as_zero(),
        "hold and redistribute swapped": instead(
            lambda node: replace(node, missing="hold" if node.missing == "redistribute" else "redistribute")
        ),
    },
    "Least": {
        "missing arguments the other way": TOGGLE_SKIP,
        "greatest": instead(lambda n: nodes.Greatest(scale=n.scale, args=n.args, skip_missing=n.skip_missing)),
    },
    "Greatest": {
        "missing arguments the other way": TOGGLE_SKIP,
        "least": instead(lambda n: nodes.Least(scale=n.scale, args=n.args, skip_missing=n.skip_missing)),
    },
    "Bands": {
        "ends off by one": instead(lambda node: replace(node, bands=bands_with_other_ends(node.bands))),
        "last band wins": instead(lambda node: replace(node, bands=node.bands[::-1])),
        "missing as 0": missing_as_zero("x"),
    },
    "Curve": {
        "half even": half_even(values),
        "last stretch forgotten": instead(
            lambda node: replace(node, points=node.points[:-1]) if len(node.points) > 2 else node
        ),
    },
    "Tiers": {
        "half even": half_even(values),
        "ends off by one": instead(lambda node: replace(node, tiers=bands_with_other_ends(node.tiers))),
        "whole for marginal": instead(lambda node: replace(node, mode="whole")),
    },
    "If": {"branches swapped": instead(lambda node: replace(node, then=node.otherwise, otherwise=node.then))},
    "Coalesce": {"last one wins": instead(lambda node: replace(node, args=node.args[::-1]))},
    "Present": {"always": afterwards(lambda _x: ONE), "missing as 0": missing_as_zero()},
    "Within": {
        "ends off by one": instead(lambda node: replace(node, bounds=other_ends(node.bounds))),
        "missing as 0": missing_as_zero(),
    },
    "AllOf": {"any": instead(lambda node: nodes.AnyOf(flags=node.flags))},
    "AnyOf": {"all": instead(lambda node: nodes.AllOf(flags=node.flags))},
    "Not": {"forgotten": instead(lambda node: nodes.AllOf(flags=(node.flag,)))},
    "GroupCount": {
        "all rows": with_columns(lambda node, columns: columns.update({node.flag: [ONE] * len(columns[node.flag])}))
    },
    "GroupSum": {"own value needed": own_x_needed, "missing as 0": missing_as_zero("x")},
    "GroupMean": {
        "half even": half_even(shares),
        "negative weights count": patched("mean_members", counts_negative_weights),
        "missing as 0": missing_as_zero("x"),
    },
    "Rank": {
        "ties share the worse place": patched("competition_ranks", worse_place),
        "lowest for highest": instead(lambda node: replace(node, best="low" if node.best == "high" else "high")),
        "missing as 0": missing_as_zero("x"),
    },
    "ForcedShares": {
        "ties to the worse grade": patched("competition_ranks", worse_place),
        "ties split": patched("competition_ranks", places_one_by_one),
        "equal remainders to the better grade": patched("quotas", quotas_from_the_top),
        "missing is best": patched("_higher_is_better", missing_is_best),
        "vetoes ignored": with_columns(
            lambda node, columns: columns.update({node.vetoed: [ZERO] * len(columns[node.vetoed])})
        ),
        "smallest group off by one": instead(lambda node: replace(node, smallest=node.smallest + 1)),
        "force and cap swapped": instead(lambda node: replace(node, mode="cap" if node.mode == "force" else "force")),
        "missing grade as 0": missing_as_zero("grade"),
    },
    "PoolShares": {
        "missing as 0": missing_as_zero("points"),
        "missing is first": patched("_higher_is_better", missing_is_best),
        "order forgotten": instead(lambda node: replace(node, order=())),
        "units left over are lost": floors_only,
    },
}


@contextmanager
def planted(kind: str, fault: Fault) -> Iterator[None]:
    """Make reader 1 compute a kind wrongly inside the block."""
    right = values.column.dispatch(KINDS[kind])
    values.column.register(KINDS[kind], fault(right))
    try:
        yield
    finally:
        values.column.register(KINDS[kind], right)
