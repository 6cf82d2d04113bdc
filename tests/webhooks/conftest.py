"""A program that listens, over a real socket: it keeps what it was sent and answers what the test says."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.contrib.auth.models import AbstractBaseUser

from enablement.webhooks import services
from tests.access.conftest import NOW, switch
from tests.people.factories import UserFactory

__all__ = ["switch"]


class Receiver:
    """`answers`: (status, headers) for the next requests, then 204. `hold`: keeps answers back until set.

    `check`: looks at a body first; what it returns is the status, unless it is None.
    """

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.hold: threading.Event | None = None
        self.check: Callable[[bytes], int | None] = lambda _body: None
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                names = {name.lower(): value for name, value in self.headers.items()}
                receiver.requests.append((self.path, names, body))
                if receiver.hold is not None:
                    receiver.hold.wait(30)
                status, headers = receiver.answers.pop(0) if receiver.answers else (204, {})
                status = receiver.check(body) or status
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/events?key=k"

    def ids(self) -> list[str]:
        return [headers["webhook-id"] for _path, headers, _body in self.requests]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def keeper(db: None) -> AbstractBaseUser:
    person: AbstractBaseUser = UserFactory(groups=["administrators"])
    return person


@pytest.fixture
def endpoint(keeper: Any, receiver: Receiver) -> Any:
    made, _secret = services.create_endpoint(
        name="gateway", url=receiver.url, microtools=[], actor=keeper, at=NOW
    )
    return made
