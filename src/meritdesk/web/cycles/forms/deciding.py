"""Parsing of what the pages of decisions send: points per indicator, a plan, a day, a choice of files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, QueryDict

from meritdesk.language import _
from meritdesk.web.access.actions import Refused
from meritdesk.web.cycles.actions.adjusting import Points
from meritdesk.web.cycles.actions.interviews import Agreed
from meritdesk.web.cycles.forms.rating import hundredths
from meritdesk.web.cycles.queries.indicator_rows import IndicatorRow

MOST_FILES = 5


def points_of(data: QueryDict, rows: Sequence[IndicatorRow]) -> list[Points]:
    """Return the points that were typed, by indicator; an empty field leaves the indicator as it is."""
    found = []
    for row in rows:
        score = hundredths(data, row.field, row.title)
        if score is not None:
            found.append(Points(row.id, score, row.day))
    return found


def day_of(data: QueryDict, name: str) -> date | None:
    """Return a day, or None for an empty field; Refused for anything else."""
    text = data.get(name, "").strip()
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused("not-a-day", _("“{text}”不是日期").format(text=text[:20]), _("写成 2025-09-30"), name) from None


def plan_of(data: QueryDict) -> list[Agreed]:
    """Return the lines of a plan that have a text; `plan_text`, `plan_owner`, `plan_due` are repeated, one a line."""
    texts, owners, dues = (data.getlist(f"plan_{name}") for name in ("text", "owner", "due"))
    lines = []
    for number, text in enumerate(texts[:50]):
        if not text.strip():
            continue
        due = QueryDict(mutable=True)
        due["due"] = dues[number] if number < len(dues) else ""
        owner = owners[number].strip()[:80] if number < len(owners) else ""
        lines.append(Agreed(text.strip()[:300], owner, day_of(due, "due")))
    return lines


def files_of(request: HttpRequest, name: str = "files") -> list[UploadedFile[Any]]:
    """Return the files sent; Refused for too many."""
    files = request.FILES.getlist(name)
    if len(files) > MOST_FILES:
        raise Refused("too-many-files", _("一次最多 {n} 个文件").format(n=MOST_FILES), _("合并后再上传"), name)
    return files


def key_of(data: QueryDict) -> str:
    """Return the once-key of a form."""
    return data.get("once", "")
