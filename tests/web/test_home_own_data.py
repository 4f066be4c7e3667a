"""P1: a complete copy of one's own data in one click: every field of every model is copied or left out for a reason."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping

import openpyxl
import pytest
from django.apps import apps
from django.test import Client

from meritdesk.web.access.models import AuditEntry, User
from meritdesk.web.cycles.models import Note, Notice, SelfAppraisal
from meritdesk.web.home.queries.own_data import catalogue
from meritdesk.web.home.queries.own_data.catalogue import CONCERNS, NOT_PERSONAL, Concern
from meritdesk.web.people.models import Person
from tests.web.results_company import published

SignIn = Callable[[User], Client]


def unmapped(concerns: Mapping[str, Concern], others: Mapping[str, object]) -> list[str]:
    """Return every field of every model that the catalogue does not know, and what it knows that is gone."""
    found = []
    known = set()
    for model in apps.get_models(include_auto_created=True):
        label = model._meta.label
        fields = {field.name for field in model._meta.get_fields() if getattr(field, "concrete", False)}
        if label in others:
            known.add(label)
            found += [f"{label} is in both"] if label in concerns else []
        elif label in concerns:
            known.add(label)
            mapped = {*concerns[label].fields, *concerns[label].left}
            found += [f"{label}.{name}" for name in sorted(fields ^ mapped)]
            found += [f"{label}.{name} twice" for name in {*concerns[label].fields} & {*concerns[label].left}]
        else:
            found += [f"{label}.{name}" for name in sorted(fields)]
    return found + sorted({*concerns, *others} - known)


def test_every_field_is_mapped(record_property: Callable[[str, object], None]) -> None:
    """0 unmapped, over all models."""
    models = list(apps.get_models(include_auto_created=True))
    record_property("models", len(models))
    record_property("fields", sum(len(model._meta.concrete_fields) for model in models))
    assert unmapped(CONCERNS, NOT_PERSONAL) == []


def test_a_field_left_out_is_found() -> None:
    """Negative control: a field, and a model, taken out of the catalogue."""
    note = CONCERNS["cycles.Note"]
    short = Concern(title=note.title, rows=note.rows, fields=note.fields[1:], left=note.left)
    assert unmapped({**CONCERNS, "cycles.Note": short}, NOT_PERSONAL) == ["cycles.Note.day"]
    without = {label: why for label, why in NOT_PERSONAL.items() if label != "cycles.Run"}
    assert "cycles.Run.number" in unmapped(CONCERNS, without)


def test_one_reads_ones_own_and_nothing_of_others(signed_in: SignIn) -> None:
    """The copy holds what was written about the person, and no token of anybody else; the audit tells of it."""
    centre = published()
    for key in ("A0001", "A0002"):
        person, user = centre.people[key], centre.users[key]
        appraisal = centre.cycle.appraisals.get(person=person)
        SelfAppraisal.objects.update_or_create(appraisal=appraisal, defaults={"results": f"自评{key}号"})
        Note.objects.create(person=person, author=centre.users["L01"], day="2025-09-10", text=f"=记录{key}号")
        Notice.objects.create(user=user, text=f"通知{key}号")
        Person.objects.filter(pk=person.pk).update(email=f"{key}@example.com".lower())
    client = signed_in(centre.users["A0001"])
    assert client.get("/me/data/").status_code == 200
    answer = client.post("/me/data/copy/")
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert {"data.json", "data.xlsx"} <= set(archive.namelist())
    text = archive.read("data.json").decode()
    for word in ("自评A0001号", "=记录A0001号", "通知A0001号", "a0001@example.com"):
        assert word in text
    for word in ("A0002号", "a0002@example.com"):
        assert word not in text
    content = json.loads(text)
    assert content["records"]
    assert all(row["person"] == "A0001" for rows in content["records"].values() for row in rows)
    assert content["data"]["cycles.Result"][0]["document"]["appraisal"]["person"] == "A0001"
    assert not {"password", "data"} & {key for rows in content["data"].values() for row in rows for key in row}
    book = openpyxl.load_workbook(io.BytesIO(archive.read("data.xlsx")))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert any(cell.value == "=记录A0001号" and cell.data_type == "s" for cell in cells)
    assert not [cell for cell in cells if cell.data_type == "f"]
    assert AuditEntry.objects.filter(action="own-data.copy", actor="A0001").count() == 1


@pytest.mark.parametrize("name", ["auditor", "H02"])
def test_an_account_without_person_gets_a_copy(signed_in: SignIn, name: str) -> None:
    """There is the account and what it did, and nobody's results."""
    centre = published()
    answer = signed_in(centre.users[name]).post("/me/data/copy/")
    content = json.loads(zipfile.ZipFile(io.BytesIO(answer.content)).read("data.json"))
    assert content["data"]["access.User"][0]["username"] == name
    assert not content["data"]["cycles.Result"]
    assert not content["data"]["people.Person"]
    assert not content["records"]


def test_reasons_are_told() -> None:
    """Every reason is a text for people."""
    assert all(str(why) for concern in CONCERNS.values() for why in concern.left.values())
    assert str(catalogue.SECRET)
