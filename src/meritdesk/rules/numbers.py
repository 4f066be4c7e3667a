"""Fixed-point numbers and intervals: what both readers agree on before either computes anything.

A number in a tree is an integer of 10**-scale units. Outside the tree it is a `Decimal`. This module must not know
what a number stands for, and no float enters or leaves it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal, InvalidOperation, localcontext

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _

LIMIT = 2**53
"""No intermediate integer may reach this: past it an engine that divides through DOUBLE is no longer exact."""

POINTS = 4
"""Decimals of points inside a tree, of weights, coefficients and rates of a metric."""
TOTAL = 2
"""Decimals of the total, rounded before it is graded: the figure shown is the figure graded."""
MONEY = 2
"""Decimals of money: fen."""


def half_up(numerator: int, denominator: int) -> int:
    """Return numerator ÷ denominator rounded half away from zero; `denominator` > 0."""
    if denominator <= 0:
        raise ValueError(f"denominator must be positive, not {denominator}")
    rounded = (2 * abs(numerator) + denominator) // (2 * denominator)
    return rounded if numerator >= 0 else -rounded


def to_decimal(value: int, scale: int) -> Decimal:
    """Return the integer `value` of 10**-scale units as a Decimal with `scale` decimals."""
    with localcontext() as context:
        context.prec = 60
        return Decimal(value).scaleb(-scale)


def to_integer(value: Decimal, scale: int) -> int:
    """Return `value` in units of 10**-scale; ValueError if that would lose digits."""
    with localcontext() as context:
        context.prec = 60
        scaled = value.scaleb(scale)
        if scaled != scaled.to_integral_value():
            raise ValueError(f"{value} has more than {scale} decimals")
        return int(scaled)


def rounded(value: Decimal, scale: int) -> Decimal:
    """Return `value` rounded half away from zero to `scale` decimals."""
    with localcontext() as context:
        context.prec = 60
        return value.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP)


def parse_number(text: str) -> Decimal:
    """Read ``85``, ``0.5``, ``-3`` or ``85%`` (0.85); ValueError for anything else, exponents and separators
    included."""
    body = text.strip()
    percent = body.endswith("%")
    if not re.fullmatch(r"[+-]?\d+(\.\d+)?", body.removesuffix("%").rstrip()):
        raise ValueError(text)
    try:
        number = Decimal(body.removesuffix("%").rstrip())
    except InvalidOperation as error:  # the pattern above leaves nothing that Decimal refuses
        raise ValueError(text) from error
    return number.scaleb(-2) if percent else number


def format_number(value: Decimal) -> str:
    """Write `value` without exponent and without trailing zeros: 85, 0.5, -3."""
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


@dataclass(frozen=True, slots=True)
class Bounds:
    """An interval whose ends are open or closed, as the source writes them. None: no end on that side."""

    low: Decimal | None = None
    high: Decimal | None = None
    low_closed: bool = True
    high_closed: bool = True

    def __post_init__(self) -> None:
        if self.low is not None and self.high is not None:
            empty = self.low > self.high or (self.low == self.high and not (self.low_closed and self.high_closed))
            if empty:
                raise ValueError(f"the interval {self} holds no number")

    def __contains__(self, value: Decimal) -> bool:
        if self.low is not None and (value < self.low or (value == self.low and not self.low_closed)):
            return False
        return not (self.high is not None and (value > self.high or (value == self.high and not self.high_closed)))

    def __str__(self) -> str:
        low = "" if self.low is None else format_number(self.low)
        high = "" if self.high is None else format_number(self.high)
        left = "[" if self.low_closed and self.low is not None else "("
        right = "]" if self.high_closed and self.high is not None else ")"
        return f"{left}{low}, {high}{right}"

    def inclusive(self, scale: int) -> tuple[int | None, int | None]:
        """Return the smallest and the largest integer of 10**-scale units inside; low > high when there is none."""
        low = high = None
        with localcontext() as context:
            context.prec = 60
            if self.low is not None:
                scaled = self.low.scaleb(scale)
                low = int(scaled.to_integral_value(ROUND_CEILING))
                if not self.low_closed and low == scaled:
                    low += 1
            if self.high is not None:
                scaled = self.high.scaleb(scale)
                high = int(scaled.to_integral_value(ROUND_FLOOR))
                if not self.high_closed and high == scaled:
                    high -= 1
        return low, high


_INTERVAL = re.compile(r"([\[(])([^,，]*)[,，]([^\])]*)([\])])")


def parse_bounds(text: str) -> Bounds:
    """Read an interval in mathematical notation: ``(30, 60]``, ``[90%, )``, ``[0, 0]``.

    A square bracket includes the end, a round one leaves it out; an empty side has no end. MeritdeskError otherwise.
    """
    match = _INTERVAL.fullmatch(text.strip())
    try:
        if match is None:
            raise ValueError(text)
        left, low, high, right = match.groups()
        return Bounds(
            parse_number(low) if low.strip() else None,
            parse_number(high) if high.strip() else None,
            left == "[" if low.strip() else True,
            right == "]" if high.strip() else True,
        )
    except ValueError as error:
        raise MeritdeskError(
            Problem(
                code="bad-interval",
                place="",
                message=_("“{text}”不是一个区间").format(text=text),
                fix=_("写成 (30, 60]、[90%, ) 或 [0, 0]：方括号含端点，圆括号不含，空着表示没有界限"),
            )
        ) from error
