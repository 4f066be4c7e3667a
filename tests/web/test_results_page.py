"""Results as the person and those in charge see them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from meritdesk.web.access.models import User
from meritdesk.web.cycles.models import Appraisal
from tests.web.conftest import Counter
from tests.web.cycle_company import Centre
from tests.web.results_company import earlier, published

SignIn = Callable[[User], Client]


@pytest.fixture
def centre() -> Centre:
    """Return a company whose month is published."""
    centre = published()
    earlier(centre, 5)
    return centre


def test_pages(centre: Centre, signed_in: SignIn, count_queries: Counter) -> None:
    a = Appraisal.objects.filter(cycle=centre.cycle, result__total__isnull=False).select_related("person").first()
    c = signed_in(centre.users[a.person.key])
    for u in (f"/cycles/appraisals/{a.pk}/", f"/cycles/appraisals/{a.pk}/form/", f"/cycles/appraisals/{a.pk}/form.pdf",
              f"/cycles/appraisals/{a.pk}/scheme/", "/cycles/my-results/", "/cycles/team-results/", f"/cycles/appraisals/{a.pk}/records/fcr/"):
        with count_queries(99) as q:
            r = c.get(u)
        print(u, r.status_code, len(q))
        assert r.status_code == 200
    c = signed_in(centre.hr)
    for u in ("/cycles/team-results/", f"/cycles/team-results/{centre.cycle.pk}/export/", "/"):
        with count_queries(99) as q:
            r = c.get(u)
        print(u, r.status_code, len(q))
        assert r.status_code == 200
