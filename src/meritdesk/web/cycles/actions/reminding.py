"""Reminders: by hand from the board, and every working day of themselves; at most one a day per person and matter."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from meritdesk.errors import MeritdeskError
from meritdesk.language import _
from meritdesk.web.access.actions import Refused, action, record
from meritdesk.web.access.models import User
from meritdesk.web.cycles.actions.holding import RUNNING, hold
from meritdesk.web.cycles.actions.telling import tell
from meritdesk.web.cycles.deadlines import ZONE, day_of, due_day, end_of
from meritdesk.web.cycles.models import Cycle, Notice
from meritdesk.web.cycles.queries.reminders import MARK, Matter, open_matters
from meritdesk.web.people.calendar import company_calendar

REMINDED = (*RUNNING, Cycle.State.PUBLISHED)


@action
def do_remind(
    *,
    acting_user: User | None,
    cycle: Cycle,
    now: datetime,
    appraisals: Collection[int] | None = None,
    matters: Sequence[Matter] | None = None,
) -> int:
    """Remind those who hold a cycle up, all or those of some appraisals; return how many notices were left."""
    held = hold(cycle, None, *REMINDED)
    wanted = _new(held, open_matters(held, appraisals) if matters is None else matters, now)
    if not wanted:
        raise Refused("nobody-to-remind", _("没有可提醒的人：都已完成，或今天已经提醒过"), _("明天可以再次提醒"))
    accounts = User.objects.filter(person__in=[matter.person for matter in wanted], is_active=True)
    users = {user.person_id: user for user in accounts}
    told = 0
    for matter in wanted:
        if matter.person in users:
            told += tell([users[matter.person]], held, matter.text, matter.url, end_of(matter.due))
    if not told:
        raise Refused("no-accounts", _("待办的人都没有账号，无法提醒"), _("请管理员开通账号"))
    names = sorted(users[m.person].username for m in wanted if m.person in users)
    record(acting_user, "cycle.remind", held, new={"reminded": names})
    return told


def _new(cycle: Cycle, matters: Sequence[Matter], now: datetime) -> list[Matter]:
    """Return the matters of which nobody was reminded today."""
    midnight = now.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    sent = Notice.objects.filter(cycle=cycle, url__endswith=MARK, at__gte=midnight)
    known = set(sent.values_list("user__person", "url"))
    return [matter for matter in matters if (matter.person, matter.url) not in known]


def remind_due(now: datetime) -> int:
    """Remind of what is due today, on the next working day or is over; run once a day. Return how many notices."""
    today, told = day_of(now), 0
    try:
        if not company_calendar().is_working(today):
            return 0
        limit = due_day(today, 1)
    except MeritdeskError:  # a year without calendar: better one reminder too early than none
        limit = today
    for cycle in Cycle.objects.filter(state__in=REMINDED).order_by("pk"):
        due = [matter for matter in open_matters(cycle) if matter.due is not None and matter.due <= limit]
        if due and _new(cycle, due, now):
            try:
                told += do_remind(acting_user=None, cycle=cycle, now=now, matters=due)
            except Refused:  # moved on meanwhile, or nobody has an account
                continue
    return told
