"""The very first account: an administrator made on the command line, before anybody can sign in."""

from __future__ import annotations

from meritdesk.web.access.actions import action, record
from meritdesk.web.access.models import RoleGrant, User
from meritdesk.web.access.rights import Role


def create_first_administrator(username: str, password: str) -> bool:
    """Make the first administrator with a password to be changed at once; False if there are accounts already."""
    if User.objects.exists():
        return False
    do_create_first_administrator(acting_user=None, username=username, password=password)
    return True


@action
def do_create_first_administrator(*, acting_user: User | None, username: str, password: str) -> User:
    """Create the account and grant the role, in the system's own name."""
    user = User(username=username, name=username, must_change_password=True)
    user.set_password(password)
    user.save()
    RoleGrant.objects.create(user=user, role=Role.ADMINISTRATOR)
    record(acting_user, "account.create", user, new={"username": username, "roles": [str(Role.ADMINISTRATOR)]})
    return user
