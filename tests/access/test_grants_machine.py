"""Whatever happens, in whatever order: a tool is open only to who has shown everything, or was
let off by two.

Hypothesis drives the services; a second, plain account of what happened says to whom it may be open.
`GRANTS_TRIAL_STEPS` makes it longer (`manage.py bench grants_trial`).
"""

import os
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from assessments.models import SignOff
from assessments.services import labs
from enablement.access import gates
from enablement.access.decisions.verdict import Call
from enablement.access.models import Grant, GrantHold, Policy, Stop, Waiver
from enablement.access.services import control, nightly, waivers
from enablement.access.services.decisions import Caller, consider
from enablement.access.services.grants import reevaluate
from enablement.access.services.policy import put_gate
from tests.access.factories import GateFactory, MicrotoolFactory, PolicyFactory
from tests.assessments.labs.factories import MONDAY, handed_in, lab_of, mentored, sign
from tests.machines import examples
from tests.people.factories import UserFactory
from tests.standing import lay_down
from tests.tracks.factories import ComponentFactory, EnrolmentFactory, MentorshipFactory, ModuleFactory
from tracks.errors import Refused
from tracks.models import Enrolment
from tracks.months import months_later
from tracks.services import cohorts, progress
from tracks.services.renewing import renew_module

pytestmark = pytest.mark.django_db
STEPS_OF_ONE = 40
STEPS_IN_VERIFY = 2000
STEPS = int(os.environ.get("GRANTS_TRIAL_STEPS", examples(STEPS_IN_VERIFY)))
SETTINGS = settings(
    max_examples=max(STEPS // STEPS_OF_ONE, 1),
    stateful_step_count=STEPS_OF_ONE,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
MODULES = {"type": "modules_completed", "modules": ["basics"], "valid_months": 2}
LABS = {"type": "labs_signed_off", "valid_months": 1}
#: Nobody meets it while the test lasts.
NEVER = {"type": "date", "not_before": "2099-01-01"}
EASY, TREE, HARD = ({"all_of": [MODULES, LABS, NEVER][:n]} for n in (1, 2, 3))
RARELY = st.sampled_from([False, False, False, True])
WHO, WHAT = st.integers(0, 1), st.sampled_from([MODULES, LABS])


class Undo(Exception):
    """Leaves the transaction of one example."""


class Grants(RuleBasedStateMachine):
    """Two learners of one mentor, a module, a lab whose sign-off holds for a month, one tool."""

    def __init__(self):
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.at = MONDAY
        vars(self).update(lay_down("machine of grants", self.before))
        self.completed, self.held, self.left = {}, set(), set()
        self.signed, self.waived = {}, {}
        self.stopped, self.turn = False, 0
        self.tree, self.kept, self.revision = TREE, {}, 1

    @staticmethod
    def before():
        PolicyFactory()
        first, mentor = mentored()
        second = EnrolmentFactory(cohort=first.cohort)
        MentorshipFactory(enrolment=second, mentor=mentor)
        GateFactory(track=first.track, tree=TREE)
        made = {
            "mentor": mentor,
            "enrolments": [first, second],
            "lab": lab_of(first),
            "component": ComponentFactory(
                module=ModuleFactory(track=first.track, key="basics", valid_months=2)
            ),
            "tool": MicrotoolFactory(track=first.track),
            "wardens": [UserFactory(perms=["access.control_access"]) for _ in range(2)],
        }
        reevaluate(user_ids=[first.user_id, second.user_id], cause="tests", actor_id=None, at=MONDAY)
        return made

    def teardown(self):
        self.transaction.__exit__(Undo, Undo(), None)

    def grant(self, who):
        return Grant.objects.get(user=self.enrolments[who].user_id)

    def component_of(self, who):
        module = self.component.module
        found = {"enrolment": self.enrolments[who], "module": module, "kind": self.component.kind}
        return found | {"key": self.component.key, "actor": None, "at": self.at}

    @initialize(done=st.sets(WHO))
    def begin(self, done):
        """Else hardly anybody would ever come as far as an open tool."""
        for who in done:
            self.complete(who)
            self.sign_off(who)

    @rule(who=WHO)
    def complete(self, who):
        if who not in self.left:
            progress.record_completion(**self.component_of(who))
            self.completed.setdefault(who, self.at)

    @rule(who=WHO)
    def withdraw(self, who):
        progress.withdraw_completion(**self.component_of(who), reason="A mistake")
        self.completed.pop(who, None)

    @rule(who=WHO)
    def go_through_again(self, who):
        """Only where half of the time is over: two months are less than twice sixty days."""
        given = self.completed.get(who)
        due = given is not None and self.at >= given + (months_later(given, 2) - given) / 2
        enrolment = self.enrolments[who]
        before = enrolment.module_renewals.count()
        with suppress(Refused):
            renew_module(enrolment=enrolment, module=self.component.module, actor=enrolment.user, at=self.at)
        renewed = enrolment.module_renewals.count() > before
        assert renewed is (due and who not in self.left)
        if renewed:
            self.completed[who] = self.at

    @rule(who=WHO)
    def sign_off(self, who):
        if who in self.signed or who in self.left:
            return
        submission = handed_in(enrolment=self.enrolments[who], lab=self.lab, at=self.at)
        sign(submission, self.mentor, at=self.at)
        self.signed[who] = self.at

    @rule(who=WHO)
    def withdraw_sign_off(self, who):
        if who in self.signed and who not in self.left:
            found = SignOff.objects.open().get(enrolment=self.enrolments[who])
            labs.withdraw_sign_off(sign_off=found, reason="Too early", actor=self.mentor, at=self.at)
            del self.signed[who]

    @rule(days=st.sampled_from([1, 10, 31, 40]))
    def wait(self, days):
        self.at += timedelta(days=days)

    @rule(who=WHO)
    def suspend(self, who):
        if who not in self.held:
            control.suspend(grant=self.grant(who), reason="Rework", actor=self.wardens[0], at=self.at)
            self.held.add(who)

    @rule(who=WHO)
    def lift(self, who):
        if who in self.held:
            hold = GrantHold.objects.live().get(grant=self.grant(who))
            actor = self.wardens[1]
            control.lift(hold=hold, reason="Settled", actor=actor, at=self.at)
            self.held.discard(who)

    @rule(really=RARELY)
    def stop(self, really):
        if really and not self.stopped:
            key = self.tool.key
            control.stop(kind="microtool", value=key, reason="Bad", actor=self.wardens[0], at=self.at)
            self.stopped = True

    @rule()
    def end_stop(self):
        if self.stopped:
            control.end_stop(stop=Stop.objects.live().get(), reason="Good", actor=self.wardens[1], at=self.at)
            self.stopped = False

    @rule(who=WHO, what=WHAT, days=st.integers(1, 30), approved=st.booleans())
    def waive(self, who, what, days, approved):
        if who in self.left:
            return
        key, ends_at = gates.identity(what), self.at + timedelta(days=days)
        try:
            made = waivers.propose(
                enrolment=self.enrolments[who],
                requirement=key,
                reason="Ill",
                ends_at=ends_at,
                actor=self.wardens[0],
                at=self.at,
            )
        except Refused:
            return
        if approved:
            waivers.approve(waiver=made, actor=self.wardens[1], at=self.at)
            self.waived[who, what["type"]] = ends_at

    @rule(who=WHO)
    def end_waivers(self, who):
        open_ones = Waiver.objects.open().filter(user=self.enrolments[who].user_id, ends_at__gt=self.at)
        for found in open_ones:
            waivers.end(waiver=found, actor=self.wardens[0], at=self.at)
        self.waived = {key: ends for key, ends in self.waived.items() if key[0] != who}

    @rule(who=WHO, really=RARELY)
    def leave(self, who, really):
        if really and who not in self.left:
            enrolment = Enrolment.objects.get(pk=self.enrolments[who].pk)
            cohorts.withdraw_enrolment(enrolment=enrolment, actor=None, at=self.at)
            self.left.add(who)

    @rule(tree=st.sampled_from([EASY, TREE, HARD]), immediate=RARELY)
    def change_gate(self, tree, immediate):
        """Who holds the tool keeps it by the gate as it was, for a month at most."""
        holding = Grant.objects.filter(state="granted").exclude(not_after__lte=self.at)
        held = set(holding.values_list("user_id", flat=True))
        if immediate:
            self.kept = {}
        elif tree != self.tree:
            for who, enrolment in enumerate(self.enrolments):
                if enrolment.user_id in held and who not in self.kept:
                    ends = [self.ends(who, what) for what in self.tree["all_of"]]
                    until = min([months_later(self.at, 1), *(end for end in ends if end)])
                    self.kept[who] = (self.tree, until)
        self.tree, self.revision = tree, self.revision + 1
        Policy.objects.update(revision=self.revision)
        track = self.enrolments[0].track
        put_gate(track=track, tree=tree, immediate=immediate, revision=self.revision, at=self.at)
        people = [enrolment.user_id for enrolment in self.enrolments]
        reevaluate(user_ids=people, cause="tests", actor_id=None, at=self.at)

    @rule()
    def night(self):
        """Once everything is brought in line, the tool is open to whoever may have it as well."""
        nightly.reevaluate_all(at=self.at)
        if not self.stopped:
            assert self.open() == {who for who in range(2) if self.may(who)}

    def ends(self, who, what):
        """When one requirement is no longer met, as far as it is now; None for never."""
        if (
            what == MODULES
            and who in self.completed
            and self.at < (end := months_later(self.completed[who], 2))
        ):
            return end
        if what == LABS and who in self.signed and self.at < (end := months_later(self.signed[who], 1)):
            return end
        return self.waived.get((who, what["type"]))

    def meets(self, who, tree):
        """What the plain account says, who is there and whom nobody holds back given."""
        lab = who in self.signed and self.at < months_later(self.signed[who], 1)
        module = who in self.completed and self.at < months_later(self.completed[who], 2)
        shown = {"modules_completed": module, "labs_signed_off": lab, "date": False}
        let_off = {key[1] for key, ends in self.waived.items() if key[0] == who and ends > self.at}
        met = all(shown[what["type"]] or what["type"] in let_off for what in tree["all_of"])
        return met and who not in self.held and who not in self.left

    def may(self, who):
        tree, until = self.kept.get(who, (self.tree, self.at))
        return self.meets(who, self.tree) or (self.at < until and self.meets(who, tree))

    @invariant()
    def nobody_keeps_what_they_lost(self):
        """It ends for good with the first proof, the day, a hold, or with meeting the gate in force."""
        self.kept = {
            who: (tree, until)
            for who, (tree, until) in self.kept.items()
            if self.at < until and self.meets(who, tree) and not self.meets(who, self.tree)
        }

    def open(self):
        live = set(Grant.objects.live(at=self.at).values_list("user_id", flat=True))
        return {who for who, enrolment in enumerate(self.enrolments) if enrolment.user_id in live}

    @invariant()
    def no_live_grant_without_its_proof(self):
        """And decisions say the same: of one learner after the other, because each step asks."""
        found = self.open()
        assert not (self.stopped and found)
        for who in found:
            assert self.may(who)
            leaves = self.grant(who).leaves
            assert leaves
            assert all(leaf["proof"] for leaf in leaves)
        self.turn = 1 - self.turn
        person = self.enrolments[self.turn].user_id
        call = Call(subject=str(person), microtool=self.tool.key, action="invoke")
        verdict = consider(call=call, caller=Caller(label="tests"), at=self.at).verdict
        assert (verdict.outcome != "deny") is (self.turn in found)


# Where it finds something, Hypothesis takes up to five minutes to say it in few steps.
@pytest.mark.timeout(600 if STEPS <= STEPS_IN_VERIFY else 0)
def test_no_tool_is_open_without_proof():
    run_state_machine_as_test(Grants, settings=SETTINGS)
