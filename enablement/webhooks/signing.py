"""Secrets and signatures as Standard Webhooks has them (HMAC-SHA256; https://www.standardwebhooks.com)."""

import base64
import hmac
import secrets
from datetime import datetime

from django.conf import settings

from enablement.webhooks.models import WebhookEndpoint

PREFIX = "whsec_"
_PURPOSE = b"enablement.webhooks.secret:"


def new_salt() -> str:
    return secrets.token_hex(32)


def key(salt: str) -> bytes:
    """The 256 bits that sign. Whoever reads the database alone does not have them."""
    return hmac.digest(settings.SECRET_KEY.encode(), _PURPOSE + salt.encode(), "sha256")


def shown(salt: str) -> str:
    """The secret in the form in which libraries take it."""
    return PREFIX + base64.b64encode(key(salt)).decode()


def signature(secret: bytes, *, message_id: str, timestamp: int, body: bytes) -> str:
    signed = f"{message_id}.{timestamp}.".encode() + body
    return f"v1,{base64.b64encode(hmac.digest(secret, signed, 'sha256')).decode()}"


def headers(endpoint: WebhookEndpoint, *, message_id: str, body: bytes, at: datetime) -> dict[str, str]:
    """Of one attempt, signed with the secret in force and, for a while, with the one before."""
    salts = [endpoint.salt]
    if endpoint.former_until is not None and endpoint.former_until > at:
        salts.append(endpoint.former_salt)
    timestamp = int(at.timestamp())
    signatures = [
        signature(key(salt), message_id=message_id, timestamp=timestamp, body=body) for salt in salts
    ]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }
