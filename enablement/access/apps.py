from django.apps import AppConfig


class AccessConfig(AppConfig):
    """Who may use which tool: gates, grants, decisions."""

    name = "enablement.access"
    label = "access"

    def ready(self) -> None:
        from assessments import consequences
        from enablement.access import approvers, effects, reachable
        from enablement.access.requirements import register_all
        from enablement.people import deciding, reach

        register_all()
        consequences.register("access", effects.watch)
        deciding.register(approvers.deciding_roles)
        reach.register(reachable.known)
