"""The records behind a figure: the facts of the files, by key, with the file and row each came from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import Http404

from meritdesk.language import _
from meritdesk.roster import to_date
from meritdesk.web.cycles import engine
from meritdesk.web.cycles.models import Appraisal
from meritdesk.web.ui.text import lazy

STATUS: Mapping[str, Any] = {
    "numerator": lazy("计入分子"),
    "denominator": lazy("只计入分母"),
    "excluded": lazy("已排除"),
    "pending": lazy("待定"),
}
TONES: Mapping[str, str] = {"numerator": "good", "denominator": "", "excluded": "warn", "pending": "now"}


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One record: no content of it, only its key, what it adds, and where it stands."""

    day: date
    record: str
    status: str
    why: str
    value: int | None
    source: str

    @property
    def status_title(self) -> str:
        """Return how it counts, in words."""
        return str(STATUS.get(self.status, self.status))

    @property
    def tone(self) -> str:
        """Return the tone of its badge."""
        return TONES.get(self.status, "")


@dataclass(frozen=True, kw_only=True)
class Behind:
    """An indicator with its records, and whether they still add up to what was published."""

    record: Mapping[str, Any]
    """The indicator as it stands in the document."""
    metric_title: str
    facts: list[Fact]
    agrees: bool

    @property
    def statuses(self) -> list[tuple[str, Any]]:
        """Return the ways to count that occur, for choice."""
        present = {fact.status for fact in self.facts}
        return [(status, title) for status, title in STATUS.items() if status in present]

    @property
    def is_rate(self) -> bool:
        """Return whether each record counts as one, above or below the line, so that it needs to be said how."""
        counted = any(fact.status == "denominator" for fact in self.facts)
        return counted and self.record["numerator"] is not None and self.record["denominator"] is not None

    @property
    def value_title(self) -> str:
        """Return the heading of the values, with their unit."""
        return _("值（秒）") if self.record["unit"] == "s" else _("值")


def records_of(appraisal: Appraisal, indicator: str, from_day: str) -> Behind:
    """Return the records behind an indicator of the standing result; 404 where nothing measured lies behind it."""
    if appraisal.result is None:
        raise Http404
    document = engine.read_document(appraisal.result)["appraisal"]
    for segment in document["segments"]:
        for dimension in segment["dimensions"]:
            for record in dimension["indicators"]:
                wanted = record["id"] == indicator and (not from_day or segment["from_day"] == from_day)
                if wanted and record["source"].startswith("metric:"):
                    return _behind(appraisal, record, segment["from_day"])
    raise Http404


def _behind(appraisal: Appraisal, record: Mapping[str, Any], from_day: str) -> Behind:
    metric = record["source"].removeprefix("metric:")
    found = engine.records_behind(appraisal.cycle, appraisal.person.key, from_day, metric)
    facts = [
        Fact(
            day=to_date(row["day"]),
            record=row["record"],
            status=row["status"],
            why=row["excluded"] or "",
            value=row["value"],
            source=place(row["source"]),
        )
        for row in found
    ]
    counted = Counter(row["table"] for row in found if row["status"] in ("numerator", "denominator"))
    excluded = sum(fact.status == "excluded" for fact in facts)
    samples = {*counted.values(), counted.total(), None}
    definition = engine.metrics().get(metric)
    return Behind(
        record=record,
        metric_title=definition.title if definition else metric,
        facts=facts,
        agrees=excluded == record["excluded"] and (record["n"] in samples or not record["n"]),
    )


def place(source: str) -> str:
    """Return where a record stands, in words: the file, its sheet, the row."""
    name, _hash, rest = source.partition("#")
    sheet, mark, row = rest.rpartition("!")
    if mark:
        return _("{file}，工作表 {sheet}，第 {row} 行").format(file=name, sheet=sheet, row=row)
    return _("{file}，第 {row} 行").format(file=name, row=row) if row else name
