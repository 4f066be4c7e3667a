"""A3 for ratings: every remark and score a unique token; every page is crawled as every role; nobody reads another's.

Tokens: the remark of each rating item, and its score as a level that no other text says. Who is entitled to a remark:
whoever reads the result of that person (the person, the lead, supervisor, HR, panel, auditor), and the rater.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client

from meritdesk.web.access.models import User
from meritdesk.web.cycles.models import Appraisal, RatingForm, RatingItem
from meritdesk.web.cycles.queries import doors
from meritdesk.web.home import navigation
from tests.web import cycle_company
from tests.web.cycle_company import Centre, advance, build_cycle

SignIn = Callable[[User], Client]
Property = Callable[[str, object], None]
TOKEN = re.compile(r"标记\d{6}号")
LINK = re.compile(r'(?:href|hx-get)="(/[^"#]*)')
BARREN = re.compile(r"/records/|\.pdf$|/export/|/schemes/|/scheme/|/calendar|/organisation|/people/\d")
"""Pages on which no rating can stand; left out, so that the crawl takes seconds."""
PAGES = 120
"""Pages that one account visits at most."""
SKIPPED = ("/static/", "/me/second-factor", "/me/password", "/me/confirm", "/sign-", "/people/import")


def mark(centre: Centre) -> dict[str, tuple[int, set[int]]]:
    """Give every rating item a token; returns token → (appraisal, people who rated it)."""
    tokens: dict[str, tuple[int, set[int]]] = {}
    items = list(RatingItem.objects.filter(form__appraisal__cycle=centre.cycle).select_related("form"))
    for item in items:
        item.remark = f"标记{100_000 + item.pk}号"
        raters = {item.form.rater_id} if item.form.rater_id else set()
        tokens[item.remark] = (item.form.appraisal_id, raters)
    RatingItem.objects.bulk_update(items, ["remark"], batch_size=200)
    return tokens


def crawl(client: Client, starts: set[str]) -> tuple[int, dict[str, str]]:
    """Follow every link from `starts`; returns the pages seen, and token → page on which it stood."""
    waiting, visited = sorted(starts), set(starts)
    found: dict[str, str] = {}
    pages = 0
    while waiting and pages < PAGES:
        url = waiting.pop(0)
        answer = client.get(url)
        pages += 1
        if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
            continue
        text = unescape(answer.content.decode())
        for token in TOKEN.findall(text):
            found.setdefault(token, url)
        for link in LINK.findall(answer.content.decode()):
            path = unescape(link).partition("?")[0]
            if path not in visited and not path.startswith(SKIPPED) and not BARREN.search(path):
                visited.add(path)
                waiting.append(path)
    return pages, found


def starts_of(centre: Centre, user: User) -> set[str]:
    """Return where a crawl begins: the navigation, and every result and form of everybody, allowed or not."""
    links = {str(child["url"]) for group in navigation.navigation(user, "", {}) for child in group.get("children", [])}  # type: ignore[attr-defined]
    appraisals = Appraisal.objects.filter(cycle=centre.cycle)
    tried = {f"/cycles/appraisals/{a.pk}/{rest}" for a in appraisals for rest in ("", "form/", "self/")}
    forms = {f"/cycles/ratings/{form.pk}/" for form in RatingForm.objects.filter(appraisal__cycle=centre.cycle)}
    return {"/", "/search/?q=A0", "/cycles/my-results/", f"/cycles/{centre.cycle.pk}/", *links, *tried, *forms}


def entitled(user: User, tokens: dict[str, tuple[int, set[int]]], *, rights: tuple[str, ...]) -> set[str]:
    """Return the tokens that an account may read under any of the rights, or because it gave the rating."""
    readable = {pk for right in rights for pk in doors.appraisals_in_reach(user, right).values_list("pk", flat=True)}
    return {t for t, (appraisal, raters) in tokens.items() if appraisal in readable or user.person_id in raters}


READERS = ("A0001", "A0101", "L01", "L02", "M01", "Q01", "H01", "P01", "auditor")


def build(state: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Centre, dict[str, tuple[int, set[int]]]]:
    """Return a company in `state` whose ratings carried tokens when the results were made."""
    tokens: dict[str, tuple[int, set[int]]] = {}
    fill = cycle_company.fill_forms

    def filled(cycle: object, **more: object) -> int:
        number = fill(cycle, **more)  # type: ignore[arg-type]
        tokens.update(mark(centre))
        return number

    monkeypatch.setattr(cycle_company, "fill_forms", filled)
    centre = build_cycle("rating")
    advance(centre, state)
    return centre, tokens


@pytest.mark.parametrize("state", ["calibrating", "published"])
def test_no_rating_is_read_by_others(
    state: str, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch, record_property: Property
) -> None:
    """0 tokens seen by those not entitled; before publication nobody rated reads any of theirs."""
    centre, tokens = build(state, monkeypatch)
    assert len(tokens) > 30
    visited = seen = 0
    for name in READERS:
        user = centre.users[name]
        rights = ("results.read", "ratings.read") if state == "published" else ("ratings.read",)
        pages, found = crawl(signed_in(user), starts_of(centre, user))
        visited, seen = visited + pages, seen + len(found)
        leaked = {token: url for token, url in found.items() if token not in entitled(user, tokens, rights=rights)}
        assert not leaked, f"{name} reads what is not theirs: {leaked}"
    record_property("pages", visited)
    record_property("tokens", len(tokens))
    record_property("tokens_read_by_the_entitled", seen)
    assert state != "published" or seen > len(tokens), "the crawl reached no results: it would find no leak either"


def test_a_leak_is_found(signed_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: with the door open to everybody, an agent reads the ratings of others."""
    centre, tokens = build("published", monkeypatch)
    user = centre.users["A0001"]
    allowed = entitled(user, tokens, rights=("results.read",))
    monkeypatch.setattr(doors, "appraisals_in_reach", lambda user, right: Appraisal.objects.all())
    _pages, found = crawl(signed_in(user), starts_of(centre, user))
    assert set(found) - allowed
