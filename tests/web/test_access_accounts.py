"""Accounts and roles: made, granted, taken back; nobody raises themselves, and one administrator remains."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from meritdesk.web.access import account_actions as acts
from meritdesk.web.access.actions import AlreadyDone, Refused
from meritdesk.web.access.models import AuditEntry, RoleGrant, User
from meritdesk.web.access.rights import Role
from tests.web.company import Company
from tests.web.conftest import Counter

SignedIn = Callable[[User], Client]


@pytest.fixture
def admin(company: Company, signed_in: SignedIn) -> Client:
    return signed_in(company.users["admin"])


def test_list_finds_and_does_not_grow(company: Company, admin: Client, count_queries: Counter) -> None:
    """Accounts are found by name, account, staff key and role; the queries do not grow with them."""
    with count_queries(at_most=15) as few:
        page = admin.get("/accounts/").content.decode()
    assert "欧阳二" in page
    assert "一组" in page
    assert "欧阳二" not in admin.get("/accounts/?f_name=安").content.decode()
    assert "安小明" not in admin.get("/accounts/?f_role=hr").content.decode()
    for number in range(40):
        company.add_person(f"more{number}", f"某{number}", "one")
        company.add_user(f"more{number}")
    with count_queries(at_most=15) as many:
        admin.get("/accounts/")
    assert len(many) == len(few)


def test_new_account_shows_its_password_once(company: Company, admin: Client) -> None:
    """The one-time password is on the answer and nowhere else; the same form sent twice makes one account."""
    data = {"username": "New.One", "name": "新人", "person_key": "", "once": "k1"}
    page = admin.post("/accounts/new/", data).content.decode()
    user = User.objects.get(username="new.one")
    password = page.split("<code>")[1].split("</code>")[0]
    assert user.check_password(password)
    assert user.must_change_password
    entry = AuditEntry.objects.latest("sequence")
    assert (entry.action, entry.actor) == ("create-account", "admin")
    assert password not in entry.new + entry.old
    again = admin.post("/accounts/new/", {**data, "username": "other"})
    assert again.status_code == 422
    assert "没有重复执行" in again.content.decode()
    assert not User.objects.filter(username="other").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"username": "AGENT"}, "已经存在"),
        ({"username": "x y"}, "账号名不可用"),
        ({"person_key": "K-agent"}, "已经有账号"),
        ({"person_key": "K-nobody"}, "花名册里没有这个工号"),
    ],
)
def test_refused_accounts_keep_what_was_typed(
    company: Company, admin: Client, change: dict[str, str], words: str
) -> None:
    """A refusal says what is wrong beside the values typed."""
    response = admin.post("/accounts/new/", {"username": "new", "name": "刚输入的名", "once": "k", **change})
    page = response.content.decode()
    assert response.status_code == 422
    assert words in page
    assert "刚输入的名" in page


def test_accounts_for_people(company: Company, admin: Client) -> None:
    """People of the roster get accounts named by their staff key, those who have one are left out."""
    fresh = [company.add_person(f"fresh{number}", f"新{number}", "one") for number in range(3)]
    ids = [person.pk for person in fresh] + [company.people["agent"].pk]
    assert "K-fresh1" in admin.get("/accounts/for-people/").content.decode()
    page = admin.post("/accounts/for-people/", {"ids": ids, "once": "k"}).content.decode()
    assert page.count("<code>") == 3
    assert User.objects.filter(person__in=fresh, must_change_password=True).count() == 3
    assert admin.post("/accounts/for-people/", {"ids": ids, "once": "k2"}).status_code == 422


def test_roles_are_granted_and_taken_back(company: Company, admin: Client) -> None:
    """A role with its scope, once; taken back; both audited with their values."""
    user, team = company.users["agent"], company.teams["one"]
    url = f"/accounts/{user.pk}/"
    assert admin.post(f"{url}grant/", {"role": "team_lead", "scope": f"t{team.pk}"}).status_code == 302
    grant = RoleGrant.objects.get(user=user)
    assert (grant.role, grant.team) == ("team_lead", team)
    assert (
        "已经有这个角色" in admin.post(f"{url}grant/", {"role": "team_lead", "scope": f"t{team.pk}"}).content.decode()
    )
    assert admin.post(f"{url}grant/", {"role": "team_lead", "scope": "t999999"}).status_code == 404
    assert admin.post(f"{url}grant/", {"role": "king", "scope": ""}).status_code == 422
    assert admin.post(f"{url}revoke/{grant.pk}/").status_code == 302
    assert not RoleGrant.objects.filter(user=user).exists()
    taken, given = AuditEntry.objects.order_by("-sequence")[:2]
    assert (given.action, taken.action) == ("grant-role", "revoke-role")
    assert "一组" in given.new
    assert "一组" in taken.old


def test_nobody_grants_themselves_a_role(company: Company, admin: Client) -> None:
    """Not even an administrator."""
    admin_user = company.users["admin"]
    page = admin.post(f"/accounts/{admin_user.pk}/grant/", {"role": "hr", "scope": "all"})
    assert page.status_code == 422
    assert "不能给自己授予角色" in page.content.decode()
    with pytest.raises(Refused):
        acts.do_deactivate(acting_user=admin_user, user=admin_user)
    with pytest.raises(Refused):
        acts.do_reset_second_factor(acting_user=admin_user, user=admin_user)


def test_the_last_administrator_remains(company: Company) -> None:
    """Neither closing accounts nor taking roles back leaves the company without one."""
    first, second = company.users["admin"], company.users["admin2"]
    acts.do_deactivate(acting_user=first, user=second)
    grant = RoleGrant.objects.get(user=first)
    with pytest.raises(Refused, match="最后一位系统管理员"):
        acts.do_revoke_role(acting_user=first, grant=grant)
    with pytest.raises(Refused, match="最后一位系统管理员"):
        acts.do_deactivate(acting_user=second, user=first)
    acts.do_activate(acting_user=first, user=second)
    acts.do_revoke_role(acting_user=second, grant=grant)


def test_closing_ends_sessions(company: Company, admin: Client, signed_in: SignedIn) -> None:
    """A closed account is out with its next click, and in again when it is opened."""
    agent = company.users["agent"]
    client = signed_in(agent)
    assert client.get("/delegations/").status_code == 200
    admin.post(f"/accounts/{agent.pk}/close/")
    assert client.get("/delegations/").status_code == 302
    admin.post(f"/accounts/{agent.pk}/open/")
    assert signed_in(agent).get("/delegations/").status_code == 200


def test_refused_acts_write_nothing(company: Company) -> None:
    """A refusal leaves neither rows nor entries, and the form may be sent again."""
    before = AuditEntry.objects.count()
    with pytest.raises(Refused):
        acts.do_create_account(acting_user=company.users["admin"], username="agent", name="x", once="key")
    assert AuditEntry.objects.count() == before
    acts.do_create_account(acting_user=company.users["admin"], username="fine", name="x", once="key")
    with pytest.raises(AlreadyDone):
        acts.do_create_account(acting_user=company.users["admin"], username="fine2", name="x", once="key")


def test_scope_of_company_wide_roles(company: Company) -> None:
    """Administrators and auditors have no smaller scope."""
    for role in (Role.ADMINISTRATOR, Role.AUDITOR):
        with pytest.raises(Refused, match="全公司"):
            acts.do_grant_role(
                acting_user=company.users["admin"],
                user=company.users["agent"],
                role=role,
                team=company.teams["one"],
            )
