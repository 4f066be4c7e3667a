"""The page of a job: how far it is, how long it will take, how it ended."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from meritdesk.web.access.models import User
from meritdesk.web.jobs.models import Job
from meritdesk.web.jobs.queries import access_job
from meritdesk.web.ui.formats import duration


def job_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a job; when it is done, go on to where it leads. htmx asks again every second for the inner part."""
    assert isinstance(request.user, User)
    found = access_job(request.user, pk)
    inner = bool(request.headers.get("HX-Request"))
    if found.state == Job.State.DONE and found.next_url and not inner:
        return redirect(found.next_url)
    left = _left(found)
    context = {"job": found, "job_left": None if left is None else duration(left)}
    return render(request, "jobs/part.html" if inner else "jobs/job.html", context)


def _left(found: Job) -> int | None:
    """Return the seconds that are probably left; None where nothing can be said."""
    if not found.done or not found.total or found.started_at is None:
        return None
    gone = (timezone.now() - found.started_at).total_seconds()
    return round(gone * (found.total - found.done) / found.done)
