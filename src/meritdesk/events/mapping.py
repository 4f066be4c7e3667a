"""A mapping: how the files of one source become contract tables, written as YAML that a person can read.

The language is closed: a column comes from columns of the file, a constant, or one of a few named functions; a row
is used, left out by a rule that has a name, or quarantined. This module holds the document and reads it, naming
file, line and field of every mistake. It reads no data (see `plan` and `ingest`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.events.calendar import SHANGHAI, HoursDocument
from meritdesk.events.contracts import CONTRACTS, Column, ColumnType
from meritdesk.events.documents import Misplaced, read_document
from meritdesk.events.encodings import ENCODINGS
from meritdesk.events.moments import percent_form
from meritdesk.events.numbers import TIME_UNITS, UNITS
from meritdesk.events.readers import clean_heading
from meritdesk.events.values import known_format
from meritdesk.language import _

SUFFIX = ".mapping.yaml"
MAIN_TIME = {
    "contacts": "created_at", "turns": "sent_at", "surveys": "answered_at", "complaints": "received_at",
    "orders": "inquiry_at",
}  # fmt: skip

HANDLE_PARTS = ("talk_seconds", "hold_seconds", "wrap_seconds")


def _listed(value: Any) -> Any:
    return value if isinstance(value, list | tuple) or value is None else [value]


def _texts(value: Any) -> Any:
    return [str(item) if isinstance(item, int) else item for item in _listed(value) or []]


Texts = Annotated[tuple[str, ...], BeforeValidator(_texts)]
Heading = Annotated[str, BeforeValidator(lambda value: clean_heading(value) if isinstance(value, str) else value)]
Headings = Annotated[tuple[Heading, ...], BeforeValidator(_texts)]


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Condition(_Document):
    """A test of one cell (`column`, as text) or one value already built (`field`)."""

    column: Heading = ""
    field: str = ""
    is_: Texts | None = Field(default=None, alias="is")
    is_not: Texts | None = None
    starts_with: Texts | None = None
    blank: bool | None = None
    below: int | None = None
    above: int | None = None

    @model_validator(mode="after")
    def _one_test(self) -> Condition:
        if bool(self.column) == bool(self.field):
            raise ValueError(_("请写 column 或 field 其中一个"))
        tests = (self.is_, self.is_not, self.starts_with, self.blank, self.below, self.above)
        if sum(test is not None for test in tests) != 1:
            raise ValueError(_("请写一个判断：is、is_not、starts_with、blank、below、above"))
        if self.column and (self.below is not None or self.above is not None):
            raise ValueError(_("below、above 只能用于 field"))
        return self


Conditions = Annotated[tuple[Condition, ...], BeforeValidator(_listed)]


class RowRule(_Document):
    """Rows that meet every condition are left out (or quarantined) under this name."""

    name: str
    when: Conditions


class Lookup(_Document):
    """A value from another file: the row whose `key` equals this row's `match`."""

    files: str
    key: Heading
    match: Heading
    take: Heading
    where: Conditions = ()
    pick: Literal["first", "last"] = "last"


ORIGINS = (
    "from_", "value", "hash", "row_number", "sum", "difference", "coalesce", "day_of", "business_seconds", "lookup",
)  # fmt: skip
Arguments = tuple[str | int, ...]


