"""Files and mappings → contract tables, with a report that accounts for every row.

One file under one mapping is a batch: it is read into feeds (one per table), which are pure functions of the file's
bytes and the mapping. Batches are put together into tables, where repeats across files are settled. Nothing here
interprets a cell (see `plan`, `values`) or judges the data (see `checks`).
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.events import batches as store
from meritdesk.events import checks
from meritdesk.events.batches import Batch, Feed
from meritdesk.events.checks import Account, DataReport, Quarantined
from meritdesk.events.columnar import ARROW, contract_form, schema
from meritdesk.events.contracts import CONTRACTS
from meritdesk.events.duplicates import settle
from meritdesk.events.mapping import SUFFIX, Lookup, TableRule, load_mapping
from meritdesk.events.mapping import Mapping as SourceMapping
from meritdesk.events.plan import Context, Fault, Plan, Values, bind, condition_test
from meritdesk.events.readers import KINDS, Cell, RawRow, RawSheet, ReadOptions, clean_heading, read, text_of
from meritdesk.language import _

MAX_LISTED = 100_000


@dataclass(frozen=True)
class Dataset:
    """Contract tables (one per contract, empty where nothing came in), the report, and what they were made from."""

    tables: dict[str, pa.Table]
    report: DataReport
    batches: tuple[Batch, ...] = ()
    input_hash: str = ""


def shipped_mappings() -> dict[str, Path]:
    """Return the mappings that ship with the product, by name."""
    folder = Path(__file__).parent.parent / "library" / "sources"
    return {path.name.removesuffix(SUFFIX): path for path in sorted(folder.glob(f"*{SUFFIX}"))}


def find_mappings(folder: Path) -> list[SourceMapping]:
    """Return the mappings that lie in `folder`, in name order; raises MeritdeskError for a faulty one."""
    return [load_mapping(path) for path in sorted(folder.glob(f"*{SUFFIX}"))]


def ingest(data_dir: Path, mappings: Sequence[SourceMapping] = (), *, into: Path | None = None) -> Dataset:
    """Return the tables made from the files in `data_dir`.

    Files named like a contract table (``people.csv``, ``results.2025-09.csv``) that no mapping claims are read as they
    are. With `into`, every new file is kept there as an immutable batch and the result covers all batches that are not
    withdrawn; the same file twice changes nothing. Rows that cannot be used are quarantined and reported;
    MeritdeskError is raised only when a file or mapping as a whole cannot be used, or when there is nothing to read.
    """
    if not data_dir.is_dir():
        message = _("数据文件夹不存在。")
        raise MeritdeskError(Problem(code="no-folder", place=str(data_dir), message=message, fix=_("请检查路径。")))
    kept = {batch.id: batch for batch in store.load(into)} if into else {}
    order: list[str] = list(kept)
    problems: list[Problem] = []
    for path, mapping in _sources(data_dir, mappings, problems):
        sha256 = store.file_hash(path)
        related = [store.file_hash(other) for other in _related(data_dir, mapping)]
        identity = store.batch_id(sha256, mapping.hash if mapping else path.stem, related)
        name = path.relative_to(data_dir).as_posix()
        if identity in kept:
            if kept[identity].file != name and not kept[identity].withdrawn:
                message = _("内容与 {other} 完全相同，没有重复导入。").format(other=kept[identity].file)
                problems.append(Problem(code="same-file", place=name, message=message, severity="warning"))
            continue
        batch = _read_batch(path, name, mapping, data_dir, identity, sha256)
        kept[identity] = batch
        order.append(identity)
        if into:
            store.save(into, batch)
    if not kept:
        raise _nothing_read(data_dir, problems)
    used = [kept[identity] for identity in order if not kept[identity].withdrawn]
    return assemble(used, problems)


def assemble(batches: Sequence[Batch], problems: Iterable[Problem] = ()) -> Dataset:
    """Return the dataset of these batches; repeats across files are settled by each mapping's policy."""
    told = [*problems, *(note for batch in batches for note in batch.notes)]
    tables: dict[str, pa.Table] = {}
    accounts: list[Account] = []
    quarantined = [row for batch in batches for feed in batch.feeds for row in feed.quarantined]
    for name, contract in CONTRACTS.items():
        feeds = [feed for batch in batches for feed in batch.feeds if feed.account.table == name]
        settled = settle(feeds, contract)
        tables[name] = settled.table
        quarantined += settled.quarantined
        told += settled.problems
        accounts += settled.accounts
    order = {batch.file: number for number, batch in enumerate(batches)}
    accounts.sort(key=lambda account: order[account.file])
    told += checks.observe(tables)
    report = DataReport(tuple(accounts), tuple(quarantined), tuple(told))
    digest = hashlib.sha256("\n".join(sorted(batch.id for batch in batches)).encode()).hexdigest()
    return Dataset(tables, report, tuple(batches), digest)


