"""Published versions are fixed by the database itself: see meritdesk.web.schemes.triggers."""

from __future__ import annotations

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from meritdesk.web.schemes import triggers


def fix(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Make the triggers."""
    triggers.install(editor.connection)


def free(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Take the triggers away."""
    triggers.remove(editor.connection)


class Migration(migrations.Migration):
    """Published versions of schemes are fixed."""

    dependencies = (("schemes", "0001_initial"),)
    operations = (migrations.RunPython(fix, free),)
