"""Meritdesk (客服绩效): from a contact centre's records and people's judgement to scores, grades and pay.

The public door: `load_scheme`, `check`, `appraise`; `meritdesk.explain` explains. Heavy parts are imported
when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from meritdesk.pipeline import appraise
    from meritdesk.scheme.check import check
    from meritdesk.scheme.load import load_scheme

__all__ = ["appraise", "check", "load_scheme"]

_HOMES = {
    "appraise": "meritdesk.pipeline",
    "check": "meritdesk.scheme.check",
    "load_scheme": "meritdesk.scheme.load",
}


def __getattr__(name: str) -> Any:
    """Return a public function, importing its module now."""
    if name not in _HOMES:
        raise AttributeError(f"module 'meritdesk' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
