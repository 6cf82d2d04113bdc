from enablement.webhooks.models.delivery import WebhookAttempt, WebhookDelivery
from enablement.webhooks.models.endpoint import WebhookEndpoint

__all__ = ["WebhookAttempt", "WebhookDelivery", "WebhookEndpoint"]
