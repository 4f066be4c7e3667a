"""The rules of deciding: who may not, when it is too late, and whose results never move."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from meritdesk.events import batches
from meritdesk.events.ingest import assemble
from meritdesk.web.access.actions import AlreadyDone, Conflict, Refused
from meritdesk.web.cycles import archiving, deadlines, engine, packages
from meritdesk.web.cycles.actions import (
    adjusting,
    appeals,
    calibration,
    closing,
    corrections,
    interviews,
    publishing,
    review,
    signing,
)
from meritdesk.web.cycles.inputs import batch_folder, dataset_of, digest
from meritdesk.web.cycles.models import (
    Adjustment,
    Appeal,
    CalibrationCase,
    Correction,
    Cycle,
    RatingForm,
    Result,
    Run,
)
from tests.web import cycle_company_late as late
from tests.web.cycle_company import Centre, build_cycle, fill_forms
from tests.web.test_deciding_pages import make_apart

AGENT, OTHER = "A0001", "A0002"
SHANGHAI = ZoneInfo("Asia/Shanghai")


def refused(act: Callable[[], object]) -> str:
    """Return the code with which an act is refused."""
    with pytest.raises(Refused) as caught:
        act()
    return caught.value.problems[0].code


def trial(centre: Centre, user: str, key: str, scores: dict[str, int], reason: str) -> corrections.Trial:
    """Compute a correction of somebody, as the pages do."""
    cycle = late.fresh(centre)
    points = [adjusting.Points(name, score, cycle.last_day) for name, score in scores.items()]
    wanted = adjusting.supposed(centre.users[user], key, points, reason)
    computed = engine.compute(cycle, explained=True, supposed=wanted, people=[key])
    package = packages.seal_run(cycle, computed, purpose=Run.Purpose.CORRECTION, people=[key])
    return corrections.Trial(computed, package, points)


def file_appeal(centre: Centre, key: str = AGENT, user: str = "") -> Appeal:
    """File an appeal."""
    return appeals.do_file_appeal(
        acting_user=centre.users[user or key],
        appraisal=late.appraisal(centre, key),
        grounds="投诉已撤销",
        indicators=[],
        evidence=[],
        once=late.once(),
    )


def correct(centre: Centre, user: str, key: str, scores: dict[str, int]) -> Correction:
    """Enter a correction without an appeal."""
    reason = "补到的数据"
    return corrections.do_correct(
        acting_user=centre.users[user],
        appraisal=late.appraisal(centre, key),
        trial=trial(centre, user, key, scores, reason),
        reason=reason,
        version=late.appraisal(centre, key).version,
        once=late.once(),
    )


def approve(centre: Centre, user: str, correction: Correction, *, agree: bool = True) -> Correction:
    """Decide on a correction as the second person."""
    return corrections.do_approve_correction(
        acting_user=centre.users[user], correction=correction, approve=agree, reason="核对过", once=late.once()
    )


def test_deadlines_count_working_days_of_the_chinese_calendar() -> None:
    """R4.7: filed on Friday 2025-09-26, three working days end with Tuesday the 30th: the 28th is worked."""
    filed = datetime(2025, 9, 26, 10, tzinfo=SHANGHAI)
    assert deadlines.due_moment(filed, 3) == datetime(2025, 10, 1, tzinfo=SHANGHAI)
    assert deadlines.due_moment(datetime(2025, 9, 26, 15, 59, 59, tzinfo=UTC), 3) == datetime(
        2025, 10, 1, tzinfo=SHANGHAI
    )
    # one second later it is Saturday in Shanghai: Sunday (worked), Monday and Tuesday are the three days
    assert deadlines.due_moment(datetime(2025, 9, 26, 16, tzinfo=UTC), 3) == datetime(2025, 10, 1, tzinfo=SHANGHAI)
    # from the holiday on: 1–8 October are off, so 9, 10 and the worked Saturday 11
    assert deadlines.due_moment(datetime(2025, 10, 2, 9, tzinfo=SHANGHAI), 3) == datetime(2025, 10, 12, tzinfo=SHANGHAI)


def test_nobody_decides_on_oneself_or_on_ones_own_decision() -> None:
    """A9: review, points, interview, witness and appeal, by everybody in the cycle; refused in the act itself."""
    centre = build_cycle("reviewing")
    keys = [found.person.key for found in centre.cycle.appraisals.select_related("person")]
    for key in keys:
        _not_before_publication(centre, key)
    late.approve(centre)
    late.publish(centre)
    filed = [key for key in keys if late.appraisal(centre, key).state == "interview"]
    for key in filed:
        _not_after_publication(centre, key)
    assert Appeal.objects.filter(state="open").count() == len(filed)


def _not_before_publication(centre: Centre, key: str) -> None:
    user, cycle = centre.users[key], late.fresh(centre)
    assert cycle.run is not None
    number = cycle.run.pk
    decisions = [(late.appraisal(centre, key), adjusting.Points("standards", 500, cycle.last_day))]
    codes = [
        refused(
            lambda: review.do_review(
                acting_user=user, cycle=cycle, run=number, approve=True, reason="", once=late.once()
            )
        ),
        refused(
            lambda: adjusting.do_mark_anomaly(
                acting_user=user, cycle=cycle, decisions=decisions, reason="故障", once=late.once()
            )
        ),
    ]
    assert codes == ["own-result", "own-result"], key


def _not_after_publication(centre: Centre, key: str) -> None:
    user, found = centre.users[key], late.appraisal(centre, key)
    talk = dict.fromkeys(("agenda", "notes"), "x") | {"held_on": date(2025, 10, 9), "plan": [], "version": 1}
    codes = [
        refused(
            lambda: interviews.do_write_interview(
                acting_user=user,
                appraisal=found,
                confirm=True,
                once=late.once(),
                **talk,  # type: ignore[arg-type]
            )
        ),
        refused(
            lambda: signing.do_witness(acting_user=user, appraisal=found, refused=True, remark="x", once=late.once())
        ),
    ]
    assert codes == ["own-interview", "own-witness"], key
    appeal = file_appeal(centre, key)
    partial = {key, *(form.rater.key for form in found.forms.select_related("rater") if form.rater)}
    partial |= {found.superior.key} if found.superior else set()
    for name in partial:
        assert appeals.why_not(centre.users[name], appeal), (key, name)
        assert _reject(centre, name, appeal) == "partial"
    assert not appeals.why_not(centre.users["P01"], appeal)
    assert refused(lambda: file_appeal(centre, key, "H01")) == "not-yours"


def _reject(centre: Centre, user: str, appeal: Appeal) -> str:
    return refused(
        lambda: appeals.do_decide_appeal(
            acting_user=centre.users[user], appeal=appeal, uphold=False, answer="不成立", version=1, once=late.once()
        )
    )


def test_raters_do_not_sit_in_their_own_calibration() -> None:
    """R4.5: neither of the two raters decides; keeping, re-rating and what changes afterwards."""
    centre = build_cycle("rating")
    fill_forms(centre.cycle)
    make_apart(centre)
    late.calibrate(centre)
    case = CalibrationCase.objects.get(appraisal__person__key=AGENT, first_role="qa", second_role="superior")

    def decide(user: str, outcome: str = "kept", again: list[RatingForm] | None = None, version: int = 1) -> object:
        return calibration.do_decide_case(
            acting_user=centre.users[user], case=case, outcome=outcome, reason="依据", version=version,
            once=late.once(), again=again or [],
        )  # fmt: skip

    assert refused(lambda: decide(case.first_rater)) == "own-rating"
    assert refused(lambda: decide(case.second_rater)) == "own-rating"
    assert refused(lambda: decide(AGENT)) == "own-case"
    assert refused(lambda: decide("P01", "reopened")) == "no-forms"
    forms = calibration.forms_of(case)
    decide("P01", "reopened", forms[1:])
    assert refused(lambda: decide("P01")) == "changed-meanwhile"
    assert refused(lambda: calibration.do_submit_review(
        acting_user=centre.hr, cycle=late.fresh(centre), once=late.once())) == "cases-open"  # fmt: skip
    # rated again, still apart: the case is open again; then alike: gone
    for level, outcome in ((1, "open"), (3, "gone")):
        RatingForm.objects.filter(pk=forms[1].pk).update(state="submitted")
        forms[1].items.update(level=level)
        cycle = late.fresh(centre)
        calibration.do_recompute(acting_user=centre.hr, cycle=cycle, measured=calibration.measure(cycle))
        case.refresh_from_db()
        assert case.outcome == outcome, level


def test_an_approval_is_of_one_state_of_the_inputs() -> None:
    """Publishing needs the panel's approval of today's inputs, by somebody else; changed inputs are told."""
    centre = build_cycle("reviewing")
    cycle = late.fresh(centre)
    computed = engine.compute(cycle, explained=True)
    package = packages.seal_run(cycle, computed, purpose="published")

    def publish(user: str = "H01") -> object:
        return publishing.do_publish(
            acting_user=centre.users[user], cycle=cycle, computed=computed, package=package, once=late.once()
        )

    assert refused(publish) == "not-approved"
    late.approve(centre)
    assert refused(lambda: publish("P01")) == "own-approval"
    found = late.appraisal(centre, AGENT)
    points = adjusting.Points("csat", 500, cycle.last_day)
    adjusting.do_mark_anomaly(
        acting_user=centre.hr, cycle=cycle, decisions=[(found, points)], reason="系统故障", once=late.once()
    )
    assert refused(publish) == "approval-stale"
    assert not Run.objects.filter(purpose="published").exists()
    mark = Adjustment.objects.get()
    adjusting.do_withdraw_anomaly(acting_user=centre.hr, adjustment=mark, reason="恢复", once=late.once())
    publish()
    assert late.fresh(centre).state == "published"
    with pytest.raises(Refused):
        publish()
    assert Run.objects.filter(purpose="published").count() == 1


def test_no_salary_reaches_results_or_packages() -> None:
    """Pay data attached to a cycle stays out of its results and packages."""
    centre = build_cycle("published")
    attached = assemble(batches.load(batch_folder(centre.cycle))).tables["pay_inputs"]
    assert attached.num_rows, "nothing to keep out: the test proves nothing"
    assert dataset_of(late.fresh(centre)).tables["pay_inputs"].num_rows == 0
    run = Run.objects.get(purpose="published")
    members = packages.members_of(packages.path_of(run.package))
    inputs = json.loads(members["inputs.json"])["appraisals"]
    places = [n for n, name in enumerate(inputs["columns"]) if name.startswith("pay.")]
    assert places
    assert {row[n] for row in inputs["rows"] for n in places} == {None}
    assert "pay" not in json.loads(Result.objects.filter(run=run)[0].document)["appraisal"]
    names = [person.name for person in centre.people.values()]
    assert not any(name.encode() in content for name in names for content in members.values())


def test_signature_is_of_what_was_shown() -> None:
    """A changed result is not signed; silence is witnessed after the deadline only, refusal with a reason."""
    centre = build_cycle("published")
    found = late.appraisal(centre, AGENT)
    agent, lead = centre.users[AGENT], centre.users["L01"]
    assert found.result is not None
    shown = found.result.content_hash

    def sign(content_hash: str = shown, once: str = "") -> object:
        return signing.do_sign(
            acting_user=agent, appraisal=found, content_hash=content_hash, remark="", once=once or late.once()
        )

    def witness(key: str, *, refusal: bool, remark: str) -> object:
        return signing.do_witness(
            acting_user=lead, appraisal=late.appraisal(centre, key), refused=refusal, remark=remark, once=late.once()
        )

    assert refused(sign) == "wrong-state"  # the interview comes first
    plan = {"held_on": date(2025, 10, 9), "agenda": "", "notes": "谈过", "plan": [], "version": 1, "confirm": True}
    interviews.do_write_interview(acting_user=lead, appraisal=found, once=late.once(), **plan)  # type: ignore[arg-type]
    interviews.do_confirm_interview(acting_user=agent, appraisal=found, version=2, once=late.once())
    assert refused(lambda: sign("0" * 64)) == "result-changed"
    assert refused(lambda: witness(AGENT, refusal=False, remark="")) == "in-time"
    assert refused(lambda: witness(AGENT, refusal=True, remark=" ")) == "no-reason"
    key = late.once()
    sign(once=key)
    with pytest.raises(AlreadyDone):
        sign(once=key)
    assert refused(lambda: file_appeal(centre)) == "wrong-state"  # who signed agreed
    witness(OTHER, refusal=True, remark="当面拒签")
    other = late.appraisal(centre, OTHER)
    assert other.state == "unsigned"
    assert other.signatures.get().outcome == "refused"


def test_appeals_in_time_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """The window ends at 24:00 of the last working day; the answer of a late one stays possible, and is marked."""
    centre = build_cycle("published")
    found = late.appraisal(centre, AGENT)
    until = found.appeal_until
    assert until is not None
    assert until == late.fresh(centre).appeal_until
    monkeypatch.setattr(timezone, "now", lambda: until)
    assert refused(lambda: file_appeal(centre)) == "too-late"
    monkeypatch.setattr(timezone, "now", lambda: until - timedelta(seconds=1))
    appeal = file_appeal(centre)
    assert appeal.due_at == deadlines.due_moment(until - timedelta(seconds=1), 3)
    assert refused(lambda: closing.do_close(
        acting_user=centre.hr, cycle=late.fresh(centre), once=late.once())) == "window-open"  # fmt: skip
    assert refused(lambda: appeals.do_withdraw_appeal(
        acting_user=centre.hr, appeal=appeal, once=late.once())) == "not-yours"  # fmt: skip
    appeals.do_withdraw_appeal(acting_user=centre.users[AGENT], appeal=appeal, once=late.once())
    assert late.appraisal(centre, AGENT).state == "withdrawn"


def test_corrections_move_one_person_only() -> None:
    """In favour: at once. Against: a second person, and a new time to appeal. Refused: as if it had never been."""
    centre = build_cycle("published")
    others = dict(Result.objects.exclude(appraisal__person__key=AGENT).values_list("pk", "content_hash"))
    better = correct(centre, "H01", AGENT, {"csat": 500, "complaints": 500, "fcr": 500, "first_response": 500})
    assert better.state == "posted"
    assert better.after_id == late.appraisal(centre, AGENT).result_id
    before = digest(late.fresh(centre))
    worse = correct(centre, "H01", OTHER, {"standards": 100, "problem_solving": 100})
    assert worse.state == "proposed"
    assert late.appraisal(centre, OTHER).result_id == worse.before_id
    assert refused(lambda: approve(centre, "H01", worse)) == "own-decision"
    assert refused(lambda: correct(centre, "H02", OTHER, {"csat": 500})) == "correction-open"
    late.end_of_deadlines(centre)
    for found in centre.cycle.appraisals.filter(state="interview"):
        signing.do_witness(
            acting_user=centre.users["H02"], appraisal=found, refused=True, remark="当面拒签", once=late.once()
        )
    assert refused(lambda: closing.do_close(
        acting_user=centre.hr, cycle=late.fresh(centre), once=late.once())) == "corrections-open"  # fmt: skip
    approve(centre, "H02", worse, agree=False)
    assert digest(late.fresh(centre)) == before
    again = correct(centre, "H01", OTHER, {"standards": 100, "problem_solving": 100})
    approve(centre, "H02", again)
    other = late.appraisal(centre, OTHER)
    assert other.state == "sign_off"
    assert other.result_id == again.after_id
    assert other.appeal_until is not None
    assert appeals.window_open(other, timezone.now())
    assert not appeals.window_open(late.appraisal(centre, AGENT), timezone.now())
    with pytest.raises(Conflict):
        approve(centre, "H02", again)
    kept = dict(Result.objects.filter(pk__in=others).values_list("pk", "content_hash"))
    assert kept == others


def test_an_appeal_never_makes_worse_and_never_blocks_the_others() -> None:
    """The cycle closes with somebody appealing; decided later, the difference is posted; the archive has both."""
    centre = build_cycle("published")
    appeal = file_appeal(centre)

    def decide(scores: dict[str, int], answer: str) -> object:
        return appeals.do_decide_appeal(
            acting_user=centre.users["P01"], appeal=appeal, uphold=True, answer=answer, version=1,
            trial=trial(centre, "P01", AGENT, scores, answer), once=late.once(),
        )  # fmt: skip

    assert refused(lambda: decide({"standards": 100}, "反而更低")) == "worse-for-appellant"
    assert not Adjustment.objects.exists()
    late.close(centre)
    entry = late.appraisal(centre, AGENT)
    assert entry.state == "appealing"
    assert late.fresh(centre).state == "closed"
    built = archiving.build(late.fresh(centre))
    decide({"csat": 500, "complaints": 500, "first_response": 500, "fcr": 500}, "核实")
    assert late.appraisal(centre, AGENT).state == "upheld"
    stale = refused(
        lambda: closing.do_archive(acting_user=centre.hr, cycle=late.fresh(centre), built=built, once=late.once())
    )
    assert stale == "changed-meanwhile"
    late.archive(centre)
    assert Cycle.objects.get().state == "archived"
