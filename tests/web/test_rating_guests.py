"""Customer representatives: invited by a link that is shown once, opens once, and ends with the deadline."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from meritdesk.web.access.models import AuditEntry, User
from meritdesk.web.cycles import inputs
from meritdesk.web.cycles.models import Appraisal, Cycle, Invitation, RaterPlan, RatingForm, RatingItem
from meritdesk.web.cycles.queries.invitations import hash_of
from meritdesk.web.cycles.views.invitations import MOST_MISSES
from tests.web.cycle_company import Centre, build_cycle

SignIn = Callable[[User], Client]


@pytest.fixture
def centre(_fast_passwords: None) -> Centre:
    """Return a small centre in rating in which guests rate as customers."""
    cache.clear()
    made = build_cycle("rating", data=False)
    RaterPlan.objects.update_or_create(cycle=made.cycle, role="customer", defaults={"kind": "guest"})
    Cycle.objects.update(rating_due="2099-01-01")
    return made


def agents() -> list[Appraisal]:
    """Return the agents' appraisals."""
    return list(Appraisal.objects.filter(position="agent").order_by("pk"))


def invite(client: Client, centre: Centre, once: str = "a", **values: Any) -> Any:
    """Send the form of an invitation for the first two agents."""
    people = [a.pk for a in agents()[:2]]
    data = {"role": "customer", "name": "高先生", "organisation": "远航", "people": people, "once": once, **values}
    return client.post(reverse("invitations", args=[centre.cycle.pk]), data)


def link_of(answer: Any) -> str:
    """Return the link on the page that was just answered."""
    found = re.search(r'value="http://testserver(/cycles/guest/[^"]+)"', answer.content.decode())
    assert found, "no link on the page"
    return found[1]


def judge(link: str, form: RatingForm, **values: object) -> Any:
    """Save the judgement on the one indicator that customers rate."""
    form.refresh_from_db()
    data = {"version": form.version, "level": 4, **values}
    return Client().post(f"{link}{form.pk}/problem_solving/", data)


def hand_in(link: str, once: str = "g") -> Any:
    """Hand everything in at the present versions."""
    forms = list(RatingForm.objects.filter(invitation__isnull=False).order_by("pk"))
    data = {"form": [f.pk for f in forms], "version": [f.version for f in forms], "once": once}
    return Client().post(link, data)


def test_link_is_shown_once_and_only_its_hash_is_kept(centre: Centre, signed_in: SignIn) -> None:
    """32 random bytes; neither database nor audit holds them; the page does not show them again."""
    client = signed_in(centre.hr)
    answer = invite(client, centre)
    link = link_of(answer)
    token = link.rstrip("/").rsplit("/", 1)[1]
    assert len(token) == 43
    found = Invitation.objects.get()
    assert found.token_hash == hash_of(token)
    assert not AuditEntry.objects.filter(new__contains=token).exists()
    assert token not in client.get(reverse("invitations", args=[centre.cycle.pk])).content.decode()
    assert found.forms.count() == 2
    assert "没有重复执行" in invite(client, centre).content.decode()
    assert Invitation.objects.count() == 1


def test_guest_rates_without_account_once(centre: Centre, signed_in: SignIn) -> None:
    """Plain page, saved as chosen, handed in; then the link is dead and the ratings count."""
    link = link_of(invite(signed_in(centre.hr), centre))
    page = Client().get(link)
    text = page.content.decode()
    assert page.status_code == 200
    assert "高先生，您好" in text
    assert "复杂问题主动协调" in text
    assert "服务规范度" not in text
    forms = list(RatingForm.objects.filter(invitation__isnull=False).order_by("pk"))
    assert judge(link, forms[0]).status_code == 200
    missing = hand_in(link)
    assert missing.status_code == 422
    assert "还差 1 项" in missing.content.decode()
    assert judge(link, forms[1], level=5, remark="九月三日连夜处理退货").status_code == 200
    for form in forms:
        form.refresh_from_db()
    assert "谢谢您" in hand_in(link, "h").content.decode()
    assert Client().get(link).status_code == 404
    assert judge(link, forms[0], level=3).status_code == 404
    raters = {row["rater"] for row in inputs.entered_tables(centre.cycle)["ratings"]}
    assert raters == {f"guest-{Invitation.objects.get().pk}"}
    entry = AuditEntry.objects.filter(action="rating.submit").latest("sequence")
    assert entry.actor == ""


