"""What is wrong with the data and where: checks of contract tables, and the report that accounts for every row.

The checks work on whole columns, so that twenty million rows cost seconds. They never change a value: a row that
breaks its contract is quarantined whole, everything else is told. The report adds up or is not made at all.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from meritdesk.errors import Problem
from meritdesk.events.contracts import CONTRACTS, ColumnType, Contract
from meritdesk.language import _

Mask = Any  # a pyarrow boolean array; its stubs name no element types

# Pairs of times that can only happen in this order. `quarantine` says whether the row is unusable or only odd.
ORDER: Mapping[str, tuple[tuple[str, str, bool], ...]] = {
    "contacts": (
        ("created_at", "answered_at", True), ("created_at", "first_reply_at", True),
        ("created_at", "resolved_at", True), ("created_at", "ended_at", True), ("answered_at", "ended_at", True),
        ("first_reply_at", "resolved_at", False),
    ),
    "complaints": (("received_at", "resolved_at", True),),
    "orders": (("inquiry_at", "ordered_at", False), ("ordered_at", "paid_at", True), ("paid_at", "shipped_at", False)),
    "people": (("valid_from", "valid_to", True),),
    "targets": (("valid_from", "valid_to", True),),
    "pay_inputs": (("valid_from", "valid_to", True),),
    "results": (("first_day", "last_day", True),),
}  # fmt: skip
# Columns that may be below zero; all other whole numbers count something.
SIGNED = {
    ("targets", "value"),
    ("targets", "baseline"),
    ("surveys", "score"),
    ("pay_inputs", "amount"),
    ("results", "total"),
}
# Scores that may not exceed the best possible one of the same row.
BEST = {"surveys": ("score", "full"), "reviews": ("score", "full"), "exams": ("score", "full")}


@dataclass(frozen=True, slots=True)
class Quarantined:
    """One reason why a row was not used: where it stands, which column, the code, the reason, the value as written."""

    file: str
    sheet: str
    row: int
    table: str
    column: str
    code: str
    reason: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Cause:
    """Rows refused for the same reason: how many, the first of them, and a value as written."""

    file: str
    sheet: str
    table: str
    column: str
    code: str
    reason: str
    count: int
    first_row: int
    example: str


@dataclass
class Account:
    """Where the rows of one file went, for one table. `records` differs from `accepted` where rows are folded."""

    file: str
    sheet: str
    table: str
    rows_in: int = 0
    accepted: int = 0
    quarantined: int = 0
    duplicates: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    records: int = 0

    def adds_up(self) -> bool:
        """Return whether rows in = accepted + quarantined + duplicates dropped + left out by a named rule."""
        return self.rows_in == self.accepted + self.quarantined + self.duplicates + sum(self.left_out.values())


@dataclass(frozen=True)
class DataReport:
    """What came in, what was used, what was not and why, and what looks odd in what was used."""

    accounts: tuple[Account, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()
    problems: tuple[Problem, ...] = ()

    def __post_init__(self) -> None:
        for account in self.accounts:
            if not account.adds_up():
                raise AssertionError(f"rows of {account.file} do not add up: {account}")

    def grouped(self) -> tuple[Cause, ...]:
        """Return the causes for which rows were quarantined, the most frequent first; a row may have several.

        The count is of rows listed: beyond the limit one line of row 0 says how many more there are.
        """
        causes: dict[tuple[str, str, str, str, str, str], list[Quarantined]] = defaultdict(list)
        for q in self.quarantined:
            causes[q.file, q.sheet, q.table, q.column, q.code, q.reason].append(q)
        found = [
            Cause(*key, len(rows), min(q.row for q in rows), next((q.value for q in rows if q.value), ""))
            for key, rows in causes.items()
        ]
        return tuple(sorted(found, key=lambda cause: -cause.count))

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain JSON-able data."""
        return {
            "accounts": [asdict(account) for account in self.accounts],
            "quarantined": [asdict(row) for row in self.quarantined],
            "causes": [asdict(cause) for cause in self.grouped()],
            "problems": [asdict(problem) for problem in self.problems],
        }

    def to_rows(self) -> list[dict[str, str | int]]:
        """Return the report as flat rows for a worksheet: accounts, then quarantined rows, then observations."""
        rows: list[dict[str, str | int]] = []
        for a in self.accounts:
            counts = {_("读入"): a.rows_in, _("采用"): a.accepted, _("隔离"): a.quarantined, _("重复"): a.duplicates}
            counts.update({_("排除：{rule}").format(rule=rule): n for rule, n in a.left_out.items()})
            for label, count in counts.items():
                rows.append(_row(_("行数"), a.file, a.sheet, "", a.table, "", label, "", count))
        for q in self.quarantined:
            rows.append(
                _row(_("隔离行"), q.file, q.sheet, q.row, q.table, q.column, f"{q.reason} [{q.code}]", q.value, 1)
            )
        for p in self.problems:
            rows.append(_row(_("提示"), p.place, "", "", "", "", f"{p.message} {p.fix} [{p.code}]", "", ""))
        return rows


