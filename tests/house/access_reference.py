"""Writes the reference page of the access table: which role may do what, and which right each address demands.

Run as a program (`python -m tests.house.access_reference`) it renews docs/reference/access.md; a test proves that
nothing is left to renew.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "access.md"
HEADER = """# 权限表 · Access table

谁能做什么，只在两处写定：每项权限属于哪些角色，每个地址要求哪项权限；程序、测试和本页都由它们得出。
本页由程序生成（`python -m tests.house.access_reference`），有测试保证它与程序一致。

- 角色按范围授予：全公司、一个部门或一个班组；权限只及于该范围内的人。
- “本人”：任何在册的人都可用于自己的事。“受派”：可用于分派给自己的任务（评分表、申诉）。
- 看不到的一律与不存在相同（404）；地址不接受的方法是 405；未登录的转到登录页。
- 代办人在代办期间另有被代办人的角色，审计记两人。
- 人事、财务、审计员、系统管理员须用动态验证码登录（`MERITDESK_MFA=required`，演示除外）。

"""


def access_reference() -> str:
    """Return the page."""
    return HEADER + "\n".join([*_rights(), "", *_addresses(), ""])


def _rights() -> Iterator[str]:
    from meritdesk.web.access.rights import RIGHTS, Role

    yield from ("## 权限与角色 Rights and roles", "")
    columns = [role for role in Role if role is not Role.AGENT]
    yield "| 权限 Right | 含义 Meaning | 本人 Own | 受派 Assigned | " + " | ".join(str(r.label) for r in columns) + " |"
    yield "|---|---|" + ":-:|" * (len(columns) + 2)
    for name, right in RIGHTS.items():
        marks = [right.own, right.assigned, *(role in right.roles for role in columns)]
        yield f"| `{name}` | {right.title} | " + " | ".join("●" if mark else "" for mark in marks) + " |"


def _addresses() -> Iterator[str]:
    from meritdesk.web.access.routes import table

    yield from ("## 地址 Addresses", "", "| 地址 Address | 名称 Name | GET | POST |", "|---|---|---|---|")
    for rule in table():
        get, post = (_right(rule.rights.get(method, "")) for method in ("GET", "POST"))
        yield f"| `/{rule.pattern}` | `{rule.name}` | {get} | {post} |"


def _right(name: str) -> str:
    return {"": "", "public": "任何人", "signed-in": "已登录"}.get(name, f"`{name}`")


def main() -> None:
    """Write the page."""
    from tests import surroundings as surroundings  # a home that is not the project folder

    os.environ["DJANGO_SETTINGS_MODULE"] = "meritdesk.web.settings"
    import django

    django.setup()
    PAGE.write_text(access_reference(), encoding="utf-8")


if __name__ == "__main__":
    main()
