"""Looks into the old binary workbook (.xls) before the spreadsheet library does: how far do its cells reach?

A compound file is a small file system of 512-byte sectors; its stream ``Workbook`` is a row of records, each with a
kind and a length. Only the row and column of cell records are read here, never a value. A file that does not keep
these forms is left to the library, which refuses it by itself.
"""

from __future__ import annotations

import struct
from pathlib import Path

_SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LAST_SECTOR = 0xFFFFFFFA
# Records that hold one cell, or a run of cells in one row: they begin with the row and the first column.
_CELLS = {0x0006, 0x0201, 0x0203, 0x0204, 0x0205, 0x027E, 0x00D6, 0x00FD, 0x0001, 0x0002, 0x0003, 0x0004, 0x0005}
_RUNS = {0x00BD, 0x00BE}
_BEGIN_OF_SHEET = 0x0809


def largest_grid(path: Path) -> tuple[int, int]:
    """Return rows and columns of the sheet whose cells span the largest grid; (0, 0) when the form is not known."""
    try:
        stream = _workbook_stream(path.read_bytes())
    except (struct.error, IndexError, ValueError):
        return (0, 0)
    best = rows = columns = 0
    largest = (0, 0)
    position = 0
    while position + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, position)
        position += 4
        if kind == _BEGIN_OF_SHEET:
            rows = columns = 0
        elif length >= 4 and (kind in _CELLS or kind in _RUNS) and position + length <= len(stream):
            row, column = struct.unpack_from("<HH", stream, position)
            if kind in _RUNS:
                column = struct.unpack_from("<H", stream, position + length - 2)[0]
            rows, columns = max(rows, row + 1), max(columns, column + 1)
            if rows * columns > best:
                best, largest = rows * columns, (rows, columns)
        position += length
    return largest


def _workbook_stream(data: bytes) -> bytes:
    """Return the stream named Workbook or Book; raises ValueError when the file is no compound file or has none."""
    if data[:8] != _SIGNATURE:
        raise ValueError("no compound file")
    sector = 1 << struct.unpack_from("<H", data, 30)[0]
    if sector not in (512, 4096):
        raise ValueError("sector size")
    table_sectors = [s for s in struct.unpack_from("<109I", data, 76) if s < _LAST_SECTOR]
    extra, count = struct.unpack_from("<II", data, 68)
    while extra < _LAST_SECTOR and count > 0:
        entries = struct.unpack_from(f"<{sector // 4}I", data, (extra + 1) * sector)
        table_sectors += [s for s in entries[:-1] if s < _LAST_SECTOR]
        extra, count = entries[-1], count - 1
    table: list[int] = []
    for number in table_sectors:
        table += struct.unpack_from(f"<{sector // 4}I", data, (number + 1) * sector)
    directory = _chain(data, table, struct.unpack_from("<I", data, 48)[0], sector)
    for start in range(0, len(directory), 128):
        length = struct.unpack_from("<H", directory, start + 64)[0]
        name = directory[start : start + max(length - 2, 0)].decode("utf-16-le", "replace")
        if name in ("Workbook", "Book"):
            first, size = struct.unpack_from("<II", directory, start + 116)
            return _chain(data, table, first, sector)[:size]
    raise ValueError("no workbook")


def _chain(data: bytes, table: list[int], sector_number: int, sector: int) -> bytes:
    """Return the bytes of a chain of sectors; ValueError for one that runs in a circle."""
    pieces: list[bytes] = []
    while sector_number < _LAST_SECTOR:
        if len(pieces) > len(table):
            raise ValueError("circle")
        start = (sector_number + 1) * sector
        pieces.append(data[start : start + sector])
        sector_number = table[sector_number]
    return b"".join(pieces)
