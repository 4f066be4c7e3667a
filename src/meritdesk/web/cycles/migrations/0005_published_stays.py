"""The database itself refuses to change what was published; see `meritdesk.web.cycles.triggers`."""

from __future__ import annotations

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from meritdesk.web.cycles import triggers


def install(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    triggers.install(editor.connection)


def remove(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    triggers.remove(editor.connection)


class Migration(migrations.Migration):
    dependencies = (("cycles", "0004_correction_decisions"),)
    operations = (migrations.RunPython(install, remove, elidable=False),)
