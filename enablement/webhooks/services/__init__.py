"""Endpoints, and what is sent to them."""

from enablement.webhooks.services.delivering import forget, send_due, wake
from enablement.webhooks.services.endpoints import (
    change_endpoint,
    create_endpoint,
    end_endpoint,
    pause_endpoint,
    resume_endpoint,
    rotate_secret,
)
from enablement.webhooks.services.telling import send_again, send_test, tell

__all__ = [
    "change_endpoint",
    "create_endpoint",
    "end_endpoint",
    "forget",
    "pause_endpoint",
    "resume_endpoint",
    "rotate_secret",
    "send_again",
    "send_due",
    "send_test",
    "tell",
    "wake",
]
