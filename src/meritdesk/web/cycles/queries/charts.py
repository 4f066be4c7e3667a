"""Charts of the pages of decisions, as `ui/static/ui/charts.js` reads them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from meritdesk.language import _
from meritdesk.web.cycles.queries.effects import Effect, GradeCount


def distribution_chart(effect: Effect) -> dict[str, Any]:
    """Return how many people have each grade before and after a decision."""
    return {
        "kind": "distribution",
        "title": _("各等级人数：裁定前后"),
        "before": _("裁定前"),
        "after": _("裁定后"),
        "rows": [{"name": g.title, "before": g.before, "after": g.after} for g in effect.grades],
    }


def grades_chart(grades: Sequence[GradeCount], whole: int) -> dict[str, Any]:
    """Return how many people have each grade, beside the share the scheme sets."""
    rows = [{"name": g.title, "value": g.after, "label": _("{n} 人").format(n=g.after), "n": whole} for g in grades]
    heads = {"name": _("等级"), "value": _("人数"), "n": _("共")}
    return {"kind": "bar", "title": _("各等级人数"), "heads": heads, "rows": rows}
