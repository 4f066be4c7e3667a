"""Whether the audit chain is whole: every entry's keyed hash, its place, its end, and the triggers that guard it.

The key is not in the database; so nobody who can only write to the database can change, forge, move or cut off entries
unnoticed. Setting the whole database back to an older copy is found by the anchor, a small file in MERITDESK_HOME that
remembers how far the chain had been checked.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from meritdesk.errors import Problem
from meritdesk.language import _
from meritdesk.web.access import triggers
from meritdesk.web.access.actions import GENESIS, entry_hash, head_seal
from meritdesk.web.access.models import AuditEntry, AuditHead

CHUNK = 2_000


@dataclass
class Check:
    """What a check found: how far the chain is whole, and what is wrong, the first bad entry first."""

    sequence: int = 0
    hash: str = GENESIS
    at: datetime | None = None
    problems: list[Problem] = field(default_factory=list)


def verify_chain(*, remember: bool = False) -> list[Problem]:
    """Return what is wrong with the chain: the first bad entry, then guards that are missing; empty if it is whole."""
    return check_chain(remember=remember).problems


def check_chain(*, remember: bool = False) -> Check:
    """Check the whole chain. With `remember`, a chain that is whole moves the anchor."""
    with transaction.atomic():
        # Nothing is appended while the end is compared.
        head = AuditHead.objects.select_for_update().filter(pk=1).first()
        check = Check()
        _walk(check)
        if not check.problems:
            _end(check, head)
        if not check.problems:
            _against_anchor(check)
        check.problems += [
            _problem(
                0,
                "audit-guard-missing",
                _("审计表的防改触发器 {name} 不在").format(name=name),
                _seek(),
            )
            for name in triggers.missing(connection)
        ]
    check.at = timezone.now()
    if remember and not check.problems:
        write_anchor(check)
    return check


def _walk(check: Check) -> None:
    """Follow the chain to its end or to the first bad entry."""
    while True:
        # By place, not by offset: what has a place of zero or less cannot hide.
        entries = list(AuditEntry.objects.filter(sequence__gt=check.sequence).order_by("sequence")[:CHUNK])
        if check.sequence == 0 and AuditEntry.objects.filter(sequence__lte=0).exists():
            first = AuditEntry.objects.order_by("sequence").first()
            assert first is not None
            check.problems.append(_problem(first.sequence, "audit-forged", _("审计记录编号不在链上"), _seek()))
            return
        for entry in entries:
            if problem := _wrong(entry, check):
                check.problems.append(problem)
                return
            check.sequence, check.hash = entry.sequence, entry.hash
        if len(entries) < CHUNK:
            return


def _wrong(entry: AuditEntry, check: Check) -> Problem | None:
    expected = check.sequence + 1
    if entry.sequence != expected:
        return _problem(expected, "audit-missing", _("审计记录缺失"), _seek())
    if not hmac.compare_digest(entry.hash, entry_hash(entry)):
        return _problem(expected, "audit-changed", _("审计记录被改动或伪造"), _seek())
    if entry.previous_hash != check.hash:
        return _problem(expected, "audit-order", _("审计记录与上一条不衔接"), _seek())
    return None


def _end(check: Check, head: AuditHead | None) -> None:
    following = check.sequence + 1
    if head is None:
        if check.sequence:
            check.problems.append(_problem(following, "audit-head-missing", _("审计链的结尾记录不在"), _seek()))
    elif head.sequence > check.sequence:
        check.problems.append(
            _problem(following, "audit-cut", _("审计链从这里起被截断，应有 {n} 条").format(n=head.sequence), _seek())
        )
    elif head.sequence < check.sequence:
        check.problems.append(_problem(head.sequence + 1, "audit-forged", _("审计记录在链尾之后"), _seek()))
    elif head.hash != check.hash or not hmac.compare_digest(head.seal, head_seal(head.sequence, head.hash)):
        check.problems.append(_problem(following, "audit-cut", _("审计链的结尾被改动，后面的记录可能被截断"), _seek()))


def _against_anchor(check: Check) -> None:
    anchor = read_anchor()
    if anchor is None:
        return
    sequence, known_hash = anchor
    if sequence > check.sequence:
        message = _("数据库比核对过的旧：曾核对到第 {n} 条").format(n=sequence)
        check.problems.append(_problem(check.sequence + 1, "audit-set-back", message, _seek()))
    elif sequence and AuditEntry.objects.filter(sequence=sequence, hash=known_hash).count() == 0:
        check.problems.append(_problem(sequence, "audit-replaced", _("审计记录与核对时不同"), _seek()))


def anchor_path() -> Path:
    """Return where the anchor lies."""
    return Path(settings.HOME) / "audit-anchor.json"


def read_anchor() -> tuple[int, str] | None:
    """Return sequence and hash of the last entry that was checked; None if there is no anchor."""
    path = anchor_path()
    if not path.is_file():
        return None
    found = json.loads(path.read_text(encoding="ascii"))
    return int(found["sequence"]), str(found["hash"])


def write_anchor(check: Check) -> None:
    """Remember how far the chain was found whole."""
    path = anchor_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    assert check.at is not None
    known = {"sequence": check.sequence, "hash": check.hash, "at": check.at.isoformat()}
    draft.write_text(json.dumps(known), encoding="ascii")
    draft.replace(path)


def _seek() -> str:
    return _("保留数据库原样，与备份对照，并查明谁能直接写数据库")


def _problem(sequence: int | None, code: str, message: str, fix: str) -> Problem:
    place = _("审计记录第 {n} 条").format(n=sequence) if sequence is not None else ""
    return Problem(code=code, place=place, message=message, fix=fix)
