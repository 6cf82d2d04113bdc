"""Every page of the way, as who meets it there: axe finds nothing, nothing overflows, nothing is refused."""

from urllib.parse import urlsplit

import pytest
from django.urls import resolve
from playwright.sync_api import Browser, Page, StorageState

from tests.e2e.axe import violations
from tests.e2e.conftest import Visitors
from tests.e2e.desk_views import DESK_VIEWS
from tests.e2e.views import VIEWS, View

# What a page looks like does not depend on the database under it.
pytestmark = pytest.mark.sqlite
#: Each width once and each theme once: between the widths nothing differs but places, between the themes
#: nothing but colours.
LOOKS = ((1280, "light"), (390, "dark"))
PAGES = VIEWS | DESK_VIEWS


@pytest.fixture(scope="module")
def sessions(browser: Browser) -> dict[str, StorageState]:
    """Who is signed in already, for the tests of one module."""
    return {}


def arrive(view: View, visitors: Visitors, sessions: dict[str, StorageState]) -> Page:
    if view.who not in sessions:
        page = visitors.signed_in(view.who) if view.who else visitors.anonymous()
        sessions[view.who] = page.context.storage_state()
    # Colours that are still changing have no contrast of their own.
    return visitors.anonymous(storage_state=sessions[view.who], reduced_motion="reduce")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_the_way(
    name: str, visitors: Visitors, records: str, sessions: dict[str, StorageState]
) -> None:
    view = PAGES[name]
    page = arrive(view, visitors, sessions)
    answer = page.goto(view.address(records))
    assert answer is not None
    assert answer.status == 200
    view.then(page)
    page.wait_for_load_state()
    assert resolve(urlsplit(page.url).path).url_name == (view.lands or view.name)

    found = {}
    for width, theme in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=theme)
        found[width, theme] = violations(page)
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), f"wider than {width}"

    assert found == {look: [] for look in LOOKS}
