"""A person's result: what is shown comes from the stored document, to those who may see it, in every state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pypdfium2
import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from meritdesk.web.access.models import User
from meritdesk.web.cycles import engine, triggers
from meritdesk.web.cycles.models import Appraisal, Correction, Interview, Result, Signature
from meritdesk.web.cycles.queries.results import person
from meritdesk.web.cycles.queries.results.shown import shown
from tests.web.conftest import Counter
from tests.web.cycle_company import Centre, build_cycle
from tests.web.results_company import earlier, published

SignIn = Callable[[User], Client]


@pytest.fixture
def centre() -> Centre:
    """Return a company whose month is published and waits for signatures."""
    return published()


def of(centre: Centre, key: str) -> Appraisal:
    """Return the appraisal of somebody."""
    found = Appraisal.objects.select_related("result__run", "cycle__scheme_version__scheme", "person", "superior")
    return found.get(cycle=centre.cycle, person__key=key)


def page(centre: Centre, client: Client, key: str, rest: str = "", status: int = 200) -> str:
    """Return the page of somebody's result as text."""
    answer = client.get(f"/cycles/appraisals/{of(centre, key).pk}/{rest}")
    assert answer.status_code == status, answer.status_code
    return answer.content.decode()


def test_the_agent_sees_grade_score_and_why(centre: Centre, signed_in: SignIn, count_queries: Counter) -> None:
    """Total, grade, dimensions, indicators with target, actual and sample, next level, acts with days left."""
    earlier(centre, 3)
    appraisal = of(centre, "A0001")
    client = signed_in(centre.users["A0001"])
    client.get("/")
    with count_queries(15):
        text = page(centre, client, "A0001")
    assert appraisal.result is not None
    record = engine.read_document(appraisal.result)["appraisal"]
    assert record["total"] in text
    assert record["grade_title"] in text
    for dimension in record["segments"][0]["dimensions"]:
        assert dimension["title"] in text
        for indicator in dimension["indicators"]:
            assert indicator["title"] in text
            if indicator["n"]:
                assert f"n = {indicator['n']:,}" in text
    for wanted in ("怎样到下一等级", "历次成绩", "每个数是怎么来的", "个工作日", appraisal.result.content_hash[:12]):
        assert wanted in text


@pytest.mark.parametrize("rest", ["", "interview/", "form/", "witness/"])
def test_a_result_lies_under_whose_it_is(centre: Centre, signed_in: SignIn, rest: str) -> None:
    """The navigation marks one's own results for one's own page, the team's for that of somebody else."""

    def marked(name: str) -> list[str]:
        answer = signed_in(centre.users[name]).get(f"/cycles/appraisals/{of(centre, 'A0001').pk}/{rest}")
        groups = answer.context["navigation"] if answer.status_code == 200 else []
        return [link["url"] for group in groups for link in group.get("children", ()) if link["active"]]

    assert marked("L01") == [reverse("team-results")]
    assert marked("A0001") == ([] if rest == "witness/" else [reverse("my-results")])


