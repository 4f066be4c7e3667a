"""Keeping files beside notes, rating forms, self-appraisals and appeals."""

from __future__ import annotations

from django.core.files.uploadedfile import UploadedFile

from meritdesk.language import _
from meritdesk.web.access.actions import Refused, action, record
from meritdesk.web.access.models import User
from meritdesk.web.cycles.evidence_files import keep
from meritdesk.web.cycles.models import Appeal, Attachment, Note, RatingForm, SelfAppraisal
from meritdesk.web.cycles.queries.rating import why_closed as form_closed
from meritdesk.web.cycles.queries.self_appraisal import why_closed as self_closed

MOST_FILES = 20


@action
def do_attach(
    upload: UploadedFile[bytes],
    *,
    acting_user: User,
    note: Note | None = None,
    form: RatingForm | None = None,
    self_appraisal: SelfAppraisal | None = None,
    appeal: Appeal | None = None,
) -> Attachment:
    """Keep a file beside one of the four, which came through a door; Refused as `evidence_files.keep` does."""
    owners = {"note": note, "form": form, "self_appraisal": self_appraisal, "appeal": appeal}
    given = {name: owner for name, owner in owners.items() if owner is not None}
    assert len(given) == 1, "a file belongs to exactly one thing"
    (name, owner), = given.items()
    if Attachment.objects.filter(**{name: owner}).count() >= MOST_FILES:
        raise Refused("too-many-files", _("附件已有 {n} 个").format(n=MOST_FILES), _("把多个文件合成一个再上传"))
    closed = ""
    if form is not None:
        closed = form_closed(form)
    elif self_appraisal is not None:
        closed = self_closed(self_appraisal.appraisal.cycle, self_appraisal)
    if closed:
        raise Refused("form-closed", _("不能添加附件：{reason}").format(reason=closed), _("需要修改请联系人事"))
    kept = keep(upload)
    attachment = Attachment.objects.create(
        name=kept.name, sha256=kept.sha256, size_bytes=kept.size_bytes, uploaded_by=acting_user,
        note=note, form=form, self_appraisal=self_appraisal, appeal=appeal,
    )  # fmt: skip
    record(
        acting_user, "attachment.add", attachment, person=_person(attachment), name=kept.name,
        new={"name": kept.name, "sha256": kept.sha256, "size_bytes": kept.size_bytes, name: owner.pk},
    )  # fmt: skip
    return attachment


def _person(attachment: Attachment) -> str:
    """Return the staff key of whom the file is about."""
    if attachment.note is not None:
        return attachment.note.person.key
    for owner in (attachment.form, attachment.self_appraisal, attachment.appeal):
        if owner is not None:
            return owner.appraisal.person.key
    raise AssertionError("a file belongs to something")
