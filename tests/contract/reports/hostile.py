"""Fourteen beginnings that a spreadsheet takes, or could be led to take, for a formula (check B4)."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

from meritdesk.results import Results

PREFIXES = ("=", "+", "-", "@", "\t=", "\r=", "\n=", "＝", "＋", "－", "＠", " =", "\ufeff=", "\u200b=")


def poisoned(results: Results, prefix: str) -> Results:
    """Return `results` with every text of people, scores, pay, problems and files beginning with `prefix`."""
    return replace(
        results,
        appraisals=tuple(_poison(a, prefix) for a in results.appraisals),
        problems=tuple(_poison(p, prefix) for p in results.problems),
        run=_poison(results.run, prefix),
        data_report=tuple(dict.fromkeys(row, f"{prefix}1") for row in results.data_report),
    )


# What the records themselves rely on: keys, closed lists of words.
_KEPT = {"state", "status", "severity", "grade", "threshold_grade", "role", "unit", "id"}


def _poison(value: Any, prefix: str) -> Any:
    if isinstance(value, str):
        return f"{prefix}HYPERLINK(1)"
    if is_dataclass(value) and not isinstance(value, type):
        changed = {f.name: _poison(getattr(value, f.name), prefix) for f in fields(value) if f.name not in _KEPT}
        return replace(value, **changed)
    if isinstance(value, tuple):
        return tuple(_poison(part, prefix) for part in value)
    return value
