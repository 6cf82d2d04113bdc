"""Which requirement of which overlay a kept one is, for those who are not evaluated again before they are shown."""

from collections.abc import Mapping
from typing import Any

from django.db import migrations, models

AT_ONCE = 500


def _leaves(node: Mapping[str, Any]) -> int:
    if "type" in node:
        return 1
    children = [child for key in ("all_of", "any_of", "of") for child in node.get(key, [])]
    return sum(map(_leaves, [*children, *([node["not"]] if "not" in node else [])]))


def _keys(overlay: Mapping[str, Any]) -> list[str]:
    return [
        f"{overlay['key']}.{number}.{leaf}"
        for number, node in enumerate(overlay.get("conditions", []))
        for leaf in range(_leaves(node))
    ]


def mark(apps: Any, _schema_editor: Any) -> None:
    policy = apps.get_model("access", "Policy").objects.first()
    by_title = {overlay["title"]: _keys(overlay) for overlay in policy.overlays} if policy else {}
    standings = apps.get_model("access", "EnrolmentStanding").objects
    changed = []
    for standing in standings.exclude(overlay_leaves=[]).iterator(chunk_size=AT_ONCE):
        keys = {title: iter(each) for title, each in by_title.items()}
        for leaf in standing.overlay_leaves:
            theirs = keys.get(leaf.get("asked_by"), iter(()))
            key = "region" if leaf["type"] == "region" else next(theirs, "unknown")
            standing.overlay_marks += f" {key}={int(leaf['met'] is True)}"
        changed.append(standing)
    standings.bulk_update(changed, ["overlay_marks"], batch_size=AT_ONCE)


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0013_kept_grants"),
    ]

    operations = [
        migrations.AddField(
            model_name="enrolmentstanding",
            name="overlay_marks",
            field=models.TextField(default="", verbose_name="requirements of overlays, in short"),
        ),
        migrations.RunPython(mark, migrations.RunPython.noop),
    ]
