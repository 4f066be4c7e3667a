"""Rating one person: saved as it is judged, second savers told, extremes explained, handed in once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from meritdesk.scheme.load import load_document
from meritdesk.web.access.models import AuditEntry, Delegation, User
from meritdesk.web.cycles.models import Cycle, RatingForm, RatingItem
from meritdesk.web.people.models import Position
from tests.web.conftest import Counter
from tests.web.cycle_company import Centre, advance, build_centre, build_cycle

SignIn = Callable[[User], Client]


@pytest.fixture
def centre(_fast_passwords: None) -> Centre:
    """Return a small centre in rating under R4."""
    return build_cycle("rating", data=False)


def form_of(centre: Centre, role: str = "superior", number: int = 0) -> RatingForm:
    """Return a form of the role, in order of ids."""
    forms = RatingForm.objects.filter(role=role, appraisal__position="agent").select_related("rater__user", "appraisal")
    return forms.order_by("pk")[number]


def rater_of(form: RatingForm) -> User:
    """Return the account of the rater."""
    return User.objects.get(person=form.rater_id)


def save(client: Client, form: RatingForm, indicator: str, **values: object):  # type: ignore[no-untyped-def]
    """Save one judgement at the form's present version."""
    form.refresh_from_db()
    data = {"version": form.version, "level": "", "remark": "", **values}
    return client.post(reverse("rating-item", args=[form.pk, indicator]), data)


def fill(client: Client, form: RatingForm, indicators: tuple[str, ...]) -> None:
    """Judge the indicators at level 4, which needs no remark."""
    for indicator in indicators:
        assert save(client, form, indicator, level=4).status_code == 200


def submit(client: Client, form: RatingForm, once: str = "a", **values: object):  # type: ignore[no-untyped-def]
    """Hand the form in at its present version."""
    form.refresh_from_db()
    return client.post(reverse("rating-submit", args=[form.pk]), {"version": form.version, "once": once, **values})


SUPERIOR = ("standards", "problem_solving", "response")


def test_form_shows_the_rubric_of_the_role(centre: Centre, signed_in: SignIn) -> None:
    """Each indicator the role rates, every level with words and points; none of the other roles'."""
    form = form_of(centre, "qa")
    page = signed_in(rater_of(form)).get(reverse("rating-form", args=[form.pk])).content.decode()
    assert "服务规范度" in page
    assert "问题解决能力" in page
    assert "跨部门响应" not in page
    assert "严重违反话术" in page
    assert "复杂问题主动协调" in page
    assert "已评 0/2" in page


def test_each_judgement_is_saved_with_version_and_audit(centre: Centre, signed_in: SignIn) -> None:
    """A level that fixes its points keeps them; the form's version goes on; old and new are recorded."""
    form = form_of(centre)
    client = signed_in(rater_of(form))
    answer = save(client, form, "standards", level=4, remark="9 月 12 日安抚投诉客户")
    item = RatingItem.objects.get(form=form)
    assert (item.level, item.score, item.remark) == (4, 400, "9 月 12 日安抚投诉客户")
    form.refresh_from_db()
    assert form.version == 2
    assert f'value="{form.version}"' in answer.content.decode()
    assert "已评 1/3" in answer.content.decode()
    save(client, form, "standards", level=3)
    last = AuditEntry.objects.order_by("-sequence")[0]
    assert last.action == "rating.save"
    assert '"level":4' in last.old
    assert '"level":3' in last.new
    assert RatingItem.objects.filter(form=form).count() == 1


def test_second_window_is_told_and_may_choose(centre: Centre, signed_in: SignIn) -> None:
    """A save at an old version changes nothing and shows both; with the new version it goes through."""
    form = form_of(centre)
    client = signed_in(rater_of(form))
    address = reverse("rating-item", args=[form.pk, "standards"])
    client.post(address, {"version": 1, "level": 4, "remark": "先存的话"})
    answer = client.post(address, {"version": 1, "level": 2, "remark": "后存的话"})
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "先存的话" in text
    assert "后存的话" in text
    assert '"version": "2"' in text
    assert RatingItem.objects.get(form=form).level == 4
    answer = client.post(address, {"version": 2, "level": 2, "remark": "后存的话", "anyway": "1"})
    assert answer["HX-Refresh"] == "true"
    assert RatingItem.objects.get(form=form).level == 2


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"level": 9}, "没有第 9 档"),
        ({"level": 0}, "没有第 0 档"),
        ({"level": "x"}, "不是整数"),
        ({"level": 4, "score": "5"}, "不在所选分档的范围内"),
        ({"level": "", "score": "5"}, "先选档"),
        ({"level": 4, "score": "4.001"}, "不是得分"),
        ({"level": 4, "remark": "长" * 2001}, "超过 2000 字"),
    ],
)
def test_what_does_not_fit_the_rubric_is_refused(
    centre: Centre, signed_in: SignIn, values: dict[str, object], words: str
) -> None:
    """Refused beside the indicator, with a fix; nothing is saved."""
    form = form_of(centre)
    answer = save(signed_in(rater_of(form)), form, "standards", **values)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not RatingItem.objects.exists()


