import random
from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from assessments.models import Attempt, AttemptItem, QuestionVersion
from assessments.rules import GRACE
from assessments.services import attempts
from assessments.services.attempts.announce import digest_of
from assessments.services.quizzes import put_quiz, retire_quiz
from assessments.specs import SectionSpec
from assessments.tasks import lapse_overdue_attempts
from tests.assessments.quizzes.factories import (
    MINUTE,
    NOW,
    SECOND,
    make_quiz,
    multiple,
    quiz_spec,
    right_answers,
    single,
    sit,
    true_false,
    twenty,
    wrong_answer,
)
from tests.tracks.factories import EnrolmentFactory
from tracks.errors import Refused
from tracks.models import ComponentCompletion, ModuleCompletion

DEADLINE = NOW + 40 * MINUTE


def start(cast, *, at=NOW, quiz=None, rng=attempts.RANDOM):
    return attempts.start(quiz=quiz or cast.quiz, actor=cast.learner, at=at, rng=rng)


def save(cast, attempt, answers, *, at=NOW + MINUTE, **more):
    attempts.save(attempt=attempt, answers=answers, actor=cast.learner, at=at, **more)


def responses(attempt):
    return dict(attempt.items.values_list("position", "response"))


def item_of(attempt, kind):
    return attempt.items.select_related("question_version").get(question_version__kind=kind)


class TestStart:
    def test_fixes_draw_deadline_and_threshold(self, cast, heard):
        attempt = start(cast)

        assert (attempt.number, attempt.state, attempt.started_at) == (1, "in_progress", NOW)
        assert (attempt.deadline_at, attempt.threshold, attempt.max_points) == (DEADLINE, Decimal("0.85"), 3)
        assert [fact.kind for fact in heard] == ["assessments.attempt_started"]
        assert heard[0].learner_id == cast.learner.pk
        asked = [item.question_version_id for item in attempt.items.all()]
        assert heard[0].payload["asked"] == asked
        put_quiz(
            module=cast.module, spec=quiz_spec(threshold=Decimal("0.5"), time_limit_min=1), at=NOW + MINUTE
        )
        attempt.refresh_from_db()
        assert (attempt.deadline_at, attempt.threshold) == (DEADLINE, Decimal("0.85"))

    def test_returns_the_open_one(self, cast, heard):
        first = start(cast)

        assert start(cast, at=NOW + 5 * MINUTE) == first
        assert Attempt.objects.count() == 1
        assert len(heard) == 1

    def test_closes_one_whose_time_ran_out_and_then_counts_it(self, cast, heard):
        start(cast)

        with pytest.raises(Refused) as caught:
            start(cast, at=DEADLINE + MINUTE)

        assert caught.value.code == "cooldown"
        assert Attempt.objects.get().state == "lapsed"
        assert [fact.kind for fact in heard] == ["assessments.attempt_started", "assessments.attempt_lapsed"]

    @pytest.mark.parametrize("who", ["outsider", "nobody", "mentor"])
    def test_is_for_the_enrolled(self, cast, who):
        with pytest.raises(Refused) as caught:
            attempts.start(quiz=cast.quiz, actor=getattr(cast, who), at=NOW)

        assert caught.value.code == "not_enrolled"

    def test_is_not_for_the_withdrawn(self, cast):
        cast.enrolment.state, cast.enrolment.withdrawn_at = "withdrawn", NOW
        cast.enrolment.save()

        with pytest.raises(Refused, match="not enrolled"):
            start(cast)

    def test_needs_a_running_cohort(self, cast):
        cast.cohort.state = "closed"
        cast.cohort.save()

        with pytest.raises(Refused) as caught:
            start(cast)

        assert caught.value.code == "cohort_closed"

    def test_is_refused_for_a_retired_quiz(self, cast):
        retire_quiz(quiz=cast.quiz, at=NOW)
        cast.quiz.refresh_from_db()

        with pytest.raises(Refused) as caught:
            start(cast)

        assert caught.value.code == "quiz_retired"

    def test_counts_three_times_a_day_apart(self, cast):
        day = timedelta(hours=24)
        for number in range(3):
            sit(quiz=cast.quiz, user=cast.learner, right=0, at=NOW + number * (day + MINUTE))

        with pytest.raises(Refused) as caught:
            start(cast, at=NOW + 9 * day)

        assert caught.value.code == "attempt_limit"
        assert "all 3 attempts" in caught.value.message
        assert Attempt.objects.count() == 3

    def test_waits_from_the_end_of_the_last_one(self, cast):
        ended = sit(quiz=cast.quiz, user=cast.learner, right=0).submitted_at
        opens = ended + timedelta(hours=24)

        with pytest.raises(Refused) as caught:
            start(cast, at=opens - SECOND)
        assert caught.value.code == "cooldown"
        assert start(cast, at=opens).number == 2

    def test_an_abandoned_one_counts(self, cast):
        quiz = make_quiz(module=cast.module, max_attempts=1, cooldown_hours=0)
        start(cast, quiz=quiz)

        with pytest.raises(Refused) as caught:
            start(cast, quiz=quiz, at=NOW + 60 * MINUTE)

        assert caught.value.code == "attempt_limit"


