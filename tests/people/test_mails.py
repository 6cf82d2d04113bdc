"""What sign-in sends by mail and says when it fails: our words, and no way to a sign-up that is closed."""

import pytest
from django.core import mail
from django.urls import reverse

from tests.people.factories import UserFactory

pytestmark = pytest.mark.django_db


def ask_for_a_new_password(client, address):
    client.post(reverse("account_reset_password"), {"email": address})
    (message,) = mail.outbox
    return message


def test_the_mail_for_a_new_password_names_the_product_and_holds_the_link(client):
    person = UserFactory()
    message = ask_for_a_new_password(client, person.email)
    assert message.subject == "A new password for Enablement"
    assert message.to == [person.email]
    assert "http://testserver/accounts/password/reset/key/" in message.body
    assert "email" not in message.body


def test_an_unknown_address_is_told_so_and_invited_nowhere(client):
    message = ask_for_a_new_password(client, "nobody@example.com")
    assert message.subject == "No account with this address at Enablement"
    assert "nobody@example.com" in message.body
    assert "http" not in message.body


def test_a_wrong_password_is_answered_in_plain_words(client):
    person = UserFactory()
    answer = client.post(reverse("account_login"), {"login": person.email, "password": "wrong"})
    assert "The e-mail address or the password is wrong." in answer.content.decode()
