"""Repeats of the same key within and across files, settled by the policy that each mapping declares.

No row disappears unseen: a dropped repeat is counted in the account of its own file, a contradiction is quarantined
with the place of the other row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from meritdesk.errors import Problem
from meritdesk.events.batches import Feed
from meritdesk.events.checks import Account, Quarantined
from meritdesk.events.columnar import empty, schema
from meritdesk.events.contracts import Contract
from meritdesk.language import _

Record = dict[str, Any]


@dataclass
class Settled:
    """One contract table without repeats, the accounts of its files, and what was turned away."""

    table: pa.Table
    accounts: list[Account]
    quarantined: list[Quarantined] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def settle(feeds: Sequence[Feed], contract: Contract) -> Settled:
    """Return the table of all feeds with repeats settled. Row order is file by file as read."""
    accounts = [replace(feed.account, left_out=dict(feed.account.left_out)) for feed in feeds]
    if not feeds:
        return Settled(empty(contract), accounts)
    names = list(contract.names)
    whole = pa.concat_tables([feed.table.select(names) for feed in feeds])
    settled = Settled(whole, accounts)
    repeated = _repeated(whole, contract)
    if not len(repeated):
        return settled
    drop = _Drop(settled, feeds, contract)
    for group in _groups(whole, feeds, contract, repeated):
        drop.settle(group)
    keep = pc.invert(pc.is_in(_positions(whole.num_rows), value_set=pa.array(sorted(drop.gone), pa.int64())))
    settled.table = whole.filter(keep)
    if drop.merged:
        settled.table = pa.concat_tables([settled.table, pa.Table.from_pylist(drop.merged, schema(contract))])
    settled.problems = drop.told()
    return settled


def _positions(rows: int) -> Any:
    return pc.subtract(pc.cumulative_sum(pa.repeat(pa.scalar(1, pa.int64()), rows)), 1)


def _repeated(whole: pa.Table, contract: Contract) -> Any:
    """Return the positions of all rows whose key occurs more than once, ascending."""
    keys = ", ".join(f'"{name}"' for name in contract.key)
    narrow = whole.select(list(contract.key))
    connection = duckdb.connect(config={"python_enable_replacements": False})
    try:
        connection.register("narrow", narrow)
        found = connection.sql(f"SELECT {keys} FROM narrow GROUP BY ALL HAVING count(*) > 1").to_arrow_table()
        if not found.num_rows:
            return []
        connection.register("placed", narrow.append_column("_at", _positions(whole.num_rows)))
        connection.register("found", found)
        return connection.sql(f"SELECT _at FROM placed SEMI JOIN found USING ({keys}) ORDER BY _at").fetchnumpy()["_at"]
    finally:
        connection.close()


def _groups(whole: pa.Table, feeds: Sequence[Feed], contract: Contract, repeated: Any) -> list[list[Record]]:
    """Return the repeated rows grouped by key, each with its place, feed, weight and order."""
    starts = [0]
    for feed in feeds:
        starts.append(starts[-1] + feed.table.num_rows)
    positions = [int(position) for position in repeated]
    records: list[Record] = whole.take(pa.array(positions, pa.int64())).to_pylist()
    groups: dict[tuple[Any, ...], list[Record]] = defaultdict(list)
    number = 0
    for position, record in zip(positions, records, strict=True):
        while position >= starts[number + 1]:
            number += 1
        feed, at = feeds[number].table, position - starts[number]
        extra = {name: feed[name][at].as_py() for name in ("_row", "_weight", "_order") if name in feed.column_names}
        record.update({"_weight": 1, "_order": None, **extra, "_at": position, "_feed": number})
        groups[tuple(record[name] for name in contract.key)].append(record)
    return list(groups.values())


class _Drop:
    """Applies the policies to groups of rows with the same key and notes what became of each."""

    def __init__(self, settled: Settled, feeds: Sequence[Feed], contract: Contract) -> None:
        self.settled = settled
        self.feeds = feeds
        self.contract = contract
        self.compared = [name for name in contract.names if name != "source"]
        self.required = {column.name for column in contract.columns if column.required}
        self.gone: set[int] = set()
        self.merged: list[Record] = []
        self.contradictions: dict[str, list[str]] = defaultdict(list)

    def settle(self, group: list[Record]) -> None:
        policy = self.feeds[group[0]["_feed"]].policy
        if policy == "quarantine":
            self._quarantine(group[1:], group[0], "duplicate", _("编号重复"))
        elif policy == "newest":
            self._newest(group)
        elif policy == "first" or len({self._content(record) for record in group}) == 1:
            self._repeat(group[1:])
        elif policy == "merge":
            self._merge(group)
        else:
            self._quarantine(group, group[0], "contradicting-duplicate", _("编号相同而内容不同"))

    def _content(self, record: Record) -> tuple[Any, ...]:
        return tuple(record[name] for name in self.compared)

    def _repeat(self, records: Sequence[Record]) -> None:
        for record in records:
            self._remove(record).duplicates += record["_weight"]

    def _remove(self, record: Record) -> Account:
        account = self.settled.accounts[record["_feed"]]
        account.accepted -= record["_weight"]
        account.records -= 1
        self.gone.add(record["_at"])
        return account

    def _quarantine(self, records: Sequence[Record], other: Record, code: str, reason: str) -> None:
        for record in records:
            account = self._remove(record)
            account.quarantined += record["_weight"]
            twin = other if other is not record else records[-1]
            differing = [name for name in self.compared if record[name] != twin[name]]
            told = _("{reason}，另见 {other}").format(reason=reason, other=twin["source"])
            value = "、".join(str(record[name]) for name in self.contract.key)
            column = "、".join(differing or self.contract.key)
            self.settled.quarantined.append(
                Quarantined(account.file, account.sheet, record["_row"], self.contract.name, column, code, told, value)
            )

    def _newest(self, group: list[Record]) -> None:
        dated = [record for record in group if record["_order"] is not None]
        if not dated:
            self._quarantine(group, group[0], "undated-duplicate", _("编号重复且没有可比较的更新时间"))
            return
        latest = max(record["_order"] for record in dated)
        newest = [record for record in dated if record["_order"] == latest]
        if len({self._content(record) for record in newest}) > 1:
            self._quarantine(newest, newest[0], "contradicting-duplicate", _("更新时间相同而内容不同"))
            newest = newest[:0]
        kept = newest[:1]
        self._repeat([r for r in group if r not in kept and r["_at"] not in self.gone])

    def _merge(self, group: list[Record]) -> None:
        merged = {name: group[0][name] for name in self.contract.names}
        for name in self.compared:
            found = {record[name] for record in group if record[name] is not None}
            if len(found) > 1 and name in self.required:
                self._quarantine(group, group[0], "contradicting-duplicate", _("编号相同而内容不同"))
                return
            merged[name] = next(iter(found)) if len(found) == 1 else None
            if len(found) > 1:
                key = "、".join(str(group[0][each]) for each in self.contract.key[:1])
                self.contradictions[name].append(f"{key}（{'、'.join(sorted(str(value) for value in found))}）")
        self._repeat(group[1:])
        self.gone.add(group[0]["_at"])
        self.merged.append(merged)

    def told(self) -> list[Problem]:
        """Return one observation per column that merged rows contradict each other in."""
        problems = []
        for name, each in self.contradictions.items():
            message = _("{n} 条合并记录的 {column} 互相矛盾，已留空：{shown}。").format(
                n=len(each), column=name, shown="；".join(each[:10])
            )
            problems.append(
                Problem(code="contradicting-values", place=self.contract.name, message=message,
                        fix=_("请在来源中确认后补充人员表。"), severity="warning")
            )  # fmt: skip
        return problems
