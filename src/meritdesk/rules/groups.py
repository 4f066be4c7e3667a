"""Node kinds whose value depends on the other rows of a group.

`group` names a text column of the rows: rows with the same text form a group. The same rules as in `nodes` hold; group
nodes may stand anywhere in a tree, and their arguments may be any nodes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from meritdesk.rules.nodes import GROUP_SIZE, Flag, Node, Span, _magnitude
from meritdesk.rules.numbers import half_up


@dataclass(frozen=True, eq=False, kw_only=True)
class GroupCount(Node):
    """In every row, the number of rows of its group whose flag is 1; of scale 0."""

    flag: Flag
    group: str

    def _span(self) -> Span:
        if self.scale != 0:
            raise ValueError("a number of rows has no decimals")
        return 0, GROUP_SIZE


@dataclass(frozen=True, eq=False, kw_only=True)
class GroupSum(Node):
    """In every row, Σ x over the rows of its group where x is present; missing when there is none.

    A group has at most `most` rows.
    """

    x: Node
    group: str
    most: int = GROUP_SIZE

    def _span(self) -> Span:
        self._same_scale(self.x)
        low, high = self.x.span
        return min(low, low * self.most), max(high, high * self.most)


@dataclass(frozen=True, eq=False, kw_only=True)
class GroupMean(Node):
    """In every row, Σ weight × x ÷ Σ weight over the rows of its group where both are present, rounded once.

    Rows with weight ≤ 0 are left out; missing when no row is left. Groups are small here (the segments of one
    appraisal): at most `most` rows.
    """

    x: Node
    weight: Node
    group: str
    most: int = 1000

    def factors(self) -> tuple[int, int]:
        """Return the powers of ten that numerator and denominator are multiplied with to reach `scale`."""
        shift = self.scale - self.x.scale
        return (10**shift, 1) if shift >= 0 else (1, 10**-shift)

    def _span(self) -> Span:
        up, down = self.factors()
        weight = max(0, self.weight.span[1]) * self.most
        self._refuse_from(2 * up * weight * _magnitude(self.x) + down * weight)
        low, high = self.x.span
        return half_up(low * up, down), half_up(high * up, down)


@dataclass(frozen=True, eq=False, kw_only=True)
class Rank(Node):
    """Place of the row in its group, 1 being best: 1 + the number of counted rows that are strictly better.

    Only rows with x present and `counted` 1 take part; for the others it is missing. Equal values share a place. Of
    scale 0.
    """

    x: Node
    counted: Flag
    group: str
    best: Literal["high", "low"]

    def _span(self) -> Span:
        if self.scale != 0:
            raise ValueError("a place has no decimals")
        return 1, GROUP_SIZE


@dataclass(frozen=True, eq=False, kw_only=True)
class ForcedShares(Node):
    """Grade index (0 best) after a forced distribution within each group.

    `grade` is the index by threshold, `total` the score that orders people, `order` further keys, both with
    higher being better, missing worst. A row with `counted` 0 or `grade` missing is not counted. Rows that are not
    counted, and groups with fewer than `smallest` counted rows, keep `grade`. With n counted rows (vetoed ones
    included) and `shares` (1/10000 each, summing to 10000):

    Quotas: q[g] = n × shares[g] ÷ 10000 by largest remainder; equal remainders to the lower (worse) grade.

    Vetoed rows (flag 1) keep `grade` and fill it first: V[g] of them. The others are placed by competition
    rank r (equal
    keys share the better place), so a tie at a cut goes whole to the better grade and reduces the next quota:

    - `force`: order (total, *order). Cut C[-1] = 0, C[g] = max(C[g-1], Σ q[..g] − Σ V[..g]). The grade is the first g
      with r ≤ C[g], and the last grade when there is none.
    - `cap`: order (grade, total, *order). T[g] = number of non-vetoed rows with `grade` ≤ g. A[-1] = 0,
      A[g] = min(T[g], A[g-1] + max(0, q[g] − V[g])), and A[last-1] = T[last-1], A[last] = all: nobody is
      forced into the last
      grade. The grade is the first g with r ≤ A[g].
    """

    grade: Node
    total: Node
    vetoed: Flag
    counted: Flag
    order: tuple[Node, ...]
    group: str
    shares: tuple[int, ...]
    mode: Literal["force", "cap"]
    smallest: int

    def _span(self) -> Span:
        if sum(self.shares) != 10_000 or min(self.shares) < 0:
            raise ValueError("shares are 1/10000 each and sum to 10000")
        if self.scale != 0 or self.grade.span[0] < 0 or self.grade.span[1] >= len(self.shares):
            raise ValueError("a grade is an index into the shares, of scale 0")
        self._same_scale(self.grade)
        return 0, len(self.shares) - 1


@dataclass(frozen=True, eq=False, kw_only=True)
class PoolShares(Node):
    """The row's part of a pool shared out in proportion to `points`, so that the parts sum to the pool exactly.

    `pool` is the largest value of that node in the group; a part is ⌊pool × points ÷ Σ points⌋, and the units
    left over go one each
    to the largest remainders; equal remainders in the order of `order` (higher first, missing last), at last by the
    text column `identity`, ascending by code point and unique in its group. Missing where points are missing;
    points below 0 count as 0; all parts are
    missing when Σ points = 0 or the pool is missing.
    """

    points: Node
    pool: Node
    order: tuple[Node, ...]
    group: str
    identity: str

    def _span(self) -> Span:
        self._same_scale(self.pool)
        if self.pool.span[0] < 0:
            raise ValueError("a pool is never below 0")
        self._refuse_from(2 * self.pool.span[1] * max(1, self.points.span[1]))
        self._refuse_from(max(0, self.points.span[1]) * GROUP_SIZE)
        return 0, self.pool.span[1]
