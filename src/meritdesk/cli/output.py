"""How commands speak: progress on a terminal, problems in one form, tables and JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _

MANY = 20
"""Problems printed one by one before the rest is only counted."""


@contextmanager
def report_errors() -> Iterator[None]:
    """Print the problems of a MeritdeskError and leave with exit code 2."""
    try:
        yield
    except MeritdeskError as error:
        print_problems(error.problems)
        sys.exit(2)


def print_problems(problems: Sequence[Problem]) -> None:
    """Write problems to standard error, the first `MANY` in full."""
    marks = {"error": ("✗", "red"), "warning": ("!", "yellow"), "info": ("·", "cyan")}
    for problem in problems[:MANY]:
        mark, colour = marks[problem.severity]
        click.secho(f"{mark} {problem}", fg=colour, err=True)
    if len(problems) > MANY:
        click.echo(_("… 另有 {n} 条").format(n=len(problems) - MANY), err=True)


@contextmanager
def progress() -> Iterator[Any]:
    """Yield a function that says what is being done: a spinner on a terminal, lines elsewhere, on standard error."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda text: click.echo(f"· {text}", err=True)
        return
    with console.status("…") as status:
        yield lambda text: status.update(escape(text))


def as_json(value: object) -> None:
    """Print a value as JSON; decimals as text, so that no digit is lost."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=_json))


def _json(value: object) -> object:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    return str(value)


def table(headings: Sequence[str], rows: Iterable[Sequence[object]], *, numbers: Sequence[int] = ()) -> None:
    """Print a table; the columns `numbers` are right-aligned. Off a terminal it is as wide as it needs to be."""
    console = Console(width=None if sys.stdout.isatty() else 200)
    built = Table(box=None, pad_edge=False, header_style="bold")
    for position, heading in enumerate(headings):
        built.add_column(heading, justify="right" if position in numbers else "left", overflow="fold")
    for row in rows:
        built.add_row(*("—" if cell is None else escape(str(cell)) for cell in row))
    console.print(built)
