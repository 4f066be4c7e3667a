"""Publication of a scheme: handed over complete, published by a second person, open to everybody, begun anew (R2f)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from meritdesk.errors import MeritdeskError
from meritdesk.scheme.load import content_hash
from meritdesk.web.access.actions import AlreadyDone, Conflict, Refused
from meritdesk.web.access.models import AuditEntry, User
from meritdesk.web.access.rights import Role
from meritdesk.web.schemes.actions import (
    do_begin_version,
    do_discard_draft,
    do_edit_cases,
    do_edit_draft,
    do_publish,
    do_retire,
    do_send_back,
    do_submit,
    do_take_back,
)
from meritdesk.web.schemes.models import Scheme, SchemeVersion
from meritdesk.web.schemes.queries.documents import loaded
from meritdesk.web.schemes.queries.publishing import publishers
from meritdesk.web.schemes.queries.versions import authors_of, published_versions
from tests.web.company import Company
from tests.web.conftest import Counter
from tests.web.schemes_company import RECORD, key, make_draft, published, submit

SignIn = Callable[[User], Client]


def codes(error: pytest.ExceptionInfo[MeritdeskError]) -> list[str]:
    """Return the codes of an error's problems."""
    return [problem.code for problem in error.value.problems]


def edited(version: SchemeVersion, user: User, old: str, new: str) -> SchemeVersion:
    """Save a draft with one piece of text replaced."""
    version.refresh_from_db()
    assert old in version.text
    return do_edit_draft(
        acting_user=user, version=version, text=version.text.replace(old, new), edit_version=version.edit_version
    )


def test_from_template_to_published_by_a_second_person(company: Company, signed_in: SignIn) -> None:
    hr, hr2 = signed_in(company.users["hr"]), signed_in(company.users["hr2"])
    version = make_draft(company)
    sent = {"reason": "试行", "consultation": "已征求意见", "consulted_on": "2025-08-20", "notice_on": "2025-09-01"}
    response = hr.post(reverse("scheme-submit", args=[version.pk]), {**sent, "edit_version": 1, "once": key()})
    assert response.status_code == 302, response.content.decode()
    page = hr.get(reverse("scheme-publication", args=[version.pk])).content.decode()
    assert "编写和提交的人不能自己发布" in page
    refused = hr.post(reverse("scheme-publish", args=[version.pk]), {"once": key()})
    assert refused.status_code == 422
    assert "不能由您发布" in refused.content.decode()
    assert "审核通过并发布" in hr2.get(reverse("scheme-publication", args=[version.pk])).content.decode()
    assert hr2.post(reverse("scheme-publish", args=[version.pk]), {"once": key()}).status_code == 302
    version.refresh_from_db()
    assert version.state == "published"
    assert version.content_hash == content_hash(loaded(version).document)
    agent = signed_in(company.users["agent"])
    assert "本中心方案" in agent.get(reverse("schemes")).content.decode()
    assert "平均响应时长" in agent.get(reverse("scheme-version", args=[version.pk])).content.decode()
    for name in ("scheme-publication", "scheme-text", "scheme-cases"):
        assert agent.get(reverse(name, args=[version.pk])).status_code == 404


def test_a_scheme_with_errors_is_not_handed_over(company: Company) -> None:
    hr = company.users["hr"]
    version = edited(make_draft(company), hr, "weight: 40", "weight: 41")
    with pytest.raises(MeritdeskError) as error:
        submit(version, hr)
    assert "weights-not-100" in codes(error)
    assert "case-fails" in codes(error)


def test_a_case_that_fails_keeps_a_scheme_back(company: Company) -> None:
    hr = company.users["hr"]
    version = make_draft(company)
    wrong = version.cases_text.replace("expect: {total: 100, rank: 1", "expect: {total: 99, rank: 1", 1)
    version = do_edit_cases(acting_user=hr, version=version, cases_text=wrong, edit_version=1)
    with pytest.raises(MeritdeskError) as error:
        submit(version, hr)
    assert codes(error) == ["case-fails"]
    version = do_edit_cases(acting_user=hr, version=version, cases_text="", edit_version=2)
    with pytest.raises(MeritdeskError) as error:
        submit(version, hr)
    assert codes(error) == ["too-few-cases"]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("reason", " ", "reason-missing"),
        ("consultation", "", "consultation-missing"),
        ("consulted_on", None, "consultation-missing"),
        ("notice_on", None, "notice-missing"),
        ("notice_on", date(2025, 8, 19), "notice-before-consultation"),
        ("consulted_on", date(2999, 1, 1), "consultation-in-future"),
    ],
)
def test_the_record_of_consultation_and_notice_is_complete(
    company: Company, field: str, value: object, code: str
) -> None:
    with pytest.raises(MeritdeskError) as error:
        submit(make_draft(company), company.users["hr"], **{field: value})
    assert code in codes(error)
    assert SchemeVersion.objects.get().state == "draft"


