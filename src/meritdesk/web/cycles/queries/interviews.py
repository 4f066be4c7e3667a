"""What an interview begins with: strengths, gaps, and what would reach the next grade, read off the result."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from meritdesk.language import _
from meritdesk.rules.numbers import format_number
from meritdesk.web.cycles import engine
from meritdesk.web.cycles.models import Appraisal, Interview
from meritdesk.web.ui import formats
from meritdesk.web.ui.text import listed


@dataclass(frozen=True)
class Talk:
    """The interview and what the result says; `interview` is not saved while nobody has written in it."""

    interview: Interview
    strengths: list[str]
    gaps: list[str]
    next_grade: str
    lost: list[tuple[str, str, str]]
    """(indicator, points, full) of those that bring less than they could, most first."""
    suggested: str


def talk_of(appraisal: Appraisal) -> Talk:
    """Return the interview of an appraisal with a result, prefilled."""
    interview = Interview.objects.select_related("superior_confirmed_by").filter(appraisal=appraisal).first()
    interview = interview or Interview(appraisal=appraisal)
    record: dict[str, Any] = {}
    if appraisal.result is not None:
        record = engine.read_document(appraisal.result)["appraisal"]
    strengths, gaps = list(record.get("strengths", ())), list(record.get("gaps", ()))
    wanted = _next_grade(appraisal)
    lost = _lost(record)
    return Talk(interview, strengths, gaps, wanted, lost, _agenda(strengths, gaps, wanted, lost))


def _next_grade(appraisal: Appraisal) -> str:
    """Return what the next better grade begins with, as the scheme says it; empty at the top or without grades."""
    result = appraisal.result
    grades = engine.loaded_scheme(appraisal.cycle).scheme.grades
    place = next((n for n, grade in enumerate(grades) if result and grade.id == result.grade), None)
    if not place:
        return ""
    better = grades[place - 1]
    low = getattr(better.when, "low", None)
    if low is None:
        return better.title
    return _("{grade}：{low} 分起").format(grade=better.title, low=format_number(low))


def _lost(record: dict[str, Any]) -> list[tuple[str, str, str]]:
    segments = record.get("segments") or [{"dimensions": []}]
    found = [
        (i["title"], i["points"], i["full"], i["contribution"], i["most"])
        for d in segments[-1]["dimensions"]
        for i in d["indicators"]
        if i["contribution"] is not None and i["most"] is not None and i["contribution"] != i["most"]
    ]
    found.sort(key=lambda row: Decimal(row[3]) - Decimal(row[4]))
    return [(title, points, full) for title, points, full, _part, _most in found[:5]]


def _agenda(strengths: list[str], gaps: list[str], wanted: str, lost: list[tuple[str, str, str]]) -> str:
    lines = [
        _("做得好的：{items}").format(items=listed(strengths) or _("（请举例）")),
        _("需要提升的：{items}").format(items=listed(gaps) or _("（请举例）")),
    ]
    if wanted:
        lines.append(_("下一个等级：{grade}").format(grade=wanted))
    if lost:
        items = listed(f"{title} {formats.score(points)}/{full}" for title, points, full in lost)
        lines.append(_("还有空间的指标：{items}").format(items=items))
    return "\n".join(lines)
