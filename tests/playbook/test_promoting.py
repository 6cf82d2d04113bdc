"""A prompt becomes a step of a procedure, by a person and the whole chain after them."""

import json
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from enablement.access.models import SOP
from enablement.ledger.models import LedgerContent, LedgerEntry
from enablement.playbook import services
from enablement.playbook.content.sop_edits import with_step
from enablement.playbook.errors import SourceErrors
from enablement.playbook.models import PlaybookDraft, PlaybookProposal
from enablement.playbook.services import chain
from enablement.playbook.services.promoting import promote
from tests.people.factories import UserFactory
from tests.playbook.conftest import NOW
from tests.playbook.first import first_in_force
from tests.playbook.test_sops import SOPS, with_sops
from tests.tracks.factories import RoleAssignmentFactory
from tracks.errors import Refused
from tracks.models import Role

STEP = {
    "title": "Sum up what is left",
    "text": "Run it again.\n\nBy hand: two lines.",
    "prompt": "summarise",
    "tool": "summariser",
    "threshold": 0.95,
    "approver": "manager_approve",
    "task": "",
}
WRITTEN = """\
    - key: sum-up-what-is-left
      title: "Sum up what is left"
      prompt: summarise
      tool: summariser
      threshold: 0.95
      approver: manager_approve
      text: |
        Run it again.

        By hand: two lines.
"""
FORM = {
    "place": "answer_ticket/sum-up",
    "title": STEP["title"],
    "text": STEP["text"],
    "threshold": "0.95",
    "approver": "manager_approve",
    "task": "",
    "reason": "People do it anyway.",
}


@pytest.fixture
def people(db):
    first_in_force(with_sops())
    groups = {"ada": "authors", "cleo": "compliance", "sam": "security", "lea": "legal"}
    found = {name: UserFactory(name=name.title(), groups=[group]) for name, group in groups.items()}
    found["otto"] = UserFactory(name="Otto")
    RoleAssignmentFactory(user=found["otto"], role=Role.objects.get(key="ops_manager"))
    return found


def propose(actor, **changed):
    values = {"sop": "answer_ticket", "after": "sum-up", "step": STEP, "reason": "People do it anyway."}
    return promote(**values | changed, actor=actor, at=NOW)


def approve(proposal, person):
    proposal = PlaybookProposal.objects.select_related("request").get(pk=proposal.pk)
    return chain.decide(proposal=proposal, approve=True, actor=person, at=NOW)


@pytest.mark.parametrize(
    ("after", "before"), [("", "    - key: read"), ("read", "    - key: sum-up"), ("pay", "")]
)
def test_the_step_is_written_at_its_place_and_nothing_else_is_touched(after, before):
    place = SOPS.index(before) if before else len(SOPS)
    assert with_step(SOPS, sop="answer_ticket", after=after, step=STEP) == (
        SOPS[:place] + WRITTEN + SOPS[place:]
    )


def test_a_second_step_of_that_name_has_another_key():
    twice = with_step(SOPS, sop="answer_ticket", after="", step=STEP)
    again = with_step(twice, sop="answer_ticket", after="pay", step=STEP)
    assert again.endswith(WRITTEN.replace("sum-up-what-is-left", "sum-up-what-is-left-2"))


def test_an_author_proposes_it_and_the_last_approval_puts_it_in_the_procedure(people):
    proposal = propose(people["ada"])
    assert isinstance(proposal, PlaybookProposal)
    assert [change.item.name for change in proposal.changes] == ["answer_ticket"]
    assert (proposal.changes[0].title, proposal.request.purpose) == (
        "Answer a ticket",
        "People do it anyway.",
    )
    for name in ("ada", "cleo"):
        with pytest.raises(Refused):
            approve(proposal, people[name])
    for name in ("otto", "sam", "lea"):
        assert SOP.objects.in_force().get().steps.count() == 3
        approve(proposal, people[name])
    sop = SOP.objects.in_force().get()
    assert [step.key for step in sop.steps.all()] == ["read", "sum-up", "sum-up-what-is-left", "pay"]
    assert sop.policy_revision == 2
    made = sop.steps.get(number=3)
    assert (made.prompt.key, made.microtool.key) == ("summarise", "summariser")
    assert made.threshold == Decimal("0.95")
    assert services.export(at=NOW).content["sops.yaml"] == with_step(
        SOPS, sop="answer_ticket", after="sum-up", step=STEP
    )
    entry = LedgerEntry.objects.get(kind="playbook.sop_step_proposed")
    said = LedgerContent.objects.get(entry=entry.pk)
    assert (json.loads(said.body), said.person) == ({"why": "People do it anyway."}, people["ada"].pk)


def test_compliance_proposes_a_draft_that_an_author_brings_and_compliance_cannot_decide(people):
    draft = propose(people["cleo"])
    assert isinstance(draft, PlaybookDraft)
    assert not PlaybookProposal.objects.exists()
    done = chain.submit(bundle=draft.bundle, base_number=1, actor=people["ada"], at=NOW, draft=draft)
    RoleAssignmentFactory(user=people["cleo"], role=Role.objects.get(key="ops_manager"))
    with pytest.raises(Refused) as caught:
        approve(done.proposal, people["cleo"])
    assert caught.value.code == "own_request"


def test_nobody_else_proposes_and_places_that_are_gone_are_refused(people):
    with pytest.raises(PermissionDenied):
        propose(people["otto"])
    for changed in ({"sop": "gone"}, {"after": "gone"}):
        with pytest.raises(Refused) as caught:
            propose(people["ada"], **changed)
        assert caught.value.code == "no_procedure"
    with pytest.raises(SourceErrors, match=r"0\.5 is below 0\.82 of summariser"):
        propose(people["ada"], step=STEP | {"threshold": 0.5})
    assert not PlaybookDraft.objects.exists()


@pytest.mark.pages
class TestPage:
    page = "/prompts/summarise/promote/"

    def test_from_the_prompt_to_the_proposal(self, client, people):
        client.force_login(people["ada"])
        assert self.page in client.get(reverse("prompt", args=["summarise"])).text
        form = client.get(self.page).text
        assert "Answer a ticket: after 2. Sum it up" in form
        answer = client.post(self.page, FORM)
        assert answer.headers["Location"] == PlaybookProposal.objects.get().get_absolute_url()
        plan = client.get(answer.headers["Location"]).text
        assert "Answer a ticket" in plan
        assert "Sum up what is left (prompt summarise, tool summariser, a person looks below 0.95" in plan
        assert "Run it again. By hand: two lines." in plan

    @pytest.mark.parametrize(
        ("field", "value", "said"),
        [
            ("threshold", "0.81", "greater than or equal to 0.82"),
            ("place", "answer_ticket/gone", "Select a valid choice"),
            ("place", "", "This field is required"),
            ("approver", "nobody", "Select a valid choice"),
            ("title", "", "This field is required"),
            ("reason", "", "This field is required"),
        ],
    )
    def test_what_does_not_fit_is_said_at_its_field(self, client, people, field, value, said):
        client.force_login(people["ada"])
        answer = client.post(self.page, FORM | {field: value})
        assert (answer.status_code, PlaybookDraft.objects.count()) == (422, 0)
        assert said in str(answer.context["form"].errors[field])

    def test_who_may_and_for_which_prompts(self, client, people):
        client.force_login(people["cleo"])
        assert client.post(self.page, FORM).headers["Location"] == reverse("prompt", args=["summarise"])
        assert client.get("/prompts/sing/promote/").status_code == 404
        client.force_login(people["otto"])
        assert client.get(self.page).status_code == 403
        assert client.post(self.page, FORM).status_code == 403
