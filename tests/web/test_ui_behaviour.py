"""What the scripts of the pages do, in a browser under the strict policy: no server, every answer given by the test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.staticfiles import finders
from django.template import engines
from django.test import RequestFactory
from playwright.sync_api import Browser, Page, Route, expect

from meritdesk.web.access.middleware import CSP
from meritdesk.web.ui.tables import Column, Empty, make_table

SITE = "http://meritdesk.test"
AXE = Path(__file__).parent / "vendor/axe.min.js"
both_widths = pytest.mark.parametrize("width", [1440, 390])
ROW = '<tr><td><input type="checkbox" data-choose aria-label="选"></td><th scope="row">{{ row.name }}</th></tr>'
PAGE = """{% extends "ui/page.html" %}
{% block title %}样页{% endblock %}{% block heading %}样页{% endblock %}
{% block scripts %}{% include "ui/components/chart_scripts.html" %}{% endblock %}
{% block primary_action %}<button type="button" class="btn btn-primary" data-open="go">发布</button>{% endblock %}
{% block content %}
<form class="search"><input data-search aria-label="搜索"></form>
{% include "ui/components/table.html" with bulk_template=bulk bulk_url="/bulk/" table_label="人员" %}
<form method="post" action="/save/" data-dirty id="plain"><label>姓名 <input name="name"></label>
  <label>方式 <select name="way"><option>a</option><option>b</option></select></label>
  <p data-show-when="way=b|c" id="more">更多</p><button type="submit">保存</button></form>
<form hx-post="/autosave/" hx-trigger="autosave" hx-swap="none" data-autosave data-number-keys id="rating">
  {% for row in "xyz" %}<fieldset data-number-row><legend>{{ row }}</legend>{% for level in "12345" %}
  <label><input type="radio" name="{{ row }}" value="{{ level }}">{{ level }}</label>{% endfor %}</fieldset>{% endfor %}
  <span data-saved-at></span></form>
<div id="fails"><button type="button" hx-get="/broken/" hx-swap="none">坏</button></div>
{% for chart in charts %}{% with chart_id="chart-"|add:chart.kind %}{% include "ui/components/chart.html" %}
{% endwith %}{% endfor %}
{% with id="go" title="发布" consequence="将向 58 人发布" action_url="/go/" action_title="发布" %}
{% include "ui/components/confirm.html" %}{% endwith %}
{% endblock %}"""
CHARTS = [
    {"kind": "bar", "title": "条", "rows": [{"name": "甲", "value": "9.50", "n": 3, "url": "/rows/"}], "target": 5},
    {"kind": "line", "title": "线", "points": ["1月", "2月"], "series": [{"name": "我", "values": ["82.00", None]}]},
    {"kind": "contribution", "title": "构成", "whole": 100, "rows": [{"name": "质量", "value": "36.00"}]},
    {"kind": "distribution", "title": "分布", "before": "前", "after": "后", "quota": "额",
     "rows": [{"name": "优秀", "before": 9, "after": 6, "quota": 6}]},
    {"kind": "curve", "title": "曲线", "x": "单", "y": "分", "points": [[0, 30], [11, 0]], "mark": [5, 30]},
]  # fmt: skip


@dataclass(frozen=True)
class Row:
    """A row of the sample table."""

    name: str


class Site:
    """Answers every request of the browser and remembers them."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, dict[str, list[str]]]] = []
        self.spoken: list[str] = []

    def __call__(self, route: Route) -> None:
        """Answer one request: static files, the sample page, or an empty answer (500 for /broken/)."""
        parts = urlsplit(route.request.url)
        if parts.path.startswith("/static/"):
            found = finders.find(parts.path.removeprefix("/static/"))
            assert isinstance(found, str), parts.path
            route.fulfill(path=found)
            return
        body = route.request.post_data or ""
        self.requests.append((route.request.method, f"{parts.path}?{parts.query}".rstrip("?"), parse_qs(body)))
        if parts.path == "/":
            headers = {"Content-Security-Policy": CSP, "Content-Type": "text/html; charset=utf-8"}
            route.fulfill(body=self.page(route.request.url.removeprefix(SITE)), headers=headers)
        else:
            route.fulfill(status=500 if parts.path == "/broken/" else 200, body="", content_type="text/html")

    def page(self, address: str) -> str:
        """Return the sample page as `address` asks for it."""
        engine = engines["django"]
        request = RequestFactory().get(address)
        rows = [Row(f"人{number:03}") for number in range(120)]
        columns = [Column(key="name", title="姓名", order=("name",), filter="name")]
        table = make_table(
            request,
            rows,
            columns=columns,
            row_template=engine.from_string(ROW).template,  # type: ignore[attr-defined]
            empty=Empty(title="无"),
            sort="name",
            choosing=True,
        )
        bulk = engine.from_string('<button class="btn" name="act" value="remind">提醒</button>').template  # type: ignore[attr-defined]
        return engine.from_string(PAGE).render({"table": table, "bulk": bulk, "charts": CHARTS}, request)

    def sent(self, method: str, path: str) -> list[dict[str, list[str]]]:
        """Return what was sent to `path`."""
        return [body for asked, address, body in self.requests if asked == method and address.split("?")[0] == path]


@pytest.fixture
def site() -> Site:
    """Return what answers the browser."""
    return Site()


@pytest.fixture
def width() -> int:
    """Return the width of the page: that of a desk, unless a test asks for another."""
    return 1440


@pytest.fixture
def page(browser: Browser, site: Site, width: int) -> Iterator[Page]:
    """Open the sample page; what the browser complains of is kept in `site.spoken`."""
    opened = browser.new_page(viewport={"width": width, "height": 844})
    opened.route("**/*", site)
    opened.on("console", lambda message: site.spoken.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: site.spoken.append(str(error)))
    opened.goto(f"{SITE}/")
    yield opened
    opened.close()


