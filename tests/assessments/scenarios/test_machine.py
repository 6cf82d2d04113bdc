"""A person and a mentor doing whatever they like with drills: what has to hold after every step."""

import random

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from assessments.models import CaseDecision, Drill, Verdict
from assessments.services import scenarios
from tests.assessments.scenarios.factories import (
    AT,
    BECAUSE,
    grade,
    make_learner,
    make_mentor,
    make_set,
    scenario_spec,
    set_spec,
)
from tests.machines import examples
from tracks.errors import Refused

pytestmark = pytest.mark.django_db
ALLOWED = {
    "practice_first",
    "capstone_waiting",
    "capstone_passed",
    "already_decided",
    "not_its_turn",
    "not_to_grade",
    "already_graded",
}


class Undo(Exception):
    """Leaves the transaction of one example."""


class Drills(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.set = make_set()
        self.learner = make_learner(self.set)
        self.mentor = make_mentor(self.learner)
        self.answers = {}
        self.versions = 0

    def teardown(self):
        self.transaction.__exit__(Undo, Undo(), None)

    def attempt(self, step):
        code = ""
        try:
            step()
        except Refused as refusal:
            code = refusal.code
        assert not code or code in ALLOWED

    @rule(kind=st.sampled_from(Drill.Kind.values), seed=st.integers(0, 999))
    def start(self, kind, seed):
        self.attempt(
            lambda: scenarios.start(
                scenario_set=self.set, kind=kind, actor=self.learner, at=AT, rng=random.Random(seed)
            )
        )

    @rule(decision=st.sampled_from(Verdict.values), place=st.integers(0, 2), drill=st.integers(0, 3))
    def decide(self, decision, place, drill):
        """The next case, the one after it, or one that is decided; of whatever drill there is."""
        drills = list(Drill.objects.order_by("number"))
        if not drills:
            return
        chosen = drills[drill % len(drills)]
        done = chosen.cases.exclude(decided_at=None).count()
        position = min(max(done + place, 1), chosen.size)
        key = (chosen.pk, position)

        def step():
            scenarios.decide(
                drill=chosen,
                position=position,
                decision=decision,
                justification=BECAUSE,
                actor=self.learner,
                at=AT,
            )
            self.answers.setdefault(key, decision)

        self.attempt(step)

    @rule()
    def finish(self):
        """All that is open, so that whole drills come to pass."""
        for case in CaseDecision.objects.filter(decided_at=None).order_by("position"):
            scenarios.decide(
                drill=case.drill,
                position=case.position,
                decision=Verdict.DENY,
                justification=BECAUSE,
                actor=self.learner,
                at=AT,
            )
            self.answers[case.drill_id, case.position] = Verdict.DENY

    @rule(number=st.integers(0, 20), named=st.sets(st.sampled_from(["rule", "figure"])))
    def grade(self, number, named):
        cases = list(CaseDecision.objects.order_by("pk"))
        if cases:
            self.attempt(
                lambda: grade(cases[number % len(cases)], self.mentor, named=sorted(named), comment="Seen.")
            )

    @rule(number=st.integers(0, 13))
    def rewrite(self, number):
        self.versions += 1
        changes = {"situation": f"Version {self.versions}"}
        specs = [scenario_spec(n, **(changes if n == number else {})) for n in range(14)]
        scenarios.put_set(track=self.set.track, spec=set_spec(scenarios=tuple(specs)), at=AT)

    @invariant()
    def the_first_answer_stands(self):
        rows = CaseDecision.objects.exclude(decided_at=None)
        found = {(row.drill_id, row.position): row.decision for row in rows}
        assert found == self.answers

    @invariant()
    def a_drill_is_finished_when_its_last_case_is_decided_and_holds_no_case_twice(self):
        assert Drill.objects.filter(finished_at=None).count() <= 1
        for drill in Drill.objects.all():
            cases = list(drill.cases.order_by("position").select_related("scenario"))
            decided = [case.decided_at is not None for case in cases]
            assert decided == sorted(decided, reverse=True)
            assert all(decided) == (drill.finished_at is not None)
            assert len({case.scenario.key for case in cases}) == drill.size == 7

    @invariant()
    def a_capstone_has_a_result_when_all_of_it_is_graded(self):
        for drill in Drill.objects.filter(kind=Drill.Kind.CAPSTONE):
            graded = not drill.cases.filter(graded_at=None).exists()
            assert (drill.passed is not None) == graded
        assert Drill.objects.filter(kind=Drill.Kind.CAPSTONE, passed=True).count() <= 1


def test_drills_keep_their_promises():
    run_state_machine_as_test(
        Drills,
        settings=settings(
            max_examples=examples(10),
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
