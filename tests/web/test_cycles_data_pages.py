"""The data page in the browser: upload, choice of the mapping, the job, the report, quarantined rows, withdrawal."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import openpyxl
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from meritdesk.web.access.models import User
from meritdesk.web.jobs.models import Job
from meritdesk.web.jobs.queue import carry_out
from tests.web.cycle_company import Centre, build_cycle, sample_folder

SignIn = Callable[[User], Client]


def uploads(*patterns: str) -> list[SimpleUploadedFile]:
    """Return files of the sample company as they are uploaded."""
    folder = sample_folder(2, 3)
    paths = [path for pattern in patterns for path in sorted(folder.glob(pattern))]
    return [SimpleUploadedFile(path.name, path.read_bytes()) for path in paths]


def finish(centre: Centre) -> Job:
    """Do the work of the newest job as the worker does."""
    entered = Job.objects.order_by("-pk")[0]
    carry_out(entered.pk)
    entered.refresh_from_db()
    return entered


def test_from_upload_to_report(signed_in: SignIn) -> None:
    """Needs first, then files waiting with a guess, the job, every row accounted for, and back without a file."""
    centre = build_cycle("collecting", data=False)
    client, url = signed_in(centre.hr), f"/cycles/{centre.cycle.pk}/data/"
    page = client.get(url).content.decode()
    assert "还缺 3 张表" in page
    assert client.post(url + "upload/", {"files": uploads("通话记录*", "*.mapping.yaml")}).status_code == 302
    page = client.get(url).content.decode()
    assert "通话记录_2025-09.csv" in page
    assert 'value="staged:calls.mapping.yaml" selected' in page
    name = "通话记录_2025-09.csv"
    refused = client.post(url + "read/", {"name": [name], f"choice:{name}": ""})
    assert refused.status_code == 422
    assert "没有为" in refused.content.decode()
    sent = {"name": [name], f"choice:{name}": "staged:calls.mapping.yaml"}
    answer = client.post(url + "read/", sent)
    done = finish(centre)
    assert answer["Location"] == f"/jobs/{done.pk}/"
    assert done.state == Job.State.DONE, done.problems
    assert client.post(url + "read/", sent).status_code == 422, "the same form again: the file no longer waits"
    page = client.get(url).content.decode()
    assert "还缺 2 张表" in page
    assert "下载" in page
    file = centre.cycle.files.get()
    assert client.post(f"{url}files/{file.pk}/", {"reason": ""}).status_code == 422
    assert client.post(f"{url}files/{file.pk}/", {"reason": "导错了"}).status_code == 302
    assert finish(centre).state == Job.State.DONE
    page = client.get(url).content.decode()
    assert "已撤下" in page
    assert "还缺 3 张表" in page


def test_quarantined_rows_are_given_out_as_texts(signed_in: SignIn) -> None:
    """The workbook has every refused row with file, row and reason; what looks like a formula is a text (B4)."""
    centre = build_cycle("collecting", data=False)
    client, url = signed_in(centre.hr), f"/cycles/{centre.cycle.pk}/data/"
    bad = ["=1+1", "+2", "-3", "@SUM(A1)", "＝4", "\t=5", '=HYPERLINK("http://x")']
    stream = io.StringIO()
    sheet = csv.writer(stream)
    sheet.writerow(["survey_id", "person", "kind", "day", "score", "full"])
    sheet.writerows([f"s{number}", "A0001", "csat", "2025-09-03", text, 5] for number, text in enumerate(bad))
    text = stream.getvalue()
    client.post(url + "upload/", {"files": [SimpleUploadedFile("surveys.csv", text.encode())]})
    client.post(url + "read/", {"name": ["surveys.csv"], "choice:surveys.csv": "contract"})
    done = finish(centre)
    assert done.state == Job.State.DONE, done.problems
    answer = client.get(url + "quarantined/")
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    cells = [cell for row in book.active.iter_rows(min_row=2) for cell in row]
    assert {"=1+1", "@SUM(A1)"} <= {cell.value for cell in cells}
    assert not [cell for cell in cells if cell.data_type == "f"]


def test_a_job_that_fails_tells_why_and_leaves_the_files(signed_in: SignIn) -> None:
    """A file that is not what its mapping says: the job names file and remedy, the file still waits."""
    centre = build_cycle("collecting", data=False)
    client, url = signed_in(centre.hr), f"/cycles/{centre.cycle.pk}/data/"
    wrong = SimpleUploadedFile("满意度_2025-10.csv", "甲,乙\n1,2\n".encode())
    client.post(url + "upload/", {"files": [*uploads("surveys.mapping.yaml"), wrong]})
    client.post(url + "read/", {"name": [wrong.name], f"choice:{wrong.name}": "staged:surveys.mapping.yaml"})
    done = finish(centre)
    assert done.state == Job.State.FAILED
    assert "满意度_2025-10.csv" in str(done.problems)
    assert not centre.cycle.files.exists()
    page = client.get(url).content.decode()
    assert "满意度_2025-10.csv" in page
    client.post(url + "read/", {"name": [wrong.name], "discard": wrong.name})
    assert "满意度_2025-10.csv" not in client.get(url).content.decode()


def test_only_who_runs_cycles(signed_in: SignIn) -> None:
    """A lead neither sees nor uploads data; after review nobody uploads."""
    centre = build_cycle("collecting", data=False)
    url = f"/cycles/{centre.cycle.pk}/data/"
    lead = signed_in(centre.users["L01"])
    assert lead.get(url).status_code == 404
    assert lead.post(url + "upload/", {"files": uploads("满意度*")}).status_code == 404
    centre.cycle.state = "published"
    centre.cycle.save()
    answer = signed_in(centre.hr).post(url + "upload/", {"files": uploads("满意度*")})
    assert answer.status_code == 422
    assert not centre.cycle.files.exists()