# ---- which files -----------------------------------------------------------------------------------------------------


def _sources(
    folder: Path, mappings: Sequence[SourceMapping], problems: list[Problem]
) -> Iterator[tuple[Path, SourceMapping | None]]:
    """Yield every file to read with its mapping (None: contract form), in a fixed order; tell what is not read."""
    claimed: set[Path] = set()
    problems += _misnamed(folder, mappings)
    for mapping in mappings:
        found = [path for pattern in mapping.files for path in sorted(folder.glob(pattern)) if path.is_file()]
        if not found:
            message = _("没有与 {patterns} 匹配的文件。").format(patterns="、".join(mapping.files))
            fix = _("请把文件放入 {folder}，或改正映射的 files。").format(folder=folder.name)
            raise MeritdeskError(Problem(code="no-file", place=mapping.mapping, message=message, fix=fix))
        claimed.update(found)
        claimed.update(_related(folder, mapping))
        yield from ((path, mapping) for path in dict.fromkeys(found))
    for path in sorted(folder.iterdir()):
        if (
            path in claimed
            or not path.is_file()
            or path.name.startswith(".")
            or path.name.endswith((".yaml", ".yml", ".md"))
        ):
            continue
        if _table_name(path) in CONTRACTS and path.suffix.lower() in KINDS:
            yield path, None
        else:
            message = _("没有读取这个文件：没有映射提到它，文件名也不是数据表名。")
            problems.append(Problem(code="file-not-used", place=path.name, message=message, severity="warning",
                                    fix=_("请为它写映射，或移出该文件夹。")))  # fmt: skip


def _misnamed(folder: Path, mappings: Sequence[SourceMapping]) -> Iterator[Problem]:
    """Tell of YAML files that look like a mapping and are not used as one, because of their name."""
    used = {mapping.mapping for mapping in mappings}
    for path in sorted((*folder.glob("*.yaml"), *folder.glob("*.yml"))):
        text = path.read_bytes()[:65536].decode("utf-8", "replace")
        name = re.search(r"^mapping: *([^\s#]+)", text, re.MULTILINE)
        if path.name.endswith(SUFFIX) or (name and name[1].strip("\"'") in used):
            continue
        if re.search(r"^tables:", text, re.MULTILINE) and re.search(r"^files:", text, re.MULTILINE):
            message = _("这个文件像是映射，但没有读取。")
            fix = _("请改名为 {name}。").format(name=path.name.removesuffix(path.suffix) + SUFFIX)
            yield Problem(code="mapping-misnamed", place=path.name, message=message, fix=fix, severity="warning")


def _nothing_read(folder: Path, problems: Sequence[Problem]) -> MeritdeskError:
    """Return the error for a folder of which no file was read: which files, and what is missing."""
    unread = [problem.place for problem in problems if problem.code == "file-not-used"]
    if unread:
        message = _("没有读到任何数据：{names} 没有映射提到，文件名也不是数据表名。").format(
            names="、".join(unread[:10])
        )
    else:
        message = _("没有读到任何数据：文件夹里没有数据文件。")
    fix = _("请放入导出文件和它们的映射；映射文件须名为 *{suffix}（用 -m 另行指定的除外）。").format(suffix=SUFFIX)
    nothing = Problem(code="nothing-read", place=str(folder), message=message, fix=fix)
    return MeritdeskError(nothing, *(problem for problem in problems if problem.code == "mapping-misnamed"))


