"""Signing in: words that give nothing away, waiting, forced steps, the second factor, sessions that end."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.sessions.models import Session
from django.test import Client
from pytest_django import Settings

from meritdesk.web.access.account_actions import do_reset_password
from meritdesk.web.access.models import AuditEntry, SignInFailure
from meritdesk.web.access.sign_in import limits
from tests.web.company import PASSWORD, Company

SIGN_IN = "/sign-in/"
PLAIN_PAGE = "/delegations/"
"""A page that everybody with a person may see."""


def try_sign_in(client: Client, username: str, password: str = PASSWORD, forwarded_for: str = "") -> Any:
    headers = {"x-forwarded-for": forwarded_for} if forwarded_for else {}
    return client.post(SIGN_IN, {"login": username, "password": password}, headers=headers)


def last_actions(n: int = 1) -> list[str]:
    return list(AuditEntry.objects.order_by("-sequence").values_list("action", flat=True)[:n])


def test_signing_in_and_out_is_audited(company: Company) -> None:
    """A right password begins a session and leaves entries; signing out ends it."""
    client = Client()
    assert try_sign_in(client, "agent").status_code == 302
    assert last_actions() == ["sign-in"]
    assert client.get(PLAIN_PAGE).status_code == 200
    assert client.post("/sign-out/").status_code == 302
    assert last_actions() == ["sign-out"]
    assert client.get(PLAIN_PAGE).status_code == 302


@pytest.mark.parametrize("case", ["unknown", "wrong", "closed"])
def test_refusal_looks_the_same_whatever_is_wrong(company: Company, case: str) -> None:
    """No account, a wrong password and a closed account get the same answer, in the same words."""
    if case == "closed":
        company.users["agent"].is_active = False
        company.users["agent"].save()
    name, password = {"unknown": ("nobody", PASSWORD), "wrong": ("agent", "x"), "closed": ("agent", PASSWORD)}[case]
    response = try_sign_in(Client(), name, password)
    assert response.status_code == 200
    page = response.content.decode()
    assert "账号或密码不对" in page
    assert last_actions() == ["sign-in-failed"]
    entry = AuditEntry.objects.latest("sequence")
    assert (entry.target_name == "-") == (case == "unknown")
    assert "nobody" not in entry.target_name + entry.new


@pytest.mark.parametrize("name", ["agent", "nobody"])
def test_too_many_failures_name_the_waiting_time(company: Company, name: str) -> None:
    """After five wrong passwords even the right one must wait; the page says how long; others go on."""
    client = Client()
    for _attempt in range(limits.PER_ACCOUNT):
        assert "账号或密码不对" in try_sign_in(client, name, "wrong").content.decode()
    refused = try_sign_in(client, name)
    assert "请 10 分钟后再试" in refused.content.decode()
    assert not client.session.get("_auth_user_id")
    assert try_sign_in(Client(), "colleague").status_code == 302


def test_waiting_ends(company: Company) -> None:
    """When the failures are older than the window, one may try again."""
    for _attempt in range(limits.PER_ACCOUNT):
        try_sign_in(Client(), "agent", "wrong")
    for row in SignInFailure.objects.all():
        SignInFailure.objects.filter(pk=row.pk).update(at=row.at - limits.WINDOW)
    assert try_sign_in(Client(), "agent").status_code == 302


def test_one_address_cannot_try_all_accounts(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """Failures count by address as well; a forged X-Forwarded-For is not believed without a trusted proxy."""
    monkeypatch.setattr(limits, "PER_ADDRESS", 6)
    for number in range(6):
        try_sign_in(Client(), f"n{number}", "wrong", forwarded_for=f"10.0.0.{number}")
    assert "分钟后再试" in try_sign_in(Client(), "agent").content.decode()


def test_right_passwords_do_not_count(company: Company) -> None:
    """Signing in often is no offence."""
    for _attempt in range(limits.PER_ACCOUNT + 3):
        assert try_sign_in(Client(), "agent").status_code == 302
    assert SignInFailure.objects.count() == 0


def test_one_time_password_must_be_changed(company: Company) -> None:
    """After a reset every page leads to the change of the password, and only a good one is taken."""
    old_session = Client()
    try_sign_in(old_session, "agent")
    password = do_reset_password(acting_user=company.users["admin"], user=company.users["agent"])
    assert old_session.get(PLAIN_PAGE).status_code == 302, "other sessions end"
    client = Client()
    assert try_sign_in(client, "agent", password).status_code == 302
    assert client.get(PLAIN_PAGE).headers["Location"] == "/me/password/"

    def change(new: str, again: str = "") -> str:
        data = {"oldpassword": password, "password1": new, "password2": again or new}
        return str(client.post("/me/password/", data).content.decode())

    assert "field-error" in change("short")
    assert "field-error" in change("1234567890")
    assert "两次输入的新密码不一样" in change("a good new one 7", "another")
    assert "新密码要和旧的不一样" in change(password)
    other = Client()
    try_sign_in(other, "agent", password)
    change("a good new one 7")
    assert client.get(PLAIN_PAGE).status_code == 200
    assert "change-password" in last_actions(3)
    assert other.get(PLAIN_PAGE).status_code == 302, "all other sessions end"


def code_of(client: Client, username: str) -> str:
    """Return the code that the phone shows now."""
    from allauth.mfa.utils import decrypt

    secret = decrypt(Authenticator.objects.get(user__username=username, type="totp").data["secret"])
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


def set_up(client: Client) -> None:
    """Set the second factor up as the page asks for it."""
    client.get("/me/second-factor/set-up/")
    secret = client.session["mfa.totp.secret"]
    code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    assert client.post("/me/second-factor/set-up/", {"code": code}).headers["Location"] == "/me/second-factor/codes/"


@pytest.mark.parametrize("role", ["hr", "finance", "auditor", "admin"])
def test_second_factor_is_demanded(company: Company, settings: Settings, role: str) -> None:
    """Personnel, finance, auditors and administrators set up a second factor before anything else."""
    settings.MFA_REQUIRED = True
    client = Client()
    try_sign_in(client, role)
    assert client.get("/sign-in/", follow=False).status_code == 302
    page = {"auditor": "/audit/", "admin": "/accounts/"}.get(role, PLAIN_PAGE)
    assert client.get(page).headers["Location"] == "/me/second-factor/set-up/"
    set_up(client)
    assert client.get(page).status_code == 200
    assert "set-up-second-factor" in last_actions(2)
    assert "不能停用" in client.get("/me/second-factor/remove/").content.decode()
    client.post("/me/second-factor/remove/")
    assert Authenticator.objects.filter(user__username=role, type="totp").exists()


def test_second_factor_is_not_demanded_of_agents(company: Company, settings: Settings) -> None:
    """Others may do without."""
    settings.MFA_REQUIRED = True
    client = Client()
    try_sign_in(client, "agent")
    assert client.get(PLAIN_PAGE).status_code == 200


def test_signing_in_with_a_code(company: Company) -> None:
    """With the second factor the password alone opens nothing; a code works once; a recovery code works once."""
    client = Client()
    try_sign_in(client, "agent")
    set_up(client)
    codes_page = client.get("/me/second-factor/codes/").content.decode()
    recovery = codes_page.split('id="codes">')[1].split()[0]

    fresh = Client()
    assert try_sign_in(fresh, "agent").headers["Location"].startswith("/sign-in/code/")
    assert fresh.get(PLAIN_PAGE).status_code == 302
    assert "验证码不对" in fresh.post("/sign-in/code/", {"code": "000000"}).content.decode()
    code = code_of(fresh, "agent")
    assert fresh.post("/sign-in/code/", {"code": code}).status_code == 302
    assert fresh.get(PLAIN_PAGE).status_code == 200

    replay = Client()
    try_sign_in(replay, "agent")
    assert replay.post("/sign-in/code/", {"code": code}).status_code == 200, "a code is good for one use"
    assert replay.post("/sign-in/code/", {"code": recovery}).status_code == 302
    again = Client()
    try_sign_in(again, "agent")
    assert again.post("/sign-in/code/", {"code": recovery}).status_code == 200


def test_codes_are_counted(company: Company) -> None:
    """After five wrong codes even the right one must wait."""
    client = Client()
    try_sign_in(client, "agent")
    set_up(client)
    fresh = Client()
    try_sign_in(fresh, "agent")
    for _attempt in range(5):
        fresh.post("/sign-in/code/", {"code": "000000"})
    assert "5 分钟后再试" in fresh.post("/sign-in/code/", {"code": code_of(fresh, "agent")}).content.decode()


def test_secrets_are_encrypted(company: Company) -> None:
    """What lies in the database is of no use without the key."""
    client = Client()
    try_sign_in(client, "agent")
    client.get("/me/second-factor/set-up/")
    secret = client.session["mfa.totp.secret"]
    set_up(client)
    stored = json.dumps(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in stored
    assert "gAAAA" in stored


def test_idle_and_old_sessions_end(company: Company, settings: Settings) -> None:
    """A session ends an hour after the last click, and after twelve hours whatever happens."""
    for key, age in (("seen", settings.SESSION_IDLE_SECONDS + 1), ("began", settings.SESSION_COOKIE_AGE + 1)):
        client = Client()
        try_sign_in(client, "agent")
        session = client.session
        session[key] = int(time.time()) - age
        session.save()
        assert client.get(PLAIN_PAGE).status_code == 302, key
        assert "_auth_user_id" not in client.session


def test_sessions_hold_no_password(company: Company) -> None:
    """Nothing typed lies in the session."""
    client = Client()
    try_sign_in(client, "agent")
    assert all(PASSWORD not in json.dumps(session.get_decoded()) for session in Session.objects.all())


def test_demo_accounts_show_in_the_demo_only(company: Company, settings: Settings, tmp_path: Path) -> None:
    """The list of accounts stands on the sign-in page of the demo and nowhere else."""
    settings.HOME = tmp_path
    account = {"username": "u1", "name": "李演示", "role": "班组长", "hint": "本组", "password": "demo-secret"}
    (tmp_path / "demo-accounts.json").write_text(json.dumps([account]), encoding="utf-8")
    assert "demo-secret" not in Client().get(SIGN_IN).content.decode()
    settings.DEMO = True
    assert "demo-secret" in Client().get(SIGN_IN).content.decode()


@pytest.mark.real_passwords
def test_passwords_are_kept_as_argon2id(company: Company) -> None:
    """m=46 MiB, t=1, p=1."""
    assert company.users["agent"].password.startswith("argon2$argon2id$v=19$m=47104,t=1,p=1$")


def test_language_is_kept(company: Company, signed_in: Callable[..., Client]) -> None:
    """Switching works before and after sign-in; a foreign address is not followed."""
    anybody = Client()
    response = anybody.post("/language/", {"language": "en", "next": "https://evil.example/"})
    assert response.headers["Location"] == "/"
    assert anybody.get(SIGN_IN).headers["Content-Language"] == "en"
    client = signed_in(company.users["agent"])
    client.post("/language/", {"language": "en", "next": PLAIN_PAGE})
    company.users["agent"].refresh_from_db()
    assert company.users["agent"].language == "en"
