"""Large and odd input: a long file holds nobody up, and numbers that no database has are no server errors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from meritdesk.events import readers
from meritdesk.web.access.models import RoleGrant, User
from meritdesk.web.access.rights import Role
from meritdesk.web.cycles import staging
from meritdesk.web.cycles.actions.data import do_stage_files
from tests.web.cycle_company import build_cycle

SignIn = Callable[[User], Client]


def test_a_long_file_is_not_read_through_for_its_headings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is read inside the act that keeps it; afterwards the beginning once for each way of reading."""
    centre = build_cycle("open", data=False)
    seen: list[tuple[object, int]] = []
    real = readers.read

    def read(path: Path, options: readers.ReadOptions, *, name: str) -> readers.RawSheet:
        seen.append((options, path.stat().st_size))
        return real(path, options, name=name)

    monkeypatch.setattr(staging, "read", read)
    line = b"1,2,3,4\n"
    content = b"a,b,c,d\n" + line * (4 * staging.HEAD_BYTES // len(line))
    upload = SimpleUploadedFile("long.csv", content)
    do_stage_files(acting_user=centre.hr, cycle=centre.cycle, uploads=[upload])
    assert not seen
    (waiting,) = staging.waiting(centre.cycle)
    assert waiting.guess == ""
    assert waiting.size_bytes == len(content)
    assert seen
    assert len({options for options, _size in seen}) == len(seen)
    assert max(size for _options, size in seen) <= staging.HEAD_BYTES
    again = len(seen)
    staging.waiting(centre.cycle)
    assert len(seen) == again


def test_odd_numbers_are_no_server_errors(signed_in: SignIn, settings: Settings) -> None:
    """Digits of other scripts, numbers longer than any id, days at the end of time."""
    settings.MFA_REQUIRED = False
    centre = build_cycle("open", data=False)
    RoleGrant.objects.create(user=centre.hr, role=Role.ADMINISTRATOR)
    client, base = signed_in(User.objects.get(pk=centre.hr.pk)), f"/cycles/{centre.cycle.pk}/"
    person = centre.people["A0001"].pk
    for number in ("²", "9" * 30, "9" * 5000):
        for path, field in (
            ("/accounts/for-people/", "ids"), (f"{base}remind/", "ids"), (f"{base}raters/", "people_qa"),
            (f"{base}anomalies/", "who"), (f"/people/{person}/stay/", "version"), ("/language/", "next"),
        ):  # fmt: skip
            value = f"person:{number}" if field == "who" else number
            sent = {field: value, "role": "qa", "points": "1", "once": "x", "language": "en"}
            assert client.post(path, sent).status_code < 500, (path, number[:40])
        assert client.get("/people/calendar/", {"year": number}).status_code == 200
    assert client.get("/people/", {"day": "9999-12-31"}).status_code == 200
    asked = {"period": "free", "first_day": "2025-09-01", "last_day": "x", "scope": "", "scheme": ""}
    assert client.get("/cycles/new/", asked).status_code == 200
