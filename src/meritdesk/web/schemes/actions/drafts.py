"""Drafts of schemes: made from a template or a framework, edited, begun anew from what is published, discarded.

A stored text can always be read: what the engine refuses is not saved. Whether it is wise is judged at submission.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from copy import deepcopy
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from meritdesk.language import _
from meritdesk.scheme.diff import diff
from meritdesk.scheme.load import LoadedScheme
from meritdesk.web.access.actions import Conflict, Refused, action, claim_once, record
from meritdesk.web.access.models import User
from meritdesk.web.people.models import Department
from meritdesk.web.schemes.forms.case import replaced, rewritten
from meritdesk.web.schemes.forms.text import rewrite
from meritdesk.web.schemes.models import Scheme, SchemeVersion
from meritdesk.web.schemes.queries.adopting import adoptions
from meritdesk.web.schemes.queries.documents import loaded, read
from meritdesk.web.schemes.queries.sheet import documents
from meritdesk.web.schemes.queries.working import read_cases, run
from meritdesk.web.schemes.states import after

State = SchemeVersion.State
NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
LISTED = 60
"""Most differences that one audit entry lists; the text's hash stands beside them."""


@action
def do_create_scheme(
    *,
    acting_user: User,
    base: LoadedScheme,
    base_name: str,
    name: str,
    title: str,
    department: Department | None,
    as_parent: bool,
    cases_text: str = "",
    once: str,
) -> SchemeVersion:
    """Make a scheme of the company from a template, or (`as_parent`) a local scheme that names its framework (R1.8)."""
    claim_once(once, acting_user, "scheme-create")
    if base.scheme.status == "as_printed":
        raise Refused("as-printed", _("原文照录的方案有缺陷，不能使用"), _("改用同名的修订版"))
    if not NAME.fullmatch(name):
        raise Refused(
            "bad-name", _("“{name}”不能用作标识").format(name=name),
            _("用小写字母开头，只含小写字母、数字和下划线，不超过 60 个字符"), "name",
        )  # fmt: skip
    if not title.strip():
        raise Refused("no-title", _("没有写名称"), _("写上方案的名称"), "title")
    document = as_own(base.document, name=name, title=title.strip(), parent=base.scheme.scheme if as_parent else "")
    text = rewrite(base.text, document)
    try:
        with transaction.atomic():
            scheme = Scheme.objects.create(
                name=name,
                title=title.strip()[:120],
                department=department,
                template="" if as_parent else base_name,
                parent=base_name if as_parent else "",
            )
    except IntegrityError as error:
        raise Refused(
            "name-taken", _("标识“{name}”已有方案使用").format(name=name), _("换一个标识"), "name"
        ) from error
    version = SchemeVersion.objects.create(
        scheme=scheme, number=1, text=text, cases_text=cases_text, content_hash=read(text).content_hash,
        written_by=acting_user,
    )  # fmt: skip
    record(
        acting_user, "scheme-create", version,
        new={"scheme": name, "title": title, "from": base_name, "as_parent": as_parent, "text": _hash(text)},
    )  # fmt: skip
    return version


def as_own(document: Mapping[str, Any], *, name: str, title: str, parent: str) -> dict[str, Any]:
    """Return a template's document as the first version of a scheme of one's own: its history stays behind."""
    own: dict[str, Any] = {}
    for key, value in deepcopy(dict(document)).items():
        if key not in ("parent", "history", "title_en"):
            own[key] = value
        if key == "title":
            own["title"] = title
        if key == "scheme":
            own["scheme"] = name
        if key == "source" and parent:
            own["parent"] = parent
        if key == "version":
            own["version"] = Decimal(1)
    if parent and "parent" not in own:
        own["parent"] = parent
    if "notes" in own:
        gone = ("history", "parent")
        own["notes"] = [note for note in own["notes"] if str(note.get("place", "")).split(".")[0] not in gone]
        if not own["notes"]:
            del own["notes"]
    return own


@action
def do_edit_draft(*, acting_user: User, version: SchemeVersion, text: str, edit_version: int) -> SchemeVersion:
    """Save the text of a draft; MeritdeskError where it cannot be read, Conflict where somebody else saved first."""
    held = _held(version, edit_version)
    text = text.replace("\r\n", "\n")
    found = read(text)
    own = held.scheme.name, held.number
    if (found.scheme.scheme, found.scheme.version) != own:
        raise Refused(
            "identity-changed",
            _("方案标识和版本号不能改：应为 {name} 第 {number} 版").format(name=own[0], number=own[1]),
            _("把 scheme 和 version 两行改回来；要另立方案，从方案库新建"),
            f"scheme.yaml:{found.line('scheme')}",
        )
    changes = diff(loaded(held).scheme, found.scheme)
    before = _hash(held.text)
    held.text, held.content_hash, held.edit_version = text, found.content_hash, held.edit_version + 1
    held.save(update_fields=["text", "content_hash", "edit_version", "updated_at"])
    if held.number == 1 and held.scheme.title != found.scheme.title:
        held.scheme.title = found.scheme.title[:120]
        held.scheme.save(update_fields=["title"])
    record(
        acting_user, "scheme-edit", held,
        old={"text": before, **{c.place: c.old for c in changes[:LISTED]}},
        new={"text": _hash(text), "changes": len(changes), **{c.place: c.new for c in changes[:LISTED]}},
    )  # fmt: skip
    return held


