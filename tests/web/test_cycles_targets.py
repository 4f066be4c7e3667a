"""Targets: read exactly in natural units, proposed down the team, agreed by the person, again after each change."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from meritdesk.web.access.actions import Refused
from meritdesk.web.access.models import AuditEntry, User
from meritdesk.web.cycles.actions.targets import do_agree_targets
from meritdesk.web.cycles.models import Notice, Target
from meritdesk.web.cycles.queries.targets import Goal, parsed
from tests.web.cycle_company import Centre, build_cycle

SignIn = Callable[[User], Client]


@pytest.fixture
def centre() -> Centre:
    """Return a centre whose cycle is open."""
    return build_cycle("open", data=False)


def goal(unit: str) -> Goal:
    """Return an indicator of a unit."""
    return Goal(id="x", title="指标", unit=unit, scored=True, baseline=False, default=None, positions=())


@pytest.mark.parametrize(
    ("unit", "text", "value"),
    [
        ("ratio", "85%", 8500), ("ratio", "85.5 ％", 8550), ("ratio", "0.85", 8500), ("ratio", "100%", 10000),
        ("seconds", "30", 300000), ("seconds", "30 秒", 300000), ("seconds", "1分30秒", 900000),
        ("seconds", "1:30", 900000), ("seconds", "1：02：03", 37230000), ("seconds", "2分", 1200000),
        ("count", "1,250", 12500000), ("count", "12 次", 120000), ("points", "4.5", 45000), ("", "0", 0),
    ],
)  # fmt: skip
def test_figures_are_read_exactly(unit: str, text: str, value: int) -> None:
    """What people write in natural units is kept to the ten-thousandth."""
    assert parsed(text, goal(unit), "") == value


@pytest.mark.parametrize(
    ("unit", "text"),
    [("ratio", "85"), ("ratio", "八成"), ("seconds", "30%"), ("seconds", "1:75"), ("count", "1,25"), ("count", "-3"),
     ("points", "4.55555"), ("count", "1e5"), ("seconds", "秒"), ("count", "99999999999999")],
)  # fmt: skip
def test_figures_that_could_mean_something_else_are_refused(unit: str, text: str) -> None:
    """85 for a share, five decimals, an exponent: refused with an example instead of guessed."""
    with pytest.raises(Refused):
        parsed(text, goal(unit), "某人")


def test_proposed_and_agreed(centre: Centre, signed_in: SignIn) -> None:
    """A lead proposes to the team, the agent agrees; a change has to be agreed anew; every step is in the audit."""
    appraisal = centre.cycle.appraisals.select_related("person").filter(position="agent")[0]
    lead = centre.users[appraisal.superior.key]  # type: ignore[union-attr]
    page = f"/cycles/{centre.cycle.pk}/targets/"
    name = f"t:{appraisal.pk}:csat"
    answer = signed_in(lead).post(page, {name: "95"})
    assert answer.status_code == 422
    assert 'value="95"' in answer.content.decode()
    assert signed_in(lead).post(page, {name: "96%"}).status_code == 302
    target = Target.objects.get()
    assert (target.value, target.agreed_at) == (9600, None)
    agent = centre.users[appraisal.person.key]
    assert Notice.objects.filter(user=agent, url="/cycles/targets/").exists()
    mine = signed_in(agent)
    assert "96%" in mine.get("/cycles/targets/").content.decode()
    assert mine.post("/cycles/targets/", {"appraisal": appraisal.pk, "act": "agree"}).status_code == 302
    assert Target.objects.filter(agreed_at__isnull=False).exists()
    assert signed_in(lead).post(page, {name: "97%"}).status_code == 302
    assert Target.objects.filter(agreed_at__isnull=True).exists()
    acts = AuditEntry.objects.filter(action__startswith="target.").values_list("action", flat=True)
    assert list(acts.order_by("sequence")) == ["target.propose", "target.agree", "target.propose"]


def test_defaults_of_the_scheme_for_everybody(centre: Centre, signed_in: SignIn) -> None:
    """Empty cells are filled from the scheme; what was typed in stays."""
    page = f"/cycles/{centre.cycle.pk}/targets/"
    appraisal = centre.cycle.appraisals.filter(position="agent")[0]
    signed_in(centre.hr).post(page, {"defaults": "1", f"t:{appraisal.pk}:csat": "99%"})
    assert Target.objects.get(appraisal=appraisal, indicator="csat").value == 9900
    others = Target.objects.filter(indicator="csat").exclude(appraisal=appraisal)
    assert others.count() == centre.cycle.appraisals.count() - 1
    assert set(others.values_list("value", flat=True)) == {9500}


def test_only_ones_own_team_and_only_oneself(centre: Centre, signed_in: SignIn) -> None:
    """A lead proposes nothing to another team; nobody agrees for somebody else."""
    other = centre.cycle.appraisals.exclude(team=centre.users["L01"].grants.get().team).filter(position="agent")[0]
    page = f"/cycles/{centre.cycle.pk}/targets/"
    answer = signed_in(centre.users["L01"]).post(page, {f"t:{other.pk}:csat": "96%"})
    assert answer.status_code == 422
    assert not Target.objects.exists()
    stranger = centre.users["A0001"]
    mine = centre.cycle.appraisals.exclude(person=stranger.person_id)[0]
    assert signed_in(stranger).post("/cycles/targets/", {"appraisal": mine.pk, "act": "agree"}).status_code == 404
    with pytest.raises(Refused):
        do_agree_targets(acting_user=stranger, appraisal=mine)


def test_objection_reaches_who_proposed(centre: Centre, signed_in: SignIn) -> None:
    """An objection demands words and is told to whoever proposed."""
    appraisal = centre.cycle.appraisals.select_related("person").filter(position="agent")[0]
    signed_in(centre.hr).post(f"/cycles/{centre.cycle.pk}/targets/", {f"t:{appraisal.pk}:csat": "99%"})
    agent = signed_in(centre.users[appraisal.person.key])
    empty = agent.post("/cycles/targets/", {"appraisal": appraisal.pk, "act": "object", "reason": " "})
    assert empty.status_code == 422
    agent.post("/cycles/targets/", {"appraisal": appraisal.pk, "act": "object", "reason": "太高"})
    assert Target.objects.get().remark == "太高"
    assert Notice.objects.filter(user=centre.hr, text__contains="太高").exists()
