"""What was published stays (U3): twelve ways to change it, refused by the database or found by `verify_cycles`."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import ProtectedError

from meritdesk.web.cycles import packages, triggers
from meritdesk.web.cycles.actions import signing
from meritdesk.web.cycles.integrity import verify_cycles
from meritdesk.web.cycles.models import Appraisal, Cycle, Result, Run, Signature
from meritdesk.web.people.models import Person
from tests.web import cycle_company_late as late
from tests.web.cycle_company import Centre, build_cycle

AGENT, OTHER = "A0001", "A0002"


def _result() -> Result:
    result = late_result(AGENT)
    result.total = 9999
    return result


def late_result(key: str) -> Result:
    """Return somebody's published result."""
    return Result.objects.get(run__purpose="published", appraisal__person__key=key)


def _sql(text: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(text, values)


def _replace() -> None:
    columns = [str(field.column) for field in Result._meta.concrete_fields]
    values = [getattr(late_result(AGENT), field.attname) for field in Result._meta.concrete_fields]
    values[columns.index("total")] = 9999
    marks = ", ".join(["%s"] * len(columns))
    if connection.vendor == "sqlite":
        _sql(f"INSERT OR REPLACE INTO cycles_result ({', '.join(columns)}) VALUES ({marks})", *values)
    else:
        _sql(
            f"INSERT INTO cycles_result ({', '.join(columns)}) VALUES ({marks}) "
            "ON CONFLICT (id) DO UPDATE SET total = EXCLUDED.total",
            *values,
        )


def _copy() -> None:
    result = late_result(AGENT)
    given = late_result(AGENT).appraisal
    other = Appraisal.objects.create(
        cycle=given.cycle, person=Person.objects.get(key="P01"), team=given.team, position="agent", scheme_hash="x"
    )
    Result.objects.create(run=result.run, appraisal=other, document="{}", content_hash="0" * 64)


def _preview_promoted() -> None:
    run = Run.objects.filter(purpose="preview").first()
    assert run is not None
    Run.objects.filter(pk=run.pk).update(purpose="correction")


WAYS: dict[str, Callable[[], object]] = {
    "save": lambda: _result().save(),
    "update": lambda: Result.objects.filter(pk=late_result(AGENT).pk).update(total=9999),
    "bulk update": lambda: Result.objects.bulk_update([_result()], ["total"]),
    "document and hash together": lambda: Result.objects.filter(pk=late_result(AGENT).pk).update(
        document="{}", content_hash="0" * 64
    ),
    "delete": lambda: Result.objects.filter(pk=late_result(OTHER).pk)._raw_delete("default"),
    "raw update": lambda: _sql("UPDATE cycles_result SET total = 1 WHERE id = %s", late_result(AGENT).pk),
    "raw delete": lambda: _sql("DELETE FROM cycles_result WHERE id = %s", late_result(OTHER).pk),
    "replace": _replace,
    "add": _copy,
    "run": lambda: Run.objects.filter(purpose="published").update(results_hash="0" * 64),
    "run deleted": lambda: Run.objects.filter(purpose="published")._raw_delete("default"),
    "preview promoted": _preview_promoted,
    "signature": lambda: Signature.objects.update(outcome="signed"),
    "signature deleted": lambda: Signature.objects.all().delete(),
    "another's result": lambda: Appraisal.objects.filter(person__key=AGENT).update(result=late_result(OTHER)),
    "no result": lambda: Appraisal.objects.filter(person__key=AGENT).update(result=None),
    "cycle opened again": lambda: Cycle.objects.update(state="rating"),
    "cycle deleted": lambda: Cycle.objects.get().delete(),
    "upsert": lambda: Result.objects.bulk_create(
        [_result()], update_conflicts=True, unique_fields=["run", "appraisal"], update_fields=["total"]
    ),
}


def _state() -> list[object]:
    return [
        list(model._default_manager.order_by("pk").values_list())
        for model in (Result, Run, Signature, Cycle, Appraisal)
    ]


def test_nothing_that_was_published_changes(centre: Centre) -> None:
    """Every way is refused, and everything is as it was (both kinds of database)."""
    before = _state()
    for name, way in WAYS.items():
        with pytest.raises((DatabaseError, ProtectedError)), transaction.atomic():
            way()
        assert _state() == before, name
    assert not verify_cycles()


def test_without_the_triggers_every_change_is_found(centre: Centre) -> None:
    """The negative control: with the triggers gone the same ways succeed, and each is found afterwards."""
    triggers.remove(connection)
    gone = {problem.code for problem in verify_cycles()}
    assert gone == {"trigger-missing"}
    harmless = {"preview promoted", "cycle opened again", "cycle deleted", "run deleted"}
    for name, way in WAYS.items():
        if name in harmless:
            continue
        point = transaction.savepoint()
        way()
        found = {problem.code for problem in verify_cycles()} - gone
        transaction.savepoint_rollback(point)
        assert found, name


def test_a_package_that_was_changed_or_lost_is_found(centre: Centre) -> None:
    """One changed byte, another package in its place, no package at all."""
    run = Run.objects.get(purpose="published")
    path = packages.path_of(run.package)
    whole = path.read_bytes()
    other = whole.replace(b'"purpose":"published"', b'"purpose":"publishet"')
    for content in (other, whole[:-1], b""):
        path.write_bytes(content)
        assert {problem.code for problem in verify_cycles()} <= {"package-altered", "package-missing"}
        assert verify_cycles()
    path.unlink()
    assert verify_cycles()
    path.write_bytes(whole)
    assert not verify_cycles()
    shutil.rmtree(path.parent)
    assert verify_cycles()


@pytest.fixture
def centre() -> Centre:
    """Return a published cycle with one signature that was refused."""
    centre = build_cycle("published")
    appraisal = late.appraisal(centre, OTHER)
    signing.do_witness(
        acting_user=centre.users["L01"], appraisal=appraisal, refused=True, remark="当面拒签", once=late.once()
    )
    return centre
