"""A table rule of a mapping, made ready for one heading: rows of cells in, values of a contract table out.

A plan never looks at a second row, except for the rows of a group that the mapping folds into one record. What it
cannot read becomes a `Fault` of that row; it neither counts rows nor decides what to do with the faulty ones.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import NamedTuple
from zoneinfo import ZoneInfo

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.events import calendar, values
from meritdesk.events.contracts import CONTRACTS, Column
from meritdesk.events.mapping import HANDLE_PARTS, MAIN_TIME, ColumnRule, Condition, Lookup, TableRule
from meritdesk.events.mapping import Mapping as SourceMapping
from meritdesk.events.numbers import TIME_UNITS, Parser, Reading, Refusal, Value
from meritdesk.events.readers import Cell, RawRow, Unreadable, text_of
from meritdesk.language import _

Values = dict[str, Value]
Group = Sequence[RawRow]
Test = Callable[[RawRow, Values], bool]
Evaluator = Callable[[Group, Values], Value]
Finder = Callable[[Lookup], Mapping[str, Cell]]


class Fault(NamedTuple):
    """One cell of a row that cannot be used: heading(s) or column, stable code, reason, the value as written."""

    column: str
    code: str
    reason: str
    value: str


@dataclass(frozen=True)
class Context:
    """What a plan needs besides its rule: the mapping, the heading of the sheet, the file name, other files."""

    mapping: SourceMapping
    heading: tuple[str, ...]
    file: str
    place: str
    find: Finder
    parsers: dict[tuple[object, ...], Parser] = field(default_factory=dict)

    def position(self, name: str) -> int:
        """Return the place of a heading, -1 for an optional one that is absent.

        Raises MeritdeskError when it is missing or stands there twice.
        """
        spellings = (name, *self.mapping.aliases.get(name, ()))
        found = [index for index, text in enumerate(self.heading) if text in spellings]
        if len(found) == 1:
            return found[0]
        if found:
            message = _("表头“{name}”出现了 {n} 次，无法确定用哪一列。").format(name=name, n=len(found))
            fix = _("请在文件中改名，或改正映射的 aliases。")
            raise MeritdeskError(Problem(code="heading-twice", place=self.place, message=message, fix=fix))
        if name in self.mapping.optional:
            return -1
        near = get_close_matches(name, [text for text in self.heading if text], n=1, cutoff=0.5)
        message = _("没有表头“{name}”；现有：{names}。").format(
            name=name, names="、".join(text for text in self.heading if text) or "—"
        )
        fix = _("是否应为“{near}”？").format(near=near[0]) if near else _("请改正映射，或检查 header_row 与分隔符。")
        if "，" in name:
            fix = _("列表用半角逗号分隔：应写 , 而不是“，”。")
        raise MeritdeskError(Problem(code="heading-missing", place=self.place, message=message, fix=fix))


@dataclass(frozen=True)
class Plan:
    """A table rule bound to a heading. `build` gives the values of one record or its faults."""

    rule: TableRule
    leave_out: tuple[tuple[str, Test], ...]
    quarantine: tuple[tuple[str, Test], ...]
    steps: tuple[tuple[str, str, Evaluator], ...]
    fold: tuple[int, ...]
    cells: Mapping[str, tuple[int, ...]]

    def written(self, name: str, row: RawRow) -> str:
        """Return what stands in the cells that a column is read from, as a person wrote it."""
        return " ".join(filter(None, (text_of(_cell(row, position)) for position in self.cells.get(name, ()))))

    def left_out_by(self, row: RawRow) -> str:
        """Return the name of the rule that leaves the row out, or an empty text."""
        for name, test in self.leave_out:
            if test(row, {}):
                return name
        return ""

    def build(self, group: Group) -> tuple[Values, list[Fault]]:
        """Return the values of the record made from `group` and every fault found; with faults it must not be used."""
        built: Values = {}
        faults: list[Fault] = []
        for name, heading, evaluate in self.steps:
            try:
                built[name] = evaluate(group, built)
            except Refusal as refusal:
                built[name] = None
                faults.append(Fault(heading, refusal.code, refusal.reason, refusal.value[:200]))
        if not faults:
            for name, test in self.quarantine:
                if any(test(row, built) for row in group):
                    faults.append(Fault("", "quarantine-rule", name, ""))
        return built, faults


def bind(rule: TableRule, context: Context) -> Plan:
    """Return the plan for one table; raises MeritdeskError for headings that the file does not have."""
    mapping = context.mapping
    steps = []
    for name in rule.ordered():
        alternatives = rule.let.get(name) or rule.columns[name]
        heading = _heading_of(alternatives[0]) or name
        evaluators = [_evaluator(name, one, rule, context) for one in alternatives]
        steps.append((name, heading, evaluators[0] if len(evaluators) == 1 else _first_of(evaluators)))
    steps.extend(_defaults(rule, mapping))
    leave_out = (*mapping.leave_out, *rule.leave_out)
    return Plan(
        rule,
        tuple((one.name, _all_of(one.when, context)) for one in leave_out),
        tuple((one.name, _all_of(one.when, context)) for one in rule.quarantine),
        tuple(steps),
        tuple(context.position(name) for name in rule.fold),
        {name: tuple(map(context.position, rules[0].from_)) for name, rules in rule.columns.items() if rules[0].from_},
    )


def _heading_of(rule: ColumnRule) -> str:
    if rule.from_:
        return " + ".join(rule.from_)
    return rule.lookup.match if rule.lookup else ""


def _defaults(rule: TableRule, mapping: SourceMapping) -> list[tuple[str, str, Evaluator]]:
    """The two columns that every source would otherwise repeat: the business day, and handle time (see contracts)."""
    steps: list[tuple[str, str, Evaluator]] = []
    main = MAIN_TIME.get(rule.table, "")
    if "day" not in rule.columns and main in rule.columns:
        steps.append(("day", main, _day_of(main, mapping)))
    parts = tuple(n for n in HANDLE_PARTS if n in rule.columns)
    if rule.table == "contacts" and "talk_seconds" in parts and "handle_seconds" not in rule.columns:
        steps.append(("handle_seconds", "handle_seconds", _sum(parts)))
    return steps


def _first_of(evaluators: Sequence[Evaluator]) -> Evaluator:
    def evaluate(group: Group, built: Values) -> Value:
        for one in evaluators:
            value = one(group, built)
            if value is not None:
                return value
        return None

    return evaluate


# ---- conditions ----------------------------------------------------------------------------------------------------


def _all_of(conditions: tuple[Condition, ...], context: Context) -> Test:
    tests = [condition_test(condition, context) for condition in conditions]
    if len(tests) == 1:
        return tests[0]
    return lambda row, built: all(test(row, built) for test in tests)


def _cell(row: RawRow, position: int) -> Cell:
    return row.cells[position] if position >= 0 else None


def condition_test(condition: Condition, context: Context) -> Test:
    """Return the test of one condition; raises MeritdeskError for a heading that the file does not have."""
    if condition.column:
        position = context.position(condition.column)
        accepts = _accepts(condition)
        return lambda row, _built: accepts(text_of(_cell(row, position)))
    name = condition.field
    if condition.below is not None or condition.above is not None:
        return _between(name, condition.below, condition.above)
    accepts = _accepts(condition)

    def test(_row: RawRow, built: Values) -> bool:
        value = built.get(name)
        return accepts("" if value is None else str(value))

    return test


def _accepts(condition: Condition) -> Callable[[str], bool]:
    if condition.is_ is not None:
        wanted = frozenset(condition.is_)
        return lambda text: text in wanted
    if condition.is_not is not None:
        unwanted = frozenset(condition.is_not)
        return lambda text: text not in unwanted
    if condition.starts_with is not None:
        starts = condition.starts_with
        return lambda text: text.startswith(starts)
    blank = condition.blank
    return lambda text: (not text) == blank


def _between(name: str, below: int | None, above: int | None) -> Test:
    def test(_row: RawRow, built: Values) -> bool:
        value = built.get(name)
        if not isinstance(value, int):
            return False
        return (below is not None and value < below) or (above is not None and value > above)

    return test


# ---- origins -------------------------------------------------------------------------------------------------------


def _evaluator(name: str, rule: ColumnRule, table: TableRule, context: Context) -> Evaluator:
    """Return the function for one rule of one column, its conditions and finishing touches included."""
    column = _column(name, rule, table)
    evaluate = _origin(column, rule, table, context)
    if rule.origin not in ("from_", "lookup") and rule.when:
        plain, test = evaluate, _all_of(rule.when, context)
        return lambda group, built: plain(group, built) if any(test(row, built) for row in group) else None
    return evaluate


def _column(name: str, rule: ColumnRule, table: TableRule) -> Column:
    if name in table.let:
        return Column(name, table.type_of(name), "")
    return table.contract_column(name)


def _origin(column: Column, rule: ColumnRule, table: TableRule, context: Context) -> Evaluator:
    mapping = context.mapping
    reading = _reading(column, rule, table, mapping)
    if rule.origin in ("from_", "lookup"):
        return _picked(column, rule, table, context, reading)
    if rule.origin == "value":
        return _constant(column, rule, reading, context)
    if rule.hash is not None:
        positions = [context.position(heading) for heading in rule.hash]
        return lambda group, _built: rule.prefix + _digest([text_of(_cell(group[0], p)) for p in positions])
    if rule.row_number:
        return lambda group, _built: f"{rule.prefix}{context.file}#{group[0].number}"
    if rule.sum is not None:
        return _sum(rule.sum)
    if rule.difference is not None:
        later, earlier = rule.difference
        return lambda _group, built: _minus(_argument(later, built), _argument(earlier, built))
    if rule.coalesce is not None:
        names = rule.coalesce
        return lambda _group, built: next((v for v in (_argument(n, built) for n in names) if v is not None), None)
    if rule.day_of is not None:
        return _day_of(rule.day_of, mapping)
    assert rule.business_seconds is not None
    assert mapping.business_hours is not None
    hours, (begin, end) = mapping.business_hours.hours(), rule.business_seconds

    def open_seconds(_group: Group, built: Values) -> Value:
        first, last = built.get(begin), built.get(end)
        return (
            calendar.business_seconds(first, last, hours) if isinstance(first, int) and isinstance(last, int) else None
        )

    return open_seconds


def _reading(column: Column, rule: ColumnRule, table: TableRule, mapping: SourceMapping) -> Reading:
    contract = CONTRACTS[table.table]
    own = column.name in contract.names
    is_key = own and (column.name in contract.key or column.name in contract.people or column.name.endswith("_id"))
    reading = Reading(
        formats=rule.format,
        unit=rule.unit,
        round=rule.round,
        thousands=rule.thousands,
        decimal=rule.decimal,
        blank=frozenset((*mapping.blank, *rule.blank)),
        otherwise=rule.otherwise,
        zone=ZoneInfo(mapping.time_zone) if mapping.time_zone else None,
        ambiguous=mapping.ambiguous_time,
        missing=mapping.missing_time,
        on=rule.on,
        is_key=is_key,
    )
    if rule.map is None:
        return reading
    choices: dict[str, Value] = {}
    for key, item in rule.map.items():
        try:
            choices[key] = values.constant(item, column.type, reading)
        except Refusal as refusal:
            place = f"{mapping.mapping}: {table.table}.{column.name}.map.{key}"
            message = _("“{value}”不能用于该列：{reason}。").format(value=item, reason=refusal.reason)
            problem = Problem(code="mapping-value", place=place, message=message, fix=_("请改正对照表。"))
            raise MeritdeskError(problem) from refusal
    return replace(reading, choices=choices)


def _constant(column: Column, rule: ColumnRule, reading: Reading, context: Context) -> Evaluator:
    try:
        value = values.constant(rule.value, column.type, reading)
    except Refusal as refusal:
        message = _("“{value}”不能用于该列：{reason}。").format(value=rule.value, reason=refusal.reason)
        place = f"{context.mapping.mapping}: {column.name}"
        problem = Problem(code="mapping-value", place=place, message=message, fix=_("请改正映射。"))
        raise MeritdeskError(problem) from refusal
    return lambda _group, _built: value


def _picked(column: Column, rule: ColumnRule, table: TableRule, context: Context, reading: Reading) -> Evaluator:
    """Values read from cells: of the one row, or of the rows of a group that meet the conditions."""
    if column.choices and reading.choices is None:
        reading = replace(reading, choices={choice: choice for choice in column.choices})
    parse = _shared_parser(column, rule, reading, context)
    take = _taker(rule, context)
    test = _all_of(rule.when, context) if rule.when else None
    finish = _finisher(rule)

    def one(row: RawRow, built: Values) -> Value:
        cell = take(row)
        try:
            value = parse(cell)
            return value if value is None or finish is None else finish(value, built)
        except Refusal as refusal:
            refusal.value = text_of(cell)
            raise

    if not table.fold:
        if test is None:
            return lambda group, built: one(group[0], built)
        return lambda group, built: one(group[0], built) if test(group[0], built) else None

    def several(group: Group, built: Values) -> Value:
        found = [one(row, built) for row in group if test is None or test(row, built)]
        return _pick([value for value in found if value is not None], rule.pick)

    return several


def _shared_parser(column: Column, rule: ColumnRule, reading: Reading, context: Context) -> Parser:
    """Columns of several tables that read the same cells in the same way share what was already parsed."""
    parse = values.parser(column.type, reading, duration=_is_duration(column, rule))
    if reading.choices is not None or rule.from_ is None:
        return parse
    return context.parsers.setdefault(
        (column.type, _is_duration(column, rule), rule.from_, rule.separator, reading), parse
    )


def _is_duration(column: Column, rule: ColumnRule) -> bool:
    return column.type == "integer" and (column.name.endswith("_seconds") or rule.unit in TIME_UNITS)


def _taker(rule: ColumnRule, context: Context) -> Callable[[RawRow], Cell]:
    if rule.lookup is not None:
        table, position = context.find(rule.lookup), context.position(rule.lookup.match)
        return lambda row: table.get(text_of(_cell(row, position)))
    assert rule.from_ is not None
    positions = [context.position(heading) for heading in rule.from_]
    if len(positions) == 1:
        only = positions[0]
        return lambda row: row.cells[only] if only >= 0 else None

    def joined(row: RawRow) -> Cell:
        texts = []
        for position in positions:
            cell = _cell(row, position)
            text = text_of(cell)
            if not text:
                return None
            if isinstance(cell, Unreadable):
                return cell
            texts.append(text)
        return rule.separator.join(texts)

    return joined


def _finisher(rule: ColumnRule) -> Callable[[Value, Values], Value] | None:
    reference = rule.next_day_if_before

    def finish(value: Value, built: Values) -> Value:
        if isinstance(value, str):
            value = " ".join(value.split()) if rule.squeeze else value
            return rule.prefix + value
        if reference:
            base = built.get(reference)
            if isinstance(base, int) and isinstance(value, int) and value < base:
                return value + 86400
        return value + rule.shift_days if isinstance(value, int) and rule.shift_days else value

    return finish if rule.prefix or rule.squeeze or reference or rule.shift_days else None


def _pick(found: list[Value], pick: str) -> Value:
    if pick == "count":
        return len(found)
    if not found:
        return None
    if pick in ("first", "last"):
        return found[0 if pick == "first" else -1]
    numbers = [value for value in found if isinstance(value, int)]
    if pick == "sum":
        return sum(numbers)
    return min(numbers) if pick == "min" else max(numbers)


def _argument(name: str | int, built: Values) -> Value:
    return name if isinstance(name, int) else built.get(name)


def _sum(names: Sequence[str | int]) -> Evaluator:
    def evaluate(_group: Group, built: Values) -> Value:
        total = 0
        for name in names:
            value = _argument(name, built)
            if not isinstance(value, int):
                return None
            total += value
        return total

    return evaluate


def _minus(later: Value, earlier: Value) -> Value:
    return later - earlier if isinstance(later, int) and isinstance(earlier, int) else None


def _day_of(name: str, mapping: SourceMapping) -> Evaluator:
    zone, cutoff = mapping.day_zone, mapping.cutoff_seconds
    seen: dict[int, int] = {}

    def evaluate(_group: Group, built: Values) -> Value:
        epoch = built.get(name)
        if not isinstance(epoch, int):
            return None
        quarter = epoch // 900  # offsets and cut-offs change on quarter hours at the finest
        if cutoff % 900:
            return calendar.business_day(epoch, zone, cutoff)
        if quarter not in seen:
            seen[quarter] = calendar.business_day(epoch, zone, cutoff)
        return seen[quarter]

    return evaluate


def _digest(texts: list[str]) -> str:
    return hashlib.sha256(json.dumps(texts, ensure_ascii=False).encode()).hexdigest()[:20]
