"""SAML in a browser: the provider's page is another site, so its post comes without our session's cookie."""

import threading
from contextlib import contextmanager
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse
from playwright.sync_api import sync_playwright

from enablement.people.organisation import GroupRules, IdentityProvider, SamlProvider, for_allauth
from tests.chromium import CHROMIUM
from tests.people.factories import UserFactory
from tests.people.saml_idp import ENTITY, MAIL, SamlIdp

pytestmark = [
    pytest.mark.sqlite,  # what a browser does does not depend on the database
    pytest.mark.needs("chromium"),
    pytest.mark.django_db(transaction=True),
]


#: Where the provider offers its latest answer once more.
AGAIN = "/again"


@contextmanager
def pages_of(idp):
    """The provider's sign-in page, whose button posts the signed answer to us. Yields its address."""
    answers = []

    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path != AGAIN:
                answers.append(idp.response(idp.asked(self.path), attributes={MAIL: ["ada@example.com"]}))
            body = (
                '<!doctype html><title>Example AG</title><link rel="icon" href="data:,">'
                f'<form method="post" action="{idp.site}/acs/">'
                f'<input type="hidden" name="SAMLResponse" value="{escape(answers[-1])}">'
                "<button>I am Ada</button></form>"
            ).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/sso", answers
    finally:
        server.shutdown()
        server.server_close()


def test_from_the_sign_in_page_to_the_provider_and_back_in_once(live_server, settings):
    idp = SamlIdp()
    idp.site = f"{live_server.url}/accounts/saml/organisation"
    # Another site for the browser than the provider's 127.0.0.1: Lax cookies stay away from its post.
    assert live_server.url.startswith("http://localhost:")
    UserFactory(email="ada@example.com", name="Ada Byron").groups.add(Group.objects.get(name="authors"))
    complaints = []
    with pages_of(idp) as (sso, answers), sync_playwright() as playwright:
        settings.IDENTITY_PROVIDER = IdentityProvider(
            name="Example AG",
            issuer=ENTITY,
            saml=SamlProvider(sso_url=sso, certificate=idp.certificate, email_domains=("example.com",)),
            rules=GroupRules(),
        )
        settings.SOCIALACCOUNT_PROVIDERS = for_allauth(settings.IDENTITY_PROVIDER)
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        page = browser.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(f"{live_server.url}{reverse('roster')}")
        page.get_by_role("link", name="Sign in with Example AG").click()
        page.get_by_role("button", name="I am Ada").click()
        page.wait_for_url(f"{live_server.url}{reverse('roster')}")
        assert (complaints, len(answers)) == ([], 1)

        # The very answer again, from somebody else's browser.
        stranger = browser.new_context().new_page()
        stranger.goto(sso.replace("/sso", AGAIN))
        stranger.get_by_role("button", name="I am Ada").click()
        assert stranger.get_by_role("heading", level=1).inner_text() == "Signing in did not work"
        assert len(answers) == 1
        browser.close()
