"""What is refused before any page sees it."""

import pytest

from tests.people.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "path",
    [
        "/verify/a%00b",
        "/demo/sign-in/a%00b/",
        "/roster/?q=a%00b",
        "/access/?page=1&q=%00",
        "/roster/?q=%2500",
    ],
)
def test_a_nul_in_an_address_is_a_bad_request_and_no_fault(client, path):
    client.force_login(UserFactory(groups=["authors", "compliance"]))
    assert client.get(path).status_code == (200 if "%2500" in path else 400)
