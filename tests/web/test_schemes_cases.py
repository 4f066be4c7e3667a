"""Worked cases: entered as a sheet, run on both readers, kept as the engine's own document (E2)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from meritdesk.cases import Comparison, load_cases, results_of, run_cases
from meritdesk.scheme.load import load_scheme, shipped
from meritdesk.web.access.models import AuditEntry, User
from meritdesk.web.schemes.actions import do_edit_draft
from meritdesk.web.schemes.forms.case import rewritten, typed
from meritdesk.web.schemes.forms.text import comments_lost
from meritdesk.web.schemes.models import SchemeVersion
from meritdesk.web.schemes.queries import working
from meritdesk.web.schemes.queries.adopting import adoptions
from meritdesk.web.schemes.queries.documents import loaded, metrics
from meritdesk.web.schemes.queries.sheet import documents, sheet
from meritdesk.web.schemes.queries.told import judged, whom
from meritdesk.web.schemes.queries.versions import authors_of
from meritdesk.web.schemes.queries.working import Run, read_cases, run
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
    if response.status_code == 200:
        response = client.get(address, {"run": "1"})  # what htmx fetches once the page is there
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
    page = str(hr.get(reverse("scheme-cases", args=[draft.pk]), {"run": "1"}).content.decode())
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


def changed_weights(draft: SchemeVersion, user: User) -> SchemeVersion:
    """Move two points of weight between the first two dimensions: many expectations no longer hold."""
    text = draft.text.replace("weight: 40", "weight: 38", 1).replace("weight: 30", "weight: 32", 1)
    return do_edit_draft(acting_user=user, version=draft, text=text, edit_version=draft.edit_version)


def test_a_page_answers_before_the_cases_are_run(draft: SchemeVersion, hr: Client) -> None:
    """What takes a while follows by itself; a second opening has it at once."""
    changed = draft.cases_text.replace("七项全满", "七项都满")
    send(hr, draft, act="text", text=changed)
    working._RUNS.clear()
    for name in ("scheme-cases", "scheme-check", "scheme-publication"):
        address = reverse(name, args=[draft.pk])
        first = hr.get(address).content.decode()
        assert "正在" in first
        assert "run=1" in first
        assert not working._RUNS  # nothing was computed for it
    assert "49 / 49" in hr.get(reverse("scheme-cases", args=[draft.pk]), {"run": "1"}).content.decode()
    later = hr.get(reverse("scheme-cases", args=[draft.pk])).content.decode()
    assert "49 / 49" in later
    assert "正在" not in later


def test_what_differs_is_told_in_words(draft: SchemeVersion, company: Company) -> None:
    details = [r.detail for r in run(changed_weights(draft, company.users["hr"])).results if not r.passed]
    assert details
    assert any(detail.startswith("总分应得 82，算出 81.8") for detail in details)
    told = "".join(details)
    assert not any(word in told for word in ("total", "grade", "coefficient", "pay.", "≠"))


def test_people_are_named_only_where_there_are_several(company: Company) -> None:
    version = make_draft(company, "printed", base="r2e-presales-forms")
    scheme, cases = loaded(version).scheme, read_cases(version.cases_text)
    group = next(case for case in cases if len(case.people) > 1)
    alone = next(case for case in cases if not case.people)
    first = group.people[0].name or "1"
    people = ((group.title, first), (alone.title, "1"))
    wrong = [Comparison(title, person, "total", "1", "2", "2") for title, person in people]
    assert [r.detail for r in judged(scheme, cases, wrong)] == [
        f"{whom(group, first)}的总分应得 1，算出 2", "总分应得 1，算出 2",
    ]  # fmt: skip
    assert whom(group, first)


def test_computed_figures_are_taken_over_by_a_person_with_a_reason(
    draft: SchemeVersion, hr: Client, company: Company
) -> None:
    expect = "    expect: {total: 100, rank: 1"
    commented = draft.cases_text.replace(expect, f"    # 亲手算过\n{expect}", 1)
    commented = commented.replace("uses: [plan, training]}", "uses: [plan, training]}  # 最低", 1)
    send(hr, draft, act="text", text=commented)
    changed_weights(draft, company.users["hr"])
    draft.refresh_from_db()
    offered = adoptions(draft, run(draft))
    failing = {r.name for r in run(draft).results if not r.passed}
    assert {adoption.title for adoption in offered} == failing
    query = {"run": "1", "case": str(offered[0].index)}
    page = hr.get(reverse("scheme-cases", args=[draft.pk]), query).content.decode()
    assert "算例是对员工的承诺" in page
    assert 'id="adopt-one"' in page
    before = draft.cases_text
    address = reverse("scheme-cases", args=[draft.pk])
    sent = {"act": "adopt", "edit_version": draft.edit_version, "chosen": [offered[0].index]}
    refused = hr.post(address, {**sent, "reason": " "})
    assert refused.status_code == 422
    assert "没有写为什么更新应得" in refused.content.decode()
    draft.refresh_from_db()
    assert draft.cases_text == before
    send(hr, draft, act="adopt", chosen=[offered[0].index], reason="服务质量降为 38%，亲手算过")
    assert {r.name for r in run(draft).results if not r.passed} == failing - {offered[0].title}
    rest = [adoption.index for adoption in offered[1:]]
    send(hr, draft, act="adopt", chosen=rest, reason="其余同理")
    assert run(draft).passed == 49
    assert [c["title"] for c in documents(draft.cases_text)] == [c["title"] for c in documents(before)]
    assert comments_lost(commented, draft.cases_text) == []
    assert "# 最低" in draft.cases_text
    entry = AuditEntry.objects.filter(action="scheme-adopt-computed").earliest("sequence")
    assert "亲手算过" in (entry.new or "")
    assert f"{offered[0].title} › 总分" in (entry.old or "")
    assert "hr" in authors_of(draft)


def test_figures_shown_before_somebody_saved_are_not_taken_over(
    draft: SchemeVersion, hr: Client, company: Company
) -> None:
    changed_weights(draft, company.users["hr2"])
    sent = {"act": "adopt", "edit_version": 1, "chosen": [0], "reason": "看过"}
    response = hr.post(reverse("scheme-cases", args=[draft.pk]), sent)
    assert response.status_code == 422
    assert "别人先保存了" in response.content.decode()
    assert not AuditEntry.objects.filter(action="scheme-adopt-computed").exists()


def test_of_a_group_only_plain_figures_are_offered(company: Company) -> None:
    version = make_draft(company, "group", base="r2c-contact-centre-310")
    cases = read_cases(version.cases_text)
    group = next(case for case in cases if len(case.people) > 1)
    first = group.people[0].name or "1"
    wrong = [Comparison(group.title, first, what, "1", "2", "2") for what in ("total", "rank")]
    [offered] = adoptions(version, Run(wrong))
    assert [figure.steps for figure in offered.figures] == [("people", 0, "expect", "total")]
    assert len(offered.left) == 1
