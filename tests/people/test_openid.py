"""Sign-in at the organisation's OpenID provider: who comes in, with what, and what is refused."""

import time

import httpx
import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import Group
from django.urls import reverse

from enablement.people.models import User
from enablement.people.organisation import GroupRules, IdentityProvider, for_allauth
from enablement.people.services import deactivate
from tests.people.factories import UserFactory
from tests.people.openid import CLIENT_ID, LOGOUT, SECRET, OpenIdProvider
from tests.people.test_accounts import NOW
from tests.tracks.factories import RoleFactory
from tracks.models import RoleAssignment

pytestmark = pytest.mark.django_db
RULES = (
    ("cn=mentors,dc=example", "group:mentors"),
    ("frontline", "role:frontline"),
    ("frontline", "group:quality"),
    ("future", "role:not_yet_there"),
)


@pytest.fixture(scope="module")
def running():
    provider = OpenIdProvider()
    yield provider
    provider.stop()


@pytest.fixture
def provider(running, settings):
    """The provider, afresh, with Ada in front of it."""
    running.reset()
    running.who = {
        "sub": "idp|ada",
        "email": "ada@example.com",
        "email_verified": True,
        "name": "Ada Byron",
        "groups": [],
    }
    configure(settings, running)
    return running


def configure(settings, provider, **changes):
    settings.IDENTITY_PROVIDER = IdentityProvider(
        name="Example AG", issuer=provider.issuer, client_id=CLIENT_ID, secret=SECRET, **changes
    )
    settings.SOCIALACCOUNT_PROVIDERS = for_allauth(settings.IDENTITY_PROVIDER)


@pytest.fixture
def ada(db):
    return UserFactory(email="Ada@example.com", name="Ada of the roster")


def sign_in(client, query=""):
    """The way of a browser: to the provider, and back with what it sends."""
    there = client.get(reverse("openid_connect_login") + query)
    assert there.status_code == 302, there.content
    back = httpx.get(there.url).headers["Location"]
    return client.get(back)


def who(client):
    key = client.session.get("_auth_user_id")
    return User.objects.get(pk=key).email if key else None


def groups_and_roles(user):
    current = RoleAssignment.objects.current().filter(user=user)
    return (
        sorted(user.groups.values_list("name", flat=True)),
        sorted(current.values_list("role__key", flat=True)),
    )


def test_whoever_is_on_the_roster_comes_in_and_keeps_the_providers_id(client, provider, ada, heard):
    answer = sign_in(client, "?next=/path/&scope=admin&auth_params=nonce%3Dchosen&process=connect")
    assert (answer.status_code, answer.url, who(client)) == (302, "/path/", ada.email)
    ada.refresh_from_db()
    account = SocialAccount.objects.get()
    assert (account.user, account.provider, account.uid, account.extra_data) == (
        ada,
        provider.issuer,
        "idp|ada",
        {},
    )
    assert (ada.external_id, ada.name) == ("idp|ada", "Ada of the roster")
    assert heard.kinds == ["people.identity_linked"]
    (asked,) = provider.asked
    assert asked["redirect_uri"] == "http://testserver/accounts/oidc/callback/"
    assert (asked["code_challenge_method"], sorted(asked["scope"].split())) == (
        "S256",
        ["email", "openid", "profile"],
    )
    assert asked["nonce"] != "chosen"

    client.logout()
    heard.clear()
    provider.who["email"] = "ada.king@example.com"  # she has married; who she is has not changed
    sign_in(client)
    assert (who(client), heard.kinds, SocialAccount.objects.count()) == (ada.email, [], 1)


def test_the_providers_groups_are_given_and_taken_at_every_sign_in(client, provider, ada, settings):
    RoleFactory(key="frontline"), RoleFactory(key="ops_manager")
    configure(settings, provider, rules=GroupRules(gives=RULES))
    ada.groups.add(Group.objects.get(name="authors"), Group.objects.get(name="mentors"))

    provider.who["groups"] = ["frontline", "future", "of no meaning here"]
    sign_in(client)
    assert groups_and_roles(ada) == (["authors", "quality"], ["frontline"])

    provider.who["groups"] = "cn=mentors,dc=example"
    sign_in(client)
    assert groups_and_roles(ada) == (["authors", "mentors"], [])

    del provider.who["groups"]
    sign_in(client)
    assert groups_and_roles(ada) == (["authors"], [])


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"email": "nobody@example.com"}, "nobody@example.com is not on the roster."),
        ({"email_verified": False}, "has not confirmed that your e-mail address is yours"),
        ({"email_verified": None}, "has not confirmed that your e-mail address is yours"),
        ({"email_verified": "false"}, "has not confirmed that your e-mail address is yours"),
        ({"email": None}, "has not confirmed that your e-mail address is yours"),
    ],
)
def test_who_is_not_let_in(client, provider, ada, changes, says):
    provider.who = {name: value for name, value in {**provider.who, **changes}.items() if value is not None}
    answer = sign_in(client)
    assert (answer.status_code, who(client)) == (403, None)
    assert says in answer.content.decode()
    assert (User.objects.count(), SocialAccount.objects.count()) == (1, 0)


