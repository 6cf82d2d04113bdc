from django.apps import AppConfig


class PlaybookConfig(AppConfig):
    """Playbooks: schema, plan, apply, export."""

    name = "enablement.playbook"
    label = "playbook"
