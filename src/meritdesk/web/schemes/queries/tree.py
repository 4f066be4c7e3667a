"""The tree of the designer: dimensions and indicators with their weights, and what the weights add up to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.urls import reverse

from meritdesk.rules.numbers import format_number
from meritdesk.web.schemes.forms.grammar import written
from meritdesk.web.schemes.forms.parts import measure_of
from meritdesk.web.schemes.models import SchemeVersion

HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Leaf:
    """An indicator in the tree."""

    name: str
    title: str
    weight: str
    measure: str
    url: str
    active: bool
    counted: bool


@dataclass(frozen=True)
class Branch:
    """A dimension in the tree, and what the weights of its indicators add up to (empty: equal shares)."""

    name: str
    title: str
    weight: str
    measure: str
    url: str
    active: bool
    open: bool
    leaves: Sequence[Leaf]
    total: str
    whole: bool
    """Whether the indicators add up to what they should."""


@dataclass(frozen=True)
class Tree:
    """All of it, with the running total of the dimensions."""

    branches: Sequence[Branch]
    total: str
    whole: bool
    measured_by: str


def branches(version: SchemeVersion, document: Mapping[str, Any], active: str) -> Tree:
    """Return the tree of a document; `active` names the part being edited."""
    base = reverse("scheme-design", args=(version.pk, "contents"))
    points = document.get("style") == "points"
    found = []
    weights: list[Decimal] = []
    for dimension in document.get("dimensions") or []:
        found.append(_branch(dimension, document, base, active))
        if not points and measure_of(document, dimension) == "weight":
            weights.append(_number(dimension.get("weight")))
        elif points:
            counted = [i for i in dimension.get("indicators") or [] if i.get("part_of_total", True)]
            weights.append(sum((_number(i.get("points")) for i in counted), Decimal(0)))
    total = sum(weights, Decimal(0))
    return Tree(found, format_number(total), points or total == HUNDRED, "points" if points else "weight")


def _branch(dimension: Mapping[str, Any], document: Mapping[str, Any], base: str, active: str) -> Branch:
    name = str(dimension.get("id", ""))
    leaves = []
    given: list[Decimal] = []
    for indicator in dimension.get("indicators") or []:
        own = f"{name}.{indicator.get('id', '')}"
        measure = measure_of(document, indicator)
        leaves.append(
            Leaf(
                own, str(indicator.get("title", "")), written(indicator.get(measure)), measure, f"{base}?part={own}",
                own == active, bool(indicator.get("part_of_total", True)),
            )
        )  # fmt: skip
        if indicator.get(measure) is not None and indicator.get("part_of_total", True):
            given.append(_number(indicator.get(measure)))
    measure = measure_of(document, dimension)
    total = sum(given, Decimal(0))
    by_weight = document.get("style") != "points" and measure == "weight"
    positions = {tuple(i.get("positions") or ()) for i in dimension.get("indicators") or []}
    return Branch(
        name, str(dimension.get("title", "")), written(dimension.get(measure)), measure, f"{base}?part={name}",
        name == active, active.split(".")[0] == name, leaves, format_number(total) if given else "",
        not by_weight or not given or total == HUNDRED or len(positions) > 1,
    )  # fmt: skip


def _number(value: Any) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(0)
