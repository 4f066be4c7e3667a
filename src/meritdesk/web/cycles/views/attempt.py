"""How a view does an act: what is refused is shown beside the form; what was done before counts as done."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.web.access.actions import AlreadyDone


def attempt(act: Callable[[], object]) -> Sequence[Problem]:
    """Do an act and return why it was refused; nothing when it was done, now or by the same form before."""
    try:
        act()
    except MeritdeskError as error:
        return problems_of(error)
    return ()


def problems_of(error: MeritdeskError) -> Sequence[Problem]:
    """Return why an act was refused; nothing when the same form had done it before."""
    return () if isinstance(error, AlreadyDone) else error.problems
