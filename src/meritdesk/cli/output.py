"""How commands speak: progress on a terminal, problems in one form, tables and JSON."""

from __future__ import annotations

import json
import sys
from collections import Counter
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
FEW = 4
"""Problems of one kind printed before the rest of that kind is only counted."""
UNBOUNDED = 100_000
"""Width of a table that goes into a pipe or a file: lines are never folded there."""
INTERRUPTED = 130


@contextmanager
def report_errors() -> Iterator[None]:
    """Print what went wrong and leave: 2 when it could not be done, 130 when it was interrupted."""
    try:
        yield
    except MeritdeskError as error:
        print_problems(error.problems)
        sys.exit(2)
    except BrokenPipeError:  # the reader of a pipe has gone; click leaves quietly
        raise
    except OSError as error:
        print_problems([_file_problem(error)])
        sys.exit(2)
    except KeyboardInterrupt:
        click.echo(_("已中断"), err=True)
        sys.exit(INTERRUPTED)


def _file_problem(error: OSError) -> Problem:
    messages = {
        PermissionError: _("没有权限读写，或文件正被别的程序打开"),
        FileExistsError: _("这里已有一个同名的文件，不能建立文件夹"),
        NotADirectoryError: _("这里已有一个同名的文件，不能建立文件夹"),
        FileNotFoundError: _("没有这个文件"),
        IsADirectoryError: _("这是一个文件夹，不是文件"),
    }
    return Problem(
        code="file-not-usable",
        place=str(error.filename or ""),
        message=messages.get(type(error), error.strerror or str(error)),
        fix=_("检查路径和权限，关闭打开着的文件，或换一个位置"),
    )


def print_problems(problems: Sequence[Problem]) -> None:
    """Write problems to standard error, errors first: of each kind the first few, of all at most `MANY`."""
    marks = {"error": ("✗", "red"), "warning": ("!", "yellow"), "info": ("·", "cyan")}
    ordered = sorted(problems, key=lambda problem: list(marks).index(problem.severity))
    of_kind = Counter(problem.code for problem in ordered)
    shown: Counter[str] = Counter()
    for problem in ordered:
        if sum(shown.values()) == MANY:
            break
        if of_kind[problem.code] > FEW + 1 and shown[problem.code] == FEW:
            continue
        shown[problem.code] += 1
        mark, colour = marks[problem.severity]
        click.secho(f"{mark} {problem}", fg=colour, err=True)
        left = of_kind[problem.code] - FEW
        if left > 1 and shown[problem.code] == FEW:
            click.echo(_("  … 同类另有 {n} 条，见工作簿“问题”页").format(n=left), err=True)
    hidden = sum(1 for code, n in of_kind.items() for _k in range(n) if not shown[code])
    if hidden:
        click.echo(_("… 另有 {n} 条").format(n=hidden), err=True)


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
    console = Console(width=None if sys.stdout.isatty() else UNBOUNDED)
    built = Table(box=None, pad_edge=False, header_style="bold")
    for position, heading in enumerate(headings):
        built.add_column(heading, justify="right" if position in numbers else "left", overflow="fold")
    for row in rows:
        built.add_row(*("—" if cell is None else escape(str(cell)) for cell in row))
    with console.capture() as captured:
        console.print(built)
    click.echo("\n".join(line.rstrip() for line in captured.get().splitlines()))