def _table_name(path: Path) -> str:
    """Return the table a file in contract form is named after: ``results`` of ``results.2025-09.csv``."""
    return path.name.split(".", 1)[0]


def _lookups(mapping: SourceMapping | None) -> Iterator[Lookup]:
    for table in mapping.tables if mapping else ():
        for rules in (*table.let.values(), *table.columns.values()):
            yield from (rule.lookup for rule in rules if rule.lookup)


def _related(folder: Path, mapping: SourceMapping | None) -> list[Path]:
    """Return the files that a mapping looks values up in: their content is part of the batch's identity."""
    return sorted({path for lookup in _lookups(mapping) for path in folder.glob(lookup.files)})


# ---- one file --------------------------------------------------------------------------------------------------------


def _read_batch(
    path: Path, name: str, mapping: SourceMapping | None, folder: Path, identity: str, sha256: str
) -> Batch:
    if mapping is None and KINDS[path.suffix.lower()] == "parquet":
        feed, notes = _whole_table(path, name)
        return Batch(identity, name, sha256, "", feed.account.rows_in, (feed,), tuple(notes))
    sheet = read(path, _options(mapping), name=name)
    notes = list(sheet.notes)
    if mapping is None:
        mapping = _identity(_table_name(path), sheet, notes)
    context = Context(mapping, sheet.heading, name, sheet.place, lambda lookup: _look_up(lookup, folder, mapping))
    try:
        gatherers = [_Gatherer(bind(rule, context), sheet) for rule in mapping.tables]
    except MeritdeskError as error:
        raise _with_heading_row(error, sheet, mapping) from error
    rows_in = 0
    for row in sheet.rows:
        rows_in += 1
        for gatherer in gatherers:
            gatherer.take(row)
    feeds = tuple(gatherer.feed(mapping) for gatherer in gatherers)
    return Batch(identity, name, sha256, mapping.mapping, rows_in, feeds, tuple(notes))


def _with_heading_row(error: MeritdeskError, sheet: RawSheet, mapping: SourceMapping) -> MeritdeskError:
    """Return the error, and for a missing heading the row nearby that looks like the heading, if there is one."""
    problem = error.problems[0]
    if problem.code != "heading-missing" or mapping.header:
        return error
    rules = [one for table in mapping.tables for each in (table.let, table.columns) for r in each.values() for one in r]
    wanted = {heading for rule in rules for heading in (*(rule.from_ or ()), *(rule.hash or ()))}
    wanted |= {spelling for heading in wanted for spelling in mapping.aliases.get(heading, ())}
    for number, row in enumerate(islice(sheet.rows, 3), start=max(mapping.header_row) + 1):
        found = wanted & {clean_heading(cell) for cell in row.cells}
        if len(found) > max(1, len(wanted & set(sheet.heading))):
            fix = _("第 {n} 行看起来才是表头：请在映射中写 header_row: {n}。").format(n=number)
            return MeritdeskError(replace(problem, fix=fix))
    return error


def _options(mapping: SourceMapping | None) -> ReadOptions:
    if mapping is None:
        return ReadOptions()
    return ReadOptions(
        mapping.kind, mapping.sheet, mapping.header_row, mapping.header, mapping.encoding, mapping.delimiter,
        mapping.short_rows, mapping.fill_merged,
    )  # fmt: skip


def _identity(table: str, sheet: RawSheet, notes: list[Problem]) -> SourceMapping:
    """Return the mapping of a file that already has the contract's columns: each column from itself."""
    contract = CONTRACTS[table]
    known = [name for name in sheet.heading if name in contract.names and name != "source"]
    strange = [name for name in sheet.heading if name and name not in contract.names]
    if strange:
        message = _("数据表 {table} 没有这些列，未读取：{names}。").format(table=table, names="、".join(strange))
        fix = _("请改正列名；可用：{names}。").format(names="、".join(contract.names))
        notes.append(Problem(code="unknown-column", place=sheet.place, message=message, fix=fix, severity="warning"))
    try:
        rule = TableRule.model_validate({"table": table, "columns": {name: name for name in known}})
    except ValueError as error:
        text = str(error.errors()[0]["msg"]).removeprefix("Value error, ") if hasattr(error, "errors") else str(error)
        fix = _("请补上该列，或写一份映射。")
        raise MeritdeskError(Problem(code="column-missing", place=sheet.place, message=text, fix=fix)) from error
    return SourceMapping(mapping=f"contract:{table}", files=("*",), time_zone="", tables=(rule,))