def test_an_address_that_changed_hands_opens_nothing(client, provider, ada):
    sign_in(client)
    client.logout()
    provider.who |= {"sub": "idp|another ada"}
    answer = sign_in(client)
    assert (answer.status_code, who(client)) == (403, None)
    assert "ada@example.com belongs to somebody else here." in answer.content.decode()

    UserFactory(email="bo@example.com", external_id="idp|cy")
    provider.who |= {"sub": "idp|cy", "email": "ada.twice@example.com"}
    UserFactory(email="ada.twice@example.com")
    assert sign_in(client).status_code == 403
    assert SocialAccount.objects.count() == 1


def test_an_admitted_group_opens_an_account_and_losing_it_closes_it(client, provider, settings, heard):
    RoleFactory(key="frontline")
    rules = GroupRules(gives=RULES, admits=frozenset({"ai users"}))
    configure(settings, provider, rules=rules)
    assert "has not given you access" in sign_in(client).content.decode()
    assert User.objects.count() == 0

    provider.who["groups"] = ["ai users", "frontline"]
    sign_in(client)
    ada = User.objects.get()
    assert (who(client), ada.name, ada.has_usable_password()) == ("ada@example.com", "Ada Byron", False)
    assert groups_and_roles(ada) == (["quality"], ["frontline"])
    assert client.get(reverse("my_path")).status_code == 200
    elsewhere = client.__class__()

    # Groups that are not listed at all say nothing, and let nobody in.
    del provider.who["groups"]
    assert sign_in(elsewhere).status_code == 403
    assert client.get(reverse("my_path")).status_code == 200

    heard.clear()
    provider.who["groups"] = ["frontline"]
    assert sign_in(elsewhere).status_code == 403
    assert "people.person_deactivated" in heard.kinds
    assert client.get(reverse("my_path")).url.startswith(reverse("account_login"))
    assert groups_and_roles(ada) == ([], [])

    # Nor does the group alone bring back who was closed: a person of this organisation does.
    provider.who["groups"] = ["ai users", "frontline"]
    assert "This account was closed" in sign_in(elsewhere).content.decode()


def test_who_has_left_stays_out_by_both_ways(client, provider, ada, keeper):
    deactivate(user=ada, actor=keeper, at=NOW)
    assert "This account was closed" in sign_in(client).content.decode()
    assert who(client) is None
    assert SocialAccount.objects.count() == 0


SPOILT = {
    "expired": {"exp": int(time.time()) - 120},
    "never expires": {"exp": None},
    "of nobody": {"sub": None},
    "for another client": {"aud": "another"},
    "for several, and another asked": {"aud": [CLIENT_ID, "another"], "azp": "another"},
    "for several, and nobody says who asked": {"aud": [CLIENT_ID, "another"]},
    "of another issuer": {"iss": "https://elsewhere.example"},
    "for another sign-in": {"nonce": "another"},
    "without a nonce": {"nonce": None},
    "of the future": {"iat": int(time.time()) + 3600},
}


@pytest.mark.parametrize("changes", SPOILT.values(), ids=SPOILT)
def test_an_id_token_that_says_the_wrong_thing(client, provider, ada, changes):
    provider.spoilt = changes
    answer = sign_in(client)
    assert (answer.status_code, who(client), SocialAccount.objects.count()) == (401, None, 0)
    assert "You are not signed in" in answer.content.decode()


FORGED = {
    "signed by a stranger": lambda provider: lambda claims: provider.sign(claims, key=provider.stranger),
    "not signed": lambda provider: provider.unsigned,
    "signed with the public key as a secret": lambda provider: provider.shared_secret,
    "changed after it was signed": lambda provider: (
        lambda claims: ".".join(
            (
                provider.sign(claims).split(".")[0],
                *provider.sign({**claims, "sub": "x"}).split(".")[1:2],
                "AAAA",
            )
        )
    ),
    "no token": lambda _provider: lambda _claims: "nothing",
    "no text": lambda _provider: lambda _claims: None,
}


@pytest.mark.parametrize("signs", FORGED.values(), ids=FORGED)
def test_an_id_token_that_the_provider_did_not_sign(client, provider, ada, signs):
    provider.signs = signs(provider)
    answer = sign_in(client)
    assert (answer.status_code, who(client), SocialAccount.objects.count()) == (401, None, 0)


def test_the_same_way_with_nothing_spoilt_leads_in(client, provider, ada):
    provider.spoilt = {"aud": [CLIENT_ID, "another"], "azp": CLIENT_ID}
    sign_in(client)
    assert who(client) == ada.email


def test_two_answers_have_to_speak_of_one_person(client, provider, ada):
    provider.userinfo_spoilt = {"sub": "somebody else"}
    assert (sign_in(client).status_code, who(client)) == (401, None)


