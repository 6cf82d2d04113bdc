"""Two doors: the demo's links, and e-mail with password."""

import re

from playwright.sync_api import Page, expect


def by_link(page: Page, name: str) -> None:
    page.goto("/demo/")
    page.get_by_role("link", name=name, exact=True).click()
    _has_arrived(page)


def by_password(page: Page, email: str, password: str) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    _has_arrived(page)


def _has_arrived(page: Page) -> None:
    expect(page.get_by_role("navigation", name="Main", include_hidden=True)).to_be_attached()
    expect(page).not_to_have_url(re.compile("/demo/|/login/"))