def _row(*cells: str | int) -> dict[str, str | int]:
    names = (_("类别"), _("文件"), _("工作表"), _("行"), _("数据表"), _("列"), _("说明"), _("原值"), _("数量"))
    return dict(zip(names, cells, strict=True))


def shown(value: Any, column_type: ColumnType) -> str:
    """Return a contract value as a person writes it: times in UTC, days in ISO form, hundredths with two decimals."""
    if value is None:
        return ""
    if column_type == "time" and abs(value) < 250_000_000_000:
        return (datetime(1970, 1, 1) + timedelta(seconds=value)).isoformat(sep=" ") + "Z"  # noqa: DTZ001
    if column_type == "day" and abs(value) < 700_000:
        return date.fromordinal(719_163 + value).isoformat()
    if column_type == "hundredths":
        return f"{Decimal(value) / 100:.2f}"
    return str(value)


@dataclass(frozen=True)
class Breach:
    """One rule of a contract that some rows break: the rows as a mask, the column and the reason."""

    column: str
    code: str
    reason: str
    mask: Mask


def breaches(table: pa.Table, contract: Contract) -> list[Breach]:
    """Return every rule of the contract that rows of `table` break, with the rows that break it."""
    found: list[Breach] = []

    def note(column: str, code: str, reason: str, mask: Mask) -> None:
        mask = pc.fill_null(mask, False)
        if pc.any(mask).as_py():
            found.append(Breach(column, code, reason, mask))

    for column in contract.columns:
        values = table[column.name]
        if column.required:
            note(column.name, "required", _("必填项为空"), pc.is_null(values))
        if values.null_count == len(values):
            continue
        if column.choices:
            inside = pc.is_in(values, value_set=pa.array(column.choices))
            known = "、".join(column.choices)
            note(
                column.name,
                "not-a-choice",
                _("只能是：{known}").format(known=known),
                pc.and_(pc.is_valid(values), pc.invert(inside)),
            )
        if column.type == "flag":
            note(column.name, "not-a-flag", _("应为 0 或 1"), pc.or_(pc.less(values, 0), pc.greater(values, 1)))
        if column.type in ("integer", "hundredths") and (contract.name, column.name) not in SIGNED:
            note(column.name, "negative", _("不能小于 0"), pc.less(values, 0))
        if column.type == "time":
            note(
                column.name,
                "out-of-range",
                _("年份超出 1970–2100"),
                pc.or_(pc.less(values, 0), pc.greater(values, 4_133_980_800)),
            )
    for early, late, unusable in ORDER.get(contract.name, ()):
        if unusable:
            reason = _("时间先后不可能：{late} 早于 {early}").format(late=late, early=early)
            note(late, "impossible-time", reason, pc.less(table[late], table[early]))
    if contract.name in BEST:
        score, full = BEST[contract.name]
        note(score, "out-of-range", _("超过满分"), pc.greater(table[score], table[full]))
    if contract.name == "surveys":
        low = pc.if_else(pc.equal(table["kind"], "nps"), 0, 1)
        note("score", "out-of-range", _("低于最低分"), pc.less(table["score"], low))
    return found


