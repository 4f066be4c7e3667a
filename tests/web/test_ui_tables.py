"""Tables: sorting, filters and pages, over querysets and lists alike."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.template.loader import render_to_string
from django.test import RequestFactory

from meritdesk.web.ui.tables import Column, Empty, Table, make_table

COLUMNS = [
    Column(key="name", title="姓名", order=("username",), filter="username__icontains"),
    Column(key="lang", title="语言", filter="language", choices=[("en", "English"), ("zh-Hans", "中文")]),
    Column(key="plain", title="备注"),
]
EMPTY = Empty(title="还没有账号", why="原因", next_title="新建", next_url="/new/")


@dataclass(frozen=True)
class Row:
    """A row of a list, with the attributes that the columns name."""

    username: str
    language: str
    rank: int | None = None


def shown(address: str, rows: Any, **options: Any) -> Table:
    """Return the table of `rows` that `address` asks for."""
    request = RequestFactory().get(address)
    return make_table(request, rows, columns=COLUMNS, row_template="ui/components/empty.html", empty=EMPTY, **options)


def names(table: Table) -> list[str]:
    """Return the names on the page of `table`."""
    return [row.username for row in table.page.object_list]


@pytest.fixture(params=["queryset", "list"])
def rows(request: pytest.FixtureRequest) -> Any:
    """Return 120 rows, u000 to u119, every third in English: once from the database, once as a list."""
    made = [(f"u{number:03}", "en" if number % 3 == 0 else "zh-Hans") for number in range(120)]
    if request.param == "list":
        return [Row(username, language) for username, language in made]
    user = get_user_model()
    user.objects.bulk_create(user(username=username, language=language) for username, language in made)
    return user.objects.all()


def test_first_page_has_fifty_rows(rows: Any) -> None:
    table = shown("/", rows, sort="name")
    assert names(table) == [f"u{number:03}" for number in range(50)]
    assert table.page.paginator.count == 120
    assert list(table.numbers) == [1, 2, 3]


def test_sorted_the_other_way_and_on_the_last_page(rows: Any) -> None:
    table = shown("/?sort=-name&page=3", rows, sort="name")
    assert names(table)[-1] == "u000"
    assert len(names(table)) == 20
    assert table.headings[0].sorted == "descending"
    assert table.headings[0].link == "?sort=name"


def test_filter_by_text_and_by_choice(rows: Any) -> None:
    assert names(shown("/?f_name=U11&sort=name", rows)) == [f"u{number}" for number in range(110, 120)]
    both = shown("/?f_name=u11&f_lang=en&sort=name", rows)
    assert names(both) == ["u111", "u114", "u117"]
    assert both.filtered
    assert names(shown("/?f_lang=no-such", rows)) == []


@pytest.mark.parametrize("address", ["/?sort=password", "/?sort=--name", "/?page=999", "/?page=x", "/?f_plain=a"])
def test_an_address_that_asks_for_the_impossible_shows_the_table(rows: Any, address: str) -> None:
    assert names(shown(address, rows, sort="name"))[0] in {"u000", "u100"}


def test_two_tables_on_a_page_do_not_mix(rows: Any) -> None:
    assert names(shown("/?sort=-name", rows, name="others", sort="name"))[0] == "u000"
    assert names(shown("/?others_sort=-name", rows, name="others", sort="name"))[0] == "u119"


def test_rows_without_a_value_come_last_either_way() -> None:
    columns = [Column(key="rank", title="名次", order=("rank",))]
    rows = [Row("a", "", 2), Row("b", ""), Row("c", "", 1)]
    for address, wanted in (("/?sort=rank", "cab"), ("/?sort=-rank", "acb")):
        request = RequestFactory().get(address)
        table = make_table(request, rows, columns=columns, row_template="x", empty=EMPTY)
        assert "".join(names(table)) == wanted


def test_a_page_costs_two_queries_whatever_the_length(django_assert_num_queries: Any) -> None:
    user = get_user_model()
    user.objects.bulk_create(user(username=f"u{number:04}") for number in range(2000))
    with django_assert_num_queries(2):
        assert len(names(shown("/?f_name=u&sort=name", user.objects.all()))) == 50


def rendered(address: str, rows: Any, **options: Any) -> str:
    """Return the component as it is shown."""
    request = RequestFactory().get(address)
    return render_to_string("ui/components/table.html", {"table": shown(address, rows, **options)}, request)


def test_links_keep_what_the_address_holds() -> None:
    rows = [Row(f"u{number}", "en") for number in range(120)]
    text = rendered("/?f_name=u&tab=all&sort=name", rows)
    assert 'href="?f_name=u&amp;tab=all&amp;sort=name&amp;page=2"' in text
    assert 'name="tab" value="all"' in text
    assert 'name="sort" value="name"' in text
    assert 'aria-sort="ascending"' in text
    assert re.search(r'name="f_name"[^>]*value="u"', text)


def test_empty_table_says_why_and_what_next() -> None:
    assert all(words in rendered("/", []) for words in ("还没有账号", "原因", "新建", 'href="/new/"'))
    filtered = rendered("/?f_name=z", [Row("a", "en")])
    assert "没有符合筛选条件的记录" in filtered
    assert "还没有账号" not in filtered


def test_what_is_typed_into_a_filter_is_escaped() -> None:
    assert "<script>" not in rendered("/?f_name=%22%3E%3Cscript%3E&x=%22%3E%3Cscript%3E", [])
