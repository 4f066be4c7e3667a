"""Metrics out of YAML files: those that ship and those an organisation writes, every mistake with file and line.

A file holds a list under `metrics`. What the model cannot see is checked here against the contracts of the tables: that
columns exist and have the right type, that choices are among those allowed, that parts fit the kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

import meritdesk.library
from meritdesk.errors import MeritdeskError, Problem
from meritdesk.events.contracts import Column, Contract
from meritdesk.language import _
from meritdesk.metrics.definitions import (
    MEASURABLE,
    WHOLE,
    AllOf,
    AnyOf,
    Compare,
    Condition,
    Days,
    Elapsed,
    Metric,
    Not,
    Parameter,
    Relative,
    Value,
)
from meritdesk.scheme.reading import read_yaml

LIBRARY = FilePath(meritdesk.library.__file__).parent / "metrics"
NEEDS_VALUE = ("sum", "mean", "median", "percentile", "distinct")
ONE_PERSON = ("median", "percentile", "fcr", "distinct")

Path = tuple[str | int, ...]
Fault = tuple[Path, str, str]
"""Path inside the metric, message, fix."""


def load_metrics(paths: Iterable[FilePath | str] = ()) -> Mapping[str, Metric]:
    """Return the metrics that ship and those of the files (or folders of *.yaml) given, by id.

    MeritdeskError with all problems of all files if one of them is wrong or an id is taken.
    """
    given = [FilePath(path) for path in paths]
    files = [file for path in given for file in (sorted(path.glob("*.yaml")) if path.is_dir() else [path])]
    metrics = dict(_shipped())
    problems: list[Problem] = []
    for file in files:
        found, wrong = read_metrics(file.read_text(encoding="utf-8"), str(file))
        problems.extend(wrong)
        for metric, place in found:
            if metric.id in metrics:
                problems.append(_taken(metric.id, place))
            metrics[metric.id] = metric
    if problems:
        raise MeritdeskError(*problems)
    return metrics


@cache
def _shipped() -> Mapping[str, Metric]:
    metrics: dict[str, Metric] = {}
    for file in sorted(LIBRARY.glob("*.yaml")):
        found, problems = read_metrics(file.read_text(encoding="utf-8"), file.name)
        if problems:
            raise MeritdeskError(*problems)
        metrics.update((metric.id, metric) for metric, _place in found)
    return metrics


def _taken(name: str, place: str) -> Problem:
    return Problem(
        code="metric-id-taken",
        place=place,
        message=_("指标标识 {name} 已被使用").format(name=name),
        fix=_("换一个标识；内置指标不能被覆盖"),
    )


def read_metrics(text: str, name: str) -> tuple[list[tuple[Metric, str]], list[Problem]]:
    """Return the metrics of one file, each with its place, and what is wrong with the others."""
    try:
        document, lines = read_yaml(text, name)
    except MeritdeskError as error:
        return [], list(error.problems)

    def place(path: Path) -> str:
        while path and path not in lines:
            path = path[:-1]
        return f"{name}:{lines.get(path, (1, 1))[0]}"

    listed = document.get("metrics") if isinstance(document, dict) else None
    if not isinstance(listed, list) or set(document) != {"metrics"}:
        problem = Problem(
            code="metric-file",
            place=place(()),
            message=_("文件里要有且只有一个列表 metrics"),
            fix=_("以 metrics: 开头，下面每项一个指标"),
        )
        return [], [problem]
    metrics: list[tuple[Metric, str]] = []
    problems: list[Problem] = []
    ids: set[str] = set()
    for index, item in enumerate(listed):
        at: Path = ("metrics", index)
        metric, wrong = _read_one(_whole(item), at, place)
        problems.extend(wrong)
        if metric is not None and metric.id in ids:
            problems.append(_taken(metric.id, place((*at, "id"))))
        elif metric is not None:
            ids.add(metric.id)
            metrics.append((metric, place(at)))
    return metrics, problems


def _whole(value: Any) -> Any:
    """Return the document with whole numbers as int; others stay what they are, and the model refuses them."""
    if isinstance(value, Mapping):
        return {key: _whole(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return int(value) if isinstance(value, Decimal) and value == value.to_integral_value() else value


def _read_one(item: Any, at: Path, place: Callable[[Path], str]) -> tuple[Metric | None, list[Problem]]:
    try:
        metric = Metric.model_validate(item)
    except ValidationError as error:
        return None, [
            Problem(
                code="metric-field",
                place=place((*at, *_document_path(item, fault["loc"]))),
                message=_("{field}：{detail}").format(
                    field=".".join(str(p) for p in _document_path(item, fault["loc"])) or _("指标"), detail=fault["msg"]
                ),
                fix=_("对照指标参考文档改正这一项"),
            )
            for fault in error.errors()
        ]
    return metric, [
        Problem(code="metric-meaning", place=place((*at, *path)), message=f"{metric.id}: {message}", fix=fix)
        for path, message, fix in faults(metric)
    ]


def _document_path(item: Any, loc: tuple[str | int, ...]) -> Path:
    """Return a pydantic location without the tags of unions, which are not in the document; a missing key stays."""
    path: list[str | int] = []
    for step in loc:
        known = isinstance(item, Mapping) and step in item
        if known or (isinstance(item, list) and isinstance(step, int) and step < len(item)):
            path.append(step)
            item = item[step]
    last = loc[-1] if loc else None
    if isinstance(last, str) and isinstance(item, Mapping) and last not in item and last in Metric.model_fields:
        path.append(last)
    return tuple(path)


def faults(metric: Metric) -> Iterator[Fault]:
    """Yield what is wrong with a metric that has the right form."""
    table = MEASURABLE.get(metric.table)
    if table is None:
        yield ("table",), _("没有数据表 {name}").format(name=metric.table), _one_of(MEASURABLE)
        return
    yield from _fit_of_parts(metric)
    yield from _condition(metric, table, metric.where, ("where",))
    if metric.value is not None:
        yield from _value(table, metric.value, ("value",), text=metric.kind == "distinct")
    yield from _credit(metric, table, metric.credit, ("credit",))
    if metric.numerator is not None:
        yield from _condition(metric, table, metric.numerator.where, ("numerator", "where"))
        yield from _condition(metric, table, metric.numerator.minus, ("numerator", "minus"))
        if metric.numerator.value is not None:
            yield from _value(table, metric.numerator.value, ("numerator", "value"))
    if metric.denominator is not None:
        yield from _denominator(metric, table)
    if metric.pending is not None:
        yield from _condition(metric, table, metric.pending.where, ("pending", "where"))
        yield from _parameter(metric, metric.pending.window_days, ("pending", "window_days"))
    for name in (metric.recorded, *metric.same):
        if name is not None:
            yield from _column(table, name, ("recorded" if name == metric.recorded else "same",))
    yield from _parameter(metric, metric.window_days, ("window_days",))


def _one_of(names: Iterable[str]) -> str:
    return _("可用：{names}").format(names=", ".join(names))


def _fit_of_parts(metric: Metric) -> Iterator[Fault]:
    """Yield parts that the kind needs and lacks, or has and cannot use."""
    needed = {
        "value": metric.kind in NEEDS_VALUE,
        "percent": metric.kind == "percentile",
        "window_days": metric.kind == "fcr",
    }
    for name, is_needed in needed.items():
        if is_needed != (getattr(metric, name) is not None):
            message = _("{kind} 类指标需要 {name}") if is_needed else _("{kind} 类指标不用 {name}")
            yield (name,), message.format(kind=metric.kind, name=name), _("补上或去掉这一项")
    for name in ("numerator", "denominator"):
        if getattr(metric, name) is not None and metric.kind != "ratio":
            yield (name,), _("只有 ratio 类指标才有 {name}").format(name=name), _("条件写在 where 里")
    if metric.kind == "ratio" and metric.numerator is None and metric.denominator is None:
        yield ("kind",), _("ratio 类指标需要 numerator 或 denominator"), _("写明分子的条件")
    if metric.kind == "fcr" and (metric.table != "contacts" or metric.pending is not None):
        yield ("table",), _("fcr 类指标只用于 contacts，且自带待定规则"), _("去掉 pending，表写 contacts")
    if metric.kind != "fcr" and metric.same:
        yield ("same",), _("只有 fcr 类指标才有 same"), _("去掉这一项")
    if metric.kind in ONE_PERSON and not isinstance(metric.credit, str):
        yield ("credit",), _("{kind} 类指标不能拆分归属").format(kind=metric.kind), _("写一个列名，如 person")


def _credit(metric: Metric, table: Contract, credit: Any, at: Path) -> Iterator[Fault]:
    columns = [credit] if isinstance(credit, str) else list(credit)
    for name in columns:
        yield from _column(table, name, at, kinds=("text",))
    if isinstance(credit, str):
        return
    if sum(credit.values()) != WHOLE:
        yield (
            at,
            _("归属各份合计 {total}，应为 {whole}").format(total=sum(credit.values()), whole=WHOLE),
            _("调整各份，使合计为一整份"),
        )
    scale = metric.denominator_scale if at[0] == "denominator" else metric.numerator_scale
    if scale < 4:
        yield (
            at,
            _("拆分归属后数值以 1/10000 计，小数位数至少为 4"),
            _("把 numerator_scale 和 denominator_scale 各加 4"),
        )


def _denominator(metric: Metric, table: Contract) -> Iterator[Fault]:
    divisor, at = metric.denominator, ("denominator",)
    assert divisor is not None
    other = table if divisor.table is None else MEASURABLE.get(divisor.table)
    if other is None:
        yield (*at, "table"), _("没有数据表 {name}").format(name=divisor.table), _one_of(MEASURABLE)
        return
    if divisor.table is None and divisor.where is not None:
        yield (*at, "where"), _("同一张表的分母条件写在 where 里"), _("把条件移到指标的 where")
    yield from _condition(metric, other, divisor.where, (*at, "where"))
    if divisor.value is not None:
        yield from _value(other, divisor.value, (*at, "value"))
    if divisor.table is not None:
        yield from _credit(metric, other, divisor.credit, (*at, "credit"))


def _column(table: Contract, name: str, at: Path, kinds: tuple[str, ...] = ()) -> Iterator[Fault]:
    if name not in table.names:
        yield at, _("表 {table} 没有列 {name}").format(table=table.name, name=name), _one_of(table.names)
    elif kinds and table.column(name).type not in kinds:
        yield (
            at,
            _("列 {name} 的类型是 {type}").format(name=name, type=table.column(name).type),
            _one_of(column.name for column in table.columns if column.type in kinds),
        )


NUMBERS = ("integer", "flag", "time", "day", "hundredths")


def _value(table: Contract, value: Value, at: Path, text: bool = False) -> Iterator[Fault]:
    if isinstance(value, str):
        yield from _column(table, value, at, kinds=() if text else NUMBERS)
    for name in value.seconds if isinstance(value, Elapsed) else value.days if isinstance(value, Days) else ():
        yield from _column(table, name, at, kinds=("time",))


def _condition(metric: Metric, table: Contract, condition: Condition | None, at: Path) -> Iterator[Fault]:
    if isinstance(condition, AllOf | AnyOf):
        word = "all" if isinstance(condition, AllOf) else "any"
        for i, part in enumerate(condition.all if isinstance(condition, AllOf) else condition.any):
            yield from _condition(metric, table, part, (*at, word, i))
    elif isinstance(condition, Not):
        yield from _condition(metric, table, condition.negated, (*at, "not"))
    elif isinstance(condition, Compare):
        yield from _comparison(metric, table, condition, at)


def _comparison(metric: Metric, table: Contract, test: Compare, at: Path) -> Iterator[Fault]:
    if not isinstance(test.column, str):
        yield from _value(table, test.column, (*at, "column"))
        column = None
    else:
        yield from _column(table, test.column, (*at, "column"))
        if test.column not in table.names:
            return
        column = table.column(test.column)
    is_text = column is not None and column.type == "text"
    if is_text and (test.at_least is not None or test.at_most is not None):
        yield at, _("文字列 {name} 不能比大小").format(name=test.column), _("用 equals 或 in")
    for operand in (test.equals, test.at_least, test.at_most, *(test.one_of or ())):
        if isinstance(operand, Parameter):
            yield from _parameter(metric, operand, at)
        elif isinstance(operand, Relative):
            yield from _column(table, operand.column, at, kinds=NUMBERS)
        elif operand is not None:
            yield from _literal(column, operand, is_text, at)


def _literal(column: Column | None, operand: int | str, is_text: bool, at: Path) -> Iterator[Fault]:
    if isinstance(operand, str) != is_text:
        yield at, _("{value} 与列的类型不符").format(value=operand), _("文字列与文字比较，数字列与整数比较")
    elif column is not None and column.choices and operand not in column.choices:
        yield at, _("{name} 没有取值 {value}").format(name=column.name, value=operand), _one_of(column.choices)


def _parameter(metric: Metric, value: int | Parameter | None, at: Path) -> Iterator[Fault]:
    if isinstance(value, Parameter) and value.parameter not in metric.parameters:
        yield at, _("没有参数 {name}").format(name=value.parameter), _("在 parameters 里给出它的值")
