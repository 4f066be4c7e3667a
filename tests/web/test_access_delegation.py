"""Standing in for one another: who may arrange it, what it opens, and that the audit names both."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from meritdesk.web.access.actions import Refused
from meritdesk.web.access.delegation_actions import do_arrange_delegation, do_end_delegation
from meritdesk.web.access.models import AuditEntry, Delegation, User
from meritdesk.web.people.reach import people_in_reach
from tests.web.company import Company

SignedIn = Callable[[User], Client]


def arrange(company: Company, by: str, absent: str, delegate: str, first: int = 0, last: int = 3) -> Delegation:
    today = timezone.localdate()
    users = company.users
    return do_arrange_delegation(
        acting_user=users[by],
        absent=users[absent],
        delegate=users[delegate],
        first_day=today + timedelta(days=first),
        last_day=today + timedelta(days=last),
    )


def fresh(user: User) -> User:
    """Return the account as the next request reads it."""
    return User.objects.get(pk=user.pk)


def test_delegate_reaches_what_the_absent_reaches(company: Company) -> None:
    """While it runs; not before, not after, not when ended; and not from one delegate to the next."""
    agent = company.users["colleague"]
    assert people_in_reach(agent, "people.read").count() == 0
    delegation = arrange(company, "lead2", "lead2", "colleague")
    assert people_in_reach(fresh(agent), "people.read").filter(key="K-agent2").exists()
    arrange(company, "colleague", "colleague", "agent")
    assert people_in_reach(fresh(company.users["agent"]), "people.read").count() == 0, "borrowed roles are not lent on"
    do_end_delegation(acting_user=company.users["lead2"], delegation=delegation)
    assert people_in_reach(fresh(agent), "people.read").count() == 0
    arrange(company, "lead", "lead", "agent2", first=1, last=2)
    assert people_in_reach(fresh(company.users["agent2"]), "people.read").count() == 0, "not yet"


def test_audit_names_both(company: Company, signed_in: SignedIn) -> None:
    """An act by a borrowed role names who acted and whose role it was; an act by one's own names nobody else."""
    arrange(company, "admin", "admin", "agent")
    client = signed_in(company.users["agent"])
    client.post(f"/accounts/{company.users['agent2'].pk}/close/")
    entry = AuditEntry.objects.latest("sequence")
    assert (entry.action, entry.actor, entry.absent, entry.absent_name) == ("close-account", "agent", "admin", "管理员")
    signed_in(company.users["admin2"]).post(f"/accounts/{company.users['agent2'].pk}/open/")
    entry = AuditEntry.objects.latest("sequence")
    assert (entry.actor, entry.absent) == ("admin2", "")
    page = signed_in(company.users["auditor"]).get("/audit/?actor=管理员").content.decode()
    assert "代 管理员" in page


@pytest.mark.parametrize(
    ("by", "absent", "delegate", "words"),
    [
        ("agent", "lead", "colleague", "只能安排自己的代办"),
        ("hr", "lead", "hr", "代办人不能是自己"),
        ("hr", "admin", "hr2", "由本人或系统管理员安排"),
        ("lead", "lead", "lead", "不能由本人代办本人"),
    ],
)
def test_nobody_helps_themselves_to_a_role(company: Company, by: str, absent: str, delegate: str, words: str) -> None:
    """Arranging for others is for personnel and administrators, never in one's own favour, never of stronger roles."""
    with pytest.raises(Refused, match=words):
        arrange(company, by, absent, delegate)


def test_borrowed_role_does_not_arrange_for_others(company: Company) -> None:
    """Who stands in for personnel arranges only their own absence."""
    arrange(company, "hr", "hr", "agent")
    with pytest.raises(Refused, match="只能安排自己的代办"):
        arrange(company, "agent", "lead", "colleague")


def test_days_must_make_sense(company: Company) -> None:
    """Past, reversed, overlong and overlapping absences are refused."""
    for first, last, words in ((2, 1, "早于"), (-3, -1, "已经过去"), (0, 120, "最长")):
        with pytest.raises(Refused, match=words):
            arrange(company, "lead", "lead", "agent", first, last)
    arrange(company, "lead", "lead", "agent", 0, 5)
    with pytest.raises(Refused, match="已有代办"):
        arrange(company, "lead", "lead", "colleague", 3, 8)
    with pytest.raises(Refused, match="自己也请人代办"):
        arrange(company, "colleague", "colleague", "lead", 3, 8)


def test_page_shows_own_and_all(company: Company, signed_in: SignedIn) -> None:
    """People see what concerns them; personnel see and end all; others cannot end what is not theirs."""
    delegation = arrange(company, "lead", "lead", "agent")
    agent, colleague, hr = (signed_in(company.users[name]) for name in ("agent", "colleague", "hr"))
    assert (
        "林班长"
        in agent.get("/delegations/").content.decode().split("<aside")[0] + agent.get("/delegations/").content.decode()
    )
    assert f"/delegations/{delegation.pk}/end/" not in colleague.get("/delegations/").content.decode()
    assert colleague.post(f"/delegations/{delegation.pk}/end/").status_code == 404
    assert hr.post(f"/delegations/{delegation.pk}/end/").status_code == 302
    delegation.refresh_from_db()
    assert delegation.ended_at is not None


def test_form_arranges_and_refuses(company: Company, signed_in: SignedIn) -> None:
    """The page arranges one's own; a forged `absent` is not listened to."""
    client = signed_in(company.users["lead"])
    today = timezone.localdate().isoformat()
    data = {
        "absent": company.users["hr"].pk, "delegate": company.users["agent"].pk, "first_day": today,
        "last_day": today, "once": "k",
    }  # fmt: skip
    assert client.post("/delegations/", data).status_code == 302
    assert Delegation.objects.get().absent == company.users["lead"]
    again = client.post("/delegations/", {**data, "once": "k2"})
    assert again.status_code == 422
    assert "已有代办" in again.content.decode()
