"""Subjects of the rating pages for the access table: forms, self-appraisals, notes, files, invitations.

Each person has a cycle of their own in rating (of its own days), with one form about them, given to their superior.
Who sees what is stated here independently of the code under test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING

from django.core.cache import cache
from django.utils import timezone

from meritdesk.scheme.load import load_document, shipped
from meritdesk.web.access.models import Delegation, User
from meritdesk.web.cycles.evidence_files import path_of
from meritdesk.web.cycles.models import (
    Appraisal,
    Attachment,
    Cycle,
    Invitation,
    Note,
    RaterPlan,
    RatingForm,
    RosterEntry,
    SelfAppraisal,
)
from meritdesk.web.people.models import Person
from meritdesk.web.schemes.models import Scheme, SchemeVersion
from tests.web.access_reach import reaches
from tests.web.company import Company

if TYPE_CHECKING:
    from tests.web.access_subjects import Maker, Sees, Subject

TOKEN = "t" * 30
CONTENT = b"evidence"


def _subject(kwargs: Mapping[str, object], sees: Sees) -> Subject:
    from tests.web.access_subjects import Subject  # it registers what is here

    return Subject(kwargs, sees)


@lru_cache(1)
def _document() -> tuple[str, str]:
    text = shipped()["r4-support-center"].read_text(encoding="utf-8")
    return text, load_document(text).content_hash


def _appraisal(company: Company, person: Person) -> Appraisal:
    """Return the person's appraisal in a cycle that is theirs alone."""
    team = person.assignments.get().team
    first = date(2020, 1, 1) + timedelta(days=31 * person.pk)
    text, content_hash = _document()
    scheme, _made = Scheme.objects.get_or_create(name="rated", defaults={"title": "rated"})
    version, _made = SchemeVersion.objects.get_or_create(
        scheme=scheme, number=1,
        defaults={"text": text, "content_hash": content_hash, "state": "published", "written_by": company.users["hr"],
                  "published_by": company.users["hr2"], "published_at": datetime(2019, 12, 1, tzinfo=UTC)},
    )  # fmt: skip
    cycle, made = Cycle.objects.get_or_create(
        department=team.department, scheme_version=version, first_day=first, last_day=first + timedelta(days=29),
        defaults={"title": person.key, "kind": "month", "state": "rating", "rating_due": date(2099, 1, 1),
                  "created_by": company.users["hr"]},
    )  # fmt: skip
    if made:
        RosterEntry.objects.create(
            cycle=cycle, person=person, name=person.name, department=team.department.name, team_name=team.name,
            position="agent", superior=_rater(company, person).key, valid_from=date(2020, 1, 1),
        )  # fmt: skip
        RaterPlan.objects.create(cycle=cycle, role="superior", kind="superior")
        RaterPlan.objects.create(cycle=cycle, role="customer", kind="guest")
    return Appraisal.objects.get_or_create(
        cycle=cycle, person=person, defaults={"team": team, "position": "agent", "scheme_hash": content_hash}
    )[0]


def _rater(company: Company, person: Person) -> Person:
    """Return who rates: the superior, or for those without one the supervisor (the lead for the supervisor)."""
    superior = person.assignments.get().superior
    other = "lead" if person == company.people["supervisor"] else "supervisor"
    return superior or company.people[other]


def _form(company: Company, person: Person) -> RatingForm:
    appraisal = _appraisal(company, person)
    return RatingForm.objects.get_or_create(
        appraisal=appraisal, role="superior", rater=_rater(company, person), invitation=None,
        segment_from=appraisal.cycle.first_day, defaults={"day": appraisal.cycle.last_day},
    )[0]  # fmt: skip


def _fills(form: RatingForm) -> Sees:
    """The rater sees a form, and who stands in for them today unless it is about themselves."""
    today = timezone.localdate()
    running = [d for d in Delegation.objects.all() if d.first_day <= today <= d.last_day and d.ended_at is None]

    def sees(user: User, right: str) -> bool:
        if user.person_id == form.rater_id:
            return True
        stands_in = any(d.delegate_id == user.pk and d.absent.person_id == form.rater_id for d in running)
        return stands_in and user.person_id != form.appraisal.person_id

    return sees


def _others(person: Person) -> Sees:
    """Who reaches the person under the right sees it, the person themselves never."""
    return lambda user, right: user.person_id != person.pk and reaches(user, right, person)


