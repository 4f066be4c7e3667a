"""Batches: what one file gave under one mapping, kept as immutable Parquet files and listed in a manifest.

A batch is never changed. Withdrawing one only marks it in the manifest, so that it can be put back. The manifest is
replaced in one step after the batch's files are complete: an import cut off half-way leaves no trace in it.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.events.checks import Account, Quarantined
from meritdesk.language import _

MANIFEST = "manifest.json"
FORM = 1


@dataclass
class Feed:
    """One table out of one file, before repeats across files are settled.

    `table` has the contract's columns and `_row` (place in the file), `_weight` (rows folded into the record) and
    `_order` (what decides which of two versions is newer); the last two may be absent.
    """

    table: pa.Table
    account: Account
    quarantined: list[Quarantined] = field(default_factory=list)
    policy: str = "identical"


@dataclass(frozen=True)
class Batch:
    """One file read under one mapping (empty name: contract form)."""

    id: str
    file: str
    sha256: str
    mapping: str
    rows: int
    feeds: tuple[Feed, ...] = ()
    notes: tuple[Problem, ...] = ()
    withdrawn: bool = False


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file's content."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def batch_id(sha256: str, mapping_hash: str, related: Sequence[str]) -> str:
    """Return the identity of a batch: same content, same rules and same looked-up files give the same batch."""
    return hashlib.sha256("\n".join((str(FORM), sha256, mapping_hash, *related)).encode()).hexdigest()[:20]


def save(into: Path, batch: Batch) -> None:
    """Write a new batch below `into` and list it in the manifest."""
    into.mkdir(parents=True, exist_ok=True)
    folder, part = into / batch.id, into / f".{batch.id}.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    feeds = []
    for number, feed in enumerate(batch.feeds):
        name = f"{number}-{feed.account.table}.parquet"
        pq.write_table(feed.table, part / name, compression="zstd")
        feeds.append({"parquet": name, "policy": feed.policy, "account": asdict(feed.account),
                      "quarantined": [asdict(row) for row in feed.quarantined]})  # fmt: skip
    content = {"feeds": feeds, "notes": [asdict(note) for note in batch.notes]}
    (part / "batch.json").write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    part.rename(folder)
    listed = _manifest(into)
    entry = {"id": batch.id, "file": batch.file, "sha256": batch.sha256, "mapping": batch.mapping, "rows": batch.rows,
             "withdrawn": False}  # fmt: skip
    _write_manifest(into, [*listed, entry])


def load(into: Path) -> list[Batch]:
    """Return every batch below `into` in the order of import, withdrawn ones included (without their feeds)."""
    batches = []
    for batch in manifest(into):
        if not batch.withdrawn:
            content = json.loads((into / batch.id / "batch.json").read_text(encoding="utf-8"))
            feeds = tuple(_feed(into / batch.id, each) for each in content["feeds"])
            batch = replace(batch, feeds=feeds, notes=tuple(Problem(**note) for note in content["notes"]))
        batches.append(batch)
    return batches


def manifest(into: Path) -> list[Batch]:
    """Return the batches as the manifest lists them, in the order of import: without feeds and notes, unread."""
    return [Batch(**entry) for entry in _manifest(into)]


def adopt(into: Path, source: Path) -> list[str]:
    """Take over the batches of the store `source`, but those withdrawn there or listed here; return their ids.

    They are listed in one step after all of them lie complete below `into`: all of them or none. `source` is used up.
    """
    into.mkdir(parents=True, exist_ok=True)
    listed = _manifest(into)
    known = {entry["id"] for entry in listed}
    new = [entry for entry in _manifest(source) if entry["id"] not in known and not entry["withdrawn"]]
    for entry in new:
        shutil.rmtree(into / entry["id"], ignore_errors=True)
        (source / entry["id"]).rename(into / entry["id"])
    if new:
        _write_manifest(into, [*listed, *new])
    return [entry["id"] for entry in new]


def withdraw(into: Path, identity: str, *, back: bool = False) -> None:
    """Withdraw a batch (or put it `back`): the next result is made without (or with) it.

    Raises MeritdeskError (`no-batch`) for an identity the manifest does not list.
    """
    listed = _manifest(into)
    if identity not in {entry["id"] for entry in listed}:
        message = _("没有批次 {id}。").format(id=identity)
        raise MeritdeskError(Problem(code="no-batch", place=str(into), message=message, fix=_("请先查看批次列表。")))
    _write_manifest(into, [{**e, "withdrawn": not back} if e["id"] == identity else e for e in listed])


def _feed(folder: Path, content: dict[str, Any]) -> Feed:
    quarantined = [Quarantined(**row) for row in content["quarantined"]]
    return Feed(
        pq.read_table(folder / content["parquet"]), Account(**content["account"]), quarantined, content["policy"]
    )


def _manifest(into: Path) -> list[dict[str, Any]]:
    path = into / MANIFEST
    if not path.exists():
        return []
    content = json.loads(path.read_text(encoding="utf-8"))
    batches: list[dict[str, Any]] = content["batches"]
    return batches


def _write_manifest(into: Path, listed: list[dict[str, Any]]) -> None:
    part = into / f".{MANIFEST}.part"
    part.write_text(json.dumps({"form": FORM, "batches": listed}, ensure_ascii=False, indent=1), encoding="utf-8")
    part.replace(into / MANIFEST)
