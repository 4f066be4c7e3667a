"""The two state machines as tables: (state, act) → (state, right, guard). Nothing else moves a cycle or an appraisal.

`move_cycle` and `move_appraisal` are the only writers of the two state fields. What else an act demands (data there,
forms handed in) its own module checks and tells before it moves anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import F

from meritdesk.language import _
from meritdesk.web.access.actions import Conflict, Refused, inside_action
from meritdesk.web.cycles.models import Appraisal, Cycle

C, A = Cycle.State, Appraisal.State


@dataclass(frozen=True)
class Way:
    """Where an act leads, and the right it demands."""

    to: str
    right: str


CYCLE: dict[tuple[str, str], Way] = {
    (C.DRAFT, "open"): Way(C.OPEN, "cycles.run"),
    (C.OPEN, "collect"): Way(C.COLLECTING, "cycles.run"),
    (C.COLLECTING, "begin_rating"): Way(C.RATING, "cycles.run"),
    (C.RATING, "calibrate"): Way(C.CALIBRATING, "cycles.run"),
    (C.CALIBRATING, "submit_review"): Way(C.REVIEWING, "cycles.run"),
    (C.CALIBRATING, "back_to_rating"): Way(C.RATING, "calibration.decide"),
    (C.REVIEWING, "send_back"): Way(C.RATING, "review.decide"),
    (C.REVIEWING, "publish"): Way(C.PUBLISHED, "results.publish"),
    (C.PUBLISHED, "close"): Way(C.CLOSED, "cycles.close"),
    (C.CLOSED, "archive"): Way(C.ARCHIVED, "cycles.close"),
}

APPRAISAL: dict[tuple[str, str], Way] = {
    (A.RUNNING, "publish"): Way(A.INTERVIEW, "results.publish"),
    (A.RUNNING, "hold"): Way(A.HELD, "results.publish"),
    (A.RUNNING, "leave_out"): Way(A.NOT_APPRAISED, "results.publish"),
    (A.INTERVIEW, "confirm_interview"): Way(A.SIGN_OFF, "interviews.confirm"),
    (A.SIGN_OFF, "sign"): Way(A.SIGNED, "results.sign"),
    (A.SIGN_OFF, "witness"): Way(A.UNSIGNED, "results.witness"),
    (A.INTERVIEW, "witness"): Way(A.UNSIGNED, "results.witness"),
    (A.INTERVIEW, "appeal"): Way(A.APPEALING, "appeals.file"),
    (A.SIGN_OFF, "appeal"): Way(A.APPEALING, "appeals.file"),
    (A.UNSIGNED, "appeal"): Way(A.APPEALING, "appeals.file"),
    (A.APPEALING, "uphold"): Way(A.UPHELD, "appeals.decide"),
    (A.APPEALING, "reject"): Way(A.REJECTED, "appeals.decide"),
    (A.APPEALING, "withdraw"): Way(A.WITHDRAWN, "appeals.file"),
    (A.UPHELD, "sign"): Way(A.SIGNED, "results.sign"),
    (A.REJECTED, "sign"): Way(A.SIGNED, "results.sign"),
    (A.WITHDRAWN, "sign"): Way(A.SIGNED, "results.sign"),
    (A.HELD, "release"): Way(A.INTERVIEW, "corrections.approve"),
    (A.SIGNED, "correct"): Way(A.SIGN_OFF, "corrections.approve"),
    (A.UNSIGNED, "correct"): Way(A.SIGN_OFF, "corrections.approve"),
    (A.SIGN_OFF, "correct"): Way(A.SIGN_OFF, "corrections.approve"),
    (A.INTERVIEW, "correct"): Way(A.INTERVIEW, "corrections.approve"),
    (A.UPHELD, "correct"): Way(A.SIGN_OFF, "corrections.approve"),
    (A.REJECTED, "correct"): Way(A.SIGN_OFF, "corrections.approve"),
    (A.WITHDRAWN, "correct"): Way(A.SIGN_OFF, "corrections.approve"),
}


def ways_from(table: Mapping[tuple[str, str], Way], state: str) -> dict[str, Way]:
    """Return what can be done in a state: act → where it leads."""
    return {act: way for (before, act), way in table.items() if before == state}


def move_cycle(cycle: Cycle, act: str) -> str:
    """Take the cycle where `act` leads and return the state it left.

    Refused (`wrong-state`) where the table knows no such way; Conflict when somebody moved it since it was read.
    """
    way = CYCLE.get((cycle.state, act))
    if way is None:
        raise _no_way(_("考核“{name}”现在是“{state}”，不能这样做").format(name=cycle, state=cycle.get_state_display()))
    return _move(cycle, way)


def move_appraisal(appraisal: Appraisal, act: str) -> str:
    """Take the appraisal where `act` leads and return the state it left; refuses as `move_cycle` does."""
    way = APPRAISAL.get((appraisal.state, act))
    if way is None:
        raise _no_way(_("这份考核现在是“{state}”，不能这样做").format(state=appraisal.get_state_display()))
    return _move(appraisal, way)


def _no_way(message: str) -> Refused:
    return Refused("wrong-state", message, _("请刷新页面查看现在的状态"))


def _move(moved: Cycle | Appraisal, way: Way) -> str:
    assert inside_action(), "a state moved outside an action"
    before = moved.state
    rows = type(moved)._default_manager.filter(pk=moved.pk, state=before, version=moved.version)
    if not rows.update(state=way.to, version=F("version") + 1):
        theirs = type(moved)._default_manager.filter(pk=moved.pk).values_list("state", flat=True).first()
        raise Conflict(_("别人刚刚改变了它的状态"), theirs)
    moved.state, moved.version = way.to, moved.version + 1
    return str(before)
