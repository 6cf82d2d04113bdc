from django.apps import AppConfig


class ProgramsConfig(AppConfig):
    """Cohort programs: my path, sessions, readiness."""

    name = "enablement.programs"
    label = "programs"

    def ready(self) -> None:
        from enablement.access import registry
        from enablement.programs.requirement import SessionsAttended

        registry.register(SessionsAttended())
