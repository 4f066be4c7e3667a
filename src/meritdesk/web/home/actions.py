"""What an account does on its own pages: choose a language, note messages as read, take a copy of its own data."""

from __future__ import annotations

from django.utils import timezone

from meritdesk import language
from meritdesk.language import _
from meritdesk.web.access.actions import Refused, action, record
from meritdesk.web.access.models import User
from meritdesk.web.home.queries.notices import unread_of
from meritdesk.web.home.queries.own_data.copy import package


@action
def do_choose_language(*, acting_user: User, chosen: str) -> None:
    """Keep the language of an account."""
    if chosen not in language.LANGUAGES:
        raise Refused("no-such-language", _("没有这种语言"))
    before = acting_user.language
    acting_user.language = chosen
    acting_user.save(update_fields=["language"])
    record(acting_user, "account.language", acting_user, old={"language": before}, new={"language": chosen})


@action
def do_mark_read(*, acting_user: User, pk: int | None = None) -> int:
    """Note that an account has read one message, or all of them; returns how many were unread."""
    unread = unread_of(acting_user, pk)
    read = list(unread.values_list("pk", flat=True))
    unread.update(read_at=timezone.now())
    record(acting_user, "notices.read", acting_user, new={"notices": read})
    return len(read)


@action
def do_copy_own_data(*, acting_user: User) -> bytes:
    """Return the copy of everything kept about the account and its person, as .zip; the audit tells of it."""
    copy = package(acting_user)
    person = acting_user.person.key if acting_user.person else ""
    record(acting_user, "own-data.copy", acting_user, new={"bytes": len(copy)}, person=person)
    return copy
