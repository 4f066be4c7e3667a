"""The home page: what each has to do, with few queries."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from meritdesk.web.access.models import User
from tests.web.conftest import Counter
from tests.web.cycle_company import build_cycle

SignIn = Callable[[User], Client]


@pytest.mark.parametrize("state", ["draft", "open", "collecting", "rating", "calibrating", "reviewing", "published"])
def test_home_of_everybody(state: str, signed_in: SignIn, count_queries: Counter) -> None:
    """Everybody's page opens in every state of a cycle with at most 15 queries."""
    centre = build_cycle(state)
    for name, user in centre.users.items():
        if name not in ("A0001", "L01", "M01", "Q01", "H01", "P01", "auditor"):
            continue
        client = signed_in(user)
        client.get("/")
        with count_queries() as queries:
            answer = client.get("/")
        assert answer.status_code == 200
        print(state, name, len(queries), [str(t.title) for t in answer.context["todos"]], [(str(f.title),f.value) for f in answer.context["figures"]])
