"""Messages to an account, and the counts that stand in the frame."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from meritdesk.web.access.models import User
from meritdesk.web.cycles.models import Cycle, Notice, RatingForm
from meritdesk.web.cycles.queries.doors import forms_to_fill


def frame_counts(user: User) -> dict[str, int]:
    """Return `notices` (unread) and `ratings` (forms to fill in); one query."""
    unread = Notice.objects.filter(user=OuterRef("pk"), read_at__isnull=True)
    forms = open_forms(user)
    counted = User.objects.filter(pk=user.pk).annotate(notice_count=count_of(unread), rating_count=count_of(forms))
    row = counted.values("notice_count", "rating_count").first()
    return {"notices": row["notice_count"], "ratings": row["rating_count"]} if row else {"notices": 0, "ratings": 0}


def open_forms(user: User) -> QuerySet[RatingForm]:
    """Return the rating forms that the account still has to hand in."""
    return forms_to_fill(user).filter(state=RatingForm.State.OPEN, appraisal__cycle__state=Cycle.State.RATING)


def count_of(found: QuerySet[Any]) -> Coalesce:
    """Return the number of `found` as part of another query."""
    counted = found.order_by().annotate(one=Value(1)).values("one").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), 0)


def notices_of(user: User) -> QuerySet[Notice]:
    """Return the messages to an account, unread first, then the newest."""
    return Notice.objects.filter(user=user).select_related("cycle").order_by("-at", "-pk")


def unread_of(user: User, pk: int | None = None) -> QuerySet[Notice]:
    """Return the unread messages to an account, or the one with this id among them."""
    found = Notice.objects.filter(Q(user=user), read_at__isnull=True)
    return found if pk is None else found.filter(pk=pk)
