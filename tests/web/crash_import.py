"""kill -9 at random instants of an import (D1): nothing, or all of it, and begun again everything once.

    python -m tests.web.crash_import [--rounds N] [--negative]

Every round works on a copy of a folder with files waiting to be read. A process of its own reads and attaches them and
is killed; then nothing may be attached in part, and the same work begun again must attach every file once.
`--negative` attaches file by file, each in a transaction of its own, and must be caught. Long form: `--rounds 300`.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FILES = 3
CHOICES = "choices.json"


def surroundings(home: Path) -> dict[str, str]:
    """Return the environment of a process that works in a folder."""
    given = {key: value for key, value in os.environ.items() if not key.startswith("MERITDESK_")}
    return given | {
        "MERITDESK_HOME": str(home), "MERITDESK_SECRET_KEY": "k" * 60, "MERITDESK_MFA": "optional",
        "DJANGO_SETTINGS_MODULE": "meritdesk.web.settings",
    }  # fmt: skip


def begin(home: Path, *words: str) -> subprocess.Popen[bytes]:
    """Begin this module inside a folder."""
    command = [sys.executable, "-m", "tests.web.crash_import", "inside", *words]
    return subprocess.Popen(command, env=surroundings(home), stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def finish(home: Path, *words: str) -> str:
    """Run this module inside a folder to its end and return what it printed."""
    out, err = (process := begin(home, *words)).communicate()
    assert process.returncode == 0, f"{words}: {out.decode()}\n{err.decode()[-3000:]}"
    return out.decode()


def inside(words: list[str]) -> None:
    """What the processes of a round do: build, attach, look."""
    import django

    django.setup()
    if words[0] == "build":
        _build()
    elif words[0] == "look":
        _look()
    else:
        _attach(piecewise="piecewise" in words)


def _build() -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile
    from django.core.management import call_command

    from meritdesk.web.cycles import staging
    from meritdesk.web.cycles.actions.data import do_stage_files
    from tests.web.cycle_company import build_cycle, sample_folder

    call_command("migrate", verbosity=0)
    centre = build_cycle("open", data=False)
    patterns = ("通话记录*", "满意度*", "投诉台账*", "*.mapping.yaml")
    paths = [path for pattern in patterns for path in sorted(sample_folder(2, 3).glob(pattern))]
    uploads = [SimpleUploadedFile(path.name, path.read_bytes()) for path in paths]
    do_stage_files(acting_user=centre.hr, cycle=centre.cycle, uploads=uploads)
    choices = {file.name: file.guess for file in staging.waiting(centre.cycle)}
    (Path(os.environ["MERITDESK_HOME"]) / CHOICES).write_text(json.dumps(choices), encoding="utf-8")


def _attach(*, piecewise: bool) -> None:
    from meritdesk.web.access.models import User
    from meritdesk.web.cycles.actions.data import attach_files
    from meritdesk.web.cycles.models import Cycle

    cycle, hr = Cycle.objects.get(), User.objects.get(username="H01")
    choices = json.loads((Path(os.environ["MERITDESK_HOME"]) / CHOICES).read_text(encoding="utf-8"))
    _say("begin")
    for part in [{name: choice} for name, choice in choices.items()] if piecewise else [choices]:
        attach_files(cycle, part, acting_user=hr)
    _say("done")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _look() -> None:
    """Print how many files the database has, how many batches count, how many entries tell of an import."""
    from meritdesk.web.access.models import AuditEntry
    from meritdesk.web.cycles.inputs import batches_of
    from meritdesk.web.cycles.models import Cycle, DataFile

    listed = [batch.id for batch in batches_of(Cycle.objects.get())]
    files = list(DataFile.objects.values_list("batch", flat=True))
    assert len(set(listed)) == len(listed), "a batch twice"
    assert set(files) <= set(listed), "a file without its data"
    acts = AuditEntry.objects.filter(action="cycle.files.attach").count()
    _say(f"{len(files)} {len(listed)} {acts}")


def rounds(number: int, *, negative: bool = False, seed: int = 1) -> dict[str, int]:
    """Run the rounds; return how often nothing and all was attached; AssertionError when it was anything else."""
    chance, counts = random.Random(seed), {"nothing": 0, "all": 0}
    folder = Path(tempfile.mkdtemp(prefix="meritdesk-crash-"))
    more = ("piecewise",) if negative else ()
    try:
        base = folder / "base"
        base.mkdir()
        finish(base, "build")
        shutil.copytree(base, folder / "timed")
        process = begin(folder / "timed", "attach", *more)
        assert process.stdout is not None
        process.stdout.readline()
        started = time.monotonic()
        process.communicate()
        longest = time.monotonic() - started
        for turn in range(number):
            home = folder / f"round-{turn}"
            shutil.copytree(base, home)
            process = begin(home, "attach", *more)
            assert process.stdout is not None
            assert process.stdout.readline().strip() == b"begin"
            time.sleep(chance.random() * longest)
            process.send_signal(signal.SIGKILL)
            process.communicate()
            files, listed, acts = map(int, finish(home, "look").split())
            assert (files, acts) in ((0, 0), (FILES, 1)), f"half done: {files} files, {acts} entries"
            assert listed == files, f"half done: {listed} batches"
            counts["all" if files else "nothing"] += 1
            finish(home, "attach", *more)
            files, listed, _acts = map(int, finish(home, "look").split())
            assert (files, listed) == (FILES, FILES), f"begun again: {files} files, {listed} batches"
            shutil.rmtree(home)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return counts


if __name__ == "__main__":
    if sys.argv[1:2] == ["inside"]:
        inside(sys.argv[2:])
    else:
        parser = argparse.ArgumentParser(description=__doc__)
        parser.add_argument("--rounds", type=int, default=5)
        parser.add_argument("--negative", action="store_true")
        asked = parser.parse_args()
        _say(str(rounds(asked.rounds, negative=asked.negative)))
