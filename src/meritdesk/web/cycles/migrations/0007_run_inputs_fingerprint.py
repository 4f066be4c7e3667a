"""A run keeps a fingerprint of its inputs, so that pages need not read them all to say whether it is stale.

SQLite builds the table anew for this and would drop its triggers: they are taken away before and made again after.
"""

from __future__ import annotations

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from meritdesk.web.cycles import triggers


def install(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    triggers.install(editor.connection)


def remove(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    triggers.remove(editor.connection)


class Migration(migrations.Migration):
    dependencies = (("cycles", "0006_unique_without_nulls"),)
    operations = (
        migrations.RunPython(remove, install, elidable=False),
        migrations.AddField("run", "inputs_fingerprint", models.CharField(blank=True, default="", max_length=64)),
        migrations.RunPython(install, remove, elidable=False),
    )
