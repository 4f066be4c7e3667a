"""A company with published results, for the pages that show them: `published()`, with earlier months by `earlier()`.

The results are the engine's own; earlier months repeat them with other totals, which
is enough for lists and trends.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from meritdesk.web.access.actions import action, record
from meritdesk.web.cycles.models import Appraisal, Cycle, Result, Run
from meritdesk.web.cycles.states import move_appraisal
from meritdesk.web.people.models import Assignment, Person
from tests.web.cycle_company import Centre, build_cycle


def published(*, teams: int = 2, size: int = 3, sign_off: bool = True) -> Centre:
    """Return a company whose month is published; with `sign_off` the interviews are over."""
    centre = build_cycle("published", teams=teams, size=size)
    if sign_off:
        do_end_interviews(centre)
    centre.cycle.refresh_from_db()
    return centre


@action
def do_end_interviews(centre: Centre) -> None:
    """Move everybody from interview to sign-off, as the confirmation of both would."""
    for appraisal in Appraisal.objects.filter(cycle=centre.cycle, state=Appraisal.State.INTERVIEW):
        move_appraisal(appraisal, "confirm_interview")
    record(centre.hr, "test.interviews", centre.cycle)


def earlier(centre: Centre, months: int) -> list[Cycle]:
    """Repeat the published results in as many months before, each a little other; returns the cycles."""
    made = []
    for back in range(1, months + 1):
        first = date(2025, 9 - back, 1)
        last = date(2025, 10 - back, 1) - timedelta(days=1)
        cycle = Cycle.objects.create(
            title=f"{centre.department.name} {first:%Y年%-m月}",
            department=centre.department,
            kind="month",
            first_day=first,
            last_day=last,
            scheme_version=centre.version,
            state=Cycle.State.CLOSED,
            created_by=centre.hr,
        )
        _repeat(centre, cycle, back)
        made.append(cycle)
    return made


def _repeat(centre: Centre, cycle: Cycle, back: int) -> None:
    known = Run.objects.get(cycle=centre.cycle, purpose=Run.Purpose.PUBLISHED)
    run = Run.objects.create(
        cycle=cycle, number=1, purpose=Run.Purpose.PUBLISHED, scheme_hash=known.scheme_hash, people=known.people,
        program_hash=known.program_hash, input_hash=known.input_hash, inputs_digest="", results_hash="",
        code_version=known.code_version, made_by=centre.hr,
    )  # fmt: skip
    for old in Result.objects.filter(run=known).select_related("appraisal"):
        known_person = old.appraisal
        appraisal = Appraisal.objects.create(
            cycle=cycle, person_id=known_person.person_id, team_id=known_person.team_id, state=Appraisal.State.SIGNED,
            position=known_person.position, superior_id=known_person.superior_id, scheme_hash=known_person.scheme_hash,
        )  # fmt: skip
        total = None if old.total is None else old.total - 137 * back + (old.pk * 7919 + back * 104_729) % 500
        result = Result.objects.create(
            run=run, appraisal=appraisal, document=old.document, content_hash=old.content_hash, state=old.state,
            total=total, grade=old.grade, grade_title=old.grade_title, coefficient=old.coefficient, days=old.days,
            rank=old.rank, rank_of=old.rank_of,
        )  # fmt: skip
        Appraisal.objects.filter(pk=appraisal.pk).update(result=result)
    Cycle.objects.filter(pk=cycle.pk).update(run=run, published_at=datetime(2025, 10 - back, 12, tzinfo=UTC))


def crowd(centre: Centre, cycle: Cycle, number: int) -> None:
    """Add people to an earlier cycle, all with a result alike; they share one team."""
    run = Run.objects.get(cycle=cycle)
    pattern = Result.objects.filter(run=run, total__isnull=False).select_related("appraisal").first()
    assert pattern is not None
    known = pattern.appraisal
    people = Person.objects.bulk_create(Person(key=f"Z{n:04d}", name=f"某{n:04d}") for n in range(number))
    post = Assignment.objects.filter(person=known.person_id).order_by("valid_from")[0]
    Assignment.objects.bulk_create(
        Assignment(person=person, team_id=known.team_id, position_id=post.position_id, valid_from=post.valid_from)
        for person in people
    )
    appraisals = Appraisal.objects.bulk_create(
        Appraisal(
            cycle=cycle, person=person, team_id=known.team_id, position=known.position, scheme_hash=known.scheme_hash,
            superior_id=known.superior_id, state=known.state,
        )
        for person in people
    )  # fmt: skip
    results = Result.objects.bulk_create(
        Result(
            run=run, appraisal=appraisal, document=pattern.document, content_hash=pattern.content_hash,
            state=pattern.state, total=6000 + n, grade=pattern.grade, grade_title=pattern.grade_title,
            coefficient=pattern.coefficient, days=pattern.days,
        )
        for n, appraisal in enumerate(appraisals)
    )  # fmt: skip
    for appraisal, result in zip(appraisals, results, strict=True):
        appraisal.result = result
    Appraisal.objects.bulk_update(appraisals, ["result"])
