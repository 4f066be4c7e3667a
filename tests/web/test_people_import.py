"""The journey of a roster file: hand in, preview, confirm, again; and every row that is dirty in one of many ways."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook
from pytest_django import Settings

from meritdesk.language import LANGUAGES, use
from meritdesk.web.access.models import AuditEntry, User
from meritdesk.web.access.rights import Role
from meritdesk.web.people.imports import uploads
from meritdesk.web.people.imports.columns import guess
from meritdesk.web.people.models import Assignment, Department, Person, Position, Team
from meritdesk.web.people.workbooks import roster_workbook
from tests.web.company import Company
from tests.web.conftest import Counter
from tests.web.people_files import HEADING, csv, person, xlsx

SignIn = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _home(settings: Settings, tmp_path: Path) -> None:
    settings.HOME = tmp_path


@pytest.fixture
def hr(company: Company, signed_in: SignIn) -> Client:
    """Return a client of HR."""
    return signed_in(company.users["hr"])


def hand_in(client: Client, file: io.BytesIO) -> str:
    """Hand a file in and return its token."""
    response = client.post(reverse("people-import"), {"file": file})
    assert response.status_code == 302, response.content.decode()
    return str(response["Location"]).rstrip("/").rsplit("/", 1)[-1]


def preview(client: Client, token: str) -> Any:
    """Return the preview's response."""
    response = client.get(reverse("people-import-preview", args=[token]))
    assert response.status_code == 200
    return response


def confirm(client: Client, token: str, *, only: bool = False) -> HttpResponse:
    """Confirm what the preview shows."""
    plan = preview(client, token).context["plan"]
    values = {"once": f"once-{time.time_ns()}", "fingerprint": plan.fingerprint}
    if only:
        values["only_without_errors"] = "1"
    response = client.post(reverse("people-import-confirm", args=[token]), values)
    assert isinstance(response, HttpResponse)
    return response


def totals(client: Client, file: io.BytesIO) -> dict[str, int]:
    """Return the figures of a file's preview that are not 0."""
    plan = preview(client, hand_in(client, file)).context["plan"]
    found = {kind: n for kind, n in plan.totals.items() if n}
    assert sum(found.values()) == len(plan.rows)
    return found


def told(client: Client, rows: Sequence[Sequence[Any]], **options: Any) -> list[tuple[int, str, str]]:
    """Return (row, column, reason with fix) of everything wrong with these rows."""
    plan = preview(client, hand_in(client, xlsx([HEADING, *rows], **options))).context["plan"]
    assert sum(plan.totals.values()) == len(plan.rows)
    return [(row.number, p.column, f"{p.reason} → {p.fix}") for row in plan.rows for p in row.problems]


# ---- the journey -----------------------------------------------------------------------------------------------------


def test_from_nothing_to_a_roster_and_again(hr: Client) -> None:
    """New people, departments, teams and positions; the same file again changes nothing."""
    rows = [
        HEADING,
        person("0007", "大主管", 部门="技术支持部", 班组="支持一组", 岗位="客服主管", 直接上级="无"),
        person("1001", "小一", 部门="技术支持部", 班组="支持一组", 直接上级="0007"),
        person(
            "1002",
            "小二",
            部门="技术支持部",
            班组="支持二组",
            岗位="VIP 专员",
            直接上级="大主管",
            邮箱="er@example.com",
        ),
    ]
    token = hand_in(hr, xlsx(rows))
    page = preview(hr, token)
    assert page.context["plan"].totals["join"] == 3
    for name in ("新部门", "技术支持部", "支持二组", "VIP 专员", "工作表", "表头在第几行", "变动从哪天起"):
        assert name in page.content.decode()
    assert Person.objects.filter(key="0007").count() == 0
    assert confirm(hr, token).status_code == 302
    made = Person.objects.get(key="1002")
    assert made.email == "er@example.com"
    assignment = made.assignments.get()
    assert assignment.superior == Person.objects.get(key="0007")
    assert assignment.valid_from == date(2025, 9, 1)
    assert (assignment.position.code, assignment.position.title) == ("position_2", "VIP 专员")
    # The usual code of a supervisor is that of another position here.
    assert Position.objects.get(title="客服主管").code == "position_1"
    assert Team.objects.filter(department__name="技术支持部").count() == 2
    entry = AuditEntry.objects.get(action="person.import", person="1002")
    assert "支持二组" in entry.new
    assert totals(hr, xlsx(rows)) == {"unchanged": 3}
    again = hand_in(hr, xlsx(rows))
    assert "文件与名册一致" in confirm(hr, again).content.decode()


