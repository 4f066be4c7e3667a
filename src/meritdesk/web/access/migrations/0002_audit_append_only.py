"""The audit table becomes append-only, its end is sealed, and the table of counters shared by all processes is made."""

from typing import Any, ClassVar

from django.core.management import call_command
from django.db import migrations, models

from meritdesk.web.access import triggers


def install(apps: Any, schema_editor: Any) -> None:
    """Create the triggers and the cache table."""
    triggers.install(schema_editor.connection)
    call_command("createcachetable", "access_cache", database=schema_editor.connection.alias, verbosity=0)


def remove(apps: Any, schema_editor: Any) -> None:
    """Take the triggers away."""
    triggers.remove(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("access", "0001_initial")]
    operations: ClassVar = [
        migrations.AddField("audithead", "seal", models.CharField(default="", max_length=64)),
        migrations.RunPython(install, remove),
    ]
