"""Metrics in words: what is counted, of what, what is left aside, so that people know how a figure arises (R3.5).

The words are made from the definition itself and cannot differ from what is computed. No figures here.
"""

from __future__ import annotations

from collections.abc import Mapping

from meritdesk.language import _
from meritdesk.metrics.definitions import (
    AllOf,
    AnyOf,
    Compare,
    Condition,
    Days,
    Denominator,
    Elapsed,
    Metric,
    Not,
    Numerator,
    Operand,
    Parameter,
    Relative,
    Value,
)


def value_words(value: Value) -> str:
    """Return a value in words."""
    if isinstance(value, Elapsed):
        return _("{start} 到 {end} 的秒数").format(start=value.seconds[0], end=value.seconds[1])
    if isinstance(value, Days):
        return _("{start} 到 {end} 的自然日数").format(start=value.days[0], end=value.days[1])
    return value


def condition_words(metric: Metric, condition: Condition | None) -> str:
    """Return a condition in words; "全部" for none."""
    if condition is None:
        return _("全部")
    if isinstance(condition, AllOf):
        return _(" 且 ").join(_bracketed(metric, part) for part in condition.all)
    if isinstance(condition, AnyOf):
        return _(" 或 ").join(_bracketed(metric, part) for part in condition.any)
    if isinstance(condition, Not):
        if isinstance(condition.negated, Compare) and condition.negated.is_missing:
            return _("{column} 有记录").format(column=value_words(condition.negated.column))
        return _("不满足（{condition}）").format(condition=condition_words(metric, condition.negated))
    return _comparison_words(metric, condition)


def _bracketed(metric: Metric, condition: Condition) -> str:
    words = condition_words(metric, condition)
    return f"（{words}）" if isinstance(condition, AllOf | AnyOf) else words


def _comparison_words(metric: Metric, test: Compare) -> str:
    column = value_words(test.column)
    if test.is_missing:
        return _("{column} 无记录").format(column=column)
    if test.one_of is not None:
        return _("{column} 属于 {values}").format(column=column, values="、".join(str(value) for value in test.one_of))
    if test.equals is not None:
        return f"{column} = {_operand_words(metric, test.equals)}"
    if test.at_least is not None:
        return f"{column} ≥ {_operand_words(metric, test.at_least)}"
    return f"{column} ≤ {_operand_words(metric, test.at_most or 0)}"


def _operand_words(metric: Metric, operand: Operand) -> str:
    if isinstance(operand, Parameter):
        return f"{operand.parameter}（{metric.number(operand)}）"
    if isinstance(operand, Relative):
        return f"{operand.column} {operand.plus:+d}" if operand.plus else operand.column
    return str(operand)


def formula(metric: Metric) -> Mapping[str, str]:
    """Return the parts of a metric in words, in reading order, by their titles: population, numerator, denominator …"""
    parts = {_("数据表"): metric.table, _("范围"): condition_words(metric, metric.where)}
    parts[_("分子")], parts[_("分母")] = _above(metric), _below(metric)
    parts[_("排除")] = _("excluded 有原因的事实，另列数量")
    if metric.recorded is not None:
        parts[_("无数据")] = _("有事实但 {column} 全无记录").format(column=metric.recorded)
    if metric.pending is not None and metric.pending.where is not None:
        parts[_("待定")] = condition_words(metric, metric.pending.where)
    window = metric.window_days if metric.pending is None else metric.pending.window_days
    if window is not None:
        parts[_("待定")] = _("其后 {days} 天的数据未齐").format(days=metric.number(window))
    if isinstance(metric.credit, dict):
        shares = "、".join(f"{column} {share / 100:g} %" for column, share in metric.credit.items())
        parts[_("归属")] = _("按份：{shares}；没有填写的份归第一个有人的").format(shares=shares)
    else:
        parts[_("归属")] = metric.credit
    return parts


def _above(metric: Metric) -> str:
    value = value_words(metric.value) if metric.value is not None else ""
    match metric.kind:
        case "count":
            return _("事实数")
        case "sum" | "mean":
            return _("{value} 合计").format(value=value)
        case "distinct":
            return _("{value} 的不同值个数").format(value=value)
        case "percentile":
            return _("{value} 的第 {percent} 百分位（就近排名）").format(value=value, percent=metric.percent)
        case "median":
            return _("{value} 居中两值之和").format(value=value)
        case "fcr":
            same = "".join(f"、{column}" for column in metric.same)
            days = metric.number(metric.window_days or 0)
            return _("{days} 天内没有同一 customer{same} 的下一条的事实数").format(days=days, same=same)
        case _:
            return _ratio_above(metric, metric.numerator or Numerator())


def _ratio_above(metric: Metric, part: Numerator) -> str:
    counted = _("事实数") if part.value is None else _("{value} 合计").format(value=value_words(part.value))
    if part.where is not None:
        counted = _("满足“{condition}”的{counted}").format(
            condition=condition_words(metric, part.where), counted=counted
        )
    if part.minus is not None:
        counted += _("，减去满足“{condition}”的").format(condition=condition_words(metric, part.minus))
    return counted


def _below(metric: Metric) -> str:
    match metric.kind:
        case "count" | "sum" | "distinct":
            return _("无")
        case "percentile":
            return "1"
        case "median":
            return "2"
        case "fcr":
            return _("天数已满的事实数")
        case "mean":
            return _("有值的事实数")
        case _:
            return _ratio_below(metric, metric.denominator or Denominator())


def _ratio_below(metric: Metric, divisor: Denominator) -> str:
    counted = _("事实数") if divisor.value is None else _("{value} 合计").format(value=value_words(divisor.value))
    if divisor.table is None:
        return counted
    return _("表 {table} 中满足“{condition}”的{counted}").format(
        table=divisor.table, condition=condition_words(metric, divisor.where), counted=counted
    )
