"""The way of a new company to its first cycle, shown to who may run cycles until one was opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from meritdesk.language import _
from meritdesk.web.access.models import User
from meritdesk.web.access.queries import people_without_account
from meritdesk.web.access.reach import has_right
from meritdesk.web.cycles.models import Cycle
from meritdesk.web.home.queries.notices import count_of
from meritdesk.web.home.queries.work.cycles import Busy
from meritdesk.web.home.queries.work.todo import link
from meritdesk.web.people.models import Person
from meritdesk.web.schemes.models import SchemeVersion


@dataclass(frozen=True, kw_only=True)
class FirstStep:
    """One of the first steps: `state` is done, now (the next one) or open."""

    title: str
    why: str
    state: str
    act: str = ""
    url: str = ""


def first_steps(user: User, cycles: Sequence[Busy]) -> list[FirstStep]:
    """Return the first steps, none once a cycle was opened or for who runs none; one query at most."""
    if not has_right(user, "cycles.run") or any(busy.cycle.state != Cycle.State.DRAFT for busy in cycles):
        return []
    bare = people_without_account().order_by().values("pk")
    published = SchemeVersion.objects.filter(state=SchemeVersion.State.PUBLISHED)
    there = User.objects.annotate(
        opened=Exists(Cycle.objects.exclude(state=Cycle.State.DRAFT)),
        made=Exists(Cycle.objects.all()),
        on_roster=Exists(Person.objects.filter(assignments__isnull=False)),
        published=Exists(published),
        with_account=Exists(User.objects.filter(is_active=True, person__isnull=False).exclude(pk=OuterRef("pk"))),
        without=count_of(Person.objects.filter(pk__in=bare)),
    ).get(pk=user.pk)
    if there.opened:
        return []
    manages = has_right(user, "accounts.manage")
    lacking = there.without
    steps = [
        (there.on_roster, _("导入花名册"), _("部门、班组、岗位和直接上级，一张表导入"), _("导入花名册"),
         "people-import"),
        (there.published, _("由模板建方案并发布"), _("选一个自带的模板，改成本公司的写法，由第二人审核后发布"),
         _("选模板"), "schemes"),
        (there.made, _("建立考核"), _("选部门、考核期和方案，安排评分人后开启"), _("建立考核"), "cycle-new"),
        (there.with_account and not lacking, _("开通账号"),
         _("名册中还有 {n} 人没有账号").format(n=lacking) if lacking else _("每个人用自己的账号自评、评分和签字"),
         _("开通账号") if manages else "", "accounts-for-people"),
    ]  # fmt: skip
    if not manages:
        done, title, why, act, name = steps[-1]
        steps[-1] = (done, title, _("{why}；由系统管理员开通").format(why=why), act, name)
    waiting = next((number for number, step in enumerate(steps) if not step[0]), -1)
    return [
        FirstStep(
            title=title, why=why, act="" if done else act, url=link(name) if act else "",
            state="done" if done else "now" if number == waiting else "open",
        )
        for number, (done, title, why, act, name) in enumerate(steps)
    ]  # fmt: skip