def test_dead_links_all_look_the_same(centre: Centre, signed_in: SignIn) -> None:
    """Wrong, revoked, expired, used: one answer, byte for byte, that no robot keeps and no referrer tells."""
    client = signed_in(centre.hr)
    links = [link_of(invite(client, centre, str(n))) for n in range(3)]
    invitations = list(Invitation.objects.order_by("pk"))
    client.post(reverse("invitation-revoke", args=[invitations[0].pk]))
    Invitation.objects.filter(pk=invitations[1].pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    Invitation.objects.filter(pk=invitations[2].pk).update(used_at=timezone.now())
    links += ["/cycles/guest/" + "x" * 43 + "/", "/cycles/guest/short/"]
    answers = [Client().get(link) for link in links] + [Client().post(links[0])]
    assert {answer.status_code for answer in answers} == {404}
    assert len({_without_key(answer.content) for answer in answers}) == 1
    for answer in answers:
        assert answer["Referrer-Policy"] == "no-referrer"
        assert "noindex" in answer["X-Robots-Tag"]
        assert answer["Cache-Control"] == "no-store"
    form = invitations[0].forms.all()[0]
    assert judge(links[0], form).status_code == 404
    assert not RatingItem.objects.exists()


def _without_key(content: bytes) -> bytes:
    """Return a page without what differs each time: the token against forged forms, and its own address."""
    plain = re.sub(rb'(csrfmiddlewaretoken" value="|x-csrftoken": ")[^"]+', b"", content)
    return re.sub(rb"/cycles/guest/[^/\"&]+/", b"", plain)


def test_live_page_has_the_same_headers(centre: Centre, signed_in: SignIn) -> None:
    """A live link is as private as a dead one."""
    answer = Client().get(link_of(invite(signed_in(centre.hr), centre)))
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "noindex" in answer["X-Robots-Tag"]
    assert answer["Cache-Control"] == "no-store"


def test_trying_links_is_slowed_down(centre: Centre, signed_in: SignIn) -> None:
    """After a hundred wrong links an address opens nothing for a while, not even a right one."""
    link = link_of(invite(signed_in(centre.hr), centre))
    client = Client()
    for number in range(MOST_MISSES):
        assert client.get(f"/cycles/guest/{number:043d}/").status_code == 404
    assert client.get(link).status_code == 404
    assert Client(REMOTE_ADDR="10.1.1.1").get(link).status_code == 200


def test_guest_reaches_own_forms_only(centre: Centre, signed_in: SignIn) -> None:
    """Neither a lead's form nor another guest's."""
    client = signed_in(centre.hr)
    links = [link_of(invite(client, centre, str(n))) for n in range(2)]
    theirs = Invitation.objects.order_by("pk")[0].forms.all()[0]
    leads = RatingForm.objects.filter(role="superior")[0]
    assert judge(links[1], theirs).status_code == 404
    assert judge(links[1], leads).status_code == 404
    assert judge(links[0], theirs, level=9).status_code == 422
    assert judge(links[0], theirs).status_code == 200


@pytest.mark.parametrize(
    ("change", "values", "words"),
    [
        ({"state": "collecting"}, {}, "评分阶段才能邀请"),
        ({"rating_due": "2025-10-01"}, {}, "截止日已过"),
        ({}, {"role": "superior"}, "不由受邀的人评"),
        ({}, {"name": " "}, "没有填姓名"),
        ({}, {"people": []}, "没有选人"),
    ],
)
def test_invitation_refused(
    centre: Centre, signed_in: SignIn, change: dict[str, str], values: dict[str, Any], words: str
) -> None:
    """Outside rating, too late, for a role that guests do not rate in, without name or people."""
    if change:
        Cycle.objects.update(**change)
    answer = invite(signed_in(centre.hr), centre, **values)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Invitation.objects.exists()


def test_only_hr_invites_and_revokes(centre: Centre, signed_in: SignIn) -> None:
    """Everybody else finds neither page nor act."""
    invite(signed_in(centre.hr), centre)
    found = Invitation.objects.get()
    for user in User.objects.exclude(username__in=("H01", "H02")):
        client = signed_in(user)
        assert client.get(reverse("invitations", args=[centre.cycle.pk])).status_code == 404, user.username
        assert client.post(reverse("invitation-revoke", args=[found.pk])).status_code == 404, user.username
    found.refresh_from_db()
    assert found.revoked_at is None


def test_hr_invites_nobody_to_rate_hr(centre: Centre, signed_in: SignIn) -> None:
    """Nobody arranges who judges themselves: HR's own appraisal is not offered."""
    lead = User.objects.filter(username__startswith="L")[0]
    own = Appraisal.objects.filter(person=lead.person_id).first()
    if own is not None:
        from meritdesk.web.access.models import RoleGrant

        RoleGrant.objects.create(user=lead, role="hr")
        answer = invite(signed_in(lead), centre, people=[own.pk])
        assert answer.status_code == 422
        assert not Invitation.objects.exists()
