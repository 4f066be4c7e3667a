"""Writes the reference page of the node kinds from their docstrings: what is read there is what the code is held to.

Run as a program (`python -m tests.house.reference`) it renews docs/reference/nodes.md; a test proves that nothing is
left to renew.
"""

from __future__ import annotations

import inspect
from dataclasses import MISSING, Field, fields
from pathlib import Path

from meritdesk.rules import groups, nodes
from meritdesk.rules.nodes import Node
from meritdesk.rules.program import KINDS

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "nodes.md"
HEADER = """# 运算结点 · Node kinds

方案编译成一棵运算树，树的结点只有下面这些种类。每种结点的说明就是约定：精确读取器、列式读取器和独立核验程序各自照此实现，互不共用代码。
本页由结点的文档字符串生成（`python -m tests.house.reference`），有测试保证两者一致。

每种结点都有 `scale`（小数位数；标志恒为 0）、`label`（给人看的名称）和 `place`（在方案中的位置）。
"""
SILENT = {*(f.name for f in fields(Node)), "scale"}
"""Fields that every kind has; said once at the top."""


def node_reference() -> str:
    """Return the page: every kind in the order of its module, with its docstring and its own fields."""
    parts = [HEADER]
    for title, module in (("看本行 · Of one row", nodes), ("看全组 · Of a group of rows", groups)):
        parts += [f"## {title}\n", inspect.cleandoc(module.__doc__ or "") + "\n"]
        for name, kind in KINDS.items():
            if kind.__module__ == module.__name__:
                parts += [f"### {name}\n", inspect.cleandoc(kind.__doc__ or "") + "\n"]
                own = [_described(f) for f in fields(kind) if f.name not in SILENT]
                parts += ["\n".join(own) + "\n"] if own else []
    return "\n".join(parts)


def _described(f: Field[object]) -> str:
    """Return the line of one field: name, type and, where it may be left out, its default."""
    default = "" if f.default is MISSING else f" = {f.default!r}"
    return f"- `{f.name}: {f.type}{default}`"


def main() -> int:
    """Write the page."""
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(node_reference(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
