"""Ways to tamper with the audit table, as somebody with full access to the database (but not the key) would."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from typing import Any

from django.db import connection

from meritdesk.web.access.models import AuditEntry, AuditHead
from meritdesk.web.access.triggers import TABLE

Tampering = Callable[[random.Random, int], int]
"""Tampers with a chain of n entries; returns the sequence of the first entry that is bad afterwards."""

FIELDS = ("actor", "actor_name", "absent", "absent_name", "action", "target_type", "target_id", "target_name",
          "person", "old", "new")  # fmt: skip


def run(sql: str, *params: Any) -> None:
    """Run a statement behind the back of the program."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


def edit(random: random.Random, n: int) -> int:
    """Change one field of one entry."""
    at = random.randint(1, n)
    field = random.choice((*FIELDS, "hash", "previous_hash", "at"))
    if field == "at":
        moment = AuditEntry.objects.get(sequence=at).at
        AuditEntry.objects.filter(sequence=at).update(at=moment.replace(microsecond=(moment.microsecond + 1) % 10**6))
    elif field in ("hash", "previous_hash"):
        run(f"UPDATE {TABLE} SET {field} = %s WHERE sequence = %s", random.randbytes(32).hex(), at)
    else:
        run(f"UPDATE {TABLE} SET {field} = {field} || %s WHERE sequence = %s", random.choice("x 0甲"), at)
    return at


def delete(random: random.Random, n: int) -> int:
    """Take out one entry, or several one after the other; sometimes close the gap."""
    at = random.randint(1, n - 1)
    last = min(n - 1, at + random.randint(0, 3))
    run(f"DELETE FROM {TABLE} WHERE sequence BETWEEN %s AND %s", at, last)
    if random.random() < 0.5:
        for sequence in range(last + 1, n + 1):
            run(f"UPDATE {TABLE} SET sequence = %s WHERE sequence = %s", at + sequence - last - 1, sequence)
    return at


def insert(random: random.Random, n: int) -> int:
    """Put in a forged entry: in the middle (moving the others), at the end, or before the first."""
    at = random.choice((random.randint(1, n), n + 1, 0))
    copied = AuditEntry.objects.get(sequence=random.randint(1, n))
    if 0 < at <= n:
        for sequence in range(n, at - 1, -1):
            run(f"UPDATE {TABLE} SET sequence = %s WHERE sequence = %s", sequence + 1, sequence)
    copied.sequence = at
    copied.actor = "forged"
    copied.hash = random.randbytes(32).hex()
    copied.save(force_insert=True)
    if random.random() < 0.5:
        AuditHead.objects.update(sequence=max(n + 1, at), hash=copied.hash)
    return at


def reorder(random: random.Random, n: int) -> int:
    """Let two entries change places."""
    one, other = sorted(random.sample(range(1, n + 1), 2))
    run(f"UPDATE {TABLE} SET sequence = %s WHERE sequence = %s", n + 1000, one)
    run(f"UPDATE {TABLE} SET sequence = %s WHERE sequence = %s", one, other)
    run(f"UPDATE {TABLE} SET sequence = %s WHERE sequence = %s", other, n + 1000)
    return one


def truncate(random: random.Random, n: int) -> int:
    """Cut off the tail; half of the time set the head back to the new end."""
    keep = random.randint(0, n - 1)
    run(f"DELETE FROM {TABLE} WHERE sequence > %s", keep)
    if random.random() < 0.5:
        last = AuditEntry.objects.filter(sequence=keep).first()
        AuditHead.objects.update(sequence=keep, hash=last.hash if last else "0" * 64)
    return keep + 1


def rewrite(random: random.Random, n: int) -> int:
    """Write the story anew from one entry on, with hashes computed without the key."""
    at = random.randint(1, n)
    previous = AuditEntry.objects.get(sequence=at).previous_hash
    for entry in AuditEntry.objects.filter(sequence__gte=at).order_by("sequence"):
        entry.actor, entry.previous_hash = "rewritten", previous
        entry.hash = previous = hashlib.sha256(f"{entry.sequence}{entry.actor}{previous}".encode()).hexdigest()
        entry.save(force_update=True)
    AuditHead.objects.update(hash=previous)
    return at


KINDS: tuple[Tampering, ...] = (edit, delete, insert, reorder, truncate, rewrite)
