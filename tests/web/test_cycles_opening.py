"""From a new cycle to rating in the browser: preview, raters, deadlines, opening; refusals keep what was typed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client

from meritdesk.scheme.load import load_document
from meritdesk.web.access.actions import Refused
from meritdesk.web.access.models import AuditEntry, User
from meritdesk.web.cycles.actions.opening import RaterChoice, do_create_cycle, do_set_raters
from meritdesk.web.cycles.models import Cycle, Notice, RaterPlan, RatingForm
from meritdesk.web.cycles.queries.members import LeftOut, by_reason, membership_of
from meritdesk.web.cycles.queries.periods import deadlines_of, offered, period_title
from meritdesk.web.cycles.queries.rater_plans import guessed_kind, plan_of
from meritdesk.web.people.models import CalendarDay
from tests.web.cycle_company import Centre, build_centre, build_cycle, publish_scheme

SignIn = Callable[[User], Client]
SEPTEMBER = {"period": "free", "first_day": "2025-09-01", "last_day": "2025-09-30"}


@pytest.fixture
def centre() -> Centre:
    """Return a centre whose cycle is in draft."""
    return build_centre()


def once(page: str) -> str:
    """Return the key of a form."""
    found = re.search(r'name="once" value="([^"]+)"', page)
    assert found
    return found[1]


def test_from_new_to_rating_in_the_browser(centre: Centre, signed_in: SignIn) -> None:
    """One team: chosen, previewed, made, opened, collected, rated; what is sent twice happens once."""
    client = signed_in(centre.hr)
    team = centre.teams["一组"]
    chosen = {"scope": f"t{team.pk}", "scheme": str(centre.version.pk), **SEPTEMBER}
    centre.cycle.delete()
    page = client.get("/cycles/new/", chosen).content.decode()
    assert "将参加" in page
    assert "一组 2025年9月" in page
    made = {**chosen, "title": "一组九月", "rating_due": "2026-12-01", "once": once(page)}
    assert client.post("/cycles/new/", made).status_code == 302
    assert client.post("/cycles/new/", made).status_code == 422
    cycle = Cycle.objects.get()
    assert {plan.role: plan.kind for plan in cycle.rater_plans.all()} == {
        "superior": "superior", "qa": "people", "hr": "people",
    }  # fmt: skip
    for act, state in (("open", "open"), ("collect", "collecting"), ("begin-rating", "rating")):
        setup = client.get(f"/cycles/{cycle.pk}/setup/").content.decode()
        sent = {"once": once(setup), "version": cycle.version}
        assert client.post(f"/cycles/{cycle.pk}/{act}/", sent).status_code == 302
        cycle.refresh_from_db()
        assert cycle.state == state
        assert client.post(f"/cycles/{cycle.pk}/{act}/", sent).status_code in (302, 422)
        cycle.refresh_from_db()
        assert cycle.state == state
    people = cycle.appraisals.count()
    assert people > 0
    assert Notice.objects.filter(text__contains="已开始").count() == people
    assert RatingForm.objects.filter(appraisal__cycle=cycle, role="qa").count() >= people - 1
    acts = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"cycle.create", "cycle.open", "appraisal.open", "cycle.collect", "cycle.begin_rating"} <= acts


def test_who_is_left_out_and_why(centre: Centre) -> None:
    """People whose position the scheme does not know are named with the reason; short stays are in but not rated."""
    membership = membership_of(centre.cycle)
    reasons = {out.key: out.reason for out in membership.left_out}
    assert set(reasons) == {"M01", "Q01", "H01", "P01"}
    assert "不在方案中" in reasons["H01"]
    assert membership.short
    assert all(member.days < 10 for member in membership.short)
    assert not {m.key for m in membership.members} & set(reasons)
    everybody = {m.key for m in membership.members} | set(reasons)
    assert everybody == set(centre.people)


def test_those_left_out_are_told_by_reason() -> None:
    """One line a reason with its number, the most frequent first, and no more than ten names."""
    outs = [LeftOut(key=f"A{n}", name=f"员工{n}", team="一组", reason="甲" if n < 12 else "乙") for n in range(13)]
    first, second = by_reason(outs)
    assert (first.text, first.number, len(first.shown), first.more) == ("甲", 12, 10, 2)
    assert (second.text, second.number, second.more) == ("乙", 1, 0)


def test_nobody_is_appraised_twice_for_the_same_days(centre: Centre) -> None:
    """Whoever is in a cycle of the same kind and days is left out of another, by name of the cycle."""
    from meritdesk.web.cycles.actions.opening import do_open_cycle

    do_open_cycle(acting_user=centre.hr, cycle=centre.cycle, version=centre.cycle.version)
    other = do_create_cycle(
        acting_user=centre.hr, title="又一次", department=centre.department, team=centre.teams["一组"],
        scheme_version=centre.version, first_day=date(2025, 9, 1), last_day=date(2025, 9, 30), deadlines={},
        once_key="another",
    )  # fmt: skip
    membership = membership_of(other)
    assert not membership.members
    assert any(centre.cycle.title in out.reason for out in membership.left_out)
    with pytest.raises(Refused, match="没有人可以参加"):
        do_open_cycle(acting_user=centre.hr, cycle=other, version=other.version)
    other.refresh_from_db()
    assert other.state == "draft"


def test_the_same_cycle_twice_is_refused(centre: Centre) -> None:
    """One cycle per department, scheme version and period."""
    with pytest.raises(Refused, match="已经有了"):
        do_create_cycle(
            acting_user=centre.hr, title="再来", department=centre.department, team=None,
            scheme_version=centre.version, first_day=date(2025, 9, 1), last_day=date(2025, 9, 30), deadlines={},
            once_key="again",
        )  # fmt: skip


def test_periods_by_name() -> None:
    """Months, quarters, halves and years before and around a day, also over the turn of a year."""
    found = {choice.key: (choice.first, choice.last) for choice in offered(date(2026, 1, 15))}
    assert found["last_month"] == (date(2025, 12, 1), date(2025, 12, 31))
    assert found["last_quarter"] == (date(2025, 10, 1), date(2025, 12, 31))
    assert found["this_half_year"] == (date(2026, 1, 1), date(2026, 6, 30))
    assert found["last_year"] == (date(2025, 1, 1), date(2025, 12, 31))
    assert period_title(date(2024, 2, 1), date(2024, 2, 29)) == "2024年2月"
    assert period_title(date(2025, 9, 2), date(2025, 9, 30)) == "2025-09-02 至 2025-09-30"


def test_deadlines_by_the_company_calendar(centre: Centre) -> None:
    """Working days over the holidays of October; the company's own day off moves them; an uncovered year is told."""
    scheme = load_document(centre.version.text).scheme
    due, problems = deadlines_of(scheme, date(2025, 9, 30), date(2025, 9, 30))
    assert (due["self_due"], problems) == (date(2025, 10, 11), [])
    CalendarDay.objects.create(day=date(2025, 10, 9), working=False)
    assert deadlines_of(scheme, date(2025, 9, 30), date(2025, 9, 30))[0]["self_due"] == date(2025, 10, 13)
    due, problems = deadlines_of(scheme, date(2026, 12, 30), date(2026, 12, 30))
    assert not due
    assert [problem.code for problem in problems] == ["calendar-uncovered"]


