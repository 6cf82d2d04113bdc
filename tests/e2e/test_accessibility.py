"""Every page of the way, as who meets it there: axe finds nothing, nothing overflows, nothing is refused."""

from collections.abc import Iterator
from functools import partial
from urllib.parse import urlsplit

import pytest
from django.urls import resolve
from playwright.sync_api import Browser, BrowserContext, Page

from tests.e2e.axe import violations
from tests.e2e.conftest import Visitors
from tests.e2e.desk_views import DESK_VIEWS
from tests.e2e.stacks import Stack
from tests.e2e.views import VIEWS, View

# What a page looks like does not depend on the database under it.
pytestmark = pytest.mark.sqlite
#: Each width once and each theme once: between the widths nothing differs but places, between the themes
#: nothing but colours.
LOOKS = ((1280, "light"), (390, "dark"))
PAGES = VIEWS | DESK_VIEWS


@pytest.fixture(scope="module")
def everybody(stack: Stack, browser: Browser) -> Iterator[Visitors]:
    """Each with one browser profile for all their pages, which keeps the styles that all pages share."""
    yield Visitors(stack, browser, [])
    for context in list(browser.contexts):
        context.close()


@pytest.fixture(scope="module")
def profiles() -> dict[str, BrowserContext]:
    return {}


@pytest.fixture
def visitors(everybody: Visitors) -> Iterator[Visitors]:
    everybody.complaints.clear()
    yield everybody
    assert everybody.complaints == [], everybody.stack.said()[-3000:]


def arrive(view: View, visitors: Visitors, profiles: dict[str, BrowserContext]) -> Page:
    """In the tab of their last page, as if that had never been there: another tab costs more than a page."""
    if view.who not in profiles:
        # Colours that are still changing have no contrast of their own.
        enter = partial(visitors.signed_in, view.who) if view.who else visitors.anonymous
        tab = enter(reduced_motion="reduce")
        # What somebody left unsaved in the last page is left.
        tab.on("dialog", lambda dialog: dialog.accept())
        profiles[view.who] = tab.context
    page, *more = profiles[view.who].pages
    for left in more:
        left.close()
    page.mouse.move(0, 0)
    page.set_viewport_size({"width": 1280, "height": 720})
    page.emulate_media(color_scheme="light")
    return page


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_the_way(
    name: str, visitors: Visitors, records: str, profiles: dict[str, BrowserContext]
) -> None:
    view = PAGES[name]
    page = arrive(view, visitors, profiles)
    answer = page.goto(view.address(records))
    assert answer is not None
    assert answer.status == 200
    view.then(page)
    page.wait_for_url(lambda url: resolve(urlsplit(url).path).url_name == (view.lands or view.name))

    found = {}
    for width, theme in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=theme)
        found[width, theme] = violations(page)
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), f"wider than {width}"

    assert found == {look: [] for look in LOOKS}
