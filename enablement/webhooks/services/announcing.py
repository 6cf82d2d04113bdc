"""What happens to an endpoint is on record: its name and host, never its whole address or its secret."""

from datetime import datetime

from enablement.people.models import User
from enablement.webhooks.models import WebhookEndpoint
from enablement.webhooks.signals import endpoint_changed
from tracks.facts import Fact


def announce(what: str, endpoint: WebhookEndpoint, *, actor: User | None, at: datetime) -> None:
    fact = Fact(
        kind=f"webhooks.endpoint_{what}",
        subject=("webhooks.WebhookEndpoint", str(endpoint.pk)),
        at=at,
        actor_id=actor.pk if actor else None,
        payload={
            "name": endpoint.name,
            "host": endpoint.host,
            "microtools": endpoint.microtools,
            "pause": endpoint.pause,
        },
    )
    endpoint_changed.send(sender=WebhookEndpoint, facts=[fact])
