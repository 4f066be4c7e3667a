"""What is unique stays so on SQLite, which knows no constraint that takes empty fields for equal.

SQLite builds the tables anew for this and would drop their triggers: they are taken away before and made again after.
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
    dependencies = (("cycles", "0005_published_stays"),)
    operations = (
        migrations.RunPython(remove, install, elidable=False),
        migrations.RemoveConstraint("cycle", "cycle_opened_once"),
        migrations.RemoveConstraint("ratingform", "one_form_a_rater"),
        migrations.AddConstraint(
            "cycle",
            models.UniqueConstraint(
                fields=("department", "team", "scheme_version", "first_day", "last_day"), name="cycle_opened_once"
            ),
        ),
        migrations.AddConstraint(
            "cycle",
            models.UniqueConstraint(
                fields=("department", "scheme_version", "first_day", "last_day"),
                condition=models.Q(team__isnull=True),
                name="cycle_of_a_department_opened_once",
            ),
        ),
        migrations.AddConstraint(
            "ratingform",
            models.UniqueConstraint(fields=("appraisal", "role", "rater", "segment_from"), name="one_form_a_rater"),
        ),
        migrations.AddConstraint(
            "ratingform",
            models.UniqueConstraint(
                fields=("appraisal", "role", "invitation", "segment_from"), name="one_form_an_invitation"
            ),
        ),
        migrations.RunPython(install, remove, elidable=False),
    )
