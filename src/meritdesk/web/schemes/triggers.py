"""Triggers by which the database itself refuses to change or delete a version that was published (R2f).

On SQLite they hold against INSERT OR REPLACE only with `recursive_triggers=ON` (set in the settings). Django drops the
triggers of a table that it rebuilds: such a migration must `install` again; tests/web/test_schemes_fixed.py finds out.
"""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper

TABLE = "schemes_schemeversion"
FIXED = (
    "scheme_id", "number", "text", "cases_text", "content_hash", "reason", "consultation", "consulted_on", "notice_on",
    "written_by_id", "submitted_by_id", "submitted_at", "published_by_id", "published_at",
)  # fmt: skip
MESSAGE = "a published version of a scheme is never changed or deleted"
_REFUSE = (
    "CREATE OR REPLACE FUNCTION scheme_version_refused() RETURNS trigger LANGUAGE plpgsql AS "
    f"$$ BEGIN RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
)


def _changes(differs: str) -> str:
    """Return the condition of a forbidden change; retiring is the one step that is left."""
    fields = " OR ".join(f"NEW.{field} {differs} OLD.{field}" for field in FIXED)
    back = "NEW.state NOT IN ('published', 'retired') OR (OLD.state = 'retired' AND NEW.state <> 'retired')"
    return f"OLD.state IN ('published', 'retired') AND ({fields} OR {back})"


def wanted(connection: BaseDatabaseWrapper) -> dict[str, str]:
    """Return name → statement of the triggers for this kind of database."""
    gone = "OLD.state IN ('published', 'retired')"
    if connection.vendor == "sqlite":
        abort = f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
        rules = {
            "scheme_version_unchanged": f"BEFORE UPDATE ON {TABLE} WHEN {_changes('IS NOT')} {abort}",
            "scheme_version_kept": f"BEFORE DELETE ON {TABLE} WHEN {gone} {abort}",
        }
    else:
        refuse = "EXECUTE FUNCTION scheme_version_refused()"
        changes = _changes("IS DISTINCT FROM")
        rules = {
            "scheme_version_unchanged": f"BEFORE UPDATE ON {TABLE} FOR EACH ROW WHEN ({changes}) {refuse}",
            "scheme_version_kept": f"BEFORE DELETE ON {TABLE} FOR EACH ROW WHEN ({gone}) {refuse}",
        }
    return {name: f"CREATE TRIGGER {name} {rule}" for name, rule in rules.items()}


def install(connection: BaseDatabaseWrapper) -> None:
    """Create the triggers anew."""
    remove(connection)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_REFUSE)
        for statement in wanted(connection).values():
            cursor.execute(statement)


def remove(connection: BaseDatabaseWrapper) -> None:
    """Take the triggers away; for migrations and for tests that tamper or empty the table."""
    with connection.cursor() as cursor:
        for name in wanted(connection):
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}" + ("" if connection.vendor == "sqlite" else f" ON {TABLE}"))


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """Return the names of the triggers that are not there."""
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if connection.vendor == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE tgenabled <> 'D'"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        there = {row[0] for row in cursor.fetchall()}
    return [name for name in wanted(connection) if name not in there]
