"""The fingerprint by which pages know whether a preview is stale: it differs after every act that changes an input."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import pytest
from django.utils import timezone

from meritdesk.events import batches
from meritdesk.web.cycles import inputs
from meritdesk.web.cycles.actions import adjusting, calibration, data, rating, roster, targets
from meritdesk.web.cycles.actions.opening import do_create_cycle, do_open_cycle
from meritdesk.web.cycles.inputs import batch_folder, digest, digest_for_page, fingerprint
from meritdesk.web.cycles.models import (
    Adjustment,
    CalibrationCase,
    Correction,
    Cycle,
    DataFile,
    RatingForm,
    RatingItem,
    Target,
)
from meritdesk.web.people.models import Assignment
from tests.web import cycle_company_late as late
from tests.web.cycle_company import Centre, build_cycle, fill_forms
from tests.web.test_deciding_pages import make_apart
from tests.web.test_deciding_rules import AGENT, OTHER, approve, correct


class Unnoticed(AssertionError):
    """The inputs changed, and the fingerprint did not."""


@contextmanager
def expect_change(cycle: Cycle, *, is_input: bool = True) -> Iterator[None]:
    """Demand that the block changes the digest (or, not being an input, leaves it), and the fingerprint with it."""
    before = digest(cycle), fingerprint(cycle)
    yield
    after = digest(cycle), fingerprint(cycle)
    assert (before[0] != after[0]) == is_input
    if before[0] != after[0] and before[1] == after[1]:
        raise Unnoticed


def form_of(centre: Centre, role: str = "superior") -> RatingForm:
    """Return a form about the agent."""
    found = RatingForm.objects.select_related("appraisal__cycle", "appraisal__person", "rater")
    return found.get(appraisal__cycle=centre.cycle, appraisal__person__key=AGENT, role=role)


def save(centre: Centre, level: int, remark: str) -> None:
    """Save a judgement on the agent by the superior."""
    form = form_of(centre)
    assert form.rater is not None
    item = RatingItem.objects.filter(form=form).order_by("indicator")[0]
    rating.do_save_rating_item(
        form, item.indicator, level=level, score=None, remark=remark, version=form.version,
        acting_user=centre.users[form.rater.key],
    )  # fmt: skip


def hand_in(centre: Centre) -> None:
    """Hand the superior's form in."""
    form = form_of(centre)
    assert form.rater is not None
    rating.do_submit_rating_form(form, version=form.version, once=late.once(), acting_user=centre.users[form.rater.key])


def take_back(centre: Centre) -> None:
    """Take the superior's form back."""
    form = form_of(centre)
    assert form.rater is not None
    rating.do_withdraw_submission(form, version=form.version, acting_user=centre.users[form.rater.key])


@pytest.fixture
def rated() -> Centre:
    """Return a centre in rating in which every form is handed in, and the deadline is to come."""
    centre = build_cycle("rating")
    fill_forms(centre.cycle)
    Cycle.objects.filter(pk=centre.cycle.pk).update(rating_due=timezone.localdate() + timedelta(days=9))
    return centre


def test_ratings(rated: Centre) -> None:
    """A form taken back, changed in level or remark alone, handed in again; what is still open counts for nothing."""
    cycle = rated.cycle
    with expect_change(cycle):
        take_back(rated)
    with expect_change(cycle, is_input=False):
        save(rated, 4, "第一次")
    with expect_change(cycle):
        hand_in(rated)
    for level, remark in ((3, "第一次"), (3, "第二次")):
        with expect_change(cycle):
            take_back(rated)
            save(rated, level, remark)
            hand_in(rated)


def test_roster_and_files(rated: Centre) -> None:
    """A team that changed, a transfer entered late, somebody who left; a file withdrawn and put back."""
    cycle = rated.cycle
    reached = Assignment.objects.filter(person__key=OTHER)
    for change in ({"skill_grade": "三星"}, {"job_grade": "P2"}, {"valid_to": date(2025, 9, 25)}):
        reached.filter(valid_to__isnull=True).update(**change)
        with expect_change(cycle):
            cycle.refresh_from_db()
            roster.do_change_roster(
                acting_user=rated.hr, cycle=cycle, version=cycle.version, people=[OTHER], reason="补录"
            )
    listed = batches.load(batch_folder(cycle))
    files = [
        DataFile(cycle=cycle, name=b.file, sha256=b.sha256, batch=b.id, mapping_name=b.mapping, attached_by=rated.hr)
        for b in listed
    ]
    DataFile.objects.bulk_create(files)
    file = DataFile.objects.filter(cycle=cycle).order_by("pk")[0]
    for back in (False, True):
        with expect_change(cycle):
            data.do_withdraw_file(acting_user=rated.hr, file=file, reason="重复", back=back)
        with expect_change(cycle, is_input=False):
            data.refresh_report(cycle, acting_user=rated.hr)


