"""Files that were uploaded and not read yet: where they lie, and which mapping each is probably read under.

A folder per cycle; reading works on links in a folder of its own, so that what is half read never counts. Touches files
only: what is attached to a cycle is decided by `actions.data`.
"""

from __future__ import annotations

import glob
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

from django.conf import settings
from django.core.files.base import File

from meritdesk.errors import MeritdeskError
from meritdesk.events.contracts import CONTRACTS
from meritdesk.events.ingest import shipped_mappings
from meritdesk.events.mapping import Mapping as SourceMapping
from meritdesk.events.mapping import load_mapping, parse_mapping
from meritdesk.events.readers import KINDS, TEXT_KINDS, ReadOptions, clean_heading, read
from meritdesk.language import _
from meritdesk.web.access.actions import Refused
from meritdesk.web.cycles.models import Cycle, DataFile
from meritdesk.web.ui.text import listed

MAPPING_SUFFIXES = (".yaml", ".yml")
CONTRACT, LOOKUP, LATER = "contract", "lookup", "later"
"""Choices beside a mapping: the file has the contract's columns; it is only looked up by others; it waits."""
GUESSES = ".guesses.json"
HALF_READ_KEPT = timedelta(days=2)
HEAD_BYTES = 2**18
"""So much of a text is looked into for its headings."""
ENOUGH = 80
"""Percent of a mapping's headings that a file must have to be taken for one of its files."""


Upload = File[bytes]


@dataclass(frozen=True)
class KnownMapping:
    """A mapping that can be chosen: `key` names it in forms."""

    key: str
    title: str
    mapping: SourceMapping
    text: str


@dataclass(frozen=True)
class Staged:
    """A file that waits to be read, and the choice that probably fits."""

    name: str
    size_bytes: int
    guess: str


def cycle_folder(cycle: Cycle) -> Path:
    """Return the folder of everything kept of a cycle."""
    return Path(settings.HOME) / "cycles" / str(cycle.pk)


def incoming(cycle: Cycle) -> Path:
    """Return the folder of files that wait to be read."""
    return cycle_folder(cycle) / "incoming"


def work_folder(cycle: Cycle, name: str) -> Path:
    """Return the folder in which one job reads files; it is gone when the job is over."""
    return cycle_folder(cycle) / f"work-{name}"


def forget_half_read(now: datetime) -> None:
    """Delete the folders of jobs that broke off and were not begun again."""
    for folder in (Path(settings.HOME) / "cycles").glob("*/work-*"):
        if now.timestamp() - folder.stat().st_mtime > HALF_READ_KEPT.total_seconds():
            shutil.rmtree(folder, ignore_errors=True)


def checked_name(name: str) -> str:
    """Return the bare name of an uploaded file; Refused for a kind of file that cannot be read."""
    bare = re.sub(r"[\x00-\x1f/\\:*?\"<>|]+", "_", name.replace("\\", "/").rsplit("/", 1)[-1]).strip(" .")[:180]
    suffix = Path(bare).suffix.lower()
    if not bare or (suffix not in KINDS and suffix not in MAPPING_SUFFIXES):
        message = _("“{name}”不是可读的文件").format(name=name)
        fix = _("可用：{kinds}").format(kinds=" ".join([*KINDS, *MAPPING_SUFFIXES]))
        raise Refused("file-kind", message, fix, "files")
    return bare


def keep(cycle: Cycle, uploads: Sequence[Upload]) -> list[str]:
    """Write uploaded files to the waiting ones, all or none; one of the same name is replaced."""
    folder = incoming(cycle)
    folder.mkdir(parents=True, exist_ok=True)
    total = sum(upload.size or 0 for upload in uploads)
    if total > settings.UPLOAD_LIMIT_BYTES:
        most = settings.UPLOAD_LIMIT_BYTES // 2**20
        raise Refused("files-too-large", _("文件共超过 {n} MB").format(n=most), _("分几次上传，或压缩列"), "files")
    named = [(checked_name(upload.name or ""), upload) for upload in uploads]
    for name, upload in named:
        if name.endswith(MAPPING_SUFFIXES):
            parse_mapping(upload.read().decode("utf-8-sig", "replace"), name)
            upload.seek(0)
    for name, upload in named:
        part = folder / f".{name}.part"
        with part.open("wb") as stream:
            for chunk in upload.chunks():
                stream.write(chunk)
        part.replace(folder / name)
    names = [name for name, _upload in named]
    # Looked into when the page is shown, outside of the act: a large file would hold up everybody's writing. Those
    # without a guess are looked into again, because a mapping for them may have come now.
    _keep_guesses(cycle, {name: guess for name, guess in _guesses(cycle).items() if guess and name not in names})
    return names


def _keep_guesses(cycle: Cycle, guesses: Mapping[str, str]) -> None:
    part = incoming(cycle) / f".{GUESSES}.part"
    part.write_text(json.dumps(guesses, ensure_ascii=False), encoding="utf-8")
    part.replace(incoming(cycle) / GUESSES)


def _guesses(cycle: Cycle) -> dict[str, str]:
    path = incoming(cycle) / GUESSES
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found


def _data_files(cycle: Cycle) -> list[Path]:
    folder = incoming(cycle)
    paths = sorted(folder.iterdir()) if folder.is_dir() else []
    return [p for p in paths if p.is_file() and p.name[0] != "." and not p.name.endswith(MAPPING_SUFFIXES)]


def waiting(cycle: Cycle) -> list[Staged]:
    """Return the data files that wait, each with its probable choice; new ones are looked into."""
    guesses, paths = _guesses(cycle), _data_files(cycle)
    new = [path for path in paths if path.name not in guesses]
    if new:
        known = known_mappings(cycle)
        guesses |= {path.name: guess(path, known) for path in new}
        _keep_guesses(cycle, guesses)
    return [Staged(path.name, path.stat().st_size, guesses[path.name]) for path in paths]


