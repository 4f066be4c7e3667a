"""What an account has to do, and the figures of its scope; a fixed number of queries whatever the number of people."""

from __future__ import annotations

from meritdesk.web.access.models import User
from meritdesk.web.home.queries.work.cycles import busy_cycles, cycle_todos
from meritdesk.web.home.queries.work.desk import desk_todos
from meritdesk.web.home.queries.work.figures import Figure, figures_of
from meritdesk.web.home.queries.work.own import own_appraisals, own_todos, rating_todos
from meritdesk.web.home.queries.work.todo import Todo, in_order

__all__ = ["Figure", "Todo", "work_of"]


def work_of(user: User) -> tuple[list[Todo], list[Figure]]:
    """Return what the account has to do, the most urgent first, and the figures of its scope."""
    own, cycles = own_appraisals(user), busy_cycles(user)
    todos = [*own_todos(own), *rating_todos(user), *cycle_todos(user, cycles), *desk_todos(user)]
    return in_order(todos), figures_of(user, own, cycles)
