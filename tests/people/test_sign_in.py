"""Sign-in: addresses come from the roster, and who has left is out."""

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.urls import reverse

from enablement.people.services import deactivate
from tests.people.factories import UserFactory
from tests.people.test_accounts import NOW

pytestmark = pytest.mark.django_db
ELSEWHERE = "somebody@elsewhere.example"


@pytest.mark.parametrize(
    "content",
    [
        {"action_add": "", "email": ELSEWHERE},
        {"action_add": "", "action_send": "", "email": ELSEWHERE},
        {"email": ELSEWHERE},
        {"action_remove": "", "email": "own"},
        {"action_primary": "", "email": "own"},
    ],
)
def test_nobody_changes_their_own_addresses(client, content):
    user = UserFactory()
    client.force_login(user)
    own = {key: user.email if value == "own" else value for key, value in content.items()}
    assert client.post(reverse("account_email"), own).status_code == 403
    user.refresh_from_db()
    address = EmailAddress.objects.get(user=user)
    assert (address.email, address.primary, address.verified) == (user.email, True, True)
    assert mail.outbox == []


def test_the_link_to_confirm_an_address_can_be_sent_again(client):
    user = UserFactory()
    EmailAddress.objects.filter(user=user).update(verified=False)
    client.force_login(user)
    response = client.post(reverse("account_email"), {"action_send": "", "email": user.email})
    assert response.status_code == 302
    assert [message.to for message in mail.outbox] == [[user.email]]


def test_who_has_left_is_signed_out_and_cannot_come_in(client, keeper):
    user = UserFactory()
    user.set_password("a good long pass phrase")
    user.save()
    client.force_login(user)
    deactivate(user=user, actor=keeper, at=NOW)
    assert client.get(reverse("my_path")).url.startswith(reverse("account_login"))
    client.logout()
    credentials = {"login": user.email, "password": "a good long pass phrase"}
    assert client.post(reverse("account_login"), credentials).status_code in {200, 302}
    assert "_auth_user_id" not in client.session
    client.post(reverse("account_reset_password"), {"email": user.email})
    assert all("/password/reset/key/" not in message.body for message in mail.outbox)
