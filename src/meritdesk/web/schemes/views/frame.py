"""What the pages of one version share: its tabs, who may do what, and the answer to a refused save."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from meritdesk.language import _
from meritdesk.web.access.models import User
from meritdesk.web.schemes.models import Scheme, SchemeVersion
from meritdesk.web.schemes.queries.checking import Report, report
from meritdesk.web.schemes.queries.versions import in_reach, may
from meritdesk.web.schemes.states import NAMES

State = SchemeVersion.State
TONES = {State.DRAFT: "now", State.SUBMITTED: "warn", State.PUBLISHED: "good", State.RETIRED: ""}


def acting(request: HttpRequest) -> User:
    """Return the account that is signed in."""
    assert isinstance(request.user, User)
    return request.user


def number_in(request: HttpRequest, name: str) -> int:
    """Return a whole number that was posted; -1 where none was."""
    text = request.POST.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 9 else -1


def version_frame(request: HttpRequest, version: SchemeVersion, active: str) -> dict[str, Any]:
    """Return the context that every page of a version has."""
    user = acting(request)
    state = State(version.state)
    reads = may_read(user, version)
    found: Report | None = report(version) if reads and active != "read" else None
    return {
        "version": version,
        "scheme": version.scheme,
        "state_name": NAMES[state],
        "state_tone": TONES[state],
        "editable": state == State.DRAFT and may(user, "schemes.write", version.scheme),
        "writes": may(user, "schemes.write", version.scheme),
        "publishes": may(user, "schemes.publish", version.scheme),
        "reads": reads,
        "report": found,
        "tabs": _tabs(version, active, reads, found),
    }


def may_read(user: User, version: SchemeVersion) -> bool:
    """Return whether the account may look into the designer of a version, not only at what was published."""
    if not hasattr(version, "_read_by"):
        found = Scheme.objects.filter(in_reach(user, "schemes.read"), pk=version.scheme_id).exists()
        version._read_by = found  # type: ignore[attr-defined]
    return bool(version._read_by)  # type: ignore[attr-defined]


def _tabs(version: SchemeVersion, active: str, reads: bool, found: Report | None) -> list[dict[str, object]]:
    listed: list[tuple[str, str, str, tuple[object, ...]]] = [("read", _("阅读"), "scheme-version", (version.pk,))]
    if reads:
        listed += [
            ("design", _("设计"), "scheme-design", (version.pk, "contents")),
            ("text", "YAML", "scheme-text", (version.pk,)),
            ("check", _("体检"), "scheme-check", (version.pk,)),
            ("cases", _("算例"), "scheme-cases", (version.pk,)),
        ]
    listed.append(("compare", _("比较"), "scheme-compare", (version.pk,)))
    if reads:
        listed.append(("publication", _("发布"), "scheme-publication", (version.pk,)))
    return [
        {
            "title": title,
            "url": reverse(name, args=args),
            "active": key == active,
            "count": len(found.errors) + len(found.warnings) if key == "check" and found is not None else None,
        }
        for key, title, name, args in listed
    ]
