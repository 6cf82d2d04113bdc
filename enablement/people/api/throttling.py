"""How many calls a minute a token may make, counted for all processes together.

The count stands in Redis where there is one, in this process otherwise. A limit protects the machine; it is
no right. Without Redis for a moment each process therefore counts for itself instead of refusing everybody.
"""

import logging
import time
from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage, Storage, storage_from_string
from limits.strategies import FixedWindowRateLimiter
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from enablement.people.models import ApiToken

if TYPE_CHECKING:
    from rest_framework.views import APIView

logger = logging.getLogger(__name__)
#: Seconds that a call waits for Redis, and seconds without asking it again after it failed.
PATIENCE, PAUSE = 0.25, 5.0


class TokenThrottle(BaseThrottle):
    """429 with `Retry-After` beyond `ApiToken.calls_per_minute`."""

    def __init__(self) -> None:
        self._wait: float | None = None

    def allow_request(self, request: Request, view: "APIView") -> bool:  # noqa: ARG002
        token = request.auth
        if not isinstance(token, ApiToken):
            return True
        allowed, resets_at = counter().hit(_limit(token), str(token.pk))
        self._wait = None if allowed else max(resets_at - time.time(), 1.0)
        return allowed

    def wait(self) -> float | None:
        return self._wait


def within_limit(token: ApiToken) -> bool:
    """Counts one call; for doors that are not REST framework's."""
    return counter().hit(_limit(token), str(token.pk))[0]


def _limit(token: ApiToken) -> RateLimitItemPerMinute:
    return RateLimitItemPerMinute(token.calls_per_minute or settings.CALLS_PER_MINUTE)


class Counter:
    """Counts hits; in this process for as long as the shared storage does not answer."""

    def __init__(self, shared: Storage | None) -> None:
        self._shared = FixedWindowRateLimiter(shared) if shared else None
        self._own = FixedWindowRateLimiter(MemoryStorage())
        self._pause_until = 0.0

    def hit(self, item: RateLimitItemPerMinute, key: str) -> tuple[bool, float]:
        """Whether this call is within the limit, and when (epoch seconds) its window ends."""
        if self._shared is not None and time.monotonic() >= self._pause_until:
            try:
                return _hit(self._shared, item, key)
            except RedisError as error:
                self._pause_until = time.monotonic() + PAUSE
                logger.warning("calls are counted by process, because Redis does not answer: %r", error)
        return _hit(self._own, item, key)


def _hit(limiter: FixedWindowRateLimiter, item: RateLimitItemPerMinute, key: str) -> tuple[bool, float]:
    allowed = limiter.hit(item, key)
    return allowed, 0.0 if allowed else limiter.get_window_stats(item, key).reset_time


@cache
def counter() -> Counter:
    """The one of this process."""
    return Counter(shared_storage(settings.REDIS_URL) if settings.REDIS_URL else None)


def shared_storage(url: str) -> Storage:
    """Redis by the address that Celery uses."""
    address = url.replace("unix://", "redis+unix://", 1) if url.startswith("unix://") else url
    storage = storage_from_string(
        address, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, wrap_exceptions=False
    )
    if not isinstance(storage, Storage):
        raise TypeError(f"{url} does not name a storage that answers in place")
    return storage