def _look_up(lookup: Lookup, folder: Path, mapping: SourceMapping) -> Mapping[str, Cell]:
    """Return key → cell of another file of the folder, for the rows that meet the lookup's conditions."""
    table: dict[str, Cell] = {}
    for path in sorted(folder.glob(lookup.files)):
        options = ReadOptions(encoding=mapping.encoding)
        sheet = read(path, options, name=path.name)
        context = Context(mapping, sheet.heading, path.name, sheet.place, lambda _lookup: {})
        key, take = context.position(lookup.key), context.position(lookup.take)
        tests = [condition_test(condition, context) for condition in lookup.where]
        for row in sheet.rows:
            if row.fault or not all(test(row, {}) for test in tests):
                continue
            if lookup.pick == "last" or text_of(row.cells[key]) not in table:
                table[text_of(row.cells[key])] = row.cells[take]
    return table


def _whole_table(path: Path, name: str) -> tuple[Feed, list[Problem]]:
    """Read a Parquet file that is already in contract form, by whole columns."""
    contract = CONTRACTS[_table_name(path)]
    table, notes = contract_form(path, name, contract)
    account = Account(name, "", contract.name, rows_in=table.num_rows)
    table = table.append_column("_row", pa.array(range(1, 1), pa.int64()) if not table.num_rows else _numbers(table))
    feed = Feed(table, account, [])
    _quarantine_breaches(feed, contract.name, {})
    return feed, notes


def _numbers(table: pa.Table) -> Any:
    ones = pa.repeat(pa.scalar(1, pa.int64()), table.num_rows)
    return pc.cumulative_sum(ones)


