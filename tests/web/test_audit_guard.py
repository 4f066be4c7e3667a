"""The guard of the audit catches what it should, and no more: its own negative controls."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import QuerySet
from django.test import Client

from meritdesk.web.access import queries, triggers
from meritdesk.web.access.account_actions import do_deactivate
from meritdesk.web.access.actions import action
from meritdesk.web.access.models import AuditEntry, User
from meritdesk.web.access.rights import Role
from tests.web import tampering
from tests.web.audit_guard import ALLOWED, our_tables
from tests.web.company import Company


def _save(company: Company) -> None:
    company.users["agent"].save()


def _update(company: Company) -> None:
    User.objects.filter(username="agent").update(name="x")


def _bulk_update(company: Company) -> None:
    User.objects.bulk_update([company.users["agent"]], ["name"])


def _insert(company: Company) -> None:
    company.grant("agent", Role.TRAINER)


def _delete(company: Company) -> None:
    company.users["qa"].grants.all().delete()


def _raw(company: Company) -> None:
    connection.cursor().execute("UPDATE access_user SET name = 'y'")


def _act(company: Company) -> None:
    do_deactivate(acting_user=company.users["admin"], user=company.users["agent"])


@pytest.mark.parametrize("write", [_save, _update, _bulk_update, _insert, _delete, _raw, _act])
def test_guard_sees_every_kind_of_write_outside_actions(
    company: Company,
    signed_in: Callable[[User], Client],
    unaudited: list[str],
    monkeypatch: pytest.MonkeyPatch,
    write: Callable[[Company], None],
) -> None:
    """A view that writes by itself is found, whatever way it writes; one that acts is not."""
    plain = queries.all_accounts

    def writing(*args: str) -> QuerySet[User]:
        write(company)
        return plain(*args)

    monkeypatch.setattr(queries, "all_accounts", writing)
    client = signed_in(company.users["admin2"])
    assert not unaudited
    client.get("/accounts/")
    assert bool(unaudited) == (write is not _act)
    unaudited.clear()


def test_exceptions_are_few_and_real() -> None:
    """Each table that may be written outside an action is one of ours and has its reason."""
    assert set(ALLOWED) - {"access_cache"} <= our_tables()
    assert len(ALLOWED) <= 4


def test_an_action_without_an_entry_fails_and_is_undone(company: Company) -> None:
    """Forgetting the audit entry undoes the act."""

    @action
    def do_forget(*, acting_user: User) -> None:
        User.objects.filter(pk=acting_user.pk).update(name="changed")

    with pytest.raises(AssertionError, match="wrote no audit entry"):
        do_forget(acting_user=company.users["agent"])
    assert User.objects.get(username="agent").name == "安小明"


def test_database_refuses_to_change_the_audit(company: Company) -> None:
    """Update, delete, replace: by the ORM, in bulk and raw; with the triggers gone they all work (negative control)."""
    do_deactivate(acting_user=company.users["admin"], user=company.users["agent"])
    entry = AuditEntry.objects.get()
    table = triggers.TABLE
    statements = [
        f"UPDATE {table} SET actor = 'x'",
        f"DELETE FROM {table}",
        f"UPDATE {table} SET sequence = sequence + 1",
    ]
    if connection.vendor == "sqlite":
        statements.append(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")
    else:
        statements.append(f"TRUNCATE {table}")

    def attempts() -> int:
        refused = 0
        acts: list[Callable[[], object]] = [
            lambda: AuditEntry.objects.update(actor="x"),
            lambda: AuditEntry.objects.all().delete(),
            lambda: AuditEntry.objects.bulk_update([entry], ["actor"]),
            entry.save,
            *(partial(tampering.run, statement) for statement in statements),
        ]
        for act in acts:
            try:
                with transaction.atomic():
                    act()
                    transaction.set_rollback(True)
            except DatabaseError:
                refused += 1
        return refused

    assert attempts() == 8
    triggers.remove(connection)
    assert attempts() == 0
    assert len(triggers.missing(connection)) == 2
    triggers.install(connection)
    assert attempts() == 8
