"""From the end of rating to the archive, on the pages: each step by the account that may take it (R4.5–R4.7, R1.5)."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from meritdesk.web.access.models import AuditEntry
from meritdesk.web.cycles import packages
from meritdesk.web.cycles.integrity import verify_cycles
from meritdesk.web.cycles.models import Appeal, Archive, CalibrationCase, Correction, Notice, RatingForm, Result, Run
from tests.web import cycle_company_late as late
from tests.web.conftest import Counter
from tests.web.cycle_company import Centre, build_cycle, fill_forms

AGENT = "A0001"


class Visitor:
    """Somebody at the pages; forms are sent with the fields the page carries."""

    def __init__(self, centre: Centre, name: str) -> None:
        self.client = Client()
        user = centre.users[name]
        self.client.force_login(user)
        session = self.client.session
        session["began"] = session["seen"] = int(time.time())
        session["account_authentication_methods"] = [
            {"method": "password", "at": time.time(), "username": user.username}
        ]
        session["account_authentication_methods_user"] = str(user.pk)
        session.save()

    def get(self, url: str, status: int = 200) -> str:
        answer = self.client.get(url)
        assert answer.status_code == status, (url, answer.status_code)
        return answer.content.decode()

    def post(self, url: str, data: dict[str, Any] | None = None, status: int = 302) -> str:
        sent = {"once": late.once(), **(data or {})}
        answer = self.client.post(url, sent)
        text = answer.content.decode()
        assert answer.status_code == status, (url, answer.status_code, re.findall(r"problem-message\">(.*?)<", text))
        return text


@pytest.fixture
def visit() -> Callable[[Centre, str], Visitor]:
    """Return a maker of visitors."""
    return Visitor


def make_apart(centre: Centre, key: str = AGENT) -> None:
    """Let the superior and QA of somebody differ by 40 of 100."""
    for form in RatingForm.objects.filter(appraisal__cycle=centre.cycle, appraisal__person__key=key):
        form.items.update(level={"superior": 5, "qa": 3}.get(form.role, 4))


def test_from_rating_to_archive(count_queries: Counter) -> None:
    """R4.5, R1.5, R0.4, R4.7: the whole way, with a calibration, an appeal upheld and an archive that proves itself."""
    centre = build_cycle("rating")
    pk = centre.cycle.pk
    hr, panel, lead, agent = (Visitor(centre, name) for name in ("H01", "P01", "L01", AGENT))
    page = hr.get(f"/cycles/{pk}/calibrate/")
    assert "还没有交的评分" in page
    assert "理由后不等" in hr.post(f"/cycles/{pk}/calibrate/", {}, 422)
    fill_forms(centre.cycle)
    make_apart(centre)
    hr.post(f"/cycles/{pk}/calibrate/")
    case = CalibrationCase.objects.get(appraisal__person__key=AGENT, first_role="qa", second_role="superior")
    assert (case.first_total, case.second_total) == (6000, 10000)
    with count_queries():
        assert "相差" in panel.get(f"/cycles/{pk}/calibration/")
    assert "还有" in hr.post(f"/cycles/{pk}/calibration/submit/", {}, 422)
    _calibrate(centre, panel, case)
    hr.post(f"/cycles/{pk}/recompute/")
    hr.post(f"/cycles/{pk}/calibration/submit/")
    with count_queries():
        page = panel.get(f"/cycles/{pk}/review/")
    run = centre_run(centre)
    hr.post(f"/cycles/{pk}/publish/now/", {}, 422)
    panel.post(f"/cycles/{pk}/review/", {"act": "approve", "run": str(run.pk)})
    assert "将向" in hr.get(f"/cycles/{pk}/publish/")
    hr.post(f"/cycles/{pk}/publish/now/")
    assert Notice.objects.filter(user=centre.users[AGENT], text__contains="已发布").exists()
    _interview(centre, lead, agent)
    appeal = _appeal(centre, panel, agent)
    agent.post(
        f"/cycles/appraisals/{late.appraisal(centre, AGENT).pk}/sign/", {"hash": appeal.result.content_hash}, 422
    )
    agent.post(
        f"/cycles/appraisals/{late.appraisal(centre, AGENT).pk}/sign/",
        {"hash": late.appraisal(centre, AGENT).result.content_hash},  # type: ignore[union-attr]
    )
    assert "已签字" in agent.get(f"/cycles/appraisals/{late.appraisal(centre, AGENT).pk}/sign/")
    _end(centre, hr)
    assert not verify_cycles()


def centre_run(centre: Centre) -> Run:
    """Return the newest run."""
    run = late.fresh(centre).run
    assert run is not None
    return run


def _calibrate(centre: Centre, panel: Visitor, case: CalibrationCase) -> None:
    url = f"/cycles/calibration/{case.pk}/"
    field = f"points:standards:{centre.cycle.last_day}"
    page = panel.get(url)
    assert field in page
    assert "按事例评定" in page
    typed = {"outcome": "adjusted", "reason": "两次录音一致", field: "4", "version": str(case.version)}
    tried = panel.post(url, {**typed, "act": "try"}, 200)
    assert "尚未记录" in tried
    assert CalibrationCase.objects.get(pk=case.pk).outcome == "open"
    panel.post(url, {**typed, "act": "decide", "reason": ""}, 422)
    panel.post(url, {**typed, "act": "decide"})
    assert CalibrationCase.objects.get(pk=case.pk).outcome == "adjusted"
    for other in CalibrationCase.objects.filter(outcome="open"):
        panel.post(
            f"/cycles/calibration/{other.pk}/",
            {"act": "decide", "outcome": "kept", "reason": "依据充分", "version": str(other.version)},
        )


def _interview(centre: Centre, lead: Visitor, agent: Visitor) -> None:
    pk = late.appraisal(centre, AGENT).pk
    url = f"/cycles/appraisals/{pk}/interview/"
    assert "下一个等级" in lead.get(url) or "议程" in lead.get(url)
    plan = {"plan_text": ["跟听优秀录音", ""], "plan_owner": ["本人", ""], "plan_due": ["2025-11-30", ""]}
    typed = {"held_on": "2025-10-13", "agenda": "议程", "notes": "谈了响应时长", "version": "1", "confirm": "1", **plan}
    lead.post(url, typed)
    lead.post(url, typed, 422)  # an older version of the page
    agent.post(f"{url}confirm/", {"version": "2"})
    assert late.appraisal(centre, AGENT).state == "sign_off"


def _appeal(centre: Centre, panel: Visitor, agent: Visitor) -> Appeal:
    pk = late.appraisal(centre, AGENT).pk
    file = SimpleUploadedFile("截图.txt", "2025-09-12 14:03 会话".encode())
    agent.post(f"/cycles/appraisals/{pk}/appeal/", {"grounds": " "}, 422)
    agent.post(f"/cycles/appraisals/{pk}/appeal/", {"grounds": "投诉已撤销", "about": ["complaints"], "files": file})
    appeal = Appeal.objects.get(appraisal=pk)
    assert appeal.attachments.count() == 1
    url = f"/cycles/appeals/{appeal.pk}/"
    assert "投诉已撤销" in agent.get(url)
    # the panel member decided the calibration of this person: not on their own decision
    assert "不能由您裁定" in panel.get(url)
    typed = {"outcome": "upheld", "answer": "核实已撤销", "version": "1"}
    points = {f"points:{name}:{centre.cycle.last_day}": "5" for name in ("complaints", "csat", "fcr", "first_response")}
    panel.post(url, {**typed, **points, "act": "decide"}, 422)
    other = second_panel_member(centre)
    assert "尚未记录" in other.post(url, {**typed, **points, "act": "try"}, 200)
    others = dict(Result.objects.exclude(appraisal=pk).values_list("pk", "content_hash"))
    key = late.once()
    other.post(url, {**typed, **points, "act": "decide", "once": key})
    other.post(url, {**typed, **points, "act": "decide", "once": key})
    correction = Correction.objects.get()
    assert correction.state == "posted"
    assert correction.total_difference is not None and correction.total_difference > 0  # noqa: PT018
    assert dict(Result.objects.exclude(appraisal=pk).values_list("pk", "content_hash")) == others
    assert late.appraisal(centre, AGENT).state == "upheld"
    assert "核实已撤销" in agent.get(url)
    return appeal


def second_panel_member(centre: Centre) -> Visitor:
    """Make and return another member of the panel, without a post."""
    from meritdesk.web.access.models import RoleGrant, User

    user, made = User.objects.get_or_create(username="P02", defaults={"name": "彭评审"})
    if made:
        RoleGrant.objects.create(user=user, role="panel")
    centre.users["P02"] = user
    return Visitor(centre, "P02")


def _end(centre: Centre, hr: Visitor) -> None:
    pk = centre.cycle.pk
    assert "关闭之前还缺" in hr.get(f"/cycles/{pk}/close/")
    hr.post(f"/cycles/{pk}/close/", {}, 422)
    late.end_of_deadlines(centre)
    other = Visitor(centre, "H02")
    for found in centre.cycle.appraisals.filter(state__in=("interview", "sign_off")):
        other.get(f"/cycles/appraisals/{found.pk}/witness/")
        other.post(f"/cycles/appraisals/{found.pk}/witness/", {"outcome": "silent"})
    hr.post(f"/cycles/{pk}/close/")
    hr.post(f"/cycles/{pk}/archive/")
    archive = Archive.objects.get()
    assert archive.root[:12] in hr.get(f"/cycles/{pk}/archive/")
    answer = hr.client.get(f"/cycles/{pk}/archive/download/")
    data = answer.content
    names = zipfile.ZipFile(io.BytesIO(data)).namelist()
    assert {"cycle.json", "program.json", "inputs.json", "scheme.yaml"} <= set(names)
    assert any(name.startswith("corrections/") for name in names)
    command = [sys.executable, "-I", str(packages.path_of(archive.file)), "--root", archive.root]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "ok" in done.stdout
    spoiled = packages.path_of(archive.file).with_name("spoiled.zip")
    spoiled.write_bytes(data.replace("投诉已撤销".encode(), "投诉未撤销".encode()))
    assert subprocess.run([sys.executable, "-I", str(spoiled)], capture_output=True, check=False).returncode == 1


def test_every_step_is_in_the_audit_with_old_and_new() -> None:
    """Every decision leaves who, old and new."""
    centre = build_cycle("published")
    for name in ("cycle.calibrate", "cycle.submit-review", "review.approve", "cycle.publish", "run.keep"):
        entry = AuditEntry.objects.get(action=name)
        assert entry.actor
        assert entry.new
    assert AuditEntry.objects.filter(action="result.publish").count() == centre.cycle.appraisals.count()
