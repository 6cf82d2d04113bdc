from django.apps import AppConfig


class ProgramsConfig(AppConfig):
    """Cohort programs: my path and readiness."""

    name = "enablement.programs"
    label = "programs"
