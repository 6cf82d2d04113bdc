"""Sign-in at the organisation's SAML provider: signed, for us, for this sign-in, and once."""

import base64

import pytest
from allauth.socialaccount.models import SocialAccount
from django.core.cache.backends.db import DatabaseCache
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from enablement.people.organisation import GroupRules, IdentityProvider, SamlProvider, for_allauth
from tests.people.factories import UserFactory
from tests.people.saml_idp import ENTITY, GROUPS, MAIL, SSO, SamlIdp
from tests.people.test_openid import groups_and_roles, who
from tests.racing import race

pytestmark = pytest.mark.django_db
SLUG = ["organisation"]
ADA = {MAIL: ["ada@example.com"], GROUPS: ["mentors of ours", "sales"]}


@pytest.fixture(scope="module")
def idp():
    return SamlIdp()


@pytest.fixture(autouse=True)
def configured(idp, settings):
    settings.IDENTITY_PROVIDER = IdentityProvider(
        name="Example AG",
        issuer=ENTITY,
        saml=SamlProvider(sso_url=SSO, certificate=idp.certificate, email_domains=("example.com",)),
        rules=GroupRules(gives=(("mentors of ours", "group:mentors"),)),
    )
    settings.SOCIALACCOUNT_PROVIDERS = for_allauth(settings.IDENTITY_PROVIDER)


@pytest.fixture
def client():
    return browser()


def browser():
    """python3-saml reads the host that a browser names."""
    return Client(headers={"host": "testserver"})


@pytest.fixture
def ada(db):
    return UserFactory(email="ada@example.com")


def begin(client, idp):
    there = client.get(reverse("saml_login", args=SLUG) + "?next=/path/&process=connect")
    assert (there.status_code, there.url.split("?")[0]) == (302, SSO)
    return idp.asked(there.url)


def finish(client, response):
    """As the browser does: a post from the provider's page, then on to the page that has our cookie."""
    posted = client.post(reverse("saml_acs", args=SLUG), {"SAMLResponse": response})
    assert (posted.status_code, posted.url) == (302, reverse("saml_finish_acs", args=SLUG))
    return client.get(posted.url)


def test_a_signed_assertion_leads_in_once(client, idp, ada):
    response = idp.response(begin(client, idp), attributes=ADA)
    answer = finish(client, response)
    assert (answer.status_code, answer.get("Location"), who(client)) == (302, "/path/", "ada@example.com")
    ada.refresh_from_db()
    account = SocialAccount.objects.get()
    assert (account.user, account.provider, account.uid, ada.external_id) == (
        ada,
        ENTITY,
        "idp|ada",
        "idp|ada",
    )
    assert groups_and_roles(ada) == (["mentors"], [])

    client.logout()
    assert finish(client, response).status_code == 401
    stranger = browser()
    assert finish(stranger, response).status_code == 401
    assert (who(client), who(stranger)) == (None, None)

    finish(client, idp.response(begin(client, idp), attributes={MAIL: ["ada@example.com"]}))
    assert (who(client), groups_and_roles(ada)) == ("ada@example.com", ([], []))


SPOILT = {
    "not signed": {"signed": False},
    "for another audience": {"audience": "https://elsewhere.example"},
    "for no audience": {"audience": ""},
    "for another address": {"recipient": "https://elsewhere.example/acs/"},
    "of another issuer": {"issuer": "https://elsewhere.example"},
    "expired": {"minutes": -20},
}


@pytest.mark.parametrize("changes", SPOILT.values(), ids=SPOILT)
def test_an_assertion_that_is_refused(client, idp, ada, changes):
    answer = finish(client, idp.response(begin(client, idp), attributes=ADA, **changes))
    assert (answer.status_code, who(client), SocialAccount.objects.count()) == (401, None, 0)
    assert "You are not signed in" in answer.content.decode()


def test_an_assertion_of_a_stranger_or_changed_after_it_was_signed(client, idp, ada):
    forged = idp.response(begin(client, idp), attributes=ADA, by=idp.stranger)
    assert (finish(client, forged).status_code, who(client)) == (401, None)
    response = idp.response(begin(client, idp), attributes={**ADA, MAIL: ["eve@example.com"]})
    changed = base64.b64decode(response).replace(b"eve@", b"ada@")
    assert finish(client, base64.b64encode(changed).decode()).status_code == 401
    for nonsense in ("", "AAAA", base64.b64encode(b"<a/>").decode(), "ä"):
        assert finish(client, nonsense).status_code == 401
    assert (who(client), SocialAccount.objects.count()) == (None, 0)


def test_an_assertion_that_nobody_asked_for(client, idp, ada):
    begin(client, idp)
    for request in ("_made_up", ""):
        assert (finish(client, idp.response(request, attributes=ADA)).status_code, who(client)) == (401, None)


def test_an_address_that_the_provider_does_not_answer_for(client, idp):
    UserFactory(email="ada@elsewhere.example")
    response = idp.response(begin(client, idp), attributes={MAIL: ["ada@elsewhere.example"]})
    assert (finish(client, response).status_code, who(client)) == (403, None)


def test_what_the_provider_has_to_know_about_us(client, settings):
    answer = client.get(reverse("saml_metadata", args=SLUG))
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/xml")
    text = answer.content.decode()
    assert "http://testserver/accounts/saml/organisation/acs/" in text
    assert 'WantAssertionsSigned="true"' in text
    assert client.get(reverse("saml_sls", args=SLUG)).status_code == 404
    assert client.get(reverse("openid_connect_login")).status_code == 404
    page = client.get(reverse("account_login") + "?next=/path/").content.decode()
    assert f'href="{reverse("saml_login", args=SLUG)}?next=%2Fpath%2F"' in page
    settings.IDENTITY_PROVIDER, settings.SOCIALACCOUNT_PROVIDERS = None, for_allauth(None)
    for name in ("saml_login", "saml_metadata", "saml_finish_acs"):
        assert client.get(reverse(name, args=SLUG)).status_code == 404


def is_first(assertion):
    """What production remembers used assertions in, and how sign-in asks it."""
    return DatabaseCache("cache", {}).add(f"saml:{assertion}", True, 300)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_several_processes_that_see_an_assertion_at_once_one_is_first():
    call_command("createcachetable", "cache", verbosity=0)
    assert sorted(race(is_first, [("_a",)] * 4)) == [False, False, False, True]
    assert (is_first("_a"), is_first("_b")) == (False, True)
