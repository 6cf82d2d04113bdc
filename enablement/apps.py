from django.apps import AppConfig


class EnablementConfig(AppConfig):
    """The composition root: wires the facts of the lower apps to gates, messages and the ledger."""

    name = "enablement"
    label = "enablement"

    def ready(self) -> None:
        from enablement import listeners

        listeners.connect()
