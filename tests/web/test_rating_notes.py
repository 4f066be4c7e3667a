"""Notes of the month, files kept as evidence, and the self-appraisal."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from meritdesk.web.access.models import AuditEntry, User
from meritdesk.web.cycles.evidence_files import LIMIT_BYTES, path_of
from meritdesk.web.cycles.models import Appraisal, Attachment, Cycle, Note, RatingForm, SelfAppraisal
from tests.web.conftest import Counter
from tests.web.cycle_company import FIRST, Centre, build_cycle

SignIn = Callable[[User], Client]
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40


@pytest.fixture
def centre(_fast_passwords: None) -> Centre:
    """Return a small centre in rating under R4."""
    return build_cycle("rating", data=False)


def form_of(role: str = "superior", number: int = 0) -> RatingForm:
    """Return a form of the role about an agent."""
    forms = RatingForm.objects.filter(role=role, appraisal__position="agent").select_related("appraisal__person")
    return forms.order_by("pk")[number]


def rater_of(form: RatingForm) -> User:
    """Return the account of the rater."""
    return User.objects.get(person=form.rater_id)


def rated(form: RatingForm) -> User:
    """Return the account of the person rated."""
    return User.objects.get(person=form.appraisal.person_id)


def write(client: Client, about: int, once: str = "a", **values: Any) -> Any:
    """Send the form of a note."""
    data = {"person": about, "day": "2025-09-03", "text": "主动致电仓库", "once": once, **values}
    return client.post(reverse("notes"), data)


# ---- notes -----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("centre")
def test_note_is_written_once_with_file(signed_in: SignIn) -> None:
    """Person, day, text, indicator, file; the same form again changes nothing."""
    form = form_of()
    client = signed_in(rater_of(form))
    file = SimpleUploadedFile("截图.png", PNG)
    assert write(client, form.appraisal.person_id, file=file, indicator="standards").status_code == 302
    assert write(client, form.appraisal.person_id).status_code == 302
    found = Note.objects.get()
    assert (found.day, found.text, found.indicator) == (date(2025, 9, 3), "主动致电仓库", "standards")
    assert Attachment.objects.get().note == found
    assert path_of(Attachment.objects.get().sha256).read_bytes() == PNG
    page = client.get(reverse("notes")).content.decode()
    assert "主动致电仓库" in page
    assert "服务规范度" in page


@pytest.mark.usefixtures("centre")
@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"text": "  "}, "没有写内容"),
        ({"day": "2099-01-01"}, "日期还没到"),
        ({"day": "昨天"}, "不是日期"),
        ({"person": ""}, "没有选人"),
        ({"text": "长" * 1001}, "超过 1000 字"),
        ({"file": SimpleUploadedFile("a.html", b"<script>")}, "不接受这种文件"),
    ],
)
def test_note_refused_keeps_what_was_typed(signed_in: SignIn, values: dict[str, Any], words: str) -> None:
    """Refused with the reason beside what was typed; nothing is kept."""
    form = form_of()
    answer = write(signed_in(rater_of(form)), form.appraisal.person_id, **values)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert words in text
    assert "主动致电仓库" in text or "text" in values
    assert not Note.objects.exists()


@pytest.mark.usefixtures("centre")
def test_note_only_within_reach_and_not_about_oneself(signed_in: SignIn) -> None:
    """Another team's agent and oneself do not exist here; agents have no such page at all."""
    form = form_of()
    lead = rater_of(form)
    elsewhere = Appraisal.objects.filter(position="agent").exclude(team=form.appraisal.team)[0]
    client = signed_in(lead)
    assert write(client, elsewhere.person_id).status_code == 404
    assert write(client, lead.person_id or 0).status_code == 404
    found = client.get(reverse("note-people"), {"q": elsewhere.person.key}).content.decode()
    assert "没有找到" in found
    within = client.get(reverse("note-people"), {"q": form.appraisal.person.key}).content.decode()
    assert form.appraisal.person.name in within
    assert signed_in(rated(form)).get(reverse("notes")).status_code == 404


@pytest.mark.usefixtures("centre")
def test_note_is_withdrawn_by_its_author_never_deleted(signed_in: SignIn) -> None:
    """It stays in the author's list, struck out; another's note cannot be withdrawn."""
    form = form_of()
    lead, qa = rater_of(form), rater_of(form_of("qa"))
    found = Note.objects.create(person=form.appraisal.person, author=lead, day=FIRST, text="一件事")
    assert signed_in(qa).post(reverse("note-withdraw", args=[found.pk])).status_code == 404
    client = signed_in(lead)
    client.post(reverse("note-withdraw", args=[found.pk]))
    client.post(reverse("note-withdraw", args=[found.pk]))
    found.refresh_from_db()
    assert found.withdrawn_at is not None
    assert AuditEntry.objects.filter(action="note.withdraw").count() == 1
    assert "已撤回" in client.get(reverse("notes")).content.decode()


