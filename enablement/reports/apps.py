from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """Cohort reports."""

    name = "enablement.reports"
    label = "reports"
