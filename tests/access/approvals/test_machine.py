"""A request's life, in any order: never approved by its subject, never by time, never spent twice."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from enablement.access.decisions.verdict import Call
from enablement.access.models import ApprovalRequest
from enablement.access.services import approvals
from enablement.access.services.decisions import Caller, decide_call
from tests.access.conftest import NOW
from tests.machines import examples
from tests.tracks.factories import RoleAssignmentFactory
from tracks.errors import Refused

PEOPLE = ("engineer", "otto", "dagny", "priya", "deputy")
OVER = {"rejected", "expired", "spent", "cancelled", "outrun"}
which = st.integers(0, 3)


class Approvals(RuleBasedStateMachine):
    world: SimpleNamespace
    output: Call

    def __init__(self):
        super().__init__()
        self.savepoint = transaction.savepoint()
        self.at = NOW
        self.ids = []
        self.ends = {}
        self.approved_by = {}
        self.allowed = []
        # The asker may decide for others, and another's delegate as well: never for themself.
        RoleAssignmentFactory(user=self.world.engineer, role=self.world.managers)
        approvals.name_delegate(
            email=self.world.deputy.email,
            first_day=NOW.date(),
            last_day=NOW.date() + timedelta(days=2),
            actor=self.world.engineer,
            at=NOW,
        )
        approvals.name_delegate(
            email=self.world.engineer.email,
            first_day=NOW.date(),
            last_day=NOW.date() + timedelta(days=2),
            actor=self.world.otto,
            at=NOW,
        )

    def teardown(self):
        transaction.savepoint_rollback(self.savepoint)

    def pick(self, number):
        return ApprovalRequest.objects.get(pk=self.ids[number % len(self.ids)]) if self.ids else None

    def attempt(self, service, number, **arguments):
        request = self.pick(number)
        if request is None:
            return None
        try:
            return service(request=request, at=self.at, **arguments)
        except (Refused, ValidationError):
            return None

    @rule()
    def ask(self):
        if len(self.ids) < 4:
            caller = Caller.of_token(self.world.asker)
            made = approvals.open_request(call=self.output, caller=caller, token=self.world.asker, at=self.at)
            self.ids.append(made.pk)

    @rule(number=which, who=st.sampled_from(PEOPLE))
    def approve(self, number, who):
        made = self.attempt(approvals.approve, number, actor=getattr(self.world, who))
        if made is not None:
            assert who != "engineer"
            self.approved_by[made.pk] = who

    @rule(number=which, who=st.sampled_from(PEOPLE), comment=st.sampled_from(["", "No."]))
    def reject(self, number, who, comment):
        made = self.attempt(approvals.reject, number, actor=getattr(self.world, who), comment=comment)
        assert made is None or (who != "engineer" and comment)

    @rule(number=which, who=st.sampled_from(PEOPLE))
    def cancel(self, number, who):
        made = self.attempt(approvals.cancel, number, actor=getattr(self.world, who))
        assert made is None or who == "engineer"

    @rule(hours=st.sampled_from([1, 4, 30]))
    def wait(self, hours):
        self.at += timedelta(hours=hours)

    @rule()
    def sweep(self):
        before = set(ApprovalRequest.objects.filter(state="approved").values_list("pk", flat=True))
        approvals.escalate_and_expire(at=self.at)
        assert set(ApprovalRequest.objects.filter(state="approved").values_list("pk", flat=True)) <= before

    @rule(number=which, same=st.booleans(), key=st.sampled_from(["", "one", "two"]))
    def use(self, number, same, key):
        request = self.pick(number)
        if request is None:
            return
        call = replace(self.output, approvals=(str(request.pk),))
        call = call if same else replace(call, text="Another text.")
        decision = decide_call(
            call=call, caller=Caller.of_token(self.world.gateway), at=self.at, request_id=key
        )
        if decision.verdict.decision:
            assert same
            assert request.pk in self.approved_by
            self.allowed.append((request.pk, decision.id))

    @invariant()
    def each_is_spent_for_one_decision_at_most(self):
        assert len({decision for _pk, decision in self.allowed}) == len({pk for pk, _d in self.allowed})

    @invariant()
    def only_a_person_approves_and_what_is_over_stays_over(self):
        for request in ApprovalRequest.objects.all():
            if request.state in {"approved", "spent"}:
                assert request.pk in self.approved_by
                assert request.steps.get().decided_by_id != self.world.engineer.pk
            assert self.ends.setdefault(request.pk, request.state) == request.state or (
                self.ends[request.pk] not in OVER
            )
            self.ends[request.pk] = request.state


@pytest.mark.django_db
def test_a_requests_life(world, output):
    run_state_machine_as_test(
        type("Life", (Approvals,), {"world": world, "output": output}),
        settings=settings(
            max_examples=examples(15),
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
