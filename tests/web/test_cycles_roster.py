"""Joiners, leavers and transfers: inside the month, and entered late when the cycle already runs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client

from meritdesk.web.access.actions import Refused
from meritdesk.web.access.models import AuditEntry, User
from meritdesk.web.cycles import engine
from meritdesk.web.cycles.actions.roster import do_change_roster
from meritdesk.web.cycles.models import RatingForm, RatingItem, RosterEntry
from meritdesk.web.cycles.queries.members import membership_kept
from meritdesk.web.cycles.queries.rater_plans import plan_of
from meritdesk.web.cycles.queries.roster import differences, memberships
from meritdesk.web.people.models import Assignment, Person
from tests.web.cycle_company import Centre, build_cycle

SignIn = Callable[[User], Client]
KEY = "A0001"


@pytest.fixture
def centre() -> Centre:
    """Return a centre in rating, without data."""
    return build_cycle("rating", data=False, teams=2, size=4)


def found(centre: Centre) -> dict[str, str]:
    """Return staff key → kind of what differs from the people app."""
    centre.cycle.refresh_from_db()
    return {d.key: d.kind for d in differences(centre.cycle, *memberships(centre.cycle))}


def change(centre: Centre, *people: str) -> dict[str, int]:
    """Take over what differs for people."""
    centre.cycle.refresh_from_db()
    return do_change_roster(
        acting_user=centre.hr, cycle=centre.cycle, version=centre.cycle.version, people=people, reason="补录"
    )


def forms_of(centre: Centre, key: str) -> set[tuple[str, str, date, date]]:
    """Return (role, rater, segment from, day) of the forms about somebody."""
    rows = RatingForm.objects.filter(appraisal__cycle=centre.cycle, appraisal__person__key=key)
    return set(rows.values_list("role", "rater__key", "segment_from", "day"))


def as_planned(centre: Centre) -> bool:
    """Return whether the forms are those that the plan over the kept roster asks for."""
    plan = plan_of(centre.cycle, centre.version_scheme, membership_kept(centre.cycle))  # type: ignore[attr-defined]
    wanted = {(f.person, f.role, f.rater, f.segment_from, f.day) for f in plan.forms}
    rows = RatingForm.objects.filter(appraisal__cycle=centre.cycle)
    there = set(rows.values_list("appraisal__person__key", "role", "rater__key", "segment_from", "day"))
    return wanted == there


@pytest.fixture(autouse=True)
def _scheme(centre: Centre) -> None:
    centre.version_scheme = engine.loaded_scheme(centre.cycle).scheme  # type: ignore[attr-defined]


def split(person: Person, team: str, day: date, centre: Centre, superior: str) -> None:
    """Transfer somebody from a day on, as if it had been known all along."""
    running = person.assignments.order_by("-valid_from")[0]
    running.valid_to = day
    running.save()
    Assignment.objects.create(
        person=person, team=centre.teams[team], position=running.position, superior=centre.people[superior],
        valid_from=day,
    )  # fmt: skip


def test_nothing_differs_after_opening(centre: Centre) -> None:
    """The snapshot is what the people app said; the forms are what the plan asks for."""
    assert found(centre) == {}
    assert as_planned(centre)


def test_joiner_leaver_and_transfer_inside_the_month(centre: Centre) -> None:
    """Each segment of enough days has its forms, rated by its own superior, for its own last day."""
    membership = membership_kept(centre.cycle)
    moved = [m for m in membership.members if len(m.counted) == 2]
    late = [m for m in membership.members if m.counted and m.counted[0].from_day > 20332]
    assert moved
    for member in moved:
        superior = {f for f in forms_of(centre, member.key) if f[0] == "superior"}
        assert len(superior) == 2
        assert {f[1] for f in superior} == {segment.superior for segment in member.counted}
        assert {f[3] for f in superior} == {date(2025, 9, 14), date(2025, 9, 30)} or len({f[3] for f in superior}) == 2
    short = membership.short
    assert short
    for member in short:
        assert not forms_of(centre, member.key)
    assert late or membership.members


def test_a_transfer_entered_late_splits_the_person(centre: Centre) -> None:
    """Shown as a difference, taken over on demand: a second segment with its own forms; the audit names the lines."""
    person = centre.people[KEY]
    split(person, "二组", date(2025, 9, 16), centre, "L02")
    assert found(centre) == {KEY: "changed"}
    before = forms_of(centre, KEY)
    assert forms_of(centre, KEY) == before, "nothing happens by itself"
    done = change(centre, KEY)
    assert (done["changed"], done["forms_kept"]) == (1, 0)
    assert found(centre) == {}
    assert as_planned(centre)
    appraisal = centre.cycle.appraisals.get(person=person)
    assert appraisal.team == centre.teams["二组"]
    assert appraisal.superior == centre.people["L02"]
    assert AuditEntry.objects.filter(action="cycle.roster", person=KEY).count() == 1
    assert len(RosterEntry.objects.filter(cycle=centre.cycle, person=person)) == 2


def test_what_is_written_stays(centre: Centre) -> None:
    """A form that is written in moves with the segment of its rater; nothing a rater wrote is dropped."""
    form = RatingForm.objects.get(appraisal__person__key=KEY, role="superior")
    RatingItem.objects.create(form=form, indicator="standards", level=4)
    RatingForm.objects.filter(pk=form.pk).update(state="submitted")
    person = centre.people[KEY]
    running = person.assignments.get()
    running.valid_to = date(2025, 9, 21)
    running.save()
    change(centre, KEY)
    form.refresh_from_db()
    assert (form.segment_from, form.day) == (date(2025, 9, 1), date(2025, 9, 20))
    assert form.items.get().level == 4
    assert as_planned(centre)


def test_the_rater_changes_but_the_rating_was_given(centre: Centre) -> None:
    """Another superior all month: the old one's written form stays and is told, the new one gets a form."""
    form = RatingForm.objects.get(appraisal__person__key=KEY, role="superior")
    RatingItem.objects.create(form=form, indicator="standards", level=4)
    Assignment.objects.filter(person__key=KEY).update(superior=centre.people["L02"])
    done = change(centre, KEY)
    assert (done["forms_made"], done["forms_kept"]) == (1, 1)
    raters = {f[1] for f in forms_of(centre, KEY) if f[0] == "superior"}
    assert raters == {"L01", "L02"}


