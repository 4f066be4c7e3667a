"""What people judge and note: targets, self-appraisals, rating forms, notes of the month, attachments, invitations."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from meritdesk.web.cycles.models.cycle import Appraisal, Cycle


class Target(models.Model):
    """A target per person and indicator; it holds once the person has agreed."""

    appraisal = models.ForeignKey(Appraisal, on_delete=models.CASCADE, related_name="targets")
    indicator = models.CharField(max_length=40)
    value = models.BigIntegerField()
    """1/10000 of the indicator's unit."""
    baseline = models.BigIntegerField(null=True, blank=True)
    proposed_by = models.ForeignKey("access.User", on_delete=models.PROTECT, related_name="+")
    agreed_at = models.DateTimeField(null=True, blank=True)
    remark = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["appraisal", "indicator"], name="one_target_an_indicator"),)


class SelfAppraisal(models.Model):
    """What the person says of the period: results, gaps, support needed."""

    appraisal = models.OneToOneField(Appraisal, on_delete=models.CASCADE, related_name="self_appraisal")
    results = models.TextField(blank=True)
    gaps = models.TextField(blank=True)
    support = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=1)
    submitted_at = models.DateTimeField(null=True, blank=True)


class Invitation(models.Model):
    """A one-time link with which a customer representative rates without an account; only its hash is kept."""

    cycle = models.ForeignKey(Cycle, on_delete=models.CASCADE, related_name="invitations")
    role = models.CharField(max_length=40)
    name = models.CharField(max_length=80)
    organisation = models.CharField(max_length=120, blank=True)
    token_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    """When the ratings were submitted: the link is dead from then on."""
    revoked_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey("access.User", on_delete=models.PROTECT, related_name="+")


class RatingForm(models.Model):
    """One rater's judgement of one person in one role, for the assignment that begins on `segment_from`."""

    class State(models.TextChoices):
        """A form is written, then handed in; calibration or a panel may open it again."""

        OPEN = "open"
        SUBMITTED = "submitted"

    appraisal = models.ForeignKey(Appraisal, on_delete=models.CASCADE, related_name="forms")
    role = models.CharField(max_length=40)
    rater = models.ForeignKey(
        "people.Person", on_delete=models.PROTECT, null=True, blank=True, related_name="rating_forms"
    )
    invitation = models.ForeignKey(Invitation, on_delete=models.PROTECT, null=True, blank=True, related_name="forms")
    segment_from = models.DateField()
    day = models.DateField()
    """Last day of the segment inside the period: the day the rating counts for."""
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    version = models.PositiveIntegerField(default=1)
    submitted_at = models.DateTimeField(null=True, blank=True)
    submitted_by = models.ForeignKey("access.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    """The rater, or who stood in for them."""

    class Meta:
        constraints = (
            # Two, because SQLite knows no constraint that takes empty fields for equal.
            models.UniqueConstraint(fields=["appraisal", "role", "rater", "segment_from"], name="one_form_a_rater"),
            models.UniqueConstraint(
                fields=["appraisal", "role", "invitation", "segment_from"], name="one_form_an_invitation"
            ),
            models.CheckConstraint(
                condition=Q(rater__isnull=False) ^ Q(invitation__isnull=False), name="rater_or_invitation"
            ),
        )


class RatingItem(models.Model):
    """The judgement on one indicator."""

    form = models.ForeignKey(RatingForm, on_delete=models.CASCADE, related_name="items")
    indicator = models.CharField(max_length=40)
    level = models.PositiveSmallIntegerField(null=True, blank=True)
    score = models.IntegerField(null=True, blank=True)
    """Hundredths, inside the range of the level."""
    remark = models.TextField(blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["form", "indicator"], name="one_item_an_indicator"),)


class Note(models.Model):
    """An observation kept through the month, against judging by the last days only."""

    person = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="notes")
    author = models.ForeignKey("access.User", on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    text = models.TextField()
    indicator = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)


class Attachment(models.Model):
    """A file kept as evidence, by content hash under MERITDESK_HOME/evidence."""

    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    size_bytes = models.PositiveIntegerField()
    uploaded_by = models.ForeignKey("access.User", on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(auto_now_add=True)
    note = models.ForeignKey(Note, on_delete=models.CASCADE, null=True, related_name="attachments")
    form = models.ForeignKey(RatingForm, on_delete=models.CASCADE, null=True, related_name="attachments")
    self_appraisal = models.ForeignKey(SelfAppraisal, on_delete=models.CASCADE, null=True, related_name="attachments")
    appeal = models.ForeignKey("cycles.Appeal", on_delete=models.CASCADE, null=True, related_name="attachments")
