"""Files of rosters for tests, as people make them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from openpyxl import Workbook

HEADING = ("工号", "姓名", "部门", "班组", "岗位", "直接上级", "入职日期", "生效日期", "离职日期", "岗位等级", "邮箱")


def xlsx(rows: Sequence[Sequence[Any]], *, merged: Sequence[str] = (), title: str = "花名册") -> io.BytesIO:
    """Return a workbook of these rows, the heading among them, with merged ranges."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(list(row))
    for cells in merged:
        sheet.merge_cells(cells)
    target = io.BytesIO()
    book.save(target)
    target.seek(0)
    target.name = "花名册.xlsx"
    return target


def csv(rows: Sequence[Sequence[str]], encoding: str = "utf-8") -> io.BytesIO:
    """Return a CSV of these rows."""
    text = "\r\n".join(",".join(row) for row in rows) + "\r\n"
    target = io.BytesIO(text.encode(encoding))
    target.name = "花名册.csv"
    return target


def person(key: str, name: str = "", **values: Any) -> list[Any]:
    """Return a row under `HEADING` of somebody new in 客服部 一组, with other `values` by heading."""
    row = dict.fromkeys(HEADING, "")
    row |= {"工号": key, "姓名": name or f"新人{key}", "部门": "客服部", "班组": "一组", "岗位": "客服代表"}
    row |= {"入职日期": "2025-09-01"} | values
    return [row[heading] for heading in HEADING]
