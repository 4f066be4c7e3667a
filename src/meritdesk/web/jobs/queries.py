"""What is read of jobs."""

from __future__ import annotations

from django.http import Http404

from meritdesk.web.access.models import User
from meritdesk.web.access.reach import roles_of
from meritdesk.web.access.rights import Role
from meritdesk.web.jobs.models import Job


def access_job(user: User, pk: int) -> Job:
    """Return a job that the account asked for; an administrator sees all; 404 otherwise."""
    found = Job.objects.filter(pk=pk).first()
    if found is None or (found.asked_by_id != user.pk and Role.ADMINISTRATOR not in roles_of(user)):
        raise Http404
    return found
