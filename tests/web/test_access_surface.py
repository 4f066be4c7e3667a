"""What the server shows to the outside: headers, health, logs without personal data, safe settings under HTTPS."""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import DatabaseError, connection
from django.test import Client

from meritdesk.web.access import health
from meritdesk.web.access.logs import JsonFormatter
from meritdesk.web.access.models import User
from meritdesk.web.jobs import queue
from tests.web.company import PASSWORD, Company

SignedIn = Callable[[User], Client]


def test_headers_of_every_page(company: Company, signed_in: SignedIn) -> None:
    """Strict policy, no sniffing, no framing, no copies; also on refusals and before sign-in."""
    client = signed_in(company.users["admin"])
    for response in (client.get("/accounts/"), client.get("/no-such-page/"), Client().get("/sign-in/")):
        headers = response.headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy
        assert headers["Cache-Control"].find("no-store") >= 0
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert headers["Referrer-Policy"] == "same-origin"
        assert "camera=()" in headers["Permissions-Policy"]


def test_pages_have_no_inline_script_or_style(company: Company, signed_in: SignedIn) -> None:
    """The policy would not run them."""
    client = signed_in(company.users["admin"])
    account = f"/accounts/{company.users['agent'].pk}/"
    for url in ("/accounts/", "/accounts/new/", "/accounts/for-people/", account, "/delegations/", "/me/password/"):
        page = client.get(url).content.decode()
        assert " style=" not in page, url
        assert " onclick=" not in page, url
        assert page.count("<script") == page.count("<script src="), url


def test_health(monkeypatch: pytest.MonkeyPatch) -> None:
    """Degraded when something is not well, 503 without the database; it names what, and nobody."""
    queue.beat()
    answer = Client().get("/health")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"
    assert answer.json()["database"] == "ok"
    assert answer.json()["version"]
    monkeypatch.setitem(health._checks, "worker", lambda: "silent")
    answer = Client().get("/health")
    assert (answer.status_code, answer.json()["status"], answer.json()["worker"]) == (200, "degraded", "silent")

    def down() -> None:
        raise DatabaseError

    with monkeypatch.context() as broken:
        broken.setattr(connection, "cursor", down)
        answer = Client().get("/health")
    assert (answer.status_code, answer.json()["database"]) == (503, "unreachable")


@pytest.fixture
def lines() -> Callable[[], list[dict[str, object]]]:
    """Return what was written to the log, as the server writes it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    names = ("meritdesk", "django", "django.request", "django.security")
    loggers = [root, *(logging.getLogger(name) for name in names)]
    for logger in loggers:
        logger.addHandler(handler)

    def read() -> list[dict[str, object]]:
        for logger in loggers:
            logger.removeHandler(handler)
        return [json.loads(line) for line in stream.getvalue().splitlines()]

    return read


def test_logs_hold_no_personal_data(
    company: Company, signed_in: SignedIn, lines: Callable[[], list[dict[str, object]]]
) -> None:
    """Names, account names, staff keys, what was searched and typed are not in the log; the account's number is."""
    hr = company.users["hr"]
    client = signed_in(hr)
    client.get("/people/?f_name=安小明")
    client.get(f"/people/{company.people['agent'].pk}/?next=K-agent")
    client.get("/no-such-page/安小明/")
    client.get("/sign-in/", headers={"host": "evil-安.example"})
    Client().post("/sign-in/", {"login": "agent", "password": "wrong-password-1"})
    Client().post("/sign-in/", {"login": "colleague", "password": PASSWORD})
    with pytest.raises(RuntimeError):
        _failing(client, "安小明 breaks")
    logging.getLogger("django.request").error("Internal Server Error: %s", "/people/?q=安小明")
    written = lines()
    text = json.dumps(written, ensure_ascii=False)
    for secret in ("安小明", "K-agent", "colleague", "康同事", PASSWORD, "wrong-password-1", "何人事", "testserver"):
        assert secret not in text, secret
    requests = [line for line in written if line["logger"] == "meritdesk.request"]
    assert len(requests) >= 6
    assert any(line.get("route") == "person" and line.get("user") == hr.pk for line in requests)
    assert {"at", "level", "request_id", "method", "status", "milliseconds"} <= set(requests[0])


def _failing(client: Client, text: str) -> None:
    try:
        raise RuntimeError(text)
    except RuntimeError:
        logging.getLogger("meritdesk.jobs").exception("a job failed")
        raise


def run_django(arguments: list[str], home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command of Django under the settings as a server would have them."""
    env = {
        "PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "meritdesk.web.settings", "MERITDESK_HOME": str(home),
        "PYTHONUTF8": "1", **environment,
    }  # fmt: skip
    return subprocess.run([sys.executable, "-m", "django", *arguments], env=env, capture_output=True, text=True)


def test_deployment_check_is_clean_under_https(tmp_path: Path) -> None:
    """Django's own check finds nothing with MERITDESK_HTTPS=1, and does find faults without (negative control)."""
    checked = ["check", "--deploy", "--fail-level", "WARNING", "--tag", "security"]
    done = run_django(checked, tmp_path, MERITDESK_HTTPS="1", MERITDESK_PROXIES="1", MERITDESK_HOSTS="m.example")
    assert done.returncode == 0, done.stderr
    assert run_django(checked, tmp_path).returncode != 0


def test_the_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    """Nobody else on the machine reads it."""
    run_django(["check", "--tag", "security"], tmp_path)
    key = tmp_path / "secret.key"
    first = key.read_text(encoding="ascii")
    assert len(first) >= 50
    assert key.stat().st_mode & 0o077 == 0
    run_django(["check", "--tag", "security"], tmp_path)
    assert key.read_text(encoding="ascii") == first
