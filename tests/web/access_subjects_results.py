"""Subjects of the result pages for the access table: an appraisal in a published cycle of the person's own.

Who sees what is stated here independently of the code under test.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from django.utils import timezone

from meritdesk.scheme.load import load_document, shipped
from meritdesk.web.access.models import User
from meritdesk.web.cycles.models import Appraisal, Cycle
from meritdesk.web.people.models import Person
from meritdesk.web.schemes.models import Scheme, SchemeVersion
from tests.web.access_reach import reaches, reaches_team
from tests.web.company import Company

if TYPE_CHECKING:
    from tests.web.access_subjects import Maker, Sees, Subject


def _subject(kwargs: Mapping[str, object], sees: Sees) -> Subject:
    from tests.web.access_subjects import Subject  # it registers what is here

    return Subject(kwargs, sees)


@lru_cache(1)
def _document() -> tuple[str, str]:
    text = shipped()["r4-support-center"].read_text(encoding="utf-8")
    return text, load_document(text).content_hash


def _appraisal(company: Company, person: Person) -> Appraisal:
    """Return the person's appraisal in a published cycle that is theirs alone."""
    team = person.assignments.get().team
    text, content_hash = _document()
    hr = company.users["hr"]
    scheme, _made = Scheme.objects.get_or_create(name="of-results", defaults={"title": "结果"})
    version, _made = SchemeVersion.objects.get_or_create(
        scheme=scheme, number=1,
        defaults={"text": text, "content_hash": content_hash, "state": "published", "written_by": hr,
                  "published_by": hr},
    )  # fmt: skip
    first = date(2010, 1, 1) + timedelta(days=31 * person.pk)
    cycle, _made = Cycle.objects.get_or_create(
        department=team.department, team=team, scheme_version=version, first_day=first,
        last_day=first + timedelta(days=30),
        defaults={"title": f"结果 {person.key}", "kind": "month", "state": "published", "created_by": hr,
                  "published_at": timezone.now()},
    )  # fmt: skip
    appraisal, _made = Appraisal.objects.get_or_create(
        cycle=cycle, person=person,
        defaults={"team": team, "position": "agent", "scheme_hash": content_hash, "state": "held"},
    )  # fmt: skip
    return appraisal


def _result(company: Company, person: Person) -> Subject:
    """One's own, and those of the people whom one reaches."""
    appraisal = _appraisal(company, person)
    return _subject({"pk": appraisal.pk}, lambda user, right: reaches(user, right, person))


def _team(company: Company, person: Person) -> Subject:
    """A list of others: one's own result alone makes none."""
    appraisal = _appraisal(company, person)

    def sees(user: User, right: str) -> bool:
        return reaches_team(user, right, appraisal.team) and user.person != person

    return _subject({"pk": appraisal.cycle_id}, sees)


RESULT_SUBJECTS: Mapping[str, Maker] = {
    "result": _result,
    "result-form": _result,
    "result-pdf": _result,
    "result-scheme": _result,
    "team-results-export": _team,
}
RESULT_ABSENT_ONLY: Mapping[str, str] = {
    "result-records": "rests on a run of the engine; tests/web/test_results_page.py tries it as every role",
}
