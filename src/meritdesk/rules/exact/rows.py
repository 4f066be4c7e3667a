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


def check_rows(
    inputs: Mapping[str, Input], keys: Iterable[str], rows: Sequence[Row], stage: str = "rows"
) -> list[Problem]:
    """Return one problem per column and kind of fault, each naming the first row and how many rows share it."""
    problems = []
    for name, node in sorted(inputs.items()):
        low, high = node.span
        present = [(number, row[name]) for number, row in enumerate(rows) if name in row]
        numbers = [(number, value) for number, value in present if type(value) is int]
        problems += _faults(stage, rows, name, "input-absent", _absent(rows, name), _("没有列“{name}”"))
        problems += _faults(
            stage,
            rows,
            name,
            "input-not-integer",
            [number for number, value in present if value is not None and type(value) is not int],
            _("列“{name}”的值 {value} 不是整数"),
        )
        problems += _faults(
            stage,
            rows,
            name,
            "input-outside-span",
            [number for number, value in numbers if not low <= value <= high],
            _("列“{name}”的值 {value} 不在 {low} 到 {high} 之间"),
            low=low,
            high=high,
        )
    for name in sorted(keys):
        wrong = [number for number, row in enumerate(rows) if name in row and not isinstance(row[name], str)]
        problems += _faults(stage, rows, name, "key-absent", _absent(rows, name), _("没有列“{name}”"))
        problems += _faults(stage, rows, name, "key-not-text", wrong, _("列“{name}”的值 {value} 不是文本"))
    return problems


def row_place(stage: str, rows: Sequence[Row], number: int) -> str:
    """Return the place of a row in a problem: stage, row number from 0, and its appraisal where it has one."""
    name = rows[number].get("appraisal")
    return f"{stage}[{number}]" + (f"({name})" if name is not None else "")


def _absent(rows: Sequence[Row], name: str) -> list[int]:
    return [number for number, row in enumerate(rows) if name not in row]


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
