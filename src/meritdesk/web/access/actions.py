"""What every write goes through: one named, atomic, audited act; sent twice it has one effect.

`@action` wraps a `do_…` function in one transaction and demands that it leaves an audit entry. `record` writes that
entry, chained to the one before by an HMAC whose key is not in the database.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime
from functools import wraps
from typing import ParamSpec, TypeVar

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _
from meritdesk.web.access.gate import right_in_use
from meritdesk.web.access.models import AuditEntry, AuditHead, OnceKey, User
from meritdesk.web.access.reach import absent_behind

P = ParamSpec("P")
T = TypeVar("T")
Values = Mapping[str, object]

GENESIS = "0" * 64
_depth: ContextVar[list[int] | None] = ContextVar("recorded", default=None)


class Refused(MeritdeskError):
    """An act that may not or cannot be done; the page shows why, beside what was typed."""

    def __init__(self, code: str, message: str, fix: str = "", place: str = "") -> None:
        super().__init__(Problem(code=code, place=place, message=message, fix=fix))


class Conflict(Refused):
    """Somebody else saved first; `theirs` is what lies in the database now."""

    def __init__(self, message: str, theirs: object = None) -> None:
        super().__init__("changed-meanwhile", message, _("对照两个版本后再保存"))
        self.theirs = theirs


class AlreadyDone(Refused):
    """The same form was sent before; nothing was done again."""

    def __init__(self) -> None:
        super().__init__("already-done", _("这个操作已经完成，没有重复执行"))


def action(function: Callable[P, T]) -> Callable[P, T]:
    """Run `function` in one transaction; AssertionError if it leaves no audit entry."""

    @wraps(function)
    def act(*args: P.args, **kwargs: P.kwargs) -> T:
        with transaction.atomic():
            outer = _depth.get()
            recorded = [0]
            token = _depth.set(recorded)
            try:
                value = function(*args, **kwargs)
            finally:
                _depth.reset(token)
            assert recorded[0], f"{function.__name__} wrote no audit entry"
            if outer is not None:
                outer[0] += recorded[0]
            return value

    act.is_action = True  # type: ignore[attr-defined]
    return act


TITLES: dict[str, object] = {}


def name_actions(titles: Mapping[str, object]) -> None:
    """Say what actions are called on the pages: `name_actions({"publish-results": lazy("发布结果")})`."""
    TITLES.update(titles)


def inside_action() -> bool:
    """Return whether an act is under way: writes to the database belong nowhere else."""
    return _depth.get() is not None


def claim_once(key: str, acting_user: User | None, action_name: str) -> None:
    """Mark a form as sent; AlreadyDone if it was sent before. An empty key is refused."""
    if not key or len(key) > 64:
        raise Refused("no-once-key", _("表单已失效"), _("请刷新页面后重试"))
    try:
        with transaction.atomic():
            OnceKey.objects.create(key=key, user=acting_user, action=action_name)
    except IntegrityError as error:
        raise AlreadyDone from error


def forget_once_keys(before: datetime) -> None:
    """Forget the forms that were sent before a moment."""
    OnceKey.objects.filter(at__lt=before).delete()


def record(
    acting_user: User | None,
    action_name: str,
    target: models.Model,
    *,
    old: Values | None = None,
    new: Values | None = None,
    person: str = "",
    name: str = "",
    on_behalf_of: User | None = None,
) -> AuditEntry:
    """Append an entry to the chain. `person` is the staff key of whom it is about; `name` what the target is called;
    `on_behalf_of` the absent account whose task or role the act rested on, if it was not the actor's own."""
    fact = Fact(target=target, old=old, new=new, person=person, name=name)
    return record_many(acting_user, action_name, [fact], on_behalf_of=on_behalf_of)[0]


@dataclass(frozen=True, kw_only=True)
class Fact:
    """What one audit entry is about: see `record`."""

    target: models.Model
    old: Values | None = None
    new: Values | None = None
    person: str = ""
    name: str = ""


def record_many(
    acting_user: User | None, action_name: str, facts: Sequence[Fact], *, on_behalf_of: User | None = None
) -> list[AuditEntry]:
    """Append an entry for each fact, in their order, with as many queries for a thousand as for one."""
    if on_behalf_of is None and acting_user is not None:
        on_behalf_of = absent_behind(acting_user, right_in_use.get())
    recorded = _depth.get()
    assert recorded is not None, f"{action_name} was recorded outside an action"
    head = AuditHead.objects.select_for_update().filter(pk=1).first()
    if head is None:
        AuditHead.objects.bulk_create(
            [AuditHead(pk=1, hash=GENESIS, seal=head_seal(0, GENESIS))], ignore_conflicts=True
        )
        head = AuditHead.objects.select_for_update().get(pk=1)
    at, entries = timezone.now(), []
    for fact in facts:
        entry = AuditEntry(
            sequence=head.sequence + 1,
            at=at,
            actor=acting_user.username if acting_user else "",
            actor_name=acting_user.name if acting_user else "",
            absent=on_behalf_of.username if on_behalf_of else "",
            absent_name=on_behalf_of.name if on_behalf_of else "",
            action=action_name,
            target_type=fact.target._meta.label_lower,
            target_id=str(fact.target.pk),
            target_name=(fact.name or str(fact.target))[:200],
            person=fact.person,
            old=canonical(fact.old) if fact.old else "",
            new=canonical(fact.new) if fact.new else "",
            previous_hash=head.hash,
        )
        entry.hash = entry_hash(entry)
        head.sequence, head.hash = entry.sequence, entry.hash
        entries.append(entry)
    AuditEntry.objects.bulk_create(entries, batch_size=500)
    AuditHead.objects.filter(pk=1).update(
        sequence=head.sequence, hash=head.hash, seal=head_seal(head.sequence, head.hash)
    )
    recorded[0] += len(entries)
    return entries


def entry_hash(entry: AuditEntry) -> str:
    """Return the keyed hash that an entry must have."""
    fields = [
        entry.sequence, entry.at.astimezone(timezone.get_fixed_timezone(0)).isoformat(), entry.actor, entry.actor_name,
        entry.absent, entry.absent_name, entry.action, entry.target_type, entry.target_id, entry.target_name,
        entry.person, entry.old, entry.new, entry.previous_hash,
    ]  # fmt: skip
    return _keyed(canonical(fields))


def head_seal(sequence: int, last_hash: str) -> str:
    """Return the keyed hash of the end of the chain: without it, a tail could be cut off and the head set back."""
    return _keyed(f"head {sequence} {last_hash}")


def _keyed(text: str) -> str:
    key = hashlib.sha256(b"meritdesk audit\0" + settings.SECRET_KEY.encode()).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def canonical(value: object) -> str:
    """Return canonical JSON; days and moments as ISO texts, other objects as their text."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)
