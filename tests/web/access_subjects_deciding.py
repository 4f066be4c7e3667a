"""Subjects of the pages from calibration to the archive, for the access table.

Each person has a published cycle of their own in their team, with a result, a calibration case, a mark of abnormal
data, an appeal, a correction and an archive. Who sees what is stated here independently of the code under test.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from meritdesk.scheme.load import load_document, shipped
from meritdesk.web.access.models import User
from meritdesk.web.access.rights import RIGHTS
from meritdesk.web.cycles.models import (
    Adjustment,
    Appeal,
    Appraisal,
    Archive,
    CalibrationCase,
    Correction,
    Cycle,
    Result,
    Run,
)
from meritdesk.web.people.models import Person
from meritdesk.web.schemes.models import Scheme, SchemeVersion
from tests.web.access_reach import reaches_team
from tests.web.company import Company

if TYPE_CHECKING:
    from tests.web.access_subjects import Maker, Sees, Subject

DOCUMENT = json.dumps({"appraisal": {"segments": [], "strengths": [], "gaps": []}})
HASH = hashlib.sha256(DOCUMENT.encode()).hexdigest()
LONG_AGO = datetime(2019, 12, 1, tzinfo=UTC)


@lru_cache(1)
def _text() -> tuple[str, str]:
    text = shipped()["r4-support-center"].read_text(encoding="utf-8")
    return text, load_document(text).content_hash


def _run(cycle: Cycle, number: int, purpose: str) -> Run:
    same = dict.fromkeys(("scheme_hash", "program_hash", "input_hash", "inputs_digest", "results_hash"), "0" * 64)
    return Run.objects.create(cycle=cycle, number=number, purpose=purpose, code_version="1", people=1, **same)


def _appraisal(company: Company, person: Person) -> Appraisal:
    """Return the person's appraisal in a published cycle that is theirs alone, with everything decided about it."""
    team, hr = person.assignments.get().team, company.users["hr"]
    text, content_hash = _text()
    scheme, _made = Scheme.objects.get_or_create(name="decided", defaults={"title": "decided"})
    version, _made = SchemeVersion.objects.get_or_create(
        scheme=scheme, number=1,
        defaults={"text": text, "content_hash": content_hash, "state": "published", "written_by": hr,
                  "published_by": company.users["hr2"], "published_at": LONG_AGO},
    )  # fmt: skip
    first = date(2010, 1, 1) + timedelta(days=31 * person.pk)
    found = Appraisal.objects.filter(cycle__scheme_version=version, person=person).first()
    if found is not None:
        return found
    cycle = Cycle.objects.create(
        title=person.key, department=team.department, team=team, kind="month", scheme_version=version, first_day=first,
        last_day=first + timedelta(days=29), state="published", created_by=hr,
    )  # fmt: skip
    made = Appraisal.objects.create(cycle=cycle, person=person, team=team, position="agent", scheme_hash=content_hash)
    runs = _run(cycle, 1, "published"), _run(cycle, 2, "correction")
    results = [
        Result.objects.create(run=r, appraisal=made, document=DOCUMENT, content_hash=HASH, state="graded") for r in runs
    ]
    Appraisal.objects.filter(pk=made.pk).update(result=results[0], state="appealing")
    Cycle.objects.filter(pk=cycle.pk).update(run=runs[0], published_at=LONG_AGO)
    CalibrationCase.objects.create(
        cycle=cycle, appraisal=made, segment_from=first, first_role="qa", first_rater="x", first_total=6000,
        second_role="superior", second_rater="y", second_total=9000,
    )  # fmt: skip
    outsider = company.users["admin"]
    Adjustment.objects.create(
        appraisal=made, indicator="csat", score=500, day=first, kind="anomaly", reason="x", decided_by=outsider
    )
    Appeal.objects.create(appraisal=made, result=results[0], grounds="x", filed_at=LONG_AGO, due_at=LONG_AGO)
    Correction.objects.create(appraisal=made, before=results[0], after=results[1], reason="x", proposed_by=outsider)
    _archive(cycle)
    return made


def _archive(cycle: Cycle) -> None:
    file = f"cycles/{cycle.pk}/packages/a.zip"
    path = Path(settings.HOME) / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"archive")
    Archive.objects.create(cycle=cycle, file=file, sha256="0" * 64, root="0" * 64)


def _of_person(person: Person) -> Sees:
    """The person under rights on one's own; others who reach the team; never one's own under the rights of others."""

    def sees(user: User, right: str) -> bool:
        if user.person is not None and user.person == person:
            return RIGHTS[right].own
        return reaches_team(user, right, person.assignments.get().team)

    return sees


def _of(model: type[Appeal | CalibrationCase | Adjustment | Correction | Appraisal]) -> Maker:
    def make(company: Company, person: Person) -> Subject:
        from tests.web.access_subjects import Subject  # it registers what is here

        appraisal = _appraisal(company, person)
        key = appraisal.pk if model is Appraisal else model._default_manager.get(appraisal=appraisal).pk  # type: ignore[misc]
        return Subject({"pk": key}, _of_person(person))

    return make


def _cycle(company: Company, person: Person) -> Subject:
    from tests.web.access_subjects import Subject

    appraisal = _appraisal(company, person)
    return Subject({"pk": appraisal.cycle_id}, lambda user, right: reaches_team(user, right, appraisal.team))


DECIDING_SUBJECTS: dict[str, Maker] = {
    **dict.fromkeys(
        (
            "calibrate", "recompute", "calibration", "submit-review", "back-to-rating", "anomalies", "review",
            "publish", "publish-now", "close", "archive", "archive-download",
        ),
        _cycle,
    ),
    **dict.fromkeys(
        ("interview", "interview-confirm", "sign", "witness", "appeal-new", "correction-new"), _of(Appraisal)
    ),
    **dict.fromkeys(("appeal", "appeal-withdraw", "appeal-remind"), _of(Appeal)),
    "calibration-case": _of(CalibrationCase),
    "anomaly-withdraw": _of(Adjustment),
    "correction": _of(Correction),
}  # fmt: skip