class TestDraw:
    def test_follows_the_sections_and_their_first_matching_tag(self, cast):
        questions = (
            single("a1", tags=("limits",)),
            single("a2", tags=("log", "limits")),
            single("b1", tags=("log",)),
            single("b2", tags=("other", "log")),
        )
        sections = (
            SectionSpec(tag="limits", title="Limits", draw=2),
            SectionSpec(tag="log", title="Log", draw=1),
        )
        quiz = make_quiz(module=cast.module, questions=questions, sections=sections)

        drawn = start(cast, quiz=quiz).items.values_list("position", "question_version__question__key")

        keys = dict(drawn)
        assert {keys[1], keys[2]} == {"a1", "a2"}
        assert keys[3] in {"b1", "b2"}

    def test_puts_unseen_questions_first(self, cast):
        quiz = make_quiz(
            module=cast.module,
            cooldown_hours=0,
            sections=(SectionSpec(tag="limits", title="", draw=2),),
            questions=tuple(single(f"q{number}") for number in range(5)),
        )
        seen = Counter()
        for number in range(3):
            attempt = sit(quiz=quiz, user=cast.learner, right=0, at=NOW + number * 5 * MINUTE)
            seen.update(attempt.items.values_list("question_version__question__key", flat=True))
            if number == 1:
                assert set(seen.values()) == {1}
        assert sorted(seen.values()) == [1, 1, 1, 1, 2]

    def test_is_kept_with_the_order_of_options(self, cast):
        attempt = start(cast, rng=random.Random(4))
        other = attempts.start(quiz=cast.quiz, actor=cast.colleague, at=NOW, rng=random.Random(7))

        orders = dict(attempt.items.values_list("question_version__question__key", "option_order"))
        assert sorted(orders["blocked"]) == sorted(option.key for option in single().options)
        assert orders["edge"] == orders["hours"] == []
        others = dict(other.items.values_list("question_version__question__key", "option_order"))
        assert orders["blocked"] != others["blocked"]

    def test_is_refused_where_questions_are_missing(self, cast):
        cast.quiz.bank.questions.filter(key="edge").update(retired_at=NOW)

        with pytest.raises(Refused) as caught:
            start(cast)

        assert caught.value.code == "questions_missing"
        assert not Attempt.objects.exists()


