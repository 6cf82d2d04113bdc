"""A decision takes what people have settled: bound to its call, and spent with the decision."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import DatabaseError

from enablement.access.models import ApprovalRequest
from enablement.access.services import approvals
from enablement.access.services.decisions import Caller, decide_calls
from enablement.access.services.grants import reevaluate
from enablement.ledger.models import LedgerEntry
from tests.access.approvals.conftest import evaluation
from tests.access.conftest import NOW
from tests.people.factories import ApiTokenFactory, UserFactory
from tests.tracks.factories import EnrolmentFactory, RoleAssignmentFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def approved_again(world, ask):
    return lambda: approvals.approve(request=ask(), actor=world.otto, at=NOW)


@pytest.fixture
def approved(approved_again):
    return approved_again()


def naming(call, *requests):
    return replace(call, approvals=tuple(str(getattr(one, "pk", one)) for one in requests))


def test_an_output_waits_for_its_approval_and_is_allowed_with_it_once(world, output, approved, decided):
    before = decided(output)
    assert (before.verdict.outcome, before.verdict.reason) == ("approval_required", "approval_required")

    decision = decided(naming(output, approved))

    assert (decision.verdict.decision, decision.verdict.reason) == (True, "granted")
    approved.refresh_from_db()
    assert (approved.state, approved.spent_at, approved.spent_decision) == ("spent", NOW, decision.id)
    payload = json.loads(LedgerEntry.objects.get(pk=decision.id).payload)
    assert payload["approvals_used"] == [str(approved.pk)]
    again = decided(naming(output, approved))
    assert (again.verdict.outcome, again.verdict.reason) == ("approval_required", "approval_spent")


@pytest.mark.parametrize(
    "other",
    [
        {"text": "The parcel is late!"},
        {"text": ""},
        {"confidence": Decimal("0.84")},
        {"prompt": None},
        {"workflow_id": "triage"},
    ],
)
def test_it_counts_for_no_other_call(output, approved, decided, other):
    decision = decided(naming(replace(output, **other), approved))

    assert decision.verdict.outcome != "allow"
    assert decision.offers[0].refused == "approval_not_for_this_call"
    approved.refresh_from_db()
    assert approved.state == "approved"


def test_it_counts_for_no_other_person(world, switch, output, approved, decided):
    other = EnrolmentFactory(cohort__track=world.tool.track).user
    RoleAssignmentFactory(user=other, role=world.profile.role)
    switch.on.add(other.pk)
    reevaluate(user_ids=[other.pk], cause="tests", actor_id=None, at=NOW)

    decision = decided(naming(replace(output, subject=str(other.pk)), approved))

    assert (decision.verdict.outcome, decision.verdict.reason) == (
        "approval_required",
        "approval_not_for_this_call",
    )


@pytest.mark.parametrize("forged", [uuid4(), "4711", "", "' OR 1=1 --"])
def test_a_number_that_is_none_of_ours_settles_nothing(output, approved, decided, forged):
    decision = decided(naming(output, forged))
    assert (decision.verdict.outcome, decision.verdict.reason) == ("approval_required", "approval_unknown")
    assert str(forged) not in LedgerEntry.objects.get(pk=decision.id).payload or forged == ""


def test_what_nobody_has_decided_or_somebody_refused_settles_nothing(world, output, ask, decided):
    waiting, refused, withdrawn = ask(), ask(), ask()
    approvals.reject(request=refused, actor=world.otto, comment="Not this one.", at=NOW)
    approvals.cancel(request=withdrawn, actor=world.engineer, at=NOW)

    reasons = [decided(naming(output, one)).verdict.reason for one in (waiting, refused, withdrawn)]

    assert reasons == ["approval_waiting", "approval_rejected", "approval_withdrawn"]


def test_it_has_to_be_used_within_24_hours_whether_or_not_the_job_has_run(output, approved, decided):
    late = NOW + timedelta(hours=24)
    assert decided(naming(output, approved), at=late).verdict.reason == "approval_expired"
    approvals.escalate_and_expire(at=late)
    assert decided(naming(output, approved), at=late).verdict.reason == "approval_expired"
    approved.refresh_from_db()
    assert approved.state == "expired"


def test_just_before_it_still_counts(output, approved, decided):
    in_time = NOW + timedelta(hours=24) - timedelta(microseconds=1)
    assert decided(naming(output, approved), at=in_time).verdict.decision is True


def test_a_deny_stays_one_and_uses_nothing(world, switch, output, approved, decided):
    switch.on.clear()
    reevaluate(user_ids=[world.engineer.pk], cause="tests", actor_id=None, at=NOW)

    decision = decided(naming(output, approved))

    assert (decision.verdict.outcome, decision.verdict.reason) == ("deny", "gate_not_met")
    approved.refresh_from_db()
    assert approved.state == "approved"


def test_what_the_call_does_not_need_is_not_used(output, approved, decided):
    sure = replace(output, confidence=Decimal("0.95"))
    assert decided(naming(sure, approved)).verdict.decision is True
    approved.refresh_from_db()
    assert approved.state == "approved"


def test_an_approval_and_a_review_are_used_together_or_not_at_all(world, output, ask, decided):
    world.profile.human_in_loop = True
    world.profile.save()
    approval = approvals.approve(request=ask(), actor=world.otto, at=NOW)
    alone = decided(naming(output, approval))
    assert (alone.verdict.outcome, alone.verdict.reason) == ("review_required", "review_required")
    review = ask(kind="review")
    approvals.confirm(request=review, actor=world.engineer, usable=True, at=NOW)

    decision = decided(naming(output, approval, review))

    assert decision.verdict.decision is True
    spent = ApprovalRequest.objects.filter(state="spent", spent_decision=decision.id)
    assert set(spent) == {approval, review}


def test_what_a_changed_rule_requires_is_not_covered(world, output, approved, decided):
    world.tool.approval_rule = "if confidence < 0.9 => legal_partner"
    world.tool.save()
    assert decided(naming(output, approved)).verdict.outcome == "approval_required"


def test_the_same_token_and_request_id_get_the_same_answer_again(output, approved, decided):
    first = decided(naming(output, approved), request_id="call-1")
    entries = LedgerEntry.objects.count()
    again = decided(naming(output, approved), request_id="call-1", at=NOW + timedelta(hours=1))

    assert (again.id, again.verdict.decision) == (first.id, True)
    assert LedgerEntry.objects.count() == entries


@pytest.mark.parametrize("how", ["another request id", "another token", "no request id", "a day later"])
def test_anybody_else_and_later_finds_it_spent(output, approved, decided, how):
    decided(naming(output, approved), request_id="" if how == "no request id" else "call-1")
    again = decided(
        naming(output, approved),
        request_id={"another request id": "call-2", "no request id": ""}.get(how, "call-1"),
        token=ApiTokenFactory(scopes=["access:evaluate"]) if how == "another token" else None,
        at=NOW + timedelta(hours=24) if how == "a day later" else NOW,
    )
    assert (again.verdict.decision, again.verdict.reason) == (False, "approval_spent")


def test_a_withdrawn_proof_denies_the_same_call_again(world, switch, output, approved, decided):
    decided(naming(output, approved), request_id="call-1")
    switch.on.clear()
    reevaluate(user_ids=[world.engineer.pk], cause="tests", actor_id=None, at=NOW)
    assert decided(naming(output, approved), request_id="call-1").verdict.outcome == "deny"


def test_one_batch_uses_it_once_and_the_batch_again_gets_the_same_answers(world, output, approved):
    def batch():
        caller = Caller.of_token(world.gateway)
        calls = [naming(output, approved), naming(output, approved)]
        return decide_calls(calls=calls, caller=caller, at=NOW, request_id="batch-1")

    first, second = batch(), batch()

    assert [one.verdict.reason for one in first] == ["granted", "approval_spent"]
    assert [one.verdict.reason for one in second] == ["granted", "approval_spent"]
    assert second[0].id == first[0].id


def test_where_the_record_fails_nothing_is_spent(output, approved, decided, monkeypatch):
    def refuse(entries):
        raise DatabaseError("disk full")

    monkeypatch.setattr("enablement.ledger.services.record_many", refuse)
    with pytest.raises(DatabaseError):
        decided(naming(output, approved))
    approved.refresh_from_db()
    assert approved.state == "approved"


@pytest.mark.parametrize("count", [1, 4])
def test_an_approval_costs_one_read_and_one_update_more(
    world, post, approved_again, count, django_assert_num_queries
):
    ids = [str(approved_again().pk) for _each in range(count)]
    post("/access/v1/evaluation", evaluation(confidence=0.95))  # the grant's day of use is noted
    # Token, three reads, two inserts (the entry and its content), update; a test's savepoint.
    with django_assert_num_queries(9):
        answer = post("/access/v1/evaluation", evaluation(approval=ids)).json()
    assert answer["decision"] is True


def test_the_answer_says_what_became_of_each(post, approved):
    other = str(uuid4())
    context = post("/access/v1/evaluation", evaluation(approval=[other, str(approved.pk)])).json()["context"]
    assert context["outcome"] == "allow"
    assert context["approvals"] == [
        {"id": None, "reason": "approval_unknown"},
        {"id": str(approved.pk), "reason": "settled"},
    ]


@pytest.mark.parametrize("broken", [5, [5], ["x"] * 11, "x" * 101, {"id": "x"}])
def test_what_cannot_be_an_approval_is_malformed(world, post, broken):
    assert post("/access/v1/evaluation", evaluation(approval=broken)).status_code == 400


def test_half_a_character_is_bound_to_nothing(output, approved, decided):
    odd = naming(replace(output, text="\ud800"), approved)
    assert decided(odd).verdict.reason == "approval_not_for_this_call"


def test_a_request_for_somebody_unknown_names_nobodys_approval(output, approved, decided):
    decision = decided(naming(replace(output, subject=UserFactory.build().email), approved))
    assert decision.verdict.reason == "unknown_subject"
