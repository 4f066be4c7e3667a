"""What the tests of the web part share: a small company, clients that are signed in, counted queries.

Every test here may use the database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from meritdesk.web.access.models import User
from tests.web.company import Company, make_company

Counter = Callable[..., AbstractContextManager[CaptureQueriesContext]]


@pytest.fixture(autouse=True)
def _database(db: None) -> None:
    """Let every test of the web part use the database."""


@pytest.fixture(autouse=True)
def _fast_passwords(settings: Settings, request: pytest.FixtureRequest) -> None:
    """Hash passwords in a microsecond, except in tests marked `real_passwords`."""
    if request.node.get_closest_marker("real_passwords") is None:
        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


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
