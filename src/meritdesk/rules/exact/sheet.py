"""The columns of one evaluation: what each node is worth in every row, each node computed once.

A value is a Decimal in natural units or None. This module knows no node kind; `values` and `shares` do.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow

from meritdesk.rules.exact.rows import Row
from meritdesk.rules.nodes import Node

Column = list[Decimal | None]

DIGITS = Context(prec=60, rounding=ROUND_HALF_UP, traps=[InvalidOperation, DivisionByZero, Overflow])
"""Sums and products of a tree have at most 40 digits and are exact; a quotient is only cut 20 digits past any tie."""

WHOLE = Context(prec=60, rounding=ROUND_HALF_UP, traps=[InvalidOperation, DivisionByZero, Overflow, Inexact])
"""For conversions, which never lose a digit."""


class Sheet:
    """Rows, and the columns of the nodes evaluated on them so far."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.columns: dict[Node, Column] = {}
        self._members: dict[str, dict[str, list[int]]] = {}

    def __getitem__(self, node: Node) -> Column:
        return self.columns[node]

    def members(self, group: str) -> dict[str, list[int]]:
        """Return the row numbers of each group, groups and rows in order of appearance."""
        if group not in self._members:
            found: dict[str, list[int]] = {}
            for number, row in enumerate(self.rows):
                found.setdefault(str(row[group]), []).append(number)
            self._members[group] = found
        return self._members[group]


def unit(scale: int) -> Decimal:
    """Return the unit of a scale, 10**-scale: what `quantize` rounds to."""
    return Decimal(1).scaleb(-scale)


def to_units(column: Column, scale: int) -> list[int | None]:
    """Return the column as integers of 10**-scale units; decimal.Inexact if a value has more digits than that."""
    return [
        None if value is None else int(value.scaleb(scale, WHOLE).to_integral_exact(context=WHOLE)) for value in column
    ]
