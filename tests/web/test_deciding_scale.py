"""Deciding under other circumstances: large cycles in the background, quotas, a machine that stops at any instant."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from meritdesk.scheme.load import shipped
from meritdesk.web.cycles import deciding_jobs
from meritdesk.web.cycles.models import Archive, Result, Run
from meritdesk.web.jobs.models import Job
from meritdesk.web.jobs.queue import carry_out
from tests.web import crash_closing, cycle_company
from tests.web import cycle_company_late as late
from tests.web.cycle_company import Centre, build_cycle, fill_forms
from tests.web.test_deciding_pages import AGENT, Visitor
from tests.web.test_deciding_rules import correct

FORCED = """
distribution:
  mode: force
  smallest: 3
  shares: {excellent: 15%, good: 15%, qualified: 40%, improve: 15%, failed: 15%}

grades:"""


def _in_background(visitor: Visitor, url: str, data: dict[str, object] | None = None) -> Job:
    visitor.post(url, data)
    job = Job.objects.latest("pk")
    assert job.state == "waiting"
    carry_out(job.pk)
    job.refresh_from_db()
    assert job.state == "done", job.problems
    return job


def test_a_large_cycle_is_worked_on_in_the_background(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calibrating, computing, publishing and archiving as jobs; a job that is begun again does nothing twice."""
    monkeypatch.setattr(deciding_jobs, "LARGE", 1)
    centre = build_cycle("rating")
    pk = centre.cycle.pk
    fill_forms(centre.cycle)
    hr = Visitor(centre, "H01")
    _in_background(hr, f"/cycles/{pk}/calibrate/")
    _in_background(hr, f"/cycles/{pk}/recompute/")
    late.submit_review(centre)
    assert "没有复核" in hr.post(f"/cycles/{pk}/publish/now/", {}, 422) or Job.objects.count() == 2
    late.approve(centre)
    job = _in_background(hr, f"/cycles/{pk}/publish/now/")
    Job.objects.filter(pk=job.pk).update(state="waiting")
    carry_out(job.pk)
    assert Run.objects.filter(purpose="published").count() == 1
    late.close(centre)
    _in_background(hr, f"/cycles/{pk}/archive/")
    assert Archive.objects.get().root


def test_a_correction_may_stand_above_the_quota(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Everybody else keeps their grade under forced shares; who comes on top is charged to the correction budget."""
    path = tmp_path / "forced.yaml"
    text = shipped()["r4-support-center"].read_text(encoding="utf-8")
    path.write_text(text.replace("\ngrades:", FORCED), encoding="utf-8")
    monkeypatch.setattr(cycle_company, "shipped", lambda: {"r4-support-center": path})
    centre = build_cycle("published")
    best = Result.objects.get(run__purpose="published", rank=1)
    lowest = _graded(centre)[-1]
    names = ("standards", "problem_solving", "response", "csat", "complaints", "fcr", "first_response")
    correction = correct(centre, "H01", lowest, dict.fromkeys(names, 500))
    assert correction.state == "posted"
    assert correction.after.grade == "excellent"
    assert correction.above_quota
    best.refresh_from_db()
    assert best.grade == "excellent"
    assert late.appraisal(centre, best.appraisal.person.key).result_id == best.pk


def _graded(centre: Centre) -> list[str]:
    """Return the staff keys of the agents with a grade, best first."""
    found = Result.objects.filter(run__purpose="published", state="graded", appraisal__position="agent")
    return list(found.order_by("rank").values_list("appraisal__person__key", flat=True))


def test_publication_survives_kill_9() -> None:
    """D1, shortest form; the steps after it and more rounds: `python -m tests.web.crash_closing --rounds 50`."""
    counts = crash_closing.rounds(1, steps=("publish",))
    assert sum(counts["publish"].values()) == 1


@pytest.mark.long
def test_every_step_survives_kill_9() -> None:
    """D1, all steps."""
    counts = crash_closing.rounds(5)
    assert {step: sum(states.values()) for step, states in counts.items()} == dict.fromkeys(crash_closing.STEPS, 5)


@pytest.mark.long
def test_the_harness_catches_a_publication_in_two_halves() -> None:
    """The negative control of the harness."""
    with pytest.raises(AssertionError, match="half published"):
        crash_closing.rounds(4, negative=True)


@pytest.mark.long
@pytest.mark.postgres
def test_every_step_survives_kill_9_on_postgresql() -> None:
    """D1 on PostgreSQL, where MERITDESK_DATABASE names a server."""
    address = os.environ.get("MERITDESK_DATABASE", "")
    if not address:
        pytest.skip("needs a PostgreSQL server: set MERITDESK_DATABASE")
    assert crash_closing.rounds(2, address)


def test_a_review_is_of_the_preview_that_was_seen() -> None:
    """A preview computed again meanwhile is not approved by an older page; a cycle sent back is in rating again."""
    centre = build_cycle("reviewing")
    pk = centre.cycle.pk
    run = late.fresh(centre).run
    assert run is not None
    hr, panel = Visitor(centre, "H01"), Visitor(centre, "P01")
    hr.post(f"/cycles/{pk}/recompute/", {"back": "review"})
    assert "重新计算过" in panel.post(f"/cycles/{pk}/review/", {"act": "approve", "run": str(run.pk)}, 422)
    current = late.fresh(centre).run
    assert current is not None
    panel.post(f"/cycles/{pk}/review/", {"act": "send_back", "run": str(current.pk)}, 422)
    panel.post(f"/cycles/{pk}/review/", {"act": "send_back", "run": str(current.pk), "reason": "缺少依据"})
    assert late.fresh(centre).state == "rating"
    assert late.appraisal(centre, AGENT).state == "running"
