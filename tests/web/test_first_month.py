"""The first month of somebody new: what is lacking is named, and every page leads on to the next step."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from meritdesk.web.access.logs import JsonFormatter
from meritdesk.web.access.models import User
from meritdesk.web.jobs.models import Job
from tests.web.company import Company
from tests.web.cycle_company import build_cycle
from tests.web.schemes_company import make_draft, published, submit
from tests.web.test_cycles_data_pages import finish, uploads
from tests.web.test_cycles_opening import once

SignIn = Callable[[User], Client]


def test_a_new_cycle_names_what_is_lacking(company: Company, signed_in: SignIn) -> None:
    """People but no published scheme; then both."""
    hr = signed_in(company.users["hr"])
    page = hr.get("/cycles/new/").content.decode()
    assert "还没有已发布的方案" in page
    assert "先导入花名册" not in page
    published(company)
    page = hr.get("/cycles/new/").content.decode()
    assert "还没有已发布的方案" not in page


@pytest.mark.parametrize(("notice", "kept"), [(timedelta(days=-30), False), (timedelta(days=30), True)])
def test_a_version_handed_over_after_its_notice_is_not_late(
    company: Company, signed_in: SignIn, notice: timedelta, kept: bool
) -> None:
    """A day that had gone by before the version came is nobody's deadline."""
    made_known = timezone.localdate() + notice
    submit(make_draft(company), company.users["hr"], notice_on=made_known, consulted_on=date(2025, 8, 20))
    company.users["hr2"].grants.update(department=None, team=None)
    todos = signed_in(company.users["hr2"]).get("/").context["todos"]
    assert [one.due for one in todos if one.title.startswith("审核方案")] == [made_known if kept else None]


def test_who_is_not_reached_is_said_when_rating_begins(signed_in: SignIn) -> None:
    centre = build_cycle("collecting")
    centre.users["L01"].delete()
    client = signed_in(centre.hr)
    setup = client.get(f"/cycles/{centre.cycle.pk}/setup/").content.decode()
    assert "1 位评分人没有账号，请系统管理员开通" in setup
    sent = {"once": once(setup), "version": centre.cycle.version}
    told = client.post(f"/cycles/{centre.cycle.pk}/begin-rating/", sent, follow=True).content.decode()
    assert "其中 1 人没有账号，没有通知到" in told


def test_complete_data_lead_on(signed_in: SignIn) -> None:
    """While tables are lacking there is no way on; when the data are complete there is."""
    centre = build_cycle("collecting", data=False)
    client, url = signed_in(centre.hr), f"/cycles/{centre.cycle.pk}/data/"
    files = {
        "calls.mapping.yaml": "通话记录_2025-09.csv",
        "surveys.mapping.yaml": "满意度_2025-09.csv",
        "complaints.mapping.yaml": "投诉台账_2025-09.xlsx",
    }
    assert "回到准备，进行下一步" not in client.get(url).content.decode()
    assert client.post(url + "upload/", {"files": uploads(*files, *files.values())}).status_code == 302
    sent = {f"choice:{name}": f"staged:{mapping}" for mapping, name in files.items()}
    client.post(url + "read/", {"name": list(files.values()), **sent})
    finish(centre)
    page = client.get(url).content.decode()
    assert "已齐" in page
    assert f'href="/cycles/{centre.cycle.pk}/setup/">回到准备，进行下一步' in page


def test_a_broken_job_leads_back(company: Company, signed_in: SignIn) -> None:
    hr = company.users["hr"]
    problem = {"code": "job-broke-off", "place": "", "message": "后台任务意外中断", "fix": "重试"}
    job = Job.objects.create(
        kind="k", title="读入", arguments={}, asked_by=hr, next_url="/cycles/", state="failed", problems=[problem]
    )
    assert 'href="/cycles/">返回' in signed_in(hr).get(f"/jobs/{job.pk}/").content.decode()


def test_a_job_is_found_in_the_log_by_its_number() -> None:
    record = logging.getLogger("meritdesk.jobs").makeRecord(
        "meritdesk.jobs", logging.ERROR, __file__, 1, "job failed", (), None, extra={"job": 7, "kind": "import"}
    )
    line = json.loads(JsonFormatter().format(record))
    assert (line["job"], line["kind"]) == (7, "import")


def test_templates_are_found_by_a_word_and_the_month_comes_first(company: Company, signed_in: SignIn) -> None:
    hr = signed_in(company.users["hr"])
    found = [card.name for card in hr.get("/schemes/", {"q": "客户支持服务中心"}).context["ready"]]
    assert found[:3] == ["r4-support-center", "r4-support-center-quarter", "r4-support-center-year"]
    assert len(hr.get("/schemes/").context["ready"]) > len(found)
    page = hr.get("/schemes/", {"q": "没有这个词"}).content.decode()
    assert "没有这样的模板" in page