def test_transfer_leave_correction_and_unchanged(hr: Client, company: Company) -> None:
    """What a month brings, by rows of people who are there; a transfer ends the running assignment the day before."""
    heading = ("工号", "姓名", "班组", "岗位", "生效日期", "最后工作日", "岗位等级")
    rows = [
        heading,
        ("K-agent", "安小明", "二组", "客服代表", date(2025, 10, 1), None, ""),
        ("K-colleague", "康同事", "一组", "客服代表", None, date(2025, 10, 31), ""),
        ("K-agent2", "欧阳二", "二组", "客服代表", date(2020, 1, 1), None, "P2"),
        ("K-lead", "林班长", "一组", "班组长", None, None, ""),
    ]
    token = hand_in(hr, xlsx(rows))
    assert confirm(hr, token).status_code == 302
    first, second = company.people["agent"].assignments.order_by("valid_from")
    assert (first.valid_to, second.valid_from, second.valid_to) == (date(2025, 10, 1), date(2025, 10, 1), None)
    assert (second.team.name, second.superior) == ("二组", None)
    assert company.people["colleague"].assignments.get().valid_to == date(2025, 11, 1)
    assert company.people["agent2"].assignments.get().job_grade == "P2"
    assert Person.objects.get(key="K-agent").version == 2
    assert Person.objects.get(key="K-lead").version == 1
    assert totals(hr, xlsx(rows)) == {"unchanged": 4}


def test_two_rows_are_a_history(hr: Client) -> None:
    rows = [
        HEADING,
        person("1", 入职日期="2024-01-01"),
        person("1", 入职日期="2024-01-01", 生效日期="2025-03-01", 班组="二组"),
    ]
    assert totals(hr, xlsx(rows)) == {"join": 1, "transfer": 1}
    assert confirm(hr, hand_in(hr, xlsx(rows))).status_code == 302
    assert list(
        Assignment.objects.filter(person__key="1").order_by("valid_from").values_list("valid_from", "valid_to")
    ) == [
        (date(2024, 1, 1), date(2025, 3, 1)),
        (date(2025, 3, 1), None),
    ]
    assert totals(hr, xlsx(rows)) == {"unchanged": 2}


@pytest.mark.parametrize("end", ["2026-10-14", "2026-10-15"])
def test_an_assignment_may_end_where_the_next_begins(hr: Client, end: str) -> None:
    heading = ["工号", "姓名", "部门", "班组", "岗位", "任职起", "任职止"]
    rows = [
        heading,
        ["1", "蒋玥", "客服部", "一组", "客服代表", "2025-08-27", end],
        ["1", "蒋玥", "客服部", "二组", "客服代表", "2026-10-15", ""],
    ]
    assert totals(hr, xlsx(rows)) == {"join": 1, "transfer": 1}
    assert confirm(hr, hand_in(hr, xlsx(rows))).status_code == 302
    days = Assignment.objects.filter(person__key="1").order_by("valid_from").values_list("valid_from", "valid_to")
    assert list(days) == [(date(2025, 8, 27), date(2026, 10, 15)), (date(2026, 10, 15), None)]
    assert totals(hr, xlsx(rows)) == {"unchanged": 2}


def test_an_assignment_that_ends_after_the_next_begins_names_the_other_row(hr: Client) -> None:
    heading = ["工号", "姓名", "部门", "班组", "岗位", "任职起", "任职止"]
    rows = [
        heading,
        ["1", "蒋玥", "客服部", "一组", "客服代表", "2025-08-27", "2026-10-16"],
        ["1", "蒋玥", "客服部", "二组", "客服代表", "2026-10-15", ""],
    ]
    plan = preview(hr, hand_in(hr, xlsx(rows))).context["plan"]
    assert "第 2 行写的最后一天是 2026-10-16" in plan.rows[1].problems[0].reason


def test_columns_that_were_not_read_are_told_above_the_faults(hr: Client) -> None:
    rows = [
        ["工号", "姓名", "部门", "班组", "岗位", "来了的那天"],
        ["1", "蒋玥", "客服部", "一组", "客服代表", "2025-08-27"],
    ]
    page = preview(hr, hand_in(hr, xlsx(rows))).content.decode()
    assert "这些列没有对上，没有读：来了的那天" in page
    assert 'id="reading" open' in page
    rows[0][5] = "任职起"
    assert "这些列没有对上" not in preview(hr, hand_in(hr, xlsx(rows))).content.decode()


