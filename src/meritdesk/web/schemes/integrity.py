"""Whether every published scheme still is the text that was published, by hash and by audit chain. Reads only."""

from __future__ import annotations

import json

from django.db import connection

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _
from meritdesk.web.access.models import AuditEntry
from meritdesk.web.schemes import triggers
from meritdesk.web.schemes.models import SchemeVersion
from meritdesk.web.schemes.queries.documents import loaded


def verify_schemes() -> list[Problem]:
    """Return every published or retired version whose text is not the one that its publication recorded."""
    found = [_problem("trigger-missing", name, _("数据库的保护没有了")) for name in triggers.missing(connection)]
    entries = AuditEntry.objects.filter(target_type="schemes.schemeversion", action="scheme-publish")
    noted = {pk: json.loads(new)["content_hash"] for pk, new in entries.values_list("target_id", "new")}
    fixed = SchemeVersion.objects.filter(state__in=[SchemeVersion.State.PUBLISHED, SchemeVersion.State.RETIRED])
    for version in fixed.select_related("scheme").order_by("pk"):
        recorded = noted.pop(str(version.pk), None)
        if recorded is None:
            found.append(_problem("version-not-audited", str(version), _("审计记录里没有它的发布")))
        elif not _hash(version) == recorded == version.content_hash:
            found.append(_problem("version-altered", str(version), _("内容与发布时不符")))
    found += [_problem("version-missing", pk, _("审计记录里有它的发布，数据库里没有")) for pk in sorted(noted)]
    return found


def _hash(version: SchemeVersion) -> str:
    try:
        return loaded(version).content_hash
    except MeritdeskError:  # a text that cannot be read any more is not the one that was published
        return ""


def _problem(code: str, place: str, message: str) -> Problem:
    return Problem(code=code, place=place, message=message, fix=_("请审计员核查，必要时从备份恢复"))
