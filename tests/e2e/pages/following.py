"""Going from one page to the next."""

from playwright.sync_api import Locator, expect


def follow(control: Locator) -> None:
    """Clicks what leads elsewhere, and comes back once the other page is there, whole.

    A click comes back at once; of what is asked after it, only actions and `expect` wait. `count`, `all`,
    `is_visible` and `url` would still look at the page that is being left, or at half of the next.
    """
    here = control.page.url
    control.click()
    expect(control.page).not_to_have_url(here)
    control.page.wait_for_load_state()