def observe(tables: Mapping[str, pa.Table]) -> list[Problem]:
    """Return what looks odd in tables that are used: people unknown, missing or namesakes, zero-second calls …"""
    problems = [*_odd_times(tables), *_zero_seconds(tables), *_nobody(tables)]
    people = tables["people"]
    if people.num_rows:
        spans = _spans(people)
        problems += [*_overlaps(spans), *_namesakes(people), *_without_superior(people), *_unknown(tables, spans)]
    return problems


def _told(code: str, place: str, message: str, fix: str, severity: Any = "warning") -> Problem:
    return Problem(code=code, place=place, message=message, fix=fix, severity=severity)


def _odd_times(tables: Mapping[str, pa.Table]) -> Iterable[Problem]:
    for name, pairs in ORDER.items():
        for early, late, unusable in pairs:
            count = 0 if unusable else _count(pc.less(tables[name][late], tables[name][early]))
            if count:
                message = _("{n} 条记录的 {late} 早于 {early}。").format(n=count, late=late, early=early)
                yield _told("odd-time-order", name, message, _("请核对来源系统的这两个时间。"))


def _count(mask: Mask) -> int:
    return int(pc.sum(pc.fill_null(mask, False)).as_py() or 0)


def _zero_seconds(tables: Mapping[str, pa.Table]) -> Iterable[Problem]:
    contacts = tables["contacts"]
    zero = pc.and_(pc.equal(contacts["outcome"], "answered"), pc.equal(contacts["talk_seconds"], 0))
    count = _count(zero)
    if count:
        sources = contacts.filter(pc.fill_null(zero, False))["source"].slice(0, 5).to_pylist()
        shown = "、".join(str(source) for source in sources)
        message = _("{n} 通已接来电的通话时长为 0 秒（{shown}）。").format(n=count, shown=shown)
        yield _told(
            "zero-second-call",
            "contacts",
            message,
            _("它们计入接通，也会拉低平均处理时长；可在映射中用 excluded 剔除。"),
        )


def _nobody(tables: Mapping[str, pa.Table]) -> Iterable[Problem]:
    for name, contract in CONTRACTS.items():
        table = tables[name]
        if not contract.fact or not table.num_rows or "person" not in contract.names:
            continue
        nobody = pc.is_null(table["person"])
        answered = _count(pc.and_(nobody, pc.equal(table["outcome"], "answered"))) if name == "contacts" else 0
        count = _count(nobody)
        if count:
            message = _("{n} 条记录没有写明人员。").format(n=count)
            if answered:
                message = _("{n} 条记录没有写明人员，其中 {answered} 条是已接来电。").format(n=count, answered=answered)
            yield _told(
                "nobody-named", name, message, _("它们不计入任何个人，只计入全体。"), "warning" if answered else "info"
            )


Spans = dict[str, list[tuple[int, int]]]
_OPEN_END = 10**9


def _spans(people: pa.Table) -> Spans:
    spans: Spans = defaultdict(list)
    columns = (people[name].to_pylist() for name in ("person", "valid_from", "valid_to"))
    for person, start, end in zip(*columns, strict=True):
        spans[person].append((start, _OPEN_END if end is None else end))
    for each in spans.values():
        each.sort()
    return spans


def _overlaps(spans: Spans) -> Iterable[Problem]:
    for person, each in spans.items():
        if any(second[0] < first[1] for first, second in pairwise(each)):
            message = _("{person} 的任职期间有重叠。").format(person=person)
            fix = _("同一天只能有一个任职，请改正起止日期（止日不含当天）。")
            yield _told("overlapping-assignments", "people", message, fix, "error")