@dataclass
class _Gatherer:
    """Collects one table from the rows of one sheet and keeps its account."""

    plan: Plan
    sheet: RawSheet
    records: list[tuple[Any, ...]] = field(default_factory=list)
    account: Account = field(init=False)
    left_out: Counter[str] = field(default_factory=Counter)
    faults: list[Quarantined] = field(default_factory=list)
    groups: dict[tuple[str, ...], list[RawRow]] = field(default_factory=dict)
    seen: set[tuple[Any, ...]] = field(default_factory=set)
    blanked: dict[tuple[int, str], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rule = self.plan.rule
        self.contract = CONTRACTS[rule.table]
        self.names = (*self.contract.names[:-1], rule.duplicates.by)
        self.account = Account(self.sheet.file, self.sheet.sheet, rule.table)
        self.required = tuple(column.name for column in self.contract.columns if column.required)
        self.drop_repeats = not self.contract.fact and rule.duplicates.policy != "quarantine"

    def take(self, row: RawRow) -> None:
        self.account.rows_in += 1
        if row.fault:
            self._refuse(row, [Fault("", "row-shape", row.fault, "|".join(text_of(cell) for cell in row.cells)[:200])])
        elif not any(text_of(cell) for cell in row.cells):
            self.left_out[_("空行")] += 1
        elif name := self.plan.left_out_by(row):
            self.left_out[name] += 1
        elif self.plan.fold:
            key = tuple(text_of(row.cells[position]) for position in self.plan.fold)
            self.groups.setdefault(key, []).append(row)
        else:
            self._build((row,))

    def _build(self, group: Sequence[RawRow]) -> None:
        built, faults = self.plan.build(group)
        if faults:
            for row in group:
                self._refuse(row, faults)
            return
        if self.drop_repeats:
            content = tuple(map(built.get, self.names))
            if content in self.seen:
                self.account.duplicates += len(group)
                return
            self.seen.add(content)
        self._append(built, group)

    def _append(self, built: Values, group: Sequence[RawRow]) -> None:
        row = group[0].number
        at = f"{self.sheet.sheet}!{row}" if self.sheet.sheet else str(row)
        for name in self.required:
            if built.get(name) is None and (text := self.plan.written(name, group[0])):
                self.blanked[row, name] = text
        self.records.append((*map(built.get, self.names), f"{self.sheet.file}#{at}", row, len(group)))

    def _refuse(self, row: RawRow, faults: Iterable[Fault]) -> None:
        self.account.quarantined += 1
        for fault in faults:
            self.faults.append(Quarantined(self.sheet.file, self.sheet.sheet, row.number, self.account.table, *fault))

    def feed(self, mapping: SourceMapping) -> Feed:
        """Return the finished feed: folded, checked against the contract, and accounted for."""
        for group in self.groups.values():
            self._build(group)
        rule = self.plan.rule
        by_type = rule.type_of(rule.duplicates.by) if rule.duplicates.by else "integer"
        names = (*self.contract.names[:-1], "_order", "source", "_row", "_weight")
        types = {**{f.name: f.type for f in schema(self.contract)}, "_order": ARROW[by_type]}
        columns = list(zip(*self.records, strict=True)) if self.records else [()] * len(names)
        arrays = [pa.array(column, types.get(name, pa.int64())) for name, column in zip(names, columns, strict=True)]
        table = pa.table(arrays, names=list(names))
        self.account.left_out = dict(self.left_out)
        feed = Feed(table, self.account, self.faults, rule.duplicates.policy)
        headings = {name: heading for name, heading, _evaluate in self.plan.steps if name in rule.columns}
        _quarantine_breaches(feed, rule.table, headings, self.blanked)
        return feed


def _quarantine_breaches(
    feed: Feed, table_name: str, headings: Mapping[str, str], blanked: Mapping[tuple[int, str], str] | None = None
) -> None:
    """Move the rows that break the contract out of the feed and write the reasons down."""
    table, account = feed.table, feed.account
    found = checks.breaches(table, CONTRACTS[table_name])
    if found:
        bad = pc.xor(found[0].mask, found[0].mask)
        for breach in found:
            # A column made from others is told only where none of those is already at fault.
            derived = bool(headings) and breach.column not in headings
            told = pc.and_(breach.mask, pc.invert(bad)) if derived else breach.mask
            bad = pc.or_(bad, breach.mask)
            heading = headings.get(breach.column, breach.column)
            _list_refused(feed, breach, table.filter(told), heading, blanked or {})
        account.quarantined += _weight(table.filter(bad))
        feed.table = table.filter(pc.invert(bad))
    account.records = feed.table.num_rows
    account.accepted = _weight(feed.table)


def _list_refused(
    feed: Feed, breach: checks.Breach, rows: pa.Table, heading: str, blanked: Mapping[tuple[int, str], str]
) -> None:
    """Write down each refused row with its value, as written where the mapping made it blank; beyond the limit one line
    says how many more there are."""
    account = feed.account
    place = (account.file, account.sheet)
    kind = CONTRACTS[account.table].column(breach.column).type
    listed = rows.slice(0, MAX_LISTED)
    for value, row in zip(listed[breach.column].to_pylist(), listed["_row"].to_pylist(), strict=True):
        written = blanked.get((row, breach.column), "") if breach.code == "required" else ""
        reason = _("必填项按映射的 blank 或 map 视为空") if written else breach.reason
        shown = written or checks.shown(value, kind)
        feed.quarantined.append(Quarantined(*place, row, account.table, heading, breach.code, reason, shown))
    if rows.num_rows > MAX_LISTED:
        more = _("{reason}（另有 {n} 行原因相同，未逐行列出）").format(
            reason=breach.reason, n=rows.num_rows - MAX_LISTED
        )
        feed.quarantined.append(Quarantined(*place, 0, account.table, heading, breach.code, more))


def _weight(table: pa.Table) -> int:
    if "_weight" not in table.column_names:
        return int(table.num_rows)
    return int(pc.sum(table["_weight"]).as_py() or 0)
