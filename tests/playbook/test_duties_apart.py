"""One author alone brings nothing in force that loosens, whomever they put on the roster."""

import pytest
from django.urls import reverse

from enablement.access import approvers
from enablement.people.deciding import deciding_roles
from enablement.people.models import RightRequest, User
from enablement.people.services import rights
from enablement.playbook import services
from enablement.playbook.services import chain
from tests.people.factories import UserFactory
from tests.playbook.conftest import NOW
from tests.playbook.first import first_in_force
from tests.playbook.small import bundle, changed
from tracks.errors import Refused

pytestmark = pytest.mark.django_db
LOOSER = bundle(changed("0.82", "0.75"))
FILE = """email,name,groups,roles
p1@example.com,Puppet One,security,
p2@example.com,Puppet Two,legal,
p3@example.com,Puppet Three,compliance,ops_manager;clerk
"""


@pytest.fixture
def ada(db):
    first_in_force()
    return UserFactory(name="Ada", groups=["authors"])


def test_puppets_approve_nothing_until_a_second_person_has_confirmed_each(client, ada):
    client.force_login(ada)
    assert client.post(reverse("roster_upload"), {"content": FILE}).status_code == 302
    puppets = [User.objects.get(email=f"p{number}@example.com") for number in (1, 2, 3)]
    held = [sorted(approvers.seats(one, at=NOW).own) for one in puppets]
    assert held == [[], [], ["clerk"]]
    proposal = chain.submit(bundle=LOOSER, base_number=1, actor=ada, at=NOW, note="Alone").proposal
    for puppet in puppets:
        with pytest.raises(Refused):
            chain.decide(proposal=proposal, approve=True, actor=puppet, at=NOW)
    for right in RightRequest.objects.all():
        assert client.post(reverse("right_confirm", args=[right.pk])).status_code == 409
    assert (services.current_number(), RightRequest.objects.open().count()) == (1, 4)
    # The allowed case beside it: somebody of security confirms, and only now the seat is taken.
    sam = UserFactory(groups=["security"])
    right = RightRequest.objects.get(kind="role", name="ops_manager")
    rights.confirm(right=right, actor=sam, at=right.asked_at)
    assert "manager_approve" in approvers.seats(puppets[2], at=NOW).own


def test_which_roles_decide_is_what_rules_owners_and_the_chain_name(ada):
    assert "ops_manager" in deciding_roles()
    assert "clerk" not in deciding_roles()