def test_nothing_is_computed_when_a_result_is_shown(
    centre: Centre, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pages read the document: the engine's run, the roster and the ratings may be gone."""

    def forbidden(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("computed")

    monkeypatch.setattr(engine, "appraise", forbidden)
    monkeypatch.setattr(engine, "dataset_of", forbidden)
    client = signed_in(centre.users["A0001"])
    for rest in ("", "form/", "form.pdf"):
        assert client.get(f"/cycles/appraisals/{of(centre, 'A0001').pk}/{rest}").status_code == 200


def test_an_altered_document_is_not_shown(centre: Centre, signed_in: SignIn) -> None:
    """Every page says so instead of showing other figures than were kept."""
    triggers.remove(connection)
    Result.objects.filter(appraisal=of(centre, "A0001")).update(document='{"total": 100}')
    for rest in ("", "form/", "form.pdf", "records/fcr/"):
        assert "与存入时不符" in page(centre, signed_in(centre.users["A0001"]), "A0001", rest, status=409)


def test_others_see_it_by_their_reach(centre: Centre, signed_in: SignIn) -> None:
    """The own lead, supervisor, HR, panel and auditor; not a colleague, another lead, or QA."""
    seeing = {"A0001": 200, "L01": 200, "M01": 200, "H01": 200, "P01": 200, "auditor": 200,
              "A0002": 404, "A0101": 404, "L02": 404, "Q01": 404}  # fmt: skip
    appraisal = of(centre, "A0001")
    for name, status in seeing.items():
        client = signed_in(centre.users[name])
        for rest in ("", "form/", "form.pdf", "scheme/", "records/fcr/"):
            answer = client.get(f"/cycles/appraisals/{appraisal.pk}/{rest}")
            assert answer.status_code == status, (name, rest)


def test_before_publication_the_agent_has_no_page(signed_in: SignIn) -> None:
    """404 for the agent and the lead; HR is told where the cycle stands."""
    centre = build_cycle("reviewing")
    for name in ("A0001", "L01"):
        page(centre, signed_in(centre.users[name]), "A0001", status=404)
    assert "还没有结果" in page(centre, signed_in(centre.hr), "A0001")
    assert "复核" in page(centre, signed_in(centre.hr), "A0001", "form/")


def test_acts_follow_the_state(centre: Centre, signed_in: SignIn) -> None:
    """What the bar at the foot offers is what the state table allows."""
    wanted: dict[str, set[str]] = {
        "interview": {"appeal"}, "sign_off": {"sign", "appeal"}, "signed": set(), "unsigned": {"appeal"},
        "appealing": set(), "rejected": {"sign"}, "withdrawn": {"sign"}, "upheld": {"sign"},
    }  # fmt: skip
    client = signed_in(centre.users["A0001"])
    for state, acts in wanted.items():
        Appraisal.objects.filter(pk=of(centre, "A0001").pk).update(state=state)
        text = page(centre, client, "A0001")
        offered = {act for act, label in (("sign", "确认签字"), ("appeal", "提出申诉")) if f"{label}</a>" in text}
        assert offered == acts, state


def test_no_appeal_is_offered_after_its_time(centre: Centre) -> None:
    """The end is exclusive; the deadline is the day before it."""
    appraisal = of(centre, "A0001")
    assert "appeal" in person.possible_acts(appraisal)
    appraisal.appeal_until = timezone.now()
    assert "appeal" not in person.possible_acts(appraisal)


def test_held_and_left_out_say_why(centre: Centre, signed_in: SignIn) -> None:
    """Who is not appraised reads the reason; no grade is shown."""
    out = Appraisal.objects.filter(cycle=centre.cycle, state__in=["held", "not_appraised"]).select_related("person")
    assert out
    for appraisal in out:
        key = appraisal.person.key
        text = page(centre, signed_in(centre.users[key]), key)
        assert "原因" in text or "还没有结果" in text or "不参加考核" in text


def test_records_lie_one_click_behind(centre: Centre, signed_in: SignIn, count_queries: Counter) -> None:
    """Each record with its file and row, 50 a page; as many as the document says; nothing of customers but keys."""
    client = signed_in(centre.users["A0001"])
    client.get("/")
    with count_queries(15):
        text = page(centre, client, "A0001", "records/first_response/")
    assert text.count('class="record"') == 50
    assert ".csv，第" in text
    assert "customer" not in text
    assert "与发布时不完全一致" not in text
    page(centre, client, "A0001", "records/standards/", status=404)
    page(centre, client, "A0001", "records/nothing/", status=404)


def test_the_form_has_the_real_signatures(centre: Centre, signed_in: SignIn) -> None:
    """Unsigned until signed; then who, what and when."""
    appraisal = of(centre, "A0001")
    client = signed_in(centre.users["A0001"])
    assert "未签" in page(centre, client, "A0001", "form/")
    assert appraisal.result is not None
    Signature.objects.create(
        appraisal=appraisal, result=appraisal.result, content_hash=appraisal.result.content_hash,
        outcome="signed", by=centre.users["A0001"], remark="同意结果",
    )  # fmt: skip
    text = page(centre, client, "A0001", "form/")
    assert "签字确认" in text
    assert "同意结果" in text
    assert client.get(f"/cycles/appraisals/{appraisal.pk}/form.pdf").content.startswith(b"%PDF")


def test_what_was_agreed_and_corrected(centre: Centre, signed_in: SignIn) -> None:
    """The plan of the interview and posted difference lines; a proposed correction is nobody's to read yet."""
    appraisal = of(centre, "A0001")
    interview, _made = Interview.objects.get_or_create(appraisal=appraisal)
    interview.plan.create(text="每周旁听两通", owner="本人")
    assert appraisal.result is not None
    common: dict[str, Any] = {"appraisal": appraisal, "before": appraisal.result, "after": appraisal.result}
    common["proposed_by"] = centre.hr
    Correction.objects.create(reason="理由甲", state="proposed", total_difference=120, **common)
    client = signed_in(centre.users["A0001"])
    text = page(centre, client, "A0001")
    assert "每周旁听两通" in text
    assert "理由甲" not in text
    common |= {"state": "posted", "posted_at": timezone.now()}
    Correction.objects.create(reason="理由乙", total_difference=-250, **common)
    text = page(centre, client, "A0001")
    assert "理由乙" in text
    assert "−2.50" in text


def test_every_published_result_names_who_can_change_it(
    centre: Centre, record_property: Callable[[str, object], None]
) -> None:
    """P3: a human, an explanation and the way to review, for each of them."""
    results = list(Appraisal.objects.filter(cycle=centre.cycle, result__isnull=False).select_related("result__run"))
    for appraisal in results:
        found = of(centre, appraisal.person.key)
        assert found.result is not None
        assert person.contacts_of(found)
        told = shown(found.result)
        assert told.sheet["appeal"]
        assert told.explanation[1]
    record_property("results", len(results))


def test_in_english(centre: Centre, signed_in: SignIn) -> None:
    """The document holds both languages; the page takes the reader's."""
    user = centre.users["A0001"]
    user.language = "en"
    user.save()
    text = page(centre, signed_in(user), "A0001")
    assert "Service quality" in text
    assert "Customer feedback (weight 20%)" in text


def test_the_printed_form_says_how_its_signatures_stand(centre: Centre, signed_in: SignIn) -> None:
    """Below the empty fields for pen and paper; the stored document is as it was."""
    appraisal = of(centre, "A0001")
    assert appraisal.result is not None
    url, client = f"/cycles/appraisals/{appraisal.pk}/form.pdf", signed_in(centre.users["A0001"])
    assert "系统内签字：被考核人" in text_of(client.get(url).content)
    assert "签字确认20" not in text_of(client.get(url).content)
    Signature.objects.create(
        appraisal=appraisal, result=appraisal.result, content_hash=appraisal.result.content_hash, outcome="signed",
        by=centre.users["A0001"],
    )  # fmt: skip
    assert "签字确认20" in text_of(client.get(url).content)
    assert engine.read_document(appraisal.result)["form"]["zh-Hans"]["forms"][0]["notes"] == []


def test_closing_names_who_has_not_held_an_interview(centre: Centre, signed_in: SignIn) -> None:
    """Not only whose signature is missing, but by whom the interview is to be held."""
    waiting = of(centre, "A0001")
    Appraisal.objects.filter(pk=waiting.pk).update(state="interview")
    assert waiting.superior is not None
    text = signed_in(centre.hr).get(f"/cycles/{centre.cycle.pk}/close/").content.decode()
    assert f"由 {waiting.superior.name} 面谈" in text


def text_of(content: bytes) -> str:
    """Return the text of a PDF without spaces."""
    pages = pypdfium2.PdfDocument(content)
    return "".join("".join(page.get_textpage().get_text_range().split()) for page in pages)
