"""The same way in a browser, under the pages' own Content-Security-Policy."""

import os

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import Group
from django.urls import reverse
from playwright.sync_api import sync_playwright

from tests.chromium import CHROMIUM
from tests.people.factories import UserFactory
from tests.people.openid import OpenIdProvider
from tests.people.test_openid import configure

pytestmark = [
    pytest.mark.sqlite,  # what a browser does does not depend on the database
    pytest.mark.needs("chromium"),
    pytest.mark.django_db(transaction=True),
]


def test_from_the_sign_in_page_to_the_provider_and_in(live_server, settings):
    provider = OpenIdProvider()
    provider.who = {"sub": "idp|ada", "email": "ada@example.com", "email_verified": True}
    configure(settings, provider)
    ada = UserFactory(email="ada@example.com", name="Ada Byron")
    ada.groups.add(Group.objects.get(name="authors"))
    complaints = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        for theme, width in (("light", 1440), ("dark", 390)):
            context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)
            page = context.new_page()
            page.on("console", lambda message: complaints.append(message.text))
            page.goto(f"{live_server.url}{reverse('roster')}")
            assert [each["id"] for each in Axe().run(page).response["violations"]] == []
            shot(page, f"login-{theme}-{width}")
            page.get_by_text("Sign in with a password").click()
            assert page.get_by_label("Password").is_visible()
            shot(page, f"password-{theme}-{width}")
            page.get_by_role("link", name="Sign in with Example AG").click()
            page.wait_for_url(f"{live_server.url}{reverse('roster')}")
            context.close()
        assert complaints == []

        provider.who["email_verified"] = False
        provider.who["sub"] = "idp|somebody"
        page = browser.new_page()
        page.goto(live_server.url + reverse("openid_connect_login"))
        assert page.get_by_role("heading", level=1).inner_text() == "You cannot come in"
        shot(page, "refused")
        provider.stop()
        page.goto(live_server.url + reverse("openid_connect_login"))
        assert page.get_by_role("heading", level=1).inner_text() == "Signing in did not work"
        shot(page, "failed")
        browser.close()


def shot(page, name):
    if os.environ.get("SHOTS"):
        page.screenshot(path=f"{os.environ['SHOTS']}/{name}.png")
