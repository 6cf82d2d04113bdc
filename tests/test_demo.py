"""The page that lists the demo's people."""

import re

import pytest
from django.urls import reverse

from enablement.demo.cast import MENTORS, STAFF
from enablement.demo.stages import STAGES
from enablement.demo.tour import PARTS
from tests.people.factories import UserFactory

STAFF_HANDLES = {persona.handle for persona in (*STAFF, *MENTORS)}
EVERYBODY = STAFF_HANDLES | {f"engineer{number}" for number in range(1, len(STAGES) + 1)}


def test_all_staff_have_something_to_try_first_and_nobody_twice():
    placed = [handle for part in PARTS for handle, _tries in part.people]
    assert len(placed) == len(set(placed))
    assert STAFF_HANDLES <= set(placed) <= EVERYBODY


@pytest.mark.django_db
def test_the_page_links_everybody_once(client, settings):
    settings.DEMO = True
    for handle in EVERYBODY:
        UserFactory(email=f"{handle}@demo.example")
    page = client.get(reverse("demo_cast")).content.decode()
    linked = re.findall(r"/demo/sign-in/(\w+)@demo.example:", page)
    assert sorted(linked) == sorted(EVERYBODY)
    settings.DEMO = False
    assert client.get(reverse("demo_cast")).status_code == 404
