"""Files kept as evidence: by the hash of their content under MERITDESK_HOME/evidence, never under their own name.

What a file is, is read off its content; a name that says otherwise is refused. Nothing a browser would run is kept.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from meritdesk.language import _
from meritdesk.web.access.actions import Refused

LIMIT_BYTES = 10 * 2**20

TYPES: Mapping[str, str] = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "m4a": "audio/mp4",
    "txt": "text/plain; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
}
"""Ending of a name → type. Recordings are evidence like any other."""


@dataclass(frozen=True)
class Kept:
    """A file that was stored."""

    name: str
    sha256: str
    size_bytes: int


def folder() -> Path:
    """Return where the files lie."""
    return Path(settings.HOME) / "evidence"


def path_of(sha256: str) -> Path:
    """Return where the content with this hash lies."""
    return folder() / sha256[:2] / sha256


def keep(upload: UploadedFile[bytes]) -> Kept:
    """Store a file; Refused when it is empty, too large, of another kind than allowed, or not what its name says."""
    name = clean_name(upload.name or "")
    place = name
    if upload.size is None or upload.size > LIMIT_BYTES:
        size = LIMIT_BYTES // 2**20
        raise Refused("file-too-large", _("文件超过 {n} MB").format(n=size), _("压缩或拆开后再上传"), place)
    content = upload.read(LIMIT_BYTES + 1)
    if not content:
        raise Refused("file-empty", _("文件是空的"), _("换一个文件"), place)
    ending = PurePosixPath(name).suffix.lower().lstrip(".")
    kinds = kinds_of(content)
    if ending not in TYPES or ending not in kinds:
        raise Refused(
            "file-kind",
            _("不接受这种文件，或内容与扩展名不符"),
            _("可以上传 PDF、图片、Word、Excel、PPT、录音（mp3、wav、m4a）和文本"),
            place,
        )
    sha256 = hashlib.sha256(content).hexdigest()
    _write(path_of(sha256), content)
    return Kept(name, sha256, len(content))


def clean_name(name: str) -> str:
    """Return a name without folders and control characters, at most 120 characters long."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(c for c in last if c.isprintable() and c not in '<>:"|?*').strip(" .") or "file"
    stem, dot, ending = shown.rpartition(".")
    return f"{stem[:110]}{dot}{ending[:9]}" if dot else shown[:120]


def kinds_of(content: bytes) -> frozenset[str]:
    """Return the endings that fit what the content is; none for anything not allowed."""
    starts = (
        (b"%PDF-", {"pdf"}),
        (b"\x89PNG\r\n\x1a\n", {"png"}),
        (b"\xff\xd8\xff", {"jpg", "jpeg"}),
        (b"GIF8", {"gif"}),
        (b"ID3", {"mp3"}),
    )
    for start, kinds in starts:
        if content.startswith(start):
            return frozenset(kinds)
    if content[:4] == b"RIFF" and content[8:12] in (b"WEBP", b"WAVE"):
        return frozenset({"webp"} if content[8:12] == b"WEBP" else {"wav"})
    if content[4:8] == b"ftyp" and content[8:11] in (b"M4A", b"mp4", b"iso"):
        return frozenset({"m4a"})
    if content[:1] == b"\xff" and len(content) > 1 and content[1] & 0xE6 in (0xE2, 0xE4, 0xE6):
        return frozenset({"mp3"})
    if content[:4] == b"PK\x03\x04":
        return _office(content)
    return _text(content)


def _office(content: bytes) -> frozenset[str]:
    """Return which kind of Office file a zip is, by the names inside; nothing is unpacked."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as packed:
            names = packed.namelist()
    except (zipfile.BadZipFile, ValueError, OSError):
        return frozenset()
    if "[Content_Types].xml" not in names or any(n.endswith("vbaProject.bin") for n in names):
        return frozenset()
    parts = (("word/", "docx"), ("xl/", "xlsx"), ("ppt/", "pptx"))
    return frozenset(kind for start, kind in parts if any(n.startswith(start) for n in names))


def _text(content: bytes) -> frozenset[str]:
    if b"\x00" in content:
        return frozenset()
    for encoding in ("utf-8", "gb18030"):
        try:
            content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return frozenset({"txt", "csv"})
    return frozenset()


def _write(path: Path, content: bytes) -> None:
    """Write the file whole or not at all; the same content twice is one file."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def read(sha256: str) -> bytes | None:
    """Return the content, or None when it is gone or is no longer what was stored."""
    try:
        content = path_of(sha256).read_bytes()
    except OSError:
        return None
    return content if hashlib.sha256(content).hexdigest() == sha256 else None


def type_of(name: str) -> str:
    """Return the type to send a file as."""
    return TYPES.get(PurePosixPath(name).suffix.lower().lstrip("."), "application/octet-stream")
