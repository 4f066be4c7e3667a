"""Checks a file before any parser sees it: how far it unpacks, how large its grid is, what its XML declares.

A parser must never be the first to meet a hostile file: a 900 kB workbook can unpack to 300 MB, and one cell in the
last corner of a sheet makes a dense reader allocate 17 billion cells. Everything here streams, so that a refusal
costs little time and memory (B3). While the cells stream past, the places that the spreadsheet library would
silently turn into blanks (error values, formulas never computed) and hidden rows are written down.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.events.compound import largest_grid
from meritdesk.language import _

MAX_FILE_BYTES = 16 * 1024**3
MAX_TEXT_BYTES = 1024**3
MAX_WORKBOOK_BYTES = 128 * 1024**2
MAX_XLS_BYTES = 32 * 1024**2
MAX_UNPACKED_BYTES = 384 * 1024**2
MAX_ODS_BYTES = 64 * 1024**2
MAX_RATIO = 150
RATIO_MATTERS_FROM_BYTES = 24 * 1024**2
MAX_STRINGS = 1_000_000
MAX_CELLS = 12_000_000
MAX_FIELD_CHARACTERS = 131_072

_CHUNK = 1 << 20
_COMPOUND = b"\xd0\xcf\x11\xe0"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_CELL = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')
_HIDDEN = re.compile(rb'<(?:\w+:)?row\b(?=[^>]*\bhidden="(?:1|true)")[^>]*\br="([0-9]+)"')
_ERROR = re.compile(rb'<(?:\w+:)?c\b(?=[^>]*\bt="e")[^>]*\br="([A-Z]{1,3})([0-9]{1,7})"')
_NO_VALUE = re.compile(
    rb'<(?:\w+:)?c\b[^>]*\br="([A-Z]{1,3})([0-9]{1,7})"[^>]*><(?:\w+:)?f\b[^>]*(?:/>|>[^<]*</(?:\w+:)?f>)'
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?</(?:\w+:)?c>"
)


@dataclass(frozen=True, slots=True)
class SheetScan:
    """What the raw XML of a sheet says and the spreadsheet library does not; rows and columns from 1."""

    hidden_rows: frozenset[int] = frozenset()
    errors: frozenset[tuple[int, int]] = frozenset()
    uncomputed: frozenset[tuple[int, int]] = frozenset()


@dataclass
class _Grid:
    rows: int = 0
    columns: int = 0
    hidden: set[int] = field(default_factory=set)
    errors: set[tuple[int, int]] = field(default_factory=set)
    uncomputed: set[tuple[int, int]] = field(default_factory=set)

    def scan(self) -> SheetScan:
        return SheetScan(frozenset(self.hidden), frozenset(self.errors), frozenset(self.uncomputed))


def refuse(code: str, place: str, message: str, fix: str) -> MeritdeskError:
    """Return the error that turns a whole file away; the caller raises it."""
    why = _("整份文件未读取，没有任何一行进入结果。")
    return MeritdeskError(Problem(code=code, place=place, message=message, fix=fix, why=why))


def check_size(path: Path, place: str, limit: int = MAX_FILE_BYTES) -> None:
    """Raise MeritdeskError (`file-too-large`) when the file is larger than `limit` bytes."""
    size = path.stat().st_size
    if size > limit:
        message = _("文件有 {size} 字节，超过上限 {limit}。").format(size=size, limit=limit)
        raise refuse("file-too-large", place, message, _("请按期间拆分后再导入，或改用 CSV、Parquet。"))


def check_text(path: Path, place: str) -> None:
    """Raise MeritdeskError (`workbook-as-text`) when a file that should be text begins like a workbook."""
    suffix = _workbook_suffix(path)
    if suffix:
        message = _("这是工作簿（{suffix}），扩展名却是 {given}。").format(
            suffix=suffix, given=path.suffix or _("没有")
        )
        fix = _("请把扩展名改为 {suffix}（映射的 files 一并改），或在表格软件中另存为 CSV。").format(suffix=suffix)
        raise refuse("workbook-as-text", place, message, fix)


def _workbook_suffix(path: Path) -> str:
    """Return the ending a workbook's content asks for; empty for a file that is none."""
    given = path.suffix.lower()
    with path.open("rb") as stream:
        start = stream.read(4)
    if start == _COMPOUND:
        return ".xls"
    if start != b"PK\x03\x04":
        return ""
    try:
        with zipfile.ZipFile(path) as archive:
            expected = ".ods" if "content.xml" in archive.namelist() else ".xlsx"
    except (zipfile.BadZipFile, OSError, ValueError):
        expected = given if given == ".ods" else ".xlsx"
    return given if (given, expected) == (".xlsm", ".xlsx") else expected


