"""What waits at the desks of those who publish schemes and look after accounts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from allauth.mfa.models import Authenticator
from django.db.models import CharField, Exists, OuterRef
from django.db.models.functions import Cast
from django.utils.timezone import localdate

from meritdesk.language import _
from meritdesk.web.access.models import AuditEntry, User
from meritdesk.web.access.queries import people_without_account
from meritdesk.web.access.reach import WITH_SECOND_FACTOR, has_right
from meritdesk.web.home.queries.work.todo import Todo, link
from meritdesk.web.schemes.models import SchemeVersion
from meritdesk.web.schemes.queries.versions import EDITS, in_reach


def desk_todos(user: User) -> Iterator[Todo]:
    """Yield what the account has to do outside of cycles; at most three queries."""
    if has_right(user, "schemes.publish"):
        yield from _schemes(user)
    if has_right(user, "accounts.manage"):
        yield from _accounts()


def _schemes(user: User) -> Iterator[Todo]:
    # Who wrote in a version may not publish it: see `versions.authors_of`.
    wrote = AuditEntry.objects.filter(
        target_type="schemes.schemeversion", target_id=Cast(OuterRef("pk"), CharField()), action__in=EDITS,
        actor=user.username,
    )  # fmt: skip
    waiting = (
        SchemeVersion.objects.filter(
            ~Exists(wrote), in_reach(user, "schemes.publish", "scheme__department"), state=SchemeVersion.State.SUBMITTED
        )
        .exclude(submitted_by=user)
        .exclude(written_by=user)
        .select_related("scheme")
        .defer("text", "cases_text")
        .order_by("submitted_at")
    )
    for version in waiting[:5]:
        yield Todo(
            title=_("审核方案：{name}").format(name=version.scheme.title),
            why=_("第 {n} 版等第二人审核后发布").format(n=version.number),
            act=_("去审核"),
            url=link("scheme-publication", version.pk),
            due=_notice(version),
        )


def _notice(version: SchemeVersion) -> date | None:
    """Return the day until which a version is wanted: the day it is made known, unless that was before it came."""
    sent = version.submitted_at
    return version.notice_on if sent and version.notice_on and version.notice_on >= localdate(sent) else None


def _accounts() -> Iterator[Todo]:
    second = Authenticator.objects.filter(user=OuterRef("pk"))
    bare = User.objects.filter(is_active=True, grants__role__in=[role.value for role in WITH_SECOND_FACTOR])
    count = bare.annotate(safe=Exists(second)).filter(safe=False).distinct().count()
    if count:
        yield Todo(
            title=_("{n} 个账号还没有两步验证").format(n=count),
            why=_("人事、财务、审计和管理员须有两步验证才能使用"),
            act=_("看账号"),
            url=link("accounts"),
        )
    without = people_without_account().count()
    if without:
        yield Todo(
            title=_("{n} 人还没有账号").format(n=without),
            why=_("花名册中在岗而没有账号的人，不能自评、评分和签字"),
            act=_("开通账号"),
            url=link("accounts-for-people"),
        )
