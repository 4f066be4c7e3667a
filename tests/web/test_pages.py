"""Every page as every role sees it, in a company of ten and in a larger one: queries, policy, headers, shell, language.

The short form shows each role two states of each page, others to each role, at 10 and 200 people; the long form (`-m
long`) all states, at 10 and 2,000. Each prints its table (`-rP`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import get_resolver, path
from pytest_django import Settings

from meritdesk.web.access.models import User
from meritdesk.web.access.routes import Rule, route, table
from meritdesk.web.people.models import Person
from tests.web import page_checks, page_harness
from tests.web.page_harness import Case, Counted, Visitors
from tests.web.page_world import ACTORS, build_world

SMALL, LARGE, LARGEST = 10, 200, 2_000
LABELS = 2
GROUPS = (("", "agent", "finance", "admin", "trainer"), ("lead", "qa"), ("supervisor", "panel"), ("hr", "auditor"))
Counts = dict[tuple[str, str, str], Counted]


@dataclass
class Walk:
    """What came of walking through all pages as some roles."""

    counts: Counts = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    parts: set[str] = field(default_factory=set)
    """Pages that are only parts of pages."""


def walk(people: int, actors: tuple[str, ...], settings: Settings, home: Path, *, labels: int, read: bool) -> Walk:
    """Walk through all pages of a company that is gone afterwards; `read`: read them too, in both languages."""
    home.mkdir()
    settings.HOME = home
    found = Walk()
    with transaction.atomic():
        visitors = Visitors(build_world(people))
        for actor in actors:
            cases = page_harness.find_cases(visitors, actor, page_harness.pages(), labels=labels)
            for case in cases:
                found.counts[case.key], answer = page_harness.count(visitors, case)
                if read:
                    found.faults += [f"{case}: {fault}" for fault in faults_of(case, answer, found)]
            if read:
                found.faults += in_english(visitors, actor, cases)
        found.faults += [f"{case}: breaks: {error}" for case, error in visitors.broken.items()]
        transaction.set_rollback(True)
    return found


def faults_of(case: Case, answer: Any, found: Walk) -> list[str]:
    """Return what is wrong with an answer in Chinese."""
    faults = page_checks.cache_faults(answer.headers, personal=case.rule.personal)
    if not answer.headers.get("Content-Type", "").startswith("text/html"):
        return faults
    page = page_checks.Read(answer.body.decode())
    if not page.whole:
        found.parts.add(case.rule.name)
    faults += page_checks.policy_faults(answer.headers, page) + page_checks.host_faults(page)
    return faults + page_checks.shell_faults(page, "zh-Hans") + page_checks.placeholder_faults(page)


def in_english(visitors: Visitors, actor: str, cases: list[Case]) -> list[str]:
    """Return the Chinese that an English reader is shown though nobody entered it."""
    known = page_checks.known_texts()
    faults = []
    if user := visitors.user(actor):
        User.objects.filter(pk=user.pk).update(language="en")
    else:
        visitors[actor].cookies["language"] = "en"
    with page_checks.marked(pytest.MonkeyPatch):
        for case in cases:
            answer = visitors.get(case)
            if answer.status_code == 200 and answer.headers.get("Content-Type", "").startswith("text/html"):
                page = page_checks.Read(answer.body.decode())
                wrong = [*page_checks.language_faults(page, known), *page_checks.shell_faults(page, "en")]
                faults += [f"{case}: in English: {fault}" for fault in wrong]
    if user:
        User.objects.filter(pk=user.pk).update(language="")
    return faults


def check_walks(small: Walk, large: Walk, record_property: Callable[[str, object], None]) -> None:
    """Print the table, and fail with everything that is wrong."""
    record_property("pages", len(small.counts))
    numbers = f"{len(small.counts)} and {len(large.counts)} cases; parts of pages: {', '.join(sorted(small.parts))}"
    sys.stdout.write(f"{page_harness.as_table(small.counts, large.counts)}\n{numbers}\n")
    faults = [*small.faults, *large.faults]
    faults += page_harness.too_many({**large.counts, **small.counts}) + page_harness.growing(small.counts, large.counts)
    assert not faults, f"{len(faults)} faults:\n" + "\n".join(sorted(set(faults)))


@pytest.mark.parametrize("actors", GROUPS, ids="+".join)
def test_pages(
    actors: tuple[str, ...], settings: Settings, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    small = walk(SMALL, actors, settings, tmp_path / "small", labels=LABELS, read=True)
    large = walk(LARGE, actors, settings, tmp_path / "large", labels=LABELS, read=False)
    check_walks(small, large, record_property)


@pytest.mark.long
@pytest.mark.parametrize("actor", ["", *ACTORS])
def test_pages_in_all_states(
    actor: str, settings: Settings, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    small = walk(SMALL, (actor,), settings, tmp_path / "small", labels=0, read=True)
    large = walk(LARGEST, (actor,), settings, tmp_path / "large", labels=0, read=False)
    check_walks(small, large, record_property)


def test_every_page_is_shown_to_somebody(settings: Settings, tmp_path: Path) -> None:
    """A new page is found by itself; one whose address has an argument of a new kind is named here."""
    settings.HOME = tmp_path
    visitors = Visitors(build_world(SMALL))
    missing = page_harness.without_case(visitors)
    assert not missing, (
        f"nobody is shown {', '.join(missing)}: add to OBJECTS or ARGUMENTS of page_harness\n"
        + "\n".join(f"{case}: {error}" for case, error in visitors.broken.items())
    )
    gone = set(page_harness.WITHOUT_SUBJECT) - {rule.name for rule in table()}
    assert not gone


def test_all_roles_are_walked() -> None:
    assert sorted(actor for group in GROUPS for actor in group) == sorted(["", *ACTORS])


# ---- negative controls -----------------------------------------------------------------------------------------------


def _wasteful(request: HttpRequest) -> HttpResponse:
    names = [str(assignment.team) for person in Person.objects.all() for assignment in person.assignments.all()]
    return HttpResponse(" ".join(names))


def test_a_page_that_asks_for_each_person_is_found(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = route("planted/", _wasteful, name="planted", GET="signed-in")
    monkeypatch.setattr(get_resolver(), "url_patterns", [*get_resolver().url_patterns, planted])
    case = Case(Rule("planted", "planted/", {"GET": "signed-in"}, personal=True), "hr", "", "/planted/")
    counts: list[Counts] = []
    for people in (SMALL, 60):
        settings.HOME = tmp_path
        with transaction.atomic():
            visitors = Visitors(build_world(people, states=()))
            counts.append({case.key: page_harness.count(visitors, case)[0]})
            transaction.set_rollback(True)
    assert "people_assignment" in page_harness.too_many(counts[1])[0]
    assert page_harness.growing(counts[0], counts[1])[0].startswith("planted · hr")
    assert page_harness.growing(counts[0], counts[0]) == []


def test_a_page_without_subject_is_found(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.HOME = tmp_path
    planted = route("planted/<int:thing>/", _wasteful, name="planted", GET="signed-in")
    monkeypatch.setattr(get_resolver(), "url_patterns", [path("health", _wasteful), planted])
    assert page_harness.without_case(Visitors(build_world(SMALL, states=()))) == ["planted"]


SOUND = (
    '<!doctype html><html lang="zh-Hans"><head><title>人员 · 客服绩效</title><script src="/a.js"></script></head><body>'
    '<h1>人员</h1><a class="btn btn-primary" href="/new/">新增</a>'
    '<dialog><button class="btn-primary">好</button></dialog>'
    '<script type="application/json">{"a": 1}</script><svg><title>图</title></svg></body></html>'
)
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Cache-Control": "no-store",
}


def _all_faults(text: str, headers: dict[str, str] = HEADERS) -> list[str]:
    page = page_checks.Read(text)
    faults = page_checks.policy_faults(headers, page) + page_checks.host_faults(page)
    faults += page_checks.shell_faults(page, "zh-Hans") + page_checks.placeholder_faults(page)
    return faults + page_checks.cache_faults(headers, personal=True)


def test_a_sound_page_has_no_faults() -> None:
    assert _all_faults(SOUND) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("</body>", "<script>go()</script></body>", "script inside"),
        ("</body>", "<style>p{}</style></body>", "style inside"),
        ("<h1>", '<h1 style="color:red">', "style inside"),
        ("<h1>", '<h1 onclick="go()">', "handler onclick"),
        ('href="/new/"', 'href="javascript:go()"', "is code"),
        ('href="/new/"', 'href="//cdn.example/x"', "cdn.example"),
        ('src="/a.js"', 'src="https://cdn.example/a.js"', "cdn.example"),
        ("</body>", '<form action="http://elsewhere.example/"></form></body>', "elsewhere.example"),
        ("人员 · 客服绩效", " · 客服绩效", "no title"),
        ('lang="zh-Hans"', 'lang="en"', "language"),
        ("<h1>人员</h1>", "", "0 main headings"),
        ("<h1>人员</h1>", "<h1>人员</h1><h1>班组</h1>", "2 main headings"),
        ("<dialog>", '<a class="btn btn-primary">二</a><dialog>', "2 primary actions"),
        ("新增", "共 {n} 人", "{n}"),
    ],
)  # fmt: skip
def test_each_fault_of_a_page_is_found(old: str, new: str, fault: str) -> None:
    faults = _all_faults(SOUND.replace(old, new, 1))
    assert len(faults) == 1
    assert fault in faults[0]


def test_missing_headers_are_found() -> None:
    lax = HEADERS["Content-Security-Policy"].replace("script-src 'self'", "script-src 'self' 'unsafe-inline'")
    assert len(_all_faults(SOUND, {"Content-Security-Policy": lax, "Cache-Control": "no-store"})) == 2
    assert len(_all_faults(SOUND, {"Cache-Control": "no-store"})) == len(page_checks.WANTED_CSP)
    assert _all_faults(SOUND, {**HEADERS, "Cache-Control": "private"}) == ["may be stored (no no-store)"]


def test_untranslated_text_is_found() -> None:
    page = page_checks.Read(
        '<p>⟦共 ⟦三⟧ 人⟧ 安小明 客服部安小明 漏译</p><i title="也漏了"></i><script>{"a": "图上"}</script>'
    )
    assert page_checks.language_faults(page, {"安小明", "客服部"}) == ["也漏了", "图上", "漏译"]
