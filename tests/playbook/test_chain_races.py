"""The last approval of a proposal, while somebody else decides or applies: one of them happens, wholly."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from enablement.access.models import ApprovalRequest
from enablement.playbook import services
from enablement.playbook.models import PlaybookProposal
from enablement.playbook.services import chain
from tests.people.factories import UserFactory
from tests.playbook.conftest import NOW
from tests.playbook.small import bundle, changed
from tests.tracks.factories import RoleAssignmentFactory
from tracks.errors import Refused
from tracks.models import Role

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]
LOOSER, TIGHTER = bundle(changed("0.82", "0.75")), bundle(changed("0.82", "0.9"))


@pytest.fixture
def nearly():
    """A proposal that only legal has not approved; and two people of legal."""
    services.apply(bundle=bundle(), base_number=0, actor=None, at=NOW)
    author, security = UserFactory(groups=["authors"]), UserFactory(groups=["security"])
    manager = UserFactory()
    RoleAssignmentFactory(user=manager, role=Role.objects.get(key="ops_manager"))
    proposal = chain.submit(bundle=LOOSER, base_number=1, actor=author, at=NOW, note="Why").proposal
    for person in (manager, security):
        approve(proposal, person)
    return proposal, author, [UserFactory(groups=["legal"]) for _ in range(2)]


def approve(proposal, person):
    chain.decide(proposal=proposal, approve=True, actor=person, at=NOW)


def together(*works):
    """What each said: "done", or the code of its refusal."""
    start = Barrier(len(works))

    def run(work):
        start.wait()
        try:
            work()
        except Refused as refused:
            return refused.code
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def test_two_last_approvals_put_it_in_force_once(nearly):
    proposal, _author, legal = nearly
    said = together(*(lambda each=each: approve(proposal, each) for each in legal))
    assert sorted(said) == ["decided", "done"]
    assert services.current_number() == 2


def test_a_last_approval_and_an_apply_wait_for_each_other_and_one_of_them_is_refused(nearly):
    proposal, author, legal = nearly
    said = together(
        lambda: approve(proposal, legal[0]),
        lambda: chain.submit(bundle=TIGHTER, base_number=1, actor=author, at=NOW),
    )
    request, kept = ApprovalRequest.objects.get(), PlaybookProposal.objects.get()
    now = (services.current_number(), services.current_bundle().sha256)
    if said[0] == "done":
        assert (said[1], request.state, kept.applied_revision_id) == ("stale_base", "spent", 2)
        assert now == (2, LOOSER.sha256)
    else:
        assert (said, request.state, kept.outdated_by_id) == (["decided", "done"], "outrun", 2)
        assert now == (2, TIGHTER.sha256)
