"""The demo company from the command line: built in one go, whole, checked, and built only once."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("demo")


def run(*arguments: object, code: int = 0) -> str:
    """Run a command of the product in a process of its own, with no settings but the defaults."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MERITDESK_")}
    done = subprocess.run(
        [sys.executable, "-m", "meritdesk", *map(str, arguments)],
        env={**kept, "PYTHONUTF8": "1"}, capture_output=True, text=True, encoding="utf-8",
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a demo company that was prepared and not served."""
    folder = tmp_path_factory.mktemp("demo") / "home"
    run("demo", "--no-serve", "--home", folder)
    return folder


def ask(home: Path, question: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(home / "meritdesk.sqlite3") as connection:
        return connection.execute(question).fetchall()


def test_six_closed_months_and_five_open_cycles(home: Path) -> None:
    states = [state for (state,) in ask(home, "select state from cycles_cycle order by id")]
    assert states == ["archived"] * 6 + ["collecting", "rating", "calibrating", "published", "published"]
    [(people,)] = ask(home, "select count(*) from people_person")
    assert 55 <= int(str(people)) <= 65
    assert ask(home, "select count(*) from cycles_calibrationcase where outcome = 'open'") >= [(1,)]
    assert ask(home, "select state from cycles_appeal order by id") == [("upheld",), ("open",)]
    [(before, after)] = ask(
        home,
        "select b.total, a.total from cycles_correction c join cycles_result b on b.id = c.before_id "
        "join cycles_result a on a.id = c.after_id",
    )
    assert int(str(after)) > int(str(before))


def test_everything_in_it_is_vouched_for(home: Path) -> None:
    assert "核验通过" in run("verify", "--home", home)


TAMPERINGS = {
    "result-altered": "update cycles_result set document = replace(document, '\"total\":\"8', '\"total\":\"9') "
    "where id = (select a.result_id from cycles_appraisal a join cycles_result r on r.id = a.result_id "
    "where r.document like '%\"total\":\"8%' limit 1)",
    "version-altered": "update schemes_schemeversion set text = replace(text, '[90, )', '[91, )')",
    "audit-changed": "update access_auditentry set new = '{}' where action = 'cycle.publish'",
}


def test_what_is_changed_behind_its_back_is_found(home: Path, tmp_path: Path) -> None:
    run("backup", "--home", home, tmp_path / "copy.zip")
    copy = tmp_path / "copy"
    run("restore", "--home", copy, tmp_path / "copy.zip")
    untouched = (copy / "meritdesk.sqlite3").read_bytes()
    for code, statement in TAMPERINGS.items():
        (copy / "meritdesk.sqlite3").write_bytes(untouched)
        with sqlite3.connect(copy / "meritdesk.sqlite3") as connection:
            triggers = connection.execute("select name, sql from sqlite_master where type = 'trigger'").fetchall()
            for name, _sql in triggers:
                connection.execute(f"drop trigger {name}")
            assert connection.execute(statement).rowcount >= 1
            for _name, sql in triggers:
                connection.execute(sql)
        assert code in run("verify", "--home", copy, code=1)


def test_the_accounts_on_the_sign_in_page_exist(home: Path) -> None:
    listed = json.loads((home / "demo-accounts.json").read_text(encoding="utf-8"))
    names = {name for (name,) in ask(home, "select username from access_user where is_active = 1")}
    assert len(listed) >= 10
    assert {account["username"] for account in listed} <= names
    assert len({account["role"] for account in listed}) >= 8


def test_it_is_built_once_and_never_over_something_else(home: Path, tmp_path: Path) -> None:
    before = ask(home, "select max(sequence) from access_auditentry")
    run("demo", "--no-serve", "--home", home)
    assert ask(home, "select max(sequence) from access_auditentry") == before
    (tmp_path / "thesis.txt").write_text("mine", encoding="utf-8")
    assert "not-a-demo" in run("demo", "--no-serve", "--home", tmp_path, code=2)
    assert (tmp_path / "thesis.txt").is_file()
