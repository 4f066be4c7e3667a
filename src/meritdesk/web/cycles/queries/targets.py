"""Targets: for which indicators they are agreed, in which unit, what the scheme proposes, and the table down a team."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import QuerySet

from meritdesk.language import _, current
from meritdesk.rules.numbers import format_number, parse_number, to_decimal, to_integer
from meritdesk.scheme.document import Indicator, MetricSource, Scheme
from meritdesk.scheme.methods import AttainmentMethod, ChangeTarget
from meritdesk.web.access.actions import Refused
from meritdesk.web.access.models import User
from meritdesk.web.cycles import engine
from meritdesk.web.cycles.models import Appraisal, Cycle, Target
from meritdesk.web.cycles.queries.doors import appraisals_in_reach

SCALE = 4
MOST = 10**13


@dataclass(frozen=True, kw_only=True)
class Goal:
    """An indicator for which a target may be agreed. `scored`: the points depend on it. `baseline`: what is agreed is
    the figure that the scheme's change starts from."""

    id: str
    title: str
    unit: str
    scored: bool
    baseline: bool
    default: Decimal | None
    positions: tuple[str, ...]

    @property
    def unit_text(self) -> str:
        """Return the unit as it heads the column."""
        names = {"seconds": _("秒"), "count": _("次"), "points": _("分"), "yuan": _("元"), "level": _("级")}
        return "%" if self.unit == "ratio" else names.get(self.unit, "")

    @property
    def default_text(self) -> str:
        """Return what the scheme proposes, as it is typed in."""
        return "" if self.default is None else written(self.default, self.unit)


@dataclass(frozen=True, kw_only=True)
class TargetCell:
    """One person's target of one indicator; `applies` is false where their position does not have it."""

    goal: Goal
    name: str
    applies: bool
    text: str
    agreed: bool
    remark: str = ""


def goals_of(scheme: Scheme) -> list[Goal]:
    """Return the indicators for which targets may be agreed: where points depend on it, else those with a metric."""
    found = []
    for dimension, indicator in scheme.indicators():
        target = indicator.scoring.target if isinstance(indicator.scoring, AttainmentMethod) else None
        scored = target is not None and not isinstance(target, Decimal)
        metric = engine.metrics().get(indicator.source.metric) if isinstance(indicator.source, MetricSource) else None
        if not scored and metric is None:
            continue
        found.append(
            Goal(
                id=indicator.id,
                title=indicator.title_en if current() == "en" and indicator.title_en else indicator.title,
                unit=metric.unit if metric else "",
                scored=scored,
                baseline=isinstance(target, ChangeTarget),
                default=_default(indicator, metric.better if metric else "higher"),
                positions=indicator.positions or dimension.positions,
            )
        )
    personal = [goal for goal in found if goal.scored]
    return personal or found


def _default(indicator: Indicator, better: str) -> Decimal | None:
    """Return the scheme's own target: a number, or the near end of its interval."""
    if isinstance(indicator.scoring, AttainmentMethod) and isinstance(indicator.scoring.target, Decimal):
        return indicator.scoring.target
    if indicator.target is None:
        return None
    ends = (indicator.target.low, indicator.target.high)
    near, far = (ends[1], ends[0]) if better == "lower" else ends
    return near if near is not None else far


def written(value: Decimal, unit: str) -> str:
    """Return a figure as it is typed in: 85%, 30, 0.5."""
    return f"{format_number(value * 100)}%" if unit == "ratio" else format_number(value)


def value_text(value: int, goal: Goal) -> str:
    """Return a target of the database as it is typed in."""
    return written(to_decimal(value, SCALE), goal.unit)