def _namesakes(people: pa.Table) -> Iterable[Problem]:
    keys: dict[str, set[str]] = defaultdict(set)
    for person, name in zip(people["person"].to_pylist(), people["name"].to_pylist(), strict=True):
        if name is not None:
            keys[name].add(person)
    for name, each in sorted(keys.items()):
        if len(each) > 1:
            message = _("“{name}”对应 {n} 个人员编号：{keys}。").format(
                name=name, n=len(each), keys="、".join(sorted(each))
            )
            yield _told("namesakes", "people", message, _("若是同一人请合并编号；若是重名则无需处理。"))


def _without_superior(people: pa.Table) -> Iterable[Problem]:
    lone = people.filter(pc.is_null(people["superior"]))
    if 0 < lone.num_rows < people.num_rows:
        shown = "、".join(lone["person"].slice(0, 10).to_pylist())
        message = _("{n} 条任职没有写明直接上级：{shown}。").format(n=lone.num_rows, shown=shown)
        yield _told("superior-missing", "people", message, _("需要上级评分的人请补上直接上级。"))


def _unknown(tables: Mapping[str, pa.Table], spans: Spans) -> Iterable[Problem]:
    for name, contract in CONTRACTS.items():
        table = tables[name]
        for column in contract.people:
            if not table.num_rows or table[column].null_count == table.num_rows:
                continue
            strangers, absent, leaving = _strangers(table, column, spans)
            if strangers:
                shown = "、".join(f"{person}（{n}）" for person, n in strangers.most_common(10))
                message = _("{column} 中有 {n} 人不在人员表中，涉及 {rows} 条记录：{shown}。").format(
                    column=column, n=len(strangers), rows=strangers.total(), shown=shown
                )
                yield _told("unknown-people", name, message, _("请补充人员表，或检查人员编号是否一致。"))
            if absent:
                shown = "、".join(f"{person}（{n}）" for person, n in absent.most_common(10))
                message = _("{column} 中有 {n} 人在事件当天没有任职，涉及 {rows} 条记录：{shown}。").format(
                    column=column, n=len(absent), rows=absent.total(), shown=shown
                )
                yield _told("not-on-post", name, message, _leaving_hint(leaving) or _("请检查任职起止日期。"))


def _leaving_hint(leaving: Counter[str]) -> str:
    """Return what records on the very day of `valid_to` most likely mean: it was taken for the last working day."""
    hint = _("{person} 离职当天有 {n} 条记录：若离职日是最后一个在岗日，请在映射的 valid_to 中写 shift_days: 1。")
    return " ".join(hint.format(person=person, n=n) for person, n in leaving.most_common(10))


def _strangers(table: pa.Table, column: str, spans: Spans) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """Return who is not in `people` at all, who is but not on that day, and who of these only on the day of leaving,
    each with the number of records."""
    day = "day" if "day" in table.column_names else None
    keys = [column, day] if day else [column]
    counted = table.select(keys).filter(pc.is_valid(table[column])).group_by(keys).aggregate([([], "count_all")])
    strangers: Counter[str] = Counter()
    absent: Counter[str] = Counter()
    leaving: Counter[str] = Counter()
    days: Sequence[int | None] = counted[day].to_pylist() if day else [None] * counted.num_rows
    for person, on, count in zip(counted[column].to_pylist(), days, counted["count_all"].to_pylist(), strict=True):
        if person not in spans:
            strangers[person] += count
        elif on is not None and not any(start <= on < end for start, end in spans[person]):
            absent[person] += count
            leaving[person] += count if on in {end for _start, end in spans[person]} else 0
    return strangers, absent, Counter({person: n for person, n in leaving.items() if n == absent[person]})
