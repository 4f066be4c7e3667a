"""Makes the demo company: people, a scheme, six closed months, and five open cycles, one per team."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from meritdesk.language import _
from meritdesk.web.access.account_actions import do_create_account, do_grant_role
from meritdesk.web.access.rights import Role
from meritdesk.web.demo import clock
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
        list_accounts(staff, SHOWN)


SHOWN: dict[str, tuple[str, str]] = {}
