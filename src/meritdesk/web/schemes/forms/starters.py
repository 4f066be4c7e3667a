"""What a new part begins as: sound enough to be saved at once and to show a picture, and meant to be changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from meritdesk.language import _
from meritdesk.metrics.definitions import Metric
from meritdesk.web.schemes.forms.known import Known

D = Decimal
VALUE_METHODS = ("bands", "curve", "range", "tiers", "table", "deduct", "bonus", "attainment", "rank", "levels")
METHODS_OF: Mapping[str, tuple[str, ...]] = {
    "metric": VALUE_METHODS,
    "event": ("bonus", "deduct", "bands", "table", "curve", "tiers", "attainment", "rank"),
    "results": ("curve", "bands", "range", "attainment", "rank"),
    "violations": ("deduct", "bands", "table", "curve"),
    "rating": ("rating",),
    "of": ("sum", "weighted", "min", "max"),
}
"""Kind of source → the methods that fit it, the usual one first."""


def methods_for(kind: str, metric: Metric | None) -> tuple[str, ...]:
    """Return the methods that fit a kind of source; a metric whose values are no whole counts leaves out those that
    multiply per unit, which the engine could not keep exact (it refuses them when it compiles)."""
    fit = METHODS_OF.get(kind, ())
    if metric is None:
        return fit
    left_out = {
        "tiers": metric.kind not in ("count", "distinct"),
        "deduct": metric.scale > 0,
        "bonus": metric.scale > 2,
    }
    return tuple(method for method in fit if not left_out.get(method))


IDS = {
    "Grade": "grade", "Veto": "veto", "Use": "use", "PayItem": "item", "RaterRole": "role", "Position": "position",
    "Indicator": "indicator", "Dimension": "dimension",
}  # fmt: skip
"""Model → how ids that nobody chose begin."""


def corners(unit: str) -> tuple[str, str, str, str]:
    """Return four values of a unit in rising order, as they are written."""
    return {
        "ratio": ("60%", "80%", "90%", "100%"),
        "seconds": ("30", "60", "120", "300"),
        "yuan": ("1000", "5000", "10000", "20000"),
        "level": ("1", "2", "3", "4"),
    }.get(unit, ("0", "10", "20", "50"))


def number(text: str) -> Any:
    """Return a number as the reader of YAML gives it: percentages stay texts."""
    return text if text.endswith("%") else D(text)


def method(kind: str, known: Known) -> dict[str, Any]:
    """Return a scoring method of a kind, with values that fit the unit of the indicator's metric."""
    a, b, c, d = corners(known.unit)
    metric = known.metrics.get(str((known.indicator.get("source") or {}).get("metric")))
    high, low = (D(60), D(100)) if metric is not None and metric.better == "lower" else (D(100), D(60))
    bands = [
        {"when": f"[{c}, )", "points": high}, {"when": f"[{b}, {c})", "points": D(80)},
        {"when": f"( , {b})", "points": low},
    ]  # fmt: skip
    made: dict[str, Callable[[], dict[str, Any]]] = {
        "bands": lambda: {"bands": bands},
        "curve": lambda: {"points": [[number(b), D(200) - high - D(40)], [number(c), high]]},
        "range": lambda: dict(
            zip(("zero_below", "best_from", "best_to", "zero_above"), map(number, (a, b, c, d)), strict=True)
        ),
        "tiers": lambda: {
            "mode": "marginal",
            "tiers": [{"when": f"[0, {c}]", "rate": D(1)}, {"when": f"({c}, )", "rate": D("1.5")}],
        },
        "table": lambda: {
            "rows": [{"value": D(0), "points": D(100)}, {"value": D(1), "points": D(80)}], "otherwise": D(60),
        },
        "deduct": lambda: {} if "violations" in (known.indicator.get("source") or {}) else {"each": D(5)},
        "bonus": lambda: {"each": D(1), "cap": D(5)},
        "attainment": lambda: {"target": number(c), "floor": D(0), "cap": D(1)},
        "rank": lambda: {
            "by": "percentile", "group": "team",
            "bands": [
                {"when": "[80%, )", "points": D(100)}, {"when": "[50%, 80%)", "points": D(80)},
                {"when": "( , 50%)", "points": D(60)},
            ],
        },
        "rating": lambda: {
            "full": D(5),
            "levels": [
                {"level": D(n), "title": _("第 {n} 档的标准").format(n=n), "points": D(n)} for n in range(1, 6)
            ],
        },
        "levels": lambda: {
            "levels": [{"level": D(n), "title": _("第 {n} 级").format(n=n), "points": D(n * 20)} for n in range(1, 6)]
        },
    }  # fmt: skip
    rest = made.get(kind, dict)()
    if kind == "weighted":
        rest = {"weights": {name: D(1) for name, _title in known.options("of")}}
    return {"method": kind, **rest}


