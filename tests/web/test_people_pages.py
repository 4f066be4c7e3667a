"""The pages of the organisation: what each role sees, and that they cost the same for many people as for few."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from meritdesk.web.access.models import User
from meritdesk.web.people.models import Assignment, Person
from meritdesk.web.people.queries import roster_rows
from tests.web.company import Company
from tests.web.conftest import Counter

SignIn = Callable[[User], Client]


def text_of(client: Client, name: str, *args: object, **query: str) -> str:
    """Return the text of a page that answers 200."""
    response = client.get(reverse(name, args=args), query)
    assert response.status_code == 200, response.content.decode()[:400]
    return response.content.decode()


def many(company: Company, count: int) -> None:
    """Put many more people into team one, under its lead."""
    people = Person.objects.bulk_create(Person(key=f"M{n:05}", name=f"多{n}") for n in range(count))
    Assignment.objects.bulk_create(
        Assignment(
            person=person,
            team=company.teams["one"],
            position=company.positions["agent"],
            superior=company.people["lead"],
            valid_from=date(2024, 1, 1),
        )
        for person in people
    )


def test_hr_sees_departments_teams_and_leads(company: Company, signed_in: SignIn) -> None:
    page = text_of(signed_in(company.users["hr"]), "people")
    for name in ("客服部", "销售部", "一组", "二组", "三组", "林班长", "郎班长"):
        assert name in page


def test_a_lead_sees_only_the_own_team(company: Company, signed_in: SignIn) -> None:
    lead = signed_in(company.users["lead"])
    page = text_of(lead, "people")
    assert "一组" in page
    assert "二组" not in page
    assert "销售部" not in page
    assert "安小明" in text_of(lead, "people-team", company.teams["one"].pk)
    assert lead.get(reverse("people-team", args=[company.teams["two"].pk])).status_code == 404
    assert text_of(lead, "person", company.people["agent"].pk)
    for short in ("agent2", "agent3", "hr"):
        assert lead.get(reverse("person", args=[company.people[short].pk])).status_code == 404
    assert "欧阳二" not in text_of(lead, "people", q="欧阳")


def test_a_lead_finds_no_more_by_another_day(company: Company, signed_in: SignIn) -> None:
    """The past of another team is not in reach either; the control: HR finds it."""
    for short, found in (("lead", False), ("hr", True)):
        page = text_of(signed_in(company.users[short]), "people", q="欧阳", day="2021-05-05")
        assert ("欧阳二" in page) is found


def test_an_agent_has_no_pages_of_people(company: Company, signed_in: SignIn) -> None:
    agent = signed_in(company.users["agent"])
    for name, args in (
        ("people", []),
        ("person", [company.people["agent"].pk]),
        ("calendar", []),
        ("people-import", []),
    ):
        assert agent.get(reverse(name, args=args)).status_code == 404


def test_leads_write_nothing(company: Company, signed_in: SignIn) -> None:
    lead, person = signed_in(company.users["lead"]), company.people["agent"]
    for name, args in (
        ("person-transfer", [person.pk]),
        ("person-end", [person.pk]),
        ("person-edit", [person.pk]),
        ("person-new", []),
        ("organisation", []),
        ("people-import", []),
        ("assignment", [person.assignments.get().pk]),
    ):
        assert lead.get(reverse(name, args=args)).status_code == 404
        assert lead.post(reverse(name, args=args)).status_code in (404, 405)
    assert "调动" not in text_of(lead, "person", person.pk)


def test_the_page_of_a_day(company: Company, signed_in: SignIn) -> None:
    """Before anybody began there is nobody; a joiner of tomorrow counts tomorrow."""
    hr = signed_in(company.users["hr"])
    assert "在任 0 人" in text_of(hr, "people", day="2019-12-31")
    assert "在任 14 人" in text_of(hr, "people", day="2020-01-01")
    assert "在任 14 人" in text_of(hr, "people", day="not a day")


def test_person_page_shows_time_superior_reports_and_what_comes(company: Company, signed_in: SignIn) -> None:
    agent = company.people["agent"]
    running = agent.assignments.get()
    soon = date.today() + timedelta(days=10)  # noqa: DTZ011
    running.valid_to = soon
    running.save()
    Assignment.objects.create(
        person=agent, team=company.teams["two"], position=company.positions["agent"], valid_from=soon,
        superior=company.people["lead2"],
    )  # fmt: skip
    page = text_of(signed_in(company.users["hr"]), "person", agent.pk)
    assert f"{soon} 起：客服部 · 二组" in page
    assert "林班长" in page
    assert "<rect" in page
    assert 'style="' not in page
    lead_page = text_of(signed_in(company.users["hr"]), "person", company.people["lead"].pk)
    assert "康同事" in lead_page


@pytest.mark.parametrize("name", ["people", "people-search", "people-team", "person", "people-export", "organisation"])
def test_pages_cost_the_same_for_many_people(
    company: Company, signed_in: SignIn, count_queries: Counter, name: str
) -> None:
    """10 people or 500: the same number of queries, at most 15."""
    hr, team, lead = signed_in(company.users["hr"]), company.teams["one"].pk, company.people["lead"].pk
    address = {
        "people": reverse("people"),
        "people-search": f"{reverse('people')}?q=多",
        "people-team": reverse("people-team", args=[team]),
        "person": reverse("person", args=[lead]),
        "people-export": reverse("people-export"),
        "organisation": reverse("organisation"),
    }[name]
    counts = []
    for more in (10, 490):
        many_so_far = Person.objects.filter(key__startswith="M").count()
        people = Person.objects.bulk_create(Person(key=f"M{many_so_far + n:05}", name=f"多{n}") for n in range(more))
        Assignment.objects.bulk_create(
            Assignment(
                person=person, team_id=team, position=company.positions["agent"], superior_id=lead,
                valid_from=date(2024, 1, 1),
            )
            for person in people
        )  # fmt: skip
        hr.get(address)
        with count_queries(at_most=15) as queries:
            assert hr.get(address).status_code == 200
        counts.append(len(queries))
    # A table with several pages asks once for its length, as one with a single page does.
    assert counts[0] == counts[1]


def test_roster_rows_for_cycles(company: Company, count_queries: Counter) -> None:
    """All assignments that touch the period, in one query; none that ended before or begin after."""
    many(company, 300)
    agent = company.people["agent"]
    agent.assignments.update(valid_to=date(2025, 9, 15))
    Assignment.objects.create(
        person=agent, team=company.teams["two"], position=company.positions["lead"], valid_from=date(2025, 9, 15),
        superior=company.people["lead2"], job_grade="P3",
    )  # fmt: skip
    with count_queries(at_most=2):
        rows = roster_rows(company.departments["service"], None, date(2025, 9, 1), date(2025, 9, 30))
    own = [row for row in rows if row["person"] == "K-agent"]
    assert [(row["team"], row["position"], row["superior"], row["valid_from"], row["valid_to"]) for row in own] == [
        ("一组", "agent", "K-lead", date(2020, 1, 1), date(2025, 9, 15)),
        ("二组", "lead", "K-lead2", date(2025, 9, 15), None),
    ]
    assert len(rows) == 300 + 9 + 1
    before = roster_rows(None, company.teams["one"], date(2025, 8, 1), date(2025, 8, 31))
    assert {row["team"] for row in before} == {"一组"}
    after = roster_rows(None, None, date(2025, 9, 15), date(2025, 9, 30))
    assert [row["team"] for row in after if row["person"] == "K-agent"] == ["二组"]
    assert roster_rows(None, None, date(2019, 1, 1), date(2019, 12, 31)) == []
