"""The archive of a cycle: the package of what was published, with signatures, appeals, corrections and the audit head.

Built outside of any transaction and never trusted: every package in it is computed again by the stand-alone verifier,
and every figure in the database is held against the packages, before the archive counts. `python archive.zip` does the
same later, anywhere, with nothing but Python.
"""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from meritdesk.archive.seal import canonical, manifest_of, pack
from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _
from meritdesk.web.access.actions import canonical as canonical_text
from meritdesk.web.access.models import AuditHead
from meritdesk.web.cycles import packages
from meritdesk.web.cycles.engine import Step, hash_of
from meritdesk.web.cycles.models import Appeal, Correction, Cycle, Result, Run, Signature
from meritdesk.web.cycles.packages import Package

_FROM_INSIDE = b'''"""Runs the verifier on the package it lies in, and on the package of every correction inside it."""

import pathlib
import sys
import tempfile
import zipfile

import verifier

failed = verifier.main()
with zipfile.ZipFile(sys.argv[1] if len(sys.argv) > 1 and sys.argv[1][:2] != "--" else sys.argv[0]) as package:
    for name in sorted(n for n in package.namelist() if n.startswith("corrections/")):
        with tempfile.TemporaryDirectory() as folder:
            inner = pathlib.Path(folder, "package.zip")
            inner.write_bytes(package.read(name))
            found = verifier.verify(inner)
        sys.stdout.buffer.write(f"{name}: {'ok' if not found else found[0]}\\n".encode())
        failed = failed or bool(found)
sys.exit(1 if failed else 0)
'''


@dataclass(frozen=True)
class Built:
    """A finished archive on disk, and what it says of the cycle."""

    package: Package
    sha256: str
    content: Mapping[str, Any]


def content_of(cycle: Cycle) -> dict[str, Any]:
    """Return what an archive says beside the run: standing results, signatures, appeals, corrections; canonical."""
    runs = cycle.runs.exclude(purpose=Run.Purpose.PREVIEW).order_by("number")
    content = {
        "cycle": {"id": cycle.pk, "title": cycle.title, "first_day": cycle.first_day, "last_day": cycle.last_day},
        "published_at": cycle.published_at,
        "closed_at": cycle.closed_at,
        "runs": list(
            runs.values("number", "purpose", "results_hash", "inputs_digest", "package_root", "scheme_hash", "made_at")
        ),
        "results": [
            {
                "person": result.appraisal.person.key,
                "run": result.run.number,
                "hash": result.content_hash,
                "state": result.state,
                "total": result.total,
                "grade": result.grade,
                "coefficient": result.coefficient,
                "stands": result.appraisal.result_id == result.pk,
            }
            for result in Result.objects.filter(run__in=runs)
            .select_related("appraisal__person", "run")
            .defer("document")
            .order_by("run__number", "appraisal__person__key")
        ],
        "appraisals": list(cycle.appraisals.order_by("person__key").values("person__key", "state")),
        "signatures": list(
            Signature.objects.filter(appraisal__cycle=cycle)
            .order_by("pk")
            .values("appraisal__person__key", "content_hash", "outcome", "by__username", "at", "remark")
        ),
        "appeals": list(
            Appeal.objects.filter(appraisal__cycle=cycle)
            .order_by("pk")
            .values(
                "appraisal__person__key", "state", "grounds", "indicators", "filed_at", "due_at", "decided_at",
                "decider__username", "answer", "result__content_hash",
            )
        ),
        "corrections": list(
            Correction.objects.filter(appraisal__cycle=cycle)
            .order_by("pk")
            .values(
                "appraisal__person__key", "state", "reason", "before__content_hash", "after__content_hash",
                "after__run__number", "total_difference", "coefficient_difference", "above_quota",
                "proposed_by__username", "approved_by__username", "posted_at",
            )
        ),
    }  # fmt: skip
    plain: dict[str, Any] = json.loads(canonical_text(content))
    return plain


