"""The entries of the navigation, by task. Whether somebody sees one is read off the access table, never written here.

An entry whose address does not exist, or whose right the account lacks, is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.urls import reverse

from meritdesk.web.access.models import User
from meritdesk.web.access.reach import has_right, reach
from meritdesk.web.access.rights import PUBLIC, RIGHTS, SIGNED_IN
from meritdesk.web.access.routes import table
from meritdesk.web.ui.text import lazy


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A link: `url_name` is the address it leads to; `prefixes` are names of pages that lie under it."""

    title: Any
    url_name: str
    icon: str = ""
    others_only: bool = False
    """Only for accounts that reach others under the right, not merely themselves."""
    own_only: bool = False
    """Only for accounts that are a person on the roster."""
    counted: str = ""
    """Which of the frame's counts stands beside it; with `needs_count`, nothing is shown while it is 0."""
    needs_count: bool = False
    under: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Group:
    """A task with its pages."""

    title: Any
    icon: str
    entries: tuple[Entry, ...]


UNDER_CYCLES = ("cycle", "anomal", "calibrat", "review", "publish", "close", "archive", "invitation")
UNDER_RESULTS = ("result", "sign", "interview", "witness")
HOME = Entry(title=lazy("工作台"), url_name="home", icon="home")
GROUPS = (
    Group(
        title=lazy("考核"),
        icon="board",
        entries=(
            Entry(title=lazy("考核周期"), url_name="cycles", others_only=True, under=UNDER_CYCLES),
            Entry(title=lazy("我的目标"), url_name="targets-mine", own_only=True),
            Entry(title=lazy("我要评分"), url_name="ratings", counted="ratings", needs_count=True, under=("rating",)),
            Entry(title=lazy("申诉"), url_name="appeals", under=("appeal", "correction")),
            Entry(title=lazy("平时记录"), url_name="notes", under=("note",)),
        ),
    ),
    Group(
        title=lazy("结果"),
        icon="trend",
        entries=(
            Entry(title=lazy("我的结果"), url_name="my-results", own_only=True, under=UNDER_RESULTS),
            Entry(title=lazy("团队结果"), url_name="team-results", others_only=True),
        ),
    ),
    Group(
        title=lazy("方案"),
        icon="scale",
        entries=(
            Entry(title=lazy("考核方案"), url_name="schemes", under=("scheme",)),
        ),
    ),
    Group(
        title=lazy("组织"),
        icon="building",
        entries=(
            Entry(title=lazy("人员"), url_name="people", under=("people", "person", "assignment")),
            Entry(title=lazy("部门与班组"), url_name="organisation", under=("department", "team-edit", "position")),
        ),
    ),
    Group(
        title=lazy("设置"),
        icon="settings",
        entries=(
            Entry(title=lazy("账号"), url_name="accounts", under=("account",)),
            Entry(title=lazy("代办"), url_name="delegations", under=("delegation",)),
            Entry(title=lazy("审计"), url_name="audit", under=("audit",)),
            Entry(title=lazy("工作日历"), url_name="calendar", under=("calendar",)),
        ),
    ),
)
TABS = (
    Entry(title=lazy("待办"), url_name="home", icon="check"),
    Entry(title=lazy("我的结果"), url_name="my-results", icon="trend", own_only=True),
    Entry(title=lazy("团队"), url_name="team-results", icon="users", others_only=True),
    Entry(title=lazy("我"), url_name="me", icon="user"),
)
MENU = (
    Entry(title=lazy("我的账号"), url_name="me", icon="user"),
    Entry(title=lazy("我的数据"), url_name="my-data", icon="data"),
    Entry(title=lazy("修改密码"), url_name="account_change_password", icon="lock"),
    Entry(title=lazy("两步验证"), url_name="mfa_index", icon="shield"),
    Entry(title=lazy("安排代办"), url_name="delegations", icon="users"),
)


@cache
def _rights() -> Mapping[str, str]:
    """Return the right that GET demands of every address without parameters, by name."""
    return {
        rule.name: rule.rights["GET"]
        for rule in table()
        if rule.name and "GET" in rule.rights and "<" not in rule.pattern
    }


def visible(user: User, entry: Entry) -> bool:
    """Return whether an account sees an entry: its address exists, and the access table lets the account in."""
    right = _rights().get(entry.url_name)
    if right is None or (entry.own_only and user.person_id is None):
        return False
    if right in (PUBLIC, SIGNED_IN):
        return True
    if not has_right(user, right):
        return False
    if entry.others_only and not RIGHTS[right].assigned:
        scope = reach(user, right)
        return bool(scope.everybody or scope.departments or scope.teams)
    return True


def navigation(user: User, here: str, counts: Mapping[str, int]) -> list[dict[str, object]]:
    """Return the groups of an account for `ui/frame/navigation.html`; `here` is the name of the present address."""
    shown: list[dict[str, object]] = []
    chosen = _active(here)
    if visible(user, HOME):
        shown.append(_link(HOME, chosen, counts))
    for group in GROUPS:
        links = [_link(entry, chosen, counts) for entry in group.entries if _wanted(user, entry, chosen, counts)]
        if links:
            shown.append({"title": group.title, "icon": group.icon, "children": links})
    return shown


def tabs(user: User, here: str, counts: Mapping[str, int]) -> list[dict[str, object]]:
    """Return the tabs at the foot of a phone."""
    chosen = _active(here)
    return [_link(entry, chosen, counts) for entry in TABS if visible(user, entry)]


def menu(user: User) -> list[dict[str, object]]:
    """Return the entries under the person's name."""
    return [_link(entry, "", {}) for entry in MENU if visible(user, entry)]


def _wanted(user: User, entry: Entry, chosen: str, counts: Mapping[str, int]) -> bool:
    empty = entry.needs_count and not counts.get(entry.counted) and entry.url_name != chosen
    return not empty and visible(user, entry)


def _active(here: str) -> str:
    """Return the name of the entry under which the present page lies: the one with the longest name that fits."""
    entries = [HOME, *(entry for group in GROUPS for entry in group.entries)]
    if any(entry.url_name == here for entry in entries):
        return here
    fitting = [(len(start), entry.url_name) for entry in entries for start in entry.under if here.startswith(start)]
    return max(fitting)[1] if fitting else here


def _link(entry: Entry, chosen: str, counts: Mapping[str, int]) -> dict[str, object]:
    return {
        "title": entry.title,
        "url": reverse(entry.url_name),
        "icon": entry.icon,
        "active": entry.url_name == chosen,
        "count": counts.get(entry.counted, 0) if entry.counted else 0,
    }
