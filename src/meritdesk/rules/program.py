"""A compiled scheme: two stages of named outputs, and its canonical JSON form.

Stage `segments` runs on one row per assignment of a person inside the cycle, stage `appraisals` on one row per
person: the row of the last segment, where the outputs of the first stage can be read as inputs of the same name.
The JSON form is what a package is sealed with; the stand-alone verifier reads it without any of this code.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from meritdesk.rules import groups, nodes
from meritdesk.rules.nodes import Band, Input, Node, Part
from meritdesk.rules.numbers import Bounds, format_number, parse_number

KINDS: dict[str, type[Node]] = {
    kind.__name__: kind
    for module in (nodes, groups)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, Node) and kind not in (Node, nodes.Flag)
}
"""Every node kind by its name, the whole language."""

_ANNOTATIONS = {"label", "place", "span"}


def walk(*roots: Node) -> Iterator[Node]:
    """Yield each node below `roots` once, every node after the nodes it is computed from."""
    seen: set[Node] = set()
    stack: list[tuple[Node, bool]] = [(root, False) for root in reversed(roots)]
    while stack:
        node, ready = stack.pop()
        if ready:
            yield node
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack.extend((child, False) for child in reversed(list(node.children())) if child not in seen)


@dataclass(frozen=True)
class Program:
    """What a scheme computes: outputs per segment, then outputs per appraisal."""

    segments: Mapping[str, Node]
    appraisals: Mapping[str, Node]

    def inputs(self, stage: str) -> dict[str, Input]:
        """Return the inputs that `stage` ("segments" or "appraisals") reads from its rows, by name."""
        outputs: Mapping[str, Node] = getattr(self, stage)
        found: dict[str, Input] = {}
        for node in walk(*outputs.values()):
            if isinstance(node, Input):
                known = found.setdefault(node.name, node)
                if (known.scale, known.span) != (node.scale, node.span):
                    raise ValueError(f"input {node.name!r} is declared twice with different scales or spans")
        if stage == "appraisals":
            return {name: node for name, node in found.items() if name not in self.segments}
        return found

    def keys(self, stage: str) -> set[str]:
        """Return the text columns (groups, identities) that `stage` reads from its rows."""
        outputs: Mapping[str, Node] = getattr(self, stage)
        return {
            getattr(node, name)
            for node in walk(*outputs.values())
            for name in ("group", "identity")
            if hasattr(node, name)
        }

    def to_json(self) -> str:
        """Return the canonical text of the program: equal programs give equal bytes."""
        document = {
            "format": 1,
            "stages": [{"name": name, **_stage_document(getattr(self, name))} for name in ("segments", "appraisals")],
        }
        return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    def content_hash(self) -> str:
        """Return the SHA-256 of the canonical text, in hexadecimal."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    @classmethod
    def from_json(cls, text: str) -> Program:
        """Read what `to_json` wrote."""
        stages = {stage["name"]: _read_stage(stage) for stage in json.loads(text)["stages"]}
        return cls(**stages)


def _stage_document(outputs: Mapping[str, Node]) -> dict[str, Any]:
    in_order = [outputs[name] for name in sorted(outputs)]
    numbers = {node: number for number, node in enumerate(walk(*in_order))}
    return {
        "nodes": [_node_document(node, numbers) for node in numbers],
        "outputs": {name: numbers[node] for name, node in sorted(outputs.items())},
    }


def _node_document(node: Node, numbers: Mapping[Node, int]) -> dict[str, Any]:
    document: dict[str, Any] = {"op": type(node).__name__}
    for f in fields(node):
        value = getattr(node, f.name)
        if f.name != "span" and not (f.name in _ANNOTATIONS and value == ""):
            document[f.name] = _to_document(value, numbers)
    return document


def _to_document(value: Any, numbers: Mapping[Node, int]) -> Any:
    """Nodes become ``{"node": n}``, decimals text, bounds ``[low, low_closed, high, high_closed]``."""
    if isinstance(value, Node):
        return {"node": numbers[value]}
    if isinstance(value, tuple):
        return [_to_document(item, numbers) for item in value]
    if isinstance(value, Decimal):
        return format_number(value)
    if isinstance(value, Bounds):
        ends = [None if end is None else format_number(end) for end in (value.low, value.high)]
        return {"bounds": [ends[0], value.low_closed, ends[1], value.high_closed]}
    if isinstance(value, Band):
        return {"band": [_to_document(value.bounds, numbers)["bounds"], format_number(value.value)]}
    if isinstance(value, Part):
        return {"part": [value.weight, numbers[value.node]]}
    return value


def _read_stage(stage: Mapping[str, Any]) -> dict[str, Node]:
    built: list[Node] = []
    for document in stage["nodes"]:
        kind = KINDS[document["op"]]
        settings = {name: _from_document(name, value, built) for name, value in document.items() if name != "op"}
        if issubclass(kind, nodes.Flag):
            settings.pop("scale")
        built.append(kind(**settings))
    return {name: built[number] for name, number in stage["outputs"].items()}


def _from_document(name: str, value: Any, built: list[Node]) -> Any:
    if isinstance(value, dict):
        if "node" in value:
            return built[value["node"]]
        if "bounds" in value:
            return _read_bounds(value["bounds"])
        if "band" in value:
            return Band(_read_bounds(value["band"][0]), parse_number(value["band"][1]))
        weight, number = value["part"]
        return Part(weight, built[number])
    if isinstance(value, list):
        if name == "points":
            return tuple((parse_number(x), parse_number(y)) for x, y in value)
        return tuple(_from_document(name, item, built) for item in value)
    if name == "value":
        return parse_number(value)
    return value


def _read_bounds(document: list[Any]) -> Bounds:
    low, low_closed, high, high_closed = document
    return Bounds(
        None if low is None else parse_number(low),
        None if high is None else parse_number(high),
        low_closed,
        high_closed,
    )
