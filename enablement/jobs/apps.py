from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Durable jobs under Celery."""

    name = "enablement.jobs"
    label = "jobs"
