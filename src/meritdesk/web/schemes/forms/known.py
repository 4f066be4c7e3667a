"""What a form can refer to: metrics, scores, grades, roles … of the document being edited, each with its title."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from meritdesk.language import _
from meritdesk.metrics.definitions import Metric
from meritdesk.scheme.phrases import title_of

Options = Sequence[tuple[str, str]]

REFERENCES: Mapping[tuple[str, str], str] = {
    ("MetricSource", "metric"): "metrics",
    ("RatingSource", "rating"): "roles",
    ("ViolationSource", "violations"): "lists",
    ("OthersSource", "of"): "indicators",
    ("Indicator", "positions"): "positions",
    ("Dimension", "positions"): "positions",
    ("Feed", "metric"): "metrics",
    ("Raters", "anonymous"): "roles",
    ("Veto", "cap_grade"): "grades",
    ("Veto", "zero_dimension"): "dimensions",
    ("Distribution", "shares"): "grades",
    ("Distribution", "order"): "scores",
    ("CombineMethod", "weights"): "of",
    ("ScoreTerm", "score"): "scores",
    ("ScoreCondition", "score"): "scores",
    ("MetricTerm", "metric"): "metrics",
    ("MetricCondition", "metric"): "metrics",
    ("GradeTerm", "grade"): "grades",
    ("GradeCondition", "grade"): "grades",
    ("ViolationCondition", "violations"): "codes",
    ("Pool", "order"): "scores",
    ("Budget", "items"): "items",
}
"""(model, field) → what it refers to."""


@dataclass
class Known:
    """The names that a document defines, and the metric library."""

    document: Mapping[str, Any]
    metrics: Mapping[str, Metric]
    indicator: Mapping[str, Any] = field(default_factory=dict)
    """The indicator being edited, if one is."""

    def options(self, what: str) -> Options:
        """Return (id, title) of everything that can be referred to."""
        return [(str(name), str(title or name)) for name, title in self._found(what)]

    def first(self, what: str) -> str:
        """Return the id of the first thing that can be referred to; empty if there is none."""
        return next((name for name, _title in self.options(what)), "")

    def _found(self, what: str) -> Iterator[tuple[Any, Any]]:
        document = self.document
        match what:
            case "metrics":
                yield from ((m.id, title_of(m)) for m in self.metrics.values())
            case "roles":
                yield from _titled((document.get("raters") or {}).get("roles"))
            case "lists":
                yield from ((name, name) for name in document.get("violation_lists") or {})
            case "codes":
                for listed in (document.get("violation_lists") or {}).values():
                    yield from ((v.get("code"), f"{v.get('code')} {v.get('title', '')}") for v in listed)
            case "scores":
                yield "total", _("总分")
                yield from _titled(document.get("dimensions"))
                yield from self._found("every_indicator")
            case "every_indicator":
                for dimension in document.get("dimensions") or []:
                    yield from _titled(dimension.get("indicators"))
            case "indicators":
                own = self.indicator.get("id")
                yield from (pair for pair in self._found("every_indicator") if pair[0] != own)
            case "of":
                chosen = (self.indicator.get("source") or {}).get("of") or []
                yield from (pair for pair in self._found("every_indicator") if pair[0] in chosen)
            case "items":
                yield from _titled((document.get("pay") or {}).get("items"))
            case _:
                yield from _titled(document.get(what))

    @property
    def unit(self) -> str:
        """Return the unit of the value of the indicator being edited."""
        metric = self.metrics.get(str((self.indicator.get("source") or {}).get("metric")))
        return metric.unit if metric is not None else ""

    def new_id(self, prefix: str) -> str:
        """Return an id that nothing in the document bears."""
        taken = set(_ids(self.document)) | {"total"}
        number = 1
        while f"{prefix}_{number}" in taken:
            number += 1
        return f"{prefix}_{number}"


def _titled(items: Any) -> Iterator[tuple[Any, Any]]:
    for item in items or []:
        yield item.get("id"), item.get("title")


def _ids(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield from (value[key].lower() for key in ("id", "code") if isinstance(value.get(key), str))
        for key, item in value.items():
            if key == "violation_lists" and isinstance(item, Mapping):
                yield from item
            yield from _ids(item)
    elif isinstance(value, list):
        for item in value:
            yield from _ids(item)
