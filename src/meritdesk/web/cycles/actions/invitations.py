"""Inviting a customer representative by a link: made, revoked, and used once. Only the hash of its token is kept."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import timedelta

from django.utils import timezone

from meritdesk.language import _
from meritdesk.web.access.actions import Refused, action, claim_once, record
from meritdesk.web.access.models import User
from meritdesk.web.cycles.actions.rating import live, submit
from meritdesk.web.cycles.deadlines import end_of
from meritdesk.web.cycles.models import Appraisal, Cycle, Invitation, RatingForm
from meritdesk.web.cycles.queries.invitations import (
    guest_forms,
    guest_roles,
    hash_of,
    segments_to_rate,
    why_no_invitation,
)

TOKEN_BYTES = 32


@action
def do_invite(
    cycle: Cycle,
    appraisals: Sequence[Appraisal],
    *,
    role: str,
    name: str,
    organisation: str,
    once: str,
    acting_user: User,
) -> tuple[Invitation, str]:
    """Invite a guest to rate people in a role and return the invitation with its token, which is told only here.

    The link ends with the rating deadline. Refused outside rating, after the deadline, for a role that guests do not
    rate in, and for people whose position has nothing to rate in it.
    """
    claim_once(once, acting_user, "invitation.create")
    cycle = Cycle.objects.select_for_update(no_key=True).get(pk=cycle.pk)
    if reason := why_no_invitation(cycle):
        raise Refused("not-rating", reason, _("进入评分阶段后再邀请"))
    end = end_of(cycle.rating_due)
    if end is None or end <= timezone.now():
        raise Refused("no-deadline", _("没有评分截止日，或截止日已过"), _("先在考核设置里改评分截止日"))
    if role not in guest_roles(cycle):
        raise Refused("not-a-guest-role", _("这个角色不由受邀的人评"), _("在评分人设置里改为“受邀的客户代表”"))
    name = name.strip()
    if not name:
        raise Refused("no-name", _("没有填姓名"), _("填写客户代表的姓名"), _("姓名"))
    chosen = segments_to_rate(cycle, role, appraisals)
    if not chosen:
        raise Refused("nobody-to-rate", _("没有选人，或所选岗位没有这个角色要评的指标"), _("至少选一个人"))
    token = secrets.token_urlsafe(TOKEN_BYTES)
    invitation = Invitation.objects.create(
        cycle=cycle, role=role, name=name[:80], organisation=organisation.strip()[:120],
        token_hash=hash_of(token), expires_at=end, created_by=acting_user,
    )  # fmt: skip
    RatingForm.objects.bulk_create(
        RatingForm(
            appraisal_id=appraisal,
            role=role,
            invitation=invitation,
            segment_from=max(entry.valid_from, cycle.first_day),
            day=min(entry.valid_to - timedelta(days=1), cycle.last_day) if entry.valid_to else cycle.last_day,
        )
        for appraisal, entry in chosen.items()
    )
    names = sorted(a.person.key for a in appraisals if a.pk in chosen)
    record(
        acting_user, "invitation.create", invitation, name=f"{invitation.name} · {cycle.title}",
        new={"role": role, "name": invitation.name, "organisation": invitation.organisation, "people": names,
             "expires_at": end},
    )  # fmt: skip
    return invitation, token


@action
def do_revoke_invitation(invitation: Invitation, *, acting_user: User) -> None:
    """Make a link worthless; what was saved through it but not handed in does not count."""
    rows = Invitation.objects.filter(pk=invitation.pk, used_at__isnull=True, revoked_at__isnull=True)
    if not rows.update(revoked_at=timezone.now()):
        raise Refused("not-revocable", _("这个邀请已提交或已撤销"), _("请刷新页面"))
    record(
        acting_user, "invitation.revoke", invitation, name=f"{invitation.name} · {invitation.cycle.title}",
        new={"revoked": True},
    )  # fmt: skip


@action
def do_submit_guest(invitation: Invitation, *, versions: dict[int, int], once: str) -> Invitation:
    """Hand in all forms of an invitation; its link is dead from then on. `versions`: form → version that was seen."""
    claim_once(once, None, "guest.submit")
    if live(invitation.pk).select_for_update().first() is None:
        raise Refused("link-dead", _("这个链接已经失效"))
    for form in guest_forms(invitation):
        submit(form, version=versions.get(form.pk, 0), acting_user=None, invitation=invitation)
    Invitation.objects.filter(pk=invitation.pk).update(used_at=timezone.now())
    record(
        None, "guest.submit", invitation, name=f"{invitation.name} · {invitation.cycle.title}",
        new={"used": True, "forms": sorted(versions)},
    )  # fmt: skip
    return invitation
