"""The later half of `page_world`: results, calibration, interviews, appeals and archives in bulk, and what else pages
show: notes, targets, invitations, jobs, notices."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import cycle as turns
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from meritdesk.web.cycles import evidence_files, inputs
from meritdesk.web.cycles.models import (
    Appeal,
    Appraisal,
    Archive,
    Attachment,
    CalibrationCase,
    Correction,
    Cycle,
    Interview,
    Invitation,
    Note,
    Notice,
    PanelReview,
    PlanItem,
    RaterPlan,
    RatingForm,
    Result,
    Run,
    SelfAppraisal,
    Signature,
    Target,
)
from meritdesk.web.cycles.queries.invitations import hash_of
from meritdesk.web.jobs.models import Job

if TYPE_CHECKING:
    from tests.web.page_world import World

GRADES = (
    ("excellent", "优秀", 12_000),
    ("good", "良好", 10_000),
    ("qualified", "合格", 9_000),
    ("improve", "待改进", 6_000),
)
PUBLISHED = ("published", "closed", "archived")
GUEST_TOKEN = "guest-token-of-the-measured-pages"
OF_PUBLISHED = ("interview", "sign_off", "signed", "appealing", "upheld", "rejected")
"""States that appraisals of a published cycle are in, by turns; those of closed ones are signed."""


def carry_on(world: World, cycle: Cycle, state: str) -> None:
    """Take a cycle whose forms are handed in to `state`: with a run of repeated results."""
    from tests.web.page_world import appraisals_of

    appraisals = appraisals_of(cycle)
    preview = _run(world, cycle, Run.Purpose.PREVIEW, 1, appraisals)
    Cycle.objects.filter(pk=cycle.pk).update(run=preview, state=state if state not in PUBLISHED else "reviewing")
    _cases(world, cycle, appraisals, decided=state != "calibrating")
    # The preview is of today's inputs, as it is nearly always when somebody looks at it.
    Run.objects.filter(pk=preview.pk).update(
        inputs_digest=inputs.digest(cycle), inputs_fingerprint=inputs.fingerprint(cycle)
    )
    if state not in PUBLISHED:
        return
    PanelReview.objects.create(cycle=cycle, run=preview, outcome="approved", decided_by=world.users["P01"])
    run = _run(world, cycle, Run.Purpose.PUBLISHED, 2, appraisals)
    results = {result.appraisal_id: result for result in Result.objects.filter(run=run).defer("document")}
    until = timezone.now() + timedelta(days=5) if state == "published" else timezone.now() - timedelta(days=200)
    ways = turns(OF_PUBLISHED if state == "published" else ("signed",))
    for appraisal, way in zip(appraisals, ways, strict=False):
        appraisal.state, appraisal.result, appraisal.appeal_until = way, results[appraisal.pk], until
    Appraisal.objects.bulk_update(appraisals, ["state", "result", "appeal_until"], batch_size=200)
    _after_publication(world, appraisals, closed=state != "published")
    Cycle.objects.filter(pk=cycle.pk).update(
        run=run, state=state, published_at=datetime(2025, cycle.first_day.month + 1, 12, tzinfo=UTC),
        appeal_until=until, sign_due=until.date(), closed_at=None if state == "published" else timezone.now(),
    )  # fmt: skip
    if state == "archived":
        _archive(world, cycle)


def _run(world: World, cycle: Cycle, purpose: Run.Purpose, number: int, appraisals: list[Appraisal]) -> Run:
    from tests.web.page_world import document_for

    run = Run.objects.create(
        cycle=cycle, number=number, purpose=purpose, scheme_hash=world.version.content_hash, program_hash="0" * 64,
        input_hash="1" * 64, inputs_digest="2" * 64, results_hash="3" * 64, code_version="0.1.0",
        people=len(appraisals), made_by=world.hr,
    )  # fmt: skip
    rows = []
    for place, appraisal in enumerate(appraisals):
        person = appraisal.person
        text = document_for(appraisal.position, person.key, person.name, cycle.first_day, cycle.last_day)
        grade, title, coefficient = GRADES[place % 7 % 4]
        rows.append(
            Result(
                run=run, appraisal=appraisal, document=text, content_hash=hashlib.sha256(text.encode()).hexdigest(),
                state="graded", total=6_000 + (place * 137 + cycle.pk * 71) % 4_000, grade=grade, grade_title=title,
                coefficient=coefficient, days=30, rank=place + 1, rank_of=len(appraisals),
            )
        )  # fmt: skip
    Result.objects.bulk_create(rows, batch_size=200)
    return run


def _cases(world: World, cycle: Cycle, appraisals: list[Appraisal], *, decided: bool) -> None:
    """Let the raters of every tenth person be apart."""
    made = [
        CalibrationCase(
            cycle=cycle, appraisal=appraisal, segment_from=cycle.first_day, first_role="superior", first_rater="L01",
            first_total=9_000, second_role="qa", second_rater="Q01", second_total=7_000,
            outcome="kept" if decided else "open", reason="依据记录" if decided else "",
            decided_by=world.users["P01"] if decided else None, decided_at=timezone.now() if decided else None,
        )
        for appraisal in appraisals[::10]
    ]  # fmt: skip
    CalibrationCase.objects.bulk_create(made)


def _after_publication(world: World, appraisals: list[Appraisal], *, closed: bool) -> None:
    now = timezone.now()
    late = [a for a in appraisals if a.state != "interview"]
    held = Interview.objects.bulk_create(
        [
            Interview(
                appraisal=a, held_on=date(2025, 4, 14), agenda="结果", notes="谈到时长", superior_confirmed_at=now,
                superior_confirmed_by=world.users["L01"], employee_confirmed_at=now,
            )
            for a in late
        ],
        batch_size=500,
    )  # fmt: skip
    PlanItem.objects.bulk_create(
        [PlanItem(interview=i, text="每周复听三通录音", owner="本人") for i in held], batch_size=500
    )
    Signature.objects.bulk_create(
        [
            Signature(
                appraisal=a, result=a.result, content_hash=a.result.content_hash, outcome="signed",
                by=world.users[a.person.key],
            )
            for a in late
            if a.state == "signed" and a.result
        ],
        batch_size=500,
    )  # fmt: skip
    if not closed:
        _appeals(world, appraisals)


def _appeals(world: World, appraisals: list[Appraisal]) -> None:
    now = timezone.now()
    for appraisal in appraisals:
        if appraisal.state not in ("appealing", "upheld", "rejected") or appraisal.result is None:
            continue
        state = "open" if appraisal.state == "appealing" else appraisal.state
        decided: dict[str, Any] = {"decider": world.users["P01"], "answer": "已复核", "decided_at": now}
        appeal = Appeal.objects.create(
            appraisal=appraisal, result=appraisal.result, grounds="投诉不属实", filed_at=now, state=state,
            due_at=now + timedelta(days=3), **({} if state == "open" else decided),
        )  # fmt: skip
        if state == "upheld":
            Correction.objects.create(
                appraisal=appraisal, appeal=appeal, before=appraisal.result, after=appraisal.result,
                total_difference=250, coefficient_difference=0, reason="投诉不属实", proposed_by=world.users["P01"],
                state="posted" if appeal.pk % 2 else "proposed",
            )  # fmt: skip


def _archive(world: World, cycle: Cycle) -> None:
    file = Path("archives") / f"{cycle.pk}.zip"
    path = Path(settings.HOME) / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"PK\x05\x06" + bytes(18))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    Archive.objects.create(cycle=cycle, file=str(file), sha256=digest, root="4" * 64, made_by=world.hr)


def add_rest(world: World) -> None:
    """Add what hangs on no state: self-appraisals, targets, notes with a file, an invitation, jobs, notices."""
    for state, cycle in world.cycles.items():
        appraisals = list(cycle.appraisals.select_related("person"))
        if state == "open":
            _targets(world, appraisals)
        if state not in ("draft", "open"):
            SelfAppraisal.objects.bulk_create(
                [
                    SelfAppraisal(appraisal=a, results="完成目标", gaps="时长偏高", submitted_at=timezone.now())
                    for a in appraisals[::2]
                ]
            )
        if state == "rating":
            _guest(world, cycle, appraisals)
    _notes(world)
    for number in range(60):
        for user in [world.users["A0001"], world.users["L01"], world.hr]:
            Notice.objects.create(user=user, cycle=world.cycles.get("rating"), text=f"请处理第 {number} 件事", url="/")
    for user in world.users.values():
        if user.username in ("H01", "A0001"):
            Job.objects.create(kind="cycles.report", title="更新数据报告", asked_by=user)


def _targets(world: World, appraisals: list[Appraisal]) -> None:
    Target.objects.bulk_create(
        [
            Target(
                appraisal=a, indicator=indicator, value=900_000, proposed_by=world.hr,
                agreed_at=timezone.now() if a.pk % 2 else None,
            )
            for a in appraisals
            for indicator in ("satisfaction", "standards")
        ],
        batch_size=500,
    )  # fmt: skip


def _guest(world: World, cycle: Cycle, appraisals: list[Appraisal]) -> None:
    plan = RaterPlan.objects.filter(cycle=cycle, kind="guest").first()
    role = plan.role if plan else "customer"
    for number in range(12):
        token = GUEST_TOKEN if not number else f"{GUEST_TOKEN}-{number}"
        invitation = Invitation.objects.create(
            cycle=cycle, role=role, name=f"客户代表{number}", organisation="甲公司", token_hash=hash_of(token),
            expires_at=timezone.now() + timedelta(days=9), created_by=world.hr,
        )  # fmt: skip
        RatingForm.objects.bulk_create(
            RatingForm(appraisal=a, role=role, invitation=invitation, segment_from=cycle.first_day, day=cycle.last_day)
            for a in appraisals[:5]
        )
    world.tokens["guest"] = GUEST_TOKEN


def _notes(world: World) -> None:
    agents = [person for key, person in world.persons.items() if key.startswith("A")]
    lead: Mapping[str, Any] = {"author": world.users["L01"], "text": "主动帮助新同事", "day": date(2025, 6, 12)}
    made = [Note.objects.create(person=person, **lead) for person in agents[:60] for _n in range(2)]
    Note.objects.create(person=agents[0], author=world.users["Q01"], text="开场白规范", day=date(2025, 6, 20))
    kept = evidence_files.keep(SimpleUploadedFile("事例.txt", "客户来信".encode()))
    Attachment.objects.create(
        name=kept.name, sha256=kept.sha256, size_bytes=kept.size_bytes, uploaded_by=world.users["L01"], note=made[0]
    )
