"""The workflow-change chain: what loosens is proposed, approved by three people, and applied as it was."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from enablement.access.models import ApprovalRequest, Policy
from enablement.access.models.approval import Kind
from enablement.access.services import approvals
from enablement.access.services.approvals.mailing import mail as send
from enablement.ledger.models import LedgerContent, LedgerEntry, PolicyRevision
from enablement.playbook import services
from enablement.playbook.models import PlaybookDraft, PlaybookProposal
from enablement.playbook.services import chain, drafts
from tests.people.factories import UserFactory
from tests.playbook.conftest import NOW
from tests.playbook.first import first_in_force
from tests.playbook.small import alone, bundle, changed
from tests.tracks.factories import RoleAssignmentFactory
from tracks.errors import Refused
from tracks.models import Role

pytestmark = pytest.mark.django_db
LOOSER = bundle(changed("0.82", "0.75"))
TIGHTER = bundle(changed("0.82", "0.9"))
DAY = timedelta(days=1)


@pytest.fixture
def people(db):
    first_in_force()
    found = {name: UserFactory(name=name.title(), groups=[group]) for name, group in GROUPS}
    found["otto"] = UserFactory(name="Otto")
    RoleAssignmentFactory(user=found["otto"], role=Role.objects.get(key="ops_manager"))
    return found


GROUPS = (("ada", "authors"), ("sam", "security"), ("lea", "legal"), ("priya", "program_managers"))


def propose(people, *, given=LOOSER, actor="ada", at=NOW, **more):
    return chain.submit(
        bundle=given, base_number=services.current_number(), actor=people[actor], at=at, note="Why", **more
    )


def approve(proposal, person, *, at=NOW):
    proposal = PlaybookProposal.objects.select_related("request").get(pk=proposal.pk)
    return chain.decide(proposal=proposal, approve=True, actor=person, at=at)


def refused(code, do, *args, **options):
    with pytest.raises(Refused) as caught:
        do(*args, **options)
    assert caught.value.code == code


def in_force():
    return services.current_number(), services.current_bundle().sha256


def test_what_tightens_is_applied_by_one_person(people):
    done = propose(people, given=TIGHTER)
    assert (done.applied.revision.number, done.proposal) == (2, None)
    assert not ApprovalRequest.objects.exists()


def test_what_loosens_waits_for_three_people_and_is_put_in_force_by_the_last(people):
    done = propose(people)
    assert done.applied is None
    assert in_force() == (1, bundle().sha256)
    request = done.proposal.request
    steps = list(request.steps.values_list("approver", flat=True))
    assert steps == ["ops_manager", "security_partner", "legal_partner"]
    # From Friday 20 November, 09:00 UTC, six days of eight hours; and again, until Monday 7 December.
    assert (request.due_at - NOW, request.expires_at - request.due_at) == (7 * DAY + 8 * HOUR, 10 * DAY)
    for name in ("sam", "lea", "priya", "ada"):
        with pytest.raises(Refused):
            approve(done.proposal, people[name])
    approve(done.proposal, people["otto"])
    refused("not_your_decision", approve, done.proposal, people["otto"])
    approve(done.proposal, people["sam"])
    assert in_force() == (1, bundle().sha256)
    approve(done.proposal, people["lea"])
    assert in_force() == (2, LOOSER.sha256)
    revision = PolicyRevision.objects.get(number=2)
    assert (revision.applied_by, revision.note, revision.base_number) == (people["ada"], "Why", 1)
    request.refresh_from_db()
    entry = LedgerEntry.objects.get(kind="playbook.applied", subject_id="2")
    assert (request.state, request.spent_decision) == ("spent", entry.pk)
    assert PlaybookProposal.objects.get().applied_revision == revision
    about = LedgerEntry.objects.about("access.ApprovalRequest", str(request.pk)).values_list(
        "kind", flat=True
    )
    assert sorted(about) == [
        "access.approval_approved",
        "access.approval_requested",
        "access.approval_step_approved",
        "access.approval_step_approved",
        "playbook.proposed",
    ]
    refused("decided", approve, done.proposal, people["lea"])


HOUR = timedelta(hours=1)


def test_nobody_decides_twice_or_on_their_own_proposal(people):
    people["ada"].groups.add(*people["sam"].groups.all())
    RoleAssignmentFactory(user=people["ada"], role=Role.objects.get(key="ops_manager"))
    RoleAssignmentFactory(user=people["sam"], role=Role.objects.get(key="ops_manager"))
    proposal = propose(people).proposal
    refused("own_request", approve, proposal, people["ada"])
    approve(proposal, people["sam"])
    refused("not_your_decision", approve, proposal, people["sam"])


def test_whoever_uploaded_it_does_not_approve_it_either(people):
    people["sam"].groups.add(*people["ada"].groups.all())
    draft = drafts.upload(name="p.yaml", data=LOOSER.yaml.encode(), actor=people["sam"], at=NOW)
    done = drafts.apply_draft(draft=draft, base_number=1, actor=people["ada"], at=NOW, note="Why")
    approve(done.proposal, people["otto"])
    refused("own_request", approve, done.proposal, people["sam"])
    other = UserFactory(groups=["security"])
    approve(done.proposal, other)
    approve(done.proposal, people["lea"])
    assert services.current_number() == 2
    assert PlaybookDraft.objects.get().applied_revision_id == 2


def test_turned_down_it_is_over(people):
    proposal = propose(people).proposal
    approve(proposal, people["otto"])
    chain.decide(proposal=proposal, approve=False, actor=people["sam"], at=NOW, comment="Too low.")
    for name in ("sam", "lea"):
        refused("decided", approve, proposal, people[name])
    assert in_force() == (1, bundle().sha256)


def test_late_it_is_passed_on_then_ends_and_never_approves_itself(people):
    proposal = propose(people).proposal
    assert approvals.escalate_and_expire(at=proposal.request.due_at) == 1
    assert set(proposal.request.steps.values_list("escalated_to", flat=True)) == {"program_manager"}
    at = proposal.request.due_at
    approve(proposal, people["priya"], at=at)
    refused("not_your_decision", approve, proposal, people["priya"], at=at)
    approve(proposal, people["sam"], at=at)
    assert approvals.escalate_and_expire(at=proposal.request.expires_at) == 1
    assert ApprovalRequest.objects.get().state == "expired"
    refused("decided", approve, proposal, people["lea"], at=proposal.request.expires_at)
    assert in_force() == (1, bundle().sha256)


def test_the_clock_alone_ends_it_too(people):
    proposal = propose(people).proposal
    refused("expired", approve, proposal, people["otto"], at=proposal.request.expires_at)


def test_another_revision_ends_what_waits(people, client):
    proposal = propose(people).proposal
    approve(proposal, people["otto"])
    propose(people, given=TIGHTER)
    request = ApprovalRequest.objects.get()
    assert (request.state, PlaybookProposal.objects.get().outdated_by_id) == ("outrun", 2)
    client.force_login(people["ada"])
    shown = client.get(reverse("approvals") + "?list=own").text
    assert ("Outrun by another playbook" in shown, "Withdrawn" in shown) == (True, False)
    assert LedgerEntry.objects.filter(kind="access.approval_outdated").count() == 1
    refused("decided", approve, proposal, people["sam"])
    assert in_force() == (2, TIGHTER.sha256)


def test_a_base_that_moved_without_ending_it_is_refused_all_the_same(people):
    proposal = propose(people).proposal
    services.put_in_force(bundle=TIGHTER, base_number=1, actor=None, at=NOW)
    ApprovalRequest.objects.update(state="pending", settled_at=None)
    refused("stale_base", approve, proposal, people["otto"])


def test_what_changed_in_the_tables_since_is_planned_anew(people):
    proposal = propose(
        people, given=bundle(changed("block_on_confidence_lt: 0.7", "block_on_confidence_lt: 0.6"))
    ).proposal
    approve(proposal, people["otto"])
    approve(proposal, people["sam"])
    Policy.objects.update(manual_review_required=False)
    refused("plan_differs", approve, proposal, people["lea"])
    assert ApprovalRequest.objects.get().state == "pending"
    assert services.current_number() == 1


def test_a_document_that_was_touched_is_refused(people):
    proposal = propose(people).proposal
    approve(proposal, people["otto"])
    approve(proposal, people["sam"])
    PlaybookProposal.objects.update(document=bundle(changed("0.82", "0.1")).document())
    refused("plan_differs", approve, proposal, people["lea"])
    assert in_force() == (1, bundle().sha256)


def test_whoever_proposed_it_still_has_to_be_an_author(people):
    proposal = propose(people).proposal
    for name in ("otto", "sam"):
        approve(proposal, people[name])
    people["ada"].is_active = False
    people["ada"].save(update_fields=["is_active"])
    refused("proposer_gone", approve, proposal, people["lea"])
    assert services.current_number() == 1


def test_a_request_that_somebody_marked_approved_applies_nothing(people):
    proposal = propose(people).proposal
    ApprovalRequest.objects.update(state="approved", settled_at=NOW, expires_at=NOW + DAY, due_at=NOW + HOUR)
    with pytest.raises(Refused), transaction.atomic():
        chain.on_approved(request_id=proposal.pk, actor_id=people["lea"].pk, at=NOW, last=True)
    assert services.current_number() == 1


def test_the_chain_is_that_of_the_playbook_in_force(people):
    own = changed(
        "risk_thresholds:",
        "approvals:\n  workflow_changes:\n    steps: [program_manager]\n    sla_hours: 8\nrisk_thresholds:",
    )
    proposal = propose(people, given=bundle(own)).proposal
    assert proposal.request.steps.count() == 3
    services.put_in_force(bundle=bundle(own), base_number=1, actor=None, at=NOW)
    proposal = propose(people, given=bundle(own.replace("0.82", "0.75"))).proposal
    assert [step.approver for step in proposal.request.steps.all()] == ["program_manager"]
    assert proposal.request.due_at == NOW + 8 * HOUR


def test_the_same_is_proposed_once_and_nobody_cannot_propose(people):
    first, again = propose(people), propose(people)
    assert (first.new, again.new, again.proposal) == (True, False, first.proposal)
    refused("nobody_proposes", chain.submit, bundle=LOOSER, base_number=1, actor=None, at=NOW)
    assert ApprovalRequest.objects.count() == 1


def test_without_content_it_keeps_what_was_in_force(people):
    proposal = propose(people, given=alone(changed("0.82", "0.75"))).proposal
    assert proposal.sha256 == LOOSER.sha256


def test_no_call_is_settled_by_it(people):
    from enablement.access.decisions.verdict import Call
    from enablement.access.services.decisions.spending import Purse

    proposal = propose(people).proposal
    call = Call(
        subject=str(people["ada"].pk), microtool="summariser", action="invoke", approvals=(str(proposal.pk),)
    )
    assert Purse.of([call]).rows == {}


@pytest.mark.parametrize("values", [{"kind": Kind.APPROVAL}, {"kind": Kind.REVIEW}])
def test_the_database_keeps_calls_and_changes_apart(people, values):
    propose(people)
    with pytest.raises(IntegrityError), transaction.atomic():
        ApprovalRequest.objects.update(**values)


@pytest.mark.parametrize("values", [{"base_number": 0}, {"applied_revision_id": 1, "outdated_by_id": 1}])
def test_the_database_keeps_proposals_whole(people, values):
    propose(people)
    with pytest.raises(IntegrityError), transaction.atomic():
        PlaybookProposal.objects.update(**values)


def test_mails_name_the_change_and_lead_to_it(people):
    proposal = propose(people).proposal
    assert send(request_id=proposal.pk, occasion="asked", at=NOW) == 1
    [message] = mail.outbox
    assert message.to == [people["otto"].email]
    assert message.subject == "Ada asks for your approval: a change of the playbook"
    assert "loosens what is in force" in message.body
    assert "\nWhy: Why\n" in message.body


def test_what_loosens_is_proposed_with_a_reason_or_not_at_all(people, client):
    draft = drafts.upload(name="lower.yaml", data=LOOSER.yaml.encode(), actor=people["ada"], at=NOW)
    client.force_login(people["ada"])
    response = client.post(
        reverse("playbook_apply", args=[draft.pk]), {"base": "1", "note": " "}, follow=True
    )
    assert "Say why: it is what those read who have to approve it." in response.text
    assert "Why it should change" in response.text
    assert not PlaybookProposal.objects.exists()
    tighter = drafts.upload(name="t.yaml", data=TIGHTER.yaml.encode(), actor=people["ada"], at=NOW)
    client.post(reverse("playbook_apply", args=[tighter.pk]), {"base": "1"})
    assert services.current_number() == 2


def test_why_somebody_wants_it_goes_with_it_to_the_approvers_and_into_the_ledger(people, client):
    draft = PlaybookDraft.objects.create(
        name="ruling.yaml",
        document=LOOSER.yaml,
        content=LOOSER.content,
        sha256=LOOSER.sha256,
        uploaded_by=people["priya"],
        uploaded_at=NOW,
        base_number=1,
        reason="Clerks wait for <days>.",
    )
    made = drafts.apply_draft(
        draft=draft, base_number=1, actor=people["ada"], at=NOW, note="I agree."
    ).proposal
    client.force_login(people["sam"])
    page = client.get(made.get_absolute_url()).text
    for words in (
        "Why Priya wants it changed",
        "Clerks wait for &lt;days&gt;.",
        "Why Ada proposes it",
        "I agree.",
    ):
        assert words in page
    entry = LedgerEntry.objects.get(kind="playbook.proposed")
    kept = LedgerContent.objects.get(entry=entry.pk)
    assert (kept.person, kept.texts()) == (people["ada"].pk, {"why": "I agree."})
    assert "I agree" not in entry.payload


def test_the_pages(people, client):
    draft = drafts.upload(name="lower.yaml", data=LOOSER.yaml.encode(), actor=people["ada"], at=NOW)
    client.force_login(people["ada"])
    page = client.get(draft.get_absolute_url()).text
    assert "Propose this plan" in page
    assert "Microtool Summariser: confidence threshold: 0.82 → 0.75" in page
    response = client.post(
        reverse("playbook_apply", args=[draft.pk]), {"base": "1", "note": "Too strict."}, follow=True
    )
    assert "Proposed. It is in force once the last approver agrees." in response.text
    assert 'id="decide"' not in response.text
    proposal = PlaybookProposal.objects.get()
    address = proposal.get_absolute_url()
    assert "lower.yaml" in client.get(reverse("playbooks")).text
    assert "Proposed, and not in force yet" in client.get(draft.get_absolute_url()).text
    decide = reverse("playbook_proposal_decide", args=[proposal.pk])
    assert client.post(decide, {"decision": "approve"}).status_code == 409
    for name in ("otto", "sam"):
        client.force_login(people[name])
        assert "proposes a change of the playbook" in client.get(reverse("approvals")).text
        assert client.get(reverse("approval", args=[proposal.pk])).url == address
        page = client.get(address).text
        assert 'id="decide"' in page
        assert "because of the threshold of Summariser.</li>" in page
        assert "Nobody called these tools in the last 30 days.</li>" in page
        assert client.post(decide, {"decision": "reject"}).status_code == 422
        assert (
            client.post(reverse("approval_decide", args=[proposal.pk]), {"decision": "approve"}).status_code
            == 404
        )
        assert client.post(decide, {"decision": "approve"}).url == address
    client.force_login(people["lea"])
    said = client.post(
        reverse("playbook_proposal_comment", args=[proposal.pk]), {"text": "I see."}, follow=True
    )
    assert "I see." in said.text
    done = client.post(decide, {"decision": "approve"}, follow=True)
    assert "Revision 2 is in force." in done.text
    assert "In force as revision 2" in done.text
    client.force_login(UserFactory())
    assert [client.get(address).status_code, client.post(decide).status_code] == [404, 404]


def test_who_proposed_it_may_withdraw_it(people, client):
    proposal = propose(people).proposal
    client.force_login(people["ada"])
    assert client.post(reverse("approval_withdraw", args=[proposal.pk]), follow=True).status_code == 200
    assert ApprovalRequest.objects.get().state == "cancelled"


def test_a_plan_names_things_as_people_call_them(people, client):
    proposal = propose(people).proposal
    client.force_login(people["sam"])
    page = client.get(proposal.get_absolute_url()).text
    assert 'Summariser<div class="sub"><code>summariser</code></div>' in page
    conditions = "      - type: survey\n        survey: ready\n"
    named = {
        change.item.kind: change.title
        for change in services.plan(bundle=bundle(changed(conditions, "")), at=NOW).changes
    }
    assert named == {"gate": "Clerks"}
    # One that was proposed before plans knew titles.
    plan = proposal.plan | {"changes": [change[:4] for change in proposal.plan["changes"]]}
    PlaybookProposal.objects.update(plan=plan)
    assert '<th scope="row">summariser</th>' in client.get(proposal.get_absolute_url()).text
    for name in ("otto", "sam", "lea"):
        approve(proposal, people[name])
    assert services.current_number() == 2


def test_all_proposals_are_listed_in_pages(people, client):
    client.force_login(people["ada"])
    overview, page = reverse("playbooks"), reverse("playbook_proposals")
    assert "Nothing is proposed" in client.get(page).text

    def cost(count):
        for _each in range(count):
            lower = bundle(changed("0.82", f"0.{100 + PlaybookProposal.objects.count()}"))
            propose(people, given=lower)
        with CaptureQueriesContext(connection) as queries:
            client.get(page)
        return len(queries)

    assert cost(2) == cost(9)
    assert page in client.get(overview).text
    listed = client.get(page)
    assert listed.text.count("with: Ops manager") == 11
    assert len(listed.context["proposals"]) == 11
    client.force_login(people["sam"])
    assert client.get(page).status_code == 403
