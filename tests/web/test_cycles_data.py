"""Data of a cycle: uploaded, read, attached once, withdrawn and put back; nothing half done."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from meritdesk.errors import MeritdeskError
from meritdesk.events import batches as store
from meritdesk.web.access.actions import Refused
from meritdesk.web.cycles import staging
from meritdesk.web.cycles.actions import data
from meritdesk.web.cycles.inputs import batch_folder, batches_of, digest, doubtful
from meritdesk.web.cycles.models import Cycle, DataFile
from tests.web import crash_import
from tests.web.cycle_company import Centre, build_cycle, sample_folder


@pytest.fixture
def centre() -> Centre:
    """Return a centre whose cycle is open and has no data yet."""
    return build_cycle("open", data=False)


def uploads(*patterns: str) -> list[SimpleUploadedFile]:
    """Return files of the sample company as they are uploaded."""
    folder = sample_folder(2, 3)
    paths = [path for pattern in patterns for path in sorted(folder.glob(pattern))]
    assert paths
    return [SimpleUploadedFile(path.name, path.read_bytes()) for path in paths]


def stage(centre: Centre, *patterns: str) -> dict[str, str]:
    """Upload files and return the choices that are guessed for them."""
    data.do_stage_files(acting_user=centre.hr, cycle=centre.cycle, uploads=uploads(*patterns))
    return {file.name: file.guess for file in staging.waiting(centre.cycle)}


def listed(cycle: Cycle) -> list[str]:
    """Return the ids of the batches that count."""
    return [batch.id for batch in batches_of(cycle) if not batch.withdrawn]


def attach(centre: Centre, choices: dict[str, str]) -> int:
    """Read files as the job does, and return how many were new."""
    new: int = data.attach_files(centre.cycle, choices, acting_user=centre.hr)["new"]
    return new


def test_files_are_read_and_accounted_for(centre: Centre) -> None:
    """Uploaded with their mappings, the files are read under them; the report says what lacks."""
    choices = stage(centre, "通话记录*", "满意度*", "*.mapping.yaml")
    assert choices == {
        "满意度_2025-09.csv": "staged:surveys.mapping.yaml", "通话记录_2025-09.csv": "staged:calls.mapping.yaml",
    }  # fmt: skip
    assert attach(centre, choices) == 2
    centre.cycle.refresh_from_db()
    report = centre.cycle.data_report
    tables = {row["table"]: row for row in report["tables"]}
    assert tables["contacts"]["supplied"]
    assert not tables["complaints"]["supplied"]
    assert tables["complaints"]["needed"]
    assert any(line["people"] for line in report["coverage"])
    for file in DataFile.objects.all():
        assert file.rows >= file.accepted > 0
        assert file.mapping_text
    assert not staging.waiting(centre.cycle)


def test_the_same_file_twice_changes_nothing(centre: Centre) -> None:
    """The same content again, also under another name, is told and not attached."""
    choices = stage(centre, "满意度*", "*.mapping.yaml")
    attach(centre, choices)
    before = listed(centre.cycle)
    assert attach(centre, stage(centre, "满意度*")) == 0
    again = SimpleUploadedFile("又一份.csv", uploads("满意度*")[0].read())
    data.do_stage_files(acting_user=centre.hr, cycle=centre.cycle, uploads=[again])
    known = {file.name: file.guess for file in staging.waiting(centre.cycle)}
    assert known["又一份.csv"] == "staged:surveys.mapping.yaml"
    assert attach(centre, known) == 0
    assert listed(centre.cycle) == before
    assert centre.cycle.files.count() == 1


def test_a_mapping_used_before_is_offered(centre: Centre) -> None:
    """A later cycle offers the mapping of an earlier one for files of that name."""
    attach(centre, stage(centre, "满意度*", "surveys.mapping.yaml"))
    for name in ("surveys.mapping.yaml",):
        (staging.incoming(centre.cycle) / name).unlink()
    choices = stage(centre, "满意度*")
    assert choices["满意度_2025-09.csv"].startswith("used:")


def test_a_faulty_file_leaves_nothing_behind(centre: Centre) -> None:
    """When one of several files cannot be read, none is attached, and all still wait."""
    stage(centre, "满意度*", "*.mapping.yaml")
    bad = SimpleUploadedFile("通话记录_坏.csv", b"\x00\x01 not a table")
    data.do_stage_files(acting_user=centre.hr, cycle=centre.cycle, uploads=[bad])
    choices = {file.name: file.guess for file in staging.waiting(centre.cycle)}
    with pytest.raises(MeritdeskError):
        attach(centre, choices)
    assert not listed(centre.cycle)
    assert not centre.cycle.files.exists()
    assert len(staging.waiting(centre.cycle)) == 2


@pytest.mark.parametrize("where", ["adopt", "commit", "report"])
def test_cut_off_and_begun_again(centre: Centre, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    """A worker that stops before, in and after the act: begun again, every file is attached once (D1 in small)."""
    choices = stage(centre, "满意度*", "通话记录*", "*.mapping.yaml")
    before = digest(centre.cycle)

    class Killed(BaseException):
        """The worker is gone."""

    def die(*_args: object, **_kwargs: object) -> None:
        raise Killed

    if where == "adopt":
        monkeypatch.setattr(store, "adopt", die)
    elif where == "commit":  # the batches are listed, the transaction is not committed
        monkeypatch.setattr(data, "_match", die)
    else:
        monkeypatch.setattr(data, "report_of", die)
    with pytest.raises(Killed):
        attach(centre, choices)
    monkeypatch.undo()
    if where != "report":  # nothing was committed: nothing counts, whatever the manifest lists
        assert listed(centre.cycle) == []
        assert digest(centre.cycle) == before
    attach(centre, choices)
    assert not doubtful(centre.cycle)
    assert {batch.id for batch in store.load(batch_folder(centre.cycle))} == set(listed(centre.cycle))
    assert len(listed(centre.cycle)) == len(set(listed(centre.cycle))) == centre.cycle.files.count() == 2
    centre.cycle.refresh_from_db()
    assert centre.cycle.data_report["tables"]


def test_withdrawn_and_put_back(centre: Centre) -> None:
    """A withdrawn file no longer counts; put back it counts again; a reason is demanded."""
    attach(centre, stage(centre, "满意度*", "*.mapping.yaml"))
    file = centre.cycle.files.get()
    before = listed(centre.cycle)
    with pytest.raises(Refused):
        data.do_withdraw_file(acting_user=centre.hr, file=file, reason=" ")
    data.do_withdraw_file(acting_user=centre.hr, file=file, reason="重复导出")
    assert listed(centre.cycle) == []
    with pytest.raises(Refused):
        data.do_withdraw_file(acting_user=centre.hr, file=file, reason="再来一次")
    data.do_withdraw_file(acting_user=centre.hr, file=file, reason="其实需要", back=True)
    assert listed(centre.cycle) == before


def test_a_withdrawal_that_broke_off_leaves_the_file(centre: Centre) -> None:
    """Cut off before its transaction ends, neither a withdrawal nor putting back has an effect."""
    attach(centre, stage(centre, "满意度*", "*.mapping.yaml"))
    file = centre.cycle.files.get()
    for back in (False, True):
        before = listed(centre.cycle), digest(centre.cycle)
        with transaction.atomic():
            data.do_withdraw_file(acting_user=centre.hr, file=file, reason="重复导出", back=back)
            transaction.set_rollback(True)
        assert (listed(centre.cycle), digest(centre.cycle)) == before
        data.refresh_report(centre.cycle, acting_user=centre.hr)
        assert (listed(centre.cycle), digest(centre.cycle)) == before
        data.do_withdraw_file(acting_user=centre.hr, file=file, reason="重复导出", back=back)
        assert listed(centre.cycle) != before[0]
        data.refresh_report(centre.cycle, acting_user=centre.hr)
        assert not doubtful(centre.cycle)


@pytest.mark.parametrize("name", ["../../etc/passwd", "表.exe", "", "..", "a/b.py"])
def test_names_that_are_refused(centre: Centre, name: str) -> None:
    """A name that leads elsewhere, or a kind of file that is not data, is refused."""
    with pytest.raises(Refused):
        staging.checked_name(name)


def test_a_path_is_only_a_name() -> None:
    """A name with a path is taken for its last part."""
    assert staging.checked_name("..\\..\\数据/九月.csv") == "九月.csv"
    assert Path(staging.checked_name(".hidden.csv")).name == "hidden.csv"


@pytest.mark.long
def test_killed_at_any_instant() -> None:
    """D1: kill -9 at random instants of an import, 50 rounds; every one is nothing or all, and done again once."""
    assert sum(crash_import.rounds(50).values()) == 50


@pytest.mark.long
def test_an_import_in_pieces_is_found() -> None:
    """Negative control: files attached one by one are caught half done."""
    with pytest.raises(AssertionError, match="half done"):
        crash_import.rounds(30, negative=True)
