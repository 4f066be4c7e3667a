"""Conditions and values of a metric as ibis expressions, in the vocabulary on which all engines agree.

Comparisons, logic, `ifelse` on int64 and text; no division but the floor of a positive number, no engine's time
functions: calendar days come from seconds and the offsets of the business zone. Nothing is executed here.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache, reduce
from operator import and_, or_
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.types as ir

from meritdesk.metrics.definitions import (
    AllOf,
    AnyOf,
    Compare,
    Condition,
    Days,
    Elapsed,
    Metric,
    Not,
    Operand,
    Parameter,
    Relative,
    Value,
)

DAY_SECONDS = 86_400
FIRST_YEAR, LAST_YEAR = 1990, 2050
"""Years for which changes of the clock are looked up; before and after, the nearest known offset holds."""


def integer(number: int) -> ir.IntegerScalar:
    """Return a literal typed int64: an engine would pick the narrowest type."""
    return ibis.literal(number, "int64")


def whole(value: ir.Value) -> ir.IntegerValue:
    """Return a value as int64 in the engine itself: a total of int64 is wider on some, though ibis believes it is not.

    The ordinary cast is dropped where ibis sees no change of type; this one is always written.
    """
    cast: ir.IntegerValue = ops.Cast(value, dt.int64).to_expr()
    return cast


@cache
def clock_changes(zone: str) -> tuple[tuple[int, int], ...]:
    """Return (epoch second, offset in seconds from there on) of a zone, the first from the beginning of time."""
    tz = ZoneInfo(zone)

    def offset(second: int) -> int:
        shift = datetime.fromtimestamp(second, tz).utcoffset()
        return int(shift.total_seconds()) if shift else 0

    day = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
    changes = [(0, offset(int(day.timestamp())))]
    while day.year <= LAST_YEAR:
        low, high = int(day.timestamp()), int((day + timedelta(days=1)).timestamp())
        if offset(low) != offset(high):
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if offset(middle) == offset(low) else (low, middle)
            changes.append((high, offset(high)))
        day += timedelta(days=1)
    return tuple(changes)


def local_day(second: ir.IntegerValue, zone: str) -> ir.IntegerValue:
    """Return the calendar day of an instant in a zone, as days since 1970-01-01; the instant is after 1970."""
    (_, first), *changes = clock_changes(zone)
    offset: ir.Value = integer(first)
    if changes:
        offset = ibis.cases(*((second >= start, integer(shift)) for start, shift in reversed(changes)), else_=first)
    return ((second + offset.cast("int64")) // integer(DAY_SECONDS)).cast("int64")


class Compiler:
    """Turns one metric's conditions and values into expressions over a table (which has the columns they name)."""

    def __init__(self, metric: Metric, table: ir.Table, zone: str) -> None:
        self.metric, self.table, self.zone = metric, table, zone

    def value(self, value: Value) -> ir.Value:
        """Return the value of a fact: a column, or the time between two; null where a part is missing."""
        if isinstance(value, Elapsed):
            start, end = (self.table[name] for name in value.seconds)
            return end - start
        if isinstance(value, Days):
            start, end = (local_day(self.table[name], self.zone) for name in value.days)
            return end - start
        return self.table[value]

    def holds(self, condition: Condition | None) -> ir.BooleanValue:
        """Return whether a condition holds: true or false, never null."""
        if condition is None:
            return ibis.literal(True)
        holds = self._holds(condition)
        return holds if _is_two_valued(condition) else holds.fill_null(False)

    def keeps(self, condition: Condition | None) -> ir.BooleanValue:
        """Return a condition for a filter alone, where null means false: engines read less if nothing is filled in."""
        return ibis.literal(True) if condition is None else self._holds(condition)

    def _holds(self, condition: Condition) -> ir.BooleanValue:
        # Null stands for false until the outermost `fill_null`: "and" and "or" keep that, only "not" would not.
        if isinstance(condition, AllOf):
            return reduce(and_, map(self._holds, condition.all))
        if isinstance(condition, AnyOf):
            return reduce(or_, map(self._holds, condition.any))
        if isinstance(condition, Not):
            return ~self.holds(condition.negated)
        return self._compare(condition)

    def _compare(self, test: Compare) -> ir.BooleanValue:
        left = self.value(test.column)
        if test.is_missing:
            return left.isnull()
        if test.one_of is not None:
            return left.isin([integer(v) if isinstance(v, int) else v for v in test.one_of])
        if test.equals is not None:
            return left == self._operand(test.equals)
        if test.at_least is not None:
            return left >= self._operand(test.at_least)
        assert test.at_most is not None
        return left <= self._operand(test.at_most)

    def _operand(self, operand: Operand) -> ir.Value:
        if isinstance(operand, Relative):
            column = self.table[operand.column]
            return column + integer(operand.plus) if operand.plus else column
        if isinstance(operand, str):
            return ibis.literal(operand, "string")
        return integer(self.metric.number(operand) if isinstance(operand, Parameter) else operand)


def _is_two_valued(condition: Condition) -> bool:
    """True if the condition's expression is never null, so that nothing need be filled in."""
    if isinstance(condition, AllOf | AnyOf):
        return all(map(_is_two_valued, condition.all if isinstance(condition, AllOf) else condition.any))
    return isinstance(condition, Not) or condition.is_missing is not None
