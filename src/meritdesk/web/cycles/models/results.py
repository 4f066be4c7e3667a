"""What the engine gave back, as it was: runs, each person's result document, and the archive."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from meritdesk.web.cycles.models.cycle import Appraisal, Cycle


class Run(models.Model):
    """One computation of a cycle by the engine. Never edited; a correction is a new run."""

    class Purpose(models.TextChoices):
        """Why it was computed."""

        PREVIEW = "preview"
        PUBLISHED = "published"
        CORRECTION = "correction"

    cycle = models.ForeignKey(Cycle, on_delete=models.CASCADE, related_name="runs")
    number = models.PositiveIntegerField()
    purpose = models.CharField(max_length=10, choices=Purpose.choices)
    scheme_hash = models.CharField(max_length=64)
    program_hash = models.CharField(max_length=64)
    input_hash = models.CharField(max_length=64)
    inputs_digest = models.CharField(max_length=64)
    """Of everything entered in the web part that the run rests on: a run is stale when it differs from today's."""
    inputs_fingerprint = models.CharField(max_length=64, blank=True, default="")
    """`inputs.fingerprint` when it was kept: while it is still the same, pages need not ask for the digest."""
    results_hash = models.CharField(max_length=64)
    """Over the content hashes of all results, in order of staff key."""
    code_version = models.CharField(max_length=40)
    people = models.PositiveIntegerField()
    problems = models.JSONField(default=list)
    package = models.CharField(max_length=200, blank=True)
    """Sealed package, relative to MERITDESK_HOME; made for runs that are published or correct something."""
    package_root = models.CharField(max_length=64, blank=True)
    made_by = models.ForeignKey("access.User", on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["cycle", "number"], name="run_numbered_once"),
            models.UniqueConstraint(
                fields=["cycle"], condition=Q(purpose="published"), name="a_cycle_is_published_once"
            ),
        )


class Result(models.Model):
    """One person's result in a run: the document that is shown and signed, and a few figures copied for lists."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="results")
    appraisal = models.ForeignKey(Appraisal, on_delete=models.CASCADE, related_name="results")
    document = models.TextField()
    """Canonical JSON: appraisal (no pay), form (texts of R4.10), explanation, by language; see `engine.document_of`."""
    content_hash = models.CharField(max_length=64)
    state = models.CharField(max_length=14)
    total = models.IntegerField(null=True)
    """Hundredths."""
    grade = models.CharField(max_length=40, blank=True)
    grade_title = models.CharField(max_length=40, blank=True)
    coefficient = models.IntegerField(null=True)
    """1/10000."""
    days = models.PositiveIntegerField(default=0)
    """Days on post that counted."""
    rank = models.PositiveIntegerField(null=True)
    rank_of = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["run", "appraisal"], name="one_result_a_run"),)


class Archive(models.Model):
    """The sealed package of an archived cycle, relative to MERITDESK_HOME."""

    cycle = models.OneToOneField(Cycle, on_delete=models.PROTECT, related_name="archive")
    file = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    root = models.CharField(max_length=64)
    made_by = models.ForeignKey("access.User", on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)
