"""What the people app does once a day."""

from __future__ import annotations

from datetime import datetime

from meritdesk.web.jobs.routine import daily
from meritdesk.web.people.imports import uploads


@daily("forget-uploads")
def forget_uploads(now: datetime) -> None:
    """Delete rosters that were handed in and never confirmed."""
    uploads.forget_old()