class TestSave:
    def test_keeps_answers(self, cast):
        attempt = start(cast)
        right = right_answers(attempt)

        save(cast, attempt, right)

        assert responses(attempt) == right
        assert set(attempt.items.values_list("saved_at", flat=True)) == {NOW + MINUTE}

    def test_the_same_again_changes_nothing(self, cast):
        attempt = start(cast)
        save(cast, attempt, right_answers(attempt))

        save(cast, attempt, right_answers(attempt), at=NOW + 2 * MINUTE)

        assert set(attempt.items.values_list("saved_at", flat=True)) == {NOW + MINUTE}

    def test_an_answer_given_earlier_does_not_undo_a_later_one(self, cast):
        attempt = start(cast)
        item = item_of(attempt, "single")
        early, late = item.option_order[:2]

        save(cast, attempt, {item.position: late}, typed_at=NOW + 30 * SECOND)
        save(cast, attempt, {item.position: early}, typed_at=NOW + 20 * SECOND)

        assert responses(attempt)[item.position] == late

    def test_a_stamp_from_the_future_does_not_lock_an_answer(self, cast):
        attempt = start(cast)
        item = item_of(attempt, "single")
        first, second = item.option_order[:2]

        save(cast, attempt, {item.position: first}, at=NOW + MINUTE, typed_at=NOW + timedelta(days=9))
        save(cast, attempt, {item.position: second}, at=NOW + 2 * MINUTE)

        assert responses(attempt)[item.position] == second

    def test_clears_an_answer(self, cast):
        attempt = start(cast)
        position = item_of(attempt, "numeric").position
        save(cast, attempt, {position: "4"})

        save(cast, attempt, {position: ""}, at=NOW + 2 * MINUTE)

        assert responses(attempt)[position] is None
        assert AttemptItem.objects.filter(attempt=attempt, response__isnull=True).count() == 3

    def test_false_is_an_answer(self, cast):
        attempt = start(cast)
        position = item_of(attempt, "true_false").position

        save(cast, attempt, {position: "false"})

        assert responses(attempt)[position] is False

    def test_one_bad_value_keeps_all_out(self, cast):
        attempt = start(cast)
        answers = {**right_answers(attempt), item_of(attempt, "single").position: "no-such-key"}

        with pytest.raises(ValidationError) as caught:
            save(cast, attempt, answers)

        assert list(caught.value.message_dict) == [str(item_of(attempt, "single").position)]
        assert set(responses(attempt).values()) == {None}

    @pytest.mark.parametrize("position", [0, 4, -1, 999])
    def test_a_question_that_was_not_drawn_is_refused(self, cast, position):
        attempt = start(cast)

        with pytest.raises(ValidationError, match="not part of this attempt"):
            save(cast, attempt, {1: None, position: "4"})

    def test_flags(self, cast):
        attempt = start(cast)

        attempts.flag(attempt=attempt, flags={2: True}, actor=cast.learner, at=NOW)
        assert list(attempt.items.filter(flagged=True).values_list("position", flat=True)) == [2]
        attempts.flag(attempt=attempt, flags={2: False}, actor=cast.learner, at=NOW)
        assert not attempt.items.filter(flagged=True).exists()

    def test_is_ones_own(self, cast):
        attempt = start(cast)

        with pytest.raises(Attempt.DoesNotExist):
            attempts.save(attempt=attempt, answers={1: None}, actor=cast.colleague, at=NOW)

    def test_after_handing_in_is_refused(self, cast):
        attempt = sit(quiz=cast.quiz, user=cast.learner, right=1)

        with pytest.raises(Refused) as caught:
            save(cast, attempt, right_answers(attempt))

        assert caught.value.code == "closed"

    def test_five_answers_are_one_statement(self, cast, django_assert_num_queries):
        attempt = start(cast, quiz=make_quiz(module=cast.module, **twenty()))
        answers = right_answers(attempt, 5)

        with django_assert_num_queries(5):  # savepoint, attempt, items, update, release
            save(cast, attempt, answers)


