"""A key was wrong: who gains, who would lose, and what stays as it was."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from django.core.exceptions import ValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assessments import signals
from assessments.models import Attempt, AttemptItem, ItemMark, ItemRegrade, KeyPatch, Regrade
from assessments.services import attempts, regrading
from assessments.services.regrading import deciding
from assessments.tasks import apply_regrade
from tests.assessments.quizzes.factories import (
    MINUTE,
    NOW,
    decision,
    make_quiz,
    multiple,
    numeric,
    right_answers,
    single,
    sit,
    true_false,
)
from tests.assessments.recording import heard
from tests.assessments.regrading.factories import (
    EXCUSE,
    KEY,
    correct,
    item_of,
    make_author,
    question_of,
    regrade,
    sit_with,
    with_right,
)
from tests.machines import examples
from tests.tracks.factories import EnrolmentFactory, MentorshipFactory
from tracks.errors import Refused
from tracks.models import ComponentCompletion, ModuleCompletion

LATER = NOW + timedelta(days=5)
pytestmark = pytest.mark.django_db


def reread(thing):
    return type(thing).objects.get(pk=thing.pk)


@pytest.fixture
def author():
    return make_author()


@pytest.fixture
def wronged(cast, author):
    """The learner gave what was right all along (place 1) and failed; a colleague passed by the wrong key."""
    failed = sit_with(quiz=cast.quiz, user=cast.learner, given={"blocked": 1})
    passed = sit(quiz=cast.quiz, user=cast.colleague, at=NOW + MINUTE)
    question = correct(cast.quiz, with_right(single(), 1), author, at=NOW + timedelta(hours=1))
    return failed, passed, question


class TestRaising:
    def test_who_was_right_passes_as_of_the_end_of_the_attempt(self, cast, author, wronged):
        failed, _passed, question = wronged
        assert (failed.points, failed.passed) == (2, False)

        plan = regrading.dry_run(question=question, kind=KEY, lowers=False, actor=author, at=LATER)

        with heard(signals.attempts_regraded, signals.question_regraded) as facts:
            regrading.decide(
                question=question,
                kind=KEY,
                reason="The key was wrong.",
                fingerprint=plan.fingerprint,
                actor=author,
                at=LATER,
            )

        failed = reread(failed)
        assert (failed.points, failed.passed, failed.submitted_at) == (3, True, NOW + MINUTE)
        done = ComponentCompletion.objects.current().get(enrolment=cast.enrolment)
        assert done.achieved_at == NOW + MINUTE
        assert ModuleCompletion.objects.current().get(enrolment=cast.enrolment).achieved_at == NOW + MINUTE
        assert [(fact.kind, fact.at, fact.learner_id) for fact in facts] == [
            ("assessments.attempt_regraded", LATER, cast.learner.pk),
            ("assessments.question_regraded", LATER, None),
        ]
        assert facts[0].payload["points_before"] == "2.0000"
        assert facts[0].payload["points"] == "3.0000"
        assert facts[1].payload["reason"] == "The key was wrong."

    def test_nobody_loses_by_our_mistake(self, author, wronged):
        _failed, passed, question = wronged

        done = regrade(question, author, at=LATER)

        passed = reread(passed)
        assert (passed.points, passed.passed) == (3, True)
        kept = done.items.get(item__attempt=passed)
        assert (kept.before, kept.found, kept.after) == (1, 0, 1)
        assert (kept.points_before, kept.points_after) == (3, 3)

    def test_the_history_says_what_was_before(self, author, wronged):
        failed, _passed, question = wronged

        done = regrade(question, author, at=LATER)

        row = done.items.get(item__attempt=failed)
        assert (row.before, row.found, row.after) == (0, 1, 1)
        assert (row.passed_before, row.passed_after) == (False, True)
        assert (done.decided_by, done.decided_at, done.applied_at) == (author, LATER, LATER)

    def test_an_attempt_that_still_ran_is_marked_so_at_its_end(self, cast, author, wronged):
        _failed, _passed, question = wronged
        running_question = correct(cast.quiz, replace(single(), prompt="Once more?"), author, at=LATER)
        running = attempts.start(quiz=cast.quiz, actor=cast.learner, at=LATER)
        answers = right_answers(running)
        own = item_of(running, "blocked")
        answers[own.position] = own.question_version.options[1]["key"]
        correct(cast.quiz, with_right(replace(single(), prompt="Once more?"), 1), author, at=LATER)

        regrade(running_question, author, at=LATER)
        attempts.save(attempt=running, answers=answers, actor=cast.learner, at=LATER + MINUTE)
        done = attempts.submit(attempt=running, actor=cast.learner, at=LATER + MINUTE)

        assert question == running_question
        assert (done.points, done.passed) == (3, True)

    def test_thirds_add_up_exactly(self, cast, author):
        thirds = [
            replace(multiple(f"third-{n}", scoring="proportional"), options=_three_right(n)) for n in range(3)
        ]
        quiz = make_quiz(
            module=cast.module, key="thirds", questions=(*thirds, single()), threshold=Decimal("0.5")
        )
        attempt = attempts.start(quiz=quiz, actor=cast.learner, at=NOW)
        answers = {}
        for item in attempt.items.select_related("question_version__question"):
            options = item.question_version.options
            third = item.question_version.question.key.startswith("third")
            answers[item.position] = [options[0]["key"]] if third else options[1]["key"]
        attempts.save(attempt=attempt, answers=answers, actor=cast.learner, at=NOW + MINUTE)
        attempt = attempts.submit(attempt=attempt, actor=cast.learner, at=NOW + MINUTE)
        assert (attempt.points, attempt.passed) == (1, False)

        question = correct(quiz, with_right(single(), 1), author, at=LATER)
        regrade(question, author, at=LATER)

        assert (reread(attempt).points, reread(attempt).passed) == (2, True)


def _three_right(number):
    options = multiple(f"third-{number}").options
    return tuple(replace(option, correct=index < 3) for index, option in enumerate(options))


class TestLowering:
    def test_an_author_may_decide_that_points_fall(self, cast, author, wronged):
        _failed, passed, question = wronged
        theirs = passed.enrolment

        plan = regrading.dry_run(question=question, kind=KEY, lowers=True, actor=author, at=LATER)
        regrade(question, author, at=LATER, lowers=True)

        assert (plan.would_pass, plan.would_stop) == (1, 1)
        assert (reread(passed).points, reread(passed).passed) == (2, False)
        assert not ComponentCompletion.objects.current().filter(enrolment=theirs).exists()
        (withdrawn,) = ModuleCompletion.objects.filter(enrolment=theirs)
        assert (withdrawn.withdrawn_at, withdrawn.withdrawn_reason) == (LATER, "The key was wrong.")
        assert ModuleCompletion.objects.current().filter(enrolment=cast.enrolment).exists()

    def test_another_pass_keeps_the_module(self, cast, author, wronged):
        _failed, passed, question = wronged
        sit(quiz=cast.quiz, user=cast.colleague, at=NOW + timedelta(days=2))

        regrade(question, author, at=LATER, lowers=True)

        assert reread(passed).passed is False
        assert ModuleCompletion.objects.current().filter(enrolment=passed.enrolment).exists()


class TestDryRun:
    def test_leaves_nothing_behind(self, author, wronged):
        failed, passed, question = wronged
        before = list(Attempt.objects.order_by("pk").values())

        plan = regrading.dry_run(question=question, kind=KEY, lowers=False, actor=author, at=LATER)

        assert [(line.attempt, line.before, line.found, line.after) for line in plan.lines] == [
            (failed, 0, 1, 1),
            (passed, 1, 0, 1),
        ]
        assert (plan.would_pass, plan.would_stop, len(plan.kept), plan.running) == (1, 0, 1, 0)
        assert list(Attempt.objects.order_by("pk").values()) == before
        assert not Regrade.objects.exists()
        assert not KeyPatch.objects.exists()

    def test_asks_no_more_for_more_people(self, cast, author, django_assert_max_num_queries):
        question = question_of(cast.quiz, "blocked")
        counts = []
        for people in (1, 4):
            for _ in range(people):
                user = EnrolmentFactory(cohort=cast.cohort).user
                sit_with(quiz=cast.quiz, user=user, given={"blocked": 1, "edge": True})
            if not counts:
                correct(cast.quiz, with_right(single(), 1), author, at=LATER)
            with django_assert_max_num_queries(80) as asked:
                regrading.dry_run(question=question, kind=KEY, lowers=False, actor=author, at=LATER)
            counts.append(len(asked))
            correct(cast.quiz, with_right(single(), 0), author, at=LATER)
            correct(cast.quiz, with_right(single(), 1), author, at=LATER)
        assert counts[0] == counts[1]


class TestRefusals:
    @pytest.mark.parametrize(
        "spec",
        [
            replace(single(), options=single().options[:2]),
            true_false("blocked"),
            numeric("blocked"),
        ],
        ids=["other-options", "true-false", "number"],
    )
    def test_another_structure(self, cast, author, spec):
        sit(quiz=cast.quiz, user=cast.learner)
        question = correct(cast.quiz, spec, author)

        with pytest.raises(Refused) as refusal:
            regrading.dry_run(question=question, kind=KEY, lowers=False, actor=author, at=LATER)
        assert refusal.value.code == "structure"

    def test_the_same_decision_twice(self, author, wronged):
        *_attempts, question = wronged
        plan = regrading.dry_run(question=question, kind=KEY, lowers=False, actor=author, at=LATER)
        regrade(question, author, at=LATER)

        with pytest.raises(Refused) as refusal:
            regrading.decide(
                question=question,
                kind=KEY,
                reason="Again",
                fingerprint=plan.fingerprint,
                actor=author,
                at=LATER,
            )

        assert refusal.value.code == "stale"
        with pytest.raises(Refused) as refusal:
            regrade(question, author, at=LATER)
        assert refusal.value.code == "nothing"
        assert Regrade.objects.count() == 1

    def test_who_is_no_author(self, cast, author, wronged):
        *_attempts, question = wronged
        with pytest.raises(Refused) as refusal:
            regrade(question, cast.mentor, at=LATER)
        assert refusal.value.code == "not_author"

    def test_an_author_with_an_attempt_of_their_own(self, cast, wronged):
        *_attempts, question = wronged
        learning = make_author()
        EnrolmentFactory(cohort=cast.cohort, user=learning)
        attempt = Attempt.objects.get(user=cast.learner)
        Attempt.objects.filter(pk=attempt.pk).update(user=learning)

        with pytest.raises(Refused) as refusal:
            regrade(question, learning, at=LATER)
        assert refusal.value.code == "own_attempt"

    def test_no_reason(self, author, wronged):
        *_attempts, question = wronged
        with pytest.raises(ValidationError):
            regrade(question, author, at=LATER, reason="  ")


class TestNumbers:
    def test_a_tolerance_that_was_too_narrow(self, cast, author):
        attempt = sit_with(quiz=cast.quiz, user=cast.learner, given={"hours": "4.75"})
        assert attempt.points == 2
        question = correct(cast.quiz, numeric(tolerance=Decimal("0.5")), author)

        regrade(question, author, at=LATER)

        assert (reread(attempt).points, reread(attempt).passed) == (3, True)


class TestExcusing:
    def test_everybody_gets_the_whole_mark(self, cast, author):
        wrong = sit_with(quiz=cast.quiz, user=cast.learner, given={"edge": True})
        right = sit(quiz=cast.quiz, user=cast.colleague)

        regrade(question_of(cast.quiz, "edge"), author, at=LATER, kind=EXCUSE)

        assert (reread(wrong).points, reread(wrong).passed, reread(wrong).max_points) == (3, True, 3)
        assert reread(right).points == 3
        assert ItemRegrade.objects.count() == 1

    def test_a_running_attempt_gets_it_at_its_end(self, cast, author):
        running = attempts.start(quiz=cast.quiz, actor=cast.learner, at=NOW)
        regrade(question_of(cast.quiz, "edge"), author, at=NOW + MINUTE, kind=EXCUSE)

        done = attempts.submit(attempt=running, actor=cast.learner, at=NOW + 2 * MINUTE)

        assert done.points == 1

    def test_one_attempt_alone(self, cast, author):
        wrong = sit_with(quiz=cast.quiz, user=cast.learner, given={"edge": True})
        other = sit_with(quiz=cast.quiz, user=cast.colleague, given={"edge": True})
        item = item_of(wrong, "edge")

        first = regrading.excuse_in_attempt(
            item=item, reason="A picture was missing.", actor=author, at=LATER
        )
        again = regrading.excuse_in_attempt(
            item=item, reason="A picture was missing.", actor=author, at=LATER
        )

        assert first == again
        assert (reread(wrong).points, reread(wrong).passed) == (3, True)
        assert reread(other).points == 2

    def test_who_runs_the_cohort_may_and_others_may_not(self, cast):
        wrong = sit_with(quiz=cast.quiz, user=cast.learner, given={"edge": True, "hours": "9"})
        for actor, code in ((cast.mentor, "not_allowed"), (cast.learner, "own_attempt")):
            with pytest.raises(Refused) as refusal:
                regrading.excuse_in_attempt(
                    item=item_of(wrong, "edge"), reason="Unfair", actor=actor, at=LATER
                )
            assert refusal.value.code == code

        regrading.excuse_in_attempt(
            item=item_of(wrong, "edge"), reason="Unfair", actor=cast.cohort.created_by, at=LATER
        )
        assert reread(wrong).points == 2

    def test_stays_excused_when_the_question_is_marked_again(self, cast, author):
        wrong = sit_with(quiz=cast.quiz, user=cast.learner, given={"blocked": 2})
        regrading.excuse_in_attempt(item=item_of(wrong, "blocked"), reason="Unfair", actor=author, at=LATER)
        other = sit_with(quiz=cast.quiz, user=cast.colleague, given={"blocked": 1})
        question = correct(cast.quiz, with_right(single(), 1), author, at=LATER)

        regrade(question, author, at=LATER, lowers=True)

        assert reread(wrong).points == 3
        assert reread(other).points == 3


class TestMarkedByHand:
    @pytest.fixture
    def quiz(self, cast):
        return make_quiz(
            module=cast.module, key="words", questions=(decision(), single()), threshold=Decimal("0.75")
        )

    def hand_in(self, cast, quiz, chosen):
        given = {"refund": {"decision": chosen, "justification": "One refund a case, says the policy."}}
        return sit_with(quiz=quiz, user=cast.learner, given=given)

    def mark(self, cast, attempt, policy=3, risk=1):
        position = item_of(attempt, "refund").position
        marks = {position: {"policy": policy, "risk": risk}}
        return attempts.mark(
            attempt=attempt, marks=marks, comments={}, actor=cast.mentor, at=NOW + 9 * MINUTE
        )

    def test_a_mentors_marks_are_kept(self, cast, author, quiz):
        attempt = self.mark(cast, self.hand_in(cast, quiz, "escalate"))
        assert (attempt.points, attempt.passed) == (Decimal("1.5"), True)
        question = correct(quiz, decision(answer="escalate"), author, at=LATER)

        regrade(question, author, at=LATER)

        assert reread(attempt).points == 2
        assert ItemMark.objects.count() == 1

    def test_an_answer_that_waits_is_marked_by_the_new_key(self, cast, author, quiz):
        attempt = self.hand_in(cast, quiz, "escalate")
        question = correct(quiz, decision(answer="escalate"), author, at=LATER)
        regrade(question, author, at=LATER)
        assert reread(attempt).state == Attempt.State.WAITING

        assert self.mark(cast, attempt).points == 2

    def test_excused_it_waits_for_nobody(self, cast, author, quiz):
        attempt = self.hand_in(cast, quiz, "escalate")

        with heard(signals.attempt_graded) as facts:
            regrade(question_of(quiz, "refund"), author, at=LATER, kind=EXCUSE)

        attempt = reread(attempt)
        assert (attempt.state, attempt.points, attempt.passed) == (Attempt.State.GRADED, 2, True)
        # Once in the dry run, which is undone, and once in earnest.
        assert [fact.at for fact in facts] == [NOW + MINUTE] * 2

    def test_somebody_else_marks_anew(self, cast, quiz):
        attempt = self.mark(cast, self.hand_in(cast, quiz, "deny"), policy=0, risk=0)
        other = MentorshipFactory(enrolment__cohort=cast.cohort).mentor
        item = item_of(attempt, "refund")
        full = {"policy": 3, "risk": 1}

        with pytest.raises(Refused) as same:
            regrading.remark(item=item, marks=full, reason="No", actor=cast.mentor, at=LATER)
        with pytest.raises(Refused) as less:
            regrading.remark(item=item, marks={"policy": 0, "risk": 0}, reason="No", actor=other, at=LATER)
        regrading.remark(item=item, marks=full, reason="The clause is quoted.", actor=other, at=LATER)

        assert (same.value.code, less.value.code) == ("same_marker", "not_more")
        assert reread(attempt).points == 2
        assert list(ItemMark.objects.values_list("marker", flat=True).order_by("marked_at")) == [
            cast.mentor.pk,
            other.pk,
        ]


class TestManyAttempts:
    def test_a_job_marks_them_all_at_once(self, author, wronged, monkeypatch):
        failed, _passed, question = wronged
        monkeypatch.setattr(deciding, "AT_ONCE", 1)

        decided = regrade(question, author, at=LATER)
        assert (decided.applied_at, reread(failed).passed) == (None, False)
        with pytest.raises(Refused) as refusal:
            regrade(question, author, at=LATER, lowers=True)
        effect = apply_regrade.run(str(decided.pk))
        effect()
        applied = reread(decided).applied_at
        effect()

        assert refusal.value.code == "under_way"
        assert reread(failed).passed is True
        assert reread(decided).applied_at == applied is not None
        assert decided.items.count() == 2


@settings(
    max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    answers=st.lists(st.tuples(st.integers(0, 2), st.booleans()), min_size=1, max_size=4),
    key=st.integers(0, 2),
    lowers=st.booleans(),
)
def test_points_are_what_the_key_gives_and_never_less_unless_decided(cast, answers, key, lowers):
    """Against a sum that knows nothing of how it is worked out."""
    author = make_author()
    quiz = make_quiz(module=cast.module, key=f"q{quiz_number()}")
    made = []
    for place, edge in answers:
        user = EnrolmentFactory(cohort=cast.cohort).user
        made.append(sit_with(quiz=quiz, user=user, given={"blocked": place, "edge": edge}))
    question = correct(quiz, with_right(single(), key), author, at=LATER)
    plan = regrading.dry_run(question=question, kind=KEY, lowers=lowers, actor=author, at=LATER)
    if not plan.changes_nothing:
        regrade(question, author, at=LATER, lowers=lowers)

    for attempt, (place, edge) in zip(made, answers, strict=True):
        before = (place == 0) + (not edge) + 1
        by_key = (place == key) + (not edge) + 1
        expected = by_key if lowers else max(before, by_key)
        now = reread(attempt)
        assert (now.points, now.passed) == (expected, Fraction(expected, 3) >= Fraction("0.85"))
        assert AttemptItem.objects.filter(attempt=attempt, points=None).count() == 0


def quiz_number():
    return make_author().pk.hex
