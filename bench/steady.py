"""Calls that come at a steady pace over kept connections, made by one thread without a library in between.

The caller shares the machine with what it measures, so it has to be light: a call costs it a tenth of what
`http.client` and a pool of threads took.
"""

import re
import selectors
import socket
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from bench.client import HOST, TIMEOUT_SECONDS

_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)
_CHUNK = 65_536


@dataclass(slots=True)
class _Line:
    """One connection, with the moment at which its call was due and what has come of the answer."""

    connection: socket.socket
    due: float = 0.0
    answer: bytes = b""

    def receive(self) -> bool:
        """Whether the answer is whole."""
        came = self.connection.recv(_CHUNK)
        if not came:
            raise ConnectionError("the server closed a connection")
        self.answer += came
        head, end, body = self.answer.partition(b"\r\n\r\n")
        length = _LENGTH.search(head + b"\r\n")
        if end and not length:
            raise RuntimeError(f"an answer without a length: {head!r}")
        return bool(end and length and len(body) >= int(length[1]))


@dataclass(frozen=True, kw_only=True, slots=True)
class Steady:
    """What was measured. milliseconds: from the moment at which each call was due to its whole answer.

    faults: answers other than the expected one. share: of one core, what the caller itself took.
    """

    milliseconds: Sequence[float]
    faults: int
    share: float


def request(path: str, body: bytes, *, token: str) -> bytes:
    """A POST of JSON as it goes over the wire."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nX-Forwarded-Proto: https\r\n"
        f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@contextmanager
def lines(port: int, count: int) -> Iterator[list[_Line]]:
    made = [
        _Line(socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_SECONDS))
        for _each in range(count)
    ]
    try:
        yield made
    finally:
        for line in made:
            line.connection.close()


def ask(over: Sequence[_Line], what: bytes, *, expect: bytes, count: int, per_second: float) -> Steady:
    """A call is due at its time, whether or not the ones before it are answered; where all connections wait,
    it waits for one, and that counts as well.
    """
    times: list[float] = []
    faults = 0
    idle = deque(over)
    began, cpu = time.perf_counter(), time.process_time()
    sent = 0
    with selectors.DefaultSelector() as answers:
        for line in over:
            answers.register(line.connection, selectors.EVENT_READ, line)
        while len(times) + faults < count:
            while idle and sent < count and began + sent / per_second <= time.perf_counter():
                line = idle.popleft()
                line.due, line.answer = began + sent / per_second, b""
                line.connection.sendall(what)
                sent += 1
            left = began + sent / per_second - time.perf_counter()
            for key, _events in answers.select(max(left, 0) if idle and sent < count else TIMEOUT_SECONDS):
                line = key.data
                if line.receive():
                    idle.append(line)
                    sound = line.answer.startswith(b"HTTP/1.1 200 ") and expect in line.answer
                    if sound:
                        times.append((time.perf_counter() - line.due) * 1000)
                    else:
                        faults += 1
    share = (time.process_time() - cpu) / (time.perf_counter() - began)
    return Steady(milliseconds=times, faults=faults, share=share)