def parsed(text: str, goal: Goal, place: str) -> int:
    """Return what was typed in, in 1/10000 of the unit: 85%, 30 秒, 1分30秒, 1:30, 12.5; Refused otherwise."""
    body = text.strip().replace("％", "%").replace("：", ":").replace(" ", "")
    if re.match(r"\d{1,3}(,\d{3})+(?!\d)", body):
        body = body.replace(",", "")
    try:
        plain = re.sub(r"(次|分|元|级)$", "", body)
        number = _seconds(body) if goal.unit == "seconds" else parse_number(plain)
        if goal.unit == "ratio" and "%" not in body and number > 1:
            raise Refused("percent-missing", _("“{text}”没有百分号").format(text=text), _("写成 85%"), place)
        if goal.unit != "ratio" and "%" in body:
            raise ValueError(body)
        value = to_integer(number, SCALE)
    except ValueError:
        example = {"ratio": "85%", "seconds": _("30 秒 或 1:30")}.get(goal.unit, "12.5")
        message = _("“{text}”不是目标值").format(text=text)
        raise Refused("bad-target", message, _("写成 {example}，最多四位小数").format(example=example), place) from None
    if not 0 <= value <= MOST:
        raise Refused("target-out-of-range", _("目标“{text}”超出范围").format(text=text), _("填写不小于 0 的数"), place)
    return value


def _seconds(body: str) -> Decimal:
    clock = re.fullmatch(r"(?:(\d+):)?(\d+):([0-5]\d)", body)
    words = re.fullmatch(r"(?:(\d+)小时)?(?:(\d+)分钟?)?(?:(\d+(?:\.\d+)?)秒)?", body)
    found = clock or (words if body else None)
    if found is None:
        return parse_number(re.sub(r"s$", "", body))
    hours, minutes, seconds = (Decimal(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds


def target_rows(user: User, cycle: Cycle) -> QuerySet[Appraisal]:
    """Return the appraisals whose targets the account may propose."""
    found = appraisals_in_reach(user, "targets.propose").filter(cycle=cycle)
    return found.select_related("person", "team")


def fill_targets(goals: Sequence[Goal], page: Sequence[Appraisal], typed: dict[str, str]) -> None:
    """Give each appraisal of a page its `targets`, one cell per goal; `typed` prevails after a refusal."""
    wanted = Target.objects.filter(appraisal__in=[appraisal.pk for appraisal in page])
    there = {(target.appraisal_id, target.indicator): target for target in wanted}
    for appraisal in page:
        cells = [_cell(appraisal, goal, there.get((appraisal.pk, goal.id)), typed) for goal in goals]
        appraisal.target_cells = cells  # type: ignore[attr-defined]


def _cell(appraisal: Appraisal, goal: Goal, target: Target | None, typed: dict[str, str]) -> TargetCell:
    name = f"t:{appraisal.pk}:{goal.id}"
    text = "" if target is None else value_text(target.baseline if goal.baseline and target.baseline is not None
                                                else target.value, goal)  # fmt: skip
    return TargetCell(
        goal=goal, name=name, text=typed.get(name, text),
        applies=not goal.positions or appraisal.position in goal.positions,
        agreed=bool(target and target.agreed_at), remark=target.remark if target else "",
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class MyTargets:
    """The targets of one appraisal, for the person themselves."""

    appraisal: Appraisal
    lines: Sequence[tuple[Goal, Target, str]]
    """(goal, target, figure in its unit)"""
    waiting: int


def my_targets(user: User) -> list[MyTargets]:
    """Return the targets proposed to the account's own person, the newest cycle first."""
    if user.person_id is None:
        return []
    mine = (
        appraisals_in_reach(user, "targets.agree").filter(person=user.person_id, targets__isnull=False)
        .select_related("cycle__scheme_version__scheme", "person")
        .prefetch_related("targets__proposed_by")
        .order_by("-cycle__first_day")
        .distinct()[:6]
    )  # fmt: skip
    found = []
    for appraisal in mine:
        goals = {goal.id: goal for goal in goals_of(engine.loaded_scheme(appraisal.cycle).scheme)}
        lines = [
            (goals[t.indicator], t, value_text(t.value, goals[t.indicator]))
            for t in appraisal.targets.all()
            if t.indicator in goals
        ]
        waiting = sum(target.agreed_at is None for _goal, target, _text in lines)
        found.append(MyTargets(appraisal=appraisal, lines=lines, waiting=waiting))
    return found