def test_nobody_publishes_what_they_wrote_in(company: Company) -> None:
    """Not the first writer, not who edited later, not who submitted."""
    hr, hr2, supervisor = (company.users[short] for short in ("hr", "hr2", "supervisor"))
    version = edited(make_draft(company), hr2, "title: 本中心方案", "title: 中心方案")
    version = submit(version, hr)
    assert authors_of(version) == {"hr", "hr2"}
    for user in (hr, hr2):
        with pytest.raises(Refused) as error:
            do_publish(acting_user=user, version=version, once=key())
        assert codes(error) == ["own-publication"]
    assert do_publish(acting_user=supervisor, version=version, once=key()).published_by == supervisor


def test_what_is_printed_is_never_published(company: Company) -> None:
    hr = company.users["hr"]
    version = edited(make_draft(company), hr, "style: weights", "status: as_printed\nstyle: weights")
    with pytest.raises(MeritdeskError) as error:
        submit(version, hr)
    assert codes(error) == ["as-printed"]
    # negative control: were it submitted all the same, publication would refuse it too
    SchemeVersion.objects.filter(pk=version.pk).update(state="submitted", submitted_by=hr)
    with pytest.raises(MeritdeskError) as error:
        do_publish(acting_user=company.users["hr2"], version=version, once=key())
    assert codes(error) == ["as-printed"]


def test_sent_back_with_a_reason_and_taken_back(company: Company, signed_in: SignIn) -> None:
    hr, hr2 = company.users["hr"], company.users["hr2"]
    version = submit(make_draft(company), hr)
    with pytest.raises(Refused):
        do_edit_draft(acting_user=hr, version=version, text=version.text, edit_version=version.edit_version)
    with pytest.raises(Refused) as error:
        do_send_back(acting_user=hr2, version=version, reason=" ")
    assert codes(error) == ["reason-missing"]
    version = do_send_back(acting_user=hr2, version=version, reason="投诉率权重过低")
    assert version.state == "draft"
    assert "投诉率权重过低" in signed_in(hr).get(reverse("scheme-publication", args=[version.pk])).content.decode()
    version = do_take_back(acting_user=hr, version=submit(version, hr))
    assert version.state == "draft"


def test_the_same_form_twice_publishes_once(company: Company) -> None:
    version, once = submit(make_draft(company), company.users["hr"]), key()
    do_publish(acting_user=company.users["hr2"], version=version, once=once)
    with pytest.raises(AlreadyDone):
        do_publish(acting_user=company.users["hr2"], version=version, once=once)
    assert AuditEntry.objects.filter(action="scheme-publish").count() == 1


def test_a_new_version_begins_from_what_is_published(company: Company, signed_in: SignIn) -> None:
    hr = company.users["hr"]
    first = published(company)
    begun = signed_in(hr).post(reverse("scheme-begin", args=[first.scheme_id]), {"base": first.pk, "once": key()})
    assert begun.status_code == 302
    second = SchemeVersion.objects.get(number=2)
    assert loaded(second).scheme.version == 2
    assert second.cases_text == first.cases_text
    with pytest.raises(Refused) as error:
        do_begin_version(acting_user=hr, scheme=first.scheme, base=first, once=key())
    assert codes(error) == ["version-open"]
    page = signed_in(hr).get(reverse("scheme-compare", args=[second.pk])).content.decode()
    assert "第 1 版" in page
    second = edited(second, hr, "weight: 40", "weight: 35")
    second = edited(second, hr, "weight: 20\n    indicators", "weight: 25\n    indicators")
    page = signed_in(hr).get(reverse("scheme-compare", args=[second.pk])).content.decode()
    assert "考核维度“服务质量” › 权重" in page
    with pytest.raises(MeritdeskError) as flawed:
        submit(second, hr)
    assert "case-fails" in codes(flawed)
    scheme = do_discard_draft(acting_user=hr, version=second, edit_version=second.edit_version)
    assert scheme.versions.count() == 1


