from django.apps import AppConfig


class AccessConfig(AppConfig):
    """Who may use which tool: gates, grants, decisions."""

    name = "enablement.access"
    label = "access"

    def ready(self) -> None:
        from assessments import consequences
        from enablement.access import effects
        from enablement.access.requirements import register_all

        register_all()
        consequences.register("access", effects.watch)
