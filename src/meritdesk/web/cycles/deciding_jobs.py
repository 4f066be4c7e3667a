"""What takes long for a large cycle, in the background: calibrating, computing again, publishing, archiving.

Each job can be begun again from the start: it computes first and then does one act, which refuses when it was done.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meritdesk.language import _
from meritdesk.web.access.actions import AlreadyDone, Refused, action, record
from meritdesk.web.access.models import User
from meritdesk.web.cycles import archiving, engine, packages
from meritdesk.web.cycles.actions import calibration, closing, figures, publishing
from meritdesk.web.cycles.inputs import digest
from meritdesk.web.cycles.models import Cycle, Run
from meritdesk.web.jobs.models import Job
from meritdesk.web.jobs.queue import Progress, enqueue, job

LARGE = 150
"""From so many people on, work is done in the background: about five seconds."""


def is_large(cycle: Cycle) -> bool:
    """Return whether the work on a cycle is left to a job."""
    return cycle.appraisals.count() >= LARGE


@action
def do_ask(*, acting_user: User, kind: str, cycle: Cycle, title: str, next_url: str, **arguments: object) -> Job:
    """Enter a job of this kind on a cycle."""
    content = {"cycle": cycle.pk, "user": acting_user.pk, **arguments}
    entered = enqueue(kind, content, title=title, asked_by=acting_user, next_url=next_url)
    record(acting_user, "job.ask", cycle, new={"kind": kind, "job": entered.pk})
    return entered


def calibrate(user: User, cycle: Cycle, *, once: str, without_missing: bool, reason: str, step: engine.Step) -> None:
    """Measure and end rating."""
    measured = calibration.measure(cycle, step)
    calibration.do_calibrate(
        acting_user=user, cycle=cycle, measured=measured, once=once, without_missing=without_missing, reason=reason
    )


def recompute(user: User, cycle: Cycle, *, step: engine.Step) -> None:
    """Measure and keep a new preview."""
    calibration.do_recompute(acting_user=user, cycle=cycle, measured=calibration.measure(cycle, step))


def keep_figures(user: User, cycle: Cycle, *, step: engine.Step, tries: int = 3) -> None:
    """Compute what lies beside the rating forms; again when a rating came in meanwhile, and not once rating is over."""
    while cycle.state == Cycle.State.RATING:
        computed = engine.compute(cycle, explained=False, step=step)
        try:
            figures.do_keep_figures(acting_user=user, cycle=cycle, computed=computed)
            return
        except Refused as refused:
            tries -= 1
            if not tries or refused.problems[0].code != "inputs-changed":
                raise
        cycle.refresh_from_db()


def publish(user: User, cycle: Cycle, *, once: str, step: engine.Step) -> None:
    """Compute, seal and publish; what is refused anyway is refused before the work."""
    if cycle.state != Cycle.State.REVIEWING:
        raise Refused("wrong-state", _("考核现在是“{state}”").format(state=cycle.get_state_display()))
    publishing.refuse_unapproved(cycle, user, digest(cycle))
    computed = engine.compute(cycle, explained=True, step=step)
    step(_("封存"))
    package = packages.seal_run(cycle, computed, purpose=Run.Purpose.PUBLISHED)
    step(_("发布"))
    publishing.do_publish(acting_user=user, cycle=cycle, computed=computed, package=package, once=once)


def archive(user: User, cycle: Cycle, *, once: str, step: engine.Step) -> None:
    """Build, check and enter the archive."""
    if cycle.state != Cycle.State.CLOSED:
        raise Refused("wrong-state", _("考核现在是“{state}”").format(state=cycle.get_state_display()))
    built = archiving.build(cycle, step)
    closing.do_archive(acting_user=user, cycle=cycle, built=built, once=once)


def _of(arguments: Mapping[str, Any]) -> tuple[User, Cycle]:
    cycles = Cycle.objects.select_related("scheme_version__scheme", "department", "team", "run")
    return User.objects.get(pk=arguments["user"]), cycles.get(pk=arguments["cycle"])


@job("cycle-calibrate")
def _calibrate(entered: Job, arguments: Mapping[str, Any], progress: Progress) -> None:
    user, cycle = _of(arguments)
    try:
        calibrate(
            user,
            cycle,
            once=arguments["once"],
            without_missing=arguments["without_missing"],
            reason=arguments["reason"],
            step=progress,
        )
    except AlreadyDone:
        return


@job("cycle-figures")
def _figures(entered: Job, arguments: Mapping[str, Any], progress: Progress) -> None:
    user, cycle = _of(arguments)
    keep_figures(user, cycle, step=progress)


@job("cycle-recompute")
def _recompute(entered: Job, arguments: Mapping[str, Any], progress: Progress) -> None:
    user, cycle = _of(arguments)
    recompute(user, cycle, step=progress)


@job("cycle-publish")
def _publish(entered: Job, arguments: Mapping[str, Any], progress: Progress) -> None:
    user, cycle = _of(arguments)
    if cycle.published_at is None:
        publish(user, cycle, once=arguments["once"], step=progress)


@job("cycle-archive")
def _archive(entered: Job, arguments: Mapping[str, Any], progress: Progress) -> None:
    user, cycle = _of(arguments)
    if cycle.state != Cycle.State.ARCHIVED:
        archive(user, cycle, once=arguments["once"], step=progress)
