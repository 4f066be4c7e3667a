"""Copies of everything the web part keeps, and the way back.

The database is copied first, as one state (SQLite: VACUUM INTO; PostgreSQL: pg_dump), then the files it names: files
are written before the database speaks of them and never changed, so the copy is whole even while people work. The
secret key goes with it, because without it the audit chain cannot be checked: keep the copy as safe as the original.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
import zipfile
from importlib.metadata import version
from pathlib import Path

from django.conf import settings
from django.db import connection

from meritdesk.errors import MeritdeskError, Problem
from meritdesk.language import _

NOTE, SQLITE, DUMP = "meritdesk-backup.json", "meritdesk.sqlite3", "database.dump"
LEFT_OUT = {"uploads", "demo-accounts.json"}
"""What expires by itself, and what only the demo has."""


def back_up(file: Path) -> int:
    """Write a copy of everything to `file` (a zip, readable by the owner only); return how many files it holds.

    MeritdeskError if the file exists already or the database's own tool is missing.
    """
    if file.exists():
        raise _problem("backup-exists", str(file), _("这个文件已经存在"), _("换一个文件名"))
    part = file.with_name(file.name + ".part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    count = 0
    with os.fdopen(descriptor, "wb") as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        with tempfile.TemporaryDirectory(dir=file.parent, prefix=".meritdesk-") as folder:
            archive.write(_database_copy(Path(folder)), SQLITE if connection.vendor == "sqlite" else DUMP)
        for path in sorted(Path(settings.HOME).rglob("*")):
            name = path.relative_to(settings.HOME)
            if path.is_file() and name.parts[0] not in LEFT_OUT and not name.parts[0].startswith(SQLITE):
                archive.write(path, f"files/{name.as_posix()}")
                count += 1
        note = {"version": version("meritdesk"), "database": connection.vendor, "files": count}
        archive.writestr(NOTE, json.dumps(note))
    part.replace(file)
    return count


def _database_copy(folder: Path) -> Path:
    if connection.vendor == "sqlite":
        target = folder / SQLITE
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(target)])
        return target
    return _dumped(folder / DUMP)


def _dumped(target: Path) -> Path:
    if shutil.which("pg_dump") is None:
        message = _("本机没有 pg_dump")
        raise _problem("no-pg-dump", "PATH", message, _("安装 PostgreSQL 客户端程序，或由数据库管理员备份"))
    done = subprocess.run(
        ["pg_dump", "--format=custom", "--no-owner", f"--file={target}"],
        env=_database_environment(), capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        raise _problem("pg-dump-failed", "pg_dump", done.stderr.strip(), _("按提示修正后重试"))
    return target


def _database_environment() -> dict[str, str]:
    """Return the environment with which PostgreSQL's own programs find the database."""
    database = settings.DATABASES["default"]
    names = {"PGDATABASE": "NAME", "PGUSER": "USER", "PGPASSWORD": "PASSWORD", "PGHOST": "HOST", "PGPORT": "PORT"}
    return {**os.environ, **{name: str(database[key]) for name, key in names.items() if database.get(key)}}


def restore(file: Path) -> int:
    """Put a copy back into an empty MERITDESK_HOME (and an empty PostgreSQL database); return how many files.

    MeritdeskError if something is there already, or the file is no backup: nothing is overwritten.
    """
    home = Path(settings.HOME)
    there = [path for path in home.iterdir() if path.name != "secret.key"] if home.exists() else []
    there = [path for path in there if not (path.name.startswith(SQLITE) and path.stat().st_size == 0)]
    if there:
        message = _("这里已有数据：{names}").format(names="、".join(p.name for p in there[:3]))
        raise _problem("not-empty", str(home), message, _("恢复到空文件夹"))
    try:
        archive = zipfile.ZipFile(file)
        note = json.loads(archive.read(NOTE))
    except (OSError, KeyError, zipfile.BadZipFile, json.JSONDecodeError) as error:
        message = _("不是 Meritdesk 的备份文件")
        raise _problem("not-a-backup", str(file), message, _("选择 meritdesk backup 写出的文件")) from error
    if note["database"] != connection.vendor:
        message = _("备份来自 {kind} 数据库，当前设置不是").format(kind=note["database"])
        raise _problem("other-database", str(file), message, _("把 MERITDESK_DATABASE 设为同类数据库"))
    connection.close()
    home.mkdir(parents=True, exist_ok=True)
    with archive:
        for entry in archive.infolist():
            if entry.filename.startswith("files/"):
                _put(archive, entry, home / entry.filename.removeprefix("files/"), home)
        _put_database(archive, home)
    return int(note["files"])


def _put(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, home: Path) -> None:
    if home.resolve() not in target.resolve().parents:
        raise _problem("not-a-backup", entry.filename, _("备份文件中的路径不合法"), _("不要使用这个文件"))
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(entry) as source, target.open("wb") as file:
        shutil.copyfileobj(source, file)
    if target.name == "secret.key":
        target.chmod(0o600)


def _put_database(archive: zipfile.ZipFile, home: Path) -> None:
    if connection.vendor == "sqlite":
        target = home / SQLITE
        target.write_bytes(archive.read(SQLITE))
        found = sqlite3.connect(target)
        try:
            state = found.execute("PRAGMA integrity_check").fetchone()[0]
        finally:
            found.close()
        if state != "ok":
            raise _problem("database-damaged", SQLITE, str(state), _("改用另一份备份"))
        return
    with tempfile.TemporaryDirectory() as folder:
        dump = Path(archive.extract(DUMP, folder))
        done = subprocess.run(
            ["pg_restore", "--no-owner", "--exit-on-error", "--single-transaction", "--dbname", _name(), str(dump)],
            env=_database_environment(), capture_output=True, text=True,
        )  # fmt: skip
    if done.returncode:
        raise _problem("pg-restore-failed", "pg_restore", done.stderr.strip(), _("恢复到空数据库"))


def _name() -> str:
    return str(settings.DATABASES["default"]["NAME"])


def _problem(code: str, place: str, message: str, fix: str) -> MeritdeskError:
    return MeritdeskError(Problem(code=code, place=place, message=message, fix=fix))
