from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """Programs elsewhere hear of what opens and closes."""

    name = "enablement.webhooks"
    label = "webhooks"
