"""Results of a team: reach, order, export, and statistics that give nobody away (P4)."""

from __future__ import annotations

import io
from collections.abc import Callable

import openpyxl
import pytest
from django.test import Client

from meritdesk.web.access.models import User
from meritdesk.web.cycles.models import Appraisal, Cycle, Result, Run
from meritdesk.web.cycles.queries.results import statistics
from meritdesk.web.people.models import Person
from tests.web.conftest import Counter
from tests.web.cycle_company import Centre
from tests.web.results_company import crowd, earlier, published

SignIn = Callable[[User], Client]
URL = "/cycles/team-results/"


def names(answer: object) -> set[str]:
    """Return the staff keys in the table of an answer."""
    return {row.person.key for row in answer.context["table"].page.object_list}  # type: ignore[attr-defined]


def test_a_lead_sees_the_own_team_only(signed_in: SignIn) -> None:
    """And with it the change to the last cycle, a link to each person, and the team's states."""
    centre = published()
    earlier(centre, 1)
    mine = {a.person.key for a in Appraisal.objects.filter(cycle=centre.cycle, team=centre.teams["一组"])}
    answer = signed_in(centre.users["L01"]).get(URL)
    assert names(answer) == mine
    text = answer.content.decode()
    for appraisal in Appraisal.objects.filter(cycle=centre.cycle, result__total__isnull=False):
        assert (f"/cycles/appraisals/{appraisal.pk}/" in text) == (appraisal.person.key in mine)
    everybody = {a.person.key for a in Appraisal.objects.filter(cycle=centre.cycle)}
    for name in ("M01", "H01", "P01", "auditor"):
        assert names(signed_in(centre.users[name]).get(URL)) == everybody, name
    for name in ("A0001", "Q01"):
        answer = signed_in(centre.users[name]).get(URL)
        assert answer.status_code in (200, 404)
        assert answer.status_code == 404 or answer.context["cycle"] is None
    assert signed_in(centre.users["A0001"]).get(f"{URL}{centre.cycle.pk}/export/").status_code == 404
    assert signed_in(centre.users["L01"]).get(f"{URL}?cycle=999999").status_code == 404


def test_order_filter_and_english(signed_in: SignIn) -> None:
    """By total downwards at first; filtered by grade; the titles of grades in the reader's language."""
    centre = published()
    client = signed_in(centre.hr)
    totals = [row.result.total for row in client.get(URL).context["table"].page.object_list if row.result.total]
    assert totals == sorted(totals, reverse=True)
    grade = Result.objects.filter(run__cycle=centre.cycle).exclude(grade="").values_list("grade", flat=True)[0]
    found = client.get(f"{URL}?f_grade={grade}&sort=name").context["table"].page.object_list
    assert {row.result.grade for row in found} == {grade}
    centre.hr.language = "en"
    centre.hr.save()
    assert statistics.grade_titles(centre.cycle)[grade] not in ("Good",)
    assert "Excellent" in client.get(URL).content.decode()


def test_export_has_no_formula(signed_in: SignIn) -> None:
    """What a person is called is written as text, whatever it begins with; figures are numbers."""
    centre = published()
    people = list(Person.objects.filter(appraisals__cycle=centre.cycle).order_by("key"))
    for person, sign in zip(people, "=+-@\t＝＋－", strict=False):
        Person.objects.filter(pk=person.pk).update(name=f"{sign}cmd|' /C calc'!A0")
    answer = signed_in(centre.hr).get(f"{URL}{centre.cycle.pk}/export/?sort=name")
    assert answer["Content-Type"].endswith("spreadsheetml.sheet")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert not [cell.value for cell in cells if cell.data_type == "f"]
    assert sheet.max_row == 2 + Appraisal.objects.filter(cycle=centre.cycle).count()
    assert any(cell.data_type == "n" and cell.value and cell.column == 5 for cell in cells)


def test_pages_do_not_grow_with_people(signed_in: SignIn, count_queries: Counter) -> None:
    """As many queries for 500 people as for 10, at most 15; 50 a page."""
    centre = published()
    cycle = earlier(centre, 2)[0]
    clients = {name: signed_in(centre.users[name]) for name in ("H01", "M01", "L01")}
    urls = {"team": f"{URL}?cycle={cycle.pk}", "home": "/", "search": "/search/?q=某"}

    def counted() -> dict[tuple[str, str], int]:
        found = {}
        for name, client in clients.items():
            for title, url in urls.items():
                client.get(url)
                with count_queries(15) as queries:
                    assert client.get(url).status_code == 200
                found[name, title] = len(queries)
        return found

    few = counted()
    crowd(centre, cycle, 490)
    assert counted() == few
    assert len(clients["H01"].get(urls["team"]).context["table"].page.object_list) == 50


@pytest.mark.parametrize("people", range(14))
def test_no_statistic_gives_anybody_away(people: int) -> None:
    """Whatever part one sees singly, the rest of a figure that is shown has nobody or at least five people."""
    for seen in range(people + 1):
        if statistics.may_show(people, seen):
            assert people >= statistics.SMALLEST
            assert people - seen == 0 or people - seen >= statistics.SMALLEST
        mean = statistics.mean_of(8000 * people, people, seen)
        assert (mean.value is None) == (not statistics.may_show(people, seen))


def test_differencing_recovers_nothing(signed_in: SignIn) -> None:
    """A lead subtracts the own team from the mean of all: below five others there is no mean to start from.

    Negative control: with the rule taken away the one unseen total comes out.
    """
    centre = published()
    cycle = centre.cycle
    scored = list(Result.objects.filter(run=cycle.run, total__isnull=False).order_by("pk"))
    recovered = 0
    for unseen in range(1, len(scored)):
        seen = [result.appraisal_id for result in scored[unseen:]]
        mean = statistics.mean_of_cycle(cycle, seen)
        if mean.value is not None and unseen < statistics.SMALLEST:
            recovered += 1
    assert recovered == 0
    everybody = statistics.mean_of_cycle(cycle, [result.appraisal_id for result in scored])
    assert everybody.value is not None
    rest = everybody.value * everybody.n - sum(result.total or 0 for result in scored[1:])
    assert abs(rest - (scored[0].total or 0)) <= everybody.n  # what the rule keeps from being read
    page = signed_in(centre.users["L01"]).get(URL)
    assert page.context["all_mean"].hidden
    assert page.context["chart"] is None
    assert "为保护个人结果，不显示" in page.content.decode()


def test_the_mean_of_all_stays_as_first_published() -> None:
    """A correction of one person does not show as a change of the mean."""
    centre = published()
    before = statistics.mean_of_cycle(centre.cycle, [])
    old = Result.objects.filter(run=centre.cycle.run, total__isnull=False).select_related("run")[0]
    appraisal, run = old.appraisal, old.run
    run.pk, run.number, run.purpose, run.package = None, run.number + 1, Run.Purpose.CORRECTION, ""
    run.save()
    old.pk, old.run, old.total = None, run, 100
    old.save()
    Appraisal.objects.filter(pk=appraisal.pk).update(result=old)
    assert before.value is not None
    assert statistics.mean_of_cycle(Cycle.objects.get(pk=centre.cycle.pk), []) == before


def test_the_rule_of_the_test_company(signed_in: SignIn) -> None:
    """The lead's team is smaller than five: the rule is really at work in these tests."""
    centre: Centre = published()
    assert Appraisal.objects.filter(cycle=centre.cycle, team=centre.teams["一组"]).count() < statistics.SMALLEST