def not_a_workbook(path: Path, place: str) -> MeritdeskError:
    """Return the error for a file that is called a workbook and cannot be opened as one, saying what it is instead."""
    with path.open("rb") as stream:
        start = stream.read(4096)
    fix = _("请在表格软件中打开并另存为 .xlsx 后重试。")
    actual = _workbook_suffix(path)
    if actual == ".xls" and _ENCRYPTED in path.read_bytes():
        return refuse("locked", place, _("文件有密码。"), _("请去除密码后重试。"))
    if re.match(rb"\s*<(?:!doctype html|html|table|meta)", start.removeprefix(b"\xef\xbb\xbf"), re.IGNORECASE):
        message = _("这是网页（HTML）表格，不是工作簿，虽然扩展名是 {given}。").format(given=path.suffix)
    elif actual and actual != path.suffix.lower():
        message = _("内容是 {actual}，扩展名却是 {given}。").format(actual=actual, given=path.suffix)
        fix = _("请把扩展名改为 {suffix}（映射的 files 一并改）。").format(suffix=actual)
    elif start and not actual and (b"\0" not in start or start.startswith((b"\xff\xfe", b"\xfe\xff"))):
        message = _("这是文本文件，不是工作簿，扩展名却是 {given}。").format(given=path.suffix)
        fix = _("若是逗号或制表符分隔的文本，请把扩展名改为 .csv（映射的 files 一并改）。")
    else:
        message = _("工作簿是空的或已损坏，无法打开。")
    return refuse("not-a-workbook", place, message, fix)


def check_workbook(path: Path, place: str) -> dict[str, SheetScan]:
    """Return what the XML of each sheet of an .xlsx says, by sheet name; raise MeritdeskError for a bomb (B3)."""
    check_size(path, place, MAX_WORKBOOK_BYTES)
    with _open_zip(path, place) as archive:
        _check_unpacked(archive, path, place, MAX_UNPACKED_BYTES)
        sheets = {part: name for name, part in _sheet_parts(archive).items()}
        scans: dict[str, SheetScan] = {}
        for entry in archive.infolist():
            if entry.filename in sheets:
                grid = _scan_sheet(_stream(path, archive, entry, place), place)
                scans[sheets[entry.filename]] = grid.scan()
            elif entry.filename.lower().endswith("sharedstrings.xml"):
                _check_strings(_stream(path, archive, entry, place), place)
            elif entry.filename.endswith((".xml", ".rels")):
                for chunk in _stream(path, archive, entry, place):
                    _check_declarations(chunk, place)
    return scans


def check_xls(path: Path, place: str) -> None:
    """Raise MeritdeskError when an .xls is too large or its cells span a grid that is too large (B3)."""
    check_size(path, place, MAX_XLS_BYTES)
    rows, columns = largest_grid(path)
    if rows * columns > MAX_CELLS:
        raise _far_cell(place, rows, columns)


def _far_cell(place: str, rows: int, columns: int) -> MeritdeskError:
    message = _("工作表延伸到第 {row} 行、第 {column} 列，超过 {limit} 个单元格。").format(
        row=rows, column=column_letters(columns), limit=MAX_CELLS
    )
    return refuse("far-cell", place, message, _("请删除远处的单元格，或另存为 CSV 后导入。"))