def test_targets() -> None:
    """A target agreed, changed, agreed again; one proposed only counts for nothing."""
    centre = build_cycle("open", data=False)
    cycle, found = centre.cycle, late.appraisal(centre, AGENT)

    def propose(text: str) -> None:
        targets.do_propose_targets(
            acting_user=centre.hr, cycle=cycle, reached={found.pk: found}, typed={(found.pk, "csat"): text}
        )

    with expect_change(cycle, is_input=False):
        propose("96%")
    with expect_change(cycle):
        targets.do_agree_targets(acting_user=centre.users[AGENT], appraisal=found)
    assert Target.objects.get().agreed_at is not None
    with expect_change(cycle):
        propose("97%")
    with expect_change(cycle):
        targets.do_agree_targets(acting_user=centre.users[AGENT], appraisal=found)
    with expect_change(cycle):
        propose("")


def test_decisions() -> None:
    """An anomaly marked, marked again, taken back; points agreed, and a form given back in calibration."""
    centre = build_cycle("rating")
    fill_forms(centre.cycle)
    make_apart(centre)
    late.calibrate(centre)
    cycle = late.fresh(centre)
    found = late.appraisal(centre, AGENT)
    assert digest_for_page(cycle) == digest(cycle)
    for score, reason in ((500, "系统故障"), (400, "系统故障"), (400, "网络故障")):
        with expect_change(cycle):
            adjusting.do_mark_anomaly(
                acting_user=centre.hr, cycle=cycle, reason=reason, once=late.once(),
                decisions=[(found, adjusting.Points("csat", score, cycle.last_day))],
            )  # fmt: skip
    for mark in Adjustment.objects.order_by("-pk"):
        with expect_change(cycle):
            adjusting.do_withdraw_anomaly(acting_user=centre.hr, adjustment=mark, reason="恢复", once=late.once())
    case = CalibrationCase.objects.filter(cycle=cycle, appraisal=found).order_by("pk")[0]
    points = [adjusting.Points("standards", 400, cycle.last_day)]
    with expect_change(cycle):
        calibration.do_decide_case(
            acting_user=centre.users["P01"], case=case, outcome="adjusted", reason="一致", version=case.version,
            once=late.once(), points=points,
        )  # fmt: skip
    case = CalibrationCase.objects.filter(cycle=cycle, outcome="open").order_by("pk")[0]
    with expect_change(cycle):
        calibration.do_decide_case(
            acting_user=centre.users["P01"], case=case, outcome="reopened", reason="重评", version=case.version,
            once=late.once(), again=calibration.forms_of(case)[:1],
        )  # fmt: skip


def test_results_of_earlier_cycles() -> None:
    """A correction of the month before, one refused, and one that a second person lets stand."""
    centre = build_cycle("published")
    first, last = date(2025, 10, 1), date(2025, 10, 31)
    after = do_create_cycle(
        acting_user=centre.hr, title="10月", department=centre.department, team=None, scheme_version=centre.version,
        first_day=first, last_day=last, deadlines={}, once_key=late.once(),
    )  # fmt: skip
    do_open_cycle(acting_user=centre.hr, cycle=after, version=after.version)
    with expect_change(after):
        correct(centre, "H01", AGENT, {"csat": 500, "complaints": 500, "fcr": 500, "first_response": 500})
    worse = {"standards": 100, "problem_solving": 100}
    with expect_change(after, is_input=False):
        proposed = correct(centre, "H01", OTHER, worse)
    with expect_change(after, is_input=False):
        approve(centre, "H02", proposed, agree=False)
    with expect_change(after):
        approve(centre, "H02", correct(centre, "H01", OTHER, worse))
    assert Correction.objects.count() == 3


def test_a_change_behind_the_fingerprint_is_caught(rated: Centre) -> None:
    """The check itself can fail: a judgement changed without its form's version is unnoticed by the fingerprint."""
    item = RatingItem.objects.filter(form=form_of(rated)).order_by("indicator")[0]
    with pytest.raises(Unnoticed), expect_change(rated.cycle):
        RatingItem.objects.filter(pk=item.pk).update(level=1)


def test_pages_read_the_digest_only_when_something_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fresh: the run's digest, nothing read. Changed: today's. An old run without a fingerprint: today's."""
    centre = build_cycle("rating")
    fill_forms(centre.cycle)
    late.calibrate(centre)
    cycle = late.fresh(centre)
    assert cycle.run is not None
    exact = digest(cycle)
    asked: list[Cycle] = []

    def ask(cycle: Cycle) -> str:
        asked.append(cycle)
        return exact

    monkeypatch.setattr(inputs, "digest", ask)
    assert digest_for_page(cycle) == cycle.run.inputs_digest == exact
    assert not asked
    adjusting.do_mark_anomaly(
        acting_user=centre.hr, cycle=cycle, reason="系统故障", once=late.once(),
        decisions=[(late.appraisal(centre, AGENT), adjusting.Points("csat", 500, cycle.last_day))],
    )  # fmt: skip
    digest_for_page(cycle)
    assert len(asked) == 1
    cycle.run.inputs_fingerprint = ""
    digest_for_page(cycle)
    assert len(asked) == 2