class TestDeadline:
    def test_what_was_on_its_way_counts(self, cast):
        attempt = start(cast)

        save(cast, attempt, right_answers(attempt), at=DEADLINE + GRACE)

        assert None not in responses(attempt).values()

    def test_later_is_refused_and_closes_the_attempt_as_of_its_deadline(self, cast, heard):
        attempt = start(cast)
        save(cast, attempt, right_answers(attempt, 1), at=NOW + MINUTE)

        with pytest.raises(Refused) as caught:
            save(cast, attempt, right_answers(attempt), at=DEADLINE + GRACE + SECOND)

        assert caught.value.code == "time_over"
        attempt.refresh_from_db()
        assert (attempt.state, attempt.submitted_at) == ("lapsed", DEADLINE)
        assert (attempt.points, attempt.passed) == (1, False)
        assert [(fact.kind, fact.at, fact.actor_id) for fact in heard[1:]] == [
            ("assessments.attempt_lapsed", DEADLINE, None)
        ]

    def test_a_stamp_before_the_deadline_does_not_help(self, cast):
        attempt = start(cast)

        with pytest.raises(Refused) as caught:
            save(cast, attempt, right_answers(attempt), at=DEADLINE + MINUTE, typed_at=DEADLINE - MINUTE)

        assert caught.value.code == "time_over"

    def test_handing_in_within_the_grace_is_as_of_the_deadline(self, cast):
        attempt = attempts.submit(attempt=start(cast), actor=cast.learner, at=DEADLINE + 3 * SECOND)

        assert (attempt.state, attempt.submitted_at) == ("graded", DEADLINE)

    def test_handing_in_later_gives_the_lapsed_result(self, cast, heard):
        attempt = attempts.submit(attempt=start(cast), actor=cast.learner, at=DEADLINE + MINUTE)

        assert (attempt.state, attempt.submitted_at, attempt.points) == ("lapsed", DEADLINE, 0)
        assert [fact.kind for fact in heard] == ["assessments.attempt_started", "assessments.attempt_lapsed"]

    def test_the_job_grades_what_was_saved(self, cast, heard):
        attempt = start(cast)
        save(cast, attempt, right_answers(attempt))
        running = attempts.start(quiz=cast.quiz, actor=cast.colleague, at=NOW + 10 * MINUTE)

        assert attempts.lapse_overdue(at=DEADLINE + GRACE) == 0
        assert attempts.lapse_overdue(at=DEADLINE + GRACE + SECOND) == 1
        assert attempts.lapse_overdue(at=DEADLINE + MINUTE) == 0

        attempt.refresh_from_db()
        running.refresh_from_db()
        assert (attempt.state, attempt.points, attempt.passed) == ("lapsed", 3, True)
        assert attempt.submitted_at == DEADLINE
        assert running.is_open
        assert ComponentCompletion.objects.get().achieved_at == DEADLINE
        lapsed = [fact for fact in heard if fact.kind == "assessments.attempt_lapsed"]
        assert [(fact.learner_id, fact.payload["passed"]) for fact in lapsed] == [(cast.learner.pk, True)]

    def test_the_task_asks_the_real_clock(self, cast):
        attempt = start(cast)

        lapse_overdue_attempts.apply().get()

        attempt.refresh_from_db()
        assert attempt.state == "lapsed"

    def test_one_that_cannot_be_closed_does_not_keep_the_others_open(self, cast):
        broken = start(cast)
        sound = attempts.start(quiz=cast.quiz, actor=cast.colleague, at=NOW)
        QuestionVersion.objects.filter(kind="numeric", items__attempt=broken).update(answer="not a number")
        sound.items.filter(question_version__kind="numeric").update(response=None)
        broken.items.filter(question_version__kind="numeric").update(response="4")

        with pytest.raises(ExceptionGroup):
            attempts.lapse_overdue(at=DEADLINE + MINUTE)

        sound.refresh_from_db()
        broken.refresh_from_db()
        assert (sound.state, broken.state) == ("lapsed", "in_progress")


class TestSubmit:
    @pytest.mark.parametrize(("right", "passed"), [(17, True), (16, False), (20, True), (0, False)])
    def test_seventeen_of_twenty_pass_at_85_percent(self, cast, right, passed, heard):
        attempt = sit(quiz=make_quiz(module=cast.module, **twenty()), user=cast.learner, right=right)

        assert (attempt.state, attempt.points, attempt.max_points) == ("graded", right, 20)
        assert attempt.passed is passed
        assert ComponentCompletion.objects.count() == int(passed)
        assert heard[-1].kind == "assessments.attempt_graded"
        assert heard[-1].payload == {
            "quiz": "check",
            "track": "frontline",
            "enrolment": str(cast.enrolment.pk),
            "number": 1,
            "threshold": "0.850",
            "points": f"{right}.0000",
            "max_points": 20,
            "passed": passed,
            "answers": digest_of(attempt.items.all()),
        }

    def test_marks_each_question(self, cast):
        attempt = start(cast)
        item = item_of(attempt, "single")
        answers = {**right_answers(attempt), item.position: wrong_answer(item.question_version)}
        save(cast, attempt, answers)

        attempts.submit(attempt=attempt, actor=cast.learner, at=NOW + MINUTE)

        points = dict(attempt.items.values_list("question_version__kind", "points"))
        assert points == {"single": 0, "true_false": 1, "numeric": 1}

    def test_partial_marks_add_up_exactly(self, cast):
        from assessments.question_specs import OptionSpec

        options = (
            *(OptionSpec(text=word, correct=True) for word in ("one", "two", "three")),
            OptionSpec(text="four"),
        )
        questions = tuple(multiple(f"m{n}", options=options, scoring="proportional") for n in range(3))
        quiz = make_quiz(module=cast.module, questions=questions, threshold=Decimal("0.333"))
        attempt = start(cast, quiz=quiz)
        save(cast, attempt, {position: [options[0].key] for position in (1, 2, 3)})

        attempt = attempts.submit(attempt=attempt, actor=cast.learner, at=NOW + MINUTE)

        assert (attempt.points, attempt.passed) == (1, True)
        assert set(attempt.items.values_list("points", flat=True)) == {Decimal("0.3333")}

    def test_the_record_has_a_hash_that_an_answer_changed_afterwards_no_longer_fits(self, cast, heard):
        attempt = sit(quiz=cast.quiz, user=cast.learner)

        recorded = heard[-1].payload["answers"]
        assert recorded == digest_of(attempt.items.all())
        AttemptItem.objects.filter(attempt=attempt, position=1).update(response=None)
        assert recorded != digest_of(attempt.items.all())

    def test_twice_is_one_result(self, cast, heard):
        first = sit(quiz=cast.quiz, user=cast.learner)
        second = attempts.submit(attempt=first, actor=cast.learner, at=NOW + 9 * MINUTE)

        assert (second.points, second.submitted_at) == (first.points, first.submitted_at)
        assert [fact.kind for fact in heard] == ["assessments.attempt_started", "assessments.attempt_graded"]

    def test_completes_the_module_that_needs_nothing_else(self, cast):
        sit(quiz=cast.quiz, user=cast.learner)

        assert ModuleCompletion.objects.get().enrolment == cast.enrolment

    def test_a_failing_listener_fails_the_change(self, cast):
        from assessments.signals import attempt_graded

        attempt = start(cast)

        def refuse(**kwargs):
            raise RuntimeError("ledger")

        attempt_graded.connect(refuse)
        try:
            with pytest.raises(RuntimeError, match="ledger"):
                attempts.submit(attempt=attempt, actor=cast.learner, at=NOW + MINUTE)
        finally:
            attempt_graded.disconnect(refuse)

        attempt.refresh_from_db()
        assert attempt.is_open

    def test_is_ones_own(self, cast):
        with pytest.raises(Attempt.DoesNotExist):
            attempts.submit(attempt=start(cast), actor=cast.mentor, at=NOW)


