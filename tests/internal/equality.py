"""E1: the readers give the same integers on random trees.

Compares, counts what was compared, and names the node where two readers part. Used by the tests in short form and by
`benchmarks/readers.py` in long form.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from meritdesk.rules import nodes
from meritdesk.rules.nodes import Input, Node
from meritdesk.rules.numbers import Bounds
from meritdesk.rules.program import KINDS, walk
from tests.internal.readers import Reader, Values
from tests.internal.trees import Batch

LOOK_UPS = (nodes.Bands, nodes.Curve, nodes.Tiers, nodes.Within)

TREES, ROWS = 12, 1_000
"""Of one batch: 12,000 pairs in one query."""


@dataclass
class Tally:
    """What was compared so far. A pair is one tree in one row."""

    trees: int = 0
    pairs: int = 0
    deep: int = 0
    differ: int = 0
    kinds: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(KINDS, 0)))
    inputs: int = 0
    missing: int = 0
    looked_up: int = 0
    on_bound: int = 0
    first: str = ""
    first_tree: str = ""

    def add(self, batch: Batch) -> None:
        """Count what the batch holds: kinds evaluated, depths, missing inputs, look-ups within one unit of a bound."""
        self.trees += len(batch.outputs)
        self.pairs += batch.pairs
        self.deep += sum(depth_of(node) >= 4 for node in batch.outputs.values())
        for node in walk(*batch.outputs.values()):
            self.kinds[type(node).__name__] += len(batch.rows)
            if isinstance(node, Input):
                self.inputs += len(batch.rows)
                self.missing += batch.sheet[node].count(None)
            if isinstance(node, LOOK_UPS):
                ends, unit = list(look_up_bounds(node)), Decimal(1).scaleb(-node.x.scale)
                present = [x for x in batch.sheet[node.x] if x is not None]
                self.looked_up += len(present)
                self.on_bound += sum(any(abs(x - end) <= unit for end in ends) for x in present)

    def compare(self, batch: Batch, expected: Values, found: Values) -> None:
        """Count the pairs that differ, and keep a sentence on the first of them."""
        for name in batch.outputs:
            pairs = zip(expected[name], found[name], strict=True)
            differing = [(row, ours, theirs) for row, (ours, theirs) in enumerate(pairs) if ours != theirs]
            self.differ += len(differing)
            if differing and not self.first:
                row, ours, theirs = differing[0]
                self.first_tree = name
                self.first = f"seed {batch.seed}, tree {name}, row {row}: {ours} ≠ {theirs}"

    def report(self) -> str:
        """Return the counts as text, one line per node kind."""
        lines = [
            f"{self.pairs:,} pairs: {self.differ:,} differ",
            f"{self.trees:,} trees, {share(self.deep, self.trees)} of them at least 4 deep",
            f"inputs missing: {share(self.missing, self.inputs)}",
            f"looked-up values on a bound ± 1 unit: {share(self.on_bound, self.looked_up)}",
            "evaluations per node kind:",
            *(f"  {kind:<14}{count:>12,}" for kind, count in sorted(self.kinds.items())),
        ]
        return "\n".join([*lines, self.first] if self.first else lines)


def share(part: int, whole: int) -> str:
    """Return a percentage for people."""
    return f"{100 * part // max(1, whole)} %"


def first_difference(batch: Batch, name: str, one: Reader, other: Reader) -> str:
    """Return the lowest node of a tree in which two readers part, with a row and both values."""
    below: dict[str, Node] = {f"n{number}": node for number, node in enumerate(walk(batch.outputs[name]))}
    ours, theirs = one(below, batch.rows), other(below, batch.rows)
    for key, node in below.items():
        for row, values in enumerate(zip(ours[key], theirs[key], strict=True)):
            if values[0] != values[1]:
                arguments = [batch.sheet[child][row] for child in node.children()]
                return f"{node}\nrow {row} {batch.rows[row]}\narguments {arguments}: {values[0]} ≠ {values[1]}"
    return "no difference"


def depth_of(node: Node) -> int:
    """Return the number of nodes on the longest way from the root to a leaf."""
    depths: dict[Node, int] = {}
    for below in walk(node):
        depths[below] = 1 + max((depths[child] for child in below.children()), default=0)
    return depths[node]


def look_up_bounds(node: Node) -> Iterator[Decimal]:
    """Yield the ends at which a look-up changes."""
    if isinstance(node, nodes.Curve):
        yield from (x for x, _y in node.points)
    intervals: list[Bounds] = []
    if isinstance(node, nodes.Bands):
        intervals = [band.bounds for band in node.bands]
    elif isinstance(node, nodes.Tiers):
        intervals = [band.bounds for band in node.tiers]
    elif isinstance(node, nodes.Within):
        intervals = [node.bounds]
    for bounds in intervals:
        yield from (end for end in (bounds.low, bounds.high) if end is not None)
