"""The rater's list, one indicator side by side, the evidence beside a form and the records behind a figure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from meritdesk.web.access.actions import action, record
from meritdesk.web.access.models import User
from meritdesk.web.cycles import engine
from meritdesk.web.cycles.models import Cycle, Note, RaterPlan, RatingForm, RatingItem, Run, SelfAppraisal
from meritdesk.web.cycles.queries import rating_team
from tests.web.cycle_company import FIRST, Centre, build_cycle

SignIn = Callable[[User], Client]


@pytest.fixture
def centre(_fast_passwords: None) -> Centre:
    """Return a small centre in rating under R4, with its data."""
    return build_cycle("rating")


def form_of(role: str = "superior", number: int = 0) -> RatingForm:
    """Return a form of the role about an agent."""
    forms = RatingForm.objects.filter(role=role, appraisal__position="agent").select_related("appraisal__person")
    return forms.order_by("pk")[number]


def rater_of(form: RatingForm) -> User:
    """Return the account of the rater."""
    return User.objects.get(person=form.rater_id)


def text_of(client: Client, name: str, *args: object) -> str:
    """Return the page of an address."""
    answer = client.get(reverse(name, args=args))
    assert answer.status_code == 200, name
    return answer.content.decode()


def note(form: RatingForm, author: User, day: date, text: str) -> Note:
    """Keep a note about the person of a form."""
    return Note.objects.create(person=form.appraisal.person, author=author, day=day, text=text)


@action
def do_preview(cycle: Cycle) -> Run:
    """Compute the cycle and keep it as its preview."""
    run = engine.keep(
        cycle, engine.compute(cycle, explained=False), purpose=Run.Purpose.PREVIEW, acting_user=None
    )
    record(None, "cycle.preview", cycle, new={"run": run.number})
    Cycle.objects.filter(pk=cycle.pk).update(run=run)
    return run


@pytest.mark.usefixtures("centre")
def test_list_holds_ones_own_forms_and_the_next(signed_in: SignIn) -> None:
    """By cycle and role, with progress and the next one to fill in; nobody else's."""
    form = form_of()
    client = signed_in(rater_of(form))
    text = text_of(client, "ratings")
    assert f"评下一位：{form.appraisal.person.name}" in text
    mine = RatingForm.objects.filter(rater=form.rater_id)
    others = RatingForm.objects.exclude(rater=form.rater_id)
    assert all(reverse("rating-form", args=[each.pk]) in text for each in mine)
    assert not any(reverse("rating-form", args=[each.pk]) + '"' in text for each in others)


@pytest.mark.usefixtures("centre")
def test_list_of_somebody_who_rates_nobody(signed_in: SignIn) -> None:
    """An agent sees an empty list that says when something comes."""
    agent = User.objects.get(person=form_of().appraisal.person_id)
    assert "没有要评的人" in text_of(signed_in(agent), "ratings")


def test_side_by_side_is_shuffled_stable_and_hides_the_rest(centre: Centre, signed_in: SignIn) -> None:
    """The same order each time, another by indicator; levels of other indicators are not on the page."""
    qa = rater_of(form_of("qa"))
    client = signed_in(qa)
    for form in RatingForm.objects.filter(role="qa"):
        RatingItem.objects.create(form=form, indicator="problem_solving", level=4, score=400, remark="别处的评语")
    pages = [text_of(client, "rating-team", centre.cycle.pk, "standards") for _again in range(2)]
    keys = list(RatingForm.objects.filter(role="qa").values_list("pk", flat=True))

    def order(page: str, indicator: str) -> list[int]:
        return sorted(keys, key=lambda pk: page.index(f'id="item-{pk}-{indicator}"'))

    assert order(pages[0], "standards") == order(pages[1], "standards")
    other = text_of(client, "rating-team", centre.cycle.pk, "problem_solving")
    assert order(other, "problem_solving") != order(pages[0], "standards")
    assert "别处的评语" not in pages[0]
    assert "别处的评语" in other


