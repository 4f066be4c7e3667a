"""The working calendar: a year at a glance, with the company's own days."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _
from meritdesk.web.access.reach import has_right
from meritdesk.web.people import actions
from meritdesk.web.people.forms import CalendarDayForm
from meritdesk.web.people.models import CalendarDay
from meritdesk.web.people.queries.calendar import year_page
from meritdesk.web.people.queries.organisation import access_everything, reaches_everything
from meritdesk.web.people.views.forms_and_acts import refused, user_of

FIRST_YEAR, LAST_YEAR = 2005, 2099


def calendar(request: HttpRequest) -> HttpResponse:
    """Show a year; sent: set a day."""
    form, problems = CalendarDayForm(request.POST or None), []
    if request.method == "POST":
        access_everything(user_of(request), "people.write")
        if form.is_valid():
            try:
                actions.do_set_calendar_day(acting_user=user_of(request), **form.cleaned_data)
            except MeritdeskError as error:
                problems = refused(form, error)
            else:
                messages.success(request, _("{day} 已设定").format(day=form.cleaned_data["day"]))
                return redirect(_to(form.cleaned_data["day"].year))
    return _page(request, form, problems)


def clear(request: HttpRequest, pk: int) -> HttpResponse:
    """Let the published calendar speak for a day again."""
    access_everything(user_of(request), "people.write")
    day = get_object_or_404(CalendarDay, pk=pk)
    try:
        actions.do_clear_calendar_day(acting_user=user_of(request), day=day)
    except MeritdeskError as error:
        return _page(request, CalendarDayForm(), error.problems)
    messages.success(request, _("{day} 恢复为公布的安排").format(day=day.day))
    return redirect(_to(day.day.year))


def cover(request: HttpRequest, year: int) -> HttpResponse:
    """Say that all exceptions of a year are entered, or take it back."""
    access_everything(user_of(request), "people.write")
    covered = request.POST.get("covered") == "1"
    try:
        actions.do_cover_year(acting_user=user_of(request), year=year, covered=covered)
    except MeritdeskError as error:
        return _page(request, CalendarDayForm(), error.problems, year)
    messages.success(request, _("{year} 年已标为录入齐全").format(year=year) if covered else _("已取消"))
    return redirect(_to(year))


def _page(
    request: HttpRequest, form: CalendarDayForm, problems: Sequence[Problem] = (), year: int | None = None
) -> HttpResponse:
    text = request.GET.get("year", "")
    shown = year or (int(text) if text.isdecimal() and len(text) < 5 else timezone.localdate().year)
    shown = min(max(shown, FIRST_YEAR), LAST_YEAR)
    user = user_of(request)
    context = {
        "page": year_page(shown),
        "today": timezone.localdate(),
        "before": shown - 1,
        "after": shown + 1,
        "form": form,
        "problems": problems,
        "writes": has_right(user, "people.write") and reaches_everything(user, "people.write"),
    }
    return render(request, "people/calendar.html", context, status=422 if problems or form.errors else 200)


def _to(year: int) -> str:
    return f"{reverse('calendar')}?year={year}"
