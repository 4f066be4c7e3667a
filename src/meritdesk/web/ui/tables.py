"""Tables: sorting, filtering and pages of 50 over a queryset or a list, for `ui/components/table.html`.

The page shows `{% include "ui/components/table.html" %}` with `table` in its context, made by `make_table`. A queryset
costs two queries whatever its length. Filters and order live in the address (`?sort=-points&f_name=李&page=2`), so a
view of a table can be linked to; htmx swaps the table alone. Knows nothing of what the rows are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

PAGE_ROWS = 50


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column: `key` names it in the address, `title` heads it (with the unit of its numbers).

    `order` are the fields to sort by (lookups of a queryset, attributes with dots of a list); `filter` the lookup that
    the filter row uses (`name__icontains`; a list filters by the attribute before `__`); with `choices` (value, title)
    the filter is a choice instead of typing. `num` is right-aligned; `phone=False` leaves the column out on a phone.
    """

    key: str
    title: str | StrPromise
    order: tuple[str, ...] = ()
    filter: str = ""
    choices: Sequence[tuple[str, str | StrPromise]] = ()
    num: bool = False
    phone: bool = True


@dataclass(frozen=True, kw_only=True)
class Empty:
    """What a table without rows says: why, and what to do next."""

    title: str | StrPromise
    why: str | StrPromise = ""
    next_title: str | StrPromise = ""
    next_url: str = ""
    icon: str = "list"


@dataclass(frozen=True, kw_only=True)
class Heading:
    """A column with its present state and the addresses that its links lead to."""

    column: Column
    sorted: str
    """`ascending`, `descending` or empty."""
    link: str
    value: str
    """What its filter holds."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """Everything that the component shows; `page.object_list` are the rows of this page."""

    name: str
    row_template: str
    headings: Sequence[Heading]
    page: Page[Any]
    numbers: Sequence[int | str]
    filtered: bool
    empty: Empty
    sticky: bool = True
    choosing: bool = False
    """Whether each row begins with a box to choose it (`ids`), for acts on many."""
    sort: str = ""
    extra: dict[str, Any] = field(default_factory=dict)
    """Further context of the row template, as `table.extra`."""

    @property
    def has_filters(self) -> bool:
        """Return whether the filter row is shown."""
        return any(heading.column.filter for heading in self.headings)

    @property
    def width(self) -> int:
        """Return the number of columns, the boxes included."""
        return len(self.headings) + self.choosing


def make_table(
    request: HttpRequest,
    rows: QuerySet[Any] | Sequence[Any],
    *,
    columns: Sequence[Column],
    row_template: str,
    empty: Empty,
    name: str = "rows",
    sort: str = "",
    size: int = PAGE_ROWS,
    choosing: bool = False,
    sticky: bool = True,
    extra: dict[str, Any] | None = None,
) -> Table:
    """Return the page of `rows` that the address asks for; `sort` is the order without a wish, such as "-points".

    The keys of two tables on one page are told apart by `name`: the first keeps the plain `sort`, `page`, `f_…`.
    """
    prefix = "" if name == "rows" else f"{name}_"
    values = {c.key: request.GET.get(f"{prefix}f_{c.key}", "").strip() for c in columns if c.filter}
    asked = request.GET.get(f"{prefix}sort", "") or sort
    known = {column.key: column for column in columns if column.order}
    if asked.removeprefix("-") not in known:
        asked = sort
    for column in columns:
        if values.get(column.key):
            rows = _filtered(rows, column, values[column.key])
    if asked.removeprefix("-") in known:
        rows = _ordered(rows, known[asked.removeprefix("-")].order, descending=asked.startswith("-"))
    paginator: Paginator[Any] = Paginator(rows, size)
    page = paginator.get_page(request.GET.get(f"{prefix}page"))
    return Table(
        name=name,
        row_template=row_template,
        headings=[_heading(request, column, asked, prefix, values.get(column.key, "")) for column in columns],
        page=page,
        numbers=list(paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1)),
        filtered=any(values.values()),
        empty=empty,
        sticky=sticky,
        choosing=choosing,
        sort=asked,
        extra=extra or {},
    )


def _filtered(rows: QuerySet[Any] | Sequence[Any], column: Column, value: str) -> QuerySet[Any] | Sequence[Any]:
    if isinstance(rows, QuerySet):
        # A choice is one of those offered: anything else in the address shows nothing instead of failing.
        if column.choices and value not in {key for key, _title in column.choices}:
            return rows.none()
        return rows.filter(**{column.filter: value})
    read = attrgetter(column.filter.split("__")[0])
    if column.choices:
        return [row for row in rows if str(read(row)) == value]
    return [row for row in rows if value.casefold() in str(read(row)).casefold()]


def _ordered(rows: QuerySet[Any] | Sequence[Any], order: tuple[str, ...], *, descending: bool) -> Any:
    if isinstance(rows, QuerySet):
        fields = [f"-{name.removeprefix('-')}" if descending != name.startswith("-") else name.removeprefix("-")
                  for name in order]  # fmt: skip
        # The key last: rows that are equal keep one order over all pages.
        return rows.order_by(*fields, "pk")
    found = list(rows)
    for name in reversed(order):
        read = attrgetter(name.removeprefix("-"))
        present = [row for row in found if read(row) is not None]
        absent = [row for row in found if read(row) is None]
        present.sort(key=read, reverse=descending != name.startswith("-"))
        found = present + absent
    return found


def _heading(request: HttpRequest, column: Column, asked: str, prefix: str, value: str) -> Heading:
    state = "" if asked.removeprefix("-") != column.key else "descending" if asked.startswith("-") else "ascending"
    link = ""
    if column.order:
        query = request.GET.copy()
        query.pop(f"{prefix}page", None)
        query[f"{prefix}sort"] = f"-{column.key}" if state == "ascending" else column.key
        link = f"?{query.urlencode()}"
    return Heading(column=column, sorted=state, link=link, value=value)
