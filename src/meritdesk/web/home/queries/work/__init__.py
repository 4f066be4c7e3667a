"""What an account has to do, and the figures of its scope; a fixed number of queries whatever the number of people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from meritdesk.web.access.models import User
from meritdesk.web.home.queries.work.cycles import busy_cycles, cycle_todos
from meritdesk.web.home.queries.work.desk import desk_todos
from meritdesk.web.home.queries.work.figures import Figure, figures_of
from meritdesk.web.home.queries.work.first_steps import FirstStep, first_steps
from meritdesk.web.home.queries.work.own import own_appraisals, own_todos, rating_todos
from meritdesk.web.home.queries.work.todo import Todo, in_order

__all__ = ["Figure", "FirstStep", "Todo", "Work", "work_of"]


@dataclass(frozen=True)
class Work:
    """What an account has to do, the most urgent first; the first steps of a new company; figures of its scope."""

    todos: Sequence[Todo]
    first_steps: Sequence[FirstStep]
    figures: Sequence[Figure]


def work_of(user: User) -> Work:
    """Return what the home page of an account shows."""
    own, cycles = own_appraisals(user), busy_cycles(user)
    todos = [*own_todos(own), *rating_todos(user), *cycle_todos(user, cycles), *desk_todos(user)]
    return Work(in_order(todos), first_steps(user, cycles), figures_of(user, own, cycles))
