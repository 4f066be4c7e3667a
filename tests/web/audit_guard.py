"""The guard of the audit: a row that changes during a request, outside an action, fails the test.

An action fails by itself when it leaves no audit entry, and runs in one transaction; so what is written inside one has
its entry in the same transaction.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.core.signals import request_finished, request_started
from django.db import connection

from meritdesk.web.access.actions import inside_action

WRITE = re.compile(
    r'^\s*(?:INSERT(?:\s+OR\s+\w+)?\s+INTO|REPLACE\s+INTO|UPDATE|DELETE\s+FROM)\s+"?(\w+)', re.IGNORECASE
)

ALLOWED = {
    "access_signinfailure": "counts attempts, keyed hashes only; the failure itself is audited",
    "access_oncekey": "marks a form as sent; claimed inside the action or just before it",
    "access_cache": "counters and codes used once; nothing that anybody decided",
    "mfa_authenticator": "stamps when a code was used; switching on and off is an action",
}
"""Tables that may be written outside an action, and why."""


def our_tables() -> set[str]:
    """Return the tables of the apps of the project, and of the second factor."""
    ours = {"access", "people", "schemes", "cycles", "jobs", "home", "mfa"}
    return {
        model._meta.db_table for model in apps.get_models(include_auto_created=True) if model._meta.app_label in ours
    }


@contextmanager
def guarded() -> Iterator[list[str]]:
    """Watch the writes during requests; the list names those outside an action."""
    found: list[str] = []
    running = [False]
    tables = our_tables() - set(ALLOWED)

    def begin(**_kwargs: object) -> None:
        running[0] = True

    def end(**_kwargs: object) -> None:
        running[0] = False

    def watch(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        match = WRITE.match(sql)
        if match and running[0] and match.group(1) in tables and not inside_action():
            found.append(sql[:200])
        return execute(sql, params, many, context)

    request_started.connect(begin, weak=False)
    request_finished.connect(end, weak=False)
    try:
        with connection.execute_wrapper(watch):
            yield found
    finally:
        request_started.disconnect(begin)
        request_finished.disconnect(end)
