"""What the notes page reads: whom one may note something about, the account's own notes, and where gaps are.

A note is read by its author, and by the raters of the person in a cycle whose period it falls into (kinds in
`rating.KNOWING_KINDS`). The person reads what a rater quotes from it in a remark, after publication; never the note.
"""

from __future__ import annotations

from django.db.models import F, Max, Q, QuerySet
from django.http import Http404

from meritdesk.explain import title
from meritdesk.web.access.models import User
from meritdesk.web.cycles.engine import loaded_scheme
from meritdesk.web.cycles.models import Cycle, Note
from meritdesk.web.people.models import Person
from meritdesk.web.people.reach import people_in_reach

SUGGESTED = 12


def people_to_note(user: User) -> QuerySet[Person]:
    """Return whom the account may note something about: the reach of the right, without oneself."""
    return people_in_reach(user, "notes.write").exclude(pk=user.person_id or 0)


def access_person_to_note(user: User, pk: int) -> Person:
    """Return a person the account may note something about; 404 otherwise."""
    person = people_to_note(user).filter(pk=pk).first()
    if person is None:
        raise Http404
    return person


def candidates(user: User, text: str, chosen: int | None = None) -> list[Person]:
    """Return at most twelve people: those found by name or key, else those noted last, then by name."""
    found = people_to_note(user)
    if text:
        found = found.filter(Q(name__icontains=text) | Q(key__icontains=text))
    mine = Q(notes__author=user, notes__withdrawn_at__isnull=True)
    ranked = found.annotate(latest=Max("notes__created_at", filter=mine))
    ranked = ranked.order_by(F("latest").desc(nulls_last=True), "name")
    if chosen is None:
        return list(ranked[:SUGGESTED])
    first = list(people_to_note(user).filter(pk=chosen))
    return first + list(ranked.exclude(pk=chosen)[: SUGGESTED - len(first)])


def indicator_choices() -> list[tuple[str, str]]:
    """Return the indicators of the schemes in use by cycles under way: (id, title), each once."""
    before_review = (Cycle.State.DRAFT, Cycle.State.OPEN, Cycle.State.COLLECTING, Cycle.State.RATING)
    newest: dict[int, Cycle] = {}
    for cycle in Cycle.objects.filter(state__in=before_review).select_related("scheme_version__scheme")[:50]:
        newest.setdefault(cycle.scheme_version_id, cycle)
    found: dict[str, str] = {}
    for cycle in newest.values():
        for _dimension, indicator in loaded_scheme(cycle).scheme.indicators():
            found.setdefault(indicator.id, title(indicator))
    return sorted(found.items(), key=lambda pair: pair[1])


def my_notes(user: User) -> QuerySet[Note]:
    """Return the account's own notes, the latest day first."""
    mine = Note.objects.filter(author=user).select_related("person").prefetch_related("attachments")
    return mine.order_by("-day", "-pk")


def access_own_note(user: User, pk: int) -> Note:
    """Return a note the account wrote; 404 for any other."""
    note = Note.objects.filter(pk=pk, author=user).select_related("person").first()
    if note is None:
        raise Http404
    return note
