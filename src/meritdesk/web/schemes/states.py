"""What can be done with a version of a scheme, and where it stands afterwards. The guards are in the actions."""

from __future__ import annotations

from collections.abc import Mapping

from meritdesk.language import _
from meritdesk.web.access.actions import Refused
from meritdesk.web.schemes.models import SchemeVersion
from meritdesk.web.ui.text import lazy

State = SchemeVersion.State

STEPS: Mapping[tuple[str, str], tuple[State, str]] = {
    (State.DRAFT, "edit"): (State.DRAFT, "schemes.write"),
    (State.DRAFT, "submit"): (State.SUBMITTED, "schemes.write"),
    (State.SUBMITTED, "take_back"): (State.DRAFT, "schemes.write"),
    (State.SUBMITTED, "send_back"): (State.DRAFT, "schemes.publish"),
    (State.SUBMITTED, "publish"): (State.PUBLISHED, "schemes.publish"),
    (State.PUBLISHED, "retire"): (State.RETIRED, "schemes.publish"),
}
"""(state, step) → (state afterwards, right it takes)."""

NAMES = {
    State.DRAFT: lazy("草稿"),
    State.SUBMITTED: lazy("待审核"),
    State.PUBLISHED: lazy("已发布"),
    State.RETIRED: lazy("已停用"),
}


def after(version: SchemeVersion, step: str) -> State:
    """Return where a step leads; Refused where it cannot be taken."""
    found = STEPS.get((version.state, step))
    if found is None:
        name = NAMES[State(version.state)]
        raise Refused("wrong-state", _("这个版本{state}，不能这样做").format(state=name), _("刷新页面看看现在的状态"))
    return found[0]
