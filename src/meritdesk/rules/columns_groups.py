"""How each group node is said in ibis: aggregates of its group joined to the rows, and places within the group.

What is the same for a whole group (sums, quotas, cuts) is computed once per group: one GROUP BY and one join for all
nodes of a level that share a key. Only places need a window. NULL never decides an order: a missing key is replaced
by a number below its span.

Must not: use a float, a decimal, a quantile, or the order of NULLs of an engine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ibis
import ibis.expr.types as ir

from meritdesk.rules import groups
from meritdesk.rules.columns_rows import Rows, added, constant, half_up, scaled
from meritdesk.rules.engines import Engine, int64
from meritdesk.rules.nodes import Node

Columns = dict[str, ir.Value]


class Form:
    """One group node in up to four steps, each a level of columns whose names begin with `name`.

    `before`: columns of the rows; `sums`: aggregates over the group; `of_group`: figures of the group made of them,
    which replace them; `after`: the column `name` itself.
    """

    def __init__(self, group: str, name: str) -> None:
        self.group = group
        self.name = name

    def before(self, rows: Rows) -> Columns:
        """Return columns of the rows that the aggregates need."""
        return {}

    def sums(self, rows: Rows) -> Columns:
        """Return aggregates over the rows of the group."""
        return {}

    def of_group(self, table: ir.Table, engine: Engine) -> ir.Table:
        """Return the table of groups with what the rows need of it."""
        return table

    def after(self, rows: Rows) -> None:
        """Extend the rows by the column `name`."""


def add_group_nodes(members: Mapping[Node, str], rows: Rows) -> None:
    """Extend `rows` by a column for each group node, under its name; their arguments are columns or inputs by now."""
    forms = [FORMS[type(node)](node, name) for node, name in members.items()]
    before = {name: column for form in forms for name, column in form.before(rows).items()}
    if before:
        rows.extend(**before)
    keys = dict.fromkeys(rows.keys[form.group] for form in forms)
    whole = rows.table
    for key in keys:
        mine = [form for form in forms if rows.keys[form.group] == key]
        sums = {name: total for form in mine for name, total in form.sums(rows).items()}
        if sums:
            table = whole.group_by(key).aggregate(**{name: int64(total) for name, total in sums.items()})
            for form in mine:
                table = form.of_group(table, rows.engine)
            rows.join(table, key)
    for form in forms:
        form.after(rows)
    rows.columns.update(members)


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
            f"{self.name}_products": ibis.ifelse(counts, x * weight, 0).sum(),
            f"{self.name}_weights": ibis.ifelse(counts, weight, 0).sum(),
        }

    def of_group(self, table: ir.Table, engine: Engine) -> ir.Table:
        up, down = self.node.factors()
        products, weights = f"{self.name}_products", f"{self.name}_weights"
        divisor = scaled(table[weights].nullif(0), down)
        mean = half_up(engine, scaled(table[products], up), divisor, self.node.x.span[0])
        return table.mutate(**{self.name: mean}).drop(products, weights)


class _Rank(Form):
    def __init__(self, node: groups.Rank, name: str) -> None:
        super().__init__(node.group, name)
        self.node = node
        self.part = f"{name}_part"

    def before(self, rows: Rows) -> Columns:
        takes_part = rows.truth(self.node.counted) & rows.value(self.node.x).notnull()
        return {self.part: int64(ibis.ifelse(takes_part, 1, 0))}

    def after(self, rows: Rows) -> None:
        order = [_key(rows, self.node.x, high_first=self.node.best == "high")]
        _add_place(rows, self.name, self.group, self.part, order, ibis.rank())
        place = ibis.ifelse(rows.table[self.part] == 1, rows.table[self.name], constant(None))
        rows.extend(**{self.name: place})


def _key(rows: Rows, node: Node, *, high_first: bool) -> ir.Value:
    """Return the sort key of `node`: missing last, whichever the direction."""
    low, high = node.span
    value = rows.value(node)
    if high_first:
        return (value if rows.sure(node) else value.fill_null(low - 1)).desc()
    return (value if rows.sure(node) else value.fill_null(high + 1)).asc()


def _add_place(
    rows: Rows, name: str, group: str, part: str, order: Sequence[ir.Value], place: ir.IntegerColumn
) -> None:
    """Add the place in the group among the rows that share `part`, from 1."""
    window = ibis.window(group_by=[rows.table[rows.keys[group]], rows.table[part]], order_by=order)
    rows.extend(**{name: int64(place.over(window)) + 1})


class _ForcedShares(Form):
    def __init__(self, node: groups.ForcedShares, name: str) -> None:
        super().__init__(node.group, name)
        self.node = node
        self.placed = f"{name}_placed"
        self.filled = f"{name}_filled"
        self.count = f"{name}_n"
        self.grades = range(len(node.shares))

    def before(self, rows: Rows) -> Columns:
        counted, vetoed = rows.truth(self.node.counted), rows.truth(self.node.vetoed)
        return {
            self.placed: int64(ibis.ifelse(counted & ~vetoed, 1, 0)),
            self.filled: int64(ibis.ifelse(counted & vetoed, 1, 0)),
        }

    def sums(self, rows: Rows) -> Columns:
        grade = rows.value(self.node.grade)
        placed, filled = rows.table[self.placed], rows.table[self.filled]
        sums: Columns = {self.count: (placed + filled).sum()}
        for g in self.grades[:-1]:
            sums[self._of("v", g)] = ibis.ifelse(grade == g, filled, 0).sum()
            if self.node.mode == "cap":
                sums[self._of("t", g)] = ibis.ifelse(grade <= g, placed, 0).sum()
        return sums

    def of_group(self, table: ir.Table, engine: Engine) -> ir.Table:
        sums = [name for name in table.columns if name.startswith(f"{self.name}_") and name != self.count]
        table = self._with_quotas(table, engine)
        table = self._with_cuts(table)
        made = [self._of(kind, g) for kind in "qm" for g in self.grades]
        return table.drop(*sums, *made, f"{self.name}_left")

    def _of(self, kind: str, grade: int) -> str:
        return f"{self.name}_{kind}{grade}"

    def _with_quotas(self, table: ir.Table, engine: Engine) -> ir.Table:
        """n × share ÷ 10000 by largest remainder, equal remainders to the lower grade: the columns q."""
        wanted = {g: table[self.count] * share for g, share in enumerate(self.node.shares)}
        table = table.mutate(**{self._of("q", g): engine.divide(wanted[g], constant(10_000)) for g in self.grades})
        quotas = [table[self._of("q", g)] for g in self.grades]
        table = table.mutate(
            **{self._of("m", g): table[self.count] * self.node.shares[g] - quotas[g] * 10_000 for g in self.grades},
            **{f"{self.name}_left": table[self.count] - added(quotas)},
        )
        rests = [table[self._of("m", g)] for g in self.grades]
        grown: Columns = {}
        for g in self.grades:
            ahead = [rests[h] >= rests[g] if h > g else rests[h] > rests[g] for h in self.grades if h != g]
            before = added([int64(ibis.ifelse(condition, 1, 0)) for condition in ahead])
            grown[self._of("q", g)] = quotas[g] + ibis.ifelse(before < table[f"{self.name}_left"], 1, 0)
        return table.mutate(**grown)

    def _with_cuts(self, table: ir.Table) -> ir.Table:
        """The last place that gets each grade but the last: the columns c."""
        free = [f"{self.name}_m{g}" for g in self.grades]  # the remainders are no longer needed
        shares = range(len(self.grades) - 1)
        table = table.mutate(**{free[g]: table[self._of("q", g)] - table[self._of("v", g)] for g in shares})
        for g in shares:
            before = table[self._of("c", g - 1)] if g else constant(0)
            if self.node.mode == "force":
                cut = ibis.greatest(before, added([table[free[h]] for h in range(g + 1)]))
            elif g == shares[-1]:
                cut = table[self._of("t", g)]
            else:
                cut = ibis.least(table[self._of("t", g)], before + ibis.greatest(table[free[g]], constant(0)))
            table = table.mutate(**{self._of("c", g): cut})
        return table

    def after(self, rows: Rows) -> None:
        order = [_key(rows, key, high_first=True) for key in (self.node.total, *self.node.order)]
        if self.node.mode == "cap":
            order.insert(0, _key(rows, self.node.grade, high_first=False))
        place = f"{self.name}_place"
        _add_place(rows, place, self.group, self.placed, order, ibis.rank())
        branches = [(rows.table[place] <= rows.table[self._of("c", g)], constant(g)) for g in self.grades[:-1]]
        last = constant(self.grades[-1])
        chosen = ibis.cases(*branches, else_=last) if branches else last
        placed = (rows.table[self.placed] == 1) & (rows.table[self.count] >= self.node.smallest)
        rows.extend(**{self.name: ibis.ifelse(placed, chosen, rows.value(self.node.grade))})


class _PoolShares(Form):
    def __init__(self, node: groups.PoolShares, name: str) -> None:
        super().__init__(node.group, name)
        self.node = node
        self.points = f"{name}_points"
        self.has = f"{name}_has"
        self.pool = f"{name}_pool"
        self.whole = f"{name}_whole"

    def before(self, rows: Rows) -> Columns:
        points = rows.value(self.node.points)
        return {
            self.points: ibis.ifelse(points > 0, points, constant(0)),
            self.has: int64(ibis.ifelse(points.notnull(), 1, 0)),
        }

    def sums(self, rows: Rows) -> Columns:
        return {self.whole: rows.table[self.points].sum(), self.pool: rows.value(self.node.pool).max()}

    def of_group(self, table: ir.Table, engine: Engine) -> ir.Table:
        return table.mutate(**{self.whole: table[self.whole].nullif(0)})

    def after(self, rows: Rows) -> None:
        part, rest, place, left = (f"{self.name}_{kind}" for kind in ("part", "rest", "place", "left"))
        t = rows.table
        rows.extend(**{part: rows.engine.divide(t[self.pool] * t[self.points], t[self.whole])})
        t = rows.table
        shared_out = t[part].sum().over(ibis.window(group_by=t[rows.keys[self.group]]))
        remainder = (t[self.pool] * t[self.points] - t[part] * t[self.whole]).fill_null(-1)
        rows.extend(**{rest: remainder, left: t[self.pool] - int64(shared_out)})
        t = rows.table
        order = [t[rest].desc(), *(_key(rows, key, high_first=True) for key in self.node.order)]
        order.append(rows.engine.text_key(t[self.node.identity]).asc())
        _add_place(rows, place, self.group, self.has, order, ibis.row_number())
        t = rows.table
        grown = t[part] + ibis.ifelse(t[place] <= t[left], 1, 0)
        rows.extend(**{self.name: ibis.ifelse(t[self.has] == 1, grown, constant(None))})


FORMS = {
    groups.GroupCount: _Count,
    groups.GroupSum: _Sum,
    groups.GroupMean: _Mean,
    groups.Rank: _Rank,
    groups.ForcedShares: _ForcedShares,
    groups.PoolShares: _PoolShares,
}
"""How each group node is said."""