def check_ods(path: Path, place: str) -> None:
    """Raise MeritdeskError when an .ods unpacks too far or repeats its cells into a grid that is too large (B3)."""
    check_size(path, place, MAX_WORKBOOK_BYTES)
    with _open_zip(path, place) as archive:
        _check_unpacked(archive, path, place, MAX_ODS_BYTES)
        for entry in archive.infolist():
            if entry.filename == "content.xml":
                _check_repeats(_stream(path, archive, entry, place), place)
            elif entry.filename.endswith(".xml"):
                for chunk in _stream(path, archive, entry, place):
                    _check_declarations(chunk, place)


def _open_zip(path: Path, place: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise not_a_workbook(path, place) from error


def _check_unpacked(archive: zipfile.ZipFile, path: Path, place: str, limit: int) -> None:
    declared = sum(entry.file_size for entry in archive.infolist())
    packed = max(path.stat().st_size, 1)
    if declared > limit or (declared > RATIO_MATTERS_FROM_BYTES and declared / packed > MAX_RATIO):
        message = _("文件 {packed} 字节，解压后 {declared} 字节，超过安全上限。").format(
            packed=packed, declared=declared
        )
        raise refuse("unpacks-too-far", place, message, _("请删去多余的空白行列和格式，或另存为 CSV 后导入。"))


def _stream(path: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, place: str) -> Iterator[bytes]:
    """Yield the entry's bytes, refusing one that holds more than it declares (the declared size may lie)."""
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise refuse("not-a-workbook", place, _("使用了不支持的压缩方式。"), _("请另存为 .xlsx 后重试。"))
    seen = 0
    with path.open("rb") as raw:
        raw.seek(entry.header_offset + 26)
        lengths = raw.read(4)
        raw.seek(int.from_bytes(lengths[:2], "little") + int.from_bytes(lengths[2:], "little"), 1)
        inflate = zlib.decompressobj(-15) if entry.compress_type == zipfile.ZIP_DEFLATED else None
        left = entry.compress_size
        while left > 0:
            packed = raw.read(min(left, 1 << 16))
            if not packed:
                break
            left -= len(packed)
            while packed:
                try:
                    chunk = inflate.decompress(packed, _CHUNK) if inflate else packed
                except zlib.error as error:
                    raise refuse("not-a-workbook", place, _("压缩数据已损坏。"), _("请重新导出该文件。")) from error
                seen += len(chunk)
                if seen > entry.file_size:
                    message = _("文件内的 {part} 实际大小超过其声明。").format(part=entry.filename)
                    raise refuse("unpacks-too-far", place, message, _("请重新导出该文件。"))
                yield chunk
                packed = inflate.unconsumed_tail if inflate else b""


def _check_declarations(chunk: bytes, place: str) -> None:
    if b"<!DOCTYPE" in chunk or b"<!ENTITY" in chunk:
        raise refuse(
            "entity-expansion",
            place,
            _("文件内的 XML 声明了实体，可能无限展开。"),
            _("请在表格软件中另存为新的 .xlsx。"),
        )


def _sheet_parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """Return sheet name → part path of an .xlsx, read from the workbook and its relations."""
    names = set(archive.namelist())
    if "xl/workbook.xml" not in names or "xl/_rels/workbook.xml.rels" not in names:
        return {}
    relations = archive.read("xl/_rels/workbook.xml.rels")
    workbook = archive.read("xl/workbook.xml")
    targets: dict[bytes, str] = {}
    for tag in re.findall(rb"<(?:\w+:)?Relationship\b[^>]*>", relations):
        identity, target = re.search(rb'\bId="([^"]*)"', tag), re.search(rb'\bTarget="([^"]*)"', tag)
        if identity and target:
            part = target.group(1).decode()
            targets[identity.group(1)] = part.lstrip("/") if part.startswith("/") else f"xl/{part}"
    parts: dict[str, str] = {}
    for tag in re.findall(rb"<(?:\w+:)?sheet\b[^>]*>", workbook):
        name, identity = re.search(rb'\bname="([^"]*)"', tag), re.search(rb'\b\w+:id="([^"]*)"', tag)
        if name and identity and identity.group(1) in targets:
            parts[_unescape(name.group(1).decode())] = targets[identity.group(1)]
    return parts


def _unescape(text: str) -> str:
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&")):
        text = text.replace(entity, character)
    return text


def _with_carry(chunks: Iterator[bytes], mark: bytes) -> Iterator[bytes]:
    """Yield the same bytes cut before the last `mark`, so that no tag is split between two pieces."""
    carry = b""
    for chunk in chunks:
        piece = carry + chunk
        cut = piece.rfind(mark)
        if cut <= 0 or len(piece) - cut > 4 * _CHUNK:
            cut = len(piece)
        carry = piece[cut:]
        yield piece[:cut]
    yield carry


def _scan_sheet(chunks: Iterator[bytes], place: str) -> _Grid:
    grid = _Grid()
    for piece in _with_carry(chunks, b"<"):
        _check_declarations(piece, place)
        found = set(_CELL.findall(piece))
        if found:
            grid.rows = max(grid.rows, max(int(row) for _letters, row in found))
            grid.columns = max(grid.columns, max(column_number(letters.decode()) for letters, _row in found))
        if grid.rows * grid.columns > MAX_CELLS:
            raise _far_cell(place, grid.rows, grid.columns)
        if b"hidden=" in piece:
            grid.hidden.update(int(row) for row in _HIDDEN.findall(piece))
        if b't="e"' in piece:
            grid.errors.update((int(row), column_number(c.decode())) for c, row in _ERROR.findall(piece))
        if b"<f" in piece or b":f" in piece:
            grid.uncomputed.update((int(row), column_number(c.decode())) for c, row in _NO_VALUE.findall(piece))
    return grid


def _check_strings(chunks: Iterator[bytes], place: str) -> None:
    strings = 0
    for piece in _with_carry(chunks, b"<"):
        _check_declarations(piece, place)
        strings += piece.count(b"<si>") + piece.count(b"<si/>") + piece.count(b"<si ")
        if strings >= MAX_STRINGS:
            message = _("文件含有至少 {n} 个不同的文本，超过上限。").format(n=strings)
            raise refuse("too-many-strings", place, message, _("请另存为 CSV 后导入，或按期间拆分。"))


def _check_repeats(chunks: Iterator[bytes], place: str) -> None:
    """Count rows × columns of an .ods with its repeats; blank repeats at the edges do not count."""
    parser = expat.ParserCreate()
    state = {"row_repeat": 1, "row": 0, "column": 0, "used_rows": 0, "used_columns": 0, "row_used": 0}

    def start(name: str, attributes: dict[str, str]) -> None:
        if name == "table:table":
            state.update(row=0, used_rows=0, used_columns=0)
        elif name == "table:table-row":
            state["row_repeat"] = int(attributes.get("table:number-rows-repeated", "1"))
            state.update(column=0, row_used=0)
        elif name in ("table:table-cell", "table:covered-table-cell"):
            state["column"] += int(attributes.get("table:number-columns-repeated", "1"))
            if any(key.startswith("office:") for key in attributes):
                state["row_used"] = 1
                state["used_columns"] = max(state["used_columns"], state["column"])

    def end(name: str) -> None:
        if name == "table:table-row":
            state["row"] += state["row_repeat"]
            if state["row_used"]:
                state["used_rows"] = state["row"]
            if state["used_rows"] * state["used_columns"] > MAX_CELLS:
                raise _far_cell(place, state["used_rows"], state["used_columns"])

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    try:
        for chunk in chunks:
            _check_declarations(chunk, place)
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except (expat.ExpatError, ValueError) as error:
        raise refuse("not-a-workbook", place, _("工作簿的内容已损坏。"), _("请在表格软件中另存后重试。")) from error


def column_number(letters: str) -> int:
    """Return the number of a spreadsheet column, from 1 (``AB`` → 28)."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def column_letters(number: int) -> str:
    """Return the letters of a spreadsheet column counted from 1 (28 → ``AB``)."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
