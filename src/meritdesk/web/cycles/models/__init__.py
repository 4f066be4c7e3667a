"""What a cycle keeps: its roster, data, ratings and decisions (inputs), and its runs and results (outputs).

Fields and constraints only. Scores are hundredths of a point, coefficients 1/10000; both are copied from the engine's
results and never computed here.
"""

from meritdesk.web.cycles.models.cycle import (
    Appraisal,
    Cycle,
    DataFile,
    Notice,
    PanelReview,
    RaterPlan,
    RosterEntry,
)
from meritdesk.web.cycles.models.decisions import (
    Adjustment,
    Appeal,
    CalibrationCase,
    Correction,
    Interview,
    PlanItem,
    Signature,
)
from meritdesk.web.cycles.models.ratings import (
    Attachment,
    Invitation,
    Note,
    RatingForm,
    RatingItem,
    SelfAppraisal,
    Target,
)
from meritdesk.web.cycles.models.results import Archive, Result, Run

__all__ = [
    "Adjustment", "Appeal", "Appraisal", "Archive", "Attachment", "CalibrationCase", "Correction", "Cycle", "DataFile",
    "Interview", "Invitation", "Note", "Notice", "PanelReview", "PlanItem", "RaterPlan", "RatingForm", "RatingItem",
    "Result", "RosterEntry", "Run", "SelfAppraisal", "Signature", "Target",
]  # fmt: skip