def test_deadlines_are_changed_with_a_reason(centre: Centre, signed_in: SignIn) -> None:
    """Without a reason or out of order: refused, and what was typed stays; with one: changed and in the audit."""
    client, url = signed_in(centre.hr), f"/cycles/{centre.cycle.pk}/deadlines/"
    new = {"self_due": "2025-10-20", "rating_due": "2025-10-25", "review_due": "2025-10-28", "sign_due": "2025-11-05"}
    sent = {**new, "version": centre.cycle.version}
    answer = client.post(url, {**sent, "reason": ""})
    assert answer.status_code == 422
    assert "2025-10-25" in answer.content.decode()
    assert client.post(url, {**sent, "rating_due": "2025-10-10", "reason": "停电"}).status_code == 422
    assert client.post(url, {**sent, "reason": "停电"}).status_code == 302
    assert client.post(url, {**sent, "reason": "停电"}).status_code == 422  # an old version of the page
    centre.cycle.refresh_from_db()
    assert centre.cycle.rating_due == date(2025, 10, 25)
    assert "停电" in AuditEntry.objects.get(action="cycle.deadlines").new


def test_kinds_of_raters_are_guessed_from_the_role() -> None:
    """By the ids that the shipped schemes use."""
    kinds = {role: str(guessed_kind(role)) for role in ("superior", "self", "peer", "colleague", "qa", "hr", "mystery",
                                                        "customer", "upper_superior")}  # fmt: skip
    assert kinds == {
        "superior": "superior", "self": "self", "peer": "peers", "colleague": "peers", "qa": "people", "hr": "people",
        "mystery": "people", "customer": "guest", "upper_superior": "upper",
    }  # fmt: skip