def build(cycle: Cycle, step: Step = lambda text: None) -> Built:
    """Write the archive of a closed cycle beside its packages; MeritdeskError (`not-what-was-published`) if any figure
    comes out differently or any hash is not the one recorded."""
    runs = list(cycle.runs.exclude(purpose=Run.Purpose.PREVIEW).order_by("number"))
    for run in runs:
        step(_("重算第 {n} 次运算").format(n=run.number))
        if wrong := recomputed(run):
            raise MeritdeskError(*wrong)
    published = next(run for run in runs if run.purpose == Run.Purpose.PUBLISHED)
    members = packages.members_of(packages.path_of(published.package))
    del members["manifest.json"]
    content = content_of(cycle)
    head = AuditHead.objects.filter(pk=1).first()
    members["__main__.py"] = _FROM_INSIDE
    members["cycle.json"] = canonical(
        {**content, "audit": {"sequence": head.sequence, "hash": head.hash} if head else None}
    )
    for run in runs:
        if run.purpose == Run.Purpose.CORRECTION:
            members[f"corrections/{run.number:03}.zip"] = packages.path_of(run.package).read_bytes()
    step(_("写入存档"))
    manifest = manifest_of(members)
    data = pack({**members, "manifest.json": canonical(manifest)})
    root = manifest["root"]
    new = packages.folder_of(cycle) / f".{uuid.uuid4().hex}.zip"
    _write(new, data)
    file = packages.put(cycle, new, f"archive-{root[:20]}.zip")
    package = Package(file, root)
    if found := packages.flaws(file, root):
        raise MeritdeskError(_problem("not-what-was-published", file, found[0]))
    return Built(package, hashlib.sha256(data).hexdigest(), content)


def _write(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _problem(code: str, place: str, message: str) -> Problem:
    return Problem(code=code, place=place, message=message, fix=_("不要使用这份结果；请审计员核查，从备份恢复"))


def recomputed(run: Run) -> list[Problem]:
    """Return every way in which a kept run is not what its package computes to: hashes, documents, figures."""
    place = _("{cycle}，第 {n} 次运算").format(cycle=run.cycle, n=run.number)
    rows = list(run.results.select_related("appraisal__person").order_by("appraisal__person__key"))
    found = [
        _problem("result-altered", f"{place}，{row.appraisal.person.key}", text) for row in rows for text in _own(row)
    ]
    if len(rows) != run.people or hash_of([row.content_hash for row in rows]) != run.results_hash:
        found.append(_problem("results-altered", place, _("结果的份数或总哈希与存入时不符")))
    if not run.package:
        return [*found, _problem("package-missing", place, _("没有封存包"))]
    try:
        found += [
            _problem("package-altered", f"{place}，{run.package}", t)
            for t in packages.flaws(run.package, run.package_root)
        ]
        if not found:
            found += _against_package(run, rows, place)
    except (OSError, KeyError, ValueError, MeritdeskError) as error:
        found.append(_problem("package-missing", f"{place}，{run.package}", str(error)))
    return found


def _own(row: Result) -> list[str]:
    """Return what in a row contradicts its own document."""
    if hashlib.sha256(row.document.encode()).hexdigest() != row.content_hash:
        return [_("结果的内容与哈希不符")]
    said = json.loads(row.document)["appraisal"]
    same = (
        said["person"] == row.appraisal.person.key
        and said["state"] == row.state
        and (said["grade"] or "") == row.grade
        and _scaled(said["total"], 100) == row.total
        and _scaled(said["coefficient"], 10_000) == row.coefficient
    )
    return [] if same else [_("列出的数字与结果内容不符")]


def _scaled(text: str | None, scale: int) -> int | None:
    return None if text is None else int(Decimal(text) * scale)


def _against_package(run: Run, rows: list[Result], place: str) -> list[Problem]:
    """Hold content hashes, totals and coefficients against the package."""
    path = packages.path_of(run.package)
    sealed = packages.sealed_run(path)
    if sealed["results"] != {row.appraisal.person.key: row.content_hash for row in rows}:
        return [_problem("package-of-others", place, _("封存包里的结果不是这些"))]
    members = packages.members_of(path)
    inputs = json.loads(members["inputs.json"])["appraisals"]
    results = json.loads(members["results.json"])["appraisals"]
    program = json.loads(members["program.json"])
    people = {row[inputs["columns"].index("appraisal")]: row for row in inputs["rows"]}
    cells = {row[0]: dict(zip(results["columns"], row, strict=True)) for row in results["rows"]}
    scales = _scales(program)
    found = []
    for row in rows:
        key = row.appraisal.person.key
        cell = cells.get(key) if key in people else None
        if cell is None:
            found.append(_problem("package-of-others", f"{place}，{key}", _("封存包里没有这个人")))
            continue
        for name, value, scale in (("total", row.total, 100), ("coefficient", row.coefficient, 10_000)):
            if name in cell and not _equal(cell[name], scales[name], value, scale):
                found.append(_problem("figure-altered", f"{place}，{key}，{name}", _("与封存包重算的数字不符")))
    return found


def _scales(program: Mapping[str, Any]) -> dict[str, int]:
    stage = next(stage for stage in program["stages"] if stage["name"] == "appraisals")
    return {name: 10 ** stage["nodes"][place]["scale"] for name, place in stage["outputs"].items()}


def _equal(sealed: int | None, unit: int, value: int | None, scale: int) -> bool:
    if sealed is None or value is None:
        return sealed is value
    return sealed * scale == value * unit