@pytest.mark.usefixtures("centre")
def test_notes_page_costs_the_same_for_many(signed_in: SignIn, count_queries: Counter) -> None:
    """As many queries for forty notes as for one."""
    form = form_of()
    lead = rater_of(form)
    client = signed_in(lead)
    counts = []
    for number in (1, 40):
        Note.objects.bulk_create(
            Note(person=form.appraisal.person, author=lead, day=FIRST + timedelta(days=n % 30), text="x")
            for n in range(number)
        )
        client.get(reverse("notes"))
        with count_queries(at_most=15) as queries:
            client.get(reverse("notes"))
        counts.append(len(queries))
    assert counts[0] == counts[1]


# ---- files -----------------------------------------------------------------------------------------------------------


def office(*names: str) -> bytes:
    """Return a zip with such names inside."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for name in names:
            packed.writestr(name, "x")
    return buffer.getvalue()


GOOD = {
    "a.pdf": b"%PDF-1.7 x", "b.png": PNG, "c.JPG": b"\xff\xd8\xff\xe0x",
    "d.docx": office("[Content_Types].xml", "word/d"),
    "e.xlsx": office("[Content_Types].xml", "xl/w"), "f.mp3": b"ID3xxxx", "g.wav": b"RIFF0000WAVEfmt ",
    "h.txt": "通话记录".encode(), "i.csv": "工号,事".encode("gb18030"), "j.m4a": b"\x00\x00\x00\x20ftypM4A x",
}  # fmt: skip
BAD = {
    "a.html": b"<script>alert(1)</script>", "b.svg": b"<svg onload=x>", "c.pdf": b"not a pdf", "d.png": b"%PDF-1.7",
    "e.exe": b"MZ\x90\x00", "f.docx": office("x"), "g.xlsx": office("[Content_Types].xml", "xl/w", "xl/vbaProject.bin"),
    "h.zip": office("a"), "i.txt": b"\x00\x01\x02", "j": b"text", "k.txt": b"", "l.pdf": b"%PDF-" + b"0" * LIMIT_BYTES,
    "m.pdf.html": b"%PDF-1.7",
}  # fmt: skip


def attach(client: Client, form: RatingForm, name: str, content: bytes) -> Any:
    """Send a file beside a rating form."""
    return client.post(reverse("rating-attach", args=[form.pk]), {"file": SimpleUploadedFile(name, content)})


@pytest.mark.usefixtures("centre")
def test_kinds_of_files(signed_in: SignIn) -> None:
    """What the content is decides, not the name; nothing that a browser would run."""
    form = form_of()
    client = signed_in(rater_of(form))
    for name, content in GOOD.items():
        attach(client, form, name, content)
    assert set(form.attachments.values_list("name", flat=True)) == set(GOOD)
    for name, content in BAD.items():
        attach(client, form, name, content)
        assert form.attachments.count() == len(GOOD), name


@pytest.mark.usefixtures("centre")
def test_download_is_never_run_by_the_browser(signed_in: SignIn) -> None:
    """Always to be saved, with nosniff; a path in the name is dropped; altered content is not sent."""
    form = form_of()
    client = signed_in(rater_of(form))
    attach(client, form, "../../etc/证据.txt", b"abc")
    found = Attachment.objects.get()
    answer = client.get(reverse("attachment", args=[found.pk]))
    assert answer.content == b"abc"
    assert answer["Content-Disposition"] == "attachment; filename*=UTF-8''%E8%AF%81%E6%8D%AE.txt"
    assert answer["X-Content-Type-Options"] == "nosniff"
    path_of(found.sha256).write_bytes(b"altered")
    assert client.get(reverse("attachment", args=[found.pk])).status_code == 404
    path_of(found.sha256).unlink()


def entitled(found: Attachment, signed_in: SignIn) -> set[str]:
    """Return which accounts can download a file."""
    address = reverse("attachment", args=[found.pk])
    return {user.username for user in User.objects.all() if signed_in(user).get(address).status_code == 200}


@pytest.mark.usefixtures("centre")
def test_who_downloads_what(signed_in: SignIn) -> None:
    """Of a form: its rater and who reads ratings; of a note: the raters; of a self-appraisal: also the person."""
    form = form_of()
    lead, agent = rater_of(form), rated(form)
    readers = {"M01", "H01", "H02", "P01", "auditor"}
    raters = {rater_of(each).username for each in RatingForm.objects.filter(appraisal=form.appraisal)}
    of_form = _kept(lead, form=form)
    assert entitled(of_form, signed_in) == {lead.username} | readers
    note = Note.objects.create(person=form.appraisal.person, author=lead, day=FIRST, text="x")
    of_note = _kept(lead, note=note)
    assert entitled(of_note, signed_in) == raters
    Note.objects.update(withdrawn_at=timezone.now())
    assert entitled(of_note, signed_in) == {lead.username}
    written = SelfAppraisal.objects.create(appraisal=form.appraisal)
    of_self = _kept(agent, self_appraisal=written)
    assert entitled(of_self, signed_in) == {agent.username}
    SelfAppraisal.objects.update(submitted_at=timezone.now())
    assert entitled(of_self, signed_in) == {agent.username} | raters | readers


def _kept(user: User, **owner: Any) -> Attachment:
    content = b"abc"
    sha256 = hashlib.sha256(content).hexdigest()
    path_of(sha256).parent.mkdir(parents=True, exist_ok=True)
    path_of(sha256).write_bytes(content)
    return Attachment.objects.create(name="a.txt", sha256=sha256, size_bytes=3, uploaded_by=user, **owner)


# ---- self-appraisal --------------------------------------------------------------------------------------------------


def self_page(client: Client, form: RatingForm) -> str:
    """Return the page of one's self-appraisal."""
    return client.get(reverse("self-appraisal", args=[form.appraisal_id])).content.decode()


