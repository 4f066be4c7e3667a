"""The later half of `cycle_company`: from rating on, by the acts of calibration, review, publication and closing.

HR runs it, the panel member approves; nobody signs in time, so that everybody is witnessed as silent.
"""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.utils import timezone

from meritdesk.web.cycles import archiving, engine, packages
from meritdesk.web.cycles.actions import calibration, closing, publishing, review, signing
from meritdesk.web.cycles.models import Appraisal, CalibrationCase, Cycle, Run
from tests.web import cycle_company


def once() -> str:
    """Return the key of a form that was not sent yet."""
    return str(uuid.uuid4())


def fresh(centre: cycle_company.Centre) -> Cycle:
    """Return the cycle as it is in the database."""
    return Cycle.objects.select_related("run", "scheme_version__scheme", "department", "team").get(pk=centre.cycle.pk)


def appraisal(centre: cycle_company.Centre, key: str) -> Appraisal:
    """Return somebody's appraisal as it is in the database."""
    found = Appraisal.objects.select_related("cycle__scheme_version__scheme", "person", "result__run", "team")
    return found.get(cycle=centre.cycle, person__key=key)


def calibrate(centre: cycle_company.Centre) -> Run:
    """End rating; every form is handed in."""
    cycle = fresh(centre)
    measured = calibration.measure(cycle)
    return calibration.do_calibrate(acting_user=centre.hr, cycle=cycle, measured=measured, once=once())


def submit_review(centre: cycle_company.Centre) -> Cycle:
    """Keep the ratings of every case, and hand the preview to the panel."""
    for case in CalibrationCase.objects.filter(cycle=centre.cycle, outcome="open"):
        calibration.do_decide_case(
            acting_user=centre.users["P01"],
            case=case,
            outcome="kept",
            reason="依据记录",
            version=case.version,
            once=once(),
        )
    return calibration.do_submit_review(acting_user=centre.hr, cycle=fresh(centre), once=once())


def approve(centre: cycle_company.Centre, by: str = "P01") -> None:
    """Let the panel approve the preview."""
    cycle = fresh(centre)
    assert cycle.run is not None
    review.do_review(acting_user=centre.users[by], cycle=cycle, run=cycle.run.pk, approve=True, reason="", once=once())


def publish(centre: cycle_company.Centre) -> Run:
    """Publish what the panel approved."""
    cycle = fresh(centre)
    computed = engine.compute(cycle, explained=True)
    package = packages.seal_run(cycle, computed, purpose=Run.Purpose.PUBLISHED)
    return publishing.do_publish(acting_user=centre.hr, cycle=cycle, computed=computed, package=package, once=once())


def end_of_deadlines(centre: cycle_company.Centre) -> None:
    """Set the end of signing and appealing into the past."""
    past = timezone.now() - timedelta(days=1)
    Cycle.objects.filter(pk=centre.cycle.pk).update(appeal_until=past, sign_due=past.date() - timedelta(days=1))
    Appraisal.objects.filter(cycle=centre.cycle).update(appeal_until=past)


def close(centre: cycle_company.Centre) -> None:
    """Close: whoever has not signed is witnessed as silent."""
    end_of_deadlines(centre)
    for found in Appraisal.objects.filter(cycle=centre.cycle, state__in=("interview", "sign_off")):
        signing.do_witness(acting_user=centre.users["H02"], appraisal=found, refused=False, remark="", once=once())
    closing.do_close(acting_user=centre.hr, cycle=fresh(centre), once=once())


def archive(centre: cycle_company.Centre) -> None:
    """Archive the closed cycle."""
    cycle = fresh(centre)
    built = archiving.build(cycle)
    closing.do_archive(acting_user=centre.hr, cycle=cycle, built=built, once=once())


def advance(centre: cycle_company.Centre, state: str) -> None:
    """Take a cycle whose forms are all handed in on to `state`."""

    def publish_approved(centre: cycle_company.Centre) -> None:
        if not fresh(centre).reviews.exists():
            approve(centre)
        publish(centre)

    order = cycle_company.ORDER
    acts = {
        "calibrating": calibrate,
        "reviewing": submit_review,
        "published": publish_approved,
        "closed": close,
        "archived": archive,
    }
    for reached, act in acts.items():
        centre.cycle.refresh_from_db()
        if order.index(centre.cycle.state) < order.index(reached) <= order.index(state):
            act(centre)
