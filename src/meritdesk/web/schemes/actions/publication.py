"""Publication of a version: submitted by its writer, published or sent back by somebody else, retired in the end (R2f).

From submission on the text stands; from publication on the database itself keeps it (migration 0002).
"""

from __future__ import annotations

from datetime import date

from django.utils import timezone

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _
from meritdesk.web.access.actions import Conflict, Refused, action, claim_once, record
from meritdesk.web.access.models import User
from meritdesk.web.schemes.models import SchemeVersion
from meritdesk.web.schemes.queries.documents import loaded
from meritdesk.web.schemes.queries.publishing import blockers
from meritdesk.web.schemes.queries.versions import authors_of
from meritdesk.web.schemes.states import after

State = SchemeVersion.State


@action
def do_submit(
    *,
    acting_user: User,
    version: SchemeVersion,
    reason: str,
    consultation: str,
    consulted_on: date | None,
    notice_on: date | None,
    edit_version: int,
    once: str,
) -> SchemeVersion:
    """Hand a draft over for publication: sound, its cases passing, with reason, consultation and day of notice."""
    claim_once(once, acting_user, "scheme-submit")
    held = _locked(version)
    held.state = after(held, "submit")
    if held.edit_version != edit_version:
        raise Conflict(_("提交前有人修改了这份方案"), held.text)
    problems = [*_missing(reason, consultation, consulted_on, notice_on), *blockers(held)]
    if problems:
        raise MeritdeskError(*problems)
    held.reason, held.consultation = reason.strip(), consultation.strip()
    held.consulted_on, held.notice_on = consulted_on, notice_on
    held.submitted_by, held.submitted_at = acting_user, timezone.now()
    held.content_hash = loaded(held).content_hash
    held.save()
    record(
        acting_user, "scheme-submit", held, old={"state": State.DRAFT},
        new={
            "state": held.state, "content_hash": held.content_hash, "reason": held.reason,
            "consultation": held.consultation, "consulted_on": consulted_on, "notice_on": notice_on,
        },
    )  # fmt: skip
    return held


def _missing(reason: str, consultation: str, consulted_on: date | None, notice_on: date | None) -> list[Problem]:
    found = []
    for code, place, value, what in (
        ("reason-missing", "reason", reason.strip(), _("没有写修订原因")),
        ("consultation-missing", "consultation", consultation.strip(), _("没有写征求员工意见的经过")),
        ("consultation-missing", "consulted_on", consulted_on, _("没有写征求意见的日期")),
        ("notice-missing", "notice_on", notice_on, _("没有写公示日期")),
    ):
        if not value:
            found.append(Problem(code=code, place=place, message=what, fix=_("填写后再提交")))
    if consulted_on and notice_on and notice_on < consulted_on:
        found.append(
            Problem(
                code="notice-before-consultation", place="notice_on",
                message=_("公示日期早于征求意见的日期"), fix=_("先征求意见，再公示；改正日期"),
            )
        )
    if consulted_on and consulted_on > timezone.localdate():
        found.append(
            Problem(
                code="consultation-in-future", place="consulted_on",
                message=_("征求意见的日期还没有到"), fix=_("征求意见之后再提交"),
            )
        )
    return found


@action
def do_take_back(*, acting_user: User, version: SchemeVersion) -> SchemeVersion:
    """Make a submitted version a draft again, so that it can be edited."""
    return _back_to_draft(acting_user, version, "take_back", "scheme-take-back", "")


@action
def do_send_back(*, acting_user: User, version: SchemeVersion, reason: str) -> SchemeVersion:
    """Give a submitted version back to its writers, with the reason."""
    if not reason.strip():
        raise Refused("reason-missing", _("没有写退回原因"), _("写明要改什么"), "reason")
    return _back_to_draft(acting_user, version, "send_back", "scheme-send-back", reason.strip())


def _back_to_draft(acting_user: User, version: SchemeVersion, step: str, name: str, reason: str) -> SchemeVersion:
    held = _locked(version)
    held.state = after(held, step)
    old = {"state": State.SUBMITTED, "submitted_by": held.submitted_by.username if held.submitted_by else ""}
    held.submitted_by, held.submitted_at, held.edit_version = None, None, held.edit_version + 1
    held.save()
    record(acting_user, name, held, old=old, new={"state": held.state, "reason": reason})
    return held


@action
def do_publish(*, acting_user: User, version: SchemeVersion, once: str) -> SchemeVersion:
    """Publish a submitted version; Refused for everybody who wrote in it or submitted it."""
    claim_once(once, acting_user, "scheme-publish")
    held = _locked(version)
    held.state = after(held, "publish")
    if acting_user.username in authors_of(held):
        raise Refused(
            "own-publication", _("您编写或提交了这个版本，不能由您发布"), _("请另一位有发布权限的同事审核发布")
        )
    problems = blockers(held)
    if problems:
        raise MeritdeskError(*problems)
    found = loaded(held)
    held.content_hash = found.content_hash
    held.published_by, held.published_at = acting_user, timezone.now()
    held.save()
    if held.scheme.title != found.scheme.title:
        held.scheme.title = found.scheme.title[:120]
        held.scheme.save(update_fields=["title"])
    record(
        acting_user, "scheme-publish", held, old={"state": State.SUBMITTED},
        new={"state": held.state, "content_hash": held.content_hash, "notice_on": held.notice_on},
    )  # fmt: skip
    return held


@action
def do_retire(*, acting_user: User, version: SchemeVersion, reason: str) -> SchemeVersion:
    """Take a published version out of use; it stays readable, and cycles that are pinned to it go on."""
    if not reason.strip():
        raise Refused("reason-missing", _("没有写停用原因"), _("写明为什么停用"), "reason")
    held = _locked(version)
    held.state = after(held, "retire")
    held.save(update_fields=["state", "updated_at"])
    record(
        acting_user, "scheme-retire", held, old={"state": State.PUBLISHED},
        new={"state": held.state, "reason": reason.strip()},
    )  # fmt: skip
    return held


def _locked(version: SchemeVersion) -> SchemeVersion:
    return (
        SchemeVersion.objects.select_for_update(of=("self",))
        .select_related("scheme", "written_by", "submitted_by")
        .get(pk=version.pk)
    )