def test_a_version_is_retired_with_a_reason(company: Company) -> None:
    version = published(company)
    assert list(published_versions()) == [version]
    with pytest.raises(Refused):
        do_retire(acting_user=company.users["hr2"], version=version, reason="")
    assert do_retire(acting_user=company.users["hr2"], version=version, reason="改用新版").state == "retired"
    assert list(published_versions(company.departments["service"])) == []


def test_a_draft_changed_after_it_was_seen_is_not_submitted(company: Company) -> None:
    version = make_draft(company)
    edited(version, company.users["hr2"], "title: 本中心方案", "title: 中心方案")
    with pytest.raises(Conflict):
        do_submit(acting_user=company.users["hr"], version=version, edit_version=1, once=key(), **RECORD)  # type: ignore[arg-type]


def test_a_draft_that_is_discarded_leaves_no_empty_scheme(company: Company) -> None:
    version = make_draft(company)
    do_discard_draft(acting_user=company.users["hr"], version=version, edit_version=1)
    assert not Scheme.objects.exists()
    assert AuditEntry.objects.filter(action="scheme-discard").exists()


def test_rights_end_with_the_department(company: Company, signed_in: SignIn) -> None:
    """Somebody of HR for sales reads drafts of the company and of sales, and writes those of sales only."""
    company.add_user("sales_hr", "销售人事")
    company.grant("sales_hr", Role.HR, department="sales")
    client = signed_in(company.users["sales_hr"])
    version = make_draft(company)
    Scheme.objects.filter(pk=version.scheme_id).update(department=company.departments["service"])
    assert client.get(reverse("scheme-design", args=[version.pk, "basics"])).status_code == 404
    Scheme.objects.filter(pk=version.scheme_id).update(department=None)
    assert "data-autosave" not in client.get(reverse("scheme-design", args=[version.pk, "basics"])).content.decode()
    assert client.post(reverse("scheme-tree", args=[version.pk]), {"edit_version": 1}).status_code == 404
    Scheme.objects.filter(pk=version.scheme_id).update(department=company.departments["sales"])
    assert client.post(reverse("scheme-tree", args=[version.pk]), {"edit_version": 1}).status_code == 302


def test_pages_cost_the_same_for_many_schemes(company: Company, signed_in: SignIn, count_queries: Counter) -> None:
    client = signed_in(company.users["hr"])
    first = published(company)
    client.get(reverse("schemes"))
    spent = []
    pages = ("version", "check", "cases", "compare", "publication", "text")
    for turn in range(2):
        with count_queries(at_most=15) as queries:
            assert client.get(reverse("schemes")).status_code == 200
        spent.append(len(queries))
        for name in pages:
            with count_queries(at_most=15):
                assert client.get(reverse(f"scheme-{name}", args=[first.pk])).status_code == 200
        for number in range(12):
            make_draft(company, f"more_{turn}_{number}")
    assert spent[0] == spent[1]


def test_the_page_names_who_can_publish(company: Company, signed_in: SignIn) -> None:
    """Not the writers, not those whose right ends before this scheme, not accounts that are closed."""
    company.add_user("sales_hr", "销售人事")
    company.grant("sales_hr", Role.HR, department="sales")
    version = submit(make_draft(company), company.users["hr"])
    names = publishers(version).names
    assert str(company.users["hr2"]) in names
    assert str(company.users["hr"]) not in names
    assert "销售人事" not in names
    page = signed_in(company.users["hr"]).get(reverse("scheme-publication", args=[version.pk])).content.decode()
    assert str(company.users["hr2"]) in page
    assert "审核方案：本中心方案" in page
    page = signed_in(company.users["sales_hr"]).get(reverse("scheme-publication", args=[version.pk])).content.decode()
    assert "您的发布权限不包括这份方案的适用范围" in page
    Scheme.objects.filter(pk=version.scheme_id).update(department=company.departments["sales"])
    version.refresh_from_db()
    assert "销售人事" in publishers(version).names
    User.objects.filter(username="hr2").update(is_active=False)
    assert str(company.users["hr2"]) not in publishers(version).names


def test_a_newcomer_is_led_from_the_draft_to_its_submission(company: Company, signed_in: SignIn) -> None:
    version, hr = make_draft(company), signed_in(company.users["hr"])
    page = hr.get(reverse("scheme-design", args=[version.pk, "contents"])).content.decode()
    assert "草稿已建好，接下来：" in page
    page = hr.get(reverse("scheme-publication", args=[version.pk])).content.decode()
    assert "看一段例文" in page
    today = timezone.localdate()
    assert f'value="{today}"' in page
    assert f'value="{today + timedelta(days=7)}"' in page
