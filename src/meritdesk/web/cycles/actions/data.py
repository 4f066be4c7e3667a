"""Data of a cycle: files uploaded, read in the background, attached all at once, withdrawn and put back.

Reading works on a copy in a folder of its own; `do_adopt_files` lists the batches in one step at the end of its
transaction. A worker that is killed leaves the cycle as it was, and beginning again changes nothing twice: batches
that were listed but not committed are in doubt (`inputs.doubt`), and the database decides.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.urls import reverse

from meritdesk.events import batches as store
from meritdesk.events.ingest import ingest
from meritdesk.language import _
from meritdesk.web.access.actions import Refused, action, record
from meritdesk.web.access.models import User
from meritdesk.web.cycles import staging
from meritdesk.web.cycles.actions.holding import RUNNING, hold
from meritdesk.web.cycles.data_report import report_of
from meritdesk.web.cycles.inputs import batch_folder, doubt, doubtful, settled
from meritdesk.web.cycles.models import Cycle, DataFile
from meritdesk.web.jobs.models import Job
from meritdesk.web.jobs.queue import Progress, enqueue, job

ATTACH, REPORT = "cycles.attach", "cycles.report"


@action
def do_stage_files(*, acting_user: User, cycle: Cycle, uploads: Sequence[staging.Upload]) -> list[str]:
    """Keep uploaded files until it is said how they are read."""
    locked = hold(cycle, None, *RUNNING)
    if not uploads:
        raise Refused("no-files", _("没有选择文件"), _("选择导出文件，可一次选多个"), "files")
    names = staging.keep(locked, uploads)
    record(acting_user, "cycle.files.stage", locked, new={"files": names})
    return names


@action
def do_discard_files(*, acting_user: User, cycle: Cycle, names: Sequence[str]) -> None:
    """Take files away that wait to be read."""
    locked = hold(cycle, None, *RUNNING)
    staging.discard(locked, names)
    record(acting_user, "cycle.files.discard", locked, old={"files": list(names)})


@action
def do_read_files(*, acting_user: User, cycle: Cycle, choices: Mapping[str, str]) -> Job:
    """Have files read in the background under the mappings chosen; return the job."""
    locked = hold(cycle, None, *RUNNING)
    wanted = {name: choice for name, choice in choices.items() if choice != staging.LATER}
    if not wanted:
        raise Refused("nothing-to-read", _("没有要读入的文件"), _("为至少一个文件选择读取方式"))
    for name, choice in wanted.items():
        if not choice:
            message = _("没有为“{name}”选择读取方式").format(name=name)
            raise Refused("no-mapping", message, _("选择映射，或暂不读入"), name)
        if not (staging.incoming(locked) / staging.checked_name(name)).is_file():
            raise Refused("file-gone", _("文件“{name}”已不在待读列表中").format(name=name), _("请重新上传"), name)
    record(acting_user, "cycle.files.read", locked, new={"choices": wanted})
    return enqueue(
        ATTACH,
        {"cycle": locked.pk, "choices": wanted},
        title=_("读入 {n} 个文件").format(n=len(wanted)),
        asked_by=acting_user,
        next_url=reverse("cycle-data", args=[locked.pk]),
    )


@job(ATTACH)
def attach(asked: Job, arguments: Mapping[str, Any], progress: Progress) -> Mapping[str, Any]:
    """Read files and attach them to the cycle; MeritdeskError leaves everything as it was."""
    assert asked.asked_by is not None
    cycle = Cycle.objects.select_related("scheme_version__scheme").get(pk=arguments["cycle"])
    return attach_files(cycle, arguments["choices"], acting_user=asked.asked_by, progress=progress, name=str(asked.pk))


def _silent(step: str, done: int = 0, total: int = 0) -> None:
    """Tell nobody."""


def attach_files(
    cycle: Cycle, choices: Mapping[str, str], *, acting_user: User, progress: Progress = _silent, name: str = "direct"
) -> Mapping[str, Any]:
    """Read the chosen files and attach them all at once; return how many were new and which were known already.

    `name` is of the working folder: of its own for each job, so that two at the same time do not meet.
    """
    work = staging.work_folder(cycle, name)
    known = staging.known_mappings(cycle)
    there = [name for name in choices if (staging.incoming(cycle) / staging.checked_name(name)).is_file()]
    if not there and choices:  # this very work was done before it was cut off: only the report may be missing
        return {"new": 0, "same": _reported(cycle, acting_user, progress)}
    mappings = staging.lay_out(cycle, {name: choices[name] for name in there}, known, work / "files")
    progress(_("读取 {n} 个文件").format(n=len(there)), 0, len(there))
    scratch = work / "batches"
    shutil.rmtree(scratch, ignore_errors=True)
    ingest(work / "files", mappings, into=scratch)
    progress(_("保存"), len(there), len(there))
    texts = {candidate.mapping.mapping: candidate.text for candidate in known}
    new, same = do_adopt_files(acting_user=acting_user, cycle=cycle, scratch=scratch, texts=texts)
    staging.discard(cycle, there)
    shutil.rmtree(work, ignore_errors=True)
    refresh_report(cycle, acting_user=acting_user, progress=progress)
    return {"new": new, "same": same}


def _reported(cycle: Cycle, acting_user: User, progress: Progress) -> list[str]:
    refresh_report(cycle, acting_user=acting_user, progress=progress)
    return []


@action
def do_adopt_files(
    *, acting_user: User, cycle: Cycle, scratch: Path, texts: Mapping[str, str]
) -> tuple[int, list[str]]:
    """Attach what was read into `scratch`: all of it or nothing. Return how many files are new, and those that are not.

    A file that was attached before under the same mapping, also by another name, is not attached again.
    """
    locked = hold(cycle, None, *RUNNING)
    have = {(f.sha256, f.mapping_name): f for f in locked.files.all()}
    new, same, adopted = [], [], set()
    for batch in store.load(scratch):
        before = have.get((batch.sha256, batch.mapping))
        if before is not None and before.batch != batch.id:
            same.append(batch.file)
            store.withdraw(scratch, batch.id)
            continue
        adopted.add(batch.id)
        if before is not None:
            same.append(batch.file)
            continue
        accounts = [feed.account for feed in batch.feeds]
        new.append(
            DataFile(
                cycle=locked,
                name=batch.file,
                sha256=batch.sha256,
                batch=batch.id,
                mapping_name=batch.mapping,
                mapping_text=texts.get(batch.mapping, ""),
                rows=batch.rows,
                accepted=sum(account.accepted for account in accounts),
                quarantined=sum(account.quarantined for account in accounts),
                attached_by=acting_user,
            )
        )
    DataFile.objects.bulk_create(new)
    described = [{"file": f.name, "sha256": f.sha256, "mapping": f.mapping_name, "rows": f.rows} for f in new]
    record(acting_user, "cycle.files.attach", locked, new={"files": described, "same": same})
    doubt(locked, adopted)
    store.adopt(batch_folder(locked), scratch)
    _match(locked)
    return len(new), same


@action
def do_withdraw_file(*, acting_user: User, file: DataFile, reason: str, back: bool = False) -> Job:
    """Take an attached file out of the cycle's data, or put it back; return the job that renews the report."""
    locked = hold(file.cycle, None, *RUNNING)
    if not reason.strip():
        raise Refused("no-reason", _("没有填写原因"), _("写明为什么撤下或恢复"), "reason")
    changed = locked.files.filter(pk=file.pk, withdrawn=back).update(withdrawn=not back)
    if not changed:
        raise Refused("already-done", _("这个文件的状态已经改变"), _("请刷新页面"))
    record(
        acting_user, "cycle.file.restore" if back else "cycle.file.withdraw", locked,
        old={"file": file.name, "withdrawn": back}, new={"withdrawn": not back, "reason": reason.strip()},
    )  # fmt: skip
    entered = enqueue(
        REPORT, {"cycle": locked.pk}, title=_("更新数据报告"), asked_by=acting_user,
        next_url=reverse("cycle-data", args=[locked.pk]),
    )  # fmt: skip
    # Taken out of the manifest with the report, after this act is committed; put back before that: see `batches_of`.
    doubt(locked, [file.batch])
    if back:
        _match(locked)
    return entered


