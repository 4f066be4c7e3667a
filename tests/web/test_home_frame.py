"""The frame around every page, search, notices and language."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from meritdesk.web.access.models import AuditEntry, User
from meritdesk.web.access.routes import table
from meritdesk.web.cycles.models import Notice
from meritdesk.web.home import navigation
from tests.web.company import Company
from tests.web.results_company import published

SignIn = Callable[[User], Client]
WHO = ("agent", "lead", "supervisor", "qa", "trainer", "panel", "hr", "finance", "auditor", "admin")


def links(user: User) -> dict[str, str]:
    """Return title → address of everything in the frame of an account."""
    groups = navigation.navigation(user, "home", {})
    entries = [entry for group in groups for entry in (group.get("children") or [group])]  # type: ignore[attr-defined]
    entries += [*navigation.tabs(user, "home", {}), *navigation.menu(user)]
    return {str(entry["title"]): str(entry["url"]) for entry in entries}


@pytest.mark.parametrize("who", WHO)
def test_every_entry_opens(company: Company, signed_in: SignIn, who: str, settings: object) -> None:
    """Nothing in the navigation leads to a page that the account may not see."""
    client = signed_in(company.users[who])
    for title, url in links(company.users[who]).items():
        answer = client.get(url)
        assert answer.status_code in (200, 302), (who, title, url)


def test_every_entry_is_an_address() -> None:
    """No entry waits for a page that does not exist."""
    names = {rule.name for rule in table()}
    wanted = {entry.url_name for group in navigation.GROUPS for entry in group.entries}
    wanted |= {entry.url_name for entry in (*navigation.TABS, *navigation.MENU)}
    assert wanted <= names, wanted - names


def test_entries_follow_the_rights(company: Company) -> None:
    """Each sees what the access table lets them do; the list of it is nowhere else."""
    shown = {who: set(links(company.users[who])) for who in WHO}
    assert "团队结果" in shown["lead"] & shown["supervisor"] & shown["hr"] & shown["panel"] & shown["auditor"]
    assert not {"团队结果", "考核周期", "账号", "审计", "人员"} & shown["agent"]
    assert "账号" in shown["admin"]
    assert "账号" not in shown["hr"]
    assert "审计" in shown["auditor"]
    assert "我的结果" in shown["agent"]
    assert "我的结果" not in shown["auditor"]


def test_language_is_kept_and_leads_back(company: Company, signed_in: SignIn) -> None:
    """In the cookie and with the account, audited; never to a foreign host."""
    user = company.users["agent"]
    client = signed_in(user)
    answer = client.post("/language/", {"language": "en", "next": "/notices/"})
    assert answer.headers["Location"] == "/notices/"
    assert answer.cookies["language"].value == "en"
    user.refresh_from_db()
    assert user.language == "en"
    assert AuditEntry.objects.filter(action="account.language", actor="agent").count() == 1
    for foreign in ("//evil.example/", "https://evil.example/", "javascript:alert(1)", "/\\evil.example"):
        assert client.post("/language/", {"language": "en", "next": foreign}).headers["Location"] == "/"
    assert Client().post("/language/", {"language": "xx", "next": "/"}).status_code == 302


def test_notices_are_read_one_by_one_and_all(company: Company, signed_in: SignIn) -> None:
    """The number in the frame falls; nobody reads another's."""
    user, other = company.users["agent"], company.users["colleague"]
    mine = [Notice.objects.create(user=user, text=f"通知{n}", url="/me/") for n in range(3)]
    foreign = Notice.objects.create(user=other, text="别人的")
    client = signed_in(user)
    answer = client.get("/notices/")
    assert answer.context["notice_count"] == 3
    assert "别人的" not in answer.content.decode()
    assert client.post("/notices/read/", {"notice": mine[0].pk}).headers["Location"] == "/me/"
    assert client.get("/").context["notice_count"] == 2
    client.post("/notices/read/", {"notice": foreign.pk})
    client.post("/notices/read/")
    assert client.get("/").context["notice_count"] == 0
    foreign.refresh_from_db()
    assert foreign.read_at is None


def test_search_finds_what_is_in_reach(signed_in: SignIn) -> None:
    """People, cycles, schemes and results, each by its own right; an agent finds only their own result."""
    centre = published()

    def found(name: str, words: str) -> set[str]:
        kinds = signed_in(centre.users[name]).get("/search/", {"q": words}).context["found"]
        return {hit.url for kind in kinds for hit in kind.hits}

    key = "A0001"
    appraisal = centre.cycle.appraisals.get(person=centre.people[key])
    person, result = f"/people/{centre.people[key].pk}/", f"/cycles/appraisals/{appraisal.pk}/"
    assert found("H01", key) == found("L01", key) == {person, result}
    assert found(key, key) == {result}
    assert found("A0002", key) == found("Q01", key) == set()
    assert found("L02", key) <= {person}
    assert f"/cycles/{centre.cycle.pk}/" in found("H01", "2025年9月")
    assert f"/cycles/{centre.cycle.pk}/" not in found("A0001", "2025年9月")
    assert f"/schemes/versions/{centre.version.pk}/" in found("A0001", centre.version.scheme.title)
    assert found("H01", "' OR 1=1 --") == found("H01", "") == set()
