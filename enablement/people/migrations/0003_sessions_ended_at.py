from typing import Any

from django.db import migrations, models
from django.db.models.functions import Lower


def lower_addresses(apps: Any, schema_editor: Any) -> None:
    """Allauth looks addresses up by their small letters: people with others could not sign in."""
    addresses = apps.get_model("account", "EmailAddress").objects.using(schema_editor.connection.alias)
    addresses.annotate(small=Lower("email")).exclude(email=models.F("small")).update(email=Lower("email"))


class Migration(migrations.Migration):
    dependencies = [
        ("account", "0001_initial"),
        ("people", "0002_next"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="sessions_ended_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.RunPython(lower_addresses, migrations.RunPython.noop, elidable=True),
    ]
