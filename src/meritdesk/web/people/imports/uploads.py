"""Files handed in, kept from preview to confirmation: on disk, under a random name, for one account only."""

from __future__ import annotations

import json
import re
import secrets
import shutil
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _
from meritdesk.web.access.models import User

SUFFIXES = (".xlsx", ".xls", ".csv", ".ods", ".xlsm", ".tsv", ".txt")
LARGEST_BYTES = 20 * 2**20
KEPT_SECONDS = 12 * 3600

_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")


@dataclass(frozen=True)
class Options:
    """How a file is to be read; empty values mean: find out."""

    sheet: str = ""
    encoding: str = "auto"
    heading_rows: tuple[int, ...] = ()
    fill_merged: bool = False
    effective: date | None = None
    """The day from which changes count whose row names no day."""
    mapping: dict[str, int] | None = None
    """Field → column (from 0); None: by the headings."""


@dataclass(frozen=True)
class Upload:
    """A file that was handed in."""

    token: str
    name: str
    path: Path
    options: Options = field(default_factory=Options)


def keep(user: User, name: str, chunks: Iterable[bytes]) -> Upload:
    """Keep a file for `user`; MeritdeskError for a kind that is no table, or for one that is too large or empty."""
    forget_old()
    name = Path(name.replace("\\", "/")).name[:120] or "roster"
    suffix = Path(name).suffix.lower()
    if suffix not in SUFFIXES:
        message = _("“{name}”不是能导入的表格").format(name=name)
        raise _refused("unknown-kind", message, _("请另存为 .xlsx 或 .csv"))
    token = secrets.token_urlsafe(24)
    folder = _folder() / token
    folder.mkdir(parents=True, mode=0o700)
    path, size = folder / f"roster{suffix}", 0
    with path.open("wb") as file:
        for chunk in chunks:
            size += len(chunk)
            if size > LARGEST_BYTES:
                break
            file.write(chunk)
    if not 0 < size <= LARGEST_BYTES:
        shutil.rmtree(folder)
        if size:
            message = _("文件超过 {n} MB").format(n=LARGEST_BYTES // 2**20)
            raise _refused("file-too-large", message, _("删去图片和多余的工作表，或按部门拆分"))
        raise _refused("empty-file", _("文件是空的"), _("请选择有内容的文件"))
    upload = Upload(token, name, path)
    _write(user, upload)
    return upload


def find(user: User, token: str) -> Upload | None:
    """Return the file kept under `token` for this account; None when it is another's, unknown or too old."""
    if not _TOKEN.fullmatch(token):
        return None
    folder = _folder() / token
    try:
        notes: dict[str, Any] = json.loads((folder / "notes.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if notes["user"] != user.pk or time.time() - notes["at"] > KEPT_SECONDS:
        return None
    kept = notes["options"]
    options = Options(
        sheet=kept["sheet"],
        encoding=kept["encoding"],
        heading_rows=tuple(kept["heading_rows"]),
        fill_merged=kept["fill_merged"],
        effective=date.fromisoformat(kept["effective"]) if kept["effective"] else None,
        mapping=kept["mapping"],
    )
    return Upload(token, notes["name"], folder / notes["file"], options)


def change(user: User, upload: Upload, options: Options) -> Upload:
    """Keep other options for a file."""
    changed = Upload(upload.token, upload.name, upload.path, options)
    _write(user, changed)
    return changed


def forget(upload: Upload) -> None:
    """Delete a file that is no longer needed."""
    shutil.rmtree(upload.path.parent, ignore_errors=True)


def forget_old() -> None:
    """Delete what was handed in and never confirmed."""
    folder = _folder()
    if not folder.is_dir():
        return
    for entry in folder.iterdir():
        if entry.is_dir() and time.time() - entry.stat().st_mtime > KEPT_SECONDS:
            shutil.rmtree(entry, ignore_errors=True)


def _folder() -> Path:
    return Path(settings.HOME) / "uploads"


def _write(user: User, upload: Upload) -> None:
    notes = {
        "user": user.pk,
        "at": int(time.time()),
        "name": upload.name,
        "file": upload.path.name,
        "options": asdict(upload.options),
    }
    path = upload.path.parent / "notes.json"
    path.write_text(json.dumps(notes, ensure_ascii=False, default=str), encoding="utf-8")


def _refused(code: str, message: str, fix: str) -> MeritdeskError:
    return MeritdeskError(Problem(code=code, place="", message=message, fix=fix))
