"""Points of an indicator set by a decision (R4.6): anomalies before publication, agreed points, upheld appeals.

A decision is an input of the next run; it replaces an earlier one on the same indicator and assignment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from meritdesk.language import _
from meritdesk.web.access.actions import Fact, Refused, action, claim_once, inside_action, name_actions, record_many
from meritdesk.web.access.models import User
from meritdesk.web.cycles.actions.locks import lock_cycle
from meritdesk.web.cycles.inputs import Supposed
from meritdesk.web.cycles.models import Adjustment, Appeal, Appraisal, CalibrationCase, Cycle
from meritdesk.web.ui.text import lazy

name_actions(
    {
        "adjustment.set": lazy("按决定计分"),
        "adjustment.withdraw": lazy("撤销按决定计分"),
    }
)

BEFORE_PUBLICATION = (
    Cycle.State.COLLECTING,
    Cycle.State.RATING,
    Cycle.State.CALIBRATING,
    Cycle.State.REVIEWING,
)


@dataclass(frozen=True)
class Points:
    """What an indicator is to bring: hundredths of a point, for the assignment that has `day`."""

    indicator: str
    score: int
    day: date


def supposed(user: User, person: str, points: Sequence[Points], reason: str) -> list[Supposed]:
    """Return the decisions as a trial run takes them."""
    return [
        Supposed(
            person=person, indicator=p.indicator, score=p.score, day=p.day, reason=reason, decided_by=user.username
        )
        for p in points
    ]


def set_points(
    acting_user: User,
    appraisal: Appraisal,
    points: Sequence[Points],
    *,
    kind: str,
    reason: str,
    case: CalibrationCase | None = None,
    appeal: Appeal | None = None,
) -> list[Adjustment]:
    """Write decisions about one person, inside an act; those they replace stay in the history."""
    assert inside_action()
    if not points:
        raise Refused("no-points", _("没有写明各指标的得分"), _("至少给一项指标定分"), "points")
    if acting_user.person_id == appraisal.person_id:
        raise Refused("own-result", _("不能决定自己的得分"), _("请另一位有权的人办理"))
    made, facts = [], []
    for point in points:
        earlier = Adjustment.objects.filter(
            appraisal=appraisal, indicator=point.indicator, day=point.day, replaced=False
        ).first()
        if earlier is not None:
            Adjustment.objects.filter(pk=earlier.pk).update(replaced=True)
        adjustment = Adjustment.objects.create(
            appraisal=appraisal,
            indicator=point.indicator,
            score=point.score,
            day=point.day,
            kind=kind,
            reason=reason,
            decided_by=acting_user,
            case=case,
            appeal=appeal,
            replaces=earlier,
        )
        made.append(adjustment)
        old = {"score": earlier.score, "reason": earlier.reason, "decision": earlier.pk} if earlier else None
        new = {"indicator": point.indicator, "score": point.score, "day": point.day, "kind": kind, "reason": reason}
        facts.append(Fact(target=adjustment, old=old, new=new, person=appraisal.person.key, name=str(appraisal)))
    record_many(acting_user, "adjustment.set", facts)
    return made


def take_back(acting_user: User, adjustments: Sequence[Adjustment], reason: str) -> None:
    """Undo decisions, inside an act; what each of them replaced holds again."""
    facts = []
    for adjustment in adjustments:
        Adjustment.objects.filter(pk=adjustment.pk).update(replaced=True)
        earlier = adjustment.replaces
        if earlier is not None:
            Adjustment.objects.filter(pk=earlier.pk).update(replaced=False)
        facts.append(
            Fact(
                target=adjustment,
                old={"score": adjustment.score, "replaced": False},
                new={"replaced": True, "holds_again": earlier.pk if earlier else None, "reason": reason},
                person=adjustment.appraisal.person.key,
                name=str(adjustment.appraisal),
            )
        )
    record_many(acting_user, "adjustment.withdraw", facts)


def suspend(pks: Sequence[int]) -> None:
    """Let decisions wait for a second person, inside an act: until then what each of them replaced holds."""
    assert inside_action()
    Adjustment.objects.filter(pk__in=pks).update(replaced=True)
    earlier = Adjustment.objects.filter(pk__in=pks, replaces__isnull=False).values_list("replaces", flat=True)
    Adjustment.objects.filter(pk__in=list(earlier)).update(replaced=False)


def resume(pks: Sequence[int]) -> None:
    """Let decisions that waited hold, inside an act, in the place of those that held meanwhile."""
    assert inside_action()
    for waiting in Adjustment.objects.filter(pk__in=pks):
        Adjustment.objects.filter(
            appraisal=waiting.appraisal_id, indicator=waiting.indicator, day=waiting.day, replaced=False
        ).update(replaced=True)
    Adjustment.objects.filter(pk__in=pks).update(replaced=False)


@action
def do_mark_anomaly(
    *,
    acting_user: User,
    cycle: Cycle,
    decisions: Sequence[tuple[Appraisal, Points]],
    reason: str,
    once: str,
) -> int:
    """Mark an indicator of some people as abnormal: it brings the points decided (R4.6). Returns how many."""
    claim_once(once, acting_user, "adjustment.set")
    lock_cycle(cycle.pk, *BEFORE_PUBLICATION)
    if not reason.strip():
        raise Refused("no-reason", _("请写明发生了什么"), _("例如：9 月 12 日系统故障 3 小时"), "reason")
    if not decisions:
        raise Refused("nobody-concerned", _("所选的人在这些天没有这项指标"), _("核对人员、指标和日期"))
    for appraisal, points in decisions:
        assert appraisal.cycle_id == cycle.pk
        set_points(acting_user, appraisal, [points], kind=Adjustment.Kind.ANOMALY, reason=reason)
    return len(decisions)


@action
def do_withdraw_anomaly(*, acting_user: User, adjustment: Adjustment, reason: str, once: str) -> None:
    """Take an anomaly mark back: the indicator is scored from its data again."""
    claim_once(once, acting_user, "adjustment.withdraw")
    lock_cycle(adjustment.appraisal.cycle_id, *BEFORE_PUBLICATION)
    current = Adjustment.objects.select_related("appraisal__person", "appraisal__cycle", "replaces").get(
        pk=adjustment.pk
    )
    if current.replaced or current.kind != Adjustment.Kind.ANOMALY:
        raise Refused("not-standing", _("这个标记已经不再生效"))
    if acting_user.person_id == current.appraisal.person_id:
        raise Refused("own-result", _("不能决定自己的得分"), _("请另一位有权的人办理"))
    take_back(acting_user, [current], reason)
