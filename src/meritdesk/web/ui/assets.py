"""Addresses of static files, each with a short hash of its content, so that browsers keep a file until it changes."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.core.checks import Error, register
from django.templatetags.static import static

NEEDED = ("vendor/tabler.min.css", "vendor/echarts.min.js", "django_htmx/htmx-2.min.js", "ui/app.css", "ui/app.js")


@cache
def address(path: str) -> str:
    """Return the address of the static file `path`, with ?v=<hash>; without a hash where the file is absent."""
    found = finders.find(path)
    if not isinstance(found, str):
        return static(path)
    return f"{static(path)}?v={hashlib.sha256(Path(found).read_bytes()).hexdigest()[:10]}"


@register()
def fetched_files_are_there(**_options: Any) -> list[Error]:
    """Report static files that pages need and that are absent (they are fetched when the project is installed)."""
    return [
        Error(f"static file {path} is absent", hint="Install again: pip install -e . or the wheel.", id="ui.E001")
        for path in NEEDED
        if not finders.find(path)
    ]
