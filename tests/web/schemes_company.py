"""What the tests of schemes share: a scheme made from a template, and forms filled in as a page shows them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date

from django.http import QueryDict

from meritdesk.scheme.load import LoadedScheme
from meritdesk.web.access.models import User
from meritdesk.web.schemes.actions import do_create_scheme, do_publish, do_submit
from meritdesk.web.schemes.forms.grammar import Node
from meritdesk.web.schemes.forms.parts import SECTIONS, Document, Part, nodes
from meritdesk.web.schemes.models import SchemeVersion
from meritdesk.web.schemes.queries.documents import metrics, template, template_cases
from tests.web.company import Company

TEMPLATE = "r4-support-center"


def make_draft(company: Company, name: str = "own", *, base: str = TEMPLATE, parent: bool = False) -> SchemeVersion:
    """Return a draft that `hr` made from a template, with the template's worked cases."""
    found = template(base)
    assert found is not None
    return do_create_scheme(
        acting_user=company.users["hr"], base=found, base_name=base, name=name, title="本中心方案", department=None,
        as_parent=parent, cases_text=template_cases(base), once=key(),
    )  # fmt: skip


def key() -> str:
    """Return a key for a form that is sent once."""
    return str(uuid.uuid4())


RECORD: dict[str, object] = {
    "reason": "首次制定",
    "consultation": "2025-08-20 与职工代表讨论，采纳两条意见",
    "consulted_on": date(2025, 8, 20),
    "notice_on": date(2025, 9, 1),
}


def submit(version: SchemeVersion, user: User, **changes: object) -> SchemeVersion:
    """Hand a version over with a complete record, but for `changes`."""
    return do_submit(
        acting_user=user, version=version, edit_version=version.edit_version, once=key(), **{**RECORD, **changes}  # type: ignore[arg-type]
    )  # fmt: skip


def published(company: Company, name: str = "own") -> SchemeVersion:
    """Return a published version: written by `hr`, published by `hr2`."""
    version = submit(make_draft(company, name), company.users["hr"])
    return do_publish(acting_user=company.users["hr2"], version=version, once=key())


def parts_of(found: LoadedScheme) -> list[Part]:
    """Return every part of a document that the designer has a form for."""
    parts = [Part(section) for section in SECTIONS if section != "contents"]
    for dimension in found.document["dimensions"]:
        parts.append(Part("contents", dimension["id"]))
        parts.extend(Part("contents", dimension["id"], i["id"]) for i in dimension["indicators"])
    return parts


def filled(part: Part, document: Document) -> QueryDict:
    """Return what a browser sends when the form of a part is sent without a change."""
    posted = QueryDict(mutable=True)
    for node in nodes(part, document, metrics()):
        _fill(posted, node)
    return posted


def _fill(posted: QueryDict, node: Node) -> None:
    match node.kind:
        case "flag":
            if node.value:
                posted[node.name] = "on"
        case "names":
            posted.setlist(node.name, list(node.value))
        case "interval":
            for name, value in node.parts.items():
                posted[f"{node.name}.{name}"] = value
            open_ended = node.value and not node.parts["low"] and not node.parts["high"]
            posted[f"{node.name}.whole"] = "1" if node.required or open_ended else ""
        case "choose":
            posted[f"{node.name}.kind"] = node.value
        case "rows":
            posted.setlist(f"{node.name}.row", [row.name.rpartition(".")[2] for row in node.rows])
        case "group" | "pairs" | "lists":
            pass
        case _:
            posted[node.name] = str(node.value)
    inner: Sequence[Node] = (*node.children, *node.rows)
    for child in inner:
        _fill(posted, child)