def test_side_by_side_in_pages(centre: Centre, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever rates very many gets them in pages: everybody once, in the same order, then the next indicator."""
    client = signed_in(rater_of(form_of("qa")))
    path = reverse("rating-team", args=[centre.cycle.pk, "standards"])
    whole = client.get(path, {"role": "qa"}).context["found"]
    order = [row.form.pk for row in whole.rows]
    assert whole.total == len(order) > 3
    monkeypatch.setattr(rating_team, "PAGE_PEOPLE", 3)
    seen: list[int] = []
    for number in range(1, -(-len(order) // 3) + 1):
        answer = client.get(path, {"role": "qa", "page": str(number)})
        found, text = answer.context["found"], answer.content.decode()
        seen += [row.form.pk for row in found.rows]
        assert found.total == len(order)
        assert ("下一页" in text) == (len(seen) < len(order))
        assert ("下一项" in text) == (len(seen) == len(order))
    assert seen == order
    assert client.get(path, {"page": "x"}).context["found"].page.number == 1


def test_side_by_side_of_others_does_not_exist(centre: Centre, signed_in: SignIn) -> None:
    """Who rates nobody on an indicator finds nothing there."""
    agent = User.objects.get(person=form_of().appraisal.person_id)
    address = reverse("rating-team", args=[centre.cycle.pk, "standards"])
    assert signed_in(agent).get(address).status_code == 404
    qa = signed_in(rater_of(form_of("qa")))
    assert qa.get(reverse("rating-team", args=[centre.cycle.pk, "response"])).status_code == 404
    assert qa.get(address, {"role": "superior"}).status_code == 404


def test_evidence_has_notes_figures_and_self_appraisal(centre: Centre, signed_in: SignIn) -> None:
    """Notes of the period, own and others'; the preview's figures with a way to their records; the gap is named."""
    do_preview(centre.cycle)
    form = form_of()
    lead, qa = rater_of(form), rater_of(form_of("qa"))
    note(form, lead, FIRST + timedelta(days=2), "自己的记录")
    note(form, qa, FIRST + timedelta(days=3), "质检的记录")
    note(form, lead, FIRST - timedelta(days=1), "上月的记录")
    withdrawn = note(form, lead, FIRST, "撤回的记录")
    Note.objects.filter(pk=withdrawn.pk).update(withdrawn_at=timezone.now())
    SelfAppraisal.objects.create(appraisal=form.appraisal, results="自评的话", submitted_at=timezone.now())
    text = text_of(signed_in(lead), "rating-drawer", form.pk)
    assert "自己的记录" in text
    assert "质检的记录" in text
    assert "上月的记录" not in text
    assert "撤回的记录" not in text
    assert "自评的话" in text
    assert "09-05 到 09-30 没有记录" in text
    assert "平均响应时长" in text
    records = text_of(signed_in(lead), "rating-records", form.pk, "first_response")
    assert "背后的记录，共" in records


def test_records_of_no_such_figure(centre: Centre, signed_in: SignIn) -> None:
    """An unknown metric does not exist."""
    form = form_of()
    answer = signed_in(rater_of(form)).get(reverse("rating-records", args=[form.pk, "nothing"]))
    assert answer.status_code == 404


def test_peers_see_their_own_notes_and_no_figures(centre: Centre, signed_in: SignIn) -> None:
    """A colleague judges what they saw: no figures, no records, no notes of others, no self-appraisal."""
    do_preview(centre.cycle)
    form = form_of()
    peer = User.objects.get(person=form_of("superior", 1).appraisal.person_id)
    RaterPlan.objects.create(cycle=centre.cycle, role="peer", kind="peers")
    own = RatingForm.objects.create(
        appraisal=form.appraisal, role="peer", rater=peer.person, segment_from=form.segment_from, day=form.day
    )
    note(form, rater_of(form), FIRST, "上级的记录")
    SelfAppraisal.objects.create(appraisal=form.appraisal, results="自评的话", submitted_at=timezone.now())
    client = signed_in(peer)
    text = text_of(client, "rating-drawer", own.pk)
    assert "上级的记录" not in text
    assert "自评的话" not in text
    assert "平均响应时长" not in text
    assert client.get(reverse("rating-records", args=[own.pk, "first_response"])).status_code == 404


def test_who_rates_themselves_sees_no_notes_about_themselves(centre: Centre, signed_in: SignIn) -> None:
    """Their own form shows their figures, not what others noted about them."""
    do_preview(centre.cycle)
    form = form_of()
    RaterPlan.objects.create(cycle=centre.cycle, role="self", kind="self")
    own = RatingForm.objects.create(
        appraisal=form.appraisal, role="self", rater=form.appraisal.person, segment_from=form.segment_from,
        day=form.day,
    )  # fmt: skip
    note(form, rater_of(form), FIRST, "上级的记录")
    text = text_of(signed_in(User.objects.get(person=form.appraisal.person_id)), "rating-drawer", own.pk)
    assert "上级的记录" not in text
    assert "平均响应时长" in text