def discard(cycle: Cycle, names: Iterable[str]) -> None:
    """Take waiting files away."""
    for name in names:
        (incoming(cycle) / checked_name(name)).unlink(missing_ok=True)


def known_mappings(cycle: Cycle) -> list[KnownMapping]:
    """Return the mappings on offer: uploaded here, used in earlier cycles (the latest of each name), shipped."""
    found: dict[str, KnownMapping] = {}
    folder = incoming(cycle)
    for path in sorted(folder.glob("*.y*ml")) if folder.is_dir() else []:
        text = path.read_text(encoding="utf-8-sig")
        mapping = parse_mapping(text, path.name)
        title = _("本次上传：{name}").format(name=mapping.mapping)
        found.setdefault(mapping.mapping, KnownMapping(f"staged:{path.name}", title, mapping, text))
    used = DataFile.objects.exclude(mapping_text="").order_by("-pk").values_list("pk", "mapping_name", "mapping_text")
    for pk, name, text in used[:500]:
        if name in found:
            continue
        try:
            mapping = parse_mapping(text, name)
        except MeritdeskError:  # written for an older version of the mapping language: no longer on offer
            continue
        found[name] = KnownMapping(f"used:{pk}", _("以前用过：{name}").format(name=name), mapping, text)
    for name, path in shipped_mappings().items():
        mapping = load_mapping(path)
        title = _("自带：{name}").format(name=name)
        found.setdefault(name, KnownMapping(f"shipped:{name}", title, mapping, path.read_text(encoding="utf-8")))
    return list(found.values())


def guess(path: Path, known: Sequence[KnownMapping]) -> str:
    """Return the choice that probably fits a file: by its name, else by its headings, else none."""
    for candidate in known:
        if any(fnmatch(path.name, pattern) for pattern in candidate.mapping.files):
            return candidate.key
    if path.name.split(".", 1)[0] in CONTRACTS:
        return CONTRACT
    best, share = "", ENOUGH - 1
    with tempfile.TemporaryDirectory(prefix="meritdesk-heading-") as folder:
        beginning = _beginning(path, Path(folder))

        @cache
        def heading(options: ReadOptions) -> frozenset[str]:
            try:
                return frozenset(clean_heading(cell) for cell in read(beginning, options, name=path.name).heading)
            except (MeritdeskError, ValueError, OSError):
                return frozenset()

        for candidate in known:
            covered = _covered(candidate.mapping, heading)
            if covered > share:
                best, share = candidate.key, covered
    return best


def _beginning(path: Path, folder: Path) -> Path:
    """Return a copy of the first lines of a long text, or the file itself: a heading is looked for in many ways."""
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    cut = head.rfind(b"\n") + 1
    if path.suffix.lower() not in TEXT_KINDS or len(head) < HEAD_BYTES or not cut or b"\x00" in head:
        return path
    copy = folder / path.name
    copy.write_bytes(head[:cut])
    return copy


def _covered(mapping: SourceMapping, heading: Callable[[ReadOptions], frozenset[str]]) -> int:
    """Return the percentage of a mapping's headings that a file has."""
    rules = [one for t in mapping.tables for each in (t.let, t.columns) for rule in each.values() for one in rule]
    wanted = {name for rule in rules for name in (rule.from_ or ())}
    if not wanted or mapping.header:  # a file without headings can only be known by its name
        return 0
    options = ReadOptions(
        mapping.kind, mapping.sheet, mapping.header_row, mapping.header, mapping.encoding, mapping.delimiter,
        mapping.short_rows, mapping.fill_merged,
    )  # fmt: skip
    have = sum(bool({name, *mapping.aliases.get(name, ())} & heading(options)) for name in wanted)
    return 100 * have // len(wanted)


def lay_out(cycle: Cycle, choices: Mapping[str, str], known: Sequence[KnownMapping], into: Path) -> list[SourceMapping]:
    """Link the files chosen for reading into an empty folder and return the mappings that claim them by name."""
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    by_key = {candidate.key: candidate for candidate in known}
    claimed: dict[str, list[str]] = {}
    for name, choice in choices.items():
        if choice == LATER:
            continue
        source = incoming(cycle) / checked_name(name)
        if not source.is_file():
            raise Refused("file-gone", _("文件“{name}”已不在待读列表中").format(name=name), _("请重新上传"))
        if choice == CONTRACT and name.split(".", 1)[0] not in CONTRACTS:
            tables = listed(CONTRACTS)
            fix = _("把文件改名为 数据表名.csv（{tables}），或选择映射").format(tables=tables)
            raise Refused("not-a-table", _("“{name}”不是数据表名").format(name=name), fix, name)
        if choice not in (CONTRACT, LOOKUP):
            if choice not in by_key:
                raise Refused("no-mapping", _("没有为“{name}”选择映射").format(name=name), _("请选择读取方式"), name)
            claimed.setdefault(choice, []).append(name)
        os.link(source, into / name)
    linked = {path.name for path in into.iterdir()}
    return [_claiming(by_key[key].mapping, names, linked) for key, names in claimed.items()]


def _claiming(mapping: SourceMapping, names: Sequence[str], linked: Iterable[str]) -> SourceMapping:
    """Return the mapping as it is where its own patterns claim just these files: a batch keeps its identity then."""
    own = {name for name in linked if any(fnmatch(name, pattern) for pattern in mapping.files)}
    if own == set(names) and all(any(fnmatch(name, pattern) for name in names) for pattern in mapping.files):
        return mapping
    return mapping.model_copy(update={"files": tuple(glob.escape(name) for name in names)})
