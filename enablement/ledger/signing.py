"""The key of the checkpoints: Ed25519, 32 random bytes in base64, in the setting `CHECKPOINT_KEY`."""

import base64
import binascii
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

KEY_BYTES = 32


def sign(text: str) -> str:
    """The signature in base64."""
    return base64.b64encode(_private(settings.CHECKPOINT_KEY).sign(text.encode())).decode()


def public_key() -> str:
    """Ours of today, in base64."""
    return base64.b64encode(_private(settings.CHECKPOINT_KEY).public_key().public_bytes_raw()).decode()


def trusted_keys() -> list[str]:
    """The public keys whose checkpoints are ours: today's, then those that were replaced."""
    return [public_key(), *settings.CHECKPOINT_FORMER_KEYS]


def is_signed(text: str, *, signature: str, key: str) -> bool:
    """Whether the owner of this public key signed the text; what is no key or signature at all is a no."""
    try:
        Ed25519PublicKey.from_public_bytes(_bytes(key)).verify(_bytes(signature), text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def _bytes(text: str) -> bytes:
    """Of exactly one spelling: base64 decoders forgive more, and an altered character could pass."""
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(text) from error
    if base64.b64encode(data).decode() != text:
        raise ValueError(text)
    return data


@lru_cache(maxsize=4)
def _private(key: str) -> Ed25519PrivateKey:
    try:
        seed = _bytes(key)
    except ValueError:
        seed = b""
    if len(seed) != KEY_BYTES:
        raise ImproperlyConfigured("CHECKPOINT_KEY has to be 32 random bytes in base64.")
    return Ed25519PrivateKey.from_private_bytes(seed)