@both_widths
def test_page_is_shown_under_the_strict_policy(page: Page, site: Site) -> None:
    expect(page.locator("canvas")).to_have_count(len(CHARTS))
    page.mouse.move(300, 400)
    assert site.spoken == []
    assert page.evaluate("document.documentElement.scrollWidth") <= page.evaluate("window.innerWidth")


def test_the_policy_is_in_force(page: Page, site: Site) -> None:
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">a</p>')")
    page.wait_for_timeout(50)
    assert any("Content Security Policy" in line for line in site.spoken)


@both_widths
def test_axe_finds_nothing_serious(page: Page) -> None:
    page.evaluate(AXE.read_text(encoding="utf-8"))
    check = "axe.run()"
    assert [(fault["id"], fault["nodes"][0]["html"]) for fault in page.evaluate(check)["violations"]] == []
    page.evaluate("document.querySelector('h1').insertAdjacentHTML('afterend', '<img src=\"/static/ui/icon.svg\">')")
    assert [fault["id"] for fault in page.evaluate(check)["violations"]] == ["image-alt"]


def test_filter_sort_and_pages_change_the_table_alone(page: Page, site: Site) -> None:
    page.locator("h1").evaluate("heading => { heading.dataset.kept = 'yes' }")
    rows = page.locator("#table-rows tbody tr")
    expect(rows).to_have_count(50)
    page.get_by_role("link", name="3", exact=True).click()
    expect(rows).to_have_count(20)
    page.locator("#f-rows-name").press_sequentially("人01")
    expect(rows).to_have_count(10)
    expect(page.locator("#f-rows-name")).to_be_focused()
    page.get_by_role("link", name="姓名").click()
    expect(rows.first).to_contain_text("人019")
    assert "f_name=" in page.url
    assert "sort=-name" in page.url
    expect(page.locator("h1")).to_have_attribute("data-kept", "yes")
    assert [address for _method, address, _body in site.requests][-1].startswith("/?")


def test_rows_are_chosen_and_counted(page: Page) -> None:
    expect(page.locator("[data-bulk]")).to_be_hidden()
    page.locator("[data-choose]").nth(2).check()
    expect(page.locator("[data-bulk-count]")).to_have_text("1")
    page.locator("[data-choose-all]").check()
    expect(page.locator("[data-bulk-count]")).to_have_text("50")
    page.locator("[data-choose-all]").uncheck()
    expect(page.locator("[data-bulk]")).to_be_hidden()


def test_dialog_opens_closes_and_sends_once(page: Page, site: Site) -> None:
    dialog = page.locator("#go")
    page.get_by_role("button", name="发布").first.click()
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="取消").click()
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="发布").first.click()
    dialog.locator("button[type=submit]").dblclick()
    page.wait_for_url(f"{SITE}/go/")
    [body] = site.sent("POST", "/go/")
    assert len(body["once"][0]) == 36


def test_ctrl_k_goes_to_the_search(page: Page) -> None:
    page.keyboard.press("Control+k")
    expect(page.locator("[data-search]").first).to_be_focused()


def test_digits_choose_levels_row_by_row_and_are_saved(page: Page, site: Site) -> None:
    page.locator("input[name=x][value='1']").focus()
    page.keyboard.press("4")
    page.keyboard.press("9")  # no such level
    page.keyboard.press("2")
    page.keyboard.press("5")
    expect(page.locator("#rating [data-saved-at]")).not_to_be_empty()
    assert site.sent("POST", "/autosave/")[-1] == {"x": ["4"], "y": ["2"], "z": ["5"]}


def test_digits_typed_into_text_stay_text(page: Page) -> None:
    page.locator("#plain input").press_sequentially("42")
    expect(page.locator("#plain input")).to_have_value("42")
    assert page.locator("#rating input:checked").count() == 0


def test_part_is_shown_only_for_its_value(page: Page) -> None:
    expect(page.locator("#more")).to_be_hidden()
    page.locator("#plain select").select_option("b")
    expect(page.locator("#more")).to_be_visible()


@pytest.mark.parametrize("changed", [True, False])
def test_leaving_unsaved_changes_is_asked_again(page: Page, changed: bool) -> None:
    asked: list[str] = []

    def answer(dialog: Any) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", answer)
    if changed:
        page.locator("#plain input").fill("李")
    else:
        page.locator("#plain input").click()
    page.goto(f"{SITE}/other/")
    assert asked == (["beforeunload"] if changed else [])


def test_failed_request_is_told(page: Page, site: Site) -> None:
    page.get_by_role("button", name="坏").click()
    toast = page.locator(".toast-note")
    expect(toast).to_contain_text("没有成功")
    toast.locator("[data-close]").click()
    expect(toast).to_have_count(0)


def test_every_chart_has_its_table(page: Page) -> None:
    wanted = {"bar": "9.50", "line": "82.00", "contribution": "36.00", "distribution": "优秀", "curve": "11"}
    for kind, figure in wanted.items():
        page.locator(f"[data-chart-table=chart-{kind}]").click()
        expect(page.locator(f"#chart-{kind}-table")).to_contain_text(figure)
        expect(page.locator(f"#chart-{kind}")).to_be_hidden()


@both_widths
def test_menu_of_the_phone(page: Page, width: int) -> None:
    phone = width < 768
    expect(page.locator(".app-side")).to_be_visible(visible=not phone)
    if phone:
        page.get_by_role("button", name="打开导航").click()
        expect(page.locator(".app-side")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator(".app-side")).to_be_hidden()
