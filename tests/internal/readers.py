"""The readers of the rule language behind one signature: outputs and rows in, integers out, row by row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from meritdesk.rules import exact
from meritdesk.rules.nodes import Node

Values = dict[str, list[int | None]]
Reader = Callable[[Mapping[str, Node], Sequence[exact.Row]], Values]

READERS: dict[str, Reader] = {"exact": exact.evaluate}
