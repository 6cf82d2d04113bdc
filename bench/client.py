"""A plain HTTP client: one kept-alive connection, every answer checked: no error page is timed."""

import http.client
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlencode

#: The name by which both servers are called; behind TLS, as the proxy in front of them would say.
HOST = "bench.example"
CSRF_SECRET = "b" * 32
TIMEOUT_SECONDS = 30
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    location: str


@dataclass(slots=True)
class Client:
    """One caller of one server: signed in by `session`, or a program by `token`."""

    port: int
    session: str = ""
    token: str = ""
    _connection: http.client.HTTPConnection = field(init=False)
    _headers: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_SECONDS)
        self._headers = {"Host": HOST, "X-Forwarded-Proto": "https", "Origin": f"https://{HOST}"}
        if self.session:
            self.sign_in(self.session)
        if self.token:
            self._headers["Authorization"] = f"Bearer {self.token}"

    def sign_in(self, session: str) -> None:
        """Go on as somebody else, on the same connection."""
        self._headers["Cookie"] = f"sessionid={session}; csrftoken={CSRF_SECRET}"

    def page(self, path: str, *, expect: str) -> Answer:
        """GET a page, which has to hold the text `expect`."""
        answer = self._ask("GET", path)
        if answer.status != HTTPStatus.OK or expect.encode() not in answer.body:
            raise RuntimeError(f"GET {path}: {answer.status} without {expect!r} {answer.location}")
        return answer

    def post_form(self, path: str, fields: Mapping[str, str | list[str]], *, leads_to: str) -> Answer:
        """POST a form, which has to end in a redirect to an address that begins with `leads_to`."""
        body = urlencode({"csrfmiddlewaretoken": CSRF_SECRET, **fields}, doseq=True).encode()
        answer = self._ask("POST", path, body, FORM)
        if answer.status != HTTPStatus.FOUND or not answer.location.startswith(leads_to):
            raise RuntimeError(f"POST {path}: {answer.status} {answer.location} {answer.body[:500]!r}")
        return answer

    def post_json(self, path: str, body: bytes, *, expect: str) -> Answer:
        """POST JSON; the answer has to hold the text `expect`."""
        answer = self._ask("POST", path, body, "application/json")
        if answer.status != HTTPStatus.OK or expect.encode() not in answer.body:
            raise RuntimeError(f"POST {path}: {answer.status} {answer.body[:500]!r}")
        return answer

    def _ask(self, method: str, path: str, body: bytes | None = None, content_type: str = "") -> Answer:
        headers = self._headers | ({"Content-Type": content_type} if content_type else {})
        self._connection.request(method, path, body, headers)
        response = self._connection.getresponse()
        return Answer(
            status=response.status, body=response.read(), location=response.getheader("Location", "")
        )
