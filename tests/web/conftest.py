"""What the tests of the web part share: a small company, clients that are signed in, counted queries.

Every test here may use the database.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from playwright.sync_api import Browser, sync_playwright
from pytest_django import DjangoDbBlocker, Settings

from meritdesk.web.access import triggers
from meritdesk.web.access.models import User
from meritdesk.web.cycles import triggers as of_cycles
from meritdesk.web.schemes import triggers as of_schemes
from tests.web.audit_guard import guarded
from tests.web.company import Company, make_company

CHROMIUM = Path(os.environ.get("MERITDESK_CHROMIUM", "/usr/bin/chromium"))
Counter = Callable[..., AbstractContextManager[CaptureQueriesContext]]


@pytest.fixture(autouse=True)
def _database(db: None) -> None:
    """Let every test of the web part use the database."""


@pytest.fixture(autouse=True)
def _own_home(settings: Settings, tmp_path: Path) -> None:
    """Keep files of one test from the next: ids begin anew in each, and folders are called by them."""
    settings.HOME = tmp_path / "home"
    settings.HOME.mkdir()


@pytest.fixture(autouse=True)
def _fast_passwords(settings: Settings, request: pytest.FixtureRequest) -> None:
    """Hash passwords in a microsecond, except in tests marked `real_passwords`."""
    if request.node.get_closest_marker("real_passwords") is None:
        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def unaudited(_database: None) -> Iterator[list[str]]:
    """Fail a test in which a request changed a row outside an action, and so without an audit entry."""
    with guarded() as found:
        yield found
    assert not found, "changed without an audit entry:\n" + "\n".join(found)


@pytest.fixture(scope="session", autouse=True)
def _flush_past_the_triggers() -> Iterator[None]:
    """Let the tests with real transactions empty the audit table afterwards, which the database refuses otherwise."""
    kind = type(connection.ops)
    flush = kind.execute_sql_flush

    def past(ops: Any, statements: Any) -> None:
        for module in (triggers, of_cycles, of_schemes):
            module.remove(ops.connection)
        flush(ops, statements)
        for module in (triggers, of_cycles, of_schemes):
            module.install(ops.connection)

    kind.execute_sql_flush = past  # type: ignore[method-assign,assignment]
    yield
    kind.execute_sql_flush = flush  # type: ignore[method-assign]


@pytest.fixture
def company(_fast_passwords: None) -> Company:
    """Return the small company of tests/web/company.py."""
    return make_company()


@pytest.fixture
def signed_in() -> Callable[[User], Client]:
    """Return a maker of clients that are signed in: `signed_in(company.users["hr"]).get(…)`."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def count_queries() -> Counter:
    """Return a context that counts: `with count_queries(at_most=15) as queries: …`; `len(queries)` tells how many."""

    @contextmanager
    def count(at_most: int = 15) -> Iterator[CaptureQueriesContext]:
        with CaptureQueriesContext(connection) as queries:
            yield queries
        listed = "\n".join(query["sql"][:160] for query in queries.captured_queries)
        assert len(queries) <= at_most, f"{len(queries)} queries, at most {at_most} allowed:\n{listed}"

    return count


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start headless Chromium once for all tests of a process (it bears no second driver); skip where there is none."""
    if not CHROMIUM.is_file():
        pytest.skip("no Chromium on this machine (MERITDESK_CHROMIUM)")
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # The loop that drives the browser runs in this thread; the database is still used by one at a time.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        started = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="session", autouse=True)
def _no_session_left(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """End what threads of servers have left open on PostgreSQL, which keeps a database from being taken away."""
    yield
    with django_db_blocker.unblock():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
