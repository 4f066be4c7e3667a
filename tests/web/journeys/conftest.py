"""The office of the journeys: the web application served on a database file of its own, and browsers to use it.

On SQLite each journey works on a copy of the migrated test database, in a file: the server's threads then have
connections of their own, as in use. On PostgreSQL the test database itself is used, and emptied afterwards.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.db import connection, connections
from django.db.utils import load_backend
from playwright.sync_api import Browser
from pytest_django import Settings

from tests.web.journeys.office import Clock, Office

FAST = "PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF; PRAGMA recursive_triggers=ON;"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the journeys use real transactions: the server's threads must see what the test wrote."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.django_db(transaction=True))


class _Silent(WSGIRequestHandler):
    """Answers without a line for each request."""

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""


@pytest.fixture
def own_database(_database: None, tmp_path: Path) -> Iterator[None]:
    """Put a copy in a file in the place of an SQLite database in memory, for this thread and those of the server.

    On both databases this thread has a connection of its own: what the test writes is not taken for a request's.
    """
    usual = connections["default"]
    settings = usual.settings_dict
    if usual.vendor == "sqlite":
        path = tmp_path / "journey.sqlite3"
        usual.ensure_connection()
        copy = sqlite3.connect(path)
        usual.connection.backup(copy)
        copy.close()
        settings = {**settings, "NAME": str(path), "OPTIONS": {**settings["OPTIONS"], "init_command": FAST}}
    before = connections.settings["default"]
    connections.settings["default"] = settings
    own = load_backend(settings["ENGINE"]).DatabaseWrapper(settings, "default")
    connections["default"] = own
    try:
        yield
    finally:
        own.close()
        connections.settings["default"] = before
        connections["default"] = usual


@pytest.fixture
def office(
    own_database: None, browser: Browser, settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> Iterator[Office]:
    """Serve the application, its clock in the test's hand; at the end nothing may have gone wrong in any browser."""
    caplog.set_level(logging.WARNING, "meritdesk.request")
    clock = Clock()
    server = ThreadedWSGIServer(("127.0.0.1", 0), _Silent)
    server.set_app(WSGIHandler())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    shots = Path(os.environ.get("MERITDESK_SHOTS", tmp_path / "shots"))
    shots.mkdir(parents=True, exist_ok=True)
    with patch("django.utils.timezone.now", clock):
        thread.start()
        made = Office(browser, f"http://127.0.0.1:{server.server_address[1]}", clock, shots)
        try:
            yield made
        finally:
            made.close()
            server.shutdown()
            server.server_close()
            thread.join()
    connection.close()
    assert not made.faults, "wrong in the browser:\n" + "\n".join(made.faults)
