"""A change that another playbook outran is told from one that its author withdrew, also where it was before."""

from typing import Any

from django.db import migrations, models

STATES = [
    ("pending", "waiting"),
    ("escalated", "escalated"),
    ("approved", "approved"),
    ("rejected", "turned down"),
    ("expired", "expired"),
    ("spent", "used"),
    ("cancelled", "withdrawn"),
    ("outrun", "outrun by another playbook"),
]


def tell_apart(apps: Any, _editor: Any) -> None:
    entries = apps.get_model("ledger", "LedgerEntry").objects.filter(kind="access.approval_outdated")
    requests = apps.get_model("access", "ApprovalRequest").objects.filter(kind="change", state="cancelled")
    requests.filter(pk__in=list(entries.values_list("subject_id", flat=True))).update(state="outrun")


def as_before(apps: Any, _editor: Any) -> None:
    apps.get_model("access", "ApprovalRequest").objects.filter(state="outrun").update(state="cancelled")


class Migration(migrations.Migration):
    dependencies = [("access", "0014_overlay_marks"), ("ledger", "0004_content")]

    operations = [
        migrations.AlterField(
            model_name="approvalrequest",
            name="state",
            field=models.CharField(choices=STATES, default="pending", max_length=10, verbose_name="state"),
        ),
        migrations.RunPython(tell_apart, as_before, elidable=False),
    ]