def test_indicator_of_another_role_does_not_exist(centre: Centre, signed_in: SignIn) -> None:
    """QA does not rate the cross-department response."""
    form = form_of(centre, "qa")
    assert save(signed_in(rater_of(form)), form, "response", level=4).status_code == 404


def test_handing_in_needs_everything_and_cases_for_extremes(centre: Centre, signed_in: SignIn) -> None:
    """What is missing is named; the highest and lowest level need a remark; then the form is closed."""
    form = form_of(centre)
    client = signed_in(rater_of(form))
    save(client, form, "standards", level=5)
    answer = submit(client, form)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "还差 3 项" in text
    assert "服务规范度（缺具体事例）" in text
    fill(client, form, SUPERIOR[1:])
    save(client, form, "standards", level=5, remark="9 月 3 日全程双语接待外宾")
    assert submit(client, form, "b").status_code == 302
    form.refresh_from_db()
    assert form.state == "submitted"
    assert form.submitted_by == rater_of(form)
    assert save(client, form, "standards", level=4).status_code == 422
    page = client.get(reverse("rating-form", args=[form.pk])).content.decode()
    assert "只能查看" in page
    assert "撤回修改" not in page
    Cycle.objects.update(rating_due="2099-10-01")
    assert "撤回修改" in client.get(reverse("rating-form", args=[form.pk])).content.decode()


def test_same_submit_twice_has_one_effect(centre: Centre, signed_in: SignIn) -> None:
    """The second time goes to the form; one audit entry."""
    form = form_of(centre)
    client = signed_in(rater_of(form))
    fill(client, form, SUPERIOR)
    assert submit(client, form).status_code == 302
    assert submit(client, form).url == reverse("rating-form", args=[form.pk])
    assert AuditEntry.objects.filter(action="rating.submit").count() == 1


def test_handing_in_an_old_page_is_refused(centre: Centre, signed_in: SignIn) -> None:
    """What another window changed is not handed in unseen."""
    form = form_of(centre)
    client = signed_in(rater_of(form))
    fill(client, form, SUPERIOR)
    answer = client.post(reverse("rating-submit", args=[form.pk]), {"version": 2, "once": "a"})
    assert answer.status_code == 422
    assert "别的窗口" in answer.content.decode()


def test_handed_in_can_be_taken_back_until_the_deadline(centre: Centre, signed_in: SignIn) -> None:
    """Before the deadline and in rating only."""
    form = form_of(centre)
    client = signed_in(rater_of(form))
    fill(client, form, SUPERIOR)
    submit(client, form)
    withdraw = reverse("rating-withdraw", args=[form.pk])
    Cycle.objects.update(rating_due="2025-10-01")
    form.refresh_from_db()
    assert "评分截止日已过" in client.post(withdraw, {"version": form.version}).content.decode()
    Cycle.objects.update(rating_due="2099-10-01")
    assert client.post(withdraw, {"version": form.version}).status_code == 302
    form.refresh_from_db()
    assert form.state == "open"
    assert form.submitted_at is None
    submit(client, form, "c")
    Cycle.objects.update(state="calibrating")
    form.refresh_from_db()
    assert client.post(withdraw, {"version": form.version}).status_code == 422


@pytest.mark.parametrize("state", ["collecting", "calibrating", "published"])
def test_nothing_is_saved_outside_rating(centre: Centre, signed_in: SignIn, state: str) -> None:
    """Closed forms are refused, with the state as the reason."""
    form = form_of(centre)
    Cycle.objects.update(state=state)
    assert save(signed_in(rater_of(form)), form, "standards", level=4).status_code == 422


def test_only_the_rater_reaches_a_form(centre: Centre, signed_in: SignIn) -> None:
    """The person rated, colleagues, HR, the panel and other raters: 404 on every address of the form."""
    form = form_of(centre)
    others = [user for user in centre.users.values() if user.person_id != form.rater_id]
    names = ("rating-form", "rating-drawer")
    for user in others:
        client = signed_in(user)
        for name in names:
            assert client.get(reverse(name, args=[form.pk])).status_code == 404, (user, name)
        assert save(client, form, "standards", level=4).status_code == 404
        assert submit(client, form).status_code == 404
    assert not RatingItem.objects.exists()