def test_an_unsigned_answer_does_not_verify_another_address(client, provider, ada):
    provider.who |= {"email": "ada@example.com"}
    provider.spoilt = {"email_verified": None}
    provider.userinfo_spoilt = {"email": "mallory@example.com"}
    assert (sign_in(client).status_code, who(client)) == (403, None)


def test_a_code_is_good_for_one_session_and_once(client, provider, ada):
    there = client.get(reverse("openid_connect_login"))
    back = httpx.get(there.url).headers["Location"]
    stranger = client.__class__()
    assert (stranger.get(back).status_code, who(stranger)) == (401, None)
    client.get(back)
    assert who(client) == ada.email
    client.logout()
    assert (client.get(back).status_code, who(client)) == (401, None)


@pytest.mark.parametrize(
    "broken", ["/.well-known/openid-configuration", "/keys", "/userinfo", "another provider's description"]
)
def test_a_provider_that_fails_is_a_page(client, provider, ada, broken):
    provider.broken = {broken}
    if broken.startswith("another"):
        provider.config_spoilt = {"issuer": "https://elsewhere.example"}
    answer = client.get(reverse("openid_connect_login"))
    if answer.status_code == 302:
        answer = client.get(httpx.get(answer.url).headers["Location"])
    assert (answer.status_code, who(client)) == (401, None)
    assert "Example AG did not answer in time" in answer.content.decode()


def test_more_groups_than_the_provider_lists_let_nobody_in(client, provider, ada):
    del provider.who["groups"]
    provider.who["_claim_names"] = {"groups": "src1"}
    assert (sign_in(client).status_code, who(client)) == (401, None)


def test_a_word_of_the_provider_ends_every_session(client, provider, ada, heard):
    other = client.__class__()
    sign_in(client), sign_in(other)
    sign_out = reverse("openid_connect_logout")
    mail = client.__class__(enforce_csrf_checks=True)
    bystander = UserFactory()
    third = client.__class__()
    third.force_login(bystander)

    refused = [
        provider.sign(provider.logout_token("idp|ada"), key=provider.stranger),
        provider.unsigned(provider.logout_token("idp|ada")),
        *(
            provider.sign(provider.logout_token("idp|ada", **changes))
            for changes in (
                {"aud": "another"},
                {"iss": "https://elsewhere.example"},
                {"events": {}},
                {"events": None},
                {"nonce": "as in an ID token"},
                {"exp": int(time.time()) - 120},
                {"iat": int(time.time()) - 3600, "exp": None},
                {"jti": None},
                {"sub": None},
            )
        ),
        "",
    ]
    answers = {mail.post(sign_out, {"logout_token": token}).status_code for token in refused}
    assert answers == {400}
    assert client.get(reverse("my_path")).status_code == 200

    token = provider.sign(provider.logout_token("idp|ada"), typ="logout+jwt")
    heard.clear()
    answer = mail.post(sign_out, {"logout_token": token})
    assert (answer.status_code, heard.kinds) == (200, ["people.sessions_ended"])
    assert "no-store" in answer["Cache-Control"]
    for signed_out in (client, other):
        assert signed_out.get(reverse("my_path")).url.startswith(reverse("account_login"))
    assert third.get(reverse("my_path")).status_code == 200
    assert mail.post(sign_out, {"logout_token": token}).status_code == 400  # not twice
    unknown = provider.sign(provider.logout_token("nobody here"))
    assert mail.post(sign_out, {"logout_token": unknown}).status_code == 200
    assert LOGOUT in provider.logout_token("x")["events"]

    sign_in(client)
    assert client.get(reverse("my_path")).status_code == 200


def test_whom_the_provider_signs_in_no_password_does(client, provider, ada):
    ada.set_password("a good long pass phrase")
    ada.save()
    credentials = {"login": ada.email, "password": "a good long pass phrase"}
    client.post(reverse("account_login"), credentials)
    assert who(client) == ada.email  # not linked yet
    client.logout()
    sign_in(client)
    client.logout()
    answer = client.post(reverse("account_login"), credentials, follow=True)
    assert who(client) is None
    assert "Your account is signed in by Example AG, not by a password." in answer.content.decode()


def test_the_sign_in_page_offers_the_organisation_first(client, provider, settings):
    page = client.get(reverse("account_login") + "?next=/path/").content.decode()
    there = f'href="{reverse("openid_connect_login")}?next=%2Fpath%2F"'
    assert page.index(there) < page.index('name="password"')
    assert "Sign in with Example AG" in page
    settings.IDENTITY_PROVIDER, settings.SOCIALACCOUNT_PROVIDERS = None, for_allauth(None)
    page = client.get(reverse("account_login")).content.decode()
    assert "Sign in with" not in page
    assert client.get(reverse("openid_connect_login")).status_code == 404
    assert client.get(reverse("openid_connect_callback")).status_code == 404
    assert client.post(reverse("openid_connect_logout")).status_code == 404


def test_nobody_joins_accounts_by_hand(client, ada, provider):
    client.force_login(ada)
    for name in ("socialaccount_connections", "socialaccount_signup"):
        assert client.get(reverse(name)).status_code == 404
        assert client.post(reverse(name)).status_code == 404
