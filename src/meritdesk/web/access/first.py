"""The very first account: an administrator made on the command line, before anybody can sign in."""

from __future__ import annotations

from django.db import transaction

from meritdesk.web.access.account_actions import do_create_account, do_grant_role
from meritdesk.web.access.models import User
from meritdesk.web.access.rights import Role


def create_first_administrator(username: str) -> str | None:
    """Make the first administrator; return the one-time password, None if there are accounts already."""
    with transaction.atomic():
        if User.objects.exists():
            return None
        user, password = do_create_account(acting_user=None, username=username, name=username)
        do_grant_role(acting_user=None, user=user, role=Role.ADMINISTRATOR)
    return password
