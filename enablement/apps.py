from django.apps import AppConfig


class EnablementConfig(AppConfig):
    """The composition root: wires the facts of the lower apps to gates, messages and the ledger."""

    name = "enablement"
    label = "enablement"

    def ready(self) -> None:
        # Importing celery makes it the process's Celery app: without it, tasks publish to a default one.
        from enablement import celery, listeners  # noqa: F401

        listeners.connect()
