"""Sessions and people are Django's own; only how they are asked for differs."""

import uuid
from datetime import timedelta

import pytest
from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.sessions.backends.db import SessionStore as DjangoStore
from django.contrib.sessions.models import Session
from django.urls import reverse
from django.utils import timezone

from enablement.people.backends import SignInBackend
from enablement.people.models import User
from enablement.people.sessions import SessionStore
from tests.people.factories import UserFactory

pytestmark = pytest.mark.django_db
PHRASE = "a good long pass phrase"


@pytest.fixture
def kept():
    store = SessionStore()
    store["seen"] = ["a", 1]
    store.create()
    return store.session_key


def test_what_was_kept_is_found_by_one_question(kept, django_assert_num_queries):
    SessionStore(kept).load()  # builds the query
    with django_assert_num_queries(1):
        assert SessionStore(kept).load() == {"seen": ["a", 1]}
    assert DjangoStore(kept).load() == {"seen": ["a", 1]}


def test_a_session_that_is_over_holds_nothing_and_its_key_is_not_used_again(kept):
    Session.objects.filter(pk=kept).update(expire_date=timezone.now() - timedelta(seconds=1))
    for store in (SessionStore(kept), DjangoStore(kept)):
        assert "seen" not in store
        assert store.session_key is None


def test_a_key_that_nobody_gave_out_holds_nothing(kept):
    store = SessionStore("another-key-of-some-length")
    assert dict(store.items()) == {}
    assert store.session_key is None
    assert SessionStore(None).load() == {}


def test_signing_out_ends_it_with_the_next_request(client):
    person = UserFactory()
    client.force_login(person, backend="enablement.people.backends.SignInBackend")
    assert client.get(reverse("my_path")).status_code == 200
    Session.objects.all().delete()
    assert client.get(reverse("my_path")).status_code == 302


def test_who_signs_in_is_kept_under_the_backend_that_looks_them_up(client):
    person = UserFactory()
    person.set_password(PHRASE)
    person.save()
    client.post(reverse("account_login"), {"login": person.email, "password": PHRASE})
    assert client.session["_auth_user_backend"] == "enablement.people.backends.SignInBackend"
    assert client.session["_auth_user_id"] == str(person.pk)


def test_a_person_is_looked_up_as_they_are_now():
    person = UserFactory()
    assert SignInBackend().get_user(person.pk) == AuthenticationBackend().get_user(person.pk) == person
    User.objects.filter(pk=person.pk).update(name="Renamed")
    assert SignInBackend().get_user(person.pk).name == "Renamed"


def test_nobody_is_found_under_an_unknown_id_or_after_they_have_left():
    assert SignInBackend().get_user(uuid.uuid4()) is None
    assert SignInBackend().get_user(UserFactory(is_active=False).pk) is None
