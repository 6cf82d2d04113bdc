"""A running product, a browser, and people who are signed in to it.

Two ways to run it are walked: what a laptop runs (with the tests on SQLite) and what production runs (with
the tests on PostgreSQL). Each is started once and shared: with xdist all its tests go to one worker.
"""

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.db import connection, connections
from playwright.sync_api import Browser, Page, sync_playwright

from enablement.demo.cast import DOMAIN, MENTORS, STAFF, engineers
from tests.chromium import CHROMIUM
from tests.e2e.gateway import Gateway
from tests.e2e.pages.signing_in import by_link, by_password
from tests.e2e.stacks import PASSWORD, Stack, laptop, production

WAIT_MILLISECONDS = 15_000
NAMES = {persona.handle: persona.name for persona in (*STAFF, *MENTORS)} | dict(engineers(20))
#: The stack's database, beside the tests' own.
ALIAS = "stack"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "last: comes after its neighbours, to look at what they left")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Generator[None]:
    """All of these together in one worker, before everything else: they take the longest.

    Always in the order of the files: the people of one running product go forward and never back.
    """
    written = {id(item): place for place, item in enumerate(items)}
    for item in filter(is_ours, items):
        item.add_marker(pytest.mark.xdist_group("e2e"))
        item.add_marker(pytest.mark.timeout(400))
        if connection.vendor == "postgresql":
            item.add_marker(pytest.mark.needs("postgresql", "redis-server", "nginx"))
    yield
    items.sort(key=lambda item: _place(item, written))


def _place(item: pytest.Item, written: dict[int, int]) -> tuple[bool, bool, int]:
    if not is_ours(item):
        return True, False, 0
    return False, item.get_closest_marker("last") is not None, written[id(item)]


def is_ours(item: pytest.Item) -> bool:
    return Path(__file__).parent in item.path.parents


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    start = production if connection.vendor == "postgresql" else laptop
    with start(tmp_path_factory.mktemp("stack")) as running:
        connections.databases[ALIAS] = running.database
        yield running
        del connections.databases[ALIAS]


@pytest.fixture(scope="package")
def gateway(stack: Stack) -> Gateway:
    scopes = ("--scope", "access:evaluate", "--scope", "access:request", "--scope", "records:write")
    return Gateway(stack, stack.checked("token", "create", "gateway-of-the-tests", *scopes).strip())


@pytest.fixture
def records(stack: Stack, django_db_blocker, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The alias of the stack's database, to look up what no page says: `Model.objects.using(records)`."""
    # Playwright runs an event loop in this thread; our own queries are as synchronous as ever.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with django_db_blocker.unblock():
        yield ALIAS
        connections[ALIAS].close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """For one module: tests of other modules must not find Playwright's event loop."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        yield chromium
        chromium.close()


@dataclass
class Visitors:
    """Opens pages as the people of the demo, each in a browser profile of their own."""

    stack: Stack
    browser: Browser
    complaints: list[str]

    def anonymous(self, **profile: object) -> Page:
        context = self.browser.new_context(base_url=self.stack.url, ignore_https_errors=True, **profile)
        context.set_default_timeout(WAIT_MILLISECONDS)
        context.on("console", lambda message: self._complaint(message.type, message.text, message.page))
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        return context.new_page()

    def signed_in(self, handle: str, **profile: object) -> Page:
        page = self.anonymous(**profile)
        if self.stack.by_links:
            by_link(page, NAMES[handle])
        else:
            by_password(page, f"{handle}@{DOMAIN}", PASSWORD)
        return page

    def _complaint(self, kind: str, text: str, page: Page | None) -> None:
        # That a form was refused is the page's to say; the browser remarks on every such answer.
        if kind in {"error", "warning"} and "status of 422" not in text:
            self.complaints.append(f"{page.url if page else ''}: {text}")


SignIn = Callable[..., Page]


@pytest.fixture
def visitors(stack: Stack, browser: Browser) -> Iterator[Visitors]:
    """Whatever a page writes to the console fails the test: there a browser reports what it refused."""
    found = Visitors(stack, browser, [])
    yield found
    for context in list(browser.contexts):
        context.close()
    assert found.complaints == [], stack.said()[-3000:]


@pytest.fixture
def sign_in(visitors: Visitors) -> SignIn:
    """`sign_in("engineer7")`: a page of theirs."""
    return visitors.signed_in