class TestUnlock:
    def use_up(self, cast):
        quiz = make_quiz(module=cast.module, max_attempts=1, cooldown_hours=1)
        sit(quiz=quiz, user=cast.learner, right=0)
        return quiz

    def grant(self, cast, quiz, **overrides):
        values = {"learner": cast.learner, "actor": cast.mentor, "reason": "We went through it."}
        return attempts.grant_extra(quiz=quiz, at=NOW + 5 * MINUTE, **(values | overrides))

    def test_gives_another_attempt_after_the_wait(self, cast, heard):
        quiz = self.use_up(cast)

        allowance = self.grant(cast, quiz, extra=2)

        assert (allowance.extra, allowance.granted_by, allowance.reason) == (
            2,
            cast.mentor,
            "We went through it.",
        )
        assert heard[-1].kind == "assessments.attempts_granted"
        assert (heard[-1].actor_id, heard[-1].learner_id) == (cast.mentor.pk, cast.learner.pk)
        with pytest.raises(Refused, match="opens on"):
            start(cast, quiz=quiz, at=NOW + 10 * MINUTE)
        assert start(cast, quiz=quiz, at=NOW + 90 * MINUTE).number == 2

    def test_is_for_the_mentor_of_this_person(self, cast):
        quiz = self.use_up(cast)
        cast.enrolment.mentorships.update(ended_at=NOW)

        with pytest.raises(Refused) as caught:
            self.grant(cast, quiz)

        assert caught.value.code == "not_mentor"

    def test_nobody_unlocks_for_themselves(self, cast):
        with pytest.raises(Refused) as caught:
            self.grant(cast, self.use_up(cast), actor=cast.learner)

        assert caught.value.code == "not_mentor"

    def test_twice_by_mistake_is_once(self, cast):
        quiz = self.use_up(cast)
        self.grant(cast, quiz)

        with pytest.raises(Refused) as caught:
            self.grant(cast, quiz)

        assert caught.value.code == "attempts_left"

    @pytest.mark.parametrize("overrides", [{"reason": "  "}, {"extra": 0}, {"extra": 6}])
    def test_needs_a_reason_and_a_small_number(self, cast, overrides):
        with pytest.raises(ValidationError):
            self.grant(cast, self.use_up(cast), **overrides)

    def test_is_for_the_enrolled(self, cast):
        with pytest.raises(Refused) as caught:
            self.grant(cast, cast.quiz, learner=EnrolmentFactory().user)

        assert caught.value.code == "not_enrolled"


def test_true_false_has_no_order_of_options(cast):
    quiz = make_quiz(module=cast.module, questions=(true_false(),))

    assert start(cast, quiz=quiz).items.get().option_order == []
