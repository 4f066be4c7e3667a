"""The way of a cycle from draft to rating as steps: what is done, what is missing, what comes next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse

from meritdesk.language import _
from meritdesk.scheme.document import Scheme
from meritdesk.web.cycles import engine
from meritdesk.web.cycles.data_report import wanted_tables
from meritdesk.web.cycles.models import Cycle, Target
from meritdesk.web.cycles.queries.data import TITLES
from meritdesk.web.cycles.queries.members import Membership, membership_of
from meritdesk.web.cycles.queries.opening import RaterPicture, rater_picture
from meritdesk.web.cycles.queries.targets import goals_of
from meritdesk.web.ui.formats import day

State = Cycle.State


@dataclass(frozen=True, kw_only=True)
class Step:
    """One line of the checklist. `state`: done, now (to be done), late (something is missing), open (not yet)."""

    key: str
    title: str
    state: str
    text: str
    missing: Sequence[str] = ()
    url: str = ""
    link: str = ""


@dataclass(frozen=True, kw_only=True)
class NextAct:
    """What takes a cycle on: an act with its consequence, or a page where it is done."""

    title: str
    url: str
    act: bool = False
    consequence: str = ""
    missing: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Setup:
    """The checklist of one cycle."""

    steps: Sequence[Step]
    next: NextAct | None
    membership: Membership
    raters: RaterPicture


def setup_of(cycle: Cycle) -> Setup:
    """Return the checklist of a cycle."""
    membership = membership_of(cycle)
    raters = rater_picture(cycle, membership)
    scheme = engine.loaded_scheme(cycle).scheme
    steps = [
        _roster_step(cycle, membership),
        _rater_step(cycle, raters),
        _deadline_step(cycle),
        _target_step(cycle, scheme, len(membership.members)),
        _data_step(cycle, scheme),
    ]
    return Setup(
        steps=steps, next=next_act(cycle, steps, len(membership.members), raters), membership=membership, raters=raters
    )


def _address(name: str, cycle: Cycle) -> str:
    return reverse(name, args=[cycle.pk])


def _roster_step(cycle: Cycle, membership: Membership) -> Step:
    text = _("{n} 人参加").format(n=len(membership.members))
    if membership.short:
        text += _("，其中 {n} 人不足最少天数，不评分").format(n=len(membership.short))
    if membership.left_out:
        text += _("；{n} 人未纳入").format(n=len(membership.left_out))
    missing = [problem.message for problem in membership.problems]
    if not membership.members:
        missing.append(_("没有人的岗位在方案中"))
    return Step(
        key="roster", title=_("名单"), state="late" if missing else "done", text=text, missing=missing,
        url=_address("cycle-roster", cycle), link=_("查看名单"),
    )  # fmt: skip


def _rater_step(cycle: Cycle, raters: RaterPicture) -> Step:
    if not raters.roles:
        return Step(key="raters", title=_("评分人"), state="done", text=_("方案没有由人评分的角色"))
    missing = [
        _("{role}：{n} 人没有评分人（{reason}）").format(role=row.title, n=len(row.gaps), reason=row.gaps[0].reason)
        for row in raters.roles
        if row.gaps
    ]
    if raters.without_account:
        missing.append(_("{n} 位评分人没有账号，请系统管理员开通").format(n=len(raters.without_account)))
    text = _("{roles} 个角色，{forms} 份评分表，{raters} 位评分人").format(
        roles=len(raters.roles), forms=len(raters.plan.forms), raters=len(raters.loads)
    )
    return Step(
        key="raters", title=_("评分人"), state="late" if missing else "done", text=text, missing=missing,
        url=_address("cycle-raters", cycle), link=_("安排评分人"),
    )  # fmt: skip


def _deadline_step(cycle: Cycle) -> Step:
    named = [(_("自评"), cycle.self_due), (_("评分"), cycle.rating_due), (_("复核"), cycle.review_due),
             (_("签字"), cycle.sign_due)]  # fmt: skip
    missing = [_("{step}没有期限").format(step=title) for title, due in named if due is None]
    text = " · ".join(f"{title} {day(due)}" for title, due in named if due)
    return Step(key="deadlines", title=_("期限"), state="late" if missing else "done", text=text, missing=missing)


def _target_step(cycle: Cycle, scheme: Scheme, people: int) -> Step:
    wanted = sum(goal.scored for goal in goals_of(scheme))
    if not wanted:
        return Step(key="targets", title=_("个人目标"), state="done", text=_("方案不需要与本人约定目标"))
    targets = Target.objects.filter(appraisal__cycle=cycle)
    agreed, proposed = targets.filter(agreed_at__isnull=False).count(), targets.count()
    text = _("应有 {n} 项，已提出 {proposed} 项，本人已确认 {agreed} 项").format(
        n=wanted * people, proposed=proposed, agreed=agreed
    )
    state = "open" if cycle.state == State.DRAFT else "done" if agreed >= wanted * people else "now"
    missing = [] if state != "now" else [_("{n} 项目标未经本人确认，不会生效").format(n=wanted * people - agreed)]
    url = "" if cycle.state == State.DRAFT else _address("cycle-targets", cycle)
    return Step(
        key="targets", title=_("个人目标"), state=state, text=text, missing=missing, url=url, link=_("约定目标")
    )


def _data_step(cycle: Cycle, scheme: Scheme) -> Step:
    wanted = wanted_tables(scheme)
    supplied = {row["table"] for row in cycle.data_report.get("tables", []) if row["supplied"]}
    lacking = [
        _("{table}（用于{purpose}）").format(table=TITLES.get(table, table), purpose=purpose)
        for table, purpose in wanted.items()
        if table not in supplied
    ]
    files = cycle.files.filter(withdrawn=False).count()
    state = "open" if cycle.state == State.DRAFT else "done" if not lacking else "now"
    missing = [_("缺 {table}").format(table=name) for name in lacking] if state == "now" else []
    text = _("已读入 {n} 个文件；方案需要 {k} 张表，已有 {have} 张").format(
        n=files, k=len(wanted), have=len(wanted) - len(lacking)
    )
    if state == "open":
        text += _("；考核开启后在这里读入")
    url = "" if cycle.state == State.DRAFT else _address("cycle-data", cycle)
    return Step(key="data", title=_("数据"), state=state, text=text, missing=missing, url=url, link=_("读入数据"))


LATER = {
    State.RATING: ("cycle-calibrate", "calibration"),
    State.CALIBRATING: ("calibration",),
    State.REVIEWING: ("review",),
    State.PUBLISHED: ("cycle-close", "close"),
    State.CLOSED: ("archive",),
    State.ARCHIVED: ("archive-download",),
}
"""State → names of the pages on which it goes on, the first that there is."""


def next_act(cycle: Cycle, steps: Sequence[Step], people: int, raters: RaterPicture) -> NextAct | None:
    """Return what comes next for whoever runs the cycle, with what is missing before it."""
    missing = [text for step in steps for text in step.missing]
    if cycle.state == State.DRAFT:
        return NextAct(
            title=_("开启考核"), url=_address("cycle-open", cycle), act=True, missing=missing,
            consequence=_("将为 {n} 人建立考核、固定名单与方案版本，并通知本人").format(n=people),
        )  # fmt: skip
    if cycle.state == State.OPEN:
        return NextAct(
            title=_("开始收集数据"), url=_address("cycle-collect", cycle), act=True,
            missing=[text for step in steps if step.key == "targets" for text in step.missing],
            consequence=_("方案不需要与本人约定目标；之后读入数据、完成自评")
            if not any(step.key == "targets" and step.url for step in steps)
            else _("目标到此为止；之后读入数据、完成自评"),
        )  # fmt: skip
    if cycle.state == State.COLLECTING:
        return NextAct(
            title=_("开始评分"), url=_address("cycle-begin-rating", cycle), act=True, missing=missing,
            consequence=_("将生成 {n} 份评分表，并通知 {k} 位评分人").format(
                n=len(raters.plan.forms), k=len(raters.loads)
            ),
        )  # fmt: skip
    return later_page(cycle)


def later_page(cycle: Cycle) -> NextAct | None:
    """Return the page on which a cycle goes on after rating has begun."""
    titles = {
        State.RATING: _("进入校准"), State.CALIBRATING: _("校准"), State.REVIEWING: _("复核与发布"),
        State.PUBLISHED: _("关闭考核"), State.CLOSED: _("归档"), State.ARCHIVED: _("下载存档"),
    }  # fmt: skip
    for name in LATER.get(State(cycle.state), ()):
        try:
            return NextAct(title=titles[State(cycle.state)], url=reverse(name, args=[cycle.pk]))
        except NoReverseMatch:
            continue
    return None
