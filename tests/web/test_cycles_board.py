"""The board and reminders: as many queries for 500 people as for 10, anonymous raters unnamed, one reminder a day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from meritdesk.web.access.actions import Refused
from meritdesk.web.access.models import User
from meritdesk.web.cycles.actions.reminding import do_remind, remind_due
from meritdesk.web.cycles.models import Appraisal, Notice, RatingForm
from meritdesk.web.cycles.queries.board import board_rows, fill_in
from meritdesk.web.cycles.queries.members import membership_of
from meritdesk.web.cycles.queries.reminders import open_matters
from meritdesk.web.people.models import Person
from tests.web.conftest import Counter
from tests.web.cycle_company import Centre, build_cycle, fill_forms

SignIn = Callable[[User], Client]
NOON = datetime(2025, 10, 14, 4, tzinfo=UTC)
"""A Tuesday; ratings are due on Wednesday, 15 October."""


def grow(centre: Centre, number: int) -> None:
    """Add people with forms to a cycle in rating, in bulk."""
    pattern = centre.cycle.appraisals.filter(position="agent")[0]
    people = Person.objects.bulk_create([Person(key=f"Z{n:04}", name=f"员工{n}") for n in range(number)])
    appraisals = Appraisal.objects.bulk_create(
        Appraisal(cycle=centre.cycle, person=p, team=pattern.team, superior=pattern.superior, position="agent",
                  scheme_hash=pattern.scheme_hash) for p in people
    )  # fmt: skip
    RatingForm.objects.bulk_create(
        RatingForm(appraisal=a, role=role, rater=pattern.superior, segment_from=centre.cycle.first_day,
                   day=centre.cycle.last_day) for a in appraisals for role in ("superior", "qa", "hr")
    )  # fmt: skip


@pytest.mark.parametrize("page", ["", "setup/", "raters/", "roster/", "targets/", "data/"])
def test_queries_do_not_grow(signed_in: SignIn, count_queries: Counter, page: str) -> None:
    """Every page of a cycle: at most 15 queries with a dozen people, and no more with 500."""
    centre = build_cycle("rating", data=False)
    client, url = signed_in(centre.hr), f"/cycles/{centre.cycle.pk}/{page}"
    assert client.get(url).status_code == 200
    with count_queries(15) as few:
        client.get(url)
    grow(centre, 500)
    with count_queries(15) as many:
        assert client.get(url).status_code == 200
    assert len(many) == len(few)


def test_list_and_new_do_not_grow(signed_in: SignIn, count_queries: Counter) -> None:
    """The list and the preview as well."""
    centre = build_cycle("rating", data=False)
    client = signed_in(centre.hr)
    client.get("/cycles/")
    for url in ("/cycles/", "/cycles/new/", "/cycles/targets/"):
        with count_queries(15) as few:
            assert client.get(url).status_code == 200
        if url == "/cycles/":
            grow(centre, 300)
            with count_queries(15) as many:
                client.get(url)
            assert len(many) == len(few)


def test_marks_tell_who_holds_it_up(signed_in: SignIn) -> None:
    """Open forms name the rater; when all are handed in nobody is waited for."""
    centre = build_cycle("rating", data=False)
    client, url = signed_in(centre.hr), f"/cycles/{centre.cycle.pk}/"
    lead = centre.people["L01"].name
    page = client.get(url).content.decode()
    assert f"直接上级 {lead}" in page
    assert "已逾期" in page
    fill_forms(centre.cycle)
    page = client.get(url).content.decode()
    assert f"直接上级 {lead}" not in page
    assert "已交" in page


def test_anonymous_raters_are_not_named(signed_in: SignIn) -> None:
    """Peers who are anonymous in the scheme are counted, not named (A3)."""
    centre = build_cycle("rating", data=False, teams=1, size=6, scheme="r1-service-quality")
    peers = RatingForm.objects.filter(appraisal__cycle=centre.cycle, role="peer")
    assert peers.exists()
    page = signed_in(centre.hr).get(f"/cycles/{centre.cycle.pk}/").content.decode()
    assert "同事 " in page
    for name in set(peers.values_list("rater__name", flat=True)):
        assert f"同事 {name}" not in page
        assert f"、{name}" not in page


def test_filter_by_team_and_state(signed_in: SignIn) -> None:
    """The matrix filters by team and by state."""
    centre = build_cycle("rating", data=False)
    client = signed_in(centre.hr)
    team = centre.teams["一组"]
    page = client.get(f"/cycles/{centre.cycle.pk}/", {"f_team": str(team.pk), "f_state": "running"}).content.decode()
    for appraisal in centre.cycle.appraisals.select_related("person"):
        assert (f'small">{appraisal.person.key}<' in page) == (appraisal.team == team)


def test_at_most_one_reminder_a_day(signed_in: SignIn) -> None:
    """Once a day per person and matter; the next day again; those who have finished are left in peace."""
    centre = build_cycle("rating", data=False)
    cycle = centre.cycle
    told = do_remind(acting_user=centre.hr, cycle=cycle, now=NOON)
    assert told > 0
    with pytest.raises(Refused):
        do_remind(acting_user=centre.hr, cycle=cycle, now=NOON)
    Notice.objects.update(at=NOON - timedelta(days=1))
    fill_forms(cycle)
    again = do_remind(acting_user=centre.hr, cycle=cycle, now=NOON)
    assert again == cycle.appraisals.count() - 1, "only the self-appraisals are left, of all but who is rated by nobody"
    lead = Notice.objects.filter(user=centre.users["Q01"], url__startswith="/cycles/ratings/?").count()
    assert lead == 1


def test_reminders_by_themselves() -> None:
    """The day before, the day itself and after: on working days only, once."""
    centre = build_cycle("rating", data=False)
    Notice.objects.all().delete()
    assert remind_due(datetime(2025, 10, 8, 4, tzinfo=UTC)) == 0, "a holiday"
    assert remind_due(datetime(2025, 9, 30, 4, tzinfo=UTC)) == 0, "nothing is due yet"
    first = remind_due(NOON)
    assert first > centre.cycle.appraisals.count() // 2
    Notice.objects.update(at=NOON)
    assert remind_due(NOON) == 0
    assert remind_due(NOON + timedelta(days=1)) == first


def test_remind_from_the_board(signed_in: SignIn) -> None:
    """The chosen only; a lead may not."""
    centre = build_cycle("rating", data=False)
    one = centre.cycle.appraisals.select_related("person").filter(position="agent", forms__isnull=False)[0]
    Notice.objects.all().delete()
    url = f"/cycles/{centre.cycle.pk}/remind/"
    assert signed_in(centre.users["L01"]).post(url, {}).status_code == 404
    assert signed_in(centre.hr).post(url, {"ids": [one.pk]}).status_code == 302
    told = set(Notice.objects.values_list("user__username", flat=True))
    raters = set(one.forms.values_list("rater__key", flat=True))
    assert told == raters | {one.person.key}


def test_who_is_on_post_for_too_few_days_writes_nothing(signed_in: SignIn) -> None:
    """Nobody rates them: the board asks for no self-appraisal, and no reminder and no work list does."""
    centre = build_cycle("collecting", data=False)
    (short,) = {member.key for member in membership_of(centre.cycle).short}
    appraisal = centre.cycle.appraisals.get(person__key=short)
    page = list(board_rows(centre.hr, centre.cycle))
    fill_in(centre.cycle, [], page, NOON.date())
    cells = {each.person.key: each.cells[0].text for each in page}  # type: ignore[attr-defined]
    assert cells[short] == "不评分"
    assert {text for key, text in cells.items() if key != short} == {"未交"}
    reminded = {matter.person for matter in open_matters(centre.cycle)}
    assert len(reminded) == len(page) - 1
    assert appraisal.person_id not in reminded
    assert signed_in(centre.users[short]).get("/").context["todos"] == []