def test_changes_without_a_day_count_from_the_day_given_above(hr: Client, company: Company) -> None:
    heading = ("工号", "姓名", "部门", "班组", "岗位", "入职日期")
    rows = [heading, ("K-agent", "安小明", "客服部", "二组", "客服代表", "2020-01-01")]
    token = hand_in(hr, xlsx(rows))
    assert "没有写从哪天起" in preview(hr, token).content.decode()
    sent = {
        "effective": "2025-11-01",
        "heading_row": "1",
        "shown_heading_row": "1",
        "sheet": "花名册",
        "shown_sheet": "花名册",
    }
    assert hr.post(reverse("people-import-preview", args=[token]), sent).status_code == 302
    assert confirm(hr, token).status_code == 302
    assert company.people["agent"].assignments.get(valid_to=None).valid_from == date(2025, 11, 1)


def test_gbk_and_utf16_are_read(hr: Client) -> None:
    rows = [HEADING, *(tuple(person(str(n), f"张三丰{n}", 直接上级="无")) for n in range(30))]
    for encoding in ("gbk", "utf-8-sig", "utf-16"):
        assert totals(hr, csv(rows, encoding)) == {"join": 30}


def test_title_above_and_merged_heading_of_two_rows(hr: Client) -> None:
    """The heading is found below a title, and over two rows with merged cells."""
    rows = [
        ("某某公司花名册", "", "", "", "", ""),
        ("工号", "姓名", "任职", "", "", "入职日期"),
        ("", "", "部门", "班组", "岗位", ""),
        ("1", "甲", "客服部", "一组", "客服代表", date(2025, 9, 1)),
    ]
    assert totals(hr, xlsx(rows, merged=("A1:F1", "A2:A3", "B2:B3", "C2:E2", "F2:F3"))) == {"join": 1}


def test_merged_departments_are_filled_only_when_asked(hr: Client) -> None:
    rows = [HEADING, person("1"), person("2", 部门=None)]
    token = hand_in(hr, xlsx(rows, merged=("C2:C3",)))
    assert preview(hr, token).context["plan"].totals["error"] == 1
    sent = {
        "fill_merged": "on",
        "heading_row": "1",
        "shown_heading_row": "1",
        "sheet": "花名册",
        "shown_sheet": "花名册",
    }
    hr.post(reverse("people-import-preview", args=[token]), sent)
    assert preview(hr, token).context["plan"].totals["join"] == 2


def test_columns_are_chosen_by_hand(hr: Client) -> None:
    rows = [("a", "b", "c", "d", "e", "f"), ("1", "甲", "客服部", "一组", "客服代表", "2025-09-01")]
    token = hand_in(hr, xlsx(rows))
    assert "没有找到工号列" in preview(hr, token).content.decode()
    names = ("key", "name", "department", "team", "position", "hired_on")
    sent = {f"column_{name}": str(n) for n, name in enumerate(names)}
    sent |= {"heading_row": "1", "shown_heading_row": "1", "sheet": "花名册", "shown_sheet": "花名册"}
    hr.post(reverse("people-import-preview", args=[token]), sent)
    assert preview(hr, token).context["plan"].totals["join"] == 1


def test_template_is_read_and_its_examples_are_skipped(hr: Client) -> None:
    content = hr.get(reverse("people-import-template")).content
    book = load_workbook(io.BytesIO(content))
    assert len(book.worksheets) == 2
    book.worksheets[0].append(["9", "甲", "客服部", "一组", "客服代表", "K-lead", "", "", "2025-09-01"])
    target = io.BytesIO()
    book.save(target)
    target.seek(0)
    target.name = "t.xlsx"
    assert totals(hr, target) == {"join": 1, "skipped": 2}


