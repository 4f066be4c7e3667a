"""Background jobs: entered with the act that asks for them, done once, begun again when their worker is gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.web.access.models import User
from meritdesk.web.jobs import queue, routine
from meritdesk.web.jobs.models import Job
from meritdesk.web.jobs.queue import Progress, carry_out, enqueue, recover
from tests.web.company import Company

SEEN: list[Mapping[str, Any]] = []


@pytest.fixture(autouse=True)
def _work() -> Iterator[None]:
    """Register three kinds of work, for one test."""

    def count(job: Job, arguments: Mapping[str, Any], progress: Progress) -> Mapping[str, Any]:
        SEEN.append(arguments)
        progress("数", 1, 2)
        return {"seen": len(SEEN)}

    def refuse(job: Job, arguments: Mapping[str, Any], progress: Progress) -> None:
        raise MeritdeskError(Problem(code="empty-file", place="a.csv", message="文件是空的", fix="重新导出"))

    def stumble(job: Job, arguments: Mapping[str, Any], progress: Progress) -> None:
        raise ZeroDivisionError

    before = dict(queue._WORK)
    SEEN.clear()
    queue._WORK.update({"count": count, "refuse": refuse, "stumble": stumble})
    yield
    queue._WORK.clear()
    queue._WORK.update(before)


def entered(kind: str = "count", user: User | None = None) -> Job:
    return enqueue(kind, {"cycle": 1}, title="数一数", asked_by=user, next_url="/")


def test_a_job_is_done_once() -> None:
    job = entered()
    carry_out(job.pk)
    carry_out(job.pk)
    job.refresh_from_db()
    assert (job.state, job.done, job.total, job.result) == ("done", 1, 2, {"seen": 1})
    assert SEEN == [{"cycle": 1}]


def test_a_job_is_entered_with_the_act_or_not_at_all() -> None:
    def cut_off() -> None:
        with transaction.atomic():
            entered()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        cut_off()
    assert not Job.objects.exists()
    assert not DBTaskResult.objects.exists()


@pytest.mark.parametrize(("kind", "code"), [("refuse", "empty-file"), ("stumble", "job-broke-off")])
def test_what_went_wrong_is_told(kind: str, code: str) -> None:
    job = entered(kind)
    carry_out(job.pk)
    job.refresh_from_db()
    assert job.state == "failed"
    assert [problem["code"] for problem in job.problems] == [code]


def test_a_lost_job_is_begun_again_but_not_for_ever() -> None:
    job = entered()
    lost = timezone.now() - timedelta(hours=1)
    for attempt in range(1, queue.MOST_ATTEMPTS):
        Job.objects.filter(pk=job.pk).update(state="running", beat_at=lost, attempts=attempt)
        assert recover() == 1
        assert Job.objects.get(pk=job.pk).state == "waiting"
    Job.objects.filter(pk=job.pk).update(state="running", beat_at=lost, attempts=queue.MOST_ATTEMPTS)
    assert recover() == 0
    assert Job.objects.get(pk=job.pk).state == "failed"


def test_a_job_whose_worker_lives_is_left_alone() -> None:
    job = entered()
    Job.objects.filter(pk=job.pk).update(state="running", beat_at=timezone.now())
    assert recover() == 0
    assert recover(all_running=True) == 1


def test_the_page_of_a_job(company: Company, signed_in: Callable[[User], Client]) -> None:
    hr, other = company.users["hr"], company.users["hr2"]
    job = entered(user=hr)
    page = signed_in(hr).get(f"/jobs/{job.pk}/")
    assert page.status_code == 200
    assert "数一数" in page.content.decode()
    assert signed_in(other).get(f"/jobs/{job.pk}/").status_code == 404
    carry_out(job.pk)
    done = signed_in(hr).get(f"/jobs/{job.pk}/")
    assert (done.status_code, done["Location"]) == (302, "/")


def test_daily_work_is_done_once_a_day_and_not_at_night(monkeypatch: pytest.MonkeyPatch) -> None:
    moments: list[datetime] = []
    monkeypatch.setattr(routine, "_DAILY", {"remind": moments.append})
    night = datetime(2025, 9, 29, 23, 0, tzinfo=UTC)  # seven in the morning of the 30th in Shanghai
    assert routine.run_due(night) == []
    assert routine.run_due(night + timedelta(hours=1)) == ["remind"]
    assert routine.run_due(night + timedelta(hours=5)) == []
    assert routine.run_due(night + timedelta(hours=25)) == ["remind"]
    assert len(moments) == 2


def test_health_tells_whether_a_worker_lives(client: Client) -> None:
    dead = client.get("/health")
    assert (dead.json()["status"], dead.json()["worker"]) == ("degraded", "no worker")
    queue.beat()
    well = client.get("/health")
    assert (well.json()["status"], well.json()["worker"]) == ("ok", "ok")
