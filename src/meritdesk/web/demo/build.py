"""Makes the demo company: people, a scheme, six closed months, and five open cycles, one per team."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from meritdesk.language import _
from meritdesk.web.access.account_actions import do_create_account, do_grant_role
from meritdesk.web.access.rights import Role
from meritdesk.web.demo import clock
from meritdesk.web.cycles.actions.rating_start import do_begin_rating, do_collect
from meritdesk.web.demo.cycles import Play, publish_scheme
from meritdesk.web.demo.company import hire_everybody, list_accounts, open_accounts
from meritdesk.web.demo.exports import write_exports

CLOSED_MONTHS = 6
SEED = 20250901


def build_company(step: Callable[[str], None] = lambda text: None, today: date | None = None) -> None:
    """Build everything into the empty database of the settings; `today` (default: now) is when the demo plays."""
    day = today or timezone.localdate()
    open_month = clock.month_before(day)
    months = [clock.month_before(open_month, n) for n in range(CLOSED_MONTHS, -1, -1)]
    with tempfile.TemporaryDirectory(prefix="meritdesk-demo-") as folder:
        step(_("生成七个月的导出文件"))
        exports = write_exports(Path(folder), months, SEED)
        begin = clock.month_before(months[0])
        with transaction.atomic(), clock.at(clock.moment(begin, 9)):
            step(_("建立组织、人员和账号"))
            admin, _password = do_create_account(acting_user=None, username="admin", name=_("系统管理员"))
            do_grant_role(acting_user=None, user=admin, role=Role.ADMINISTRATOR)
            staff = hire_everybody(admin, exports.people, begin)
            open_accounts(staff, admin)
        noticed = begin + timedelta(days=20)
        with transaction.atomic(), clock.at(clock.moment(noticed, 10)):
            step(_("发布考核方案"))
            version = publish_scheme(staff, noticed)
        list_accounts(staff, SHOWN)
        play = Play(staff, version, exports)
        with transaction.atomic():
            step("month")
            import time
            t=time.time()
            cycle = play.begin(months[0])
            print("begin", time.time()-t); t=time.time()
            do_collect(acting_user=play.hr, cycle=cycle, version=cycle.version)
            do_begin_rating(acting_user=play.hr, cycle=cycle, version=cycle.version)
            print("forms", time.time()-t); t=time.time()
            play.rate(cycle)
            print("rate", time.time()-t); t=time.time()


SHOWN: dict[str, tuple[str, str]] = {}
