"""Sealed packages of runs on disk, under MERITDESK_HOME/cycles/<cycle>/: written whole before the row that names them.

A package whose act was cut off is an orphan that nothing refers to; the next run of the same inputs has the same bytes
and the same name. Holds no pay and no person's name: inputs and results by staff key.
"""

from __future__ import annotations

import json
import uuid
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from meritdesk.archive.seal import seal
from meritdesk.archive.verifier import verify
from meritdesk.web.access.actions import Refused
from meritdesk.web.cycles.engine import Computed, content_hashes, hash_of
from meritdesk.web.cycles.models import Cycle


@dataclass(frozen=True)
class Package:
    """A package on disk: where, relative to MERITDESK_HOME, and the root hash to be noted outside of it."""

    file: str
    root: str


def folder_of(cycle: Cycle) -> Path:
    """Return where the packages of a cycle lie."""
    return Path(settings.HOME) / "cycles" / str(cycle.pk) / "packages"


def path_of(file: str) -> Path:
    """Return the path of a package named in the database; Refused (`bad-path`) if it leads out of MERITDESK_HOME."""
    home = Path(settings.HOME).resolve()
    path = (home / file).resolve()
    if home not in path.parents:
        raise Refused("bad-path", file)
    return path


def seal_run(cycle: Cycle, computed: Computed, *, purpose: str, people: Sequence[str] = ()) -> Package:
    """Write the sealed package of a run that is to be kept, for everybody or (a correction) for `people`."""
    results = computed.results
    hashes = content_hashes(computed, people)
    run = results.run
    document: dict[str, object] = {
        "cycle": cycle.pk,
        "title": cycle.title,
        "purpose": purpose,
        "scheme": run.scheme,
        "scheme_version": run.scheme_version,
        "scheme_hash": run.scheme_hash,
        "program_hash": run.program_hash,
        "input_hash": run.input_hash,
        "inputs_digest": computed.inputs_digest,
        "engine": run.engine,
        "code_version": run.code_version,
        "period": [run.period.first.isoformat(), run.period.last.isoformat()],
        "people": len(hashes),
        "batches": [{"name": b.name, "sha256": b.sha256, "rows": b.rows} for b in run.batches],
        "results": hashes,
        "results_hash": hash_of([hashes[person] for person in sorted(hashes)]),
    }
    folder = folder_of(cycle)
    folder.mkdir(parents=True, exist_ok=True)
    new = folder / f".{uuid.uuid4().hex}.zip"
    root = seal(
        new,
        program=results.program,
        segments=results.segment_rows,
        appraisals=results.appraisal_rows,
        outcome_segments=results.segment_outputs,
        outcome_appraisals=results.appraisal_outputs,
        scheme_text=results.scheme_text,
        run=document,
    )
    return Package(put(cycle, new, f"{purpose}-{root[:20]}.zip"), root)


def put(cycle: Cycle, new: Path, name: str) -> str:
    """Give a finished file its name in the cycle's folder; return it relative to MERITDESK_HOME."""
    target = folder_of(cycle) / name
    new.replace(target)
    return target.relative_to(Path(settings.HOME)).as_posix()


def members_of(path: Path) -> dict[str, bytes]:
    """Return every member of a package by name."""
    with zipfile.ZipFile(path) as package:
        return {info.filename: package.read(info) for info in package.infolist()}


def sealed_run(path: Path) -> dict[str, Any]:
    """Return what a package says of its run."""
    with zipfile.ZipFile(path) as package:
        document: dict[str, Any] = json.loads(package.read("run.json"))
    return document


def flaws(file: str, root: str) -> list[str]:
    """Return what is wrong with a package: missing, altered, or not what comes out when it is computed again."""
    path = path_of(file)
    if not path.is_file():
        return [file]
    return verify(path, root)[:20]
