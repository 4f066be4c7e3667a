"""The indicators of one person as a run left them: what decisions set points on, and what an interview is about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from meritdesk.web.cycles import engine
from meritdesk.web.cycles.models import Result


@dataclass(frozen=True)
class IndicatorRow:
    """One indicator of one assignment; figures as the texts of their decimals."""

    id: str
    title: str
    title_en: str
    dimension: str
    source: str
    full: str | None
    points: str | None
    day: date
    """Last day of the assignment: the day a decision on it counts for."""
    from_day: date
    position: str
    decision: str
    rated: bool

    @property
    def field(self) -> str:
        """Return the name of the input that sets its points."""
        return f"points:{self.id}:{self.day.isoformat()}"


def rows_of(result: Result) -> list[IndicatorRow]:
    """Return the indicators of a result, in the order of the form; of assignments that counted."""
    return list(_rows(engine.read_document(result)["appraisal"]))


def _rows(appraisal: dict[str, Any]) -> Iterator[IndicatorRow]:
    for segment in appraisal["segments"]:
        for dimension in segment["dimensions"]:
            for indicator in dimension["indicators"]:
                yield IndicatorRow(
                    id=indicator["id"],
                    title=indicator["title"],
                    title_en=indicator["title_en"],
                    dimension=dimension["title"],
                    source=indicator["source"],
                    full=indicator["full"],
                    points=indicator["points"],
                    day=date.fromisoformat(segment["to_day"]),
                    from_day=date.fromisoformat(segment["from_day"]),
                    position=segment["position_title"],
                    decision=indicator["decision"],
                    rated=indicator["source"] == "rating",
                )