@action
def do_edit_cases(*, acting_user: User, version: SchemeVersion, cases_text: str, edit_version: int) -> SchemeVersion:
    """Save the worked cases of a draft; MeritdeskError where they cannot be read, Conflict as for the text."""
    held = _held(version, edit_version)
    cases_text = cases_text.replace("\r\n", "\n")
    cases = read_cases(cases_text)
    old = {"cases": len(read_cases(held.cases_text)), "text": _hash(held.cases_text)}
    held.cases_text, held.edit_version = cases_text, held.edit_version + 1
    held.save(update_fields=["cases_text", "edit_version", "updated_at"])
    record(acting_user, "scheme-edit-cases", held, old=old, new={"cases": len(cases), "text": _hash(cases_text)})
    return held


@action
def do_adopt_computed(
    *, acting_user: User, version: SchemeVersion, chosen: Collection[int], reason: str, edit_version: int
) -> SchemeVersion:
    """Replace the expectations of the chosen cases (by index) that no longer hold by what both readers give now.

    Titles, comments and everything that agrees stay word for word. Refused without a reason or with nothing to replace;
    Conflict where somebody saved since the figures were shown.
    """
    held = _held(version, edit_version)
    if not reason.strip():
        raise Refused("reason-missing", _("没有写为什么更新应得"), _("写明方案改了什么，亲手算过哪几个"), "reason")
    taken = [adoption for adoption in adoptions(held, run(held)) if adoption.index in chosen]
    if not taken:
        raise Refused("nothing-to-adopt", _("没有选中要更新的算例"), _("勾选至少一个不符的算例"), "chosen")
    cases = documents(held.cases_text)
    for adoption in taken:
        cases[adoption.index] = replaced(cases[adoption.index], [(f.steps, f.value) for f in adoption.figures])
    before, cases_text = _hash(held.cases_text), rewritten(held.cases_text, cases)
    read_cases(cases_text)
    held.cases_text, held.edit_version = cases_text, held.edit_version + 1
    held.save(update_fields=["cases_text", "edit_version", "updated_at"])
    listed = [(f"{adoption.title} › {f.label}", f.old, f.new) for adoption in taken for f in adoption.figures]
    record(
        acting_user, "scheme-adopt-computed", held,
        old={"text": before, **{name: old for name, old, _new in listed}},
        new={
            "text": _hash(cases_text), "reason": reason.strip(), "cases": len(taken),
            **{name: new for name, _old, new in listed},
        },
    )  # fmt: skip
    return held


@action
def do_begin_version(*, acting_user: User, scheme: Scheme, base: SchemeVersion, once: str) -> SchemeVersion:
    """Begin a new draft from a published version of the same scheme; its document carries the new number."""
    claim_once(once, acting_user, "scheme-begin-version")
    if base.scheme_id != scheme.pk or base.state not in (State.PUBLISHED, State.RETIRED):
        raise Refused("wrong-state", _("只能从已发布的版本开始修订"), _("选一个已发布的版本"))
    waiting = scheme.versions.filter(state__in=[State.DRAFT, State.SUBMITTED]).first()
    if waiting is not None:
        raise Refused(
            "version-open", _("第 {number} 版还没有发布").format(number=waiting.number), _("先发布或放弃它")
        )
    last = scheme.versions.order_by("-number").values_list("number", flat=True).first() or 0
    document = {**base_document(base), "version": Decimal(last + 1)}
    text = rewrite(base.text, document)
    version = SchemeVersion.objects.create(
        scheme=scheme, number=last + 1, text=text, cases_text=base.cases_text, written_by=acting_user,
        content_hash=read(text).content_hash,
    )  # fmt: skip
    record(
        acting_user, "scheme-begin-version", version,
        new={"scheme": scheme.name, "number": version.number, "from": base.number, "text": _hash(text)},
    )  # fmt: skip
    return version


def base_document(version: SchemeVersion) -> dict[str, Any]:
    """Return a copy of the document of a version, to be changed and written again."""
    return deepcopy(dict(loaded(version).document))


@action
def do_discard_draft(*, acting_user: User, version: SchemeVersion, edit_version: int) -> Scheme:
    """Delete a draft, and its scheme when nothing else is left of it; the text's hash stays in the audit chain."""
    held = _held(version, edit_version)
    scheme = held.scheme
    record(acting_user, "scheme-discard", held, old={"number": held.number, "text": _hash(held.text)})
    held.delete()
    if not scheme.versions.exists():
        scheme.delete()
    return scheme


def _held(version: SchemeVersion, edit_version: int) -> SchemeVersion:
    """Return the draft, locked for this act; Refused where it stands already, Conflict where it was saved meanwhile."""
    held = SchemeVersion.objects.select_for_update(of=("self",)).select_related("scheme").get(pk=version.pk)
    after(held, "edit")
    if held.edit_version != edit_version:
        raise Conflict(_("别人先保存了这份方案，您的修改还没有保存"), held.text)
    return held


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
