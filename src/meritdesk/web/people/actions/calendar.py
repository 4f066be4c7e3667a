"""The company's own days of the working calendar."""

from __future__ import annotations

from datetime import date

from meritdesk.language import _
from meritdesk.web.access.actions import Refused, action, record
from meritdesk.web.access.models import User
from meritdesk.web.people.models import CalendarDay, CoveredYear


@action
def do_set_calendar_day(*, acting_user: User, day: date, working: bool, note: str) -> None:
    """Say that a day is a working day, or is not, whatever the published calendar says."""
    known = CalendarDay.objects.select_for_update().filter(day=day).first()
    old = {"working": known.working, "note": known.note} if known else None
    note = " ".join(note.split())[:80]
    if old == {"working": working, "note": note}:
        raise Refused("nothing-to-do", _("{day} 已经这样设定").format(day=day), place="day")
    entry, _made = CalendarDay.objects.update_or_create(day=day, defaults={"working": working, "note": note})
    new = {"working": working, "note": note}
    record(acting_user, "calendar.set", entry, old=old, new=new, name=day.isoformat())


@action
def do_clear_calendar_day(*, acting_user: User, day: CalendarDay) -> None:
    """Let the published calendar speak for a day again."""
    locked = CalendarDay.objects.select_for_update().filter(pk=day.pk).first()
    if locked is None:
        raise Refused("gone", _("这一天的设定已被删除"), _("请刷新页面"))
    old = {"working": locked.working, "note": locked.note}
    CalendarDay.objects.filter(pk=locked.pk).delete()
    record(acting_user, "calendar.clear", locked, old=old, name=locked.day.isoformat())


@action
def do_cover_year(*, acting_user: User, year: int, covered: bool) -> None:
    """Say that all exceptions of a year that no published calendar covers are entered (or take it back)."""
    known = CoveredYear.objects.filter(year=year).first()
    if (known is not None) == covered:
        raise Refused("nothing-to-do", _("{year} 年已经这样设定").format(year=year))
    entry = known or CoveredYear.objects.create(year=year)
    record(acting_user, "calendar.cover", entry, old={"covered": not covered}, new={"covered": covered}, name=str(year))
    if not covered:
        CoveredYear.objects.filter(pk=entry.pk).delete()
