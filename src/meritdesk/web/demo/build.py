"""Makes the demo company: people, a scheme, six closed months, and five open cycles, one per team.

The past happens in the past (`clock.at`), in order, by the acts that people use; the open cycles stand where they would
stand today. The same day gives the same company.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from django.utils import timezone

from meritdesk.errors import MeritdeskError
from meritdesk.events.calendar import WorkCalendar
from meritdesk.language import _
from meritdesk.web.access.account_actions import do_create_account, do_grant_role
from meritdesk.web.access.models import User
from meritdesk.web.access.rights import Role
from meritdesk.web.cycles.actions.closing import do_archive, do_close
from meritdesk.web.cycles.archiving import build as build_archive
from meritdesk.web.cycles.models import Cycle
from meritdesk.web.demo import clock, stages
from meritdesk.web.demo.company import SHOWN, hire_everybody, list_accounts, open_accounts
from meritdesk.web.demo.cycles import Play, once, publish_scheme
from meritdesk.web.demo.exports import write_exports
from meritdesk.web.demo.scenes import scene
from meritdesk.web.home.actions import do_mark_read
from meritdesk.web.people.actions.calendar import do_cover_year

CLOSED_MONTHS = 6
SEED = 20250901
Step = Callable[[str], None]


def build_company(step: Step = lambda text: None, today: date | None = None) -> None:
    """Build everything into the empty database of the settings; `today` (default: now) is when the demo plays."""
    day = today or timezone.localdate()
    newest = clock.month_before(day)
    months = [clock.month_before(newest, n) for n in range(CLOSED_MONTHS, -1, -1)]
    with tempfile.TemporaryDirectory(prefix="meritdesk-demo-") as folder:
        step(_("生成七个月的导出文件"))
        exports = write_exports(Path(folder), months, SEED)
        begin = clock.month_before(months[0])
        with scene(begin, 9):
            step(_("建立组织、人员和账号"))
            admin, _password = do_create_account(acting_user=None, username="admin", name=_("系统管理员"))
            do_grant_role(acting_user=None, user=admin, role=Role.ADMINISTRATOR)
            _cover_years(admin, begin, day)
            staff = hire_everybody(admin, exports.people, begin)
            open_accounts(staff, admin)
        list_accounts(staff, SHOWN)
        noticed = begin + timedelta(days=20)
        with scene(noticed, 10):
            step(_("发布考核方案"))
            version = publish_scheme(staff, noticed)
        play = Play(staff, version, exports)
        for month in months[:-1]:
            step(_("{month} 月：从开始到归档").format(month=month.strftime("%Y-%m")))
            _closed_month(play, month)
        with scene(clock.working_day(newest, 1), 8):
            for user in staff.users.values():  # what was told in the past months was read long ago
                do_mark_read(acting_user=user)
        for number, (team, stage) in enumerate(stages.of_teams(staff), start=1):
            step(_("进行中的周期 {n}/5：{team}").format(n=number, team=team))
            stage(play, team, newest, day)


def _cover_years(admin: User, first: date, last: date) -> None:
    """Declare the years that no published calendar covers: without holidays of their own, for a demo that is enough."""
    for year in range(first.year, (last + timedelta(days=60)).year + 1):
        try:
            WorkCalendar("china").is_working(date(year, 1, 4))
        except MeritdeskError:
            do_cover_year(acting_user=admin, year=year, covered=True)


def _closed_month(play: Play, first: date) -> Cycle:
    """Play a month from opening to archive, on the working days on which a department would."""
    last = clock.last_day(first)

    def after(days: int) -> date:
        return clock.working_day(last, days)

    with scene(clock.working_day(first - timedelta(days=1), 1), 9):
        cycle = play.begin(first)
    with scene(after(1), 9):
        play.collect(cycle)
        play.appraise_selves(cycle)
    with scene(after(2), 9):
        play.rate(cycle)
    with scene(after(4), 10):
        computed = play.calibrate(cycle)
        play.settle(cycle)
    with scene(after(5), 14):
        play.review(cycle)
    with scene(after(6), 9):
        play.publish(cycle, computed)
    with scene(after(7), 10):
        play.interview(cycle, after(7))
    with scene(after(8), 15):
        play.sign(cycle)
        stages.witness_the_rest(play, cycle)
    with scene(after(12), 9):
        do_close(acting_user=play.hr, cycle=cycle, once=once())
        cycle.refresh_from_db()
        do_archive(acting_user=play.hr, cycle=cycle, built=build_archive(cycle), once=once())
    return cycle
