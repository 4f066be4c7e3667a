"""An installation from the command line: made, served, copied while people work, put back, and checked.

Runs real processes on a folder of its own. The long form (`-m long`) makes 100 copies under load.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

WRITER = """
import sys, itertools
from meritdesk.web import server
server.prepare()
from meritdesk.web.access.account_actions import do_create_account
for number in itertools.count():
    do_create_account(acting_user=None, username=f"w{sys.argv[1]}-{number}", name="写入")
    print(number, flush=True)
"""
COUNT = """
from meritdesk.web import server
server.prepare()
from meritdesk.web.access.models import AuditEntry, User
print(User.objects.count(), AuditEntry.objects.filter(target_type="access.user", action="create-account").count())
"""


def environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MERITDESK_")}
    return {**kept, "MERITDESK_HOME": str(home), "PYTHONUTF8": "1"}


def run(home: Path, *arguments: object, code: int = 0) -> str:
    """Run a command of the product on `home` and return what it printed."""
    command = [sys.executable, "-m", "meritdesk", *map(str, arguments)]
    done = subprocess.run(command, env=environment(home), capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def counts(home: Path) -> tuple[int, int]:
    """Return (accounts, audit entries of their making)."""
    done = subprocess.run([sys.executable, "-c", COUNT], env=environment(home), capture_output=True, text=True)
    users, entries = done.stdout.split()
    return int(users), int(entries)


def check_copies_under_load(folder: Path, copies: int) -> None:
    home = folder / "home"
    run(home, "init", "--home", home)
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(n)], env=environment(home), stdout=subprocess.PIPE)
        for n in range(2)
    ]
    try:
        for writer in writers:
            assert writer.stdout is not None
            writer.stdout.readline()  # it works
        for number in range(copies):
            before = counts(home)[0]
            copy, back = folder / f"copy-{number}.zip", folder / f"back-{number}"
            run(home, "backup", "--home", home, copy)
            assert "核验通过" in run(back, "restore", "--home", back, copy)
            users, entries = counts(back)
            assert users == entries >= before
            assert (back / "secret.key").stat().st_mode & 0o077 == 0
    finally:
        for writer in writers:
            writer.kill()
            writer.communicate()
    assert counts(home)[0] > before, "the writers were at work all the time"


def test_copies_under_load_are_whole(tmp_path: Path) -> None:
    check_copies_under_load(tmp_path, 2)


@pytest.mark.long
def test_a_hundred_copies_under_load_are_whole(tmp_path: Path) -> None:
    check_copies_under_load(tmp_path, 100)


def test_restore_overwrites_nothing_and_tells_a_foreign_file(tmp_path: Path) -> None:
    home, copy = tmp_path / "home", tmp_path / "copy.zip"
    run(home, "init", "--home", home)
    run(home, "backup", "--home", home, copy)
    assert "backup-exists" in run(home, "backup", "--home", home, copy, code=2)
    assert "not-empty" in run(home, "restore", "--home", home, copy, code=2)
    foreign = tmp_path / "foreign.zip"
    foreign.write_bytes(b"PK")
    assert "not-a-backup" in run(tmp_path / "new", "restore", "--home", tmp_path / "new", foreign, code=2)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_server_begins_answers_and_ends(tmp_path: Path) -> None:
    home, port = tmp_path / "home", free_port()
    command = [sys.executable, "-m", "meritdesk", "serve", "--home", str(home), "--port", str(port)]
    process = subprocess.Popen(
        command, env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8"
    )
    try:
        answer = ""
        for _attempt in range(150):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as response:
                    answer = response.read().decode()
                if '"status": "ok"' in answer:  # degraded until the worker lives
                    break
            except (urllib.error.URLError, ConnectionError):
                pass
            time.sleep(0.2)
        assert '"status": "ok"' in answer
        taken = run(home, "serve", "--home", home, "--port", port, "--no-worker", code=2)
        assert "port-not-usable" in taken
    finally:
        process.terminate()
        output, _errors = process.communicate(timeout=30)
    assert process.returncode == 0, output
    assert "已结束" in output
