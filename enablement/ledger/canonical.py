"""Canonical JSON (RFC 8785) and the hashes over it: the same facts give the same bytes, everywhere."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import rfc8785

#: What the first link of the chain follows.
GENESIS = "0" * 64


def canonical(value: object) -> str:
    """The one JSON text of `value`.

    Decimals, dates, times (UTC, microseconds) and UUIDs become strings, enum members their values. Floats are
    refused: two systems need not write the same digits. So are integers beyond 2**53 - 1, naive times and
    unknown types.

    Raises TypeError or ValueError.
    """
    data: bytes = rfc8785.dumps(_plain(value))
    return data.decode()


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def moment(at: datetime) -> str:
    """A time as the ledger writes it: `2026-11-20T08:30:00.000000Z`."""
    if at.tzinfo is None:
        raise ValueError(f"{at!r} has no time zone.")
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"


def _plain(value: object) -> Any:
    match value:
        case Enum():
            return _plain(value.value)
        case None | bool() | int() | str():
            return value
        case Decimal():
            return str(value)
        case datetime():
            return moment(value)
        case date():
            return value.isoformat()
        case UUID():
            return str(value)
        case Mapping():
            return {_key(key): _plain(item) for key, item in value.items()}
        case Sequence() | frozenset() | set() if not isinstance(value, bytes | bytearray):
            items = [_plain(item) for item in value]
            return items if isinstance(value, Sequence) else sorted(items)
    raise TypeError(f"{value!r} cannot enter the ledger: {type(value).__name__} has no canonical form.")


def _key(key: object) -> str:
    if isinstance(key, str):
        return str(key)
    raise TypeError(f"{key!r} is not a text; the keys of a payload are.")
