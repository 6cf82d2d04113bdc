from django.apps import AppConfig


class AccessConfig(AppConfig):
    """Who may use which tool: gates, grants, decisions."""

    name = "enablement.access"
    label = "access"

    def ready(self) -> None:
        from enablement.access.requirements import register_all

        register_all()
