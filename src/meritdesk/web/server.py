"""Runs the web part on one machine: database up to date, a worker beside the server, both ended together.

Larger installations run `meritdesk.web.wsgi` under any WSGI server and `meritdesk worker` as often as they like.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

SETTINGS = "meritdesk.web.settings"
CARE_SECONDS = 30


def prepare(home: Path | None = None) -> None:
    """Load Django with the settings of this machine; `home` says where everything lies."""
    if home is not None:
        os.environ["MERITDESK_HOME"] = str(home.absolute())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    import django

    django.setup()


def migrate() -> None:
    """Bring the database up to date and make the tables that the settings ask for."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)


def work(*, alone: bool) -> None:
    """Carry out background jobs until the process is ended. `alone`: no other worker lives on this database."""
    from django.core.management import call_command

    from meritdesk.web.jobs.queue import beat, recover

    recover(all_running=alone)
    beat()
    threading.Thread(target=_care, name="care", daemon=True).start()
    call_command("db_worker", interval=0.5, verbosity=0, startup_delay=False, reload=False)


def _care() -> None:
    """Look after what no page asks for: lost jobs, and the reminders of the day."""
    import logging

    from django.db import close_old_connections

    from meritdesk.web.jobs.queue import beat, recover
    from meritdesk.web.jobs.routine import run_due

    while True:
        time.sleep(CARE_SECONDS)
        try:
            beat()
            recover()
            run_due()
        except Exception:
            logging.getLogger("meritdesk.jobs").exception("routine work failed")
        finally:
            close_old_connections()


def serve(host: str, port: int, *, worker: bool, threads: int, ready: Callable[[], None] = lambda: None) -> None:
    """Serve pages until interrupted, then return; with `worker`, keep a worker process running beside it.

    `ready` is called when the port is open.
    """
    from django.conf import settings
    from waitress.server import create_server

    from meritdesk.web.wsgi import application

    proxies: dict[str, object] = {}
    if settings.PROXIES:
        headers = {"x-forwarded-for", "x-forwarded-proto"}
        proxies = {
            "trusted_proxy": "*", "trusted_proxy_count": settings.PROXIES, "trusted_proxy_headers": headers,
            "clear_untrusted_proxy_headers": True,
        }  # fmt: skip
    limits = {"threads": threads, "max_request_body_size": 2**28, "ident": None}
    server = create_server(application, host=host, port=port, **limits, **proxies)
    # On SQLite all work is done on this machine: what was cut off by a restart can begin again at once.
    alone = settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")
    keeper = _Keeper(alone=alone) if worker else None
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        ready()
        server.run()
    finally:
        if keeper:
            keeper.end()
        server.close()


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


class _Keeper:
    """Keeps one worker process alive; one that keeps dying is begun again more and more slowly."""

    def __init__(self, *, alone: bool) -> None:
        self.command = [sys.executable, "-m", "meritdesk", "worker", *(["--alone"] if alone else [])]
        self.over = threading.Event()
        self.process: subprocess.Popen[bytes] | None = None
        self.thread = threading.Thread(target=self._keep, name="keeper", daemon=True)
        self.thread.start()

    def _keep(self) -> None:
        pause = timedelta(seconds=1)
        while not self.over.is_set():
            begun = time.monotonic()
            self.process = subprocess.Popen(self.command)
            self.process.wait()
            lived = time.monotonic() - begun
            pause = timedelta(seconds=1) if lived > 60 else min(pause * 2, timedelta(seconds=30))
            self.over.wait(pause.total_seconds())

    def end(self) -> None:
        """End the worker and wait for it: a job under way is finished first, for ten seconds at most."""
        self.over.set()
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
