"""Writes the sealed package of a run: what went in, what was computed, what came out, and the means to check it (E7).

The bytes depend on nothing but the arguments: members sorted, stored without compression, dated 1980-01-01, JSON in
canonical form. This module never computes a number; `verifier` re-evaluates the package and must not be called from
here, because a package that was checked by its own maker proves nothing. Rows are reduced to the columns the program
reads, to `appraisal`, `last` and the staff key: no name of a person goes in.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _
from meritdesk.rules.program import Program

Row = Mapping[str, int | str | None]
Outcome = Mapping[str, Sequence[int | None]]
Cells = Sequence[Sequence[int | str | None]]

KEYS = {"segments": ("appraisal", "last", "person"), "appraisals": ("appraisal", "person")}
"""Columns that are sealed beside those the program reads, where the rows have them."""

_FROM_INSIDE = b'''"""Runs the verifier on the package it lies in."""

import sys

import verifier

sys.exit(verifier.main())
'''


def seal(
    path: Path,
    *,
    program: Program,
    segments: Sequence[Row],
    appraisals: Sequence[Row],
    outcome_segments: Outcome,
    outcome_appraisals: Outcome,
    scheme_text: str,
    run: Mapping[str, object],
) -> str:
    """Write the package of a run to `path` and return its root hash, to be noted outside the package (E7, U2).

    `run` says what makes the run repeatable (scheme and input hash, period, engine, code version, event batches with
    name, sha256 and rows, signatures when there are any). The file appears whole or not at all. MeritdeskError if a
    row lacks a column, a result is missing or is no integer, or `run` holds what JSON has not, or a float.
    """
    rows = {"segments": segments, "appraisals": appraisals}
    outcomes = {"segments": outcome_segments, "appraisals": outcome_appraisals}
    sealed = {
        "program.json": program.to_json().encode(),
        "inputs.json": canonical({stage: _inputs(program, stage, rows[stage]) for stage in rows}),
        "results.json": canonical({stage: _results(program, stage, rows[stage], outcomes[stage]) for stage in rows}),
        "scheme.yaml": scheme_text.encode(),
    }
    if "sealed" in run:
        raise _refusal("run", _("“sealed” 由封存程序填写"), _("从运行记录中去掉这一项"))
    hashes = {name: _sha256(data) for name, data in sealed.items()}
    members = {
        **sealed,
        "run.json": canonical({**run, "sealed": hashes}),
        "verifier.py": files("meritdesk.archive").joinpath("verifier.py").read_bytes(),
        "__main__.py": _FROM_INSIDE,
    }
    manifest = manifest_of(members)
    _write(path, pack({**members, "manifest.json": canonical(manifest)}))
    return manifest["root"]


def canonical(document: object) -> bytes:
    """Return the one way to write a JSON document; MeritdeskError for what JSON has not, and for floats."""
    _check_json(document, "")
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def manifest_of(members: Mapping[str, bytes]) -> dict[str, str]:
    """Return the SHA-256 of each member and, as `root`, of them all: what ``sha256sum * | sha256sum`` prints."""
    digests = {name: _sha256(data) for name, data in sorted(members.items())}
    lines = "".join(f"{digest}  {name}\n" for name, digest in digests.items())
    return {**digests, "root": _sha256(lines.encode())}


def pack(members: Mapping[str, bytes]) -> bytes:
    """Return the zip file of `members`; the same members give the same bytes on every machine."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as package:
        for name in sorted(members):
            member = zipfile.ZipInfo(name)
            member.create_system = 3  # what Python writes there differs by platform
            member.external_attr = 0o600 << 16
            package.writestr(member, members[name])
    return buffer.getvalue()


def _inputs(program: Program, stage: str, rows: Sequence[Row]) -> object:
    """Return the columns that `stage` reads, and the keys, as a table."""
    present = [key for key in KEYS[stage] if any(key in row for row in rows)]
    columns = sorted({*program.inputs(stage), *program.keys(stage), *present, "appraisal"})
    cells = []
    for number, row in enumerate(rows):
        for column in columns:
            if column not in row:
                raise _refusal(f"{stage}[{number}].{column}", _("这一行没有这一列"), _("没有数据时写 None，不要省略"))
        cells.append([row[column] for column in columns])
    return {"columns": columns, "rows": cells}


def _results(program: Program, stage: str, rows: Sequence[Row], outcome: Outcome) -> object:
    """Return the outputs of `stage`, by name, with the appraisal each row belongs to."""
    outputs = sorted(getattr(program, stage))
    for output in outputs:
        column = outcome.get(output)
        if column is None or len(column) != len(rows):
            found = _("没有") if column is None else str(len(column))
            message = _("结果应有 {n} 行，实有：{found}").format(n=len(rows), found=found)
            raise _refusal(f"{stage}.{output}", message, _("封存同一次运算的全部结果"))
        for number, cell in enumerate(column):
            if cell is not None and type(cell) is not int:
                message = _("结果必须是整数，不是 {cell!r}").format(cell=cell)
                raise _refusal(f"{stage}[{number}].{output}", message, _("封存读取器给出的整数，不作换算"))
    cells = [[row["appraisal"], *(outcome[output][number] for output in outputs)] for number, row in enumerate(rows)]
    return {"columns": ["appraisal", *outputs], "rows": cells}


def _check_json(document: object, place: str) -> None:
    """Refuse what has more than one way to be written; a float is among it, its digits are nobody's promise."""
    if isinstance(document, Mapping):
        for key, value in document.items():
            _check_json(value, f"{place}.{key}")
    elif isinstance(document, list | tuple):
        for number, value in enumerate(document):
            _check_json(value, f"{place}[{number}]")
    elif not (document is None or isinstance(document, str | int)):
        raise _refusal(place, _("封存的文件里不能有 {value!r}").format(value=document), _("写成整数或文本"))


def _refusal(place: str, message: str, fix: str) -> MeritdeskError:
    return MeritdeskError(Problem(code="cannot-seal", place=place, message=message, fix=fix))


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _write(path: Path, data: bytes) -> None:
    """Write beside the target and rename: a reader sees the old file or the new one, also after a power cut."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
