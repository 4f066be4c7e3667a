"""The database itself refuses to change or delete a version that was published (R2f): whoever asks, by whatever way.

Rebuilding the table (SQLite does it for some changes of columns) drops triggers: such a migration must run `fix` again;
tests/web/test_schemes_fixed.py finds out if it does not.
"""

from __future__ import annotations

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

TABLE = "schemes_schemeversion"
FIXED = (
    "scheme_id", "number", "text", "cases_text", "content_hash", "reason", "consultation", "consulted_on", "notice_on",
    "written_by_id", "submitted_by_id", "submitted_at", "published_by_id", "published_at",
)  # fmt: skip
MESSAGE = "a published version of a scheme is never changed or deleted"


def fix(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Make the triggers."""
    for statement in STATEMENTS[editor.connection.vendor]:
        editor.execute(statement)


def free(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Take the triggers away."""
    on = f" ON {TABLE}" if editor.connection.vendor == "postgresql" else ""
    for name in ("scheme_version_unchanged", "scheme_version_kept"):
        editor.execute(f"DROP TRIGGER IF EXISTS {name}{on}")
    if editor.connection.vendor == "postgresql":
        editor.execute("DROP FUNCTION IF EXISTS scheme_version_refused()")


def _changes(differs: str) -> str:
    fields = " OR ".join(f"NEW.{field} {differs} OLD.{field}" for field in FIXED)
    back = "NEW.state NOT IN ('published', 'retired') OR (OLD.state = 'retired' AND NEW.state <> 'retired')"
    return f"OLD.state IN ('published', 'retired') AND ({fields} OR {back})"


STATEMENTS = {
    "sqlite": (
        f"CREATE TRIGGER scheme_version_unchanged BEFORE UPDATE ON {TABLE} WHEN {_changes('IS NOT')} "
        f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END",
        f"CREATE TRIGGER scheme_version_kept BEFORE DELETE ON {TABLE} WHEN OLD.state IN ('published', 'retired') "
        f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END",
    ),
    "postgresql": (
        f"CREATE FUNCTION scheme_version_refused() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; END $$",
        f"CREATE TRIGGER scheme_version_unchanged BEFORE UPDATE ON {TABLE} FOR EACH ROW "
        f"WHEN ({_changes('IS DISTINCT FROM')}) EXECUTE FUNCTION scheme_version_refused()",
        f"CREATE TRIGGER scheme_version_kept BEFORE DELETE ON {TABLE} FOR EACH ROW "
        f"WHEN (OLD.state IN ('published', 'retired')) EXECUTE FUNCTION scheme_version_refused()",
    ),
}


class Migration(migrations.Migration):
    """Published versions of schemes are fixed."""

    dependencies = (("schemes", "0001_initial"),)
    operations = (migrations.RunPython(fix, free, elidable=False),)
