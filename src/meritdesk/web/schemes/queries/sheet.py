"""A worked case laid out as a sheet: per indicator what is put in, what must come out, and what both readers gave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from meritdesk.cases import Comparison
from meritdesk.language import _
from meritdesk.rules.numbers import parse_number
from meritdesk.scheme.document import (
    EventSource,
    Indicator,
    MetricSource,
    OthersSource,
    RatingSource,
    ResultSource,
    Scheme,
    ViolationSource,
)
from meritdesk.scheme.phrases import title_of
from meritdesk.scheme.reading import read_yaml
from meritdesk.web.schemes.forms.grammar import written
from meritdesk.web.schemes.forms.typed import same
from meritdesk.web.schemes.models import SchemeVersion
from meritdesk.web.schemes.queries.documents import loaded, metrics
from meritdesk.web.schemes.queries.told import figure_title, figure_value, whom
from meritdesk.web.schemes.queries.working import Run, computed, inputs_of, read_cases

HINTS = {"ratio": "95%", "seconds": "30", "yuan": "5000"}
SIMPLE = {"title", "metrics", "ratings", "violations", "events", "results", "targets", "baselines", "pay", "expect",
          "stated", "adjusted", "period_days", "days", "position", "name", "team", "department", "streaks"}  # fmt: skip
"""What a case may say for its sheet to be complete; with segments or several people it is edited as text."""


@dataclass(frozen=True)
class Input:
    """One value that is put in."""

    name: str
    label: str
    value: str
    hint: str = ""


@dataclass(frozen=True)
class Figure:
    """One value that must come out: what was expected, and what each reader gave (empty: not compared)."""

    name: str
    label: str
    expected: str
    exact: str = ""
    columns: str = ""
    agrees: bool | None = None
    difference: str = ""
    """Computed − expected, where both are numbers and differ."""
    options: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Line:
    """An indicator in the sheet."""

    title: str
    inputs: Sequence[Input]
    figure: Figure | None


@dataclass(frozen=True)
class Sheet:
    """A case as a sheet."""

    index: int
    title: str
    simple: bool
    lines: Sequence[Line]
    others: Sequence[Input]
    figures: Sequence[Figure]
    failure: str
    """Why the case could not be computed at all; empty if it could."""


@dataclass(frozen=True)
class Told:
    """A figure of a case in words: whom it is about (empty where there is only one), what, expected, computed."""

    who: str
    what: str
    expected: str
    exact: str
    columns: str
    agrees: bool


def compared(version: SchemeVersion, title: str, run: Run) -> list[Told]:
    """Return every figure that a case names, in words."""
    scheme = loaded(version).scheme
    case = next((case for case in read_cases(version.cases_text) if case.title == title), None)
    if case is None:
        return []
    found = []
    for c in run.of(title):
        expected, exact, columns = (figure_value(scheme, c.what, v) for v in (c.expected, c.exact, c.columns))
        what = figure_title(scheme, c.what)
        what = _("{what}（原表所写）").format(what=what) if c.stated else what
        found.append(Told(whom(case, c.person), what, expected, exact, columns, c.agrees))
    return found


def _computed(version: SchemeVersion, index: int) -> Mapping[str, Comparison]:
    cases = read_cases(version.cases_text)
    return computed(version, cases[index]) if index < len(cases) else {}


def documents(text: str) -> list[dict[str, Any]]:
    """Return the cases of a text as they are written; empty for none."""
    if not text.strip():
        return []
    found, _lines = read_yaml(text, "cases.yaml")
    return list(found.get("cases") or []) if isinstance(found, dict) else []


def sheet(version: SchemeVersion, index: int, document: Mapping[str, Any], run: Run) -> Sheet:
    """Return the sheet of one case; MeritdeskError for a scheme that cannot be computed."""
    scheme = loaded(version).scheme
    needed = inputs_of(version)
    simple = set(document) <= SIMPLE
    title = str(document.get("title", ""))
    ran = bool(run.of(title))
    outcome = _computed(version, index) if simple else {}
    used: set[str] = set()
    lines = []
    for _dimension, indicator in scheme.indicators():
        inputs = list(_inputs(scheme, indicator, document, used))
        figure = _figure(f"indicators.{indicator.id}", _("得分"), document, outcome)
        lines.append(Line(title_of(indicator), inputs, figure))
    known = metrics()
    others = [
        Input(f"metrics.{name}", known[name].title, _given(document, "metrics", name), HINTS.get(known[name].unit, ""))
        for name in needed["metric"] if f"metrics.{name}" not in used
    ]  # fmt: skip
    codes = {v.code: v.title for listed in scheme.violation_lists.values() for v in listed}
    others += [
        Input(f"violations.{code}", f"{code} {codes.get(code, '')}", _given(document, "violations", code), "0")
        for code in needed["violation"] if f"violations.{code}" not in used
    ]  # fmt: skip
    others += [
        Input(f"pay.{name}", _paid(scheme, name), _given(document, "pay", name), "5000") for name in needed["pay"]
    ]
    grades = [(g.id, title_of(g)) for g in scheme.grades]
    figures = [_figure("total", _("总分"), document, outcome)]
    if grades:
        figures.append(_figure("grade", _("等级"), document, outcome, grades))
        figures.append(_figure("coefficient", _("绩效系数"), document, outcome))
    if needed["pay"]:
        figures.append(_figure("pay_total", _("应发合计（元）"), document, outcome))
    failure = "" if ran else next((r.detail for r in run.results if r.name == title and not r.passed), "")
    return Sheet(index, title, simple, lines, others, figures, failure)


def _inputs(scheme: Scheme, indicator: Indicator, document: Mapping[str, Any], used: set[str]) -> Iterator[Input]:
    known = metrics()
    match indicator.source:
        case MetricSource(metric=name):
            metric = known.get(name)
            title, unit = (metric.title, metric.unit) if metric is not None else (name, "")
            yield from _once(f"metrics.{name}", title, _given(document, "metrics", name), HINTS.get(unit, "10"), used)
        case RatingSource(rating=roles):
            listed = {role.id: role for role in (scheme.raters.roles if scheme.raters else ())}
            given = (document.get("ratings") or {}).get(indicator.id) or {}
            for role in roles:
                if role in listed and listed[role].feed is None:
                    value = given.get(role)
                    text = "" if isinstance(value, Mapping) else written(value)
                    yield Input(f"ratings.{indicator.id}.{role}", title_of(listed[role]), text, "4")
        case ViolationSource(violations=name):
            for violation in scheme.violation_lists.get(name, ()):
                code, count = violation.code, _given(document, "violations", violation.code)
                yield from _once(f"violations.{code}", f"{code} {violation.title}", count, "0", used)
        case EventSource(event=kind):
            yield from _once(f"events.{kind}", _("次数"), _given(document, "events", kind), "0", used)
        case ResultSource(results=kind):
            given_list = (document.get("results") or {}).get(kind) or []
            text = " ".join(written(item) for item in given_list)
            yield from _once(f"results.{kind}", _("各期总分，空格隔开"), text, "80 85 90", used)
        case OthersSource():
            pass
    target = getattr(indicator.scoring, "target", None)
    if target == "personal":
        yield Input(f"targets.{indicator.id}", _("本人目标"), _given(document, "targets", indicator.id), "100")
    elif target is not None and hasattr(target, "change"):
        yield Input(f"baselines.{indicator.id}", _("本人基线"), _given(document, "baselines", indicator.id), "100")


def _paid(scheme: Scheme, name: str) -> str:
    """Return what a pay input is called: the item of the slip that it is the amount of, else its name."""
    items = scheme.pay.items if scheme.pay is not None else ()
    return next((title_of(item) for item in items if getattr(item.amount, "pay", None) == name), name)


def _once(name: str, label: str, value: str, hint: str, used: set[str]) -> Iterator[Input]:
    """Yield an input unless another line of the sheet has it already."""
    if name not in used:
        used.add(name)
        yield Input(name, label, value, hint)


def _given(document: Mapping[str, Any], kind: str, name: str) -> str:
    value = (document.get(kind) or {}).get(name)
    if isinstance(value, Mapping):
        return written(value.get("value"))
    return written(value)


def _figure(
    name: str, label: str, document: Mapping[str, Any], outcome: Mapping[str, Any],
    options: Sequence[tuple[str, str]] = (),
) -> Figure:  # fmt: skip
    top, _dot, rest = name.partition(".")
    expect = document.get("expect") or {}
    expected = (expect.get(top) or {}).get(rest) if rest else expect.get(top)
    found = outcome.get(name)
    if found is None:
        return Figure(f"expect.{name}", label, written(expected), options=options)
    titles = dict(options)
    exact, columns = (titles.get(v or "", v or "—") for v in (found.exact, found.columns))
    named = rest in (expect.get(top) or {}) if rest else top in expect
    agrees, difference = None, ""
    if named:
        agrees = found.exact == found.columns and same(None, found.exact, written(expected) or None)
        difference = "" if agrees else _difference(found.exact, written(expected))
    return Figure(f"expect.{name}", label, written(expected), exact, columns, agrees, difference, options)


def _difference(exact: str | None, expected: str) -> str:
    try:
        return f"{parse_number(exact or '') - parse_number(expected):+f}"
    except ValueError:
        return ""
