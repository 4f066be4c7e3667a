"""Messages to an account, and the counts that stand in the frame."""

from __future__ import annotations

from django.db.models import Count, Q, QuerySet

from meritdesk.web.access.models import User
from meritdesk.web.cycles.models import Cycle, Notice, RatingForm
from meritdesk.web.cycles.queries.doors import forms_to_fill


def frame_counts(user: User) -> dict[str, int]:
    """Return `notices` (unread) and `ratings` (forms to fill in); two queries."""
    ratings = (
        forms_to_fill(user)
        .filter(state=RatingForm.State.OPEN, appraisal__cycle__state=Cycle.State.RATING)
        .aggregate(n=Count("pk"))
    )
    return {"notices": Notice.objects.filter(user=user, read_at__isnull=True).count(), "ratings": ratings["n"]}


def notices_of(user: User) -> QuerySet[Notice]:
    """Return the messages to an account, unread first, then the newest."""
    return Notice.objects.filter(user=user).select_related("cycle").order_by("-at", "-pk")


def unread_of(user: User, pk: int | None = None) -> QuerySet[Notice]:
    """Return the unread messages to an account, or the one with this id among them."""
    found = Notice.objects.filter(Q(user=user), read_at__isnull=True)
    return found if pk is None else found.filter(pk=pk)