def test_raters_are_chosen(centre: Centre, signed_in: SignIn) -> None:
    """HR names raters; each person gets as many of them as was said, by turns, never themselves."""
    client, cycle = signed_in(centre.hr), centre.cycle
    lead = centre.people["L01"]
    sent = {
        "version": cycle.version, "role": ["superior", "qa", "hr"], "kind_superior": "superior", "number_superior": "1",
        "kind_qa": "people", "people_qa": [str(centre.people["Q01"].pk), str(lead.pk)], "number_qa": "1",
        "kind_hr": "people", "people_hr": [str(centre.people["H01"].pk)], "number_hr": "1",
    }  # fmt: skip
    assert client.post(f"/cycles/{cycle.pk}/raters/", sent).status_code == 302
    assert client.post(f"/cycles/{cycle.pk}/raters/", sent).status_code == 422  # an old version of the page
    cycle.refresh_from_db()
    plan = plan_of(cycle, load_document(centre.version.text).scheme, membership_of(cycle))
    load = plan.load()
    qa = [form for form in plan.forms if form.role == "qa"]
    assert abs(sum(f.rater == "Q01" for f in qa) - sum(f.rater == "L01" for f in qa)) <= 2
    assert all(form.rater != form.person for form in plan.forms)
    assert load["L01"] > 0
    with pytest.raises(Refused):
        do_set_raters(acting_user=centre.hr, cycle=cycle, version=cycle.version,
                      choices={"qa": RaterChoice(kind="self")})  # fmt: skip


def test_anonymous_peers_are_enough_or_none(signed_in: SignIn) -> None:
    """A scheme with anonymous peers: at least its smallest group rates each, by turns; in a small team nobody, with the
    reason."""
    centre = build_centre(teams=2, size=3, scheme="r1-service-quality")
    cycle = centre.cycle
    scheme = load_document(centre.version.text).scheme
    assert cycle.rater_plans.get(role="peer").kind == RaterPlan.Kind.PEERS
    plan = plan_of(cycle, scheme, membership_of(cycle))
    peers = [form for form in plan.forms if form.role == "peer"]
    gaps = [gap for gap in plan.gaps if gap.role == "peer"]
    assert gaps
    assert all("匿名" in gap.reason for gap in gaps)
    for person in {form.person for form in peers}:
        assert len([form for form in peers if form.person == person]) >= 3
    assert not {gap.person for gap in gaps} & {form.person for form in peers}
    big = build_centre_of_ten()
    plan = plan_of(big.cycle, scheme, membership_of(big.cycle))
    peers = [form for form in plan.forms if form.role == "peer"]
    assert peers
    given = [sum(form.rater == key for form in peers) for key in {form.rater for form in peers}]
    assert max(given) - min(given) <= 2


def build_centre_of_ten() -> Centre:
    """Return a second centre with bigger teams, in a department of another name."""
    from meritdesk.web.people.models import Assignment, Department, Person

    Assignment.objects.all().delete()
    Cycle.objects.all().delete()
    User.objects.exclude(pk__in=[]).update(person=None)
    Department.objects.update(name="旧部")
    from django.db.models import F, Value
    from django.db.models.functions import Concat

    Person.objects.update(key=Concat(Value("X"), F("key")))
    User.objects.update(username=Concat(Value("x"), F("username")))
    from meritdesk.web.people.models import Position
    from meritdesk.web.schemes.models import Scheme

    Position.objects.update(code=Concat(Value("x"), F("code")), title=Concat(Value("x"), F("title")))
    Scheme.objects.update(name=Concat(Value("x"), F("name")))
    return build_centre(teams=2, size=9, scheme="r1-service-quality")


def test_a_lead_sees_no_setup(signed_in: SignIn) -> None:
    """Only who runs cycles sees the checklist; a lead sees the board with their own team only."""
    centre = build_cycle("rating", data=False)
    lead = signed_in(centre.users["L01"])
    assert lead.get(f"/cycles/{centre.cycle.pk}/setup/").status_code == 404
    assert lead.post(f"/cycles/{centre.cycle.pk}/open/", {}).status_code == 404
    page = lead.get(f"/cycles/{centre.cycle.pk}/").content.decode()
    others = centre.cycle.appraisals.exclude(team=centre.users["L01"].grants.get().team).select_related("person")
    assert others
    assert not [a for a in others if f">{a.person.key}<" in page]


def test_a_draft_of_the_scheme_cannot_be_used(centre: Centre) -> None:
    """Only published versions."""
    version = publish_scheme(centre.hr, "r2h-express")
    version.state = "retired"
    version.save()
    with pytest.raises(Refused, match="没有发布"):
        do_create_cycle(
            acting_user=centre.hr, title="x", department=centre.department, team=None, scheme_version=version,
            first_day=date(2025, 9, 1), last_day=date(2025, 9, 30), deadlines={}, once_key="k",
        )  # fmt: skip
