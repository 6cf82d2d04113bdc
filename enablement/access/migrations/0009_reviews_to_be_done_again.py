"""What was reviewed by who had a part in it, or while it was in force, waits for a third person again.

That it was reviewed, when and by whom stands in the ledger; the words of that review go.
What was turned down before anybody was asked why says so.
"""

from typing import Any

from django.db import migrations, models
from django.db.models import F, Q

_AGAIN = {"reviewed_by": None, "reviewed_at": None, "review": ""}


def list_again(apps: Any, _schema_editor: Any) -> None:
    stops = apps.get_model("access", "Stop").objects
    stops.filter(
        Q(reviewed_by=F("ended_by")) | Q(ended_at=None) | Q(reviewed_at__lt=F("ended_at")),
        reviewed_at__isnull=False,
    ).update(**_AGAIN)
    emergencies = apps.get_model("access", "EmergencyAccess").objects
    emergencies.filter(reviewed_by=F("asked_by")).update(**_AGAIN)


def say_that_nobody_was_asked(apps: Any, _schema_editor: Any) -> None:
    said = "No reason was asked for at that time."
    waivers = apps.get_model("access", "Waiver").objects.filter(ended_at__isnull=False, approved_at=None)
    waivers.exclude(ended_by=F("proposed_by")).update(end_reason=said)
    emergencies = apps.get_model("access", "EmergencyAccess").objects
    refused = emergencies.filter(ended_at__isnull=False, approved_by=None)
    refused.exclude(ended_by=F("asked_by")).exclude(ended_by=F("user")).update(end_reason=said)


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0008_prompt_usage"),
    ]

    operations = [
        migrations.AddField(
            model_name="emergencyaccess",
            name="end_reason",
            field=models.CharField(
                blank=True, default="", max_length=500, verbose_name="why it was turned down"
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="waiver",
            name="end_reason",
            field=models.CharField(
                blank=True, default="", max_length=500, verbose_name="why it was turned down"
            ),
            preserve_default=False,
        ),
        migrations.RunPython(list_again, migrations.RunPython.noop),
        migrations.RunPython(say_that_nobody_was_asked, migrations.RunPython.noop),
    ]
