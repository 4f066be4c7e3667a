"""How often one may fail to sign in: counted by account and by address, in the database, for all processes.

An attempt is counted before the password is looked at and taken back when it was right; so many attempts at the same
time cannot slip through between counting and failing. Accounts that do not exist are counted alike.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from meritdesk.web.access.models import SignInFailure

WINDOW = timedelta(minutes=10)
PER_ACCOUNT = 5
PER_ADDRESS = 100
"""A whole office may stand behind one address; this many wrong passwords in ten minutes are still too many."""


def key_of(kind: str, text: str) -> str:
    """Return what stands for an account or address in the table: a keyed hash, so that the table names nobody."""
    return hmac.new(settings.SECRET_KEY.encode(), f"{kind} {text}".encode(), hashlib.sha256).hexdigest()


def begin(account: str, address: str) -> tuple[list[int], int]:
    """Count an attempt; return the ids of its rows and how many seconds to wait (0: go on)."""
    now = timezone.now()
    # What is long past is of no use to anybody.
    SignInFailure.objects.filter(at__lt=now - 6 * WINDOW).delete()
    rows, wait = [], 0
    for kind, text, most in (("account", account.strip().lower(), PER_ACCOUNT), ("address", address, PER_ADDRESS)):
        key = key_of(kind, text)
        rows.append(SignInFailure.objects.create(key=key, at=now).pk)
        # The latest `most` attempts besides this one; when all lie in the window, the oldest of them must leave it.
        times = list(
            SignInFailure.objects.filter(key=key, at__gt=now - WINDOW).exclude(pk=rows[-1]).order_by("-at")
            .values_list("at", flat=True)[:most]
        )  # fmt: skip
        if len(times) == most:
            wait = max(wait, int((times[-1] + WINDOW - now).total_seconds()) + 1)
    if wait:
        take_back(rows)
    return rows, wait


def take_back(rows: list[int]) -> None:
    """Forget an attempt that was right, or one that was not even looked at."""
    SignInFailure.objects.filter(pk__in=rows).delete()
