"""One family of problems: what is wrong, where, and how to mend it.

A `Problem` is a value, so that one run can report all of them; a `MeritdeskError` carries one or
more problems out of a call that cannot go on. This module imports nothing of the project.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is wrong or worth knowing.

    `code` is stable and lower-case with dashes (``weights-not-100``); `place` names the file and line, the
    sheet/row/column or the path inside the scheme; `message` says what is wrong in the reader's
    language; `fix` what to do about it; `why` what happens if nothing is done.
    """

    code: str
    place: str
    message: str
    fix: str = ""
    why: str = ""
    severity: Severity = "error"

    def __str__(self) -> str:
        parts = [f"{self.place}: {self.message}" if self.place else self.message]
        if self.fix:
            parts.append(f"→ {self.fix}")
        return " ".join(parts) + f" [{self.code}]"


class MeritdeskError(Exception):
    """Raised when a call cannot give a result; `problems` says why, each with its place."""

    def __init__(self, *problems: Problem) -> None:
        self.problems: Sequence[Problem] = problems
        super().__init__("\n".join(str(problem) for problem in problems))
