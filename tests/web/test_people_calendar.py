"""The company's working calendar: published days, own days, years nobody published."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from meritdesk.errors import MeritdeskError
from meritdesk.events.calendar import add_working_days
from meritdesk.web.access.models import AuditEntry, User
from meritdesk.web.people import actions
from meritdesk.web.people.calendar import company_calendar
from meritdesk.web.people.models import CalendarDay
from tests.web.company import Company
from tests.web.conftest import Counter

SignIn = Callable[[User], Client]


def test_published_days_and_own_ones(company: Company) -> None:
    """An appeal of Friday 26 September 2025 is due on the 30th: Sunday 28 is a shifted workday; own days prevail."""
    assert add_working_days(date(2025, 9, 26), 3, company_calendar()) == date(2025, 9, 30)
    hr = company.users["hr"]
    actions.do_set_calendar_day(acting_user=hr, day=date(2025, 9, 29), working=False, note="团建")
    assert add_working_days(date(2025, 9, 26), 3, company_calendar()) == date(2025, 10, 9)
    actions.do_clear_calendar_day(acting_user=hr, day=CalendarDay.objects.get())
    assert add_working_days(date(2025, 9, 26), 3, company_calendar()) == date(2025, 9, 30)
    assert AuditEntry.objects.filter(action__startswith="calendar.").count() == 2


def test_a_year_that_nobody_published(company: Company) -> None:
    """Refused rather than guessed, until somebody says that all its exceptions are entered."""
    day = date(2031, 2, 3)
    with pytest.raises(MeritdeskError, match="2031"):
        company_calendar().is_working(day)
    actions.do_cover_year(acting_user=company.users["hr"], year=2031, covered=True)
    assert company_calendar().is_working(day)
    actions.do_cover_year(acting_user=company.users["hr"], year=2031, covered=False)
    with pytest.raises(MeritdeskError):
        company_calendar().is_working(day)


def test_the_page(company: Company, signed_in: SignIn, count_queries: Counter) -> None:
    hr = signed_in(company.users["hr"])
    with count_queries():
        page = hr.get(reverse("calendar"), {"year": "2025"}).content.decode()
    assert page.count('class="month"') == 12
    assert 'class="shifted">28' in page
    assert 'class="holiday">1<' in page
    day = {"day": "2025-12-24", "working": "0", "note": "公司日"}
    assert hr.post(reverse("calendar"), day).status_code == 302
    page = hr.get(reverse("calendar"), {"year": "2025"}).content.decode()
    assert 'title="公司日"' in page
    assert "已经这样设定" in hr.post(reverse("calendar"), day).content.decode()
    assert hr.post(reverse("calendar"), {"day": "x", "working": "0"}).status_code == 422
    assert hr.post(reverse("calendar-clear", args=[CalendarDay.objects.get().pk])).status_code == 302
    assert "还没有收录" in hr.get(reverse("calendar"), {"year": "2031"}).content.decode()
    assert hr.post(reverse("calendar-cover", args=[2031]), {"covered": "1"}).status_code == 302
    assert hr.post(reverse("calendar-cover", args=[2031]), {"covered": "1"}).status_code == 422
    assert "已标为齐全" in hr.get(reverse("calendar"), {"year": "2031"}).content.decode()


def test_a_lead_reads_and_changes_nothing(company: Company, signed_in: SignIn) -> None:
    lead = signed_in(company.users["lead"])
    assert "设定一天" not in lead.get(reverse("calendar")).content.decode()
    assert lead.post(reverse("calendar"), {"day": "2025-12-24", "working": "0"}).status_code == 404
    assert lead.post(reverse("calendar-cover", args=[2031]), {"covered": "1"}).status_code == 404
    assert not CalendarDay.objects.exists()
