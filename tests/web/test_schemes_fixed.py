"""A published version is never changed or deleted: the database refuses, whichever way one tries (U3)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import Error, connection, transaction

from meritdesk.web.schemes import triggers
from meritdesk.web.schemes.models import SchemeVersion
from tests.web.company import Company
from tests.web.schemes_company import make_draft, published

Way = Callable[[SchemeVersion], object]


def _save(version: SchemeVersion) -> None:
    version.text += "\n# mine\n"
    version.save()


def _raw(statement: str) -> Way:
    def run(version: SchemeVersion) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement.format(table=SchemeVersion._meta.db_table), [version.pk])

    return run


def _bulk(version: SchemeVersion) -> None:
    version.number = 77
    SchemeVersion.objects.bulk_update([version], ["number"])


def _replace(version: SchemeVersion) -> None:
    """INSERT OR REPLACE deletes the row without an UPDATE (SQLite only; PostgreSQL has no such statement)."""
    if connection.vendor != "sqlite":
        raise Error("no such statement")
    fields = [str(field.column) for field in SchemeVersion._meta.concrete_fields]
    values = ", ".join("'x'" if name == "text" else name for name in fields)
    table = SchemeVersion._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT OR REPLACE INTO {table} ({', '.join(fields)}) SELECT {values} FROM {table} WHERE id = %s",
            [version.pk],
        )


def _upsert(version: SchemeVersion) -> None:
    version.text = "x"
    SchemeVersion.objects.bulk_create(
        [version], update_conflicts=True, unique_fields=["scheme", "number"], update_fields=["text"]
    )


WAYS: dict[str, Way] = {
    "save": _save,
    "update": lambda v: SchemeVersion.objects.filter(pk=v.pk).update(text="x"),
    "update hash": lambda v: SchemeVersion.objects.filter(pk=v.pk).update(content_hash="0" * 64),
    "update cases": lambda v: SchemeVersion.objects.filter(pk=v.pk).update(cases_text=""),
    "update publisher": lambda v: SchemeVersion.objects.filter(pk=v.pk).update(published_by=v.written_by),
    "back to draft": lambda v: SchemeVersion.objects.filter(pk=v.pk).update(state="draft"),
    "bulk_update": _bulk,
    "upsert": _upsert,
    "delete": lambda v: v.delete(),
    "delete all": lambda v: SchemeVersion.objects.all().delete(),
    "raw update": _raw("UPDATE {table} SET text = 'x' WHERE id = %s"),
    "raw delete": _raw("DELETE FROM {table} WHERE id = %s"),
    "raw replace": _replace,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("retired", [False, True])
def test_what_is_published_stays(company: Company, way: str, retired: bool) -> None:
    version = published(company)
    if retired:
        SchemeVersion.objects.filter(pk=version.pk).update(state="retired")
        version.refresh_from_db()
    before = SchemeVersion.objects.filter(pk=version.pk).values().get()
    with pytest.raises(Error), transaction.atomic():
        WAYS[way](version)
    after = SchemeVersion.objects.filter(pk=version.pk).values().get()
    assert after == before


@pytest.mark.parametrize("way", ["save", "update", "bulk_update", "delete", "raw update", "raw delete"])
def test_a_draft_can_be_changed_by_the_same_ways(company: Company, way: str) -> None:
    """Negative control: each way works where nothing forbids it."""
    version = make_draft(company)
    before = SchemeVersion.objects.filter(pk=version.pk).values().get()
    WAYS[way](version)
    assert SchemeVersion.objects.filter(pk=before["id"]).values().first() != before


def test_every_trigger_is_there_and_its_absence_would_be_seen() -> None:
    assert triggers.missing(connection) == []
    triggers.remove(connection)
    assert triggers.missing(connection) == list(triggers.wanted(connection))


def test_a_retired_version_is_not_published_again(company: Company) -> None:
    version = published(company)
    SchemeVersion.objects.filter(pk=version.pk).update(state="retired")
    with pytest.raises(Error), transaction.atomic():
        SchemeVersion.objects.filter(pk=version.pk).update(state="published")