@pytest.mark.usefixtures("centre")
def test_self_appraisal_is_saved_told_of_and_handed_in(signed_in: SignIn) -> None:
    """Saved as it is written; a second window is told; handed in once; then closed."""
    form = form_of()
    client = signed_in(rated(form))
    address = reverse("self-appraisal", args=[form.appraisal_id])
    assert client.post(address, {"version": 0, "results": "第一句"}).status_code == 200
    assert client.post(address, {"version": 2, "results": "第二句"}).status_code == 200
    answer = client.post(address, {"version": 2, "results": "另一个窗口"})
    assert answer.status_code == 409
    assert "第二句" in answer.content.decode()
    assert "另一个窗口" in answer.content.decode()
    submit = reverse("self-submit", args=[form.appraisal_id])
    refused = client.post(submit, {"version": 3, "results": " ", "gaps": "保留的话", "once": "a"})
    assert refused.status_code == 422
    assert "还没有写工作成果" in refused.content.decode()
    assert "保留的话" in refused.content.decode()
    for _again in range(2):
        assert client.post(submit, {"version": 3, "results": "完成", "once": "b"}).status_code == 302
    assert AuditEntry.objects.filter(action="self.submit").count() == 1
    assert client.post(address, {"version": 4, "results": "再改"}).status_code == 422
    assert "需要修改时请人事重开" in self_page(client, form)


def test_self_appraisal_is_reopened_by_hr_only(centre: Centre, signed_in: SignIn) -> None:
    """HR opens it again; nobody else can; it is the person's own alone."""
    form = form_of()
    written = SelfAppraisal.objects.create(appraisal=form.appraisal, results="完成", submitted_at=timezone.now())
    address = reverse("self-reopen", args=[form.appraisal_id])
    for user in User.objects.exclude(username__in=("H01", "H02")):
        assert signed_in(user).post(address, {"version": 1}).status_code == 404, user.username
    hr = signed_in(centre.hr)
    listed = hr.get(reverse("self-appraisals", args=[centre.cycle.pk])).content.decode()
    assert address in listed
    assert "完成" not in listed
    assert hr.post(address, {"version": 1}).status_code == 302
    written.refresh_from_db()
    assert written.submitted_at is None
    page = reverse("self-appraisal", args=[form.appraisal_id])
    reached = {user.username for user in User.objects.all() if signed_in(user).get(page).status_code == 200}
    assert reached == {rated(form).username}


@pytest.mark.usefixtures("centre")
@pytest.mark.parametrize(("state", "status"), [("open", 422), ("collecting", 200), ("calibrating", 422)])
def test_self_appraisal_by_state(signed_in: SignIn, state: str, status: int) -> None:
    """Written while data is collected and people rate."""
    form = form_of()
    Cycle.objects.update(state=state)
    address = reverse("self-appraisal", args=[form.appraisal_id])
    answer = signed_in(rated(form)).post(address, {"version": 0, "results": "x"})
    assert answer.status_code == status


@pytest.mark.usefixtures("centre")
def test_file_beside_a_self_appraisal_before_the_first_word(signed_in: SignIn) -> None:
    """A file begins it; the text goes on from there; after handing in no more files."""
    form = form_of()
    client = signed_in(rated(form))
    files = reverse("self-attach", args=[form.appraisal_id])
    client.post(files, {"file": SimpleUploadedFile("a.png", PNG)})
    written = SelfAppraisal.objects.get()
    assert written.attachments.count() == 1
    address = reverse("self-appraisal", args=[form.appraisal_id])
    assert client.post(address, {"version": written.version, "results": "x"}).status_code == 200
    SelfAppraisal.objects.update(submitted_at=timezone.now())
    client.post(files, {"file": SimpleUploadedFile("b.png", PNG)})
    assert written.attachments.count() == 1
