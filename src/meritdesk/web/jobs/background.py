"""What is swept away once a day: sessions that are over, marks of forms sent long ago, the traces of old jobs."""

from __future__ import annotations

from datetime import datetime, timedelta
from importlib import import_module

from django.conf import settings
from django.core.management import call_command

from meritdesk.web.access.actions import forget_once_keys
from meritdesk.web.jobs.models import Job, RoutineRun
from meritdesk.web.jobs.routine import daily

KEPT = timedelta(days=90)


@daily("forget-sessions")
def forget_sessions(now: datetime) -> None:
    """Delete sessions that are over."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()


@daily("forget-once-keys")
def forget_sent_forms(now: datetime) -> None:
    """Delete the marks of forms that nobody can send again: their pages are long gone."""
    forget_once_keys(now - KEPT)


@daily("forget-jobs")
def forget_jobs(now: datetime) -> None:
    """Delete jobs that ended long ago; what they did, and who asked for it, stands in the audit."""
    over = (Job.State.DONE, Job.State.FAILED)
    Job.objects.filter(state__in=over, ended_at__lt=now - KEPT).delete()
    RoutineRun.objects.filter(day__lt=(now - KEPT).date()).delete()
    call_command("prune_db_task_results", queue_name="*", min_age_days=KEPT.days, verbosity=0)
