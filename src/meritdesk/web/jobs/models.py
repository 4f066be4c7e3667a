"""Jobs: what runs in the background, how far it is, and how it ended. Fields only."""

from __future__ import annotations

from django.db import models


class Job(models.Model):
    """One piece of work. `kind` names the function in `jobs.registry`, `arguments` (JSON) what it works on."""

    class State(models.TextChoices):
        """Where a job stands."""

        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    kind = models.CharField(max_length=40)
    arguments = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    title = models.CharField(max_length=200)
    step = models.CharField(max_length=200, blank=True)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    problems = models.JSONField(default=list)
    """Problems of a failed job: code, place, message, fix."""
    result = models.JSONField(default=dict)
    next_url = models.CharField(max_length=200, blank=True)
    """Where to go when it is done."""
    asked_by = models.ForeignKey("access.User", on_delete=models.PROTECT, null=True, related_name="+")
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    beat_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)


class RoutineRun(models.Model):
    """A day on which daily work was done."""

    name = models.CharField(max_length=40)
    day = models.DateField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["name", "day"], name="routine_once_a_day"),)


class WorkerBeat(models.Model):
    """A sign of life of a worker process, by machine and process."""

    worker = models.CharField(max_length=120, primary_key=True)
    at = models.DateTimeField()
