"""Reader 2: a node tree as columns of an ibis table, for a million people at once.

A node becomes an int64 expression, NULL standing for missing; a flag becomes a condition that is never NULL. Nodes
that are mentioned more than once become columns of their own, level by level, so that a shared sub-tree is computed
once and the query grows with the tree, not with its paths. ibis merges adjacent selections only where that makes the
query no longer (`complexity` in its rewrites), so the levels hold; a test watches over it.

Must not: use a float, a decimal or `/`, know an engine (that is `engines`), or share code with the exact reader.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import ibis.expr.types as ir

from meritdesk.rules.columns_groups import GROUP_KINDS, add_group_node
from meritdesk.rules.columns_rows import Rows, is_sure, repeats
from meritdesk.rules.engines import engine_of
from meritdesk.rules.nodes import Const, Input, Missing, Node
from meritdesk.rules.program import Program, walk

LEAVES = (Input, Const, Missing)
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
    for level, members in enumerate(_levels(order, outputs)):
        plain = [node for node in members if not isinstance(node, GROUP_KINDS)]
        names = {node: f"{prefix}{level}_{number}" for number, node in enumerate(members)}
        if plain:
            rows.extend(**{names[node]: rows.value(node) for node in plain})
            rows.columns.update((node, names[node]) for node in plain)
            rows.table = rows.engine.fence(rows.table)
        for node in members:
            if isinstance(node, GROUP_KINDS):
                add_group_node(node, rows, names[node])
                rows.columns[node] = names[node]
    values = {name: rows.value(node) for name, node in outputs.items()}
    return rows.table.select(*keep, **values)


def _levels(order: Sequence[Node], outputs: Mapping[str, Node]) -> list[list[Node]]:
    """Return the nodes that become columns, each level needing only the levels before it."""
    mentions = Counter(outputs.values())
    grouped: set[Node] = set()
    for node in order:
        for child in node.children():
            mentions[child] += 2 if repeats(node) else 1
            if isinstance(node, GROUP_KINDS) and not isinstance(child, Input):
                grouped.add(child)
    level: dict[Node, int] = {}
    height: dict[Node, int] = {}
    levels: list[list[Node]] = []
    for node in order:
        children = list(node.children())
        level[node] = max((level[child] for child in children), default=0)
        height[node] = 1 + max((height[child] for child in children), default=0)
        shared = not isinstance(node, LEAVES) and (mentions[node] > 1 or height[node] > DEEPEST)
        if shared or node in grouped or isinstance(node, GROUP_KINDS):
            if level[node] == len(levels):
                levels.append([])
            levels[level[node]].append(node)
            level[node] += 1
            height[node] = 0
    return levels


def _free_prefix(table: ir.Table) -> str:
    prefix = "n"
    while any(name.lower().startswith(prefix) for name in table.columns):
        prefix += "_"
    return prefix


def run(program: Program, segments: ir.Table, appraisals: ir.Table) -> tuple[ir.Table, ir.Table]:
    """Return both stages of `program`: outputs per segment (with `segment`, `appraisal`, `last`) and per `appraisal`.

    `segments` has int64 `segment`, text `appraisal`, `last` (1 on the segment an appraisal is read from) and the
    inputs and keys of the first stage; `appraisals` has text `appraisal` and those of the second.
    """
    first = evaluate(program.segments, segments, keep=("segment", "appraisal", "last"))
    wanted = {node.name for node in walk(*program.appraisals.values()) if isinstance(node, Input)}
    handed = [name for name in program.segments if name in wanted]
    own = sorted({*program.inputs("appraisals"), *program.keys("appraisals")} - {"appraisal"})
    people = appraisals.select("appraisal", *own)
    if handed:
        last = first.filter(first["last"] == 1).select("appraisal", *handed)
        people = people.left_join(last, "appraisal").select("appraisal", *own, *handed)
    return first, evaluate(program.appraisals, people, keep=("appraisal",))
