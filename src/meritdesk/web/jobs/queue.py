"""Puts work into the background and carries it out.

A job is entered in the transaction of the act that asks for it: both are there or neither. A job must be one that can
be begun again from the start, because a machine can stop at any instant: `recover` enters those again whose worker is
gone.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from typing import Any, Protocol

from django.db import close_old_connections, connection, transaction
from django.utils import timezone
from django_tasks import task

from meritdesk import language
from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _
from meritdesk.web.access.models import User
from meritdesk.web.jobs.models import Job, WorkerBeat

logger = logging.getLogger("meritdesk.jobs")

BEAT_SECONDS = 15
GONE_AFTER = timedelta(seconds=180)
"""Without a sign of life for this long, a worker is taken for dead."""
MOST_ATTEMPTS = 3


class Progress(Protocol):
    """Tells how far a job is; `step` in the reader's language, `done` of `total` things."""

    def __call__(self, step: str, done: int = 0, total: int = 0) -> None: ...


Work = Callable[[Job, Mapping[str, Any], Progress], Mapping[str, Any] | None]
_WORK: dict[str, Work] = {}


def job(kind: str) -> Callable[[Work], Work]:
    """Register the function that carries out jobs of one kind; its result (JSON) is kept with the job."""

    def register(work: Work) -> Work:
        assert kind not in _WORK, f"two functions for jobs of kind {kind}"
        _WORK[kind] = work
        return work

    return register


def enqueue(
    kind: str, arguments: Mapping[str, Any], *, title: str, asked_by: User | None, next_url: str = ""
) -> Job:
    """Enter a job; to be called inside an action. `next_url` is where its page leads when it is done."""
    assert kind in _WORK, f"no work is registered for jobs of kind {kind}"
    entered = Job.objects.create(
        kind=kind, arguments=dict(arguments), title=title, asked_by=asked_by, next_url=next_url
    )
    run_job.enqueue(entered.pk)
    return entered


@task()
def run_job(pk: int) -> None:
    """Carry out a job that nobody has finished yet."""
    carry_out(pk)


def carry_out(pk: int) -> None:
    """Do the work of a job and note how it ended. Somebody else's work, or finished work, is left alone."""
    now = timezone.now()
    claimed = Job.objects.filter(pk=pk, state=Job.State.WAITING).update(
        state=Job.State.RUNNING, started_at=now, beat_at=now, step="", done=0, total=0
    )
    if not claimed:
        return
    entered = Job.objects.select_related("asked_by").get(pk=pk)
    Job.objects.filter(pk=pk).update(attempts=entered.attempts + 1)

    def progress(step: str, done: int = 0, total: int = 0) -> None:
        Job.objects.filter(pk=pk).update(step=step[:200], done=done, total=total, beat_at=timezone.now())

    try:
        spoken = entered.asked_by.language if entered.asked_by else ""
        with _beating(pk), language.use(spoken if spoken in language.LANGUAGES else language.SOURCE):
            result = _WORK[entered.kind](entered, entered.arguments, progress)
    except MeritdeskError as error:
        _end(pk, Job.State.FAILED, problems=[asdict(problem) for problem in error.problems])
    except Exception:
        logger.exception("job failed", extra={"job": pk, "kind": entered.kind})
        problem = Problem(
            code="job-broke-off",
            place=_("任务编号 {n}").format(n=pk),
            message=_("后台任务意外中断"),
            fix=_("重试；仍然失败时请管理员按任务编号查看日志"),
        )
        _end(pk, Job.State.FAILED, problems=[asdict(problem)])
    else:
        _end(pk, Job.State.DONE, result=dict(result or {}))


def _end(pk: int, state: Job.State, **values: Any) -> None:
    Job.objects.filter(pk=pk).update(state=state, ended_at=timezone.now(), **values)


@contextmanager
def _beating(pk: int) -> Iterator[None]:
    """Give a sign of life every few seconds, from a thread with a connection of its own."""
    if connection.in_atomic_block:  # nobody outside could see it
        yield
        return
    over = threading.Event()

    def beat() -> None:
        while not over.wait(BEAT_SECONDS):
            try:
                Job.objects.filter(pk=pk).update(beat_at=timezone.now())
            except Exception:  # a missed beat is no reason to lose the work
                logger.warning("missed beat", extra={"job": pk})
            finally:
                close_old_connections()
        connection.close()

    thread = threading.Thread(target=beat, name=f"beat-{pk}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def recover(*, all_running: bool = False) -> int:
    """Enter the jobs again whose worker is gone (`all_running`: no worker lives now); return how many.

    A job that broke off MOST_ATTEMPTS times is ended as failed: it may be what kills the worker.
    """
    found = Job.objects.filter(state=Job.State.RUNNING)
    if not all_running:
        found = found.filter(beat_at__lt=timezone.now() - GONE_AFTER)
    again = 0
    for lost in found:
        if lost.attempts >= MOST_ATTEMPTS:
            message = _("后台任务多次中断，已停止重试")
            problem = Problem(code="job-lost", place=str(lost.pk), message=message, fix=_("请联系系统管理员"))
            _end(lost.pk, Job.State.FAILED, problems=[asdict(problem)])
            continue
        with transaction.atomic():
            if Job.objects.filter(pk=lost.pk, state=Job.State.RUNNING).update(state=Job.State.WAITING):
                run_job.enqueue(lost.pk)
                again += 1
    return again


def beat() -> None:
    """Note that this worker process lives; signs of workers that died are swept away."""
    now = timezone.now()
    WorkerBeat.objects.update_or_create(worker=f"{socket.gethostname()}:{os.getpid()}", defaults={"at": now})
    WorkerBeat.objects.filter(at__lt=now - GONE_AFTER).delete()


def workers_lack() -> str:
    """Return what the health page says of the workers: nothing when one lives."""
    alive = WorkerBeat.objects.filter(at__gte=timezone.now() - GONE_AFTER).exists()
    return "" if alive else "no worker"
