"""What the cycles do in the background: their jobs (registered by importing them), and what is done once a day."""

from __future__ import annotations

from datetime import datetime

from meritdesk.web.cycles import deciding_jobs, staging
from meritdesk.web.cycles.actions import data
from meritdesk.web.cycles.actions.reminding import remind_due
from meritdesk.web.jobs.routine import daily

__all__ = ["data", "deciding_jobs"]


@daily("remind")
def remind(now: datetime) -> None:
    """Remind of what is due."""
    remind_due(now)


@daily("forget-half-read")
def forget_half_read(now: datetime) -> None:
    """Take away what jobs that broke off left of files half read."""
    staging.forget_half_read(now)
