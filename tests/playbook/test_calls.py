"""A plan names whom a ruling, or a prompt that goes, stops while their tool stays open: as decisions do."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from enablement.access.decisions.verdict import Call
from enablement.access.services.decisions import Caller, consider
from enablement.ledger.models import LedgerEntry
from enablement.playbook import services
from enablement.playbook.plan import CallEffect, Person
from enablement.playbook.plan_text import render
from tests.playbook.conftest import NOW
from tests.playbook.small import ROLES, bundle, changed
from tests.playbook.test_applying import EASY, enrolled
from tests.tracks.factories import RoleAssignmentFactory
from tracks.models import Role

pytestmark = pytest.mark.django_db
WHAT = "Summarise a ticket."
#: The activity with the prompt is avoided.
AVOIDED = ROLES.replace("  automate:\n", "").replace("  avoid:\n", "")
AVOIDED = AVOIDED.replace("    - {key: summaries", "  avoid:\n    - {key: summaries")
#: The managers hold the prompt, the clerks do not.
WITHOUT = changed('prompts: ["summarise"]\n      approvals', "prompts: []\n      approvals", EASY)
WITHOUT = changed(
    "    - name: ops_manager\n", '    - name: ops_manager\n      prompts: ["summarise"]\n', WITHOUT
)


def put(text=EASY, roles=ROLES):
    given = bundle(text, **{"roles.yaml": roles})
    return services.put_in_force(bundle=given, base_number=services.current_number(), actor=None, at=NOW).plan


@pytest.fixture
def ada(db):
    put()
    found = enrolled("Ada Byron", completed=True)
    enrolled("Bob", completed=False)
    return found


def answer(person, **said):
    call = Call(subject=person.email, microtool="summariser", action="invoke", region="eu-west-1", **said)
    return consider(call=call, caller=Caller(label="test"), at=NOW).verdict.reason


def test_a_ruling_that_moves_to_avoid_names_whom_it_stops_and_back_whom_it_lets_in(ada):
    person = (Person("Ada Byron", ada.email),)
    assert answer(ada, prompt="summarise") == "granted"
    found = put(roles=AVOIDED)
    assert (found.effects, found.calls) == ((), (CallEffect(what=WHAT, tool="Summariser", stops=person),))
    assert answer(ada, prompt="summarise") == "activity_ruled_avoid"
    line = f"  {WHAT}: 1 person can no longer use Summariser for it: Ada Byron <{ada.email}>"
    assert f"\nCalls:\n{line}\n" in render(found)
    entry = LedgerEntry.objects.get(kind="playbook.applied", subject_id="2")
    assert f'"stops":{{"{WHAT}":1}}' in entry.payload
    back = put()
    assert back.calls == (CallEffect(what=WHAT, tool="Summariser", lets_in=person),)
    assert answer(ada, prompt="summarise") == "granted"


def test_an_activity_without_a_prompt_stops_everybody_with_any_tool_of_theirs(ada):
    chats = '  avoid:\n    - {key: chats, text: "Chat.", why: "No record."}\n'
    found = put(roles=ROLES.replace("  avoid:\n", chats))
    assert found.calls == (CallEffect(what="Chat.", stops=(Person("Ada Byron", ada.email),)),)
    assert answer(ada, workflow_id="chats") == "activity_ruled_avoid"


def test_a_prompt_that_a_role_no_longer_holds_is_named(ada):
    found = put(WITHOUT, roles=ROLES.replace("prompt: summarise, ", ""))
    assert [(each.what, len(each.stops)) for each in found.calls] == [("summarise", 1)]
    assert answer(ada, prompt="summarise") == "prompt_not_held"


def test_who_was_stopped_by_another_role_already_is_not_named_again(ada):
    managers = "ops_manager:\n  title: M\n  description: D.\n"
    both = '  avoid:\n    - {key: summaries, prompt: summarise, text: "No sums.", why: "Managers decide."}\n'
    put(
        changed("    - name: ops_manager\n", '    - name: ops_manager\n      prompts: ["summarise"]\n', EASY),
        roles=ROLES + managers + both,
    )
    RoleAssignmentFactory(user=ada, role=Role.objects.get(key="ops_manager"))
    assert answer(ada, prompt="summarise") == "activity_ruled_avoid"
    found = put(
        changed("    - name: ops_manager\n", '    - name: ops_manager\n      prompts: ["summarise"]\n', EASY),
        roles=AVOIDED + managers + both,
    )
    assert found.calls == ()


def test_it_costs_as_many_queries_for_many_people_as_for_one(ada):
    def cost():
        with CaptureQueriesContext(connection) as captured:
            assert services.plan(bundle=bundle(EASY, **{"roles.yaml": AVOIDED}), at=NOW).calls
        return len(captured)

    cost()
    one = cost()
    for name in ("Cy", "Di", "Ed"):
        enrolled(name, completed=True)
    assert cost() == one
