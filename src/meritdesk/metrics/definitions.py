"""What a metric is: a YAML document, read into a frozen `Metric`. No arithmetic and no engine here.

A metric looks at one table. `where` names its population; excluded facts never count, pending facts (undecided,
or their window is not over) count only as pending. What is left makes numerator and denominator:

========== ============================================== ========================================
kind       numerator                                      denominator
========== ============================================== ========================================
count      facts                                          none: no facts is 0
sum        total of `value`                               none: no facts is 0
ratio      facts (or `numerator.value`) of                facts (or `denominator.value`), of the
           `numerator.where`, less `numerator.minus`      population or of another table
mean       total of `value`                               facts with a value
median     the two middle values added                    2
percentile value at nearest rank `percent`                1
fcr        facts not followed by another of the customer  facts whose window is over
distinct   different values of `value`                    none: no facts is 0
========== ============================================== ========================================

A condition is two-valued: a comparison with a missing value is false, and `not` of it is true.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, StrictInt, StrictStr, Tag, model_validator

from meritdesk.events.contracts import CONTRACTS, Column, Contract

WHOLE = 10_000
"""Shares of a split credit are in 1/10000 and add up to this."""

Kind = Literal["count", "sum", "ratio", "mean", "median", "percentile", "fcr", "distinct"]
Unit = Literal["ratio", "seconds", "count", "points", "yuan", "level"]
COUNTS: frozenset[Kind] = frozenset({"count", "sum", "distinct"})
"""Kinds without a denominator."""


class Document(BaseModel):
    """A part of a metric's document: frozen, closed, no coercion of numbers into text or back."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Parameter(Document):
    """A number that the metric names under `parameters`, so that a scheme can set it."""

    parameter: StrictStr


class Relative(Document):
    """Another column of the same fact, plus a whole number: two off the best mark is `{column: full, plus: -1}`."""

    column: StrictStr
    plus: StrictInt = 0


class Elapsed(Document):
    """Seconds from one time column to another."""

    seconds: tuple[StrictStr, StrictStr]


class Days(Document):
    """Calendar days of the business zone from one time column to another; the same day is 0."""

    days: tuple[StrictStr, StrictStr]


def _kind_of_value(data: Any) -> str:
    if isinstance(data, Elapsed | Days):
        return "seconds" if isinstance(data, Elapsed) else "days"
    if isinstance(data, Mapping):
        return "days" if "days" in data else "seconds"
    return "column"


Value = Annotated[
    Annotated[StrictStr, Tag("column")] | Annotated[Elapsed, Tag("seconds")] | Annotated[Days, Tag("days")],
    Discriminator(_kind_of_value),
]


def _kind_of_operand(data: Any) -> str:
    if isinstance(data, Parameter | Relative):
        return "parameter" if isinstance(data, Parameter) else "relative"
    if isinstance(data, Mapping):
        return "parameter" if "parameter" in data else "relative"
    return "text" if isinstance(data, str) else "number"


Operand = Annotated[
    Annotated[StrictInt, Tag("number")]
    | Annotated[StrictStr, Tag("text")]
    | Annotated[Parameter, Tag("parameter")]
    | Annotated[Relative, Tag("relative")],
    Discriminator(_kind_of_operand),
]

TESTS = ("equals", "in", "at_least", "at_most", "is_missing")


class Compare(Document):
    """One test of one column: exactly one of equals, in, at_least, at_most, is_missing."""

    column: Value
    equals: Operand | None = None
    one_of: tuple[StrictInt | StrictStr, ...] | None = Field(default=None, alias="in", min_length=1)
    at_least: Operand | None = None
    at_most: Operand | None = None
    is_missing: Literal[True] | None = None

    @model_validator(mode="after")
    def _one_test(self) -> Self:
        given = [t for t in (self.equals, self.one_of, self.at_least, self.at_most, self.is_missing) if t is not None]
        if len(given) != 1:
            raise ValueError(f"a condition has exactly one of {', '.join(TESTS)}")
        return self


class AllOf(Document):
    """Every condition holds."""

    all: tuple[Condition, ...] = Field(min_length=1)


class AnyOf(Document):
    """At least one condition holds."""

    any: tuple[Condition, ...] = Field(min_length=1)


class Not(Document):
    """The condition does not hold (or a value it needs is missing)."""

    negated: Condition = Field(alias="not")


def _kind_of_condition(data: Any) -> str:
    if isinstance(data, Mapping):
        return next((key for key in ("all", "any", "not") if key in data), "column")
    if isinstance(data, AllOf | AnyOf):
        return "all" if isinstance(data, AllOf) else "any"
    return "not" if isinstance(data, Not) else "column"


Condition = Annotated[
    Annotated[AllOf, Tag("all")]
    | Annotated[AnyOf, Tag("any")]
    | Annotated[Not, Tag("not")]
    | Annotated[Compare, Tag("column")],
    Discriminator(_kind_of_condition),
]


