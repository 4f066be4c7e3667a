"""What is decided about ratings and results: calibration, adjustments, interviews, signatures, appeals, corrections."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from meritdesk.web.cycles.models.cycle import Appraisal, Cycle
from meritdesk.web.ui.text import lazy


class CalibrationCase(models.Model):
    """Two raters of one person who are as far apart as the scheme's threshold or more (R4.5)."""

    class Outcome(models.TextChoices):
        """What the meeting decided."""

        OPEN = "open", lazy("待校准")
        KEPT = "kept", lazy("维持原评分")
        ADJUSTED = "adjusted", lazy("统一评分")
        REOPENED = "reopened", lazy("退回重评")
        GONE = "gone", lazy("差异已消除")

    cycle = models.ForeignKey(Cycle, on_delete=models.CASCADE, related_name="calibration_cases")
    appraisal = models.ForeignKey(Appraisal, on_delete=models.CASCADE, related_name="calibration_cases")
    segment_from = models.DateField()
    first_role = models.CharField(max_length=40)
    first_rater = models.CharField(max_length=40)
    first_total = models.IntegerField()
    second_role = models.CharField(max_length=40)
    second_rater = models.CharField(max_length=40)
    second_total = models.IntegerField()
    """Totals of 100 in hundredths."""
    indicators = models.JSONField(default=list)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.OPEN)
    reason = models.TextField(blank=True)
    decided_by = models.ForeignKey("access.User", on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["appraisal", "segment_from", "first_role", "first_rater", "second_role", "second_rater"],
                name="one_case_a_pair",
            ),
        )


class Adjustment(models.Model):
    """A decision that sets the points of an indicator: an input of the next run (R4.6)."""

    class Kind(models.TextChoices):
        """Why points are set by decision."""

        ANOMALY = "anomaly", lazy("异常数据")
        CALIBRATION = "calibration", lazy("校准")
        APPEAL = "appeal", lazy("申诉")
        CORRECTION = "correction", lazy("更正")

    appraisal = models.ForeignKey(Appraisal, on_delete=models.CASCADE, related_name="adjustments")
    indicator = models.CharField(max_length=40)
    score = models.IntegerField()
    """Hundredths of a point, as the indicator's method gives them."""
    day = models.DateField()
    kind = models.CharField(max_length=12, choices=Kind.choices)
    reason = models.TextField()
    decided_by = models.ForeignKey("access.User", on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(auto_now_add=True)
    case = models.ForeignKey(CalibrationCase, on_delete=models.PROTECT, null=True, related_name="adjustments")
    appeal = models.ForeignKey("cycles.Appeal", on_delete=models.PROTECT, null=True, related_name="adjustments")
    replaced = models.BooleanField(default=False)
    """A later decision on the same indicator took its place, or it was taken back."""
    replaces = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    """The decision that held before it, and holds again when this one is taken back."""

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["appraisal", "indicator", "day"],
                condition=Q(replaced=False),
                name="one_standing_decision_an_indicator",
            ),
        )


class Interview(models.Model):
    """绩效面谈: agenda, notes and the agreed plan; both confirm."""

    appraisal = models.OneToOneField(Appraisal, on_delete=models.CASCADE, related_name="interview")
    held_on = models.DateField(null=True, blank=True)
    agenda = models.TextField(blank=True)
    notes = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=1)
    superior_confirmed_at = models.DateTimeField(null=True, blank=True)
    superior_confirmed_by = models.ForeignKey("access.User", on_delete=models.PROTECT, null=True, related_name="+")
    employee_confirmed_at = models.DateTimeField(null=True, blank=True)


class PlanItem(models.Model):
    """One line of what was agreed: what, by whom, until when."""

    interview = models.ForeignKey(Interview, on_delete=models.CASCADE, related_name="plan")
    text = models.CharField(max_length=300)
    owner = models.CharField(max_length=80)
    due = models.DateField(null=True, blank=True)


class Signature(models.Model):
    """What became of the sign-off: signed, refused or no answer in time; of exactly the result whose hash it keeps."""

    class Outcome(models.TextChoices):
        """How a sign-off ends."""

        SIGNED = "signed", lazy("签字确认")
        REFUSED = "refused", lazy("拒绝签字")
        SILENT = "silent", lazy("逾期未签")

    appraisal = models.ForeignKey(Appraisal, on_delete=models.PROTECT, related_name="signatures")
    result = models.ForeignKey("cycles.Result", on_delete=models.PROTECT, related_name="signatures")
    content_hash = models.CharField(max_length=64)
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    by = models.ForeignKey("access.User", on_delete=models.PROTECT, null=True, related_name="+")
    """Who signed; for a refusal or silence, the witness."""
    remark = models.TextField(blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["appraisal", "result"], condition=Q(outcome="signed"), name="a_result_is_signed_once"
            ),
        )


class Appeal(models.Model):
    """An objection to a published result (R1.7, R4.7)."""

    class State(models.TextChoices):
        """Where an appeal stands."""

        OPEN = "open", lazy("待裁定")
        UPHELD = "upheld", lazy("成立")
        REJECTED = "rejected", lazy("驳回")
        WITHDRAWN = "withdrawn", lazy("撤回")

    appraisal = models.ForeignKey(Appraisal, on_delete=models.PROTECT, related_name="appeals")
    result = models.ForeignKey("cycles.Result", on_delete=models.PROTECT, related_name="appeals")
    grounds = models.TextField()
    indicators = models.JSONField(default=list)
    """Ids of the indicators it is about; empty: the result as a whole."""
    filed_at = models.DateTimeField()
    due_at = models.DateTimeField()
    """End (exclusive) of the last day on which the answer is in time."""
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    decider = models.ForeignKey("access.User", on_delete=models.PROTECT, null=True, related_name="+")
    answer = models.TextField(blank=True)
    decided_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["appraisal"], condition=Q(state="open"), name="one_open_appeal_an_appraisal"
            ),
        )


class Correction(models.Model):
    """A later decision about a published result: the difference line. The result before it stays as it was."""

    class State(models.TextChoices):
        """A correction in the person's disfavour waits for a second approver."""

        PROPOSED = "proposed", lazy("待批准")
        POSTED = "posted", lazy("已入账")
        REFUSED = "refused", lazy("未批准")

    appraisal = models.ForeignKey(Appraisal, on_delete=models.PROTECT, related_name="corrections")
    appeal = models.ForeignKey(Appeal, on_delete=models.PROTECT, null=True, related_name="corrections")
    before = models.ForeignKey("cycles.Result", on_delete=models.PROTECT, related_name="+")
    after = models.ForeignKey("cycles.Result", on_delete=models.PROTECT, related_name="+")
    total_difference = models.IntegerField(null=True)
    """Hundredths; null where one of the two has no total."""
    coefficient_difference = models.IntegerField(null=True)
    """1/10000."""
    above_quota = models.BooleanField(default=False)
    """The person stands above the quota of the grade: charged to the correction budget."""
    reason = models.TextField()
    decisions = models.JSONField(default=list)
    """Ids of the adjustments it rests on: taken back when it is not approved."""
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    proposed_by = models.ForeignKey("access.User", on_delete=models.PROTECT, related_name="+")
    approved_by = models.ForeignKey("access.User", on_delete=models.PROTECT, null=True, related_name="+")
    proposed_at = models.DateTimeField(auto_now_add=True)
    posted_at = models.DateTimeField(null=True)
