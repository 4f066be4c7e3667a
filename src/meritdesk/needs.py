"""Which tables and columns a scheme rests on, so that exports and mappings can be prepared before the first run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from meritdesk.compiled import compile_scheme
from meritdesk.events.contracts import CONTRACTS
from meritdesk.language import _
from meritdesk.metrics.definitions import SOURCES, Metric
from meritdesk.scheme.document import EventSource, RatingSource, ResultSource, Scheme, ViolationSource

ALWAYS = {"people": ("person", "name", "department", "team", "position", "superior", "valid_from", "valid_to")}
"""What every run reads of the roster."""
JUDGED = {
    "ratings": ("person", "indicator", "role", "rater", "level", "score", "remark", "day"),
    "violations": ("person", "code", "count", "day"),
    "events": ("person", "kind", "count", "day"),
    "results": ("person", "kind", "first_day", "last_day", "total", "grade", "days"),
    "targets": ("person", "indicator", "value", "baseline", "valid_from"),
    "pay_inputs": ("person", "item", "amount", "valid_from"),
}


def needed_columns(scheme: Scheme, metrics: Mapping[str, Metric]) -> list[tuple[str, str, str]]:
    """Return (table, column, what for) of everything the scheme reads, the roster first."""
    compiled = compile_scheme(scheme, metrics)
    found: dict[tuple[str, str], list[str]] = {}

    def note(table: str, columns: tuple[str, ...], purpose: str) -> None:
        for column in columns:
            found.setdefault((table, column), [])
            if purpose not in found[table, column]:
                found[table, column].append(purpose)

    for table, columns in ALWAYS.items():
        note(table, columns, _("名册"))
    for name in compiled.metrics:
        metric = metrics[name]
        for table, column in _columns_of(metric):
            note(table, (column,), metric.title)
    for kind, table in ((RatingSource, "ratings"), (ViolationSource, "violations"), (EventSource, "events")):
        titles = [i.title for _dimension, i in scheme.indicators() if isinstance(i.source, kind)]
        for title in titles:
            note(table, JUDGED[table], title)
    if any(isinstance(i.source, ResultSource) for _d, i in scheme.indicators()) or compiled.named(
        "appraisals", "streak."
    ):
        note("results", JUDGED["results"], _("以往结果"))
    targets = {*compiled.named("segments", "target."), *compiled.named("segments", "baseline.")}
    if targets:
        note("targets", JUDGED["targets"], _("个人目标"))
    for item in compiled.named("appraisals", "pay."):
        note("pay_inputs", JUDGED["pay_inputs"], f"item={item}")
    order = list(dict.fromkeys(table for table, _column in found))
    rows = [(table, column, _("、").join(purposes)) for (table, column), purposes in found.items()]
    return sorted(rows, key=lambda row: order.index(row[0]))


def _columns_of(metric: Metric) -> Iterator[tuple[str, str]]:
    """Yield the columns a metric's document names, each with its event table, and the day that it counts for."""
    table = SOURCES.get(metric.table, metric.table)
    document = metric.model_dump(mode="python", by_alias=True)
    other = document.pop("denominator", None)
    names = {name for name in _texts(document) if name in CONTRACTS[table].names}
    for name in (n for n in CONTRACTS[table].names if n in names or n == "day"):
        yield table, name
    if other:
        other_table = SOURCES.get(other.get("table") or table, other.get("table") or table)
        names = {name for name in _texts(other) if name in CONTRACTS[other_table].names}
        for name in (n for n in CONTRACTS[other_table].names if n in names or n == "day"):
            yield other_table, name


def _texts(value: Any) -> Iterator[str]:
    """Yield every text inside a document, keys of mappings included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, BaseModel):
        yield from _texts(value.model_dump(by_alias=True))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from (str(key), *_texts(item))
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from _texts(item)
