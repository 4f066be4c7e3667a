"""What is done in the background without being asked: reminders, sweeping up; and that a worker knows all jobs."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.contrib.sessions.models import Session
from django.utils import timezone
from pytest_django import Settings

import meritdesk.web
from meritdesk.web.access.models import OnceKey
from meritdesk.web.cycles.models import Notice
from meritdesk.web.jobs import routine
from meritdesk.web.jobs.models import Job, RoutineRun
from meritdesk.web.people.imports import uploads
from tests.web.company import Company
from tests.web.cycle_company import build_cycle

NOON = datetime(2025, 10, 14, 4, tzinfo=UTC)


def run(name: str, now: datetime) -> None:
    """Do the daily work of one name, as the worker found it."""
    routine._DAILY[name](now)


def test_a_worker_knows_every_kind_of_job(tmp_path: Path) -> None:
    """A worker loads no page: every job must be registered by the apps alone."""
    said = [
        node.name
        for path in Path(meritdesk.web.__path__[0]).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
        for each in node.decorator_list
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Name) and each.func.id == "job"
    ]
    assert said
    words = "from meritdesk.web.jobs import queue; print(*[work.__name__ for work in queue._WORK.values()])"
    command = [sys.executable, "-c", f"import django; django.setup(); {words}"]
    surroundings = os.environ | {
        "MERITDESK_HOME": str(tmp_path), "MERITDESK_SECRET_KEY": "k" * 60,
        "DJANGO_SETTINGS_MODULE": "meritdesk.web.settings",
    }  # fmt: skip
    known = subprocess.run(command, env=surroundings, capture_output=True, text=True, check=True).stdout.split()
    assert sorted(known) == sorted(said)


def test_people_are_reminded_every_day() -> None:
    build_cycle("rating", data=False)
    before = Notice.objects.count()
    run("remind", NOON)
    assert Notice.objects.count() > before
    assert set(Notice.objects.order_by("-pk").values_list("url", flat=True)[:1]) == {"/cycles/ratings/?reminder"}


def test_sessions_that_are_over_are_deleted() -> None:
    now = timezone.now()
    Session.objects.create(session_key="old", session_data="", expire_date=now - timedelta(hours=1))
    Session.objects.create(session_key="new", session_data="", expire_date=now + timedelta(hours=1))
    run("forget-sessions", now)
    assert list(Session.objects.values_list("session_key", flat=True)) == ["new"]


def test_marks_of_old_forms_are_deleted(company: Company) -> None:
    now = timezone.now()
    for key, days in (("old", 91), ("new", 89)):
        OnceKey.objects.create(key=key, user=company.users["hr"], action="test")
        OnceKey.objects.filter(key=key).update(at=now - timedelta(days=days))
    run("forget-once-keys", now)
    assert list(OnceKey.objects.values_list("key", flat=True)) == ["new"]


def test_jobs_that_ended_long_ago_are_deleted() -> None:
    now = timezone.now()
    for title, state, days in (("old", "done", 91), ("new", "failed", 89), ("running", "running", 91)):
        Job.objects.create(kind="count", title=title, state=state, ended_at=now - timedelta(days=days))
    RoutineRun.objects.create(name="remind", day=(now - timedelta(days=100)).date())
    RoutineRun.objects.create(name="remind", day=now.date())
    run("forget-jobs", now)
    assert sorted(Job.objects.values_list("title", flat=True)) == ["new", "running"]
    assert RoutineRun.objects.count() == 1


def test_files_nobody_confirmed_are_deleted(company: Company, settings: Settings) -> None:
    hr = company.users["hr"]
    old, new = uploads.keep(hr, "a.csv", [b"x"]), uploads.keep(hr, "b.csv", [b"x"])
    half, live = Path(settings.HOME) / "cycles" / "1" / "work-7", Path(settings.HOME) / "cycles" / "1" / "work-8"
    half.mkdir(parents=True)
    live.mkdir()
    long_ago = timezone.now().timestamp() - 3 * 24 * 3600
    for folder in (old.path.parent, half):
        os.utime(folder, (long_ago, long_ago))
    run("forget-uploads", timezone.now())
    run("forget-half-read", timezone.now())
    assert [uploads.find(hr, kept.token) is not None for kept in (old, new)] == [False, True]
    assert [half.exists(), live.exists()] == [False, True]
