"""The small types a scheme document is written in: numbers, intervals, names and texts.

Numbers come from YAML as `Decimal` (never float) or as text with a percent sign; intervals as text in
mathematical notation.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from meritdesk.errors import MeritdeskError
from meritdesk.language import _
from meritdesk.rules.numbers import Bounds, format_number, parse_bounds, parse_number


class Model(BaseModel):
    """A part of the document: closed (an unknown field is an error) and unchangeable."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


def _number(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise ValueError(_("“{value}”不是数字").format(value=value))
    try:
        return parse_number(value) if isinstance(value, str) else Decimal(value)
    except ValueError:
        raise ValueError(_("“{value}”不是数字；写成 85、0.5 或 85%").format(value=value)) from None


def _whole(value: Any) -> int:
    number = _number(value)
    if number != int(number):
        raise ValueError(_("“{value}”不是整数；写成 1、2、3").format(value=value))
    return int(number)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(_("“{value}”不是文字；若确是文字，请加引号").format(value=value))
    return value.strip()


def _interval(value: Any) -> Bounds:
    if isinstance(value, Bounds):
        return value
    try:
        return parse_bounds(_text(value))
    except MeritdeskError as error:
        problem = error.problems[0]
        raise ValueError(f"{problem.message}；{problem.fix}") from None


_NUMBER_SCHEMA = WithJsonSchema(
    {"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^[+-]?\d+(\.\d+)?\s*%?$"}]}
)

Number = Annotated[Decimal, BeforeValidator(_number), PlainSerializer(format_number, return_type=str), _NUMBER_SCHEMA]
"""85, 0.5 or 85% (0.85)."""

Whole = Annotated[int, BeforeValidator(_whole), WithJsonSchema({"type": "integer"})]
"""A whole number."""

Text = Annotated[str, BeforeValidator(_text), WithJsonSchema({"type": "string"})]
"""A text, trimmed."""

_NAME = r"^[a-z][a-z0-9_]*$"

Name = Annotated[
    Text,
    Field(pattern=_NAME, max_length=60),
    WithJsonSchema({"type": "string", "pattern": _NAME, "maxLength": 60}),
]
"""An identifier: lower-case letters, digits and underscores."""

Interval = Annotated[
    Bounds,
    BeforeValidator(_interval),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^[\[(].*[,，].*[\])]$", "examples": ["(30, 60]", "[90%, )"]}),
]
"""An interval with open or closed ends: ``(30, 60]``, ``[90%, )``."""
