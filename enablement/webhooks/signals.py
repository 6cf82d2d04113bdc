"""Facts of this app, sent inside the transaction of the change with `facts=[tracks.facts.Fact, …]`."""

from django.dispatch import Signal

# `webhooks.endpoint_<what>`, the subject is the endpoint.
endpoint_changed = Signal()
