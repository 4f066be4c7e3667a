"""The rows a tree is evaluated on, and their check: nothing is computed from a row that breaks the contract.

A value is an int (never bool, never float) inside the span its Input declares, or None for "missing"; a group key or
an identity is text. This module refuses; it never mends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from meritdesk.errors import Problem
from meritdesk.language import _
from meritdesk.rules.nodes import Input

Row = Mapping[str, int | str | None]
"""Ints in units of the Input's scale, text for group keys and identities, None for missing."""

ABSENT = object()


def check_rows(
    inputs: Mapping[str, Input], keys: Iterable[str], rows: Sequence[Row], stage: str = "rows"
) -> list[Problem]:
    """Return one problem per column and kind of fault, each naming the first row and how many rows share it."""
    problems = []
    for name, node in sorted(inputs.items()):
        low, high = node.span
        # One pass finds what is wrong with a column; only then is it asked what.
        wrong = [
            number
            for number, row in enumerate(rows)
            if (value := row.get(name, ABSENT)) is not None and not (type(value) is int and low <= value <= high)
        ]
        absent = [number for number in wrong if name not in rows[number]]
        no_integer = [number for number in wrong if name in rows[number] and type(rows[number][name]) is not int]
        outside = [number for number in wrong if type(rows[number].get(name)) is int]
        problems += _faults(stage, rows, name, "input-absent", absent, _("没有列“{name}”"))
        problems += _faults(stage, rows, name, "input-not-integer", no_integer, _("列“{name}”的值 {value} 不是整数"))
        message = _("列“{name}”的值 {value} 不在 {low} 到 {high} 之间")
        problems += _faults(stage, rows, name, "input-outside-span", outside, message, low=low, high=high)
    for name in sorted(keys):
        wrong = [number for number, row in enumerate(rows) if not isinstance(row.get(name, ABSENT), str)]
        absent = [number for number in wrong if name not in rows[number]]
        no_text = [number for number in wrong if name in rows[number]]
        problems += _faults(stage, rows, name, "key-absent", absent, _("没有列“{name}”"))
        problems += _faults(stage, rows, name, "key-not-text", no_text, _("列“{name}”的值 {value} 不是文本"))
    return problems


def row_place(stage: str, rows: Sequence[Row], number: int) -> str:
    """Return the place of a row in a problem: stage, row number from 0, and its appraisal where it has one."""
    name = rows[number].get("appraisal")
    return f"{stage}[{number}]" + (f"({name})" if name is not None else "")


def _faults(
    stage: str, rows: Sequence[Row], name: str, code: str, numbers: Sequence[int], message: str, **values: int
) -> list[Problem]:
    if not numbers:
        return []
    first = numbers[0]
    text = message.format(name=name, value=repr(rows[first].get(name)), **values)
    if len(numbers) > 1:
        text += _("，共 {n} 行如此").format(n=len(numbers))
    return [
        Problem(
            code=code,
            place=f"{row_place(stage, rows, first)}.{name}",
            message=text,
            fix=_("修正数据来源；缺失的值写作空（None），不要写 0"),
        )
    ]