class Numerator(Document):
    """What of the population counts upwards; `minus` counts downwards (detractors)."""

    where: Condition | None = None
    value: Value | None = None
    minus: Condition | None = None


class Denominator(Document):
    """What is divided by: a column's total instead of the number of facts, or the facts of another table."""

    table: StrictStr | None = None
    where: Condition | None = None
    value: Value | None = None
    credit: Credit = "person"


class Pending(Document):
    """Facts not decided yet: they meet `where`, or the `window_days` after their day are not all in the data."""

    where: Condition | None = None
    window_days: StrictInt | Parameter | None = None

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        if (self.where is None) == (self.window_days is None):
            raise ValueError("pending has exactly one of where, window_days")
        return self


Credit = StrictStr | dict[StrictStr, Annotated[StrictInt, Field(gt=0, le=WHOLE)]]
"""The column that names who is credited, or shares in 1/10000 per column. Where a column names nobody its share
goes to the first named, so that the parts add up to the whole."""


class Metric(Document):
    """One metric. Its value is (numerator / 10^numerator_scale) / (denominator / 10^denominator_scale), rounded half
    up to `scale` decimals in `unit`; a count's denominator is 1. Standards are named as facts, for orientation."""

    id: StrictStr = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: StrictStr
    title_en: StrictStr
    about: StrictStr = ""
    standard: StrictStr = ""
    unit: Unit
    better: Literal["higher", "lower", "range"]
    influence: Literal["person", "team", "system"]
    rests_on: tuple[StrictStr, ...] = Field(min_length=1)
    table: StrictStr
    kind: Kind
    where: Condition | None = None
    value: Value | None = None
    numerator: Numerator | None = None
    denominator: Denominator | None = None
    pending: Pending | None = None
    recorded: StrictStr | None = None
    same: tuple[StrictStr, ...] = ()
    window_days: StrictInt | Parameter | None = None
    percent: Annotated[StrictInt, Field(ge=1, le=100)] | None = None
    credit: Credit = "person"
    parameters: dict[StrictStr, StrictInt] = Field(default_factory=dict)
    scale: Annotated[StrictInt, Field(ge=0, le=6)]
    numerator_scale: Annotated[StrictInt, Field(ge=0, le=6)] = 0
    denominator_scale: Annotated[StrictInt, Field(ge=0, le=6)] = 0
    minimum_sample: Annotated[StrictInt, Field(ge=0)] = 0

    @property
    def can_be_empty(self) -> bool:
        """True if a person without facts has no value: everything but a count, which is then 0."""
        return self.kind not in COUNTS

    @property
    def tables(self) -> tuple[str, ...]:
        """The event tables needed."""
        other = self.denominator.table if self.denominator else None
        return tuple(dict.fromkeys(SOURCES.get(name, name) for name in (self.table, other) if name))

    def number(self, value: int | Parameter) -> int:
        """A whole number, looked up if it is a parameter."""
        return self.parameters[value.parameter] if isinstance(value, Parameter) else value

    def configured(self, parameters: Mapping[str, int], as_id: str | None = None) -> Metric:
        """The same metric with other parameter values, under another id if given; KeyError for an unknown one."""
        unknown = sorted(set(parameters) - set(self.parameters))
        if unknown:
            raise KeyError(f"{self.id}: {', '.join(unknown)}")
        return self.model_copy(update={"id": as_id or self.id, "parameters": {**self.parameters, **parameters}})


REPLIES = Contract(
    "replies",
    "Derived from turns: one row per reply of an agent to a customer who waits; bots and systems are passed over.",
    key=("contact_id", "sequence"),
    columns=(
        *(c for c in CONTRACTS["turns"].columns if c.name not in ("day", "excluded", "source")),
        Column("reply_seconds", "integer", "from the customer's first unanswered message to this reply"),
    ),
)
SOURCES = {"replies": "turns"}
"""Derived table → the event table it is made of."""
MEASURABLE: Mapping[str, Contract] = {name: c for name, c in {**CONTRACTS, "replies": REPLIES}.items() if c.fact}
"""Tables a metric may look at."""


def columns_named(metrics: Iterable[Metric], table: str) -> tuple[str, ...]:
    """Return the columns of a table that metrics may need, in the order of the contract, `day` and `excluded` included.

    A column counts as needed if its name stands anywhere in a definition: rather one too many than one too few.
    """
    words = {"day", "excluded"}

    def read(part: object) -> None:
        if isinstance(part, str):
            words.add(part)
        elif isinstance(part, Mapping):
            words.update(part)  # split credits name columns as keys
            for inner in part.values():
                read(inner)
        elif isinstance(part, list | tuple):
            for inner in part:
                read(inner)

    for metric in metrics:
        read(metric.model_dump())
        if metric.kind == "fcr":
            words.update(("customer", "created_at", "contact_id"))
    return tuple(name for name in MEASURABLE[table].names if name in words)


for _model in (AllOf, AnyOf, Not, Numerator, Denominator, Pending, Metric):
    _model.model_rebuild()
