"""Whatever a person, a clock, a mentor and a job do to attempts, in whatever order, the promises hold.

Hypothesis drives the services; a second, plain account of what happened says what has to be stored.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from assessments.models import Attempt, ItemMark
from assessments.services import attempts, grading
from tests.assessments.quizzes.factories import (
    MINUTE,
    NOW,
    SECOND,
    decision,
    make_quiz,
    numeric,
    single,
    true_false,
)
from tests.machines import examples
from tests.tracks.factories import CohortFactory, EnrolmentFactory, MentorshipFactory, ModuleFactory
from tracks.errors import Refused
from tracks.models import ComponentCompletion
from tracks.services import cohorts

pytestmark = pytest.mark.django_db
LIMIT, COOLDOWN, MAX_ATTEMPTS = 10 * MINUTE, timedelta(hours=1), 2
GRACE = 5 * SECOND
POSITIONS = st.integers(1, 4)
CHOICES = st.integers(0, 3)


def outcome(step):
    """What a step gave, and the code of its refusal."""
    try:
        return step(), None
    except Refused as refusal:
        return None, refusal.code


class Undo(Exception):
    """Leaves the transaction of one example."""


@dataclass
class Try:
    """One attempt as it has to be."""

    pk: object
    enrolment: object
    started: object
    deadline: object
    answers: dict = field(default_factory=lambda: dict.fromkeys(range(1, 5)))
    given: dict = field(default_factory=dict)
    flags: set = field(default_factory=set)
    ended: object = None
    timed_out: bool = False
    marks: object = None

    def waits(self, kinds):
        answer = self.answers[kinds["decision"]]
        return self.marks is None and bool(answer and answer["justification"])


class Attempts(RuleBasedStateMachine):
    """One learner, their mentor, a quiz of four kinds of questions."""

    def __init__(self):
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.at = NOW
        self.cohort = CohortFactory()
        self.enrol()
        self.quiz = make_quiz(
            module=ModuleFactory(track=self.cohort.track),
            questions=(single(), true_false(), numeric(), decision()),
            time_limit_min=10,
            cooldown_hours=1,
            max_attempts=MAX_ATTEMPTS,
            threshold=Decimal("0.5"),
            shuffle_questions=False,
        )
        self.allowed, self.standing = MAX_ATTEMPTS, 0
        self.tries: list[Try] = []

    def teardown(self):
        self.transaction.__exit__(Undo, Undo(), None)

    def enrol(self):
        user = self.enrolment.user if hasattr(self, "enrolment") else None
        self.enrolment = EnrolmentFactory(cohort=self.cohort, **({"user": user} if user else {}))
        self.learner, self.enrolled = self.enrolment.user, True
        self.mentor = MentorshipFactory(enrolment=self.enrolment).mentor

    # The account.

    @property
    def open(self):
        return next((each for each in self.tries if each.ended is None), None)

    @property
    def kinds(self):
        return {"single": 1, "true_false": 2, "numeric": 3, "decision": 4}

    def overdue(self):
        return self.open is not None and self.at > self.open.deadline + GRACE

    def close_by_clock(self):
        """Whoever touches an attempt after its time only carries out what the clock has decided."""
        self.open.timed_out, self.open.ended = True, self.open.deadline

    def refusal_of_start(self):
        if not self.enrolled:
            return "not_enrolled"
        if self.open:
            return None if self.open.enrolment == self.enrolment.pk else "earlier_attempt"
        if any(each.waits(self.kinds) and each.enrolment == self.enrolment.pk for each in self.tries):
            return "waits_for_marks"
        if len(self.tries) >= self.allowed:
            return "attempt_limit"
        if self.tries and self.at < max(each.ended for each in self.tries) + COOLDOWN:
            return "cooldown"
        return None

    # What can happen.

    @rule()
    def start(self):
        if self.enrolled and self.overdue():
            self.close_by_clock()
        expected = self.refusal_of_start()
        attempt, refused = outcome(lambda: attempts.start(quiz=self.quiz, actor=self.learner, at=self.at))
        assert refused == expected
        if refused:
            return
        if not self.open:
            deadline = self.at + LIMIT + self.standing * MINUTE
            self.tries.append(
                Try(pk=attempt.pk, enrolment=self.enrolment.pk, started=self.at, deadline=deadline)
            )
        assert attempt.pk == self.open.pk

    @precondition(lambda self: self.tries)
    @rule(position=POSITIONS, choice=CHOICES, late_by=st.sampled_from([0, 0, 0, 20, 400]))
    def save(self, position, choice, late_by):
        """`late_by` seconds ago typed, only now arrived."""
        latest = self.tries[-1]
        raw, stored = self.answer(position, choice)
        typed_at = self.at - late_by * SECOND if late_by else None
        _saved, refused = outcome(
            lambda: attempts.save(
                attempt=latest.pk, answers={position: raw}, typed_at=typed_at, actor=self.learner, at=self.at
            )
        )
        if refused:
            self.expect_refusal(refused, latest)
            return
        assert latest is self.open
        assert not self.overdue()
        given = max(typed_at or self.at, latest.started)
        if stored != latest.answers[position] and given >= latest.given.get(position, given):
            latest.answers[position], latest.given[position] = stored, given

    def expect_refusal(self, code, latest):
        if latest.ended is not None:
            assert code == "closed"
            return
        assert code == "time_over"
        assert self.overdue()
        self.close_by_clock()

    def answer(self, position, choice):
        """An answer as it is sent and as it is stored; choice 0 clears it."""
        if choice == 0:
            return None, None
        if position == self.kinds["decision"]:
            stored = {
                "decision": "deny" if choice == 1 else "approve",
                "justification": "Why." * (choice - 1),
            }
            return stored, stored
        if position == self.kinds["numeric"]:
            return ["4.25" if choice == 1 else str(choice)], "4.25" if choice == 1 else str(choice)
        if position == self.kinds["true_false"]:
            return ["false" if choice == 1 else "true"], choice != 1
        item = Attempt.objects.get(pk=self.tries[-1].pk).items.get(position=position)
        return [item.option_order[choice - 1]], item.option_order[choice - 1]

    @precondition(lambda self: self.tries)
    @rule(position=POSITIONS, on=st.booleans())
    def flag(self, position, on):
        latest = self.tries[-1]
        _done, refused = outcome(
            lambda: attempts.flag(attempt=latest.pk, flags={position: on}, actor=self.learner, at=self.at)
        )
        if refused:
            self.expect_refusal(refused, latest)
        else:
            (latest.flags.add if on else latest.flags.discard)(position)

    @precondition(lambda self: self.tries)
    @rule(positions=st.sampled_from([5, 0, 99]))
    def save_what_was_not_drawn(self, positions):
        with pytest.raises((Refused, ValidationError)) as caught, transaction.atomic():
            attempts.save(attempt=self.tries[-1].pk, answers={positions: "x"}, actor=self.learner, at=self.at)
        if isinstance(caught.value, Refused) and caught.value.code == "time_over":
            # Rolled back with the block: the clock's decision is carried out later.
            return
        with pytest.raises(Attempt.DoesNotExist):
            attempts.save(attempt=self.tries[-1].pk, answers={1: "x"}, actor=self.mentor, at=self.at)

    @precondition(lambda self: self.tries)
    @rule()
    def submit(self):
        latest = self.tries[-1]
        attempts.submit(attempt=latest.pk, actor=self.learner, at=self.at)
        if latest.ended is None:
            if self.overdue():
                self.close_by_clock()
            else:
                latest.ended = min(self.at, latest.deadline)

    @rule()
    def beat(self):
        closed = attempts.lapse_overdue(at=self.at)
        assert closed == int(self.overdue())
        if closed:
            self.close_by_clock()

    @rule(by=st.sampled_from([SECOND, 4 * SECOND, MINUTE, 9 * MINUTE, 25 * MINUTE, COOLDOWN]))
    def clock_forward(self, by):
        self.at += by

    @precondition(lambda self: self.open)
    @rule()
    def clock_to_the_deadline(self):
        self.at = max(self.at, self.open.deadline)

    @rule(minutes=st.sampled_from([5, 30]))
    def more_time_for_the_running_one(self, minutes):
        running = self.open
        if running is None:
            return
        expected = None
        if self.overdue():
            expected = "not_running"
        elif not self.enrolled:
            expected = "not_enrolled"
        _given, refused = outcome(
            lambda: self.grant_time(minutes, attempt=Attempt.objects.get(pk=running.pk))
        )
        assert refused == expected
        if not refused:
            running.deadline += minutes * MINUTE

    @precondition(lambda self: self.enrolled)
    @rule(minutes=st.sampled_from([0, 15]))
    def more_time_from_now_on(self, minutes):
        self.grant_time(minutes)
        self.standing = minutes

    def grant_time(self, minutes, attempt=None):
        attempts.grant_time(
            quiz=self.quiz,
            learner=self.learner,
            minutes=minutes,
            reason="Needs it.",
            attempt=attempt,
            actor=self.mentor,
            at=self.at,
        )

    @precondition(lambda self: self.enrolled)
    @rule()
    def one_more_attempt(self):
        _given, refused = outcome(
            lambda: attempts.grant_extra(
                quiz=self.quiz, learner=self.learner, reason="Talked.", actor=self.mentor, at=self.at
            )
        )
        assert refused == ("attempts_left" if len(self.tries) < self.allowed else None)
        self.allowed += not refused

    @precondition(lambda self: self.tries)
    @rule(policy=st.sampled_from([0, 1, 3]), risk=st.sampled_from([0, 1]))
    def mark(self, policy, risk):
        latest = self.tries[-1]
        marks = {"policy": policy, "risk": risk}
        mentored = self.enrolled and latest.enrolment == self.enrolment.pk
        expected = None if mentored else "not_mentor"
        if mentored and not latest.marks and not (latest.ended is not None and latest.waits(self.kinds)):
            expected = "marked"
        _marked, refused = outcome(
            lambda: attempts.mark(
                attempt=Attempt.objects.get(pk=latest.pk),
                marks={self.kinds["decision"]: marks},
                comments={},
                actor=self.mentor,
                at=self.at,
            )
        )
        assert refused == expected
        if not refused:
            latest.marks = latest.marks or marks

    @precondition(lambda self: self.enrolled and self.tries)
    @rule()
    def leave(self):
        cohorts.withdraw_enrolment(enrolment=self.enrolment, actor=None, at=self.at)
        self.enrolled = False

    @precondition(lambda self: not self.enrolled)
    @rule()
    def come_back(self):
        self.enrol()

    # What always holds.

    @invariant()
    def never_more_attempts_than_allowed(self):
        numbers = (
            Attempt.objects.filter(user=self.learner).order_by("number").values_list("number", flat=True)
        )
        assert list(numbers) == list(range(1, len(self.tries) + 1))
        assert len(self.tries) <= self.allowed

    @invariant()
    def every_acknowledged_answer_is_kept_and_nothing_else(self):
        for each in self.tries:
            rows = Attempt.objects.get(pk=each.pk).items.values_list("position", "response", "flagged")
            assert {position: response for position, response, _flag in rows} == each.answers
            assert {position for position, _response, flagged in rows if flagged} == each.flags

    @invariant()
    def ends_and_results_are_as_the_clock_and_the_marks_say(self):
        for each in self.tries:
            attempt = Attempt.objects.get(pk=each.pk)
            assert (attempt.deadline_at, attempt.submitted_at) == (each.deadline, each.ended)
            waits = each.waits(self.kinds)
            if each.ended is None:
                assert attempt.state == "in_progress"
            elif waits:
                assert (attempt.state, attempt.points, attempt.passed) == ("waiting", None, None)
            else:
                assert attempt.state == ("lapsed" if each.timed_out else "graded")
                self.points_are_reproducible(attempt, each)

    def points_are_reproducible(self, attempt, each):
        total = Fraction(0)
        for item in attempt.items.select_related("question_version"):
            marked = ItemMark.objects.filter(item=item).first()
            earned = grading.score(
                item.question_version, item.response, marks=marked.marks if marked else None
            )
            assert item.points == grading.stored(earned)
            assert (marked.marks if marked else None) == (
                each.marks if item.position == self.kinds["decision"] else None
            )
            total += earned
        assert attempt.points == grading.stored(total)
        assert attempt.passed is (total >= 2)

    @invariant()
    def the_module_knows_of_a_pass_and_only_then(self):
        passed = set(
            Attempt.objects.filter(user=self.learner, passed=True).values_list("enrolment", flat=True)
        )
        told = ComponentCompletion.objects.filter(enrolment__user=self.learner, component__kind="quiz")
        assert set(told.values_list("enrolment", flat=True)) == passed


def test_attempts_keep_their_promises():
    run_state_machine_as_test(
        Attempts,
        settings=settings(
            max_examples=examples(25),
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