def test_export_comes_back_unchanged(hr: Client, company: Company) -> None:
    """The roster as a workbook, handed in again: nothing to do; formulas in names stay texts."""
    Person.objects.filter(key="K-agent").update(name='=HYPERLINK("http://x","y")')
    company.people["colleague"].assignments.update(valid_to=date(2026, 1, 1))
    for query in ("?day=2025-09-30", "?all=1"):
        content = hr.get(reverse("people-export") + query).content
        cells = [c for row in load_workbook(io.BytesIO(content)).worksheets[0].iter_rows() for c in row]
        assert {cell.data_type for cell in cells} <= {"s", "d", "n"}
        assert not any(cell.data_type == "f" for cell in cells)
        file = io.BytesIO(content)
        file.name = "export.xlsx"
        assert totals(hr, file) == {"unchanged": 14}
    # The control: a cell of this kind would be seen.
    book = load_workbook(io.BytesIO(content))
    book.worksheets[0]["A2"] = "=1+1"
    assert book.worksheets[0]["A2"].data_type == "f"


def test_refused_rows_come_back_as_a_workbook(hr: Client) -> None:
    token = hand_in(hr, xlsx([HEADING, person("1"), person("2", 入职日期="9/10/25"), person("3", 邮箱="x")]))
    content = hr.get(reverse("people-import-errors", args=[token])).content
    rows = list(load_workbook(io.BytesIO(content)).worksheets[0].iter_rows(values_only=True))
    assert rows[0][:4] == ("行号", "错误", "怎么改", "工号")
    assert [row[0] for row in rows[1:]] == [3, 4]
    assert "9/10/25" in str(rows[1][1])
    assert rows[1][3] == "2"


def test_all_or_nothing_and_only_rows_without_errors(hr: Client) -> None:
    rows = [HEADING, person("1"), person("2", 入职日期="2025-02-30")]
    token = hand_in(hr, xlsx(rows))
    refused = confirm(hr, token)
    assert refused.status_code == 422
    assert "有 1 行有错" in refused.content.decode()
    assert not Person.objects.filter(key="1").exists()
    assert confirm(hr, token, only=True).status_code == 302
    assert Person.objects.filter(key="1").exists()
    assert not Person.objects.filter(key="2").exists()


def test_sent_twice_it_is_done_once_and_a_changed_roster_stops_it(hr: Client, company: Company) -> None:
    token = hand_in(hr, xlsx([HEADING, person("1", 直接上级="林班长")]))
    values = {"once": "x-1", "fingerprint": preview(hr, token).context["plan"].fingerprint}
    namesake = Person.objects.create(key="N", name="林班长")
    address = reverse("people-import-confirm", args=[token])
    assert "在预览之后有了变化" in hr.post(address, values).content.decode()
    namesake.delete()
    assert hr.post(address, values).status_code == 302
    assert hr.post(address, values).status_code == 404
    assert Person.objects.filter(key="1").count() == 1


