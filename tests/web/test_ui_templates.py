"""All templates and scripts obey the page policy; frame and error pages show with little context and with much."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory

from meritdesk import language
from meritdesk.errors import Problem

WEB = Path(__file__).resolve().parents[2] / "src/meritdesk/web"
LONGEST_TEMPLATE = 150
# What a strict policy forbids, or what would let text become code.
FORBIDDEN = {
    "an inline style": re.compile(r"\sstyle\s*=|<style\b", re.IGNORECASE),
    "an inline handler": re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "an inline script": re.compile(r"<script(?![^>]*\bsrc=)|javascript:", re.IGNORECASE),
    "a script in an htmx attribute": re.compile(r"hx-on|hx-(?:vals|headers)\s*=\s*[\"']\s*js:", re.IGNORECASE),
    "text taken for markup": re.compile(r"\|\s*safe\b|autoescape\s+off"),
    "another host": re.compile(r"(?:src|href|action)\s*=\s*[\"'](?:https?:)?//", re.IGNORECASE),
    "Django's own texts": re.compile(r"{%\s*(?:load i18n|trans|translate|blocktrans)"),
}


def faults(folder: Path) -> Iterator[str]:
    """Yield what the templates below `folder` hold and must not."""
    for path in sorted(folder.rglob("templates/**/*.html")):
        source = path.read_text(encoding="utf-8")
        name = path.relative_to(folder).as_posix()
        if len(source.splitlines()) > LONGEST_TEMPLATE:
            yield f"{name}: longer than {LONGEST_TEMPLATE} lines"
        shown = re.sub(r"{#.*?#}", "", source)
        for what, pattern in FORBIDDEN.items():
            for found in pattern.finditer(shown):
                yield f"{name}:{shown.count(chr(10), 0, found.start()) + 1}: {what}"


def test_templates_hold_nothing_that_the_policy_forbids() -> None:
    assert len(list(WEB.rglob("templates/**/*.html"))) >= 25
    assert list(faults(WEB)) == []


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ('<p style="color:red">', "an inline style"),
        ("<style>p{}</style>", "an inline style"),
        ("<a onclick='go()'>", "an inline handler"),
        ("<script>go()</script>", "an inline script"),
        ('<a href="javascript:go()">', "an inline script"),
        ('<form hx-on:submit="go()">', "a script in an htmx attribute"),
        ("<form hx-vals='js:{a: 1}'>", "a script in an htmx attribute"),
        ("{{ name|safe }}", "text taken for markup"),
        ('<img src="//example.org/a.png">', "another host"),
        ("{% load i18n %}", "Django's own texts"),
        ("\n" * 151, "longer than 150 lines"),
    ],
)
def test_planted_fault_is_found(tmp_path: Path, source: str, fault: str) -> None:
    path = tmp_path / "a/templates/a/page.html"
    path.parent.mkdir(parents=True)
    path.write_text(source, encoding="utf-8")
    [found] = faults(tmp_path)
    assert fault in found


def test_every_component_says_what_it_needs() -> None:
    components = sorted((WEB / "ui/templates/ui/components").glob("*.html"))
    assert len(components) >= 18
    for path in components:
        head = path.read_text(encoding="utf-8").splitlines()[0]
        assert head.startswith("{# "), path.name


@pytest.mark.parametrize("name", ["400.html", "403.html", "403_csrf.html", "404.html", "500.html"])
def test_error_pages_need_nothing(name: str) -> None:
    for chosen in language.LANGUAGES:
        with language.use(chosen):
            shown = render_to_string(name)
        assert f'<html lang="{chosen}">' in shown
        assert "<h1>" in shown
        assert 'href="/"' in shown


def test_frame_shows_what_the_home_app_supplies() -> None:
    entry = {"title": "工作台<", "url": "/x/", "icon": "home", "active": True, "count": 3}
    group = {"title": "考核", "icon": "board", "children": [{"title": "周期", "url": "/c/", "active": False}]}
    tab = {"title": "待办", "url": "/todo/", "icon": "checks", "active": False}
    context = {"navigation": [entry, group], "bottom_tabs": [tab], "notice_count": 4, "person_menu": [entry]}
    shown = render_to_string("ui/page.html", context, RequestFactory().get("/"))
    for part in ('href="/x/" aria-current="page"', "工作台&lt;", 'href="/c/"', 'href="/todo/"', 'class="count">3<'):
        assert part in shown


def test_htmx_may_neither_evaluate_nor_leave_the_site_nor_keep_pages() -> None:
    shown = render_to_string("ui/document.html")
    for setting in ("allowEval", "includeIndicatorStyles"):
        assert f'"{setting}":false' in shown
    assert '"selfRequestsOnly":true' in shown
    assert '"historyCacheSize":0' in shown


def test_problems_name_place_and_fix_and_are_escaped() -> None:
    problem = Problem(code="weights-not-100", place="服务质量", message="合计 <95>", fix="改为 25", severity="warning")
    shown = render_to_string("ui/components/problems.html", {"problems": [problem]})
    for part in ("is-warning", "合计 &lt;95&gt;", "服务质量", "改为 25", "weights-not-100"):
        assert part in shown
    assert render_to_string("ui/components/problems.html", {"problems": []}).strip() == ""


def test_dangerous_act_names_its_consequence_and_is_sent_once() -> None:
    context = {"id": "publish", "title": "发布", "consequence": "将向 58 人发布", "action_url": "/p/"}
    context |= {"action_title": "发布给 58 人", "reason_label": "理由"}
    shown = render_to_string("ui/components/confirm.html", {**context, "version": 0})
    for part in ("将向 58 人发布", 'name="once"', 'name="reason" required', 'name="version" value="0"', "发布给 58 人"):
        assert part in shown
    assert "style" not in shown


@pytest.mark.parametrize("state", ["waiting", "running", "done", "failed"])
def test_progress_asks_again_until_the_job_ends(state: str) -> None:
    job = {"pk": 7, "state": state, "title": "发布", "step": "计算", "done": 31, "total": 58, "next_url": "/n/"}
    problem = {"message": "磁盘已满", "fix": "", "code": "disk-full", "place": ""}
    shown = render_to_string(
        "ui/components/progress.html", {"job": {**job, "problems": [problem]}, "progress_url": "/jobs/7/"}
    )
    assert ('hx-get="/jobs/7/"' in shown) == (state in ("waiting", "running"))
    assert ('data-go="/n/"' in shown) == (state == "done")
    assert ("磁盘已满" in shown) == (state == "failed")


def test_scripts_never_make_markup_from_text() -> None:
    for name in ("app.js", "charts.js"):
        source = (WEB / "ui/static/ui" / name).read_text(encoding="utf-8")
        unsafe = r"(?:inner|outer)HTML\s*=|insertAdjacentHTML|document\.write|\beval\(|new Function"
        assert not re.search(unsafe, source)