def _match(cycle: Cycle) -> None:
    """Mark in the manifest what is withdrawn, as the database says: a file system cannot be rolled back."""
    folder = batch_folder(cycle)
    listed = {batch.id: batch.withdrawn for batch in store.load(folder)}
    wanted = {file.batch: file.withdrawn for file in cycle.files.all()}
    wanted |= {identity: True for identity in doubtful(cycle) if identity not in wanted}
    for identity, withdrawn in wanted.items():
        if identity in listed and listed[identity] != withdrawn:
            store.withdraw(folder, identity, back=not withdrawn)


@job(REPORT)
def report(asked: Job, arguments: Mapping[str, Any], progress: Progress) -> None:
    """Bring the data report of a cycle up to date."""
    assert asked.asked_by is not None
    cycle = Cycle.objects.select_related("scheme_version__scheme").get(pk=arguments["cycle"])
    refresh_report(cycle, acting_user=asked.asked_by, progress=progress)


def refresh_report(cycle: Cycle, *, acting_user: User, progress: Progress = _silent) -> None:
    """Make the data report anew and keep it."""
    document, input_hash = report_of(cycle, progress)
    do_keep_report(acting_user=acting_user, cycle=cycle, document=document, input_hash=input_hash)


@action
def do_keep_report(*, acting_user: User, cycle: Cycle, document: Mapping[str, Any], input_hash: str) -> None:
    """Keep a data report with its cycle."""
    locked = hold(cycle, None)
    _match(locked)  # whatever act left a doubt, it is over: the cycle is held here
    settled(locked)
    old = {"input_hash": locked.input_hash}
    locked.data_report, locked.input_hash = dict(document), input_hash
    locked.save(update_fields=["data_report", "input_hash"])
    record(acting_user, "cycle.data_report", locked, old=old, new={"input_hash": input_hash})
