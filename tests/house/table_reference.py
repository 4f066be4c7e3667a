"""Writes the reference page of the event tables from their contracts: what is read there is what files are held to.

Run as a program (`python -m tests.house.table_reference`) it renews docs/reference/tables.md; a test proves that
nothing is left to renew.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from meritdesk.events.contracts import CONTRACTS, Column, Contract, forms, titles

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "tables.md"
COMMON = ("day", "excluded", "source")
HEADER = """# 数据表 · Event tables

导出文件经映射变成下面这些表，以后的一切只看这些表。文件名就是表名、列名就是这里的列名的，不需要映射（见[数据指南](../guide/data.md)）。
本页由程序生成（`python -m tests.house.table_reference`），有测试保证它与程序一致；
命令行里用 `meritdesk import --tables` 查看。列的说明保持英文原文，与代码一致；单位按文件里的写法。

| 写法 Type | 在免映射的文件里 In a file without a mapping | 存为 Stored as |
|---|---|---|
| 文字 text | `王小明`；首尾空白去掉，空着表示没有 | text |
| 整数 integer | `120` | integer, in the unit named |
| 1 或 0 flag | `1`、`0` | 0 or 1 |
| 时间（带时区） time | `2024-01-05T09:00:00+08:00` | seconds since 1970-01-01 UTC |
| 日期 day | `2024-01-05` | days since 1970-01-01 |
| 数，最多两位小数 hundredths | `4.50`（分值，或元） | integer of 0.01 (money: fen) |

**共有的列 Common columns.** 记录事实的表都有：`day`（日期，必填，计入哪个营业日；
联系、消息、评价、投诉、订单不写时由时间得出）、
`excluded`（文字，经核实的异常写明原因，保留记录而不进指标）。所有的表都有 `source`（批次文件和行号，由程序填写）。
**主键**相同的两行是重复。

"""


def table_reference() -> str:
    """Return the page: every table with its key and columns."""
    overview = ["| 表 Table | 用途 What it is for |", "|---|---|"]
    overview += [f"| [`{name}`](#{name}) | {titles()[name]} |" for name in CONTRACTS]
    return HEADER + "\n".join([*overview, "", *(line for c in CONTRACTS.values() for line in _section(c))])


def _section(contract: Contract) -> Iterator[str]:
    yield from (f"## {contract.name}", "", f"**{titles()[contract.name]}** · {contract.doc}", "")
    yield from ("主键 Key: " + ", ".join(f"`{name}`" for name in contract.key), "")
    yield "| 列 Column | 写法 Type | 单位 Unit | 必填 Required | 可选的值 Allowed | 含义 Meaning |"
    yield "|---|---|---|---|---|---|"
    yield from (_row(column) for column in contract.columns if column.name not in COMMON or column.name in contract.key)
    yield ""


def _row(column: Column) -> str:
    choices = " ".join(f"`{choice}`" for choice in column.choices)
    required = "**必填**" if column.required else ""
    return f"| `{column.name}` | {forms()[column.type]} | {column.unit} | {required} | {choices} | {column.doc} |"


def main() -> None:
    """Write the page."""
    PAGE.write_text(table_reference(), encoding="utf-8")


if __name__ == "__main__":
    main()
