"""The door to attachments: who may download a file, by what it is attached to."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404

from meritdesk.web.access.models import User
from meritdesk.web.access.reach import has_right
from meritdesk.web.cycles.models import Appeal, Attachment, RaterPlan, RatingForm
from meritdesk.web.cycles.queries.doors import appraisals_in_reach, forms_to_fill
from meritdesk.web.cycles.queries.rating import KNOWING_KINDS


def access_attachment(user: User, pk: int) -> Attachment:
    """Return an attachment the account may read; 404 otherwise.

    Its uploader may. Besides: of a note, the raters of the person in that period; of a rating form, its rater and those
    who read ratings; of a self-appraisal, the person, their raters and those who read ratings; of an appeal, the person
    and those who read or decide appeals. Nobody reads notes and forms about themselves.
    """
    found = Attachment.objects.select_related("note", "form", "self_appraisal", "appeal").filter(pk=pk).first()
    if found is None or not (found.uploaded_by_id == user.pk or _entitled(user, found)):
        raise Http404
    return found


def _entitled(user: User, found: Attachment) -> bool:
    if found.note is not None:
        if found.note.person_id == user.person_id or found.note.withdrawn_at is not None:
            return False
        return (
            knowing_forms(user)
            .filter(
                appraisal__person=found.note.person_id,
                appraisal__cycle__first_day__lte=found.note.day,
                appraisal__cycle__last_day__gte=found.note.day,
            )
            .exists()
        )
    if found.form is not None:
        theirs = forms_to_fill(user).filter(pk=found.form.pk).exists()
        return theirs or _reads_ratings(user, found.form.appraisal_id)
    if found.self_appraisal is not None:
        appraisal = found.self_appraisal.appraisal_id
        if appraisals_in_reach(user, "self.write").filter(pk=appraisal).exists():
            return True
        filed = found.self_appraisal.submitted_at is not None
        rates = filed and knowing_forms(user).filter(appraisal=appraisal).exists()
        return rates or (filed and _reads_ratings(user, appraisal))
    if found.appeal is not None:
        return any(
            has_right(user, right)
            and Appeal.objects.filter(pk=found.appeal.pk, appraisal__in=appraisals_in_reach(user, right)).exists()
            for right in ("appeals.file", "appeals.read", "appeals.decide")
        )
    return False


def knowing_forms(user: User) -> QuerySet[RatingForm]:
    """Return the forms of the account in roles whose raters may look at notes and figures."""
    plan = RaterPlan.objects.filter(
        cycle=OuterRef("appraisal__cycle"), role=OuterRef("role"), kind__in=KNOWING_KINDS
    )
    return forms_to_fill(user).filter(Exists(plan)).exclude(appraisal__person=user.person_id or 0)


def _reads_ratings(user: User, appraisal: int) -> bool:
    if not has_right(user, "ratings.read"):
        return False
    return appraisals_in_reach(user, "ratings.read").filter(pk=appraisal).exclude(_own(user)).exists()


def _own(user: User) -> Q:
    return Q(person=user.person_id) if user.person_id else Q(pk__in=[])
