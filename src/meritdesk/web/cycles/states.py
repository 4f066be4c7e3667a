"""The two state machines as tables: (state, act) → (state, right, guard). Nothing else moves a cycle or an appraisal.

A guard is named; `check` in the module of the act does it and says what is missing.
"""

from __future__ import annotations

from dataclasses import dataclass

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
}
