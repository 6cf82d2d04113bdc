"""One person goes to every address of the project, and keeps what came back."""

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.http import HttpResponseBase
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

import assessments.urls
import tracks.urls
from tests.canary import routes
from tests.canary.canaries import found_in
from tests.canary.world import World

#: What a page may be asked for, beside HTML.
OTHER_KINDS: tuple[dict[str, str], ...] = ({"accept": "application/json"}, {"hx-request": "true"})
#: The routes of the apps below, and the page that brings them together.
LEARNING = {route.name for each in (assessments.urls, tracks.urls) for route in each.urlpatterns} | {
    "my_path"
}
_CSRF = re.compile(r'(csrfmiddlewaretoken" value=|csrf[A-Za-z-]*"?[:=] ?)"?[A-Za-z0-9]{32,}"?')
_OK, _NOT_ALLOWED = 200, 405


@dataclass(frozen=True)
class Seen:
    """What one request brought: `text` is the body and the headers, as far as they are not random."""

    url: str
    status: int
    text: str

    @property
    def words(self) -> set[str]:
        return found_in(self.text)


@dataclass
class Walk:
    """All that one person saw."""

    seen: list[Seen] = field(default_factory=list)

    @property
    def words(self) -> dict[str, list[str]]:
        """Each canary with the addresses at which it was seen."""
        found: dict[str, list[str]] = {}
        for page in self.seen:
            for word in page.words:
                found.setdefault(word, []).append(page.url)
        return found


def text_of(reply: HttpResponseBase) -> str:
    """Body and headers in clear: PDFs as their text, archives as their files."""
    body = b"".join(reply.streaming_content) if reply.streaming else reply.content
    kind = reply.headers.get("Content-Type", "")
    if kind.startswith("application/pdf") and body.startswith(b"%PDF"):
        clear = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(body)).pages)
    elif zipfile.is_zipfile(io.BytesIO(body)):
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            clear = " ".join(archive.read(name).decode(errors="replace") for name in archive.namelist())
    else:
        clear = body.decode(errors="replace")
    headers = "\n".join(f"{name}: {value}" for name, value in sorted(reply.headers.items()))
    return _CSRF.sub("", f"{headers}\n\n{clear}")


class Walker:
    """Remembers which routes only take POST: asking them again by GET would bring nothing."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.posted: set[str] = set()

    def client(self, person: Any) -> Client:
        client = Client()
        if person is not None:
            client.force_login(person)
        return client

    def addresses(self, person: Any, *, posted: bool) -> Iterator[tuple[str, str]]:
        """Routes and addresses for one person; `posted`: those that only take POST, else the others."""
        for route in routes.every_route():
            if (route.name in self.posted) == posted:
                for kwargs in self._arguments(person, route):
                    if (route.name in self.posted) == posted:
                        yield route.name, reverse(route.name, kwargs=kwargs)

    def _arguments(self, person: Any, route: routes.Route) -> list[dict[str, Any]]:
        """Nothing for a route that nobody has told: a test of its own says so."""
        try:
            return routes.arguments(self.world, person, route)
        except KeyError:
            return []

    def look(self, person: Any, *, closely: bool = False, learning: bool = False) -> Walk:
        """GET everything; `closely`: what is there also as JSON and as a fragment. `learning`: only where
        people learn and prove what they can.
        """
        client, walk = self.client(person), Walk()
        for name, url in self.addresses(person, posted=False):
            if url.startswith("/accounts/") and person != self.world.people["nobody"]:
                # Signing in is the same for everybody, and knows nothing of learning.
                continue
            if learning and name not in LEARNING:
                continue
            reply = client.get(url)
            if reply.status_code == _NOT_ALLOWED:
                self.posted.add(name)
                continue
            walk.seen.append(Seen(url, reply.status_code, text_of(reply)))
            if closely and reply.status_code == _OK:
                for headers in OTHER_KINDS:
                    again = client.get(url, headers=headers)
                    walk.seen.append(Seen(url, again.status_code, text_of(again)))
        return walk

    def post(self, person: Any) -> Walk:
        """POST nothing to whatever only takes that, each time undone; redirects are followed."""
        client, walk = self.client(person), Walk()
        for name, url in self.addresses(person, posted=True):
            if name in {"account_logout", "lesson_read"}:
                continue
            with transaction.atomic():
                reply = client.post(url, follow=True)
                walk.seen.append(Seen(url, reply.status_code, text_of(reply)))
                transaction.set_rollback(True)
        return walk

    def call(self, secret: str) -> Walk:
        """With an API token, to every address that begins like one of the API's."""
        client, walk = Client(headers={"authorization": f"Bearer {secret}"}), Walk()
        for _name, url in self.addresses(None, posted=False):
            if url.startswith(("/access/v1/", "/api/")):
                for reply in (client.get(url), client.post(url, {}, content_type="application/json")):
                    walk.seen.append(Seen(url, reply.status_code, text_of(reply)))
        return walk