def test_who_stands_in_rates_for_the_absent_never_themselves(centre: Centre, signed_in: SignIn) -> None:
    """A delegate sees on whose behalf; both are in the audit; the form about the delegate does not exist for them."""
    form = form_of(centre)
    lead = rater_of(form)
    about_them = form_of(centre, "superior", 1)
    other = User.objects.get(person=about_them.appraisal.person_id)
    if rater_of(about_them) != lead:
        pytest.fail("the sample has two agents under one lead")
    Delegation.objects.create(absent=lead, delegate=other, first_day="2020-01-01", last_day="2099-01-01")
    client = signed_in(other)
    assert f"代{lead.name}评分" in client.get(reverse("rating-form", args=[form.pk])).content.decode()
    assert save(client, form, "standards", level=4).status_code == 200
    entry = AuditEntry.objects.order_by("-sequence")[0]
    assert (entry.actor, entry.absent) == (other.username, lead.username)
    assert client.get(reverse("rating-form", args=[about_them.pk])).status_code == 404
    assert save(client, about_them, "standards", level=5).status_code == 404
    listed = client.get(reverse("ratings")).content.decode()
    assert reverse("rating-form", args=[form.pk]) in listed
    assert reverse("rating-form", args=[about_them.pk]) not in listed


def test_nobody_rates_themselves_by_a_wrong_form(centre: Centre, signed_in: SignIn) -> None:
    """A form that names the person as their own superior is refused when it is written to."""
    form = form_of(centre)
    RatingForm.objects.filter(pk=form.pk).update(rater=form.appraisal.person_id)
    client = signed_in(User.objects.get(person=form.appraisal.person_id))
    answer = save(client, form, "standards", level=5)
    assert answer.status_code in (404, 422)
    assert not RatingItem.objects.exists()


def test_rater_who_was_replaced_cannot_hand_in(centre: Centre, signed_in: SignIn) -> None:
    """After the roster names another superior, the old form is told to be somebody else's."""
    form = form_of(centre)
    client = signed_in(rater_of(form))
    fill(client, form, SUPERIOR)
    centre.cycle.roster.filter(person=form.appraisal.person_id).update(superior="M01")
    answer = submit(client, form)
    assert answer.status_code == 422
    assert "不再由您填写" in answer.content.decode()


def test_calibration_gives_a_form_back(centre: Centre, signed_in: SignIn) -> None:
    """While the cycle calibrates, only forms of a case that was sent back are open."""
    from meritdesk.web.cycles.models import CalibrationCase

    form = form_of(centre)
    client = signed_in(rater_of(form))
    Cycle.objects.update(state="calibrating")
    assert save(client, form, "standards", level=4).status_code == 422
    CalibrationCase.objects.create(
        appraisal=form.appraisal, cycle=centre.cycle, segment_from=form.segment_from, first_role="superior",
        first_rater="x", first_total=1, second_role="qa", second_rater="y", second_total=1, outcome="reopened",
    )  # fmt: skip
    assert save(client, form, "standards", level=4).status_code == 200


def presales_centre() -> Centre:
    """Return the small centre in rating under R2e: its agents are presales engineers."""
    centre = build_centre(scheme="r2e-presales-forms")
    title = load_document(centre.version.text).scheme.positions[0].title
    Position.objects.filter(code="agent").update(title=title)
    advance(centre, "rating", data=False)
    return centre


@pytest.mark.usefixtures("_fast_passwords")
def test_range_of_a_level(signed_in: SignIn) -> None:
    """R2e: a level has a range; whole points inside it; the level alone is not enough to hand in."""
    presales_centre()
    form = RatingForm.objects.filter(role="superior").order_by("pk")[0]
    client = signed_in(rater_of(form))
    page = client.get(reverse("rating-form", args=[form.pk])).content.decode()
    assert "25–29 分" in page
    assert 'data-low="25"' in page
    assert "满分 30 分" in page
    assert save(client, form, "performance_card", level=3).status_code == 200
    assert RatingItem.objects.get(form=form).score is None
    assert "未给分" in client.get(reverse("rating-form", args=[form.pk])).content.decode()
    for wrong in ("24", "30", "27.5"):
        assert save(client, form, "performance_card", level=3, score=wrong).status_code == 422
    assert save(client, form, "performance_card", level=3, score="２７").status_code == 200
    assert RatingItem.objects.get(form=form).score == 2700


@pytest.mark.usefixtures("_fast_passwords")
@pytest.mark.parametrize("size", [3, 9])
def test_pages_cost_the_same_for_more_people(
    signed_in: SignIn, count_queries: Counter, size: int
) -> None:
    """The list, the form, its evidence and side by side: as many queries for nine people as for three."""
    centre = build_cycle("rating", data=False, teams=2, size=size)
    form = form_of(centre)
    client = signed_in(rater_of(form))
    client.get(reverse("ratings"))
    addresses = {
        "ratings": reverse("ratings"),
        "form": reverse("rating-form", args=[form.pk]),
        "drawer": reverse("rating-drawer", args=[form.pk]),
        "team": reverse("rating-team", args=[centre.cycle.pk, "standards"]),
    }
    counts = {}
    for name, address in addresses.items():
        with count_queries(at_most=15) as queries:
            assert client.get(address).status_code == 200
        counts[name] = len(queries)
    assert counts == EXPECTED_QUERIES


EXPECTED_QUERIES = {"ratings": 11, "form": 9, "drawer": 13, "team": 11}
