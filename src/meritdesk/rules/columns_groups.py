"""How each group node is said in ibis: aggregates of its group joined to the rows, and places within the group.

What is the same for a whole group (sums, quotas, cuts) is computed once per group: one GROUP BY and one join for all
nodes of a level that share a key. Only places need a window. NULL never decides an order: a missing key is replaced
by a number below its span.

Must not: use a float, a decimal, a quantile, or the order of NULLs of an engine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy

import ibis
import ibis.expr.types as ir

from meritdesk.rules import groups
from meritdesk.rules.columns_rows import Rows, added, chosen, constant, half_up, number, one_if, scaled
from meritdesk.rules.engines import Engine, int64
from meritdesk.rules.nodes import Node

Columns = dict[str, ir.Value]

WIDEST = 2**62
"""Beyond every packed sort key, and within int64."""

NO_KEY = "\U0010fffd"
"""Stands for a missing text key: such rows form one group, and a join on NULL would lose them."""


class Form:
    """One group node in steps, each a level of columns whose names begin with `name`.

    `before`: columns of the rows that the aggregates need; `place`: a place in the group; `sums`: aggregates over the
    group, widened by `widen`; `figures`: what the rows need of the group; `after`: the value in each row.
    """

    def __init__(self, group: str, name: str) -> None:
        self.group = group
        self.name = name

    def before(self, rows: Rows) -> Columns:
        """Return columns of the rows that the aggregates need."""
        return {}

    def place(self, rows: Rows) -> Columns:
        """Return places of the rows in their group."""
        return {}

    def sums(self, rows: Rows) -> Columns:
        """Return aggregates over the rows of the group."""
        return {}

    def widen(self, table: ir.Table, engine: Engine) -> ir.Table:
        """Return the table of groups with further columns that `figures` mentions more than once."""
        return table

    def figures(self, table: ir.Table, engine: Engine) -> Columns:
        """Return the figures of the group that the rows need."""
        return {self.name: table[self.name]}

    def after(self, rows: Rows) -> ir.IntegerValue:
        """Return the value of the node in each row."""
        column: ir.IntegerValue = rows.table[self.name]
        return column


def add_group_nodes(members: Mapping[Node, str], rows: Rows, beside: Columns) -> Columns:
    """Return each group node under its name, as columns of the rows extended by what they need and by `beside`.

    The arguments of the nodes are columns or inputs by now.
    """
    forms = [FORMS[type(node)](node, name) for node, name in members.items()]
    rows.keys = {form.group: f"{form.name}_key" for form in forms}
    rows.extend(
        **beside,
        **{key: rows.table[group].fill_null(NO_KEY) for group, key in rows.keys.items()},
        **{name: column for form in forms for name, column in form.before(rows).items()},
    )
    rows.table = rows.engine.fence(rows.table)
    whole = copy(rows)
    places = {name: column for form in forms for name, column in form.place(rows).items()}
    if places:  # before the join: what a window carries along is costly
        rows.extend(**places)
    for group, key in rows.keys.items():
        summed = {form: sums for form in forms if form.group == group and (sums := form.sums(whole))}
        if summed:
            totals = {name: _typed(total) for sums in summed.values() for name, total in sums.items()}
            table = whole.table.group_by(key).aggregate(**totals)
            for form in summed:
                table = form.widen(table, rows.engine)
            figures = {name: value for form in summed for name, value in form.figures(table, rows.engine).items()}
            rows.join(table.select(key, **figures), key)
    return {form.name: form.after(rows) for form in forms}


def _typed(total: ir.Value) -> ir.Value:
    return total if total.type().is_array() else int64(total)


class _Count(Form):
    def __init__(self, node: groups.GroupCount, name: str) -> None:
        super().__init__(node.group, name)
        self.node = node

    def sums(self, rows: Rows) -> Columns:
        return {self.name: rows.value(self.node.flag).sum()}


class _Sum(Form):
    def __init__(self, node: groups.GroupSum, name: str) -> None:
        super().__init__(node.group, name)
        self.node = node

    def sums(self, rows: Rows) -> Columns:
        return {self.name: rows.value(self.node.x).sum()}


class _Mean(Form):
    def __init__(self, node: groups.GroupMean, name: str) -> None:
        super().__init__(node.group, name)
        self.node = node

    def sums(self, rows: Rows) -> Columns:
        x, weight = rows.value(self.node.x), rows.value(self.node.weight)
        counts = (weight > 0) & x.notnull()
        return {
            f"{self.name}_products": chosen(counts, x * weight, number(0)).sum(),
            f"{self.name}_weights": chosen(counts, weight, number(0)).sum(),
        }

    def figures(self, table: ir.Table, engine: Engine) -> Columns:
        up, down = self.node.factors()
        products, weights = table[f"{self.name}_products"], table[f"{self.name}_weights"]
        divisor = scaled(weights.nullif(number(0)), down)
        return {self.name: half_up(engine, scaled(products, up), divisor, self.node.x.span[0])}


class _Rank(Form):
    def __init__(self, node: groups.Rank, name: str) -> None:
        super().__init__(node.group, name)
        self.node = node

    def _takes_part(self, rows: Rows) -> ir.BooleanValue:
        return rows.truth(self.node.counted) & rows.value(self.node.x).notnull()

    def place(self, rows: Rows) -> Columns:
        order = _order(rows, self._takes_part(rows), [(self.node.x, self.node.best == "high")])
        return {self.name: _place(rows, self.group, order, ibis.rank())}

    def after(self, rows: Rows) -> ir.IntegerValue:
        return chosen(self._takes_part(rows), rows.table[self.name], constant(None))


def _order(rows: Rows, takes_part: ir.BooleanValue, keys: Sequence[tuple[Node, bool]]) -> list[ir.IntegerValue]:
    """Return sort keys, smaller being better; rows that do not take part come last, missing values behind present ones.

    `keys`: nodes and whether high is better. As many as fit share one int64: sorting by one key takes half the time.
    """
    columns: list[ir.IntegerValue] = []
    packed, room = constant(0), 1
    for node, high_is_better in keys:
        low, high = node.span
        value, width = rows.value(node), high - low + 2
        behind = number(high) - value if high_is_better else value - number(low)
        behind = behind if rows.sure(node) else behind.fill_null(number(width - 1))
        if room * width > WIDEST:
            columns.append(packed)
            packed, room = constant(0), 1
        packed, room = behind if room == 1 else scaled(packed, width) + behind, room * width
    columns.append(packed)
    columns[0] = chosen(takes_part, columns[0], number(WIDEST))
    return columns


def _place(rows: Rows, group: str, order: Sequence[ir.Value], place: ir.IntegerColumn) -> ir.IntegerValue:
    """Return the place of the row in its group, from 1."""
    window = ibis.window(group_by=rows.table[group], order_by=order)
    return int64(place.over(window)) + number(1)


class _ForcedShares(Form):
    """Who has place r or better is who has a key not above the r-th smallest: no window over all rows is needed."""

    def __init__(self, node: groups.ForcedShares, name: str) -> None:
        super().__init__(node.group, name)
        self.node = node
        self.placed = f"{name}_placed"
        self.filled = f"{name}_filled"
        self.key = f"{name}_key_of_order"
        self.keys = f"{name}_keys"
        self.count = f"{name}_n"
        self.grades = range(len(node.shares))

    def _of(self, kind: str, grade: int) -> str:
        return f"{self.name}_{kind}{grade}"

    def before(self, rows: Rows) -> Columns:
        vetoed = rows.truth(self.node.vetoed)
        counted = rows.truth(self.node.counted) & rows.value(self.node.grade).notnull()
        keys = [(key, True) for key in (self.node.total, *self.node.order)]
        if self.node.mode == "cap":
            keys.insert(0, (self.node.grade, False))
        placed = counted & ~vetoed
        order = _order(rows, placed, keys)
        key = order[0] if len(order) == 1 else _place(rows, self.group, order, ibis.rank())
        return {
            self.placed: one_if(placed),
            self.filled: one_if(counted & vetoed),
            self.key: chosen(placed, key, constant(None)),
        }

    def sums(self, rows: Rows) -> Columns:
        grade = rows.value(self.node.grade)
        placed, filled = rows.table[self.placed], rows.table[self.filled]
        sums: Columns = {
            self.count: (placed + filled).sum(),
            self.placed: placed.sum(),
            self.keys: rows.table[self.key].collect(),
        }
        for g in self.grades[:-1]:
            sums[self._of("v", g)] = chosen(grade == g, filled, number(0)).sum()
            if self.node.mode == "cap":
                sums[self._of("t", g)] = chosen(grade <= g, placed, number(0)).sum()
        return sums

    def widen(self, table: ir.Table, engine: Engine) -> ir.Table:
        """Add the quotas q: n × share ÷ 10000 by largest remainder, equal remainders to the lower grade."""
        n = table[self.count]
        wholes = {
            self._of("q", g): engine.divide(scaled(n, share), number(10_000))
            for g, share in enumerate(self.node.shares)
        }
        table = table.mutate(**wholes, **{self.keys: table[self.keys].sort()})
        n, whole = table[self.count], [table[name] for name in wholes]
        rest = [scaled(n, share) - scaled(whole[g], 10_000) for g, share in enumerate(self.node.shares)]
        left = n - added(whole)
        grown: Columns = {}
        for g in self.grades[:-1]:
            ahead = [rest[h] >= rest[g] if h > g else rest[h] > rest[g] for h in self.grades if h != g]
            grown[self._of("q", g)] = whole[g] + one_if(added(list(map(one_if, ahead))) < left)
        return table.mutate(**grown)

    def figures(self, table: ir.Table, engine: Engine) -> Columns:
        """The number of counted rows, and the key at the last place that gets each grade but the last."""
        figures: Columns = {self.count: table[self.count]}
        free = [table[self._of("q", g)] - table[self._of("v", g)] for g in self.grades[:-1]]
        cut = number(0)
        for g in self.grades[:-1]:
            if self.node.mode == "force":
                cut = ibis.greatest(cut, added(free[: g + 1]))
            elif g == self.grades[-2]:
                cut = table[self._of("t", g)]
            else:
                cut = ibis.least(table[self._of("t", g)], cut + ibis.greatest(free[g], number(0)))
            last = ibis.least(cut, table[self.placed])
            figures[self._of("c", g)] = chosen(last > 0, table[self.keys][last - 1], constant(None))
        return figures

    def after(self, rows: Rows) -> ir.IntegerValue:
        t = rows.table
        branches = [(t[self.key] <= t[self._of("c", g)], number(g)) for g in self.grades[:-1]]
        last = constant(self.grades[-1])
        grade = ibis.cases(*branches, else_=last) if branches else last
        placed = (t[self.placed] == 1) & (t[self.count] >= self.node.smallest)
        return chosen(placed, grade, rows.value(self.node.grade))


class _PoolShares(Form):
    def __init__(self, node: groups.PoolShares, name: str) -> None:
        super().__init__(node.group, name)
        self.node = node
        self.points = f"{name}_points"
        self.pool = f"{name}_pool"
        self.whole = f"{name}_whole"
        self.part = f"{name}_part"
        self.left = f"{name}_left"

    def before(self, rows: Rows) -> Columns:
        points = rows.value(self.node.points)
        return {self.points: chosen(points < 0, number(0), points)}

    def sums(self, rows: Rows) -> Columns:
        return {self.whole: rows.table[self.points].sum(), self.pool: rows.value(self.node.pool).max()}

    def figures(self, table: ir.Table, engine: Engine) -> Columns:
        return {self.whole: table[self.whole].nullif(number(0)), self.pool: table[self.pool]}

    def after(self, rows: Rows) -> ir.IntegerValue:
        """The part rounded down, and one unit more for the first places by what was cut off."""
        t = rows.table
        rows.extend(**{self.part: rows.engine.divide(t[self.pool] * t[self.points], t[self.whole])})
        t = rows.table
        rest = (t[self.pool] * t[self.points] - t[self.part] * t[self.whole]).fill_null(number(-1))
        ties = _order(rows, ibis.literal(True), [(key, True) for key in self.node.order]) if self.node.order else []
        order = [rest.desc(), *ties, rows.engine.text_key(t[self.node.identity])]
        shared_out = int64(t[self.part].sum().over(ibis.window(group_by=t[self.group])))
        place = _place(rows, self.group, order, ibis.row_number())
        rows.extend(**{self.name: place, self.left: t[self.pool] - shared_out})
        t = rows.table
        part: ir.IntegerValue = t[self.part] + one_if(t[self.name] <= t[self.left])
        return part


FORMS = {
    groups.GroupCount: _Count,
    groups.GroupSum: _Sum,
    groups.GroupMean: _Mean,
    groups.Rank: _Rank,
    groups.ForcedShares: _ForcedShares,
    groups.PoolShares: _PoolShares,
}
"""How each group node is said."""
