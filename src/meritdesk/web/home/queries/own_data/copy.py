"""The copy itself: the rows that concern a person, the records of their work, and the files they handed in."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow.compute as pc
import xlsxwriter
from django.apps import apps
from django.db.models import Model
from django.utils import timezone

from meritdesk.language import _
from meritdesk.web.access.actions import canonical
from meritdesk.web.access.models import User
from meritdesk.web.cycles import engine, evidence_files
from meritdesk.web.cycles.inputs import dataset_of
from meritdesk.web.cycles.models import Attachment, Cycle, Result
from meritdesk.web.home.queries.own_data.catalogue import CONCERNS, Concern

Row = Mapping[str, Any]
ENTERED = ("people", "ratings", "adjustments", "targets", "results")
"""Tables of a cycle that come from the models; ratings are shown in the form only, for the raters' sake."""
CELL = 32_000
"""Characters that a cell of a spreadsheet holds; the JSON has all of them."""


def own_data(user: User) -> dict[str, list[Row]]:
    """Return the rows that concern the account or its person, by model."""
    found: dict[str, list[Row]] = {}
    for label, concern in CONCERNS.items():
        model = apps.get_model(label)
        related = [name for name in concern.fields if model._meta.get_field(name).is_relation]
        if "appraisal" in related:  # its name is made of the person and the cycle; a result needs the scheme as well
            related += ["appraisal__person", "appraisal__cycle__scheme_version__scheme"]
        rows = model._default_manager.filter(concern.rows(user)).select_related(*related).order_by("pk").distinct()
        found[label] = [_row(one, concern) for one in rows]
    return found


def _row(one: Model, concern: Concern) -> Row:
    row = {name: _value(getattr(one, name)) for name in concern.fields}
    if isinstance(one, Result):
        row["document"] = document_without_single_ratings(one)
    return row


def _value(value: object) -> object:
    """Return a value in terms of JSON; another record by its name."""
    if value is None or isinstance(value, bool | int | str | list | dict):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def document_without_single_ratings(result: Result) -> Row:
    """Return the document of a result; the single ratings of anonymous roles are only told as the form tells them."""
    document = engine.read_document(result)
    raters = engine.loaded_scheme(result.appraisal.cycle).scheme.raters
    hidden = raters.anonymous if raters else ()
    for segment in document["appraisal"]["segments"]:
        for dimension in segment["dimensions"]:
            for indicator in dimension["indicators"]:
                indicator["ratings"] = [r for r in indicator["ratings"] if r["role"] not in hidden]
    return document


def records_of_work(user: User) -> dict[str, list[Row]]:
    """Return the person's own rows of the files attached to published cycles, by cycle and table.

    Of customers there is only their key; the words of others about the person stand in the rows as they came.
    """
    if user.person is None:
        return {}
    key, found = user.person.key, {}
    cycles = Cycle.objects.filter(published_at__isnull=False, appraisals__person=user.person_id)
    for cycle in cycles.select_related("scheme_version__scheme").order_by("first_day", "pk"):
        for name, table in dataset_of(cycle).tables.items():
            if name not in ENTERED and "person" in table.column_names:
                rows = table.filter(pc.equal(table["person"], key)).to_pylist()
                if rows:
                    found[f"{cycle.title}/{name}"] = rows
    return found


def package(user: User) -> bytes:
    """Return the copy as .zip: data.json with everything, data.xlsx for reading, and the files handed in."""
    data, records = own_data(user), records_of_work(user)
    content = {
        "made_at": timezone.now().isoformat(),
        "account": user.username,
        "data": data,
        "records": records,
        "not_copied": {label: {n: str(why) for n, why in c.left.items()} for label, c in CONCERNS.items()},
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.json", json.dumps(json.loads(canonical(content)), ensure_ascii=False, indent=1))
        archive.writestr("data.xlsx", _workbook(data, records))
        for attachment in Attachment.objects.filter(CONCERNS["cycles.Attachment"].rows(user)).order_by("pk"):
            path = evidence_files.path_of(attachment.sha256)
            if path.is_file():
                archive.write(path, f"files/{attachment.pk}_{attachment.name.replace('/', '_')}")
    return buffer.getvalue()


def _workbook(data: Mapping[str, Sequence[Row]], records: Mapping[str, Sequence[Row]]) -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    head = book.add_format({"bold": True, "bg_color": "#eef2f6", "bottom": 1})
    taken: set[str] = set()
    sheets = [(str(CONCERNS[label].title), rows) for label, rows in data.items()]
    for title, rows in [*sheets, *records.items()]:
        if rows:
            _sheet(book.add_worksheet(_sheet_name(title, taken)), rows, head)
    if not taken:
        book.add_worksheet(_("没有数据"))
    book.close()
    return buffer.getvalue()


def _sheet_name(title: str, taken: set[str]) -> str:
    """Return a name that a spreadsheet accepts: 31 characters, none of []:*?/\\, never twice."""
    plain = "".join("_" if sign in "[]:*?/\\" else sign for sign in title)[-28:].strip("'") or "_"
    name, number = plain, 2
    while name.casefold() in taken:
        name, number = f"{plain}{number}", number + 1
    taken.add(name.casefold())
    return name


def _sheet(sheet: xlsxwriter.worksheet.Worksheet, rows: Sequence[Row], head: xlsxwriter.format.Format) -> None:
    """Write rows as texts, so that none becomes a formula."""
    names = list(rows[0])
    for column, name in enumerate(names):
        sheet.write_string(0, column, name, head)
    for number, row in enumerate(rows, start=1):
        for column, name in enumerate(names):
            value = row[name]
            text = "" if value is None else value if isinstance(value, str) else canonical(value)
            sheet.write_string(number, column, text[:CELL])
    sheet.freeze_panes(1, 0)
