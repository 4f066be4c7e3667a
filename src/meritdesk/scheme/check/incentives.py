"""Rewards for doing worse, outside of points: pay per error, a bonus for many of them, a veto on those who do well."""

from __future__ import annotations

from collections.abc import Iterator

from meritdesk.errors import Problem
from meritdesk.language import _
from meritdesk.rules.numbers import Bounds
from meritdesk.scheme.check.catalogue import finding
from meritdesk.scheme.check.scorings import tier_pieces
from meritdesk.scheme.check.steps import first_reversal
from meritdesk.scheme.check.subject import Subject
from meritdesk.scheme.document import Use
from meritdesk.scheme.pay_items import MetricCondition, MetricTerm, PayItem, ScoreCondition, TiersTerm

HARMFUL = ("improvement_plan", "transfer")
"""What follows from a bad result; the other uses are rewards, or neither."""
GOOD = ("honour", "promotion")


def check_incentives(subject: Subject) -> Iterator[Problem]:
    """Yield what pays more, or punishes less, for a worse figure."""
    for veto in subject.scheme.vetoes:
        if isinstance(veto.when, MetricCondition | ScoreCondition):
            yield from _condition(subject, veto.when, f"vetoes.{veto.id}.when", veto.title, reward=False)
    for use in subject.scheme.uses:
        if isinstance(use.when, MetricCondition | ScoreCondition) and use.then in (*HARMFUL, *GOOD):
            yield from _condition(subject, use.when, f"uses.{use.id}.when", use.title, reward=_is_reward(use))
    for item in subject.scheme.pay.items if subject.scheme.pay else ():
        reward = item.kind != "deduction"
        if isinstance(item.when, MetricCondition | ScoreCondition):
            yield from _condition(subject, item.when, f"pay.items.{item.id}.when", item.title, reward=reward)
        yield from _per_unit(subject, item, reward=reward)


def _is_reward(use: Use) -> bool:
    return use.then in GOOD


def _better(subject: Subject, metric: str) -> str:
    return subject.metrics[metric].better if metric in subject.metrics else "range"


def ends(within: Bounds) -> str:
    """Return which end of the values an interval reaches: ``high``, ``low`` (0 counts as the end), or nothing."""
    at_low = within.low is None or within.low == 0
    if at_low == (within.high is None):
        return ""
    return "low" if at_low else "high"


def _condition(
    subject: Subject, condition: MetricCondition | ScoreCondition, place: str, title: str, *, reward: bool
) -> Iterator[Problem]:
    """A reward reaches the better end, a punishment the worse one; an interval in the middle says nothing."""
    better = "higher" if isinstance(condition, ScoreCondition) else _better(subject, condition.metric)
    reached = ends(condition.within)
    if better == "range" or not reached:
        return
    good_end = "high" if better == "higher" else "low"
    if (reached == good_end) != reward:
        what = _("奖励") if reward else _("惩罚")
        message = _("“{title}”{what}的是 {within}，方向反了").format(title=title, what=what, within=condition.within)
        yield finding("perverse-incentive", place, message)


def _per_unit(subject: Subject, item: PayItem, *, reward: bool) -> Iterator[Problem]:
    for name, term in [("amount", item.amount), *((f"times.{n + 1}", t) for n, t in enumerate(item.times))]:
        of = term.of if isinstance(term, TiersTerm) else term
        if not isinstance(of, MetricTerm):
            continue
        better = _better(subject, of.metric)
        if better == "range":
            continue
        sign = 1 if (better == "higher") == reward else -1
        wrong = sign < 0
        if isinstance(term, TiersTerm):
            wrong = (
                first_reversal(tier_pieces(term.tiers, term.mode, subject.metrics[of.metric].scale), sign) is not None
            )
        if wrong:
            title = subject.metrics[of.metric].title
            message = _("“{title}”按“{metric}”计，做得更差反而更划算").format(title=item.title, metric=title)
            yield finding("perverse-incentive", f"pay.items.{item.id}.{name}", message)