class ColumnRule(_Document):
    """Where one column comes from (exactly one origin) and how its cells are read."""

    type: ColumnType | None = None
    from_: Headings | None = Field(default=None, alias="from")
    value: str | int | bool | date | None = None
    hash: Headings | None = None
    row_number: Literal[True] | None = None
    sum: Arguments | None = None
    difference: tuple[str | int, str | int] | None = None
    coalesce: Arguments | None = None
    day_of: str | None = None
    business_seconds: tuple[str, str] | None = None
    lookup: Lookup | None = None

    when: Conditions = ()
    pick: Literal["first", "last", "min", "max", "sum", "count"] = "first"
    separator: str = " "
    prefix: str = ""
    format: Texts = ()
    unit: str = ""
    round: Literal["", "half_up", "down"] = ""
    thousands: Literal["", ",", "."] = ""
    decimal: Literal[".", ","] = "."
    map: dict[str, str | int | bool | None] | None = None
    otherwise: Literal["refuse", "keep", "blank"] = "refuse"
    blank: Texts = ()
    on: date | None = None
    next_day_if_before: str = ""
    shift_days: int = 0
    squeeze: bool = False

    @field_validator("map", mode="before")
    @classmethod
    def _text_keys(cls, value: Any) -> Any:
        return {str(key): item for key, item in value.items()} if isinstance(value, dict) else value

    @field_validator("unit")
    @classmethod
    def _known_unit(cls, value: str) -> str:
        if value and value not in UNITS:
            raise ValueError(_("未知单位；可用：{units}").format(units="、".join(UNITS)))
        return value

    @model_validator(mode="after")
    def _one_origin(self) -> ColumnRule:
        given = [origin for origin in ORIGINS if origin in self.model_fields_set]
        if len(given) != 1:
            known = "、".join(origin.rstrip("_") for origin in ORIGINS)
            raise ValueError(_("必须且只能写一个来源：{known}").format(known=known))
        if self.decimal == self.thousands:
            raise ValueError(_("小数点与千位分隔符不能相同"))
        return self

    @property
    def origin(self) -> str:
        return next(origin for origin in ORIGINS if origin in self.model_fields_set)

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of values of the same row that must be built first."""
        pair = self.business_seconds or ()
        named = [*(self.sum or ()), *(self.difference or ()), *(self.coalesce or ()), *pair, self.day_of or ""]
        named += [self.next_day_if_before, *(condition.field for condition in self.when)]
        return tuple(name for name in named if isinstance(name, str) and name)


def _rules(value: Any) -> Any:
    """A column is written as a heading, one rule, or a list of rules of which the first that gives a value counts."""
    if isinstance(value, list | tuple):
        return [{"from": item} if isinstance(item, str) else item for item in value]
    return [{"from": value}] if isinstance(value, str) else [value]


Rules = Annotated[tuple[ColumnRule, ...], BeforeValidator(_rules)]


class Duplicates(_Document):
    """What to do with rows of the same key. Exact repeats are dropped and counted under every policy but quarantine."""

    policy: Literal["identical", "first", "newest", "merge", "quarantine"] = "identical"
    by: str = ""

    @model_validator(mode="after")
    def _newest_by(self) -> Duplicates:
        if (self.policy == "newest") != bool(self.by):
            raise ValueError(_("policy: newest 需要 by；其他 policy 不要写 by"))
        return self


class TableRule(_Document):
    """One contract table fed from each row (or, with `fold`, each group of rows) of the files."""

    table: str
    columns: dict[str, Rules]
    let: dict[str, Rules] = {}
    fold: Headings = ()
    leave_out: tuple[RowRule, ...] = ()
    quarantine: tuple[RowRule, ...] = ()
    duplicates: Duplicates = Duplicates()

    @model_validator(mode="after")
    def _known_columns(self) -> TableRule:
        if self.table not in CONTRACTS:
            raise ValueError(
                _("没有数据表 {table}；可用：{known}").format(table=self.table, known="、".join(CONTRACTS))
            )
        known = CONTRACTS[self.table].names
        for name in self.columns:
            if name not in known or name == "source":
                message = _("数据表 {table} 没有列 {name}；可用：{known}")
                told = message.format(table=self.table, name=name, known="、".join(known[:-1]))
                raise Misplaced(told, "columns", name)
        for name, rules in self.let.items():
            if name in known or any(rule.type is None for rule in rules):
                message = _("let 中的 {name} 需要写 type，且不能与数据表的列同名")
                raise Misplaced(message.format(name=name), "let", name)
        for name, rules in {**self.let, **self.columns}.items():
            self._check_rules(name, rules)
        for missing in (c.name for c in CONTRACTS[self.table].columns if c.required and c.name not in self.columns):
            if missing != "day" or self.table not in MAIN_TIME or MAIN_TIME[self.table] not in self.columns:
                raise ValueError(CONTRACTS[self.table].missing(missing))
        by = self.duplicates.by
        if by and by not in {**self.let, **self.columns}:
            raise ValueError(_("duplicates 的 by 须是 columns 或 let 中的列"))
        self._check_order()
        return self

    def _check_rules(self, name: str, rules: tuple[ColumnRule, ...]) -> None:
        kind = self.type_of(name)
        at = ("let" if name in self.let else "columns", name)
        for index, rule in enumerate(rules):
            if rule.type is not None and name in self.columns:
                message = _("列 {name} 的类型由数据表决定，不要写 type")
                raise Misplaced(message.format(name=name), *at, str(index), "type")
            for text in rule.format:
                if not known_format(text, kind, name.endswith("_seconds") or rule.unit in TIME_UNITS):
                    meant = percent_form(text) if kind in ("time", "day") else ""
                    message = _("列 {name} 不能用格式 {format}").format(name=name, format=text)
                    fix = _("写成 {format}。").format(format=meant) if meant else ""
                    raise Misplaced(message, *at, str(index), "format", fix=fix)
            for needed in rule.needs:
                if needed not in self.let and needed not in self.columns:
                    message = _("列 {name} 用到了没有定义的 {needed}").format(name=name, needed=needed)
                    raise Misplaced(message, *at)

    def _check_order(self) -> None:
        list(self.ordered())

    def type_of(self, name: str) -> ColumnType:
        """Return the type of a column of the table or of a `let` value."""
        if name in self.let:
            kind = self.let[name][0].type
            assert kind is not None
            return kind
        return self.contract_column(name).type

    def contract_column(self, name: str) -> Column:
        return CONTRACTS[self.table].column(name)

    def ordered(self) -> Iterator[str]:
        """Yield the names of all values so that each comes after those it needs; ValueError for a circle."""
        rules = {**self.let, **self.columns}
        done: set[str] = set()
        while len(done) < len(rules):
            ready = [n for n in rules if n not in done and all(d in done for r in rules[n] for d in r.needs)]
            if not ready:
                raise ValueError(
                    _("这些列互相引用：{names}").format(names="、".join(n for n in rules if n not in done))
                )
            done.update(ready)
            yield from ready


class Mapping(_Document):
    """One source: its files, how they are read, and the tables they feed."""

    mapping: str
    note: str = ""
    files: Texts
    kind: Literal["", "csv", "xlsx", "xls", "ods", "jsonl", "parquet"] = ""
    sheet: str | int | None = None
    header_row: Annotated[tuple[int, ...], BeforeValidator(_listed)] = (1,)
    header: Headings = ()
    encoding: str = "auto"
    delimiter: str = "auto"
    short_rows: bool = False
    fill_merged: bool = False
    aliases: dict[Heading, Headings] = {}
    optional: Headings = ()
    time_zone: str = "Asia/Shanghai"
    business_zone: str = ""
    day_cutoff: str = "00:00"
    ambiguous_time: Literal["refuse", "earlier", "later"] = "refuse"
    missing_time: Literal["refuse", "forward"] = "refuse"
    business_hours: HoursDocument | None = None
    blank: Texts = ()
    leave_out: tuple[RowRule, ...] = ()
    tables: tuple[TableRule, ...]

    @field_validator("time_zone", "business_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            if value:
                ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(_("未知时区 {zone}").format(zone=value)) from error
        return value

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str) -> str:
        if value != "auto" and value not in ENCODINGS:
            raise ValueError(_("未知编码；可用：{known}").format(known="、".join(ENCODINGS)))
        return value

    @field_validator("day_cutoff")
    @classmethod
    def _clock(cls, value: str) -> str:
        hours, colon, minutes = value.partition(":")
        if not (colon and hours.isdecimal() and minutes.isdecimal() and int(hours) < 24 and int(minutes) < 60):
            raise ValueError(_('应写成带引号的 "时:分"'))
        return value

    @model_validator(mode="after")
    def _rules_on_columns(self) -> Mapping:
        if not self.tables or not self.files:
            raise ValueError(_("files 和 tables 至少各写一项"))
        rules = [*self.leave_out, *(rule for table in self.tables for rule in table.leave_out)]
        if any(condition.field for rule in rules for condition in rule.when):
            raise ValueError(_("leave_out 在取值之前判断，只能用 column"))
        columns = [rules for table in self.tables for rules in (*table.let.values(), *table.columns.values())]
        uses_hours = any(rule.business_seconds for rules in columns for rule in rules)
        if uses_hours and self.business_hours is None:
            raise ValueError(_("用到 business_seconds 时须写 business_hours"))
        return self

    @property
    def day_zone(self) -> str:
        """Zone whose calendar days are the business days."""
        return self.business_zone or self.time_zone or SHANGHAI

    @property
    def cutoff_seconds(self) -> int:
        """Seconds after midnight at which the business day begins."""
        hours, minutes = self.day_cutoff.split(":")
        return int(hours) * 3600 + int(minutes) * 60

    @property
    def hash(self) -> str:
        """Content hash: the same rules give the same hash, however they are laid out."""
        return hashlib.sha256(self.model_dump_json(by_alias=True).encode()).hexdigest()


def load_mapping(path: Path) -> Mapping:
    """Return the mapping in `path`; raises MeritdeskError whose problems name file, line, field and the remedy."""
    try:
        return parse_mapping(path.read_text(encoding="utf-8-sig"), path.name)
    except UnicodeDecodeError as error:
        message, fix = _("文件不是 UTF-8 编码。"), _("请用 UTF-8 编码另存一次。")
        problem = Problem(code="mapping-unreadable", place=path.name, message=message, fix=fix)
        raise MeritdeskError(problem) from error
    except OSError as error:
        message, fix = _("无法读取映射文件。"), _("请检查路径，或写一份自带映射的名字。")
        problem = Problem(code="mapping-unreadable", place=str(path), message=message, fix=fix)
        raise MeritdeskError(problem) from error


def parse_mapping(text: str, place: str) -> Mapping:
    """Return the mapping written in `text`; `place` is the file name that problems carry."""
    document = read_document(text, place)
    try:
        return Mapping.model_validate(document.data)
    except ValidationError as error:
        raise MeritdeskError(*document.problems(error, Mapping)) from error