def test_a_fault_while_writing_leaves_nothing(hr: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The writes are one transaction: when the last one fails, none of them happened."""
    token = hand_in(hr, xlsx([HEADING, person("1", 部门="新部", 班组="新组")]))

    def fail(*_args: object, **_more: object) -> None:
        raise RuntimeError("planted")

    monkeypatch.setattr("meritdesk.web.people.actions.importing._fact", fail)
    with pytest.raises(RuntimeError, match="planted"):
        confirm(hr, token)
    assert not Person.objects.filter(key="1").exists()
    assert not Department.objects.filter(name="新部").exists()
    monkeypatch.undo()
    assert confirm(hr, token).status_code == 302


# ---- files and accounts ----------------------------------------------------------------------------------------------


def test_files_that_are_refused(hr: Client, settings: Settings) -> None:
    """Bombs, wrong kinds, empty files: refused with a reason, nothing kept of those that are no table."""
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 100_000_000)
    bomb.seek(0)
    bomb.name = "bomb.xlsx"
    text = preview(hr, hand_in(hr, bomb)).content.decode()
    assert "超过安全上限" in text
    picture, empty = io.BytesIO(b"\x89PNG"), io.BytesIO(b"")
    picture.name, empty.name = "photo.png", "e.xlsx"
    for file in (picture, empty):
        assert hr.post(reverse("people-import"), {"file": file}).status_code == 422
    assert hr.post(reverse("people-import")).status_code == 422
    fake = io.BytesIO(b"a,b\n1,2\n")
    fake.name = "fake.xlsx"
    assert "文本文件" in preview(hr, hand_in(hr, fake)).content.decode()
    assert len(list((Path(settings.HOME) / "uploads").iterdir())) == 2


def test_a_file_belongs_to_who_handed_it_in_and_expires(hr: Client, company: Company, signed_in: SignIn) -> None:
    token = hand_in(hr, xlsx([HEADING, person("1")]))
    other = signed_in(company.users["hr2"])
    for name in ("people-import-preview", "people-import-errors"):
        assert other.get(reverse(name, args=[token])).status_code == 404
    assert other.post(reverse("people-import-confirm", args=[token])).status_code == 404
    for strange in ("..", "x" * 32, "..%2f..%2fsecret.key"):
        assert hr.get(f"/people/import/{strange}/").status_code in (404, 301, 302)
    upload = uploads.find(company.users["hr"], token)
    assert upload is not None
    notes = upload.path.parent / "notes.json"
    kept = json.loads(notes.read_text(encoding="utf-8"))
    notes.write_text(json.dumps(kept | {"at": kept["at"] - uploads.KEPT_SECONDS - 1}), encoding="utf-8")
    assert hr.get(reverse("people-import-preview", args=[token])).status_code == 404


def test_hr_of_one_department_imports_no_other(company: Company, signed_in: SignIn) -> None:
    company.add_user("hr-sales", "销售人事")
    company.grant("hr-sales", Role.HR, department="sales")
    client = signed_in(company.users["hr-sales"])
    heading = ("工号", "姓名", "部门", "班组", "岗位", "生效日期")
    rows = [
        heading,
        ("S1", "甲", "销售部", "三组", "客服代表", "2025-09-01"),
        ("S2", "乙", "客服部", "一组", "客服代表", "2025-09-01"),
        ("S3", "丙", "新部门", "新组", "客服代表", "2025-09-01"),
        ("K-agent", "安小明", "销售部", "三组", "客服代表", "2025-09-01"),
    ]
    plan = preview(client, hand_in(client, xlsx(rows))).context["plan"]
    assert [row.kind for row in plan.rows] == ["join", "error", "error", "error"]
    assert all("范围" in row.problems[0].reason for row in plan.rows[1:])


def test_queries_do_not_grow_with_rows(hr: Client, count_queries: Counter) -> None:
    """Preview and confirmation of 10 and of 500 new people."""
    counts = []
    for start, count in ((0, 10), (1000, 500)):
        rows = [HEADING, *(person(f"Q{start + n}", f"甲{start + n}", 直接上级="K-lead") for n in range(count))]
        token = hand_in(hr, xlsx(rows))
        with count_queries(at_most=15) as shown:
            preview(hr, token)
        plan = preview(hr, token).context["plan"]
        values = {"once": f"q-{count}", "fingerprint": plan.fingerprint}
        with count_queries(at_most=40) as written:
            assert hr.post(reverse("people-import-confirm", args=[token]), values).status_code == 302
        counts.append((len(shown), len(written)))
    assert counts[0][0] == counts[1][0]
    assert counts[1][1] - counts[0][1] <= 15, "at most three more per 100 rows"
    assert AuditEntry.objects.filter(action="person.import").count() == 510


def test_a_doubtful_encoding_is_chosen_on_the_page(hr: Client) -> None:
    """A few rare characters may be of two encodings: refused, until one is chosen below the message."""
    file = io.BytesIO("ID,Name,Department,Team,Position,Hire Date\n1,喆堃玥,A,B,C,2025-09-01\n".encode("gbk"))
    file.name = "b.csv"
    token = hand_in(hr, file)
    page = preview(hr, token)
    assert page.context["plan"] is None
    assert "在下方选择文字编码" in page.content.decode()
    sent = {"encoding": "gb18030", "heading_row": "", "shown_heading_row": "", "sheet": "", "shown_sheet": ""}
    assert hr.post(reverse("people-import-preview", args=[token]), sent).status_code == 302
    page = preview(hr, token)
    assert page.context["plan"].totals["join"] == 1
    assert "喆堃玥" in page.content.decode()


@pytest.mark.parametrize("chosen", LANGUAGES)
def test_the_export_is_read_back_in_every_language(chosen: str) -> None:
    """The headings of the roster workbook are those that the import knows."""
    with use(chosen):
        workbook = roster_workbook([], "x")
    sheet = load_workbook(io.BytesIO(workbook)).worksheets[0]
    headings = next(row for row in sheet.iter_rows(values_only=True) if len([cell for cell in row if cell]) > 5)
    found = guess([str(cell) for cell in headings])
    assert set(found) == {
        "key", "name", "department", "team", "position", "superior", "job_grade", "skill_grade", "valid_from",
        "last_day", "email",
    }  # fmt: skip