def _form_with(**more: object) -> Maker:
    def make(company: Company, person: Person) -> Subject:
        form = _form(company, person)
        return _subject({"pk": form.pk, **more}, _fills(form))

    return make


def _side_by_side(company: Company, person: Person) -> Subject:
    form = _form(company, person)
    return _subject({"pk": form.appraisal.cycle_id, "indicator": "standards"}, _fills(form))


def _own_appraisal(company: Company, person: Person) -> Subject:
    appraisal = _appraisal(company, person)
    return _subject({"pk": appraisal.pk}, lambda user, right: user.person_id == person.pk)


def _reopened(company: Company, person: Person) -> Subject:
    appraisal = _appraisal(company, person)
    SelfAppraisal.objects.get_or_create(appraisal=appraisal, defaults={"submitted_at": datetime.now(UTC)})
    return _subject({"pk": appraisal.pk}, _others(person))


def _note(company: Company, person: Person) -> Subject:
    author = company.users["lead"]
    made = Note.objects.create(person=person, author=author, day=date(2025, 9, 1), text="x")
    return _subject({"pk": made.pk}, lambda user, right: user.pk == author.pk)


def _file(company: Company, person: Person) -> Subject:
    """Return a file beside a rating form: its rater sees it, and who reads ratings of others."""
    form = _form(company, person)
    digest = sha256(CONTENT).hexdigest()
    path_of(digest).parent.mkdir(parents=True, exist_ok=True)
    path_of(digest).write_bytes(CONTENT)
    rater = User.objects.get(person=form.rater_id)
    made = Attachment.objects.create(
        name="a.txt", sha256=digest, size_bytes=len(CONTENT), uploaded_by=rater, form=form
    )
    fills, reads = _fills(form), _others(person)
    return _subject({"pk": made.pk}, lambda user, right: fills(user, right) or reads(user, "ratings.read"))


def _cycle(company: Company, person: Person) -> Subject:
    appraisal = _appraisal(company, person)
    return _subject({"pk": appraisal.cycle_id}, lambda user, right: reaches(user, right, person))


def _invited(company: Company, person: Person) -> tuple[Invitation, str]:
    appraisal = _appraisal(company, person)
    token = f"{TOKEN}{person.pk}"
    invitation, made = Invitation.objects.get_or_create(
        token_hash=sha256(token.encode()).hexdigest(),
        defaults={"cycle": appraisal.cycle, "role": "customer", "name": "客户", "created_by": company.users["hr"],
                  "expires_at": datetime(2099, 1, 1, tzinfo=UTC)},
    )  # fmt: skip
    if made:
        RatingForm.objects.create(
            appraisal=appraisal, role="customer", invitation=invitation, segment_from=appraisal.cycle.first_day,
            day=appraisal.cycle.last_day,
        )  # fmt: skip
    # The many wrong links of this test come from the same address.
    cache.clear()
    return invitation, token


def _invitation(company: Company, person: Person) -> Subject:
    invitation, _token = _invited(company, person)
    return _subject({"pk": invitation.pk}, lambda user, right: reaches(user, right, person))


def _anybody(user: User, right: str) -> bool:
    return True


def _guest(company: Company, person: Person) -> Subject:
    return _subject({"token": _invited(company, person)[1]}, _anybody)


def _guest_item(company: Company, person: Person) -> Subject:
    invitation, token = _invited(company, person)
    pk = RatingForm.objects.get(invitation=invitation).pk
    return _subject({"token": token, "pk": pk, "indicator": "problem_solving"}, _anybody)


RATING_SUBJECTS: dict[str, Callable[[Company, Person], Subject | None]] = {
    "rating-form": _form_with(),
    "rating-item": _form_with(indicator="standards"),
    "rating-submit": _form_with(),
    "rating-withdraw": _form_with(),
    "rating-drawer": _form_with(),
    "rating-records": _form_with(metric="first_response"),
    "rating-attach": _form_with(),
    "rating-team": _side_by_side,
    "self-appraisal": _own_appraisal,
    "self-appraisals": _cycle,
    "self-submit": _own_appraisal,
    "self-attach": _own_appraisal,
    "self-reopen": _reopened,
    "note-withdraw": _note,
    "attachment": _file,
    "invitations": _cycle,
    "invitation-revoke": _invitation,
    "guest-rating": _guest,
    "guest-item": _guest_item,
}
