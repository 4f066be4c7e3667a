"""Schemes and their versions. Fields and constraints only; what a scheme means is the engine's business."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Scheme(models.Model):
    """A scheme of the company; its versions follow one another. `template` names the shipped scheme it came from,
    `parent` the framework that a local scheme is derived from (R1.8)."""

    name = models.SlugField(max_length=80, unique=True)
    title = models.CharField(max_length=120)
    department = models.ForeignKey("people.Department", on_delete=models.PROTECT, null=True, blank=True)
    template = models.CharField(max_length=80, blank=True)
    parent = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.title


class SchemeVersion(models.Model):
    """One text of a scheme. A draft may be edited; from submission on the text stands, from publication on for ever."""

    class State(models.TextChoices):
        """Where a version stands."""

        DRAFT = "draft"
        SUBMITTED = "submitted"
        PUBLISHED = "published"
        RETIRED = "retired"

    scheme = models.ForeignKey(Scheme, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    text = models.TextField()
    """The YAML document."""
    cases_text = models.TextField(blank=True)
    """Worked cases, YAML; empty for none."""
    content_hash = models.CharField(max_length=64, blank=True)
    edit_version = models.PositiveIntegerField(default=1)
    reason = models.TextField(blank=True)
    """Why this version differs from the one before (R2f)."""
    consultation = models.TextField(blank=True)
    """Record of the consultation of the staff (劳动合同法 art. 4): when, with whom, what was said, what was changed."""
    consulted_on = models.DateField(null=True, blank=True)
    notice_on = models.DateField(null=True, blank=True)
    """Day on which the staff are given notice."""
    written_by = models.ForeignKey("access.User", on_delete=models.PROTECT, related_name="+")
    submitted_by = models.ForeignKey("access.User", on_delete=models.PROTECT, null=True, related_name="+")
    submitted_at = models.DateTimeField(null=True)
    published_by = models.ForeignKey("access.User", on_delete=models.PROTECT, null=True, related_name="+")
    published_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["scheme", "number"], name="scheme_version_numbered_once"),
            models.UniqueConstraint(
                fields=["scheme"], condition=Q(state__in=["draft", "submitted"]), name="one_open_version_of_a_scheme"
            ),
            models.CheckConstraint(
                condition=~Q(state="published") | (Q(published_by__isnull=False) & ~Q(content_hash="")),
                name="published_by_somebody",
            ),
        )

    def __str__(self) -> str:
        return f"{self.scheme.title} v{self.number}"
