"""Reader 2: a node tree as columns of an ibis table, for a million people at once.

A node becomes an int64 expression, NULL standing for missing; a flag becomes a condition that is never NULL. Nodes
that are mentioned more than once become columns of their own, level by level, so that a shared sub-tree is computed
once and the query grows with the tree, not with its paths. ibis merges adjacent selections only where that makes the
query no longer (`complexity` in its rewrites), so the levels hold; a test watches over it.

Must not: use a float, a decimal or `/`, know an engine (that is `engines`), or share code with the exact reader.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
import sqlglot as sg

from meritdesk.rules.columns_groups import FORMS, add_group_nodes
from meritdesk.rules.columns_rows import Rows, is_sure, repeats
from meritdesk.rules.engines import engine_of
from meritdesk.rules.nodes import Const, Input, Missing, Node
from meritdesk.rules.program import Program, walk

DEEPEST = 12
"""Levels of nodes in one expression; beyond, engines and ibis run out of stack on deep trees."""


def evaluate(outputs: Mapping[str, Node], table: ir.Table, keep: Sequence[str] = ()) -> ir.Table:
    """Return `table`'s columns `keep` and one int64 column per output, in units of 10**-scale of its node.

    Lazy: nothing runs until the result is asked for. The table holds a column for each input (any integer type) and
    each text key that the trees read. ValueError when an output has the name of a kept column.
    """
    clash = set(outputs) & set(keep)
    if clash:
        raise ValueError(f"kept columns and outputs share names: {sorted(clash)}")
    order = list(walk(*outputs.values()))
    sure: dict[Node, bool] = {}
    for node in order:
        sure[node] = is_sure(node, sure)
    rows = Rows(table, engine_of(table), sure)
    prefix = _free_prefix(table)
    levels = _levels(order, outputs)
    names = {
        node: f"{prefix}{depth}_{number}" for depth, level in enumerate(levels) for number, node in enumerate(level)
    }
    for level, later in zip(levels, _needed_after(levels, outputs, names), strict=True):
        plain = {names[node]: rows.value(node) for node in level if type(node) not in FORMS}
        grouped = {node: names[node] for node in level if type(node) in FORMS}
        new = add_group_nodes(grouped, rows, plain) if grouped else plain
        new.update((name, rows.table[name]) for name in plain if grouped)
        old = [name for name in dict.fromkeys([*keep, *later]) if name not in new]
        rows.table = rows.engine.fence(rows.table.select(*old, **new))
        rows.columns.update((node, names[node]) for node in level)
    values = {name: rows.value(node) for name, node in outputs.items()}
    return rows.table.select(*keep, **values)


def _levels(order: Sequence[Node], outputs: Mapping[str, Node]) -> list[list[Node]]:
    """Return the nodes that become columns, each level needing only the levels before it."""
    mentions = Counter(outputs.values())
    below_group: set[Node] = set()
    for node in order:
        for child in node.children():
            mentions[child] += 2 if repeats(node) else 1
            if type(node) in FORMS and not isinstance(child, Input):
                below_group.add(child)
    depth: dict[Node, int] = {}
    height: dict[Node, int] = {}
    levels: list[list[Node]] = []
    for node in order:
        children = list(node.children())
        depth[node] = max((depth[child] for child in children), default=0)
        height[node] = 1 + max((height[child] for child in children), default=0)
        leaf = isinstance(node, Input | Const | Missing)
        shared = not leaf and (mentions[node] > 1 or height[node] > DEEPEST)
        if shared or node in below_group or type(node) in FORMS:
            if depth[node] == len(levels):
                levels.append([])
            levels[depth[node]].append(node)
            depth[node] += 1
            height[node] = 0
    return levels


def _needed_after(
    levels: Sequence[Sequence[Node]], outputs: Mapping[str, Node], names: Mapping[Node, str]
) -> list[list[str]]:
    """Return, for each level, the columns that later levels or the outputs read."""

    def read(node: Node, itself: bool) -> Iterator[str]:
        if isinstance(node, Input):
            yield node.name
        elif itself and node in names:
            yield names[node]
        else:
            yield from (getattr(node, key) for key in ("group", "identity") if hasattr(node, key))
            for child in node.children():
                yield from read(child, True)

    needed = dict.fromkeys(column for node in outputs.values() for column in read(node, True))
    result: list[list[str]] = []
    for level in reversed(levels):
        result.append(list(needed))
        for node in level:
            needed.pop(names[node], None)
        needed.update(dict.fromkeys(column for node in level for column in read(node, False)))
    return result[::-1]


def _free_prefix(table: ir.Table) -> str:
    prefix = "n"
    while any(name.lower().startswith(prefix) for name in table.columns):
        prefix += "_"
    return prefix


def run(program: Program, segments: ir.Table, appraisals: ir.Table) -> tuple[ir.Table, ir.Table]:
    """Return both stages of `program`: outputs per segment (with `segment`, `appraisal`, `last`) and per `appraisal`.

    `segments` has int64 `segment`, text `appraisal`, `last` (1 on the segment an appraisal is read from) and the
    inputs and keys of the first stage; `appraisals` has text `appraisal` and those of the second. Where every
    appraisal has one segment, pass the same table twice: no join is needed then.

    Both stages run at once; the results are temporary tables, gone when the connection closes.
    """
    wanted = {node.name for node in walk(*program.appraisals.values()) if isinstance(node, Input)}
    handed = [name for name in program.segments if name in wanted]
    own = sorted({*program.inputs("appraisals"), *program.keys("appraisals")} - {"appraisal"})
    identity = ["segment", "appraisal", "last"]
    with ThreadPoolExecutor(max_workers=1) as pool:
        # The query of the second stage is put together while the engine works on the first.
        if segments.equals(appraisals):
            keep = list(dict.fromkeys([*identity, *own]))
            people, done = _computed(evaluate(program.segments, segments, keep=keep), pool)
            first = people.select(*identity, *program.segments)
        else:
            first, done = _computed(evaluate(program.segments, segments, keep=identity), pool)
            people = appraisals.select("appraisal", *own)
            if handed:
                last = first.filter(first["last"] == 1).select("appraisal", *handed)
                people = people.left_join(last, "appraisal").select("appraisal", *own, *handed)
        second, done = _computed(evaluate(program.appraisals, people, keep=("appraisal",)), pool, after=done)
        done.result()
    return first, second


def _computed(table: ir.Table, pool: Executor, after: Future[None] | None = None) -> tuple[ir.Table, Future[None]]:
    """Return `table` as a temporary table of its engine, there once the future has a result.

    Not `cache`, which would hand out an older result of a table that has been replaced since. ibis does not get to
    merge the levels here: that takes it longer than it saves. `after` is waited for before the engine is given more.
    """
    (backend,), _unbound = table._find_backends()
    name = ibis.util.gen_name("meritdesk")
    fuse = ibis.options.sql.fuse_selects
    ibis.options.sql.fuse_selects = False
    try:
        query = sg.exp.Create(
            kind="TABLE",
            this=sg.to_identifier(name, quoted=True),
            expression=backend.compiler.to_sqlglot(table),
            properties=sg.exp.Properties(expressions=[sg.exp.TemporaryProperty()]),
        ).sql(backend.dialect)
    finally:
        ibis.options.sql.fuse_selects = fuse
    if after is not None:
        after.result()

    def create() -> None:
        with backend._safe_raw_sql(query):
            pass

    made = ops.DatabaseTable(name=name, schema=table.schema(), source=backend, namespace=ops.Namespace())
    return made.to_expr(), pool.submit(create)
