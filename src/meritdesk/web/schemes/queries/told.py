"""What came out of worked cases in words: figures by their Chinese names, and which differ from what was expected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from meritdesk.cases import Case, CaseResult, Comparison
from meritdesk.language import _, current
from meritdesk.scheme.document import Scheme
from meritdesk.scheme.phrases import title_of

ORDER = (
    "indicators", "values", "dimensions", "total", "threshold_grade", "grade", "rank", "coefficient", "pay",
    "pay_total", "held", "not_appraised", "uses",
)  # fmt: skip
"""Figures of a case in the order in which people read them."""


def figure_title(scheme: Scheme, what: str) -> str:
    """Return what a figure of a case is called: 总分, “平均响应时长”得分, 绩效工资."""
    top, _dot, name = what.partition(".")
    if not name:
        return _plain(current()).get(top, top)
    title = _titles(scheme).get((top, name), name)
    match top:
        case "indicators":
            return _("“{title}”得分").format(title=title)
        case "values":
            return _("“{title}”的数值").format(title=title)
        case "dimensions":
            return _("维度“{title}”得分").format(title=title)
    return title


def figure_value(scheme: Scheme, what: str, value: str | None) -> str:
    """Return a value of a figure as people read it: a grade by its title, 是 or 否, 无 for none."""
    if value is None:
        return _("无")
    match what:
        case "grade" | "threshold_grade":
            return next((title_of(grade) for grade in scheme.grades if grade.id == value), value)
        case "held" | "not_appraised":
            return _("是") if value == "True" else _("否")
        case "uses":
            titles = {use.id: title_of(use) for use in scheme.uses}
            return _("、").join(titles.get(name, name) for name in value.split(",") if name) or _("无")
    return value


def whom(case: Case, person: str) -> str:
    """Return whom of a case a figure is about; empty where there is only one."""
    if len(case.everybody()) < 2:
        return ""
    return _("第 {n} 人").format(n=person) if person.isdigit() else person


def in_order(comparisons: Iterable[Comparison]) -> list[Comparison]:
    """Return the figures of a case as people read them: parts first, then total, grade, coefficient, pay, the rest."""
    return sorted(comparisons, key=lambda c: (c.stated, ORDER.index(c.what.partition(".")[0])))


def judged(scheme: Scheme, cases: Iterable[Case], comparisons: Sequence[Comparison]) -> list[CaseResult]:
    """Return per case whether every figure agreed, and in words which do not."""
    known = {case.title: case for case in cases}
    wrong: dict[str, list[Comparison]] = {}
    for compared in comparisons:
        differing = wrong.setdefault(compared.case, [])
        if not compared.agrees:
            differing.append(compared)
    return [
        CaseResult(title, not found, "；".join(_difference(scheme, known[title], c) for c in in_order(found)))
        for title, found in wrong.items()
    ]


def _difference(scheme: Scheme, case: Case, compared: Comparison) -> str:
    who, what = whom(case, compared.person), figure_title(scheme, compared.what)
    expected, exact, columns = (
        figure_value(scheme, compared.what, value) for value in (compared.expected, compared.exact, compared.columns)
    )
    if compared.exact != compared.columns:
        text = _("{what}两个计算器算得不同：{exact} 和 {columns}").format(what=what, exact=exact, columns=columns)
    else:
        text = _("{what}应得{expected}，算出{exact}").format(
            what=what, expected=_spaced(expected), exact=_spaced(exact)
        )
    return _("{who}的{text}").format(who=who, text=text) if who else text


def _spaced(value: str) -> str:
    """Return a value with the space before it that figures and Latin letters have in a Chinese sentence."""
    return f" {value}" if value[:1].isascii() else value


def _titles(scheme: Scheme) -> Mapping[tuple[str, str], str]:
    found = {("dimensions", dimension.id): title_of(dimension) for dimension in scheme.dimensions}
    for _dimension, indicator in scheme.indicators():
        found["indicators", indicator.id] = found["values", indicator.id] = title_of(indicator)
    for item in scheme.pay.items if scheme.pay is not None else ():
        found["pay", item.id] = title_of(item)
    return found


@cache
def _plain(language: str) -> Mapping[str, str]:
    del language  # it keys the cache
    return {
        "total": _("总分"),
        "grade": _("等级"),
        "threshold_grade": _("按分数线的等级"),
        "coefficient": _("绩效系数"),
        "rank": _("名次"),
        "held": _("暂缓评定"),
        "not_appraised": _("不考核"),
        "pay_total": _("应发合计"),
        "uses": _("结果运用"),
    }
