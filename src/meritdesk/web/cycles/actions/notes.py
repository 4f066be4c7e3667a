"""Notes kept through the month: written, and withdrawn, never deleted or changed."""

from __future__ import annotations

from datetime import date

from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone

from meritdesk.language import _
from meritdesk.web.access.actions import Refused, action, claim_once, record
from meritdesk.web.access.models import User
from meritdesk.web.cycles.actions.attachments import do_attach
from meritdesk.web.cycles.models import Note
from meritdesk.web.people.models import Person

LONGEST_NOTE = 1000


@action
def do_write_note(
    person: Person,
    *,
    day: date,
    text: str,
    indicator: str,
    upload: UploadedFile[bytes] | None,
    once: str,
    acting_user: User,
) -> Note:
    """Write down what was observed on a day; not about oneself, not about days to come."""
    claim_once(once, acting_user, "note.write")
    text = text.strip()
    if person.pk == acting_user.person_id:
        raise Refused("about-oneself", _("不能记录自己"), _("自己的工作写进自评"))
    if not text:
        raise Refused("note-empty", _("没有写内容"), _("写下什么事、结果如何"))
    if len(text) > LONGEST_NOTE:
        raise Refused("note-too-long", _("超过 {n} 字").format(n=LONGEST_NOTE), _("分成几条写"))
    if day > timezone.localdate():
        raise Refused("day-to-come", _("日期还没到"), _("选今天或以前的日期"))
    note = Note.objects.create(person=person, author=acting_user, day=day, text=text, indicator=indicator)
    record(
        acting_user, "note.write", note, person=person.key, name=f"{person.name} · {day}",
        new={"day": day, "text": text, "indicator": indicator},
    )  # fmt: skip
    if upload is not None:
        do_attach(upload, note=note, acting_user=acting_user)
    return note


@action
def do_withdraw_note(note: Note, *, acting_user: User) -> None:
    """Withdraw one's own note: it stays in the list, struck out, and no rater is shown it any more."""
    if note.author_id != acting_user.pk:
        raise Refused("not-author", _("只有写的人能撤回"))
    if not Note.objects.filter(pk=note.pk, withdrawn_at__isnull=True).update(withdrawn_at=timezone.now()):
        raise Refused("already-withdrawn", _("这条记录已经撤回"))
    record(
        acting_user, "note.withdraw", note, person=note.person.key, name=f"{note.person.name} · {note.day}",
        old={"text": note.text}, new={"withdrawn": True},
    )  # fmt: skip
