"""One POST to an address that somebody else wrote down.

The name is looked up once, every address behind it is checked, and the connection goes to a checked address:
a name that turns to a private address between check and call gains nothing. No redirect is followed, no more
than the head of the answer is read, and everything together ends by a deadline.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.utils import timezone

from enablement.jobs.retry_after import pause_of
from enablement.webhooks.models import WebhookAttempt

Error = WebhookAttempt.Error
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
#: Addresses that hold an IPv4 address in their last 32 bits (RFC 6052, and what was IPv4-compatible).
_EMBEDDING = tuple(ipaddress.ip_network(name) for name in ("64:ff9b::/96", "::/96"))
#: What the internet routes of IPv6. The rest is local, whatever a Python's tables call it: site-local
#: addresses, the local translators of RFC 8215.
_ROUTED = ipaddress.ip_network("2000::/3")
#: Longer waits are ours to choose.
RETRY_AFTER_MAX = 24 * 60 * 60
_OK = range(200, 300)
_BUSY = (429, 503)
_GONE = 410


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """`status` or `error`; `retry_after`: seconds that the other side asks us to wait."""

    took_ms: int
    status: int | None = None
    error: str = ""
    retry_after: int | None = None

    @property
    def taken(self) -> bool:
        return self.status in _OK

    @property
    def unwell(self) -> bool:
        """Nothing else would get through now either."""
        return self.status is None or self.status in _BUSY

    @property
    def gone(self) -> bool:
        return self.status == _GONE


class NotAllowed(Exception):
    """An address that nothing is sent to."""


def post(*, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """What the other side answered, or why it did not; raises nothing that a network may do."""
    began = time.monotonic()
    status, error, retry_after = None, "", None
    try:
        status, retry_after = _post(urlsplit(url), body, headers)
    except NotAllowed:
        error = Error.ADDRESS
    except (socket.gaierror, UnicodeError):
        error = Error.NAME
    except TimeoutError:
        error = Error.TIMEOUT
    except ssl.SSLError:
        error = Error.TLS
    except (OSError, http.client.HTTPException, ValueError):
        error = Error.CONNECTION
    took = int((time.monotonic() - began) * 1000)
    return Answer(took_ms=took, status=status, error=error, retry_after=retry_after)


def allowed(address: Address, *, encrypted: bool) -> bool:
    """Networks that the settings name may be private and plain; everything else is public and encrypted."""
    address = _innermost(address)
    if any(address in network for network in settings.WEBHOOK_ALLOWED_NETWORKS):
        return True
    routed = isinstance(address, ipaddress.IPv4Address) or address in _ROUTED
    return encrypted and routed and address.is_global and not address.is_multicast


def plain_is_allowed() -> bool:
    """Whether anything may be sent without TLS at all."""
    return bool(settings.WEBHOOK_ALLOWED_NETWORKS)


def _innermost(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, where it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
    if inner is None and int(address) > 1 and any(address in network for network in _EMBEDDING):
        inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return inner or address


def _post(parts: SplitResult, body: bytes, headers: Mapping[str, str]) -> tuple[int, int | None]:
    encrypted = parts.scheme == "https"
    host, port = parts.hostname or "", parts.port or (443 if encrypted else 80)
    addresses = _addresses(host, port, encrypted=encrypted)
    connection = _Connection(host, port, addresses, encrypted=encrypted)
    deadline = threading.Timer(settings.WEBHOOK_TIMEOUT_SECONDS, connection.cut)
    deadline.daemon = True
    deadline.start()
    try:
        target = parts._replace(scheme="", netloc="", path=parts.path or "/", fragment="").geturl()
        connection.request("POST", target, body=body, headers=dict(headers))
        response = connection.getresponse()
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise TimeoutError if connection.was_cut else error from error
    else:
        return response.status, _seconds(response.getheader("Retry-After", ""))
    finally:
        deadline.cancel()
        connection.close()


def _addresses(host: str, port: int, *, encrypted: bool) -> list[str]:
    """All that the name stands for. One that is not allowed among them refuses the name."""
    found = list(
        dict.fromkeys(str(row[4][0]) for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    )
    # A zone ("%eth0") belongs to link-local addresses only.
    if not all(allowed(ipaddress.ip_address(each.split("%")[0]), encrypted=encrypted) for each in found):
        raise NotAllowed
    return found


def _seconds(value: str) -> int | None:
    """Of a Retry-After header."""
    pause = pause_of(value, at=timezone.now())
    return None if pause is None else min(int(pause.total_seconds()), RETRY_AFTER_MAX)


class _Connection(http.client.HTTPConnection):
    """To one of the checked addresses, by TLS for the name that was asked for."""

    def __init__(self, host: str, port: int, addresses: list[str], *, encrypted: bool) -> None:
        super().__init__(host, port, timeout=settings.WEBHOOK_TIMEOUT_SECONDS)
        self.default_port = 443 if encrypted else 80
        self.addresses = addresses
        self.encrypted = encrypted
        self.was_cut = False

    def connect(self) -> None:
        last: OSError = ConnectionError("no address")
        for address in self.addresses:
            if self.was_cut:
                break
            try:
                self.sock = socket.create_connection((address, self.port), self.timeout)
            except OSError as error:
                last = error
            else:
                self._ensure_in_time()
                self._encrypt()
                return
        raise last

    def _encrypt(self) -> None:
        if self.encrypted:
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(
                self.sock, server_hostname=self.host, do_handshake_on_connect=False
            )
            self._ensure_in_time()
            self.sock.do_handshake()

    def _ensure_in_time(self) -> None:
        """Asked of every new socket: `cut` may have come while there was none to cut."""
        if self.was_cut:
            raise TimeoutError

    def cut(self) -> None:
        """From another thread: whoever sends a byte a second does not hold a worker."""
        self.was_cut = True
        if self.sock is not None:
            with suppress(OSError):
                # Not SSLSocket's own: it would take the TLS layer from under the thread that reads.
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)