def test_a_joiner_entered_late(centre: Centre) -> None:
    """Comes in with an appraisal, forms and a notice."""
    person = Person.objects.create(key="N1", name="新人")
    Assignment.objects.create(
        person=person, team=centre.teams["一组"], position=centre.people[KEY].assignments.get().position,
        superior=centre.people["L01"], valid_from=date(2025, 9, 8),
    )  # fmt: skip
    assert found(centre) == {"N1": "joined"}
    done = change(centre, "N1")
    assert done["joined"] == 1
    assert done["forms_made"] == 3
    assert as_planned(centre)


def test_somebody_who_was_never_there(centre: Centre) -> None:
    """An assignment taken back: out while nothing is written about them, refused afterwards."""
    Assignment.objects.filter(person__key=KEY).delete()
    assert found(centre) == {KEY: "gone"}
    form = RatingForm.objects.filter(appraisal__person__key=KEY)[0]
    item = RatingItem.objects.create(form=form, indicator="standards", level=4)
    with pytest.raises(Refused, match="不能移出"):
        change(centre, KEY)
    assert centre.cycle.appraisals.filter(person__key=KEY).exists()
    item.delete()
    assert change(centre, KEY)["gone"] == 1
    assert not centre.cycle.appraisals.filter(person__key=KEY).exists()
    assert found(centre) == {}


def test_leaving_after_the_period_is_no_difference(centre: Centre) -> None:
    """Only what lies inside the period counts."""
    Assignment.objects.filter(person__key=KEY).update(valid_to=date(2025, 11, 1))
    assert found(centre) == {}


def test_in_the_browser(centre: Centre, signed_in: SignIn) -> None:
    """The page names the difference; without a reason nothing happens; with one it says what happened."""
    split(centre.people[KEY], "二组", date(2025, 9, 16), centre, "L02")
    client, url = signed_in(centre.hr), f"/cycles/{centre.cycle.pk}/roster/"
    assert "2025-09-16" in client.get(url).content.decode()
    sent = {"people": [KEY], "version": centre.cycle.version}
    assert client.post(url, {**sent, "reason": ""}).status_code == 422
    assert client.post(url, {**sent, "reason": "调动补录"}).status_code == 302
    assert client.post(url, {**sent, "reason": "调动补录"}).status_code == 422
    assert "没有待采纳的变动" in client.get(url).content.decode()


def test_not_after_review(centre: Centre) -> None:
    """Once the panel has it, the roster stands."""
    centre.cycle.state = "reviewing"
    centre.cycle.save()
    split(centre.people[KEY], "二组", date(2025, 9, 16), centre, "L02")
    with pytest.raises(Refused):
        change(centre, KEY)
