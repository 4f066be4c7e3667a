"""Triggers by which the database itself refuses to change what was published: runs, results, signatures, archives.

A run is open until its package is noted, in the act that keeps it; from then on neither it nor its results change, nor
are results added. A closed cycle goes nowhere but into the archive. On SQLite they hold against INSERT OR REPLACE only
with `recursive_triggers=ON` (set in the settings). Django drops the triggers of a table that it rebuilds: such a
migration must `install` again; `integrity` finds out if it does not.
"""

from __future__ import annotations

from django.db import connection as default
from django.db.backends.base.base import BaseDatabaseWrapper

_KEPT_RUN = "OLD.purpose <> 'preview'"
_RUN_FIELDS = (
    "cycle_id", "number", "purpose", "scheme_hash", "program_hash", "input_hash", "inputs_digest", "results_hash",
    "code_version", "people", "made_by_id", "made_at",
)  # fmt: skip
_CYCLE_FIELDS = (
    "title", "department_id", "team_id", "kind", "first_day", "last_day", "scheme_version_id", "run_id", "published_at",
)  # fmt: skip
_CORRECTION_FIELDS = (
    "appraisal_id", "appeal_id", "before_id", "after_id", "total_difference", "coefficient_difference", "above_quota",
    "reason", "proposed_by_id",
)  # fmt: skip
_APPEAL_FIELDS = ("appraisal_id", "result_id", "grounds", "indicators", "filed_at", "due_at")

_OF_KEPT_RUN = "EXISTS (SELECT 1 FROM cycles_run r WHERE r.id = {row}.run_id AND r.purpose <> 'preview'{more})"
_NOT_OF_ONESELF = (
    "NEW.result_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM cycles_result s JOIN cycles_run r ON r.id = s.run_id "
    "WHERE s.id = NEW.result_id AND s.appraisal_id = NEW.id AND r.purpose <> 'preview')"
)


_BACKWARDS = (
    "NEW.state NOT IN ('published', 'closed', 'archived') OR (OLD.state = 'closed' AND NEW.state = 'published') OR "
    "(OLD.state = 'archived' AND NEW.state <> 'archived')"
)


def _differs(fields: tuple[str, ...], vendor: str) -> str:
    sign = "IS NOT" if vendor == "sqlite" else "IS DISTINCT FROM"
    # PostgreSQL cannot compare JSON with each other: as text it can.
    cast = {"indicators": "::text"} if vendor == "postgresql" else {}
    return " OR ".join(f"NEW.{f}{cast.get(f, '')} {sign} OLD.{f}{cast.get(f, '')}" for f in fields)


def _rules(vendor: str) -> dict[str, tuple[str, str, str]]:
    """Return name → (table, event, condition under which it is refused)."""
    changed = {
        "run": _differs(_RUN_FIELDS, vendor),
        "cycle": _differs(_CYCLE_FIELDS, vendor),
        "correction": _differs(_CORRECTION_FIELDS, vendor),
        "appeal": _differs(_APPEAL_FIELDS, vendor),
        "pinned": _differs(("cycle_id", "person_id", "scheme_hash"), vendor),
    }
    package = "OLD.package <> '' AND (NEW.package <> OLD.package OR NEW.package_root <> OLD.package_root)"
    return {
        "run_kept": ("cycles_run", "UPDATE", f"{_KEPT_RUN} AND ({changed['run']} OR {package})"),
        "run_stays": ("cycles_run", "DELETE", _KEPT_RUN),
        "run_not_promoted": ("cycles_run", "UPDATE", "OLD.purpose = 'preview' AND NEW.purpose <> 'preview'"),
        "result_kept": ("cycles_result", "UPDATE", _OF_KEPT_RUN.format(row="OLD", more="")),
        "result_not_moved": ("cycles_result", "UPDATE", _OF_KEPT_RUN.format(row="NEW", more="")),
        "result_stays": ("cycles_result", "DELETE", _OF_KEPT_RUN.format(row="OLD", more="")),
        "result_not_added": ("cycles_result", "INSERT", _OF_KEPT_RUN.format(row="NEW", more=" AND r.package <> ''")),
        "signature_kept": ("cycles_signature", "UPDATE", "1 = 1"),
        "signature_stays": ("cycles_signature", "DELETE", "1 = 1"),
        "archive_kept": ("cycles_archive", "UPDATE", "1 = 1"),
        "archive_stays": ("cycles_archive", "DELETE", "1 = 1"),
        "correction_kept": (
            "cycles_correction", "UPDATE", f"{changed['correction']} OR OLD.state <> 'proposed'",
        ),
        "correction_stays": ("cycles_correction", "DELETE", "1 = 1"),
        "appeal_kept": ("cycles_appeal", "UPDATE", f"{changed['appeal']} OR OLD.state <> 'open'"),
        "appeal_stays": ("cycles_appeal", "DELETE", "1 = 1"),
        "appraisal_shows_its_own": ("cycles_appraisal", "UPDATE", _NOT_OF_ONESELF),
        "appraisal_pinned": (
            "cycles_appraisal", "UPDATE",
            f"OLD.result_id IS NOT NULL AND (NEW.result_id IS NULL OR {changed['pinned']})",
        ),
        "cycle_kept": (
            "cycles_cycle", "UPDATE",
            f"OLD.published_at IS NOT NULL AND ({changed['cycle']} OR {_BACKWARDS})",
        ),
        "cycle_stays": ("cycles_cycle", "DELETE", "OLD.published_at IS NOT NULL"),
    }  # fmt: skip


def _message(name: str) -> str:
    return f"what was published stays as it is ({name})"


def wanted(connection: BaseDatabaseWrapper) -> dict[str, list[str]]:
    """Return name → statements that make the trigger, for this kind of database."""
    made = {}
    for name, (table, event, condition) in _rules(connection.vendor).items():
        full = f"fixed_{name}"
        if connection.vendor == "sqlite":
            refusal = f"SELECT RAISE(ABORT, '{_message(name)}')"
            made[full] = [f"CREATE TRIGGER {full} BEFORE {event} ON {table} WHEN {condition} BEGIN {refusal}; END"]
        else:
            back = "OLD" if event == "DELETE" else "NEW"
            refusal = f"RAISE EXCEPTION '{_message(name)}' USING ERRCODE = 'integrity_constraint_violation'"
            body = f"BEGIN IF {condition} THEN {refusal}; END IF; RETURN {back}; END"
            made[full] = [
                f"CREATE OR REPLACE FUNCTION {full}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$",
                f"CREATE TRIGGER {full} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {full}()",
            ]
    return made


def install(connection: BaseDatabaseWrapper) -> None:
    """Create the triggers anew."""
    remove(connection)
    with connection.cursor() as cursor:
        for statements in wanted(connection).values():
            for statement in statements:
                cursor.execute(statement)


def remove(connection: BaseDatabaseWrapper) -> None:
    """Take the triggers away; for migrations, and for tests that tamper."""
    with connection.cursor() as cursor:
        for name, (table, _event, _condition) in _rules(connection.vendor).items():
            full = f"fixed_{name}"
            on = "" if connection.vendor == "sqlite" else f" ON {table}"
            cursor.execute(f"DROP TRIGGER IF EXISTS {full}{on}")


def missing(connection: BaseDatabaseWrapper | None = None) -> list[str]:
    """Return the names of the triggers that are not there, or not in force."""
    connection = connection or default
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if connection.vendor == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE tgenabled <> 'D'"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        there = {row[0] for row in cursor.fetchall()}
    return [name for name in wanted(connection) if name not in there]
