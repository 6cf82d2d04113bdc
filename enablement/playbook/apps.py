from django.apps import AppConfig


class PlaybookConfig(AppConfig):
    """Playbooks: schema, plan, apply, export."""

    name = "enablement.playbook"
    label = "playbook"

    def ready(self) -> None:
        from enablement.people import deciding
        from enablement.playbook.services import chain

        deciding.register(chain.deciding_roles)
