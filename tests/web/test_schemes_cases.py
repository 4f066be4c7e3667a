"""Worked cases: entered as a sheet, run on both readers, kept as the engine's own document (E2)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from meritdesk.cases import load_cases, results_of, run_cases
from meritdesk.scheme.load import load_scheme, shipped
from meritdesk.web.access.models import AuditEntry, User
from meritdesk.web.schemes.forms.case import rewritten, typed
from meritdesk.web.schemes.models import SchemeVersion
from meritdesk.web.schemes.queries.documents import metrics
from meritdesk.web.schemes.queries.sheet import documents, sheet
from meritdesk.web.schemes.queries.working import run
from tests.web.company import Company
from tests.web.schemes_company import make_draft

SignIn = Callable[[User], Client]


@pytest.fixture
def draft(company: Company) -> SchemeVersion:
    """Return a draft made from R4, with its 49 cases."""
    return make_draft(company)


@pytest.fixture
def hr(company: Company, signed_in: SignIn) -> Client:
    """Return the browser of HR."""
    return signed_in(company.users["hr"])


def send(client: Client, version: SchemeVersion, **fields: object) -> str:
    """Send a form of the cases page; return the page that follows."""
    version.refresh_from_db()
    address = reverse("scheme-cases", args=[version.pk])
    response = client.post(address, {"edit_version": version.edit_version, **fields}, follow=True)
    version.refresh_from_db()
    return str(response.content.decode())


def test_the_page_says_what_the_engine_says(draft: SchemeVersion) -> None:
    path = shipped()["r4-support-center"]
    comparisons = run_cases(load_scheme(path), metrics(), load_cases(path.with_name("r4-support-center.cases.yaml")))
    assert run(draft).comparisons == comparisons
    assert [r.passed for r in run(draft).results] == [r.passed for r in results_of(comparisons)]
    assert run(draft).passed == 49


def test_a_sheet_sent_without_a_change_changes_nothing(draft: SchemeVersion) -> None:
    cases = documents(draft.cases_text)
    for index, case in enumerate(cases):
        found = sheet(draft, index, case, run(draft))
        posted = QueryDict(mutable=True)
        posted["title"] = found.title
        for line in found.lines:
            posted.update({given.name: given.value for given in line.inputs})
            if line.figure is not None:
                posted[line.figure.name] = line.figure.expected
        posted.update({given.name: given.value for given in found.others})
        posted.update({figure.name: figure.expected for figure in found.figures})
        assert typed(case, posted) == case
    assert rewritten(draft.cases_text, cases) == draft.cases_text


def test_a_wrong_expectation_is_shown_beside_what_was_computed(draft: SchemeVersion, hr: Client) -> None:
    page = send(hr, draft, case=2, act="save", title="七项全满", **{"expect.total": "99"})
    assert "48 / 49" in page
    assert run(draft).passed == 48
    wrong = next(c for c in run(draft).of("七项全满") if c.what == "total")
    assert (wrong.expected, wrong.exact, wrong.columns) == ("99", "100", "100")
    assert draft.cases_text.startswith("# 原表示例")  # comments stay


def test_a_case_is_added_and_removed(draft: SchemeVersion, hr: Client) -> None:
    page = send(hr, draft, act="add")
    assert "算例 50" in page
    fields = {"ratings.standards.superior": "5", "metrics.fcr_recorded": "95%", "expect.points": ""}
    send(hr, draft, case=49, act="save", title="新人第一个月", **fields)
    case = documents(draft.cases_text)[49]
    assert case["title"] == "新人第一个月"
    assert case["metrics"]["fcr_recorded"] == "95%"
    send(hr, draft, case=49, act="remove")
    assert len(documents(draft.cases_text)) == 49
    assert AuditEntry.objects.filter(action="scheme-edit-cases").count() == 3


def test_cases_as_text_say_the_line_of_a_mistake(draft: SchemeVersion, hr: Client) -> None:
    wrong = draft.cases_text.replace("expect: {total: 85", "expect: {totl: 85", 1)
    page = send(hr, draft, act="text", text=wrong)
    assert "cases.yaml:8" in page
    assert "totl" in page
    assert "totl" not in draft.cases_text


def test_a_case_that_names_what_is_gone_is_told(draft: SchemeVersion, hr: Client) -> None:
    send(hr, draft, act="text", text=draft.cases_text.replace("fcr_recorded: 88%", "fcr_gone: 88%", 1))
    page = str(hr.get(reverse("scheme-cases", args=[draft.pk])).content.decode())
    assert "“fcr_gone”在方案中没有" in page


def test_a_case_whose_number_is_impossible_fails_alone(draft: SchemeVersion, hr: Client) -> None:
    send(hr, draft, act="text", text=draft.cases_text.replace("adjusted: {fcr: 4}", "adjusted: {fcr: 77}", 1))
    outcome = run(draft)
    assert not outcome.problems
    assert outcome.passed == 48
    assert "超出允许的范围" in next(r for r in outcome.results if not r.passed).detail


def test_two_people_in_the_cases(draft: SchemeVersion, hr: Client, company: Company, signed_in: SignIn) -> None:
    send(signed_in(company.users["hr2"]), draft, case=0, act="remove")
    address = reverse("scheme-cases", args=[draft.pk])
    response = hr.post(address, {"edit_version": 1, "act": "text", "text": "cases: []"})
    assert response.status_code == 409
    assert "cases: []" in response.content.decode()
    assert "这是已保存的" in response.content.decode()