def of_kind(kind: str, known: Known, field: str) -> Any:
    """Return a value for a choice between forms, by its leading field."""
    made: dict[str, Callable[[], Any]] = {
        "metric": lambda: {"metric": known.first("metrics"), **_within(field)},
        "rating": lambda: {"rating": [known.first("roles")]},
        "violations": lambda: (
            {"violations": known.first("lists")} if field == "source"
            else {"violations": [known.first("codes")], "at_least": D(1)}
        ),
        "event": lambda: {"event": "event"},
        "results": lambda: {"results": "month"},
        "of": lambda: (
            {"of": [known.first("indicators")]} if field == "source"
            else {"of": {"score": "total"}, "mode": "marginal", "tiers": [row("TierRow", known)]}
        ),
        "neutral": lambda: {"neutral": D(80)},
        "change": lambda: {"change": "10%"},
        "score": lambda: {"score": "total", **_within(field)},
        "grade": lambda: (
            {"grade": [known.first("grades")]} if field not in ("amount", "times")
            else {"grade": {name: D(0) for name, _title in known.options("grades")}}
        ),
        "pay": lambda: {"pay": "base_pay"},
        "number": lambda: D(1),
        "interval": lambda: "[0, 100]",
    }  # fmt: skip
    return made[kind]() if kind in made else kind


def _within(field: str) -> dict[str, Any]:
    return {} if field in ("source", "amount", "times", "of", "by") else {"within": "[60, )"}


def row(model: str, known: Known) -> Any:
    """Return a new row of a list of a model."""
    title = {
        "Grade": _("新等级"), "RaterRole": _("新角色"), "Position": _("新岗位"), "Veto": _("新的否决"),
        "Use": _("新的应用"), "PayItem": _("新的项目"), "Violation": _("新的行为"), "RatingLevel": _("标准"),
        "LevelRow": _("说明"), "Indicator": _("新指标"), "Dimension": _("新维度"),
    }.get(model, "")  # fmt: skip
    named = {"id": known.new_id(IDS[model])} if model in IDS else {}
    made: dict[str, Callable[[], dict[str, Any]]] = {
        "BandRow": lambda: {"when": "( , )", "points": D(0)},
        "TierRow": lambda: {"when": "[0, )", "rate": D(1)},
        "TableRow": lambda: {"value": D(0), "points": D(0)},
        "RatingLevel": lambda: {"level": D(0), "title": title, "points": D(0)},
        "LevelRow": lambda: {"level": D(0), "title": title, "points": D(0)},
        "Grade": lambda: {**named, "title": title, "when": "[0, 0]", "coefficient": D(1)},
        "RaterRole": lambda: {**named, "title": title, "weight": D(0), "if_missing": "rescale"},
        "Position": lambda: {**named, "title": title},
        "Violation": lambda: {"code": known.new_id("v").upper(), "title": title, "points": D(1)},
        "Veto": lambda: {**named, "title": title, "when": _condition(known), "zero_total": True},
        "Use": lambda: {**named, "title": title, "when": _condition(known, grade=True), "then": "training"},
        "PayItem": lambda: {**named, "title": title, "kind": "bonus", "amount": D(0)},
        "Note": lambda: {"kind": "remark", "text": _("说明")},
        "Change": lambda: {"day": "2025-01-01", "what": _("修改内容")},
        "ScoreCondition": lambda: {"score": "total", "within": "[60, )"},
        "Indicator": lambda: indicator(known),
        "Dimension": lambda: {**named, "title": title, "weight": D(0), "indicators": [indicator(known)]},
    }
    return made[model]() if model in made else {}


def indicator(known: Known) -> dict[str, Any]:
    """Return a new indicator: satisfaction in bands, a metric that every contact centre has."""
    made: dict[str, Any] = {"id": known.new_id("indicator"), "title": _("新指标"), "source": {"metric": "csat_top2"}}
    if known.document.get("style") == "points":
        made["points"] = D(10)
    else:
        made["weight"] = D(0)
    return {**made, "missing": "redistribute", "scoring": method("bands", Known(known.document, known.metrics, made))}


def _condition(known: Known, *, grade: bool = False) -> dict[str, Any]:
    if grade and known.first("grades"):
        return {"grade": [known.first("grades")]}
    if known.first("codes"):
        return {"violations": [known.first("codes")], "at_least": D(1)}
    return {"score": "total", "within": "( , 60)"}


def group(model: str, known: Known) -> dict[str, Any]:
    """Return a part that a scheme may or may not have, when it is switched on."""
    grades = [name for name, _title in known.options("grades")]
    made: dict[str, Callable[[], dict[str, Any]]] = {
        "Raters": lambda: {
            "roles": [{"id": "superior", "title": _("直接上级"), "weight": D(100), "if_missing": "hold"}]
        },
        "Calibration": lambda: {"threshold": D(20), "at_least": D(2)},
        "Feed": lambda: {"metric": "csat_mean", "scoring": {"method": "curve", "points": [[D(1), D(1)], [D(5), D(5)]]}},
        "Distribution": lambda: {"mode": "cap", "group": "department", "smallest": D(10), "shares": _shares(grades)},
        "Pay": lambda: {
            "items": [{"id": "base", "title": _("基本工资"), "kind": "base", "amount": {"pay": "base_pay"}}]
        },
        "Pool": lambda: {"amount": D(10000), "group": "team", "by": ["coefficient"]},
        "Budget": lambda: {"items": [known.first("items")], "mean_coefficient": D(1)},
    }
    return made[model]() if model in made else {}


def _shares(grades: list[str]) -> dict[str, Any]:
    if not grades:
        return {}
    each, rest = divmod(100, len(grades))
    return {name: f"{each + (rest if number == 0 else 0)}%" for number, name in enumerate(grades)}
